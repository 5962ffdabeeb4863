//! Configuration: defaults, then the file, then `ONHOOK__SECTION__KEY`, then flags.

mod dns;
mod firmware;
mod given;
mod keys;
mod options;
#[cfg(feature = "peer-sharing")]
mod sharing;
mod show;
mod sip;
mod web;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use onhook_device::{Identity, Readings, Secret};
use onhook_params::Scope;
use onhook_phone::CaOver;
use onhook_syslog::{Format, Transport};

use crate::cli::Place;
use crate::known::copy;
pub(crate) use dns::DnsSetting;
use firmware::FirmwareSetting;
use given::Given;
pub(crate) use options::OptionsFrom;
pub(crate) use sip::SipSetting;
#[cfg(all(feature = "web", any(feature = "ring", feature = "aws-lc-rs")))]
pub(crate) use web::Protocol;
pub(crate) use web::WebSetting;

/// The merged configuration.
pub(crate) struct Config {
    pub(crate) identity: Identity,
    pub(crate) scope: Scope,
    pub(crate) time_zone: String,
    /// Seconds that lines have to stay idle before what was deferred goes on.
    pub(crate) idle_settle_s: u8,
    pub(crate) state_dir: PathBuf,
    /// Overrides Syslog_Server if not empty.
    pub(crate) syslog_server: String,
    /// What carries the messages of the phone, and in which form.
    pub(crate) syslog: (Transport, Format),
    /// Option values by number.
    pub(crate) options: BTreeMap<String, String>,
    /// Where options come from.
    pub(crate) options_from: OptionsFrom,
    pub(crate) tls: TlsFiles,
    pub(crate) mobility: MobilitySetting,
    pub(crate) account: Option<AccountSetting>,
    pub(crate) tftp_ports: TftpPorts,
    /// Whether the slash with which a path begins is no part of the name that TFTP asks for.
    pub(crate) strip_leading_slash: bool,
    pub(crate) dns: DnsSetting,
    /// Host and port of the directory that redirects phones out of the box.
    pub(crate) directory: Option<(String, u16)>,
    /// Over what a custom CA may come.
    pub(crate) ca_over: CaOver,
    /// Who asks the phone by SIP, and where.
    pub(crate) sip: SipSetting,
    /// Whether another server of the network is refused once the phone is provisioned.
    pub(crate) pin_server: bool,
    /// The pages.
    pub(crate) web: WebSetting,
    /// What it upgrades with; `None` of a phone without slots.
    pub(crate) firmware: Option<FirmwareSetting>,
    /// Where it shares that with others.
    #[cfg(feature = "peer-sharing")]
    pub(crate) sharing: sharing::SharingSetting,
    /// What somebody gave, and where it stands.
    given: Given,
}

/// PEM files that were read; whether they hold what they should is seen when TLS is set up.
#[derive(Default)]
pub(crate) struct TlsFiles {
    /// Who is trusted: the bundle and the custom authority, in this order.
    pub(crate) anchors: Vec<PemFile>,
    /// The client certificate and its key.
    pub(crate) client: Option<(PemFile, KeyFile)>,
}

/// A file of certificates.
pub(crate) struct PemFile {
    /// The key that named it.
    pub(crate) key: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) text: Vec<u8>,
}

/// A file with a private key.
#[cfg_attr(
    not(any(feature = "ring", feature = "aws-lc-rs")),
    expect(dead_code, reason = "only TLS has a use for what is in them")
)]
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    pub(crate) text: Secret,
}

/// What the phone knows of extension mobility.
pub(crate) struct MobilitySetting {
    pub(crate) status: String,
    pub(crate) user: String,
    pub(crate) password: Secret,
    /// The file of the password, if it comes from one.
    file: Option<PathBuf>,
}

impl MobilitySetting {
    /// Nobody is logged in.
    pub(crate) fn nobody() -> Self {
        Self {
            status: String::new(),
            user: String::new(),
            password: Secret::new(Vec::new()),
            file: None,
        }
    }

    /// A user is logged in.
    pub(crate) fn of(status: &str, user: &str, password: &Secret) -> Self {
        Self {
            status: status.to_owned(),
            user: user.to_owned(),
            password: copy(password),
            file: None,
        }
    }

