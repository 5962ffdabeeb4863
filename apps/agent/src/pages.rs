//! The pages of the phone: what they are made from, and what they are told.

use std::sync::Arc;

use anyhow::Context;
use onhook_device::Now;
use onhook_device::Secret;
use onhook_fetch::Fingerprint;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Notice, UpgradeNotice};
use onhook_system::{RealClock, key};
use onhook_web::{Brought, Download, Feed, Setup, Web};

use crate::config::Config;

/// Opens the pages; `None` if there are to be none.
///
/// # Errors
/// They cannot be served where the configuration wants them, or their certificate cannot be used.
pub(crate) fn open(config: &Config, feed: &Feed) -> anyhow::Result<Option<Web>> {
    let Some(listen) = config.web.listen else {
        return Ok(None);
    };
    let clock = RealClock::start(&config.time_zone);
    let clock = clock.map_err(|error| config.wrong("device.time_zone", error))?;
    let setup = Setup {
        listen,
        host_names: config.web.host_names.clone(),
        open: config.web.open,
        identity: config.identity.clone(),
        clock: Arc::new(clock),
        key: Secret::new(key().context("/dev/urandom cannot be read")?.to_vec()),
        #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
        tls: tls::of(config, listen.ip())?,
    };
    //= R-WEB-1
    if config.web.open {
        tracing::warn!(
            "web.open: whoever reaches {listen} may change this phone as long as Admin_Password is empty"
        );
    }
    match Web::bind(setup, feed) {
        Ok(web) => {
            let scheme = config.web.protocol.name();
            tracing::info!("the pages are at {scheme}://{}/", web.address());
            Ok(Some(web))
        }
        // Another phone on this machine may be there already.
        Err(error) if !config.web.is_given => {
            tracing::warn!("{error} ({}): there are no pages", error.source);
            Ok(None)
        }
        Err(error) => {
            let why = format!("{} ({})", error, error.source);
            Err(anyhow::Error::new(error).context(crate::failure::World(why)))
        }
    }
}

/// HTTPS with a certificate of the configuration, or with one of the phone's own.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod tls {
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;
    use std::net::IpAddr;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use anyhow::Context;
    use onhook_device::Secret;
    use onhook_web::{ServerConfig, self_signed, server_config};

    use crate::config::{Config, Protocol};

    pub(super) fn of(config: &Config, ip: IpAddr) -> anyhow::Result<Option<Arc<ServerConfig>>> {
        if config.web.protocol == Protocol::Http {
            return Ok(None);
        }
        let own = || {
            let dir = &config.state_dir;
            (dir.join("web.pem"), dir.join("web.key"))
        };
        let (certificate, key) = match &config.web.pair {
            Some(pair) => pair.clone(),
            None => {
                let pair = own();
                if !(pair.0.exists() && pair.1.exists()) {
                    make(config, ip, &pair)?;
                }
                pair
            }
        };
        let pair = (read(&certificate)?, Secret::new(read(&key)?));
        let made = server_config(onhook_http::crypto_provider(), &pair.0, &pair.1);
        made.map(Some).map_err(|why| {
            let (one, other) = (certificate.display(), key.display());
            config.wrong("web.certificate", format!("{one} with {other}: {why}"))
        })
    }

    fn make(config: &Config, ip: IpAddr, pair: &(PathBuf, PathBuf)) -> anyhow::Result<()> {
        let mut names = config.web.host_names.clone();
        names.push(ip.to_string());
        names.push("localhost".to_owned());
        let (certificate, key) = self_signed(names)?;
        write(&pair.1, key.expose())?;
        write(&pair.0, certificate.as_bytes())
    }

    /// Writes a file that its owner alone may read.
    fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        // One that power has cut short is made anew.
        let _ = fs::remove_file(path);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        file.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .with_context(|| format!("{} cannot be written", path.display()))
    }

    fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
        fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
    }
}

/// Tells the pages what the phone does.
pub(crate) struct Teller {
    feed: Feed,
    /// The URLs of the custom CA and of the load that are being fetched.
    ca: String,
    load: String,
}

impl Teller {
    pub(crate) const fn new(feed: Feed) -> Self {
        Self {
            feed,
            ca: String::new(),
            load: String::new(),
        }
    }

    pub(crate) fn line(&self, line: &str) {
        self.feed.tell(line);
    }

    pub(crate) fn notice(&mut self, now: Now, notice: &Notice, url: Option<&str>) {
        self.feed.stir();
        let url = || url.unwrap_or_default().to_owned();
        if let Notice::TrustStarted(..) = notice {
            self.ca = url();
        } else if let Notice::Upgrade(UpgradeNotice::Started(..)) = notice {
            self.load = url();
        } else if let Notice::TrustDone(_, outcome, ca) = notice {
            let url = std::mem::take(&mut self.ca);
            //= R-TLS-10
            let fingerprint = ca.map(|ca| ca.fingerprint);
            let result = outcome.to_string();
            self.brought(now, Brought::CustomCa, (url, result, fingerprint));
        } else if let Notice::Upgrade(UpgradeNotice::Done(outcome)) = notice {
            let url = std::mem::take(&mut self.load);
            self.brought(now, Brought::Firmware, (url, outcome.to_string(), None));
        }
    }

    pub(crate) fn resync(&self, now: Now, report: &ResyncReport) {
        for rule in &report.rules {
            if let Some(url) = &rule.url {
                let result = crate::json::err(rule.outcome, rule.said.as_deref());
                self.brought(now, Brought::Profile, (url.clone(), result, None));
            }
        }
    }

    fn brought(
        &self,
        now: Now,
        brought: Brought,
        (url, result, fingerprint): (String, String, Option<Fingerprint>),
    ) {
        if !url.is_empty() {
            self.feed.brought(Download {
                brought,
                at: now.wall,
                url,
                result,
                fingerprint,
            });
        }
    }
}
