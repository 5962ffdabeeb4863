//! Where options come from.

#[cfg(feature = "dhcp")]
use std::path::PathBuf;

#[cfg(feature = "dhcp")]
use onhook_dhcp::Format;
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};

use super::Config;
use super::given::Given;

const SOURCE: &str = "options.source";

/// Where options come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum OptionsFrom {
    /// They stand in the configuration.
    Static,
    /// Another DHCP client writes them to a file.
    #[cfg(feature = "dhcp")]
    LeaseFile {
        path: PathBuf,
        format: Format,
        /// The one interface whose lease counts.
        interface: Option<String>,
    },
    /// Servers are asked.
    #[cfg(feature = "dhcp")]
    Dhcp {
        interface: String,
        /// Configures the interface, and so makes the phone ask for an address too.
        hook: Option<PathBuf>,
        /// Option 60, if it is to be another than that of the phone.
        vendor_class: Option<String>,
    },
}

impl OptionsFrom {
    /// The word of the configuration.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Static => "static",
            #[cfg(feature = "dhcp")]
            Self::LeaseFile { .. } => "lease-file",
            #[cfg(feature = "dhcp")]
            Self::Dhcp { .. } => "dhcp",
        }
    }
}

/// The keys that a source has a use for.
const fn used(source: &str) -> &'static [&'static str] {
    match source.as_bytes() {
        b"static" => &["static"],
        b"lease-file" => &["path", "format", "interface"],
        _ => &["interface", "hook", "vendor_class"],
    }
}

/// Reads the section.
///
/// # Errors
/// A key is missing, has no use, or holds something else than it should.
pub(super) fn options_from(given: &Given) -> anyhow::Result<OptionsFrom> {
    let word = given.text(SOURCE).unwrap_or("static");
    let from = read(given, word)?;
    let of_others = |name: &str| name != "source" && !used(word).contains(&name);
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut keys = given.under("options").map(|(name, _)| first(name));
    if let Some(key) = keys.find(|name| of_others(name)) {
        let why = format!("it has no use with source = \"{word}\": remove it");
        return Err(given.wrong(&format!("options.{key}"), why));
    }
    Ok(from)
}

#[cfg(feature = "dhcp")]
fn read(given: &Given, word: &str) -> anyhow::Result<OptionsFrom> {
    let text = |key: &str| given.text(key).map(str::to_owned);
    let needed = |key: &str, example: &str| {
        let why = format!("`{word}` needs {key}: write {example}");
        text(key).ok_or_else(|| given.wrong(SOURCE, why))
    };
    match word {
        "static" => Ok(OptionsFrom::Static),
        "lease-file" => {
            let path = "/run/systemd/netif/leases/2";
            let format = "systemd-networkd, dhclient or udhcpc";
            Ok(OptionsFrom::LeaseFile {
                path: needed("options.path", path)?.into(),
                format: needed("options.format", format)?
                    .parse()
                    .map_err(|why: String| given.wrong("options.format", why))?,
                interface: text("options.interface"),
            })
        }
        "dhcp" => Ok(OptionsFrom::Dhcp {
            interface: needed("options.interface", "one that `ip link` shows")?,
            hook: text("options.hook").map(PathBuf::from),
            vendor_class: vendor_class(given)?,
        }),
        other => {
            let why = format!("`{other}` is not known: use `static`, `lease-file` or `dhcp`");
            Err(given.wrong(SOURCE, why))
        }
    }
}

#[cfg(not(feature = "dhcp"))]
fn read(given: &Given, word: &str) -> anyhow::Result<OptionsFrom> {
    match word {
        "static" => Ok(OptionsFrom::Static),
        "lease-file" | "dhcp" => {
            let why = format!(
                "`{word}` is left out of this program: use `static`, or build it with the feature dhcp"
            );
            Err(given.wrong(SOURCE, why))
        }
        other => {
            let why = format!("`{other}` is not known: use `static`");
            Err(given.wrong(SOURCE, why))
        }
    }
}

/// Option 60 has at most 255 octets.
#[cfg(feature = "dhcp")]
fn vendor_class(given: &Given) -> anyhow::Result<Option<String>> {
    const KEY: &str = "options.vendor_class";
    match given.text(KEY) {
        Some(text) if text.is_empty() || text.len() > 255 => {
            Err(given.wrong(KEY, "write 1 to 255 characters"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

impl Config {
    /// The options that stand in the configuration.
    pub(crate) fn fixed_options(&self) -> Learned {
        let options = self.options.iter().filter(|(_, value)| !value.is_empty());
        let held = options.filter_map(|(number, value)| {
            Some(HeldOption {
                space: Space::V4,
                code: number.parse().ok()?,
                value: HeldValue::Text(value.clone()),
            })
        });
        Learned {
            address: None,
            options: held.collect(),
        }
    }
}
