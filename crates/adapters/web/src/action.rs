//! Action URLs: `/admin/<action>[?<argument>]`, with credentials at their end if need be.

use std::fmt;
use std::net::IpAddr;

use onhook_device::Secret;
use zeroize::Zeroizing;

use crate::encoding::{Plus, decoded};

/// What the target of a request asks for.
#[derive(Debug)]
pub struct Target {
    /// The path without credentials.
    pub path: String,
    /// What stands behind the first question mark, without credentials; `None` without one.
    pub argument: Option<Secret>,
    /// `xuser` and `xpassword`.
    pub credentials: Option<Credentials>,
}

/// A user name and a password out of a URL.
#[derive(Debug)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// An action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// `resync[?rule]`
    Resync,
    /// `upgrade[?url]`
    Upgrade,
    /// `updateca[?url]`
    UpdateCa,
    /// `reboot`
    Reboot,
    /// `cfg.xml`, in the older family `spacfg.xml` too
    Config,
    /// `status.xml`
    Status,
    /// `log.tar`
    Log,
    /// `screendump.bmp`
    Screen,
    /// `config.xml`: a profile is sent.
    Profile,
}

impl Action {
    /// The action of a path.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/admin/resync" | "/resync" => Self::Resync,
            "/admin/upgrade" | "/upgrade" => Self::Upgrade,
            "/admin/updateca" => Self::UpdateCa,
            "/admin/reboot" | "/reboot" => Self::Reboot,
            "/admin/cfg.xml" | "/cfg.xml" | "/admin/spacfg.xml" | "/spacfg.xml" => Self::Config,
            "/admin/status.xml" | "/status.xml" => Self::Status,
            "/admin/log.tar" | "/log.tar" => Self::Log,
            "/admin/screendump.bmp" | "/screendump.bmp" => Self::Screen,
            "/admin/config.xml" | "/config.xml" => Self::Profile,
            _ => return None,
        })
    }
}

/// Why a target is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// What stands behind the question mark is no UTF-8 text once it is decoded.
    Argument,
    /// A rule holds control characters.
    Control,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argument => "what stands behind the question mark is no UTF-8 text",
            Self::Control => "what stands behind the question mark holds control characters",
        })
    }
}

impl Target {
    /// Reads the target of a request in origin form.
    ///
    /// # Errors
    /// What stands behind the question mark cannot be a rule.
    pub fn read(target: &str) -> Result<Self, Unreadable> {
        let (rest, credentials) = cut_credentials(target);
        let (path, argument) = match rest.split_once('?') {
            Some((path, argument)) => (path, Some(argument)),
            None => (rest, None),
        };
        Ok(Self {
            path: path.to_owned(),
            argument: argument.map(read_argument).transpose()?,
            credentials,
        })
    }
}

//= R-WEB-2
/// Cuts `&xuser=…&xpassword=…` off the end.
fn cut_credentials(target: &str) -> (&str, Option<Credentials>) {
    const USER: &str = "&xuser=";
    const PASSWORD: &str = "&xpassword=";
    let Some((rest, pair)) = target.rsplit_once(USER) else {
        return (target, None);
    };
    let (user, password) = match pair.split_once(PASSWORD) {
        Some((user, password)) => (user, password),
        // Without a password it is wrong, and it is no part of a rule either.
        None => (pair, ""),
    };
    let plain = |text: &str| decoded(text, Plus::Plus).unwrap_or_default();
    let credentials = Credentials {
        user: plain(user).as_str().to_owned(),
        password: Secret::from(plain(password).as_str()),
    };
    (rest, Some(credentials))
}

//= R-WEB-3
/// A rule is literal, so that query strings survive; one that begins with options is decoded.
fn read_argument(argument: &str) -> Result<Secret, Unreadable> {
    let encoded = argument
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("%5b"));
    let text = if encoded || argument.starts_with('[') {
        decoded(argument, Plus::Blank).ok_or(Unreadable::Argument)?
    } else {
        Zeroizing::new(argument.to_owned())
    };
    if text.chars().any(char::is_control) {
        return Err(Unreadable::Control);
    }
    Ok(Secret::from(text.as_str()))
}

//= R-WEB-4
/// A rule with whoever sent it in the place of servers that are missing: `/a.xml`, `http:///a.xml`.
#[must_use]
pub fn with_requester(rule: &str, requester: IpAddr) -> Zeroizing<String> {
    let host = match requester.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    Zeroizing::new(onhook_rules::with_server(rule, &host))
}

#[cfg(test)]
mod tests;
