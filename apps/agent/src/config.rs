//! Configuration: defaults, then the file, then `ONHOOK__SECTION__KEY`, then flags.

mod places;
mod raw;
mod show;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::{Environment, File, FileFormat};
use onhook_device::{Family, Identity, Release, Secret};
use onhook_params::Scope;

use crate::cli::Place;
use crate::known::copy;
use places::{check_keys, check_section};
use raw::{Raw, RawMobility, RawTls};
use show::{Source, Sources, sources};

/// The DHCP options that may name a provisioning server.
const OPTIONS: [&str; 7] = ["66", "160", "159", "150", "60", "43", "125"];

/// The merged configuration.
pub(crate) struct Config {
    pub(crate) identity: Identity,
    pub(crate) scope: Scope,
    pub(crate) time_zone: String,
    pub(crate) state_dir: PathBuf,
    /// Overrides Syslog_Server if not empty.
    pub(crate) syslog_server: String,
    /// Option values by number.
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) tls: TlsFiles,
    pub(crate) mobility: MobilitySetting,
    pub(crate) tftp_ports: TftpPorts,
    /// Where the values come from that somebody gave.
    sources: Sources,
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
#[cfg_attr(
    not(any(feature = "ring", feature = "aws-lc-rs")),
    expect(dead_code, reason = "only TLS has a use for what is in them")
)]
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

/// Which local ports TFTP uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TftpPorts {
    /// 53240 to 53245, as the phones do.
    Phone,
    /// Any.
    Ephemeral,
}

/// Loads and checks the configuration.
pub(crate) fn load(place: &Place) -> anyhow::Result<Config> {
    let mut builder = config::Config::builder();
    let mut file = String::new();
    if let Some(path) = &place.config {
        file = std::fs::read_to_string(path)
            .with_context(|| format!("configuration {} cannot be read", path.display()))?;
        check_keys(&file, path)?;
        builder = builder.add_source(File::from_str(&file, FileFormat::Toml));
    }
    builder = builder.add_source(
        Environment::with_prefix("ONHOOK")
            .separator("__")
            .prefix_separator("__"),
    );
    let merged = builder.build().with_context(|| source_name(place))?;
    // In order of name, so that of several errors always the same one is told.
    let tables: BTreeMap<_, _> = merged
        .cache
        .clone()
        .into_table()
        .unwrap_or_default()
        .into_iter()
        .collect();
    for (section, value) in &tables {
        check_section(section, value, &|_, _| "environment".to_owned())?;
    }
    let given: Vec<_> = tables
        .iter()
        .flat_map(|(section, value)| keys(section, value))
        .collect();
    let file = place.config.as_deref().map(|path| (path, file.as_str()));
    let mut sources = sources(file, &given);
    if place.state_dir.is_some() {
        sources.insert("state.dir".to_owned(), Source::Flag("--state-dir"));
    }
    let raw: Raw = merged
        .try_deserialize()
        .with_context(|| source_name(place))?;
    build(raw, place, sources)
}

/// The keys that a section holds.
fn keys(section: &str, value: &config::Value) -> Vec<(String, String)> {
    let table = value.clone().into_table().unwrap_or_default();
    table
        .into_keys()
        .map(|key| (section.to_owned(), key))
        .collect()
}

fn source_name(place: &Place) -> String {
    match &place.config {
        Some(path) => format!("configuration {} cannot be used", path.display()),
        None => "the configuration in the environment cannot be used".to_owned(),
    }
}

