use proptest::prelude::*;

use super::*;

const SALT: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

#[track_caller]
fn check_padding(block: [u8; 16], expected: Option<usize>) {
    assert_eq!(padding(&block), expected);
}

//= R-CBC-5 type=test
#[test]
fn padding_is_checked_whole() {
    let mut block = [7_u8; 16];
    check_padding([16; 16], Some(16));
    check_padding(block, Some(7));
    block[8] = 0;
    check_padding(block, Some(7));
    block[9] = 0;
    check_padding(block, None);
    check_padding([0; 16], None);
    check_padding([17; 16], None);
    check_padding([255; 16], None);
    block[15] = 1;
    check_padding(block, Some(1));
}

//= D-CRY-1 type=test
//= R-CBC-6 type=test
#[test]
fn md5_gives_way_when_its_content_is_implausible_although_the_padding_fits() {
    // With this salt the last block of a SHA-256 file has good padding under MD5 too.
    let mut found = false;
    for n in 0_u32..20_000 {
        let mut salt = [0; 8];
        salt[..4].copy_from_slice(&n.to_be_bytes());
        let file = encrypt(b"<flat-profile/>", b"k", Digest::Sha256, salt);
        if decrypt(file.clone(), b"k", Digest::Md5).is_err() {
            continue;
        }
        found = true;
        let opened = open(file, b"k").unwrap();
        assert_eq!(opened.digest, Digest::Sha256);
        assert_eq!(opened.plaintext, b"<flat-profile/>");
        break;
    }
    assert!(found);
}

//= R-CBC-7 type=test
#[test]
fn plausibility_looks_past_leading_white_space_of_any_length() {
    for blanks in [0, 1, 15, 16, 17, 100] {
        let text = format!("{}<a/>", " ".repeat(blanks));
        for digest in [Digest::Md5, Digest::Sha256] {
            let opened = open(encrypt(text.as_bytes(), b"k", digest, SALT), b"k").unwrap();
            assert_eq!(
                (opened.digest, opened.plaintext.as_slice()),
                (digest, text.as_bytes())
            );
        }
    }
}

#[test]
fn a_blank_file_is_opened_under_the_digest_that_made_it() {
    for digest in [Digest::Md5, Digest::Sha256] {
        for n in 0..512_u16 {
            let mut salt = [0; 8];
            salt[..2].copy_from_slice(&n.to_be_bytes());
            let opened = open(encrypt(b" \n", b"k", digest, salt), b"k").unwrap();
            assert_eq!(
                (opened.digest, opened.plaintext.as_slice()),
                (digest, &b" \n"[..])
            );
        }
    }
}

//= R-CBC-1 type=test
//= D-CRY-4 type=test
#[test]
fn what_is_no_whole_container_is_refused() {
    let file = encrypt(b"<a/>", b"k", Digest::Md5, SALT);
    for len in 0..8 {
        assert_eq!(
            open(file[..len].to_vec(), b"k").err(),
            Some(DecryptError::NotSalted)
        );
    }
    for len in 8..file.len() {
        let expected = Some(DecryptError::Length {
            blocks_len: len.saturating_sub(16),
        });
        assert_eq!(open(file[..len].to_vec(), b"k").err(), expected, "{len}");
        assert_eq!(
            decrypt(file[..len].to_vec(), b"k", Digest::Md5).err(),
            expected,
            "{len}"
        );
    }
    assert!(is_salted(&file));
    assert!(!is_salted(b"salted__12345678"));
    assert!(!is_salted(b"Salted_"));
}

//= R-CBC-2 type=test
#[test]
fn a_key_of_hex_digits_is_text() {
    let hex = b"a37d2fb9055c1d04883a0745eb0917a4";
    let octets: Vec<u8> = (0..16)
        .map(|i| {
            u8::from_str_radix(std::str::from_utf8(&hex[2 * i..2 * i + 2]).unwrap(), 16).unwrap()
        })
        .collect();
    let file = encrypt(b"<a/>", hex, Digest::Md5, SALT);
    assert!(open(file.clone(), hex).is_ok());
    assert!(open(file, &octets).is_err());
}

#[test]
fn errors_quote_neither_key_nor_file() {
    let file = encrypt(b"<canary/>", b"canary", Digest::Md5, SALT);
    let error = open(file, b"other canary").err().unwrap();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

proptest! {
    #[test]
    fn what_was_encrypted_is_decrypted(
        plain in prop::collection::vec(any::<u8>(), 0..200),
        key in prop::collection::vec(any::<u8>(), 1..40),
        salt: [u8; 8],
    ) {
        for digest in [Digest::Md5, Digest::Sha256] {
            let file = encrypt(&plain, &key, digest, salt);
            prop_assert_eq!(file.len(), 16 + plain.len() / 16 * 16 + 16);
            prop_assert_eq!(&decrypt(file, &key, digest).unwrap(), &plain);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..100), key in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut file = b"Salted__".to_vec();
        file.extend_from_slice(&body);
        let _ = open(file.clone(), &key);
        let _ = decrypt(file, &key, Digest::Md5);
        let _ = open(body, &key);
    }
}

//= R-CBC-6 type=test
//= D-CRY-1 type=test
#[test]
fn what_looks_like_xml_by_chance_under_the_first_digest_is_read_under_the_second() {
    let plain = b"<flat-profile><GPP_A>Front Desk 1, Building 7</GPP_A></flat-profile>";
    // Found by trying.
    let salt = 5_368_u64.to_be_bytes();
    let file = encrypt(plain, b"k", Digest::Sha256, salt);
    let wrong = decrypt(file.clone(), b"k", Digest::Md5).unwrap();
    assert!(wrong.starts_with(b"<"));
    let opened = open(file, b"k").unwrap();
    assert_eq!(opened.digest, Digest::Sha256);
    assert_eq!(opened.plaintext, plain);
}
