//! URLs beyond the vectors, and bounds that hold for every text.

use onhook_macros::{SecretSlot, Substring};
use onhook_rules::{NamedServer, RuleKind, Url, sensitive_spans};
use proptest::prelude::*;

use crate::model::Phone;

#[track_caller]
fn check(text: &str, expected: &str) {
    let shown = match Url::parse(text) {
        Ok(url) => url.to_string(),
        Err(error) => format!("error {}@{}", error.code(), error.offset()),
    };
    assert_eq!(shown, expected, "{text}");
}

//= R-URL-1 type=test
//= R-URL-2 type=test
#[test]
fn missing_parts_take_their_defaults() {
    check("h/a", "tftp://h:69/a");
    check("https:///a", "https://<dhcp>:443/a");
    check("/a", "tftp://<dhcp>:69/a");
    check("//h/a", "tftp://<dhcp>:69//h/a");
    let url = Url::parse("h:69/a").unwrap();
    assert_eq!(
        (url.scheme_given, url.port_given, url.server),
        (false, true, Some("h"))
    );
    let url = Url::parse("tftp:///a").unwrap();
    assert_eq!(
        (url.scheme_given, url.port_given, url.server),
        (true, false, None)
    );
}

//= R-URL-3 type=test
//= R-URL-5 type=test
#[test]
fn only_a_known_scheme_stands_before_colon_slash_slash() {
    check("hTTp://H.Example/A?b=C", "http://H.Example:80/A?b=C");
    check("ftp://h/a", "error bad-scheme@0");
    check("://h/a", "error bad-scheme@0");
    check("http:/a", "error bad-port@5");
    check("http:/h/a", "error bad-port@5");
    check("http", "error missing-path@4");
    check("h/a://b", "tftp://h:69/a://b");
}

//= R-URL-4 type=test
#[test]
fn a_query_belongs_to_the_path() {
    check("http://h/a?", "http://h:80/a?");
    check("http://h/?x=/y:z@", "http://h:80/?x=/y:z@");
    check("http://h?x=/y", "error bad-server@8");
}

//= R-URL-6 type=test
#[test]
fn a_path_is_required_and_holds_no_control_character() {
    for text in ["", "basic.txt", "http://h:80", "http://"] {
        check(text, &format!("error missing-path@{}", text.len()));
    }
    check("/a\u{1}b", "error bad-path@2");
    check("/a\u{7f}", "error bad-path@2");
    check("http://h/é", "http://h:80/é");
    check("/a b", "error trailing-text@2");
    check("/a#b", "error trailing-text@2");
}

//= R-URL-7 type=test
#[test]
fn an_address_in_brackets_needs_a_scheme() {
    check("http://[2001:db8::1]/a", "http://[2001:db8::1]:80/a");
    check("tftp://[::1]:6900/a", "tftp://[::1]:6900/a");
    check("[::1]/a", "error bad-server@0");
    check("http://[::1/a", "error bad-server@7");
    check("http://[1.2.3.4]/a", "error bad-server@7");
    check("http://[]/a", "error bad-server@7");
    check("http://[::1]x/a", "error bad-server@12");
    check("http://::1/a", "error bad-server@7");
    check("http://2001:db8/a", "error bad-port@12");
}

#[test]
fn a_server_has_letters_digits_dash_dot_and_underscore() {
    check("http://a-b_c.9/x", "http://a-b_c.9:80/x");
    for text in [
        "http://u@h/a",
        "http://h$/a",
        "http://h%41/a",
        "http://hé/a",
        "http://h,/a",
    ] {
        check(text, "error bad-server@8");
    }
    check("http://u:p@h/a", "error bad-port@9");
    check("http://:80/a", "error bad-server@7");
}

//= R-URL-9 type=test
#[test]
fn a_port_is_decimal_from_1_to_65535() {
    check("http://h:00080/a", "http://h:80/a");
    check("http://h:0000000000000000000000001/a", "http://h:1/a");
    check("http://h:65535/a", "http://h:65535/a");
    for port in [
        "65536",
        "0",
        "00",
        "+80",
        "-1",
        "8o",
        "0x50",
        "80:80",
        "99999999999999999999",
    ] {
        check(&format!("http://h:{port}/a"), "error bad-port@9");
    }
}

