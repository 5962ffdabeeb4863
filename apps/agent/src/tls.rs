//! TLS as the configuration wants it.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use onhook_device::Family;
use onhook_http::{Identity, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};

use crate::config::Config;

/// No certificate of interest is older than this program: 2026-11-26.
const RELEASED: u64 = 1_795_651_200;

/// Sets TLS up from the files of the configuration.
///
/// # Errors
/// A file holds something else than it should, or the key does not fit the certificate.
pub(crate) fn set_up(config: &Config) -> anyhow::Result<Arc<Tls>> {
    //= R-TLS-2
    let names = match config.identity.family {
        Family::Mpp => NameCheck::UrlHost,
        Family::Spa => NameCheck::DnsOfCn,
    };
    let time = Arc::new(SystemTrust::above(&config.state_dir));
    let tls = Tls::new(anchors(config)?, names, time)?;
    tls.set_identity(identity(config)?);
    Ok(Arc::new(tls))
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
struct SystemTrust {
    /// Seconds since 1970.
    floor: u64,
}

impl SystemTrust {
    /// A clock that was set is later than this program and than what a former run stored.
    fn above(state_dir: &Path) -> Self {
        let stored = |name| {
            let changed = std::fs::metadata(state_dir.join(name))
                .ok()?
                .modified()
                .ok()?;
            Some(unix(changed))
        };
        //= R-TLS-7
        let last = ["params.bin", "state.bin"]
            .into_iter()
            .filter_map(stored)
            .max();
        Self {
            floor: last.unwrap_or(0).max(RELEASED),
        }
    }

    fn at(&self, now: u64) -> TrustTime {
        //= R-TLS-7
        if now < self.floor {
            TrustTime::Floor(self.floor)
        } else {
            TrustTime::Known(now)
        }
    }
}

impl TrustedTime for SystemTrust {
    fn now(&self) -> TrustTime {
        self.at(unix(SystemTime::now()))
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

    //= R-TLS-7 type=test
    #[test]
    fn a_clock_is_believed_from_the_last_stored_time_on() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = SystemTrust::above(dir.path());
        assert_eq!(fresh.at(0), TrustTime::Floor(RELEASED));
        assert_eq!(fresh.at(RELEASED), TrustTime::Known(RELEASED));
        let stored = UNIX_EPOCH + Duration::from_secs(RELEASED + 1000);
        let file = std::fs::File::create(dir.path().join("state.bin")).unwrap();
        file.set_modified(stored).unwrap();
        let later = SystemTrust::above(dir.path());
        assert_eq!(later.at(RELEASED + 999), TrustTime::Floor(RELEASED + 1000));
        assert_eq!(later.at(RELEASED + 1000), TrustTime::Known(RELEASED + 1000));
        // Written while the clock was unset.
        file.set_modified(UNIX_EPOCH).unwrap();
        assert_eq!(SystemTrust::above(dir.path()).floor, RELEASED);
    }
}