    pub(crate) fn copy(&self) -> Self {
        Self {
            status: self.status.clone(),
            user: self.user.clone(),
            password: copy(&self.password),
            file: self.file.clone(),
        }
    }
}

/// The profile account.
pub(crate) struct AccountSetting {
    pub(crate) user: String,
    pub(crate) password: Secret,
    /// The file of the password, if it comes from one.
    file: Option<PathBuf>,
}

/// Which local ports TFTP uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TftpPorts {
    /// 53240 to 53245, as the phones do.
    Phone,
    /// Any.
    Ephemeral,
}

impl FromStr for TftpPorts {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "phone" => Ok(Self::Phone),
            "ephemeral" => Ok(Self::Ephemeral),
            other => Err(format!(
                "`{other}` is not known: use `phone` or `ephemeral`"
            )),
        }
    }
}

/// Loads and checks the configuration.
///
/// # Errors
/// A value is wrong or missing; the message says where it stands and what to write.
pub(crate) fn load(place: &Place) -> anyhow::Result<Config> {
    let mut given = Given::collect(place)?;
    if let Some(dir) = &place.state_dir {
        given.set("state.dir", dir.display().to_string(), "--state-dir");
    }
    let identity = identity(&given)?;
    let mut scope = Scope::new(identity.family, identity.release);
    for name in Readings::NAMES {
        let key = format!("readings.{name}");
        if let Some(word) = given.text(&key) {
            let set = scope.readings.set(name, word);
            set.map_err(|why| given.wrong(&key, why))?;
        }
    }
    let mut options = BTreeMap::new();
    for (number, value) in given.under("options.static") {
        options.insert(number.to_owned(), value.to_owned());
    }
    let text = |key: &str, usual: &str| given.text(key).unwrap_or(usual).to_owned();
    if cfg!(not(feature = "peer-sharing")) && given.under("peer_sharing").next().is_some() {
        let why = "sharing with peers is left out of this program: remove it, or build it with the feature peer-sharing";
        return Err(given.wrong("peer_sharing", why));
    }
    // A flag may name a directory that is no UTF-8.
    let state_dir =
        (place.state_dir.clone()).unwrap_or_else(|| text("state.dir", "/var/lib/onhook").into());
    Ok(Config {
        scope,
        time_zone: text("device.time_zone", "UTC"),
        idle_settle_s: idle_settle(&given)?,
        firmware: firmware::firmware(&given, &state_dir)?,
        #[cfg(feature = "peer-sharing")]
        sharing: sharing::SharingSetting::read(&given)?,
        state_dir,
        syslog_server: text("syslog.server", ""),
        syslog: (
            given.parse("syslog.transport")?.unwrap_or_default(),
            given.parse("syslog.format")?.unwrap_or_default(),
        ),
        options,
        options_from: options::options_from(&given)?,
        tls: tls(&given)?,
        mobility: mobility(&mut given)?,
        account: account(&mut given)?,
        dns: DnsSetting::read(&given)?,
        directory: dns::directory(&given)?,
        tftp_ports: given.parse("tftp.local_ports")?.unwrap_or(TftpPorts::Phone),
        strip_leading_slash: given.parse("tftp.strip_leading_slash")?.unwrap_or(true),
        ca_over: given.parse("security.ca_over")?.unwrap_or_default(),
        sip: sip::sip(&given)?,
        pin_server: given.parse("security.pin_server")?.unwrap_or(false),
        web: web::web(&given)?,
        identity,
        given,
    })
}

impl Config {
    /// An error about a value that is found out when it is used.
    pub(crate) fn wrong(&self, key: &str, why: impl fmt::Display) -> anyhow::Error {
        self.given.wrong(key, why)
    }
}

fn idle_settle(given: &Given) -> anyhow::Result<u8> {
    const KEY: &str = "device.idle_settle_s";
    let seconds = given.parse(KEY)?.unwrap_or(0);
    match seconds {
        0..=60 => Ok(seconds),
        _ => Err(given.wrong(KEY, "write 0 to 60 seconds")),
    }
}

