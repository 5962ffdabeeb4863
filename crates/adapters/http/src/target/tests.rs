use std::time::Duration;

use onhook_fetch::Request;
use proptest::prelude::*;

use super::*;

fn request(host: &str, port: u16, path: &str) -> Request {
    Request {
        scheme: Scheme::Http,
        host: host.into(),
        port,
        path: path.into(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: String::new(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 1,
        timeout: Duration::from_secs(1),
    }
}

fn of(request: &Request) -> Result<Target, FetchError> {
    Target::of(request.scheme, &request.host, request.port, &request.path)
}

#[track_caller]
fn follows(base: &str, location: &str, expected: &str) {
    let base = of(&request("h", 80, base)).unwrap();
    let (target, _) = base.follow(location).unwrap();
    assert_eq!(
        format!("{}://{}{}", target.scheme, target.authority(), target.path),
        expected
    );
}

#[track_caller]
fn refuses(location: &str, expected: BadLocation) {
    let base = of(&request("h", 80, "/a")).unwrap();
    assert_eq!(base.follow(location).err(), Some(expected), "{location}");
}

//= R-HTTP-21 type=test
#[test]
fn the_request_target_is_encoded_and_has_no_fragment() {
    for (path, expected) in [
        ("/a b.xml", "/a%20b.xml"),
        ("/a?b=c d&e=#f", "/a?b=c%20d&e="),
        ("/a%20b", "/a%20b"),
        ("/é\r\n", "/%C3%A9%0D%0A"),
        ("/a?", "/a?"),
        ("/{x}|", "/%7Bx%7D%7C"),
        ("/$MA;v=1,2[3]~!*'()@:+", "/$MA;v=1,2[3]~!*'()@:+"),
    ] {
        assert_eq!(of(&request("h", 80, path)).unwrap().path.as_str(), expected);
    }
}

//= R-HTTP-1 type=test
//= R-HTTP-2 type=test
#[test]
fn the_host_header_has_the_port_only_when_it_is_not_80() {
    let authority = |host, port| of(&request(host, port, "/")).unwrap().authority();
    assert_eq!(authority("prov.example", 80), "prov.example");
    assert_eq!(authority("prov.example", 8080), "prov.example:8080");
    assert_eq!(authority("prov.example", 443), "prov.example:443");
    assert_eq!(authority("2001:db8::1", 80), "[2001:db8::1]");
    assert_eq!(authority("[2001:db8::1]", 81), "[2001:db8::1]:81");
}

//= R-HTTP-2 type=test
#[test]
fn the_host_header_of_https_leaves_out_443() {
    let authority = |port| {
        let mut request = request("prov.example", port, "/");
        request.scheme = Scheme::Https;
        of(&request).unwrap().authority()
    };
    assert_eq!(authority(443), "prov.example");
    assert_eq!(authority(80), "prov.example:80");
}

//= R-HTTP-5 type=test
#[test]
fn a_location_keeps_https_and_never_leaves_it() {
    let mut request = request("h", 443, "/a/b");
    request.scheme = Scheme::Https;
    let from = of(&request).unwrap();
    for (location, url) in [
        ("c", "https://h:443/a/c"),
        ("//other/x", "https://other:443/x"),
        ("https://h:80/x", "https://h:80/x"),
    ] {
        let (next, _) = from.follow(location).unwrap();
        assert_eq!(next.to_string(), url);
    }
    for location in ["http://h/x", "HTTP://h:443/x"] {
        let refused = from.follow(location).err();
        assert_eq!(refused, Some(BadLocation::Downgrade), "{location}");
    }
}

#[test]
fn the_same_port_with_another_scheme_is_another_server() {
    let plain = of(&request("h", 443, "/")).unwrap();
    let (secure, _) = plain.follow("https://h/").unwrap();
    assert!(!plain.same_origin(&secure));
    assert!(!plain.same_url(&secure));
}

#[test]
fn urls_that_cannot_be_fetched_are_refused_with_a_remedy() {
    for (scheme, host, port, path, word) in [
        (Scheme::Tftp, "h", 69, "/", "TFTP"),
        (Scheme::Http, "", 80, "/", "correct the URL"),
        (Scheme::Http, "a b", 80, "/", "correct the URL"),
        (Scheme::Http, "h\r\nX: y", 80, "/", "correct the URL"),
        (Scheme::Http, "[h]", 80, "/", "correct the URL"),
        (Scheme::Http, "fe80::1::2", 80, "/", "correct the URL"),
        (Scheme::Http, "h", 0, "/", "65535"),
        (Scheme::Http, "h", 80, "a", "correct the URL"),
        (Scheme::Http, "h", 80, "", "correct the URL"),
        (Scheme::Http, "h", 80, &"/".repeat(70_000), "shorten"),
    ] {
        let mut request = request(host, port, path);
        request.scheme = scheme;
        let error = of(&request).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::BadUrl);
        assert!(error.to_string().contains(word), "{error}");
    }
}

//= R-HTTP-5 type=test
#[test]
fn locations_resolve_against_the_url_that_gave_them() {
    follows("/a/b?q", "http://other/x?y", "http://other/x?y");
    follows("/a/b?q", "HTTP://Other:8080/x", "http://Other:8080/x");
    follows("/a/b?q", "http://h:80", "http://h/");
    follows("/a/b?q", "http://h:?x", "http://h/?x");
    follows("/a/b?q", "//other/x", "http://other/x");
    follows("/a/b?q", "/x/./y/../z", "http://h/x/z");
    follows("/a/b?q", "c", "http://h/a/c");
    follows("/a/b?q", "../c/..", "http://h/");
    follows("/a/b?q", "../../../c", "http://h/c");
    follows("/a/b?q", "?r", "http://h/a/b?r");
    follows("/a/b?q", "c d#frag", "http://h/a/c%20d");
    follows("/a", "http://[::1]:81/x", "http://[::1]:81/x");
    follows("/a", "/x?u=http://z/../y", "http://h/x?u=http://z/../y");
    follows("/a/", ".", "http://h/a/");
    follows("/a", "https://other/x", "https://other/x");
}

//= R-HTTP-5 type=test
#[test]
fn locations_that_lead_nowhere_are_refused() {
    refuses("ftp://h/x", BadLocation::Scheme);
    refuses("file:///etc/passwd", BadLocation::Scheme);
    refuses("mailto:x", BadLocation::Scheme);
    refuses(&"/".repeat(70_000), BadLocation::Unreadable);
    for location in [
        "",
        "#x",
        "http:x",
        "http:/x",
        "http://",
        "http:///x",
        "http://h:0/",
        "http://h:99999/",
        "http://h:8x/",
        "http://[::1/",
        "http://[::1]x/",
        "http://a b/",
        "//",
        "http://h:+8/",
    ] {
        refuses(location, BadLocation::Unreadable);
    }
}

//= R-HTTP-10 type=test
#[test]
fn user_info_of_a_location_is_kept_apart_from_the_target() {
    let base = of(&request("h", 80, "/a")).unwrap();
    let (target, credentials) = base.follow("http://u:canary@h/x").unwrap();
    assert_eq!(target.authority(), "h");
    let basic = credentials.unwrap().login().basic();
    assert_eq!(basic.as_slice(), b"Basic dTpjYW5hcnk=");
    assert!(!target.to_string().contains("canary"));
}

#[test]
fn a_url_is_shown_without_its_query() {
    let target = of(&request("h", 80, "/a?token=canary")).unwrap();
    assert_eq!(target.to_string(), "http://h:80/a");
}

proptest! {
    #[test]
    fn whatever_a_location_says_the_result_is_a_clean_request_target(
        base in "/[ -~]{0,20}", location in "\\PC{0,60}|(http:)?//[ -~]{0,40}",
    ) {
        let base = of(&request("h", 80, &base)).unwrap();
        if let Ok((target, _)) = base.follow(&location) {
            prop_assert!(target.path.as_str().starts_with('/'));
            prop_assert!(target.path.as_str().bytes().all(|b| b.is_ascii_graphic() && b != b'#'));
            prop_assert!(http::HeaderValue::from_str(&target.authority()).is_ok());
        }
    }
}
