//! Requests from a test.

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Ask, Asked, LineUse, Origin, Reply};
use tokio::sync::{mpsc, oneshot};

/// A [`CommandSource`] in memory; its askers are [`FakeAsker`]s.
///
/// It ends when every asker has been dropped.
pub struct FakeCommandSource(mpsc::UnboundedReceiver<Asked>);

impl FakeCommandSource {
    /// A source with its first asker.
    #[must_use]
    pub fn new() -> (FakeAsker, Self) {
        let (asker, asked) = mpsc::unbounded_channel();
        (FakeAsker(asker), Self(asked))
    }
}

#[async_trait]
impl CommandSource for FakeCommandSource {
    async fn next(&mut self) -> Option<Asked> {
        self.0.recv().await
    }
}

/// Asks a [`FakeCommandSource`]; a clone is another asker.
#[derive(Clone)]
pub struct FakeAsker(mpsc::UnboundedSender<Asked>);

impl FakeAsker {
    /// Asks; the answer is awaited apart.
    pub fn ask(&self, ask: Ask) -> FakeReply {
        self.ask_by(Origin::Control, ask)
    }

    /// The same by another way.
    pub fn ask_by(&self, origin: Origin, ask: Ask) -> FakeReply {
        let (sender, receiver) = oneshot::channel();
        let asked = Asked {
            origin,
            ask,
            reply: Box::new(Sender(sender)),
        };
        // Without a source the reply is dropped, as when the phone has gone.
        let _ = self.0.send(asked);
        FakeReply(receiver)
    }

    /// Asks in words: `status`, `resync`, `resync RULE`, `factory-reset`, `reboot`, `line N idle`, `line N busy`
    /// or `set NAME VALUE`.
    ///
    /// Anything else is refused here and never handed over.
    pub fn say(&self, words: &str) -> FakeReply {
        match read(words) {
            Some(ask) => self.ask(ask),
            None => {
                let (sender, receiver) = oneshot::channel();
                let refusal = Answer::Refused("these words are no request".to_owned());
                Box::new(Sender(sender)).answer(refusal);
                FakeReply(receiver)
            }
        }
    }
}

fn read(words: &str) -> Option<Ask> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    match verb {
        "status" if rest.is_empty() => Some(Ask::Status),
        "reboot" if rest.is_empty() => Some(Ask::Restart),
        "restart" if rest.is_empty() => Some(Ask::RestartWarm),
        "line" => {
            let (line, line_use) = rest.split_once(' ')?;
            let line_use = match line_use {
                "idle" => LineUse::Idle,
                "busy" => LineUse::Busy,
                _ => return None,
            };
            Some(Ask::Line(line.parse().ok()?, line_use))
        }
        "report" if rest.is_empty() => Some(Ask::Report),
        "problem-report" if rest.is_empty() => Some(Ask::ReportProblem),
        "factory-reset" if rest.is_empty() => Some(Ask::FactoryReset),
        "resync" => Some(Ask::Resync((!rest.is_empty()).then(|| Secret::from(rest)))),
        "set" => {
            let (name, value) = rest.split_once(' ')?;
            Some(Ask::Set {
                name: name.to_owned(),
                value: Secret::from(value),
            })
        }
        _ => None,
    }
}

/// The answer to come.
pub struct FakeReply(oneshot::Receiver<Answer>);

impl FakeReply {
    /// Waits for the answer; `None` if the phone has gone without one.
    pub async fn answer(self) -> Option<Answer> {
        self.0.await.ok()
    }
}

struct Sender(oneshot::Sender<Answer>);

impl Reply for Sender {
    fn answer(self: Box<Self>, answer: Answer) {
        // The asker may have gone.
        let _ = self.0.send(answer);
    }
}
