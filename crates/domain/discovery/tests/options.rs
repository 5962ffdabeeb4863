//! Options of DHCP: which one wins, and what it means.

use onhook_discovery::{Choice, DhcpOption, Skipped, Space, Value, choose};
use proptest::prelude::*;

const LONG: &str = "66,160,159,150,60,43,125";

fn wire(code: u16, value: &[u8]) -> DhcpOption<'_> {
    let (space, value) = (Space::V4, Value::Wire(value));
    DhcpOption { space, code, value }
}

/// What wins, in one line, and the options that were passed over.
fn chosen(order: &str, options: &[DhcpOption<'_>]) -> (String, Vec<u16>) {
    let mut skipped = Vec::new();
    let choice = choose(order, "17,160,159", options, |s: Skipped| {
        skipped.push(s.code)
    });
    let line = match choice {
        None => "nothing".to_owned(),
        Some(Choice { code, found, .. }) => {
            let servers: Vec<String> = found
                .servers
                .iter()
                .map(|server| format!("{}://{}:{}", server.scheme, server.host, server.port))
                .collect();
            let rule = found
                .rule
                .map_or(String::new(), |rule| format!(" rule {rule}"));
            format!("{code}: {}{rule}", servers.join(" "))
        }
    };
    (line, skipped)
}

#[track_caller]
fn check(order: &str, options: &[DhcpOption<'_>], expected: &str, skipped: &[u16]) {
    assert_eq!(
        chosen(order, options),
        (expected.to_owned(), skipped.to_vec())
    );
}

#[expect(clippy::unwrap_used, reason = "the tables of this file hold digits")]
fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

//= R-DHCP-1 type=test
//= R-DHCP-2 type=test
#[test]
fn the_first_usable_option_of_the_list_wins() {
    // V-001, V-003, V-004, V-016.
    let host = wire(66, b"10.0.0.5");
    let url = wire(160, b"http://h/x.xml");
    check(LONG, &[host], "66: tftp://10.0.0.5:69", &[]);
    check(LONG, &[url, host], "66: tftp://10.0.0.5:69", &[]);
    check(
        "160,159,66,150",
        &[host, url],
        "160: http://h:80 rule http://h/x.xml",
        &[],
    );
    let class = wire(60, b"PXEClient");
    check("60,66", &[class, host], "66: tftp://10.0.0.5:69", &[60]);
    // Unknown numbers, blanks and repetitions count for nothing; an empty list ends the search (V-019).
    check(
        "x,, 60 ,300,60,70000, 66,60",
        &[class, host],
        "66: tftp://10.0.0.5:69",
        &[60],
    );
    check("", &[host, url], "nothing", &[]);
    check(LONG, &[], "nothing", &[]);
}

//= R-DHCP-6 type=test
//= R-DHCP-8 type=test
//= R-URL-2 type=test
#[test]
fn a_text_means_a_server_or_a_rule() {
    for (value, expected) in [
        ("10.0.0.5", "66: tftp://10.0.0.5:69"),
        ("prov.example.com", "66: tftp://prov.example.com:69"),
        ("prov:6969", "66: tftp://prov:6969"),
        (" prov ", "66: tftp://prov:69"),
        ("http://h:8080", "66: http://h:8080"),
        ("http://h:8080/", "66: http://h:8080"),
        ("HTTPS://h", "66: https://h:443"),
        ("https://[2001:db8::1]", "66: https://2001:db8::1:443"),
        (
            "http://h/full.xml",
            "66: http://h:80 rule http://h/full.xml",
        ),
        ("h:6969/a.xml", "66: tftp://h:6969 rule h:6969/a.xml"),
        ("http://h/$MA.xml", "66: http://h:80 rule http://h/$MA.xml"),
        ("http://$A/x.xml", "66:  rule http://$A/x.xml"),
        (
            "[--key k] http://h/x",
            "66: http://h:80 rule [--key k] http://h/x",
        ),
        (
            "[--key k] http://h",
            "66: http://h:80 rule [--key k] http://h",
        ),
        ("http://h/?a=b", "66: http://h:80 rule http://h/?a=b"),
    ] {
        check(LONG, &[wire(66, value.as_bytes())], expected, &[]);
    }
    for unusable in [
        "",
        "  ",
        "gopher://h",
        "h ost",
        "http://",
        "http://u@h/x",
        "http://h:0/x",
        "\u{7}",
    ] {
        check(LONG, &[wire(66, unusable.as_bytes())], "nothing", &[66]);
    }
}

#[test]
fn each_option_has_its_form() {
    let cases: &[(u16, &str, &str)] = &[
        // V-017: NULs at the end.
        (66, "31302e302e302e350000", "66: tftp://10.0.0.5:69"),
        (159, "0a000005", "159: tftp://10.0.0.5:69"),
        (159, "686f7374", "159: tftp://host:69"),
        // V-009: two servers.
        (
            150,
            "0a0000050a000006",
            "150: tftp://10.0.0.5:69 tftp://10.0.0.6:69",
        ),
        (150, "68747470733a2f2f68", "150: https://h:443"),
        (150, "686f737431", "150: tftp://host1:69"),
        // V-012: sub-option 1; another one before it, padding, the end.
        (
            43,
            "0115687474703a2f2f31302e302e302e392f702e786d6c",
            "43: http://10.0.0.9:80 rule http://10.0.0.9/p.xml",
        ),
        (
            43,
            "0202ffff000108687474703a2f2f68ff0102",
            "43: http://h:80",
        ),
        (43, "687474703a2f2f68", "43: http://h:80"),
        // V-013: an enterprise in front of Cisco.
        (
            125,
            "00000009170115687474703a2f2f31302e302e302e392f702e786d6c",
            "125: http://10.0.0.9:80 rule http://10.0.0.9/p.xml",
        ),
        (
            125,
            "00000de902aaaa000000090a0108687474703a2f2f68",
            "125: http://h:80",
        ),
        // V-015.
        (
            60,
            "687474703a2f2f682f612e786d6c",
            "60: http://h:80 rule http://h/a.xml",
        ),
    ];
    for (code, hex, expected) in cases {
        check(LONG, &[wire(*code, &unhex(hex))], expected, &[]);
    }
    for (code, hex) in [
        // V-011: five octets; none.
        (150, "0a00000500"),
        (150, ""),
        (159, "0a0000"),
        (66, "0000"),
        (43, "01056162"),
        (43, "0103616263"),
        (43, "020161"),
        // V-014.
        (125, "00000de902aaaa"),
        (125, "000000090a01"),
        (125, "0000"),
        (60, "50584543"),
    ] {
        check(LONG, &[wire(code, &unhex(hex))], "nothing", &[code]);
    }
}

//= R-DHCP-15 type=test
#[test]
fn the_list_of_ipv6_comes_behind_that_of_ipv4() {
    // V-018.
    let value = unhex("0000000900010015687474703a2f2f31302e302e302e392f702e786d6c");
    let six = DhcpOption {
        space: Space::V6,
        code: 17,
        value: Value::Wire(&value),
    };
    let four = wire(66, b"h");
    check(
        LONG,
        &[six],
        "17: http://10.0.0.9:80 rule http://10.0.0.9/p.xml",
        &[],
    );
    check(LONG, &[six, four], "66: tftp://h:69", &[]);
    // The same number means something else in the other space.
    check("17", &[wire(17, &value)], "nothing", &[17]);
    let other = unhex("000000080001000178");
    let value = Value::Wire(&other);
    check("", &[DhcpOption { value, ..six }], "nothing", &[17]);
}

//= R-DHCP-9 type=test
#[test]
fn what_is_written_by_hand_may_be_a_list_of_addresses() {
    let text = |code, text| DhcpOption {
        space: Space::V4,
        code,
        value: Value::Text(text),
    };
    check(
        LONG,
        &[text(150, "10.0.0.5, 10.0.0.6")],
        "150: tftp://10.0.0.5:69 tftp://10.0.0.6:69",
        &[],
    );
    check(
        LONG,
        &[text(150, "10.0.0.5")],
        "150: tftp://10.0.0.5:69",
        &[],
    );
    check(
        LONG,
        &[text(150, "http://h/x")],
        "150: http://h:80 rule http://h/x",
        &[],
    );
    check(LONG, &[text(60, "PXEClient")], "nothing", &[60]);
    check(LONG, &[text(43, "http://h")], "43: http://h:80", &[]);
    let many = "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5";
    let (line, _) = chosen(LONG, &[text(150, many)]);
    assert!(line.ends_with("10.0.0.4:69"), "{line}");
}

//= R-DHCP-12 type=test
#[test]
fn the_name_of_a_boot_file_is_no_server() {
    let host = wire(66, b"10.0.0.5");
    let file = wire(67, b"http://h/boot.bin");
    check("67,66", &[file, host], "66: tftp://10.0.0.5:69", &[]);
    check("67", &[file], "nothing", &[]);
}

proptest! {
    #[test]
    fn no_bytes_panic(code in 0_u16..200, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let order = code.to_string();
        let (line, skipped) = chosen(&order, &[wire(code, &bytes)]);
        // The name of a boot file is never looked at.
        prop_assume!(code != 67);
        prop_assert_eq!(line == "nothing", skipped == [code]);
    }
}
