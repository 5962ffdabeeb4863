//! TLS as the configuration wants it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use onhook_device::Family;
use onhook_http::{Identity, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};

use crate::config::Config;

/// No certificate of interest is older than this program: 2026-11-26.
const RELEASED: u64 = 1_795_651_200;
/// No time is kept that is so many seconds later than that: fifteen years.
const LIFETIME: u64 = 15 * 365 * 24 * 60 * 60;
/// Seconds after which the time is stored again.
const DAY: u64 = 24 * 60 * 60;
/// Servers that are kept until somebody is told.
const UNTOLD: usize = 16;

/// Sets TLS up from the files of the configuration, with the clock that it goes by.
///
/// # Errors
/// A file holds something else than it should, or the key does not fit the certificate.
pub(crate) fn set_up(config: &Config) -> anyhow::Result<(Arc<Tls>, Arc<SystemTrust>)> {
    //= R-TLS-2
    let names = match config.identity.family {
        Family::Mpp => NameCheck::UrlHost,
        Family::Spa => NameCheck::DnsOfCn,
    };
    let time = Arc::new(SystemTrust::above(&config.state_dir));
    let tls = Tls::new(anchors(config)?, names, Arc::clone(&time) as _)?;
    tls.set_identity(identity(config)?);
    Ok((Arc::new(tls), time))
}

/// Everybody who is trusted.
pub(crate) fn anchors(config: &Config) -> anyhow::Result<TrustAnchors> {
    let mut anchors = TrustAnchors::none();
    for file in &config.tls.anchors {
        let why = |error| format!("{}: {error}", file.path.display());
        let more = TrustAnchors::from_pem(&file.text)
            .map_err(|error| config.wrong(file.key, why(error)))?;
        //= R-TLS-1
        anchors = anchors.union(&more);
    }
    Ok(anchors)
}

/// Who the phone says it is.
pub(crate) fn identity(config: &Config) -> anyhow::Result<Option<Identity>> {
    let Some((certificate, key)) = &config.tls.client else {
        return Ok(None);
    };
    let (file, key_file) = (certificate.path.display(), key.path.display());
    let why = |error| format!("{file}, with the key in {key_file}: {error}");
    Identity::from_pem(&certificate.text, &key.text)
        .map(Some)
        .map_err(|error| config.wrong(certificate.key, why(error)))
}

/// The clock of the system, which is believed only from a time on that has certainly passed.
pub(crate) struct SystemTrust {
    /// Seconds since 1970.
    floor: AtomicU64,
    /// The floor that the next start begins with; 0 before there is one.
    stored: AtomicU64,
    /// Has no content; the time of its last change is what is stored.
    file: PathBuf,
    /// Servers that were believed while the clock was unset, and of whom nobody was told yet.
    untold: Mutex<Vec<String>>,
}

impl SystemTrust {
    /// A clock that was set is later than this program, and than the last resync that succeeded.
    fn above(state_dir: &Path) -> Self {
        let file = state_dir.join("clock");
        let last = std::fs::metadata(&file).and_then(|meta| meta.modified());
        let stored = last.map_or(0, unix);
        Self {
            //= R-TLS-7
            floor: AtomicU64::new(stored.max(RELEASED)),
            stored: AtomicU64::new(stored),
            file,
            untold: Mutex::default(),
        }
    }

    /// Takes the time at which a resync succeeded.
    pub(crate) fn succeeded(&self) {
        self.raise(SystemTime::now());
    }

    /// Raises the floor, and what the next start begins with if that is a day old: flash wears, and what a certificate is refused for
    /// a day later does no harm.
    fn raise(&self, at: SystemTime) {
        let now = unix(at);
        // A clock gone wild must not lock out every server for good.
        if now > RELEASED + LIFETIME || self.floor.fetch_max(now, Ordering::Relaxed) > now {
            return;
        }
        if now < self.stored.load(Ordering::Relaxed) + DAY {
            return;
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&self.file);
        match file.and_then(|file| file.set_modified(at)) {
            Ok(()) => self.stored.store(now, Ordering::Relaxed),
            Err(error) => {
                let file = self.file.display();
                tracing::warn!(
                    "{file} cannot be written ({error}): the time is forgotten at the next start"
                );
            }
        }
    }

    /// Servers, as `host:port`, that were believed while the clock was unset; each is given once.
    pub(crate) fn untold(&self) -> Vec<String> {
        std::mem::take(&mut self.list())
    }

    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, now: u64) -> TrustTime {
        let floor = self.floor.load(Ordering::Relaxed);
        //= R-TLS-7
        if now < floor {
            TrustTime::Floor(floor)
        } else {
            TrustTime::Known(now)
        }
    }
}

impl TrustedTime for SystemTrust {
    fn now(&self) -> TrustTime {
        self.at(unix(SystemTime::now()))
    }

    //= R-TLS-7
    fn accepted_with_unset_clock(&self, server: &str) {
        let mut list = self.list();
        if list.len() < UNTOLD && !list.iter().any(|told| told == server) {
            list.push(server.to_owned());
        }
    }
}

/// Seconds since 1970; a time before counts as 0.
fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(RELEASED + seconds)
    }

    //= R-TLS-7 type=test
    #[test]
    fn a_clock_is_believed_from_the_last_success_on() {
        let dir = tempfile::tempdir().unwrap();
        let clock = SystemTrust::above(dir.path());
        assert_eq!(clock.at(0), TrustTime::Floor(RELEASED));
        assert_eq!(clock.at(RELEASED), TrustTime::Known(RELEASED));
        // Nothing changes while the clock is unset.
        clock.raise(UNIX_EPOCH);
        assert!(!dir.path().join("clock").exists());
        let begins_at = |clock: &SystemTrust, floor: u64| {
            let floor = RELEASED + floor;
            assert_eq!(clock.at(floor - 1), TrustTime::Floor(floor));
            assert_eq!(clock.at(floor), TrustTime::Known(floor));
        };
        clock.raise(after(1000));
        clock.raise(after(400));
        begins_at(&clock, 1000);
        begins_at(&SystemTrust::above(dir.path()), 1000);
        // What is raised counts at once, and is stored once a day.
        clock.raise(after(DAY + 999));
        begins_at(&clock, DAY + 999);
        begins_at(&SystemTrust::above(dir.path()), 1000);
        clock.raise(after(DAY + 1000));
        begins_at(&SystemTrust::above(dir.path()), DAY + 1000);
    }

    #[test]
    fn a_clock_gone_wild_leaves_the_floor() {
        let dir = tempfile::tempdir().unwrap();
        let clock = SystemTrust::above(dir.path());
        clock.raise(after(LIFETIME + 1));
        assert_eq!(clock.at(0), TrustTime::Floor(RELEASED));
        assert!(!dir.path().join("clock").exists());
        clock.raise(after(LIFETIME));
        assert_eq!(clock.at(0), TrustTime::Floor(RELEASED + LIFETIME));
    }

    //= R-TLS-7 type=test
    #[test]
    fn each_server_is_told_once_and_few_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let clock = SystemTrust::above(dir.path());
        for n in 0..UNTOLD + 5 {
            clock.accepted_with_unset_clock(&format!("{n}:443"));
            clock.accepted_with_unset_clock(&format!("{n}:443"));
        }
        let untold = clock.untold();
        assert_eq!(untold.len(), UNTOLD);
        assert_eq!(untold.first().map(String::as_str), Some("0:443"));
        assert!(clock.untold().is_empty());
    }
}
