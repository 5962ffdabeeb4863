//! What hands requests to the phone.

use std::sync::Arc;
use std::time::Duration;

use onhook_phone::{Answer, Ask, Asked, Look, Origin, Reply};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long the phone may take for an answer; it restarts within less.
const PHONE: Duration = Duration::from_secs(10);

/// Hands requests to the phone.
#[derive(Clone)]
pub struct Asking(mpsc::Sender<Asked>);

impl Asking {
    /// Requests go into `sender`.
    #[must_use]
    pub const fn new(sender: mpsc::Sender<Asked>) -> Self {
        Self(sender)
    }

    /// Asks, and waits for the answer; `None` if the phone has gone or takes too long.
    pub(crate) async fn ask(&self, origin: Origin, ask: Ask) -> Option<Answer> {
        let (sender, receiver) = oneshot::channel();
        let reply = Box::new(Waiting(sender));
        let asked = Asked { origin, ask, reply };
        let answered = async {
            self.0.send(asked).await.ok()?;
            receiver.await.ok()
        };
        timeout(PHONE, answered).await.ok()?
    }

    //= R-WEB-6
    /// Asks for what happens when the phone is idle; nobody waits for the end.
    pub(crate) async fn tell(&self, origin: Origin, ask: Ask) -> Option<()> {
        let reply = Box::new(Unheard);
        let asked = Asked { origin, ask, reply };
        timeout(PHONE, self.0.send(asked)).await.ok()?.ok()
    }

    pub(crate) async fn look(&self) -> Option<Arc<Look>> {
        match self.ask(Origin::Page, Ask::Look).await? {
            Answer::Look(look) => Some(look),
            Answer::Done
            | Answer::Delayed(_)
            | Answer::Resync(_)
            | Answer::Status(_)
            | Answer::SipAccess(_)
            | Answer::Refused(_) => None,
        }
    }
}

struct Waiting(oneshot::Sender<Answer>);

impl Reply for Waiting {
    fn answer(self: Box<Self>, answer: Answer) {
        // The browser may have gone.
        let _ = self.0.send(answer);
    }
}

struct Unheard;

impl Reply for Unheard {
    fn answer(self: Box<Self>, _: Answer) {}
}