fn identity(given: &Given) -> anyhow::Result<Identity> {
    let usual = Identity::default();
    let text = |key, usual| given.text(key).map_or(usual, str::to_owned);
    let address = |key: &str| {
        let parse = |text: &str| {
            let why = format!("`{text}` is no address: write one such as 192.0.2.50");
            text.parse().map_err(|_| given.wrong(key, why))
        };
        given.text(key).map(parse).transpose()
    };
    Ok(Identity {
        mac: given.parse("device.mac")?.unwrap_or(usual.mac),
        product_name: text("device.product_name", usual.product_name),
        series: text("device.series", usual.series),
        serial: text("device.serial", usual.serial),
        software_version: text("device.software_version", usual.software_version),
        hardware_version: text("device.hardware_version", usual.hardware_version),
        family: given.parse("device.family")?.unwrap_or(usual.family),
        release: given.parse("device.release")?.unwrap_or(usual.release),
        ip: address("device.ip")?.or(usual.ip),
        external_ip: address("device.external_ip")?.or(usual.external_ip),
        ..usual
    })
}

/// Reads the files that TLS needs.
fn tls(given: &Given) -> anyhow::Result<TlsFiles> {
    let mut files = TlsFiles::default();
    for key in ["tls.trust", "tls.custom_ca"] {
        files.anchors.extend(pem(given, key)?);
    }
    files.client = match (
        pem(given, "tls.client_certificate")?,
        pem(given, "tls.client_key")?,
    ) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let text = Secret::new(key.text);
            let path = key.path;
            Some((certificate, KeyFile { path, text }))
        }
        (Some(_), None) => {
            let why = "it needs its key: write tls.client_key too";
            return Err(given.wrong("tls.client_certificate", why));
        }
        (None, Some(_)) => {
            let why = "it needs its certificate: write tls.client_certificate too";
            return Err(given.wrong("tls.client_key", why));
        }
    };
    Ok(files)
}

fn pem(given: &Given, key: &'static str) -> anyhow::Result<Option<PemFile>> {
    let Some(path) = given.text(key).map(PathBuf::from) else {
        return Ok(None);
    };
    let text = read(given, key, &path)?;
    Ok(Some(PemFile { key, path, text }))
}

fn read(given: &Given, key: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    let why = |error| {
        format!(
            "{} cannot be read ({error}): check the path and who may read it",
            path.display()
        )
    };
    std::fs::read(path).map_err(|error| given.wrong(key, why(error)))
}

fn mobility(given: &mut Given) -> anyhow::Result<MobilitySetting> {
    let (password, file) = password(given, "mobility.password", "mobility.password_file")?;
    let text = |key| given.text(key).unwrap_or_default().to_owned();
    Ok(MobilitySetting {
        status: text("mobility.status"),
        user: text("mobility.user"),
        password: password.unwrap_or_else(|| Secret::new(Vec::new())),
        file,
    })
}

fn account(given: &mut Given) -> anyhow::Result<Option<AccountSetting>> {
    let (password, file) = password(given, "account.password", "account.password_file")?;
    match (given.text("account.user"), password) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => Ok(Some(AccountSetting {
            user: user.to_owned(),
            password,
            file,
        })),
        (Some(_), None) => {
            let why = "it needs its password: write account.password_file, or account.password";
            Err(given.wrong("account.user", why))
        }
        (None, Some(_)) => {
            let why = "it needs its user: write account.user too";
            Err(given.wrong("account", why))
        }
    }
}

/// A password that stands in the configuration or in a file of its own, and that file.
fn password(
    given: &mut Given,
    key: &str,
    file_key: &str,
) -> anyhow::Result<(Option<Secret>, Option<PathBuf>)> {
    let file = given.text(file_key).map(PathBuf::from);
    let password = match (given.take(key), &file) {
        (Some(_), Some(_)) => {
            return Err(given.wrong(key, format!("{file_key} is there too: remove one of them")));
        }
        (Some(password), None) => Some(Secret::new(password.into_bytes())),
        (None, Some(path)) => Some(first_line(read(given, file_key, path)?)),
        (None, None) => None,
    };
    Ok((password, file))
}

/// The first line of a file that holds a secret.
fn first_line(mut text: Vec<u8>) -> Secret {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    text.truncate(end.unwrap_or(text.len()));
    Secret::new(text)
}
