//! The proxy that the parameters name.

use onhook_fetch::Scheme;
use onhook_params::types::Unsigned;
use onhook_params::{Value, ValueId, known};
use onhook_rules::Url;

use crate::{Phone, Request, RuleFault, Shared};

/// Where a phone that discovers its proxy looks for the file: the name is completed by the resolver.
const WPAD: &str = "http://wpad/wpad.dat";
/// The port of a proxy that has none of its own.
const PORT: u16 = 3128;

/// How HTTP gets out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProxySetting<'v> {
    /// Without a proxy.
    Off,
    /// By a proxy that nobody has named, so without one.
    Nameless,
    /// Through this proxy.
    Manual {
        /// Host name or address; an IPv6 address without brackets.
        host: &'v str,
        /// Port.
        port: u16,
        /// The user name, if the proxy requires one.
        user: Option<&'v str>,
        /// The password, a secret.
        password: Option<ValueId>,
    },
    /// As this file says; `None` if there is none, so without a proxy.
    Auto(Option<Url<'v>>),
}

impl Phone {
    /// How a request over a scheme gets out.
    #[must_use]
    pub fn proxy<'v>(&self, scheme: Scheme, shared: &'v Shared) -> ProxySetting<'v> {
        let Some(view) = self.view(shared) else {
            return ProxySetting::Off;
        };
        let text = |id| self.params.text(id, view);
        //= R-HTTP-19
        match (scheme, text(known::PROXY_MODE)) {
            (Scheme::Tftp, _) => ProxySetting::Off,
            (Scheme::Http | Scheme::Https, "Manual") => {
                let host = text(known::PROXY_HOST);
                let bare = host
                    .strip_prefix('[')
                    .and_then(|host| host.strip_suffix(']'));
                let host = bare.unwrap_or(host);
                //= R-PROXY-3
                if host.is_empty() {
                    return ProxySetting::Nameless;
                }
                let port = Unsigned::parse(text(known::PROXY_PORT)).map(Unsigned::get);
                let port = port.and_then(|port| u16::try_from(port).ok());
                let asks = self
                    .params
                    .is_yes(known::PROXY_SERVER_REQUIRES_AUTHENTICATION, view);
                let password = match self.params.value(known::PROXY_PASSWORD, view) {
                    Value::Secret(password) => Some(password),
                    Value::Plain(_) => None,
                };
                ProxySetting::Manual {
                    host,
                    port: port.filter(|port| *port != 0).unwrap_or(PORT),
                    user: asks.then(|| text(known::PROXY_USERNAME)),
                    password: password.filter(|_| asks),
                }
            }
            //= R-PROXY-3
            (Scheme::Http | Scheme::Https, "Auto") => {
                let file = if self.params.is_yes(known::USE_AUTO_DISCOVERY_WPAD, view) {
                    WPAD
                } else {
                    text(known::PAC_URL)
                };
                ProxySetting::Auto(Url::parse(file).ok().filter(|url| url.server.is_some()))
            }
            (Scheme::Http | Scheme::Https, _) => ProxySetting::Off,
        }
    }

    /// What is told of a request that is made nevertheless.
    pub(crate) fn doubt(&self, request: &Request, shared: &Shared) -> Option<RuleFault> {
        //= R-TFTP-21
        if request.is_tftp_with_credentials() {
            return Some(RuleFault::CredentialsUnused);
        }
        //= R-PROXY-3
        let nameless = self.proxy(request.scheme, shared) == ProxySetting::Nameless;
        nameless.then_some(RuleFault::ProxyNameless)
    }
}
