//! Whether a request comes the phone's own way: no page of another site may send it, under no name of others.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN, REFERER};

/// Why a request is not the phone's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Foreign {
    /// Its host is none of the phone's names: perhaps a name that was bound anew.
    Host,
    /// A page of another site sends it.
    Site,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

//= R-WEB-13
/// Whether a request names the phone by an address of its own or by one of its names.
pub(crate) fn check_host(
    headers: &HeaderMap,
    local: SocketAddr,
    names: &[String],
) -> Result<(), Foreign> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map_err(|_| Foreign::Host)?,
        _ => return Err(Foreign::Host),
    };
    let name = host_name(host);
    let own = local.ip().to_canonical();
    let is_address = name
        .parse::<IpAddr>()
        .is_ok_and(|ip| ip.to_canonical() == own);
    // No server of names says what it means.
    let is_loopback = name.eq_ignore_ascii_case("localhost") && own.is_loopback();
    let is_named = names.iter().any(|own| own.eq_ignore_ascii_case(name));
    match is_address || is_loopback || is_named {
        true => Ok(()),
        false => Err(Foreign::Host),
    }
}

/// A host without its port and the brackets of IPv6.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(name, _)| name);
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

//= R-WEB-13
/// Whether a page of the phone, or no page at all, sends a request.
pub(crate) fn check_site(headers: &HeaderMap) -> Result<(), Foreign> {
    let foreign = |is_own: bool| if is_own { Ok(()) } else { Err(Foreign::Site) };
    for site in headers.get_all(SEC_FETCH_SITE) {
        foreign(matches!(site.as_bytes(), b"none" | b"same-origin"))?;
    }
    let host = headers.get(HOST).map_or(&[][..], |host| host.as_bytes());
    for name in [ORIGIN, REFERER] {
        for value in headers.get_all(name) {
            let authority = value.to_str().ok().and_then(authority);
            foreign(authority.is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(host)))?;
        }
    }
    Ok(())
}

/// Host and port of a URL.
fn authority(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    rest.split(['/', '?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    //= R-WEB-13 type=test
    #[test]
    fn only_addresses_and_names_of_the_phone_are_hosts() {
        let names = ["phone.example".to_owned()];
        for (local, host, is_own) in [
            ("192.0.2.5:80", "192.0.2.5", true),
            ("192.0.2.5:80", "192.0.2.5:8080", true),
            ("192.0.2.5:80", "192.0.2.6", false),
            ("192.0.2.5:80", "Phone.Example:80", true),
            ("192.0.2.5:80", "evil.example", false),
            ("192.0.2.5:80", "localhost", false),
            ("127.0.0.1:80", "localhost:80", true),
            ("127.0.0.1:80", "127.0.0.1.evil.example", false),
            ("[2001:db8::1]:80", "[2001:db8::1]:80", true),
            ("[::ffff:192.0.2.5]:80", "192.0.2.5", true),
            ("127.0.0.1:80", "", false),
        ] {
            let got = check_host(&headers(&[("host", host)]), local.parse().unwrap(), &names);
            assert_eq!(got.is_ok(), is_own, "{host} at {local}");
        }
        let local = "127.0.0.1:80".parse().unwrap();
        let twice = headers(&[("host", "127.0.0.1"), ("host", "evil.example")]);
        for bad in [headers(&[]), twice] {
            assert_eq!(check_host(&bad, local, &names), Err(Foreign::Host));
        }
    }

    //= R-WEB-13 type=test
    #[test]
    fn other_sites_are_told_by_what_browsers_say() {
        let host = ("host", "127.0.0.1:80");
        for (name, value, is_own) in [
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("origin", "http://127.0.0.1:80", true),
            ("origin", "http://127.0.0.1:81", false),
            ("origin", "null", false),
            ("origin", "http://127.0.0.1:80.evil.example", false),
            ("referer", "http://127.0.0.1:80/admin", true),
            ("referer", "http://evil.example/?http://127.0.0.1:80", false),
            ("referer", "http://127.0.0.1:80@evil.example/", false),
        ] {
            let got = check_site(&headers(&[host, (name, value)]));
            assert_eq!(got.is_ok(), is_own, "{name}: {value}");
        }
        assert_eq!(check_site(&headers(&[host])), Ok(()), "no browser");
    }
}
