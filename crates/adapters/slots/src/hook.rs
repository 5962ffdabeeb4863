//! A program that tells somebody else's boot loader.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use onhook_upgrade::Slot;
use onhook_upgrade::port::{SlotError, SlotErrorKind};
use tokio::time::{Instant, sleep};

/// How long the program may take.
const LONGEST: Duration = Duration::from_secs(60);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Where the program finds others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Tells a boot loader that does not read the boot record.
#[async_trait]
pub(crate) trait Tell: Send + Sync + 'static {
    /// Tells it a word, `activate` or `confirm`, of a slot and the name of its load.
    ///
    /// # Errors
    /// It was not told, or nobody knows whether it was.
    async fn tell(&self, word: &str, slot: Slot, load: &str) -> Result<(), SlotError>;
}

/// A program that is called with `activate` or `confirm`, a slot and the name of its load.
#[derive(Clone, Debug)]
pub struct Hook(pub PathBuf);

#[async_trait]
impl Tell for Hook {
    /// Runs the program to its end.
    ///
    /// # Errors
    /// It cannot be started, fails, or takes longer than a minute; then it is killed.
    async fn tell(&self, word: &str, slot: Slot, load: &str) -> Result<(), SlotError> {
        let program = self.0.display();
        let failed = |why: String| {
            let message = format!("the boot loader was not told: {program} {word} {why}");
            SlotError::new(SlotErrorKind::Hook, message)
        };
        let mut child = Command::new(&self.0)
            .args([word, slot.name()])
            .args((!load.is_empty()).then_some(load))
            // The agent's own may hold passwords.
            .env_clear()
            .env("PATH", PATH)
            // What the agent prints may be read by a program.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| {
                failed("cannot be started: check firmware.hook".to_owned()).with_source(error)
            })?;
        let until = Instant::now() + LONGEST;
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(failed(format!("failed ({status})"))),
                Ok(None) if Instant::now() < until => sleep(LOOK).await,
                Ok(None) => {
                    // It may have ended just now.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed("did not end within a minute".to_owned()));
                }
                Err(error) => return Err(failed("is lost".to_owned()).with_source(error)),
            }
        }
    }
}
