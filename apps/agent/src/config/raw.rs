//! The keys, and what stands in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use onhook_device::Readings;
use serde::Deserialize;

/// Every key, by section. `options.static` holds option numbers.
pub(super) const KEYS: [(&str, &[&str]); 10] = [
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
            "external_ip",
        ],
    ),
    ("state", &["dir"]),
    ("options", &["source", "static"]),
    ("syslog", &["server"]),
    (
        "tls",
        &["trust", "custom_ca", "client_certificate", "client_key"],
    ),
    ("mobility", &["status", "user", "password", "password_file"]),
    ("tftp", &["local_ports"]),
    ("web", &["listen"]),
    ("sip", &["listen"]),
    ("readings", &Readings::NAMES),
];

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Raw {
    pub(super) device: RawDevice,
    pub(super) state: RawState,
    pub(super) options: RawOptions,
    pub(super) syslog: RawSyslog,
    pub(super) tls: RawTls,
    pub(super) mobility: RawMobility,
    pub(super) tftp: RawTftp,
    pub(super) readings: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawDevice {
    pub(super) mac: Option<String>,
    pub(super) product_name: Option<String>,
    pub(super) series: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) software_version: Option<String>,
    pub(super) hardware_version: Option<String>,
    pub(super) family: Option<String>,
    pub(super) release: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) external_ip: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawState {
    pub(super) dir: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawOptions {
    pub(super) source: Option<String>,
    #[serde(rename = "static")]
    pub(super) fixed: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawSyslog {
    pub(super) server: Option<String>,
}

/// Paths of PEM files.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawTls {
    pub(super) trust: Option<PathBuf>,
    pub(super) custom_ca: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawMobility {
    pub(super) status: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawTftp {
    pub(super) local_ports: Option<String>,
}
