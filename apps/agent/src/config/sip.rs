//! Where SIP is listened to, and what it may ask for.

use std::net::SocketAddr;

use super::given::Given;

const LISTEN: &str = "sip.listen";
const TLS_LISTEN: &str = "sip.tls_listen";
/// The word for nowhere.
const OFF: &str = "off";

/// The section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SipSetting {
    /// For UDP and TCP.
    pub(crate) plain: Option<SocketAddr>,
    /// For TLS, with the certificate of the phone.
    pub(crate) secure: Option<SocketAddr>,
    /// Whether `check-sync` is understood (R-SIP-8).
    pub(crate) check_sync: bool,
    /// Whether a rule needs a login in any case (R-SIP-14).
    pub(crate) profile_needs_login: bool,
}

/// Reads it.
///
/// # Errors
/// A value has another form, or this program cannot do what it says.
pub(super) fn sip(given: &Given) -> anyhow::Result<SipSetting> {
    let setting = SipSetting {
        plain: address(given, LISTEN, 5060)?,
        secure: address(given, TLS_LISTEN, 5061)?,
        check_sync: given.parse("sip.check_sync_alias")?.unwrap_or(false),
        profile_needs_login: given
            .parse("security.notify_profile_needs_auth")?
            .unwrap_or(true),
    };
    let has_certificate = given.text("tls.client_certificate").is_some();
    if setting.secure.is_some() && !has_certificate {
        let why = "TLS needs a certificate: write tls.client_certificate and tls.client_key too";
        return Err(given.wrong(TLS_LISTEN, why));
    }
    Ok(setting)
}

fn address(given: &Given, key: &str, usual: u16) -> anyhow::Result<Option<SocketAddr>> {
    match given.text(key) {
        None | Some(OFF) => Ok(None),
        Some(_) if cfg!(not(feature = "sip")) => {
            let why =
                "SIP is left out of this program: write \"off\", or build it with the feature sip";
            Err(given.wrong(key, why))
        }
        Some(text) => text.parse().map(Some).map_err(|_| {
            let why = format!(
                "`{text}` is no address with a port: write one such as 127.0.0.1:{usual}, or {OFF}"
            );
            given.wrong(key, why)
        }),
    }
}
