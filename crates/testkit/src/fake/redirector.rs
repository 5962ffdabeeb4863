//! A directory without a network.

use std::sync::Mutex;

use async_trait::async_trait;
use onhook_discovery::port::{Caller, NoAnswer, Redirector};
use onhook_discovery::read_redirect;

use super::lock;

/// A [`Redirector`] that says what a test gives it, and remembers who asked. At first it knows nobody.
#[derive(Default)]
pub struct FakeRedirector {
    says: Mutex<String>,
    down: bool,
    asked: Mutex<Vec<Caller>>,
}

impl FakeRedirector {
    /// A directory that says this to everybody.
    #[must_use]
    pub fn saying(text: &str) -> Self {
        Self {
            says: Mutex::new(text.to_owned()),
            ..Self::default()
        }
    }

    /// A directory that cannot be reached.
    #[must_use]
    pub fn down() -> Self {
        Self {
            down: true,
            ..Self::default()
        }
    }

    /// From now on it says this.
    pub fn say(&self, text: &str) {
        text.clone_into(&mut lock(&self.says));
    }

    /// Who asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Caller> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl Redirector for FakeRedirector {
    async fn redirect(&self, caller: &Caller) -> Result<Option<String>, NoAnswer> {
        lock(&self.asked).push(caller.clone());
        if self.down {
            return Err(NoAnswer("the directory is down".to_owned()));
        }
        let says = lock(&self.says);
        match read_redirect(says.as_bytes()) {
            Ok(url) => Ok(url.map(str::to_owned)),
            Err(error) => Err(NoAnswer(error.to_string())),
        }
    }
}
