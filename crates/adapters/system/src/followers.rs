//! Those who follow what a phone does, over the control socket.

use std::sync::Arc;

use onhook_device::Now;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::Gap;

/// Followers at once; more are refused.
const FOLLOWERS: usize = 8;
/// Lines that a follower may be behind; those beyond are counted.
const BEHIND: usize = 256;

/// Takes the lines of the event stream and hands them to all who follow it; copies share them.
#[derive(Clone)]
pub struct Followers {
    lines: broadcast::Sender<(Now, Arc<str>)>,
    gap: Gap,
}

impl Followers {
    /// Nobody follows yet.
    #[must_use]
    pub fn new(gap: Gap) -> Self {
        Self {
            lines: broadcast::Sender::new(BEHIND),
            gap,
        }
    }

    /// Whether anybody follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.receiver_count() == 0
    }

    /// Takes one line, without its end; it never waits.
    pub fn tell(&self, now: Now, line: &str) {
        // Nobody may be there.
        let _ = self.lines.send((now, line.into()));
    }

    /// The place of one more; `None` if there are enough.
    pub(crate) fn join(&self) -> Option<Follower> {
        // Two that come at once are both let in: the bound is on memory, and one more does no harm.
        (self.lines.receiver_count() < FOLLOWERS).then(|| Follower {
            lines: self.lines.subscribe(),
            gap: self.gap,
        })
    }
}

/// One who follows.
pub(crate) struct Follower {
    lines: broadcast::Receiver<(Now, Arc<str>)>,
    gap: Gap,
}

impl Follower {
    /// Writes lines until the other end hangs up, or the phone is gone.
    pub(crate) async fn serve(
        mut self,
        reader: &mut (impl AsyncBufRead + Unpin),
        writer: &mut (impl AsyncWrite + Unpin),
    ) {
        loop {
            let line = tokio::select! {
                line = self.next() => line,
                () = hung_up(reader) => return,
            };
            let Some(line) = line else {
                return;
            };
            if writer
                .write_all(format!("{line}\n").as_bytes())
                .await
                .is_err()
            {
                return;
            }
        }
    }

    async fn next(&mut self) -> Option<Arc<str>> {
        let missed = match self.lines.recv().await {
            Ok((_, line)) => return Some(line),
            Err(RecvError::Closed) => return None,
            Err(RecvError::Lagged(missed)) => missed,
        };
        // The next line is there, or there would be none that was missed.
        let at = self.lines.recv().await.ok()?;
        Some(format!("{}\n{}", (self.gap)(at.0, missed), at.1).into())
    }
}

/// Waits until the other end is gone; what it still says is passed over.
async fn hung_up(reader: &mut (impl AsyncBufRead + Unpin)) {
    while let Ok(bytes) = reader.fill_buf().await {
        let read = bytes.len();
        if read == 0 {
            return;
        }
        reader.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use onhook_device::MonoTime;
    use tokio::io::{AsyncReadExt, BufReader, duplex};

    use super::*;

    fn at(seconds: u64) -> Now {
        Now {
            mono: MonoTime::from_secs(seconds),
            wall: None,
        }
    }

    fn gap(now: Now, missed: u64) -> String {
        format!("{} missed at {}", missed, now.mono.as_secs())
    }

    #[tokio::test]
    async fn whoever_is_slow_learns_how_much_was_missed() {
        let followers = Followers::new(gap);
        let follower = followers.join().unwrap();
        let many = BEHIND as u64 + 3;
        for n in 0..many {
            followers.tell(at(n), &n.to_string());
        }
        drop(followers);
        let (mut near, far) = duplex(1 << 16);
        let (reader, mut writer) = tokio::io::split(far);
        follower
            .serve(&mut BufReader::new(reader), &mut writer)
            .await;
        drop(writer);
        let mut text = String::new();
        // The other half is gone with `serve`.
        near.read_to_string(&mut text).await.unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["3 missed at 3", "3"]);
        assert_eq!(lines.len(), BEHIND + 1);
        assert_eq!(lines.last(), Some(&&*(many - 1).to_string()));
    }

    #[tokio::test]
    async fn whoever_hangs_up_gives_the_place_to_others() {
        let followers = Followers::new(gap);
        let all: Vec<_> = (0..FOLLOWERS).map(|_| followers.join().unwrap()).collect();
        assert!(followers.join().is_none());
        drop(all);
        assert!(followers.is_empty());
        let (near, far) = duplex(64);
        let (reader, mut writer) = tokio::io::split(far);
        drop(near);
        let follower = followers.join().unwrap();
        follower
            .serve(&mut BufReader::new(reader), &mut writer)
            .await;
        assert!(followers.is_empty());
    }
}
