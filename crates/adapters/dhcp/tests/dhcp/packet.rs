//! Packets, octet by octet.

use std::net::Ipv4Addr;

use onhook_dhcp::{Kind, Options, Packet, PacketError};
use proptest::prelude::*;

use crate::server::MAC;

fn packet(options: Options) -> Packet {
    Packet {
        kind: Kind::Ack,
        from_server: true,
        xid: 0x0102_0304,
        client: Ipv4Addr::UNSPECIFIED,
        yours: Ipv4Addr::new(192, 0, 2, 7),
        mac: MAC,
        options,
    }
}

/// The fixed fields, and then these octets.
fn raw(options: &[u8]) -> Vec<u8> {
    let mut bytes = packet(Options::new()).encode(0);
    bytes.truncate(240);
    bytes.extend([53, 1, 5]);
    bytes.extend(options);
    bytes
}

#[track_caller]
fn option(bytes: &[u8], code: u8) -> Option<Vec<u8>> {
    Packet::parse(bytes).unwrap().options.get(&code).cloned()
}

//= R-DHCP-5 type=test
#[test]
fn instances_of_one_option_are_put_together() {
    // V-020.
    let bytes = raw(b"\x42\x0510.0.\x00\x06\x04\x0a\x00\x00\x09\x42\x030.5\xff\x42\x01x");
    assert_eq!(option(&bytes, 66).unwrap(), b"10.0.0.5");
    assert_eq!(option(&bytes, 6).unwrap(), [10, 0, 0, 9]);
    let long = vec![b'a'; 600];
    let mut options = Options::new();
    options.insert(160, long.clone());
    assert_eq!(option(&packet(options).encode(0), 160).unwrap(), long);
}

//= R-DHCP-13 type=test
#[test]
fn options_in_the_fields_of_file_and_name_come_after_the_others() {
    let in_file = b"\x42\x02fi\xff";
    let in_name = b"\x42\x02na\x96\x04\x0a\x00\x00\x05";
    for (overload, expected, servers) in [
        (0, &b"op"[..], None),
        (1, b"opfi", None),
        (2, b"opna", Some(vec![10, 0, 0, 5])),
        (3, b"opfina", Some(vec![10, 0, 0, 5])),
    ] {
        let mut bytes = raw(b"\x42\x02op");
        bytes.extend([52, 1, overload, 255]);
        bytes[108..108 + in_file.len()].copy_from_slice(in_file);
        bytes[44..44 + in_name.len()].copy_from_slice(in_name);
        assert_eq!(option(&bytes, 66).unwrap(), expected, "{overload}");
        assert_eq!(option(&bytes, 150), servers, "{overload}");
    }
}

//= R-DHCP-12 type=test
#[test]
fn servers_and_files_in_fields_of_bootp_are_passed_over() {
    let mut bytes = raw(&[255]);
    let plain = Packet::parse(&bytes).unwrap();
    bytes[20..24].copy_from_slice(&[10, 0, 0, 66]);
    bytes[44..53].copy_from_slice(b"prov.test");
    bytes[108..115].copy_from_slice(b"cfg.xml");
    assert_eq!(Packet::parse(&bytes), Ok(plain));
}

#[test]
fn bytes_that_are_no_message_are_told() {
    let good = raw(&[255]);
    assert_eq!(Packet::parse(&good[..239]), Err(PacketError::Short(239)));
    for at in [0, 1, 2, 236] {
        let mut bad = good.clone();
        bad[at] = 9;
        assert_eq!(Packet::parse(&bad), Err(PacketError::Foreign), "octet {at}");
    }
    assert_eq!(Packet::parse(&raw(b"\x42")), Err(PacketError::Option(243)));
    assert_eq!(
        Packet::parse(&raw(b"\x42\x05abcd")),
        Err(PacketError::Option(243))
    );
    assert_eq!(
        Packet::parse(&raw(b"\x35\x01\x05")),
        Err(PacketError::NoKind)
    );
    let mut bad = good;
    bad[242] = 99;
    assert_eq!(Packet::parse(&bad), Err(PacketError::NoKind));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
        let _ = Packet::parse(&bytes);
        onhook_dhcp::fuzz::dhcp(&bytes);
        onhook_dhcp::fuzz::dhcp6(&bytes);
        onhook_dhcp::fuzz::lease(&bytes);
    }

    #[test]
    fn any_options_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        onhook_dhcp::fuzz::dhcp(&raw(&bytes));
    }

    #[test]
    fn what_is_written_is_read(
        codes in proptest::collection::btree_map(
            (1_u8..=254).prop_filter("a kind of its own", |code| !matches!(code, 52 | 53)),
            proptest::collection::vec(any::<u8>(), 0..600),
            0..6,
        ),
    ) {
        let mut sent = packet(codes);
        let mut read = Packet::parse(&sent.encode(0)).unwrap();
        prop_assert_eq!(read.options.remove(&53), Some(vec![5]));
        sent.options.remove(&53);
        prop_assert_eq!(read, sent);
    }
}
