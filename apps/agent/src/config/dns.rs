//! Name servers, the domain of the network, and the directory.

use std::net::{IpAddr, SocketAddr};

use super::given::Given;

/// The port of a name server.
const PORT: u16 = 53;
/// The port of a directory.
const HTTPS: u16 = 443;

/// What the configuration says of names.
pub(crate) struct DnsSetting {
    /// Name servers; none are those of the system.
    pub(crate) servers: Vec<SocketAddr>,
    /// The domain whose SRV records name a provisioning server; empty for none.
    pub(crate) domain: String,
}

impl DnsSetting {
    /// What the configuration says, or what options 6 and 15 say.
    pub(super) fn read(given: &Given) -> anyhow::Result<Self> {
        let filled = |key: &&'static str| given.text(key).is_some_and(|text| !text.is_empty());
        let first = |keys: [&'static str; 2]| keys.into_iter().find(|key| filled(key));
        let mut setting = Self {
            servers: Vec::new(),
            domain: String::new(),
        };
        let servers = first(["dns.servers", "options.static.6"]);
        //= R-DNS-3
        let domain = first(["dns.domain", "options.static.15"]);
        if !cfg!(feature = "dns") {
            let key = servers.or(domain).or(first(["directory.host"; 2]));
            let why = "this build asks the name servers of the system alone, and searches no server: remove it, or build \
                       with the feature `dns`";
            return key.map_or(Ok(setting), |key| Err(given.wrong(key, why)));
        }
        if let Some(key) = servers {
            for text in given.text(key).unwrap_or_default().split(',') {
                let server = text.trim();
                let address = server.parse();
                let address = address.or_else(|_| Ok((server.parse::<IpAddr>()?, PORT).into()));
                let why = |_: std::net::AddrParseError| {
                    format!("`{server}` is no address: write such as 192.0.2.53, 192.0.2.53:5353")
                };
                setting
                    .servers
                    .push(address.map_err(|error| given.wrong(key, why(error)))?);
            }
        }
        if let Some(key) = domain {
            let domain = given.text(key).unwrap_or_default().trim_end_matches('.');
            if !is_name(domain) {
                let why = format!("`{domain}` is no domain: write one such as example.com");
                return Err(given.wrong(key, why));
            }
            domain.clone_into(&mut setting.domain);
        }
        Ok(setting)
    }
}

/// Host and port of the directory, if there is one.
pub(super) fn directory(given: &Given) -> anyhow::Result<Option<(String, u16)>> {
    const KEY: &str = "directory.host";
    let text = given.text(KEY).filter(|text| !text.is_empty());
    let Some(text) = text.filter(|_| cfg!(feature = "dns")) else {
        return Ok(None);
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)),
        None => (text, Some(HTTPS)),
    };
    match port.filter(|_| is_name(host)) {
        Some(port) => Ok(Some((host.to_owned(), port))),
        None => {
            let why = format!("`{text}` is no host: write such as activate.example.com");
            Err(given.wrong(KEY, why))
        }
    }
}

fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let label = |label: &str| !label.is_empty() && label.bytes().all(letter);
    text.len() <= 253 && text.split('.').all(label)
}
