//! One write at a time for each phone, in the order of its effects.

use std::pin::Pin;

use onhook_params::port::StoreError;
use tokio::sync::oneshot;

use crate::arrivals::{Arrived, Completion};
use crate::fetch::describe;
use crate::reactor::Reactor;

/// Whether this life of the phone may still write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Medium {
    Open,
    /// A factory reset has emptied it, and what is written now would outlive the restart that follows.
    Emptied,
}

/// One write; it begins when all earlier ones have ended.
pub(crate) type Work = Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send>>;

impl Reactor {
    /// Lines up a write of a phone; what it tells says whether anything was written, or why not.
    pub(crate) fn write(
        &mut self,
        phone: u32,
        work: Work,
        arrived: impl Fn(Result<bool, String>) -> Arrived + Send + 'static,
    ) {
        let Some(seat) = self.phones.seats.get_mut(phone as usize) else {
            return;
        };
        let turn = seat.storage.turn();
        seat.writes += 1;
        let completion = self.completion(&arrived);
        self.tasks
            .spawn(carry_out(turn, work, completion, Box::new(arrived)));
    }
}

/// The same task for every kind of write.
async fn carry_out(
    turn: Turn,
    work: Work,
    completion: Completion,
    arrived: Box<dyn Fn(Result<bool, String>) -> Arrived + Send>,
) {
    let result = turn.write(work).await;
    completion.send(arrived(result));
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
    async fn write(mut self, work: Work) -> Result<bool, String> {
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
