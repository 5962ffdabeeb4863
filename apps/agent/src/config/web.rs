//! `[web]`: the pages of the phone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::given::Given;

/// How the pages are served.
pub(crate) struct WebSetting {
    /// Where; `None` if nowhere.
    pub(crate) listen: Option<SocketAddr>,
    /// Names of the phone besides its address.
    pub(crate) host_names: Vec<String>,
    /// Whether accounts without a password are open to everybody.
    pub(crate) open: bool,
    pub(crate) protocol: Protocol,
    /// The files of certificate and key; both or none.
    pub(crate) pair: Option<(PathBuf, PathBuf)>,
    /// Whether somebody wrote where: then it has to work.
    #[cfg_attr(not(feature = "web"), expect(dead_code, reason = "there are no pages"))]
    pub(crate) is_given: bool,
}

/// What is spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Protocol {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            other => Err(format!("`{other}` is not known: use `http` or `https`")),
        }
    }
}

const LISTEN: &str = "web.listen";
/// Where pages are served as long as nobody says anything else.
const USUAL: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Reads `[web]`.
pub(super) fn web(given: &Given) -> anyhow::Result<WebSetting> {
    if !cfg!(feature = "web") {
        if given.under("web").next().is_some() {
            let why = "this program was built without the feature web, and has no pages: remove the section";
            return Err(given.wrong("web", why));
        }
        return Ok(WebSetting {
            listen: None,
            host_names: Vec::new(),
            open: false,
            protocol: Protocol::Http,
            pair: None,
            is_given: false,
        });
    }
    let listen = match given.text(LISTEN) {
        Some("off") => None,
        Some(text) => {
            let why = format!(
                "`{text}` is no address with a port: write one such as 127.0.0.1:8080, or off"
            );
            Some(text.parse().map_err(|_| given.wrong(LISTEN, why))?)
        }
        None => Some(USUAL),
    };
    let path = |key| given.text(key).map(PathBuf::from);
    let pair = match (path("web.certificate"), path("web.key")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => {
            let why = "it needs its key: write web.key too";
            return Err(given.wrong("web.certificate", why));
        }
        (None, Some(_)) => {
            let why = "it needs its certificate: write web.certificate too";
            return Err(given.wrong("web.key", why));
        }
    };
    let names = given.text("web.host_names").unwrap_or_default().split(',');
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    let protocol = given.parse("web.protocol")?.unwrap_or(Protocol::Http);
    let has_tls = cfg!(any(feature = "ring", feature = "aws-lc-rs"));
    if protocol == Protocol::Https && !has_tls {
        let why = "this program was built without TLS: write http";
        return Err(given.wrong("web.protocol", why));
    }
    Ok(WebSetting {
        listen,
        host_names: names.map(str::to_owned).collect(),
        open: given.parse("web.open")?.unwrap_or(false),
        protocol,
        pair,
        is_given: given.text(LISTEN).is_some(),
    })
}

impl WebSetting {
    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        let pair = self.pair.as_ref();
        match key {
            "listen" => Some(self.listen.map_or("off".to_owned(), |at| at.to_string())),
            "host_names" => Some(self.host_names.join(",")),
            "open" => Some(self.open.to_string()),
            "protocol" => Some(self.protocol.name().to_owned()),
            "certificate" => pair.map(|(certificate, _)| certificate.display().to_string()),
            "key" => pair.map(|(_, key)| key.display().to_string()),
            _ => None,
        }
    }
}
