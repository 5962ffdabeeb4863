//! What the phone tells of itself: the last events, and the last downloads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onhook_device::WallTime;
use onhook_fetch::Fingerprint;
use tokio::sync::{Notify, broadcast};

/// Events that are kept for pages that come later.
const KEPT: usize = 200;
/// Longest event that is kept, in bytes.
const LONGEST: usize = 16 * 1024;
/// Events that an open page may be behind.
const BEHIND: usize = 64;
/// Downloads of a kind that are kept (R-WEB-16).
const DOWNLOADS: usize = 3;

/// What was brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brought {
    /// A load.
    Firmware,
    /// A profile.
    Profile,
    /// The custom CA.
    CustomCa,
}

impl Brought {
    /// All kinds in the order of the page.
    pub(crate) const ALL: [Self; 3] = [Self::Firmware, Self::Profile, Self::CustomCa];

    /// The words of the page.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Firmware => "Firmware Upgrade",
            Self::Profile => "Provisioning",
            Self::CustomCa => "Custom CA",
        }
    }
}

/// One download that ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Download {
    /// What it brought.
    pub brought: Brought,
    /// When it ended; `None` before the clock was set.
    pub at: Option<WallTime>,
    /// Its URL without secrets.
    pub url: String,
    /// `$ERR`
    pub result: String,
    /// SHA-256 of the certificate that is believed since; `None` if it brought none.
    pub fingerprint: Option<Fingerprint>,
}

/// Takes what the phone tells, for all its lives; copies share it.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

struct Shared {
    lines: broadcast::Sender<Arc<str>>,
    stirred: Notify,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<Arc<str>>,
    downloads: [VecDeque<Download>; 3],
}

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Shared {
            lines: broadcast::Sender::new(BEHIND),
            stirred: Notify::new(),
            kept: Mutex::default(),
        }))
    }
}

impl Feed {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one event: a JSON object in one line, without secrets.
    pub fn tell(&self, line: &str) {
        if line.len() > LONGEST || line.contains(['\n', '\r']) {
            return;
        }
        let line: Arc<str> = line.into();
        let mut kept = self.kept();
        if kept.lines.len() >= KEPT {
            kept.lines.pop_front();
        }
        kept.lines.push_back(Arc::clone(&line));
        drop(kept);
        // Nobody may be looking.
        let _ = self.0.lines.send(line);
    }

    /// Notes that something may have changed about the phone.
    pub fn stir(&self) {
        self.0.stirred.notify_one();
    }

    //= R-WEB-16
    /// Takes the end of a download.
    pub fn brought(&self, download: Download) {
        let place = download.brought as usize;
        if let Some(downloads) = self.kept().downloads.get_mut(place) {
            downloads.truncate(DOWNLOADS - 1);
            downloads.push_front(download);
        }
    }

    pub(crate) async fn stirred(&self) {
        self.0.stirred.notified().await;
    }

    /// Events from now on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Arc<str>> {
        self.0.lines.subscribe()
    }

    /// The last events, oldest first.
    pub(crate) fn lines(&self) -> Vec<Arc<str>> {
        self.kept().lines.iter().cloned().collect()
    }

    /// The last downloads of a kind, newest first.
    pub(crate) fn downloads(&self, brought: Brought) -> Vec<Download> {
        let kept = self.kept();
        let downloads = kept.downloads.get(brought as usize);
        downloads.into_iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-WEB-16 type=test
    #[test]
    fn three_downloads_of_each_kind_are_kept_newest_first() {
        let feed = Feed::default();
        for n in 0..5 {
            for brought in Brought::ALL {
                feed.brought(Download {
                    brought,
                    at: None,
                    url: format!("http://h/{n}"),
                    result: "OK".to_owned(),
                    fingerprint: None,
                });
            }
        }
        for brought in Brought::ALL {
            let urls: Vec<_> = feed.downloads(brought).into_iter().map(|d| d.url).collect();
            assert_eq!(urls, ["http://h/4", "http://h/3", "http://h/2"]);
        }
    }

    #[test]
    fn events_have_a_bound_and_stay_lines() {
        let feed = Feed::default();
        for n in 0..1000 {
            feed.tell(&format!("{{\"n\":{n}}}"));
        }
        feed.tell("two\nlines");
        feed.tell(&"x".repeat(LONGEST + 1));
        let lines = feed.lines();
        assert_eq!(lines.len(), KEPT);
        assert_eq!(lines.last().map(AsRef::as_ref), Some("{\"n\":999}"));
    }
}
