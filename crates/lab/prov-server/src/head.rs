//! The heads of requests, for those who look at every line of them.

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{Request, Version};
use onhook_tftp::packet::{Direction, Packet};

use crate::text::visible;

/// Line by line; of credentials only the scheme.
pub(crate) fn of_http<B>(request: &Request<B>) -> Vec<String> {
    let uri = request.uri();
    let mut line = format!("{} ", visible(request.method().as_str().as_bytes()));
    // User-info stands in the authority, and is not looked at.
    if let Some(host) = uri.host() {
        if let Some(scheme) = uri.scheme_str() {
            line.push_str(&format!("{scheme}://"));
        }
        line.push_str(&visible(host.as_bytes()));
        if let Some(port) = uri.port_u16() {
            line.push_str(&format!(":{port}"));
        }
    }
    if let Some(target) = uri.path_and_query() {
        line.push_str(&visible(target.as_str().as_bytes()));
    }
    line.push_str(match request.version() {
        Version::HTTP_10 => " HTTP/1.0",
        _ => " HTTP/1.1",
    });
    let mut head = vec![line];
    for (name, value) in request.headers() {
        let value = visible(value.as_bytes());
        let value = match *name {
            AUTHORIZATION | PROXY_AUTHORIZATION => match value.split_once(' ') {
                Some((scheme, _)) => format!("{scheme} ***"),
                None => "***".to_owned(),
            },
            COOKIE => "***".to_owned(),
            _ => value,
        };
        head.push(format!("{name}: {value}"));
    }
    head
}

/// The request with its mode, then each option; nothing of what is no request.
pub(crate) fn of_tftp(request: &[u8]) -> Vec<String> {
    let Ok(Packet::Request {
        direction,
        file,
        mode,
        options,
    }) = Packet::parse(request)
    else {
        return Vec::new();
    };
    let mut head = vec![format!(
        "{} {} {}",
        word(direction),
        visible(file),
        visible(mode)
    )];
    let options = options.iter();
    head.extend(options.map(|(name, value)| format!("{} {}", visible(name), visible(value))));
    head
}

/// The name of a request.
pub(crate) const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Read => "RRQ",
        Direction::Write => "WRQ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_told_in_its_order_and_without_credentials() {
        let request = Request::get("http://u:p@prov.example:8080/a.xml?x=1")
            .header("Host", "prov.example:8080")
            .header("User-Agent", "a\tb")
            .header("Authorization", "Basic dTpw")
            .header("Proxy-Authorization", "Digest username=\"u\"")
            .header("Proxy-Authorization", "s3cret")
            .header("Cookie", "secret")
            .header("Accept", "*/*")
            .body(())
            .unwrap();
        assert_eq!(
            of_http(&request),
            [
                "GET http://prov.example:8080/a.xml?x=1 HTTP/1.1",
                "host: prov.example:8080",
                "user-agent: a\\tb",
                "authorization: Basic ***",
                "proxy-authorization: Digest ***",
                "proxy-authorization: ***",
                "cookie: ***",
                "accept: */*",
            ]
        );
        let asked = Request::connect("prov.example:443").body(()).unwrap();
        assert_eq!(of_http(&asked), ["CONNECT prov.example:443 HTTP/1.1"]);
        let asked = Request::get("/a.xml").version(Version::HTTP_10).body(());
        assert_eq!(of_http(&asked.unwrap()), ["GET /a.xml HTTP/1.0"]);
    }

    #[test]
    fn a_request_of_tftp_is_told_with_its_options() {
        assert_eq!(
            of_tftp(b"\x00\x01a b\0octet\0tsize\x000\0blksize\x001428\0"),
            ["RRQ a b octet", "tsize 0", "blksize 1428"]
        );
        assert_eq!(of_tftp(b"\x00\x02a\0octet\0"), ["WRQ a octet"]);
        assert_eq!(of_tftp(b"\x00\x04\x00\x01"), [""; 0]);
    }
}
