//! Programs with all that they start, ended together.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use onhook_tests::{DEADLINE, Ended, Peer};
use tokio::signal::unix::{SignalKind, signal};

/// How often a condition is looked at that nobody reports.
const LOOK: Duration = Duration::from_millis(5);
/// How often it is looked whether the children of a killed program are gone.
const LOOKS_AT_DEATH: u32 = 20;

/// Process groups that run.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
/// Set when somebody ends the run before its time.
static OVER: AtomicBool = AtomicBool::new(false);

/// A program in a process group of its own, which is killed when this is dropped.
pub(crate) struct Group {
    peer: Option<Peer>,
    id: i32,
}

impl Group {
    /// Starts a program.
    ///
    /// # Errors
    /// It cannot be started, or the run is over.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let command = command.stdin(Stdio::null()).process_group(0);
        let peer = Peer::start(command)?;
        let id = i32::try_from(peer.id())?;
        let group = Self {
            peer: Some(peer),
            id,
        };
        running(|groups| groups.insert(id));
        // Whoever ended the run a moment ago may not have seen this group.
        go_on()?;
        Ok(group)
    }

    /// The id for [`kill`].
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// Waits for a line on standard output.
    ///
    /// # Errors
    /// The program ends first, or the deadline passes.
    pub(crate) fn line(&mut self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        self.peer.as_mut().context("it has ended")?.line(wanted)
    }

    /// Looks at a condition until it holds.
    ///
    /// # Errors
    /// The program ends first, or the deadline passes.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut() -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = Instant::now() + DEADLINE;
        loop {
            go_on()?;
            // Looked at first: where a program could not take its port, somebody else may answer.
            let peer = self.peer.as_mut().context("it has ended")?;
            if peer.has_ended()?
                && let Some(peer) = self.peer.take()
            {
                let ended = peer.end()?;
                bail!("{what}: the program ended: {}{}", ended.out, ended.err);
            }
            if let Some(found) = look() {
                return Ok(found);
            }
            ensure!(
                Instant::now() < end,
                "{what}: not within {} s",
                DEADLINE.as_secs()
            );
            thread::park_timeout(LOOK);
        }
    }

    /// Waits for the end of the program.
    ///
    /// # Errors
    /// It does not end in this time.
    pub(crate) fn end_within(mut self, longest: Duration) -> anyhow::Result<Ended> {
        let peer = self.peer.take().context("it has ended")?;
        let ended = peer.end_within(longest);
        go_on()?;
        ended
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        kill(self.id);
        // The first process is waited for here, and its children after it: one may be born while the others die.
        drop(self.peer.take());
        for _ in 0..LOOKS_AT_DEATH {
            if killpg(Pid::from_raw(self.id), Signal::SIGKILL).is_err() {
                break;
            }
            thread::park_timeout(LOOK);
        }
        running(|groups| groups.remove(&self.id));
    }
}

/// Kills a process group; one that is gone is as good.
pub(crate) fn kill(id: i32) {
    killpg(Pid::from_raw(id), Signal::SIGKILL).ok();
}

/// Fails when the run was ended before its time.
///
/// # Errors
/// It was.
pub(crate) fn go_on() -> anyhow::Result<()> {
    ensure!(!OVER.load(Ordering::SeqCst), "interrupted");
    Ok(())
}

/// From now on SIGINT and SIGTERM end every program, and each wait for one.
///
/// # Errors
/// The signals cannot be listened to.
pub(crate) fn listen_to_signals() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        OVER.store(true, Ordering::SeqCst);
        running(|groups| groups.iter().copied().for_each(kill));
    });
    Ok(())
}

fn running<T>(act: impl FnOnce(&mut BTreeSet<i32>) -> T) -> T {
    act(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}
