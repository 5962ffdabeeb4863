//! Configuration: defaults, then the file, then `ONHOOK__SECTION__KEY`, then flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::{Environment, File, FileFormat, Value, ValueKind};
use onhook_device::{Family, Identity, Readings, Release};
use onhook_params::Scope;
use serde::Deserialize;

use crate::cli::Place;

/// Every key, by section. `options.static` holds option numbers.
const KEYS: [(&str, &[&str]); 7] = [
    (
        "device",
        &[
            "mac",
            "product_name",
            "series",
            "serial",
            "software_version",
            "hardware_version",
            "family",
            "release",
            "time_zone",
            "ip",
        ],
    ),
    ("state", &["dir"]),
    ("options", &["source", "static"]),
    ("syslog", &["server"]),
    ("web", &["listen"]),
    ("sip", &["listen"]),
    ("readings", &Readings::NAMES),
];

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
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    device: RawDevice,
    state: RawState,
    options: RawOptions,
    syslog: RawSyslog,
    readings: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawDevice {
    mac: Option<String>,
    product_name: Option<String>,
    series: Option<String>,
    serial: Option<String>,
    software_version: Option<String>,
    hardware_version: Option<String>,
    family: Option<String>,
    release: Option<String>,
    time_zone: Option<String>,
    ip: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawState {
    dir: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawOptions {
    source: Option<String>,
    #[serde(rename = "static")]
    fixed: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawSyslog {
    server: Option<String>,
}

/// Loads and checks the configuration.
pub(crate) fn load(place: &Place) -> anyhow::Result<Config> {
    let mut builder = config::Config::builder();
    if let Some(path) = &place.config {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("configuration {} cannot be read", path.display()))?;
        check_keys(&text, path)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
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
    let raw: Raw = merged
        .try_deserialize()
        .with_context(|| source_name(place))?;
    build(raw, place)
}

fn source_name(place: &Place) -> String {
    match &place.config {
        Some(path) => format!("configuration {} cannot be used", path.display()),
        None => "the configuration in the environment cannot be used".to_owned(),
    }
}

/// Refuses unknown keys of a file with the line where they stand.
fn check_keys(text: &str, path: &Path) -> anyhow::Result<()> {
    let file = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .with_context(|| format!("configuration {} cannot be read", path.display()))?;
    let tables = file.cache.into_table().unwrap_or_default();
    let mut sections: Vec<_> = tables.into_iter().collect();
    sections.sort_by_key(|(section, _)| line_of(text, section, None));
    for (section, value) in &sections {
        check_section(
            section,
            value,
            &|section, key| match line_of(text, section, key) {
                Some(line) => format!("{}:{line}", path.display()),
                None => path.display().to_string(),
            },
        )?;
    }
    Ok(())
}

fn check_section(
    section: &str,
    value: &Value,
    place: &dyn Fn(&str, Option<&str>) -> String,
) -> anyhow::Result<()> {
    let Some((_, keys)) = KEYS.iter().find(|(name, _)| *name == section) else {
        let known = KEYS.map(|(name, _)| name);
        let hint = suggest(section, &known);
        bail!(
            "{}: unknown section `{section}`{hint}",
            place(section, None)
        );
    };
    let ValueKind::Table(table) = &value.kind else {
        bail!(
            "{}: `{section}` is a section: write [{section}]",
            place(section, None)
        );
    };
    let mut given: Vec<_> = table.keys().collect();
    given.sort();
    for key in given {
        if !keys.contains(&key.as_str()) {
            let hint = suggest(key, keys);
            bail!(
                "{}: unknown key `{section}.{key}`{hint}",
                place(section, Some(key))
            );
        }
    }
    if matches!(section, "web" | "sip") {
        tracing::warn!("this program has no {section} listener yet: [{section}] has no effect");
    }
    Ok(())
}

/// Names the nearest known word, or all of them.
fn suggest(word: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min();
    match nearest {
        Some((edits, candidate)) if edits <= 1 + word.len() / 3 => {
            format!(": did you mean `{candidate}`?")
        }
        Some(_) | None => format!(": known are {}", known.join(", ")),
    }
}

/// The number of single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let edit = if x == y { corner } else { corner + 1 };
            corner = *cell;
            left = edit.min(left + 1).min(corner + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The line, from 1, of a section or of a key in it.
fn line_of(text: &str, section: &str, key: Option<&str>) -> Option<usize> {
    let mut current = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            current = name.trim();
            if current == section && key.is_none() {
                return Some(number + 1);
            }
        } else if let Some((left, _)) = line.split_once('=') {
            let left = left.trim().trim_matches('"');
            let dotted = key.map(|key| format!("{section}.{key}"));
            let here = current == section && key == Some(left);
            if here || dotted.as_deref() == Some(left) || (key.is_none() && left == section) {
                return Some(number + 1);
            }
        }
    }
    None
}

fn build(raw: Raw, place: &Place) -> anyhow::Result<Config> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told_with_its_line_and_the_nearest_key() {
        let text = "[device]\nmac = \"000e08012345\"\n\n[syslog]\nsevrer = \"x\"\n";
        let error = check_keys(text, Path::new("a.toml")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:5: unknown key `syslog.sevrer`: did you mean `server`?"
        );
        let error = check_keys("[devise]\n", Path::new("a.toml")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:1: unknown section `devise`: did you mean `device`?"
        );
    }

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("sevrer", "server", 2),
            ("mac", "macs", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
