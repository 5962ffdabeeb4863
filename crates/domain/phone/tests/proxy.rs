//! What the parameters say of a proxy.
#![cfg(test)]

use onhook_fetch::Scheme;
use onhook_phone::{Notice, ProxySetting, RuleFault, RuleSlot};
use onhook_testkit::sim::{Served, Sim};

fn phone(values: &[(&str, &str)]) -> Sim {
    let mut sim = Sim::new(|_, _| Served::empty())
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/x");
    for (name, value) in values {
        sim = sim.with(name, value);
    }
    sim
}

//= R-PROXY-3 type=test
//= R-HTTP-19 type=test
#[test]
fn the_mode_decides_which_parameters_count() {
    let manual = |host: &'static str, port| ProxySetting::Manual {
        host,
        port,
        user: None,
        password: None,
    };
    let named = ("Proxy_Host", "p.example");
    for (values, expected) in [
        (&[named][..], ProxySetting::Off),
        (&[("Proxy_Mode", "Manual")], ProxySetting::Nameless),
        (
            &[("Proxy_Mode", "Manual"), named],
            manual("p.example", 3128),
        ),
        (
            &[
                ("Proxy_Mode", "Manual"),
                ("Proxy_Host", "[2001:db8::1]"),
                ("Proxy_Port", "8080"),
            ],
            manual("2001:db8::1", 8080),
        ),
        (
            &[("Proxy_Mode", "Manual"), named, ("Proxy_Port", "0")],
            manual("p.example", 3128),
        ),
        (
            &[("Proxy_Mode", "Manual"), named, ("Proxy_Username", "u")],
            manual("p.example", 3128),
        ),
        (
            &[("Proxy_Mode", "Auto"), ("Use_Auto_Discovery__WPAD_", "No")],
            ProxySetting::Auto(None),
        ),
        (
            &[
                ("Proxy_Mode", "Auto"),
                ("Use_Auto_Discovery__WPAD_", "No"),
                ("PAC_URL", "/no-server.pac"),
            ],
            ProxySetting::Auto(None),
        ),
    ] {
        let sim = phone(values);
        for scheme in [Scheme::Http, Scheme::Https] {
            assert_eq!(sim.phone.proxy(scheme, &sim.shared), expected, "{values:?}");
        }
        let tftp = sim.phone.proxy(Scheme::Tftp, &sim.shared);
        assert_eq!(tftp, ProxySetting::Off, "{values:?}");
    }
}

#[test]
fn an_account_counts_only_where_it_is_required() {
    let sim = phone(&[
        ("Proxy_Mode", "Manual"),
        ("Proxy_Host", "p"),
        ("Proxy_Server_Requires_Authentication", "Yes"),
        ("Proxy_Username", "u"),
        ("Proxy_Password", "canary"),
    ]);
    let setting = sim.phone.proxy(Scheme::Http, &sim.shared);
    let ProxySetting::Manual { user, password, .. } = setting else {
        panic!("{setting:?}");
    };
    assert_eq!(user, Some("u"));
    assert_eq!(sim.shared.values.expose(password.unwrap()), "canary");
    assert!(!format!("{setting:?}").contains("canary"));
}

//= R-PROXY-3 type=test
#[test]
fn a_manual_proxy_without_a_host_is_told_with_every_rule_that_would_use_it() {
    let told = Notice::RuleFault(RuleSlot::A, RuleFault::ProxyNameless);
    for (rule, mode, expected) in [
        ("http://h/x", "Manual", true),
        ("https://h/x", "Manual", true),
        ("tftp://h/x", "Manual", false),
        ("http://h/x", "Off", false),
    ] {
        let sim = phone(&[("Proxy_Mode", mode), ("Profile_Rule", rule)]).booted();
        assert_eq!(sim.notices.contains(&told), expected, "{rule} {mode}");
        assert_eq!(sim.requests.len(), 1);
    }
}
