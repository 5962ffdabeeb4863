//! One write at a time for each phone, in the order of its effects.

use onhook_params::port::StoreError;
use tokio::sync::oneshot;

use crate::fetch::describe;

/// Whether this life of the phone may still write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Medium {
    Open,
    /// A factory reset has emptied it, and what is written now would outlive the restart that follows.
    Emptied,
}

/// Where the writes of one phone line up.
#[derive(Default)]
pub(crate) struct Storage {
    last: Option<oneshot::Receiver<Medium>>,
}

impl Storage {
    /// Takes the next place in the line.
    pub(crate) fn turn(&mut self) -> Turn {
        let (done, last) = oneshot::channel();
        Turn {
            before: self.last.replace(last),
            done,
        }
    }
}

/// A place in the line.
pub(crate) struct Turn {
    before: Option<oneshot::Receiver<Medium>>,
    done: oneshot::Sender<Medium>,
}

impl Turn {
    /// Writes when all earlier writes have ended. Says whether anything was written, or why not.
    pub(crate) async fn write(
        mut self,
        work: impl Future<Output = Result<bool, StoreError>>,
    ) -> Result<bool, String> {
        let medium = self.come().await;
        let result = match medium {
            Medium::Open => work.await.map_err(|error| describe(&error)),
            Medium::Emptied => Err(
                "the phone was put back to its factory state: nothing is stored until it restarts"
                    .to_owned(),
            ),
        };
        self.end(medium);
        result
    }

    /// Empties the medium when all earlier writes have ended.
    pub(crate) async fn empty(
        mut self,
        work: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<(), String> {
        let medium = self.come().await;
        let result = work.await.map_err(|error| describe(&error));
        self.end(if result.is_ok() {
            Medium::Emptied
        } else {
            medium
        });
        result
    }

    async fn come(&mut self) -> Medium {
        match self.before.take() {
            // A write that panicked ended too.
            Some(before) => before.await.unwrap_or(Medium::Open),
            None => Medium::Open,
        }
    }

    fn end(self, medium: Medium) {
        // Nobody may be next.
        let _ = self.done.send(medium);
    }
}