/// Texts dense in the tokens of rules.
fn rules() -> impl Strategy<Value = String> {
    let tokens = vec![
        "(",
        ")",
        "?",
        "!",
        "[",
        "]",
        "|",
        "#",
        "\"",
        ";",
        "=",
        " ",
        "a",
        "1",
        "eq",
        "/a",
        "http://h/x",
        "--key",
        "--uid",
        "--post",
        "$SA",
        "$A",
        "é",
        "$SWVER",
        "and",
        "2.0.3(G)",
    ];
    prop::collection::vec(prop::sample::select(tokens), 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_rule_parses_or_names_a_place_inside_it(text in prop_oneof![rules(), any::<String>()]) {
        let slots = [SecretSlot { range: 1..4, register: 0, substring: Substring::WHOLE }];
        match onhook_rules::parse(RuleKind::Profile, &text, &slots) {
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
            Ok(rule) => {
                let mut end = 0;
                for alternative in rule.alternatives() {
                    prop_assert!(alternative.range.start >= end);
                    prop_assert!(text.is_char_boundary(alternative.range.end));
                    end = alternative.range.end;
                    let _ = format!("{alternative:?}");
                }
                prop_assert!(end <= text.len());
                let selected =
                    onhook_rules::select(RuleKind::Profile, &text, &slots, "2.0.6", &mut ());
                if let Err(error) = selected {
                    prop_assert!(error.offset() <= text.len());
                }
            }
        }
    }

    #[test]
    fn a_whole_expansion_and_selection_never_panics(text in rules()) {
        let phone = Phone::with([("A", "[--key x] http://h/y |"), ("SA", "s")]);
        let _ = phone.line(RuleKind::Profile, &text);
        let _ = phone.line(RuleKind::Upgrade, &text);
    }

    #[test]
    fn every_bound_key_lies_in_a_sensitive_span(text in rules()) {
        if let Ok(rule) = onhook_rules::parse(RuleKind::Profile, &text, &[]) {
            let spans: Vec<_> = sensitive_spans(&text).collect();
            for key in rule.alternatives().filter_map(|a| a.options.key) {
                let range = key.range();
                prop_assert!(
                    spans.iter().any(|s| s.start <= range.start && range.end <= s.end),
                    "{} {:?}", text, spans
                );
            }
        }
    }

    #[test]
    fn a_normalised_url_reads_back_as_itself(text in "(http://|tftp://)[a-z.:0-9]{0,8}/[a-z?/]{0,6}") {
        if let Ok(url) = Url::parse(&text)
            && url.server.is_some()
        {
            let shown = url.to_string();
            let again = Url::parse(&shown).unwrap();
            prop_assert_eq!(again.to_string(), shown.as_str());
            prop_assert_eq!((again.server, again.port, again.path), (url.server, url.port, url.path));
        }
    }
}

//= R-URL-2 type=test
#[test]
fn an_option_names_a_server_by_name_address_or_url() {
    let line = |value: &str| match NamedServer::parse(value) {
        Ok(server) => format!("{} {} {}", server.scheme.name(), server.host, server.port),
        Err(error) => format!("error {}@{}", error.code(), error.offset()),
    };
    for (value, expected) in [
        ("192.0.2.10", "tftp 192.0.2.10 69"),
        ("prov.example.net:6900", "tftp prov.example.net 6900"),
        ("prov.example.net/dir/x", "tftp prov.example.net 69"),
        ("http://prov.example.net", "http prov.example.net 80"),
        (
            "https://prov.example.net:8443/$PSN.xml",
            "https prov.example.net 8443",
        ),
        ("tftp://[2001:db8::1]", "tftp 2001:db8::1 69"),
        ("", "error bad-server@0"),
        ("/path", "error bad-server@0"),
        ("http:///path", "error bad-server@0"),
        ("ftp://h", "error bad-scheme@0"),
        ("a b", "error trailing-text@1"),
    ] {
        assert_eq!(line(value), expected, "{value}");
    }
}
