use proptest::prelude::*;

use super::*;
use crate::packet::{Direction, Packet, request_header};

fn options(bytes: &[u8]) -> Options<'_> {
    Options::parse(bytes).unwrap()
}

fn accepted(bytes: &[u8]) -> Option<Agreed> {
    Offer::default().accept(options(bytes))
}

//= R-TFTP-6 type=test
#[test]
fn a_request_for_a_profile_has_the_documented_bytes() {
    // V-050
    let mut out = Vec::new();
    request_header(&mut out, Direction::Read, b"8841-3PCC.xml");
    Offer::default().write(0, &mut out);
    assert_eq!(
        out,
        b"\0\x018841-3PCC.xml\0octet\0tsize\x000\0blksize\x001428\0timeout\x002\0"
    );
    assert_eq!(out.len(), 53);
    let offer = Offer {
        window: 4,
        ..Offer::default()
    };
    offer.write(0, &mut out);
    assert!(out.ends_with(b"timeout\x002\0windowsize\x004\0"));
}

//= R-TFTP-7 type=test
#[test]
fn answered_options_count_in_any_order_and_letter_case() {
    let all = accepted(b"TIMEOUT\x002\0BlkSize\x001000\0tsize\x002000\0").unwrap();
    assert_eq!(
        (all.block_size, all.size, all.window),
        (1000, Some(2000), 1)
    );
    assert_eq!(accepted(b"").unwrap(), Agreed::default());
    assert_eq!(accepted(b"tsize\x000\0").unwrap().block_size, 512);
}

//= R-TFTP-7 type=test
//= R-TFTP-10 type=test
//= R-TFTP-11 type=test
#[test]
fn what_was_not_asked_for_or_cannot_be_is_not_accepted() {
    for bytes in [
        &b"windowsize\x004\0"[..],
        b"rollover\x000\0",
        b"tsize\x005\0tsize\x005\0",
        b"tsize\x005\0TSIZE\x005\0",
        b"blksize\x001500\0",
        b"blksize\x001429\0",
        b"blksize\x007\0",
        b"blksize\x000\0",
        b"blksize\0\0",
        b"blksize\0+99\0",
        b"blksize\0 99\0",
        b"blksize\x000x40\0",
        b"timeout\x005\0",
        b"timeout\x001\0",
        b"tsize\0-1\0",
        b"tsize\x0018446744073709551616\0",
    ] {
        assert_eq!(
            accepted(bytes),
            None,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    assert_eq!(accepted(b"blksize\x008\0").unwrap().block_size, 8);
    assert_eq!(accepted(b"blksize\x001428\0").unwrap().block_size, 1428);
}

//= R-TFTP-12 type=test
#[test]
fn a_window_is_at_most_the_one_asked_for() {
    let offer = Offer {
        window: 4,
        ..Offer::default()
    };
    assert_eq!(
        offer.accept(options(b"windowsize\x004\0")).unwrap().window,
        4
    );
    assert_eq!(
        offer.accept(options(b"windowsize\x001\0")).unwrap().window,
        1
    );
    assert_eq!(offer.accept(options(b"windowsize\x000\0")), None);
    assert_eq!(offer.accept(options(b"windowsize\x005\0")), None);
}

#[test]
fn a_server_answers_what_it_understands_in_the_order_of_the_request() {
    let mut out = Vec::new();
    let server = ServerOptions {
        block_size: 1400,
        window: 8,
    };
    let agreed = server.answer(
        options(
            b"timeout\x006\0multicast\0\0tsize\x000\0BLKSIZE\x008192\0windowsize\x00100\0blksize\x00600\0",
        ),
        Some(77),
        &mut out,
    );
    assert_eq!(
        out,
        b"\0\x06timeout\x006\0tsize\x0077\0blksize\x001400\0windowsize\x008\0"
    );
    assert_eq!(
        agreed,
        Agreed {
            block_size: 1400,
            window: 8,
            size: Some(77),
            timeout: Some(Duration::from_secs(6)),
        }
    );
    for bytes in [
        &b""[..],
        b"blksize\x007\0",
        b"timeout\x000\0timeout\x00256\0",
        b"windowsize\x000\0",
        b"x\x001\0",
    ] {
        assert_eq!(
            server.answer(options(bytes), Some(1), &mut out),
            Agreed::default()
        );
        assert!(out.is_empty(), "{out:?}");
    }
}

proptest! {
    #[test]
    fn a_server_never_answers_what_a_reader_refuses(
        block_size in 8_u16..=65_464,
        timeout_s in 1_u8..,
        window in 1_u16..100,
        size: u64,
    ) {
        let offer = Offer { block_size, timeout_s, window };
        let mut request = Vec::new();
        request_header(&mut request, Direction::Read, b"f");
        offer.write(0, &mut request);
        let Ok(Packet::Request { options, .. }) = Packet::parse(&request) else {
            panic!("a request");
        };
        let mut answer = Vec::new();
        let server = ServerOptions::default().answer(options, Some(size), &mut answer);
        let Ok(Packet::OptionAck(answered)) = Packet::parse(&answer) else {
            panic!("an OACK");
        };
        let client = offer.accept(answered).unwrap();
        prop_assert_eq!(client.block_size, server.block_size);
        prop_assert_eq!(client.window, server.window);
        prop_assert_eq!(client.size, Some(size));
    }
}

//= R-TFTP-6 type=test
//= R-TFTP-12 type=test
#[test]
fn a_window_is_asked_for_with_firmware_only() {
    let asked = |offer: Offer| {
        let mut out = Vec::new();
        offer.write(0, &mut out);
        String::from_utf8(out).unwrap()
    };
    let profile = asked(Offer::default());
    assert_eq!(profile, "tsize\x000\0blksize\x001428\0timeout\x002\0");
    assert_eq!(asked(Offer::firmware()), profile + "windowsize\x004\0");
}

#[test]
fn a_writer_tells_its_size_and_hears_it_again() {
    let mut out = Vec::new();
    Offer::default().write(2000, &mut out);
    assert!(out.starts_with(b"tsize\x002000\0"));
    let mut answer = Vec::new();
    let agreed = ServerOptions::default().answer(options(&out), None, &mut answer);
    assert_eq!(agreed.size, Some(2000));
    assert!(answer.starts_with(b"\0\x06tsize\x002000\0"));
}
