//! Which servers a phone may talk to.

use std::net::IpAddr;

/// Whether Restricted_Access_Domains, a comma-separated list, lets the phone talk to a host; an empty list allows all.
#[must_use]
pub fn is_allowed(host: &str, domains: &str) -> bool {
    let mut entries = domains
        .split(',')
        .map(str::trim)
        .filter(|d| !d.is_empty())
        .peekable();
    //= R-DOM-1
    if entries.peek().is_none() {
        return true;
    }
    let literal = host.parse::<IpAddr>().is_ok();
    //= R-DOM-2
    entries.any(|domain| {
        if host.eq_ignore_ascii_case(domain) {
            return true;
        }
        let tail = host.len().checked_sub(domain.len()).filter(|_| !literal);
        tail.is_some_and(|at| {
            host.get(at..)
                .is_some_and(|end| end.eq_ignore_ascii_case(domain))
                && host.get(..at).is_some_and(|start| start.ends_with('.'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-DOM-2 type=test
    #[test]
    fn domains_match_whole_names_and_dot_suffixes() {
        for (host, domains, allowed) in [
            ("a.voiceip.com", "voiceip.com", true),
            ("VOICEIP.com", "voiceip.COM", true),
            ("evilvoiceip.com", "voiceip.com", false),
            ("voiceip.com.evil.net", "voiceip.com", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "0.0.1", false),
            ("b.net", "a.net, b.net", true),
            ("anything", " , ", true),
            ("anything", "", true),
        ] {
            assert_eq!(is_allowed(host, domains), allowed, "{host} in {domains}");
        }
    }
}
