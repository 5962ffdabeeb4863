//! What is asked of DHCP, and by whom.

use onhook_device::{Family, Identity};
use onhook_discovery::{
    Management, class_id, client_id, host_name, option_request, orders, parameter_list,
    vlan_option, wanted,
};
use onhook_fetch::IpMode;

//= R-DHCP-3 type=test
//= R-DHCP-2 type=test
#[test]
fn the_list_of_wishes_follows_the_list_of_the_phone() {
    for (order, asked, handed_on) in [
        (
            "66,160,159,150,60,43,125",
            &[66, 160, 159, 150, 43, 125][..],
            &[66, 160, 159, 150, 60, 43, 125, 6, 15][..],
        ),
        (
            " 160 ,, x, 66,160, 300,-1, 0,255,42",
            &[160, 66],
            &[160, 66, 42, 6, 15],
        ),
        ("15,6", &[], &[15, 6]),
        ("", &[], &[6, 15]),
    ] {
        let always = [1, 3, 6, 15, 42, 2, 51, 54];
        assert_eq!(
            parameter_list(order),
            [&always[..], asked].concat(),
            "{order}"
        );
        assert_eq!(wanted(order), handed_on, "{order}");
    }
    assert_eq!(option_request("17,160,159,17,0,70000"), [17, 160, 159]);
}

//= R-DHCP-12 type=test
#[test]
fn the_name_of_a_boot_file_is_never_asked_for() {
    assert_eq!(wanted("67,66,67"), [66, 6, 15]);
    assert!(!parameter_list("67").contains(&67));
    assert_eq!(option_request("67"), []);
}

//= R-DHCP-4 type=test
#[test]
fn a_phone_names_itself() {
    let mut identity = Identity::default();
    assert_eq!(
        class_id(&identity, Management::None),
        "Cisco Systems, Inc. IP Phone CP-8841-3PCC"
    );
    assert!(class_id(&identity, Management::Tr069).contains("dslforum.org"));
    assert_eq!(client_id(identity.mac), [1, 0, 0x0e, 8, 1, 0x23, 0x45]);
    assert_eq!(host_name(&identity), "SEP000E08012345");
    identity.family = Family::Spa;
    identity.product_name = "SPA-942".to_owned();
    assert_eq!(host_name(&identity), "SPA-942");
}

//= R-DHCP-16 type=test
#[test]
fn an_option_for_a_vlan_stays_clear_of_those_that_name_servers() {
    assert_eq!(vlan_option(" "), Ok(None));
    for code in 0..=300_u16 {
        let allowed = matches!(code, 128..=149 | 151..=158 | 161..=254);
        let found = vlan_option(&code.to_string());
        assert_eq!(found.is_ok(), allowed, "{code}");
        assert_eq!(found.ok().flatten().map(u16::from), allowed.then_some(code));
    }
    assert!(vlan_option("132,133").is_err());
}

//= R-DHCP-15 type=test
#[test]
fn a_phone_of_one_protocol_looks_at_the_list_of_that_one() {
    for (value, expected) in [
        ("Dual Mode", ["66", "17"]),
        ("IPv4 Only", ["66", ""]),
        ("IPv6 Only", ["", "17"]),
        ("?", ["66", "17"]),
    ] {
        assert_eq!(orders(IpMode::of(value), "66", "17"), expected, "{value}");
    }
}
