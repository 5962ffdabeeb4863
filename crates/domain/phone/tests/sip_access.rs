//! What the parameters say of those who ask by SIP.

use onhook_device::{Family, Release, Secret};
use onhook_params::Scope;
use onhook_phone::{Extension, Gate, SipAccess};
use onhook_testkit::sim::{Served, Sim};

fn phone(family: Family, params: &[(&str, &str)]) -> Sim {
    let scope = Scope::new(family, Release::default());
    let sim = Sim::of(scope, 1, |_, _| Served::empty());
    params
        .iter()
        .fold(sim, |sim, (name, value)| sim.with(name, value))
}

fn access(family: Family, params: &[(&str, &str)]) -> SipAccess {
    let sim = phone(family, params).booted();
    sim.phone.sip_access(&sim.shared)
}

fn first(family: Family, params: &[(&str, &str)]) -> Extension {
    access(family, params).extensions.remove(0)
}

//= R-SIP-12 type=test
#[test]
fn a_phone_from_the_factory_wants_a_login_that_nobody_has() {
    for family in [Family::Mpp, Family::Spa] {
        let access = access(family, &[]);
        assert!(!access.proxies_only);
        for extension in &access.extensions {
            assert!(extension.challenges, "{extension:?}");
            assert!(extension.password.is_empty());
            assert!(!extension.proxies_only);
        }
        let numbers: Vec<u8> = access.extensions.iter().map(|e| e.number).collect();
        assert_eq!(numbers.first(), Some(&1), "{family:?}");
        assert!(numbers.is_sorted());
    }
}

//= R-SIP-2 type=test
//= R-SIP-3 type=test
#[test]
fn the_gate_says_why_no_resync_can_be_asked_for() {
    for (params, gate) in [
        (&[][..], None),
        (&[("Resync_From_SIP", "No")], Some(Gate::SipDisabled)),
        (&[("Provision_Enable", "No")], Some(Gate::ProvisionDisabled)),
        (
            &[("Provision_Enable", "No"), ("Resync_From_SIP", "No")],
            Some(Gate::ProvisionDisabled),
        ),
    ] {
        assert_eq!(access(Family::Mpp, params).gate, gate, "{params:?}");
    }
    let off = phone(Family::Mpp, &[("Resync_From_SIP", "No")]);
    assert_eq!(
        off.phone.sip_access(&off.shared).gate,
        Some(Gate::NotBooted)
    );
}

//= R-SIP-13 type=test
#[test]
fn the_realm_is_the_domain_of_the_proxy_or_of_the_user() {
    for (params, realm) in [
        (&[][..], "phone"),
        (&[("Proxy_1_", "sip.example.com:5061")], "sip.example.com"),
        (&[("User_ID_1_", "1001@example.com")], "example.com"),
        (
            &[
                ("User_ID_1_", "1001@example.com"),
                ("Proxy_1_", "proxy.test"),
            ],
            "proxy.test",
        ),
        (&[("Outbound_Proxy_1_", "out.test")], "phone"),
    ] {
        assert_eq!(first(Family::Mpp, params).realm, realm, "{params:?}");
    }
}

#[test]
fn the_login_is_the_user_or_the_other_id_where_that_is_used() {
    let params = [
        ("User_ID_1_", "1001"),
        ("Password_1_", "secret"),
        ("Auth_ID_1_", "other"),
    ];
    let mpp = first(Family::Mpp, &params);
    assert_eq!((mpp.user.as_str(), mpp.login.as_str()), ("1001", "other"));
    assert_eq!(mpp.password, Secret::from("secret"));
    assert_eq!(first(Family::Mpp, &params[..2]).login, "1001");
    assert_eq!(first(Family::Spa, &params).login, "1001");
    let used = [&params[..], &[("Use_Auth_ID_1_", "Yes")]].concat();
    assert_eq!(first(Family::Spa, &used).login, "other");
    assert!(!format!("{mpp:?}").contains("secret"));
}

//= R-SIP-11 type=test
//= R-SIP-14 type=test
#[test]
fn each_extension_says_whether_it_challenges_and_whom_it_hears() {
    let params = [
        ("Auth_Resync-Reboot_2_", "No"),
        ("Line_Enable_3_", "No"),
        ("Restrict_Source_IP_2_", "Yes"),
        ("Proxy_2_", "a.test:SRV=b.test:5060:p=0|192.0.2.7:5060:p=1"),
        ("Outbound_Proxy_2_", "192.0.2.8:5080"),
    ];
    let spa = access(Family::Spa, &params);
    let numbers: Vec<u8> = spa.extensions.iter().map(|e| e.number).collect();
    assert_eq!(numbers[..3], [1, 2, 4]);
    let [one, two] = &spa.extensions[..2] else {
        panic!("{spa:?}");
    };
    assert_eq!((one.challenges, two.challenges), (true, false));
    assert_eq!((one.proxies_only, two.proxies_only), (false, true));
    assert_eq!(two.proxies, ["a.test", "b.test", "192.0.2.7", "192.0.2.8"]);
    assert!(access(Family::Mpp, &[("Block_Nonproxy_SIP", "Yes")]).proxies_only);
}