fn build(raw: Raw, place: &Place, sources: Sources) -> anyhow::Result<Config> {
    let device = raw.device;
    let mut identity = Identity::default();
    let text = |slot: &mut String, given: Option<String>| {
        if let Some(given) = given {
            *slot = given;
        }
    };
    text(&mut identity.product_name, device.product_name);
    text(&mut identity.series, device.series);
    text(&mut identity.serial, device.serial);
    text(&mut identity.software_version, device.software_version);
    text(&mut identity.hardware_version, device.hardware_version);
    if let Some(mac) = device.mac {
        identity.mac = mac.parse().context("device.mac")?;
    }
    if let Some(ip) = device.ip {
        let ip = ip
            .parse()
            .with_context(|| format!("device.ip: `{ip}` is not an address"))?;
        identity.ip = Some(ip);
    }
    if let Some(ip) = device.external_ip {
        let ip = ip
            .parse()
            .with_context(|| format!("device.external_ip: `{ip}` is not an address"))?;
        identity.external_ip = Some(ip);
    }
    identity.family = setting("device.family", device.family, Family::default())?;
    identity.release = setting("device.release", device.release, Release::default())?;
    let mut scope = Scope::new(identity.family, identity.release);
    for (name, value) in &raw.readings {
        scope.readings.set(name, value).context("readings")?;
    }
    if let Some(source) = raw.options.source.filter(|source| source != "static") {
        bail!("options.source: `{source}` is not available in this program: use `static`");
    }
    if let Some(number) = raw
        .options
        .fixed
        .keys()
        .find(|n| !OPTIONS.contains(&n.as_str()))
    {
        bail!(
            "options.static: `{number}` is no option that names a server: use {}",
            OPTIONS.join(", ")
        );
    }
    Ok(Config {
        identity,
        scope,
        time_zone: device.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        state_dir: place
            .state_dir
            .clone()
            .or(raw.state.dir)
            .unwrap_or_else(|| PathBuf::from("/var/lib/onhook")),
        syslog_server: raw.syslog.server.unwrap_or_default(),
        options: raw.options.fixed,
        sources,
        tls: tls(raw.tls)?,
        mobility: mobility(raw.mobility)?,
        tftp_ports: match raw.tftp.local_ports.as_deref() {
            None | Some("phone") => TftpPorts::Phone,
            Some("ephemeral") => TftpPorts::Ephemeral,
            Some(other) => {
                bail!("tftp.local_ports: `{other}` is not known: use phone or ephemeral")
            }
        },
    })
}

/// Reads the files that TLS needs.
fn tls(raw: RawTls) -> anyhow::Result<TlsFiles> {
    let named = [("tls.trust", raw.trust), ("tls.custom_ca", raw.custom_ca)];
    let mut anchors = Vec::new();
    for (key, path) in named {
        anchors.extend(path.map(|path| pem(key, path)).transpose()?);
    }
    let client = match (raw.client_certificate, raw.client_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let text = Secret::new(read("tls.client_key", &key)?);
            let certificate = pem("tls.client_certificate", certificate)?;
            Some((certificate, KeyFile { path: key, text }))
        }
        (Some(_), None) => bail!("tls.client_key is missing: a client certificate needs its key"),
        (None, Some(_)) => {
            bail!("tls.client_certificate is missing: a client key needs its certificate")
        }
    };
    Ok(TlsFiles { anchors, client })
}

fn pem(key: &'static str, path: PathBuf) -> anyhow::Result<PemFile> {
    let text = read(key, &path)?;
    Ok(PemFile { key, path, text })
}

fn read(key: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{key}: {} cannot be read", path.display()))
}

fn mobility(raw: RawMobility) -> anyhow::Result<MobilitySetting> {
    let file = raw.password_file.clone();
    let password = match (raw.password, raw.password_file) {
        (Some(_), Some(_)) => {
            bail!("mobility.password and mobility.password_file exclude each other")
        }
        (Some(password), None) => Secret::new(password.into_bytes()),
        (None, Some(path)) => {
            let mut text = read("mobility.password_file", &path)?;
            while text
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
            {
                text.pop();
            }
            Secret::new(text)
        }
        (None, None) => Secret::new(Vec::new()),
    };
    Ok(MobilitySetting {
        status: raw.status.unwrap_or_default(),
        user: raw.user.unwrap_or_default(),
        password,
        file,
    })
}

fn setting<T: std::str::FromStr<Err = String>>(
    key: &str,
    given: Option<String>,
    default: T,
) -> anyhow::Result<T> {
    match given {
        Some(text) => text
            .parse()
            .map_err(|error| anyhow::anyhow!("{key}: {error}")),
        None => Ok(default),
    }
}
