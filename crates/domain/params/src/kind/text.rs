//! Choices, sets, addresses and host names.

use super::Miss;
use crate::registry::Choices;

/// The published spelling of a choice, compared without case.
pub(super) fn choice(
    choices: impl IntoIterator<Item = &'static str>,
    text: &str,
) -> Option<&'static str> {
    choices
        .into_iter()
        .find(|choice| choice.eq_ignore_ascii_case(text))
}

/// Whether every member of a bar-joined set is among the published ones.
pub(super) fn is_set_of(members: &Choices, text: &str) -> bool {
    text.split('|')
        .all(|member| choice(members.clone(), member.trim()).is_some())
}

/// Whether a text is four decimal numbers 0..=255 joined by dots.
pub(super) fn is_ipv4(text: &str) -> bool {
    //= R-TYP-6
    text.split('.').count() == 4
        && text.split('.').all(|part| {
            (1..=3).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_digit())
                && part.parse::<u16>().is_ok_and(|n| n <= 255)
        })
}

/// The longest host name, in characters.
const HOST: usize = 63;

/// Checks a host name or address with an optional port.
pub(super) fn check_host_port(text: &str) -> Result<(), Miss> {
    //= R-TYP-9
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address holds colons itself; only one in brackets can have a port.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if host.chars().count() > HOST {
        return Err(Miss::TooLong);
    }
    let port_is_good = port
        .is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    let host_is_good = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]%".contains(&b));
    if port_is_good && host_is_good {
        Ok(())
    } else {
        Err(Miss::Bad)
    }
}
