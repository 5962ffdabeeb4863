//! The names of SRV records that an explanation tells.

use onhook_inspect::{ExplainKind, ExplainRequest, Explanation, ModelPhone, Secrets, explain};
use onhook_params::Scope;

fn run(kind: ExplainKind, text: &str, phone: &ModelPhone) -> Explanation {
    explain(&ExplainRequest {
        kind,
        text,
        phone,
        scope: &Scope::default(),
        secrets: Secrets::Masked,
        at: None,
    })
}

//= R-DNS-2 type=test
#[test]
fn the_records_that_srv_asks_for_are_named() {
    let mut phone = ModelPhone::default();
    let names = |text, phone: &ModelPhone| run(ExplainKind::Profile, text, phone).srv.join(" ");
    for (text, expected) in [
        ("[--srv] https://h.test/a", "_ciscoprov-https._tls.h.test"),
        (
            "[--srv] http://h.test:8080/a",
            "_ciscoprov-http._tcp.h.test",
        ),
        ("[--srv] tftp://h.test/a", ""),
        ("https://h.test/a", ""),
        // An address is a server, and no domain.
        ("[--srv] https://192.0.2.1/a", ""),
        ("[--srv] https://[2001:db8::1]/a", ""),
        ("[--srv] https:///a", ""),
    ] {
        assert_eq!(names(text, &phone), expected, "{text}");
    }
    phone.set_option(66, "https://d.test").unwrap();
    let text = "[--srv] /a";
    assert_eq!(names(text, &phone), "_ciscoprov-https._tls.d.test");
    assert!(run(ExplainKind::Profile, text, &phone).warnings.is_empty());
    phone.set_option(66, "d.test").unwrap();
    let explanation = run(ExplainKind::Profile, text, &phone);
    assert_eq!(explanation.srv, [""; 0]);
    assert_eq!(explanation.warnings[0].code, "srv-with-tftp");
}

//= R-DNS-3 type=test
#[test]
fn the_records_that_a_phone_out_of_its_box_asks_for_are_named() {
    let mut phone = ModelPhone::default();
    let names = |kind, text, phone: &ModelPhone| run(kind, text, phone).srv_search;
    assert_eq!(names(ExplainKind::Profile, "/a", &phone), [""; 0]);
    phone.set_option(15, "example.com.").unwrap();
    let both = [
        "_ciscoprov-https._tls.example.com",
        "_ciscoprov-http._tcp.example.com",
    ];
    assert_eq!(names(ExplainKind::Profile, "/a", &phone), both);
    // The option is a domain, and no server.
    let server = run(ExplainKind::Profile, "/a", &phone).target.server;
    assert_eq!(server, None);
    assert_eq!(names(ExplainKind::Profile, "http://h/a", &phone), [""; 0]);
    assert_eq!(names(ExplainKind::Upgrade, "/a", &phone), [""; 0]);
    assert_eq!(names(ExplainKind::Report, "/a", &phone), [""; 0]);
}
