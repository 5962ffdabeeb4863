//! The merged configuration, each value with its source.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::keys::KEYS;
use super::{Config, TftpPorts};
use crate::failure::print;

/// Keys that take effect when the configuration is read again.
const RELOADED: [&str; 13] = [
    "options.static",
    "dns.servers",
    "dns.domain",
    "syslog.server",
    "device.external_ip",
    "tls.trust",
    "tls.custom_ca",
    "tls.client_certificate",
    "tls.client_key",
    "mobility.status",
    "mobility.user",
    "mobility.password",
    "mobility.password_file",
];

/// One value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Setting {
    /// `section.key`.
    key: String,
    /// The value as it may be shown; `None` for none.
    value: Option<String>,
    source: String,
}

impl Config {
    /// Prints every key with its value and source.
    pub(crate) fn print(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let settings = self.settings();
        if as_json {
            let settings: Vec<_> = settings
                .iter()
                .map(|setting| {
                    json!({
                        "key": setting.key,
                        "value": setting.value,
                        "source": setting.source,
                    })
                })
                .collect();
            let document = json!({ "schema": "onhook.config/1", "settings": settings });
            print(&format!("{document:#}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut section = "";
        for setting in &settings {
            let (name, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
            if name != section {
                let space = if section.is_empty() { "" } else { "\n" };
                print(&format!("{space}[{name}]"))?;
                section = name;
            }
            let line = match &setting.value {
                Some(value) if key == "static" => format!("{key} = {value}"),
                Some(value) => format!("{key} = {}", json!(value)),
                None => format!("# {key} ="),
            };
            print(&format!("{line:<50} # {}", setting.source))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Keys that differ and take effect only at the next start.
    pub(crate) fn fixed_differences(&self, new: &Self) -> Vec<String> {
        let pairs = self.settings().into_iter().zip(new.settings());
        pairs
            .filter(|(old, new)| old.value != new.value && !RELOADED.contains(&old.key.as_str()))
            .map(|(old, _)| old.key)
            .collect()
    }

    /// Takes over what a reading again may change.
    pub(crate) fn take_changes(&mut self, new: Self) {
        self.identity.external_ip = new.identity.external_ip;
        // Another source takes effect at the next start, and what it has a use for too.
        if self.options_from == new.options_from {
            self.options = new.options;
        }
        self.dns = new.dns;
        self.syslog_server = new.syslog_server;
        self.tls = new.tls;
        self.mobility = new.mobility;
        self.given = new.given;
    }

    fn settings(&self) -> Vec<Setting> {
        let keys = KEYS
            .iter()
            .flat_map(|(section, keys)| keys.iter().map(move |key| (*section, *key)));
        keys.map(|(section, key)| {
            let name = format!("{section}.{key}");
            Setting {
                value: match section {
                    "firmware" => self.firmware.as_ref().and_then(|own| own.value(key)),
                    #[cfg(feature = "peer-sharing")]
                    "peer_sharing" => self.sharing.value(key),
                    _ => self.value(section, key),
                },
                source: self
                    .given
                    .source(&name)
                    .map_or_else(|| "default".to_owned(), ToString::to_string),
                key: name,
            }
        })
        .collect()
    }

    fn value(&self, section: &str, key: &str) -> Option<String> {
        let identity = &self.identity;
        match (section, key) {
            ("device", "mac") => {
                let mut mac = String::new();
                identity.mac.push_colons(&mut mac);
                Some(mac)
            }
            ("device", "product_name") => Some(identity.product_name.clone()),
            ("device", "series") => Some(identity.series.clone()),
            ("device", "serial") => Some(identity.serial.clone()),
            ("device", "software_version") => Some(identity.software_version.clone()),
            ("device", "hardware_version") => Some(identity.hardware_version.clone()),
            ("device", "family") => Some(identity.family.name().to_owned()),
            ("device", "release") => Some(identity.release.name().to_owned()),
            ("device", "time_zone") => Some(self.time_zone.clone()),
            ("device", "idle_settle_s") => Some(self.idle_settle_s.to_string()),
            ("device", "ip") => identity.ip.map(|ip| ip.to_string()),
            ("device", "external_ip") => identity.external_ip.map(|ip| ip.to_string()),
            ("state", "dir") => Some(self.state_dir.display().to_string()),
            ("options", "source") => Some(self.options_from.name().to_owned()),
            ("options", "static") => (!self.options.is_empty()).then(|| {
                let pairs = self.options.iter();
                let pairs: Vec<_> = pairs
                    .map(|(n, value)| format!("{} = {}", json!(n), json!(value)))
                    .collect();
                format!("{{ {} }}", pairs.join(", "))
            }),
            ("options", key) => self
                .given
                .text(&format!("options.{key}"))
                .map(str::to_owned),
            ("dns", "servers") => {
                let servers = self.dns.servers.iter().map(ToString::to_string);
                Some(servers.collect::<Vec<_>>().join(", "))
            }
            ("dns", "domain") => Some(self.dns.domain.clone()),
            ("directory", "host") => {
                let host = self.directory.as_ref();
                Some(host.map_or_else(String::new, |(host, port)| format!("{host}:{port}")))
            }
            ("syslog", "server") => Some(self.syslog_server.clone()),
            ("syslog", "transport") => Some(self.syslog.0.name().to_owned()),
            ("syslog", "format") => Some(self.syslog.1.name().to_owned()),
            ("tls", key) => self.tls_path(key).map(|path| path.display().to_string()),
            ("mobility", "status") => Some(self.mobility.status.clone()),
            ("mobility", "user") => Some(self.mobility.user.clone()),
            ("mobility", "password") => {
                let given = !self.mobility.password.expose().is_empty();
                given.then(|| "***".to_owned())
            }
            ("mobility", "password_file") => self
                .mobility
                .file
                .as_ref()
                .map(|path| path.display().to_string()),
            ("account", key) => self.account.as_ref().and_then(|account| match key {
                "user" => Some(account.user.clone()),
                "password" => Some("***".to_owned()),
                _ => account.file.as_ref().map(|path| path.display().to_string()),
            }),
            ("tftp", "local_ports") => Some(
                match self.tftp_ports {
                    TftpPorts::Phone => "phone",
                    TftpPorts::Ephemeral => "ephemeral",
                }
                .to_owned(),
            ),
            ("tftp", "strip_leading_slash") => Some(self.strip_leading_slash.to_string()),
            ("security", "ca_over") => Some(self.ca_over.name().to_owned()),
            ("security", "pin_server") => Some(self.pin_server.to_string()),
            ("security", "notify_profile_needs_auth") => {
                Some(self.sip.profile_needs_login.to_string())
            }
            ("sip", "listen") => Some(place(self.sip.plain)),
            ("sip", "tls_listen") => Some(place(self.sip.secure)),
            ("sip", "check_sync_alias") => Some(self.sip.check_sync.to_string()),
            ("web", key) => self.web.value(key),
            ("readings", name) => self.scope.readings.word(name).ok().map(str::to_owned),
            _ => None,
        }
    }

    fn tls_path(&self, key: &str) -> Option<&Path> {
        let client = self.tls.client.as_ref();
        match key {
            "client_certificate" => client.map(|(certificate, _)| certificate.path.as_path()),
            "client_key" => client.map(|(_, key)| key.path.as_path()),
            other => {
                let named = format!("tls.{other}");
                let mut anchors = self.tls.anchors.iter();
                anchors
                    .find(|file| file.key == named)
                    .map(|file| file.path.as_path())
            }
        }
    }
}

/// Where is listened to, as it is written.
fn place(address: Option<std::net::SocketAddr>) -> String {
    address.map_or_else(|| "off".to_owned(), |address| address.to_string())
}
