//! How far a run has got, on a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

/// Shown until it is dropped.
pub(crate) struct Shown(Option<AbortHandle>);

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            say("\r\x1b[K");
        }
    }
}

/// Writes a line to standard error twice a second if that is a terminal, and nothing if it is not.
pub(crate) fn show(line: impl Fn() -> String + Send + 'static) -> Shown {
    if !stderr().is_terminal() {
        return Shown(None);
    }
    let task = tokio::spawn(async move {
        let mut ticks = interval(Duration::from_millis(500));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            say(&format!("\r\x1b[K{}", line()));
        }
    });
    Shown(Some(task.abort_handle()))
}

fn say(text: &str) {
    let mut out = stderr().lock();
    // Without a stderr there is nobody to tell.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
