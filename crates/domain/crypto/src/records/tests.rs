use proptest::prelude::*;

use super::*;

const SALT: [u8; RECORDS_SALT] = [7; RECORDS_SALT];

fn sealed(content: &[u8], size: u32) -> Vec<u8> {
    seal(content, b"0123456789abcdef", &SALT, size).unwrap()
}

fn opened(body: Vec<u8>) -> Result<Vec<u8>, RecordsError> {
    unseal(body, b"0123456789abcdef").map(|found| found.plaintext)
}

//= R-GCM-4 type=test
#[test]
fn records_are_full_but_the_last() {
    for (content, size, records, length) in [
        (0, 18, 1, 17),
        (1, 18, 1, 18),
        (2, 18, 2, 36),
        (8, 25, 1, 25),
        (9, 25, 2, 25 + 18),
        (16, 25, 2, 50),
        (100, 4096, 1, 117),
    ] {
        let content = vec![b'x'; content];
        let body = sealed(&content, size);
        assert_eq!(body.len(), 21 + length, "{} of {size}", content.len());
        let found = unseal(body, b"0123456789abcdef").unwrap();
        assert_eq!((found.records, found.record_size), (records, size));
        assert_eq!(found.plaintext, content);
        assert_eq!(found.key_id, b"");
    }
}

//= R-GCM-4 type=test
#[test]
fn a_record_has_room_for_data() {
    assert_eq!(seal(b"x", b"k", &SALT, 17), Err(SmallRecord));
    for size in [0_u32, 1, 17] {
        let mut body = sealed(b"x", 18);
        body[16..20].copy_from_slice(&size.to_be_bytes());
        assert_eq!(opened(body), Err(RecordsError::RecordSize { size }));
    }
}

//= R-GCM-4 type=test
//= R-GCM-7 type=test
#[test]
fn a_cut_body_gives_nothing() {
    // Three records of 8, 8 and 4 octets of data.
    let body = sealed(b"0123456789abcdefghij", 25);
    assert_eq!(opened(body.clone()).unwrap(), b"0123456789abcdefghij");
    for len in 0..body.len() {
        let error = opened(body[..len].to_vec()).unwrap_err();
        let expected = match len {
            0..21 => RecordsError::Truncated { record: 0 },
            21..38 => RecordsError::Truncated { record: 1 },
            38..46 => RecordsError::Tag { record: 1 },
            46..63 => RecordsError::Truncated { record: 2 },
            63..71 => RecordsError::Tag { record: 2 },
            71..88 => RecordsError::Truncated { record: 3 },
            _ => RecordsError::Tag { record: 3 },
        };
        assert_eq!(error, expected, "{len}");
    }
}

//= R-GCM-4 type=test
#[test]
fn a_changed_octet_is_noticed_in_every_place() {
    let body = sealed(b"0123456789abcdefghij", 25);
    for at in (0..16).chain(21..body.len()) {
        let mut changed = body.clone();
        changed[at] ^= 1;
        let error = opened(changed).unwrap_err();
        assert!(matches!(error, RecordsError::Tag { .. }), "{at}: {error}");
    }
}

//= R-GCM-3 type=test
#[test]
fn records_have_an_order() {
    let body = sealed(b"0123456789abcdefghij", 25);
    let mut swapped = body[..21].to_vec();
    swapped.extend_from_slice(&body[46..71]);
    swapped.extend_from_slice(&body[21..46]);
    swapped.extend_from_slice(&body[71..]);
    assert_eq!(opened(swapped), Err(RecordsError::Tag { record: 1 }));
}

//= R-GCM-5 type=test
#[test]
fn a_key_id_is_told_and_selects_nothing() {
    let mut body = sealed(b"x", 18);
    body[20] = 3;
    body.splice(21..21, *b"a/1");
    let found = unseal(body.clone(), b"0123456789abcdef").unwrap();
    assert_eq!(
        (found.plaintext, found.key_id),
        (b"x".to_vec(), b"a/1".to_vec())
    );
    body.truncate(23);
    assert_eq!(opened(body), Err(RecordsError::Truncated { record: 0 }));
}

//= D-CRY-2 type=test
#[test]
fn keying_material_is_base64_or_text() {
    let octets = *b"\xfb\xf0\xff123456789abcd";
    for text in [
        "-_D_MTIzNDU2Nzg5YWJjZA",
        "-_D_MTIzNDU2Nzg5YWJjZA==",
        "+/D/MTIzNDU2Nzg5YWJjZA",
        "+/D/MTIzNDU2Nzg5YWJjZA==",
        // The bits behind the last octet mean nothing.
        "-_D_MTIzNDU2Nzg5YWJjZB",
    ] {
        assert_eq!(*keying_material(text.as_bytes()), octets, "{text}");
    }
    for text in [
        "",
        "secret",
        // 15 octets.
        "MTIzNDU2Nzg5YWJjZGVm",
        // Both alphabets, a blank, one digit too many, an umlaut.
        "-_D/MTIzNDU2Nzg5YWJjZA",
        "-_D_MTIzNDU2Nzg5 YWJjZA",
        "-_D_MTIzNDU2Nzg5YWJjZAAAA",
        "-_D_MTIzNDU2Nzg5YWJjZ\u{e4}",
    ] {
        assert_eq!(*keying_material(text.as_bytes()), text.as_bytes(), "{text}");
    }
}

//= R-GCM-3 type=test
#[test]
fn the_sequence_number_fills_the_end_of_the_nonce() {
    let sealer = Sealer {
        cipher: Aes128Gcm::new(&[0; 16].into()),
        nonce: Zeroizing::new([0xff; 12]),
    };
    let nonce = sealer.nonce(0x0102_0304_0506_0708);
    assert_eq!(
        nonce,
        [
            0xff, 0xff, 0xff, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0xf7
        ]
    );
}

proptest! {
    #[test]
    fn what_was_sealed_comes_out(
        content in prop::collection::vec(any::<u8>(), 0..300),
        size in 18..400_u32,
        salt: [u8; RECORDS_SALT],
        keying in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let body = seal(&content, &keying, &salt, size).unwrap();
        let found = unseal(body, &keying).unwrap();
        prop_assert_eq!(found.plaintext, content);
    }

    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(opened(body).is_err());
    }
}
