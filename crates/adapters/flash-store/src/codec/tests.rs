use proptest::prelude::*;

use super::*;

fn held(value: Option<&str>, access: Option<UserAccess>, user_set: bool) -> Held {
    Held {
        value: value.map(|v| Zeroizing::new(v.to_owned())),
        access,
        user_set,
    }
}

fn file(entries: &Entries) -> Zeroizing<Vec<u8>> {
    wrap(StoredFile::Params, &encode(entries).unwrap()).unwrap()
}

/// A file around any content, with a right checksum.
fn around(content: &[u8]) -> Zeroizing<Vec<u8>> {
    wrap(StoredFile::Params, content).unwrap()
}

#[test]
fn format_1_stays_as_it_is() {
    let entries = Entries::from([
        (
            "GPP_A".to_owned(),
            held(Some("é"), Some(UserAccess::Rw), true),
        ),
        ("B".to_owned(), held(None, Some(UserAccess::Na), false)),
    ]);
    let expected = b"OHPS\x01\0\0\0\x16\0\0\0\x02\0\0\0\x01\0B\x04\x05\0GPP_A\x0f\x02\0\0\0\xc3\xa9\x79\x2d\x23\x06";
    assert_eq!(file(&entries).as_slice(), expected);
    let state = wrap(StoredFile::State, b"abc").unwrap();
    assert_eq!(
        state.as_slice(),
        b"OHST\x01\0\0\0\x03\0\0\0abc\x81\x35\x7e\x8a"
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let entries = Entries::from([("GPP_A".to_owned(), held(Some("value"), None, true))]);
    let good = file(&entries);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            assert!(decode(&bad).is_err(), "bit {bit} of byte {at}");
        }
        let cut = decode(&good[..at]).err().unwrap();
        assert!(cut.offset <= at, "cut at {at}: {cut:?}");
    }
    let mut longer = good;
    longer.push(0);
    assert_eq!(decode(&longer).err().unwrap().what, "bytes follow the end");
}

#[test]
fn a_file_that_was_written_wrongly_is_refused_where_it_is_wrong() {
    let entry = |flags: u8| [1, 0, b'A', flags];
    let content = |count: u8, rest: &[u8]| [&[count, 0, 0, 0], rest].concat();
    for (content, offset, what) in [
        (
            content(2, &[entry(0), entry(0)].concat()),
            20,
            "a name stands there twice",
        ),
        (content(1, &entry(0x10)), 19, "unknown flags"),
        (content(1, &[1, 0, 0xff, 0]), 18, "a text is not UTF-8"),
        (
            content(1, &[1, 0, b'A', 1, 1, 0, 0, 0, 0xff]),
            24,
            "a text is not UTF-8",
        ),
        (
            content(1, &[1, 0, b'A', 1, 0xff, 0xff, 0xff, 0xff]),
            24,
            "it ends too early",
        ),
        (content(9, &entry(0)), 20, "it ends too early"),
        (content(0, &entry(0)), 16, "bytes follow the last entry"),
    ] {
        assert_eq!(
            decode(&around(&content)).err(),
            Some(Damage { offset, what })
        );
    }
}

#[test]
fn files_of_other_kinds_and_versions_are_refused() {
    let state = wrap(StoredFile::State, b"\0\0\0\0").unwrap();
    assert_eq!(
        decode(&state).err().unwrap().what,
        "this is no file of this store"
    );
    let mut newer = around(b"\0\0\0\0");
    newer[4] = 2;
    assert!(decode(&newer).err().unwrap().what.contains("newer version"));
    assert_eq!(
        decode(&[]).err(),
        Some(Damage {
            offset: 0,
            what: "it ends too early"
        })
    );
}

fn any_held() -> impl Strategy<Value = Held> {
    let access = prop::sample::select(vec![
        None,
        Some(UserAccess::Na),
        Some(UserAccess::Ro),
        Some(UserAccess::Rw),
    ]);
    (prop::option::of(".{0,20}"), access, any::<bool>())
        .prop_map(|(value, access, user_set)| held(value.as_deref(), access, user_set))
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(entries in prop::collection::btree_map(".{0,10}", any_held(), 0..8)) {
        prop_assert!(decode(&file(&entries)).ok() == Some(entries));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        prop_assert!(decode(&bytes).is_err());
        let _ = unwrap(StoredFile::State, &bytes);
        // With a right header and checksum the entries themselves are read.
        if let Ok(entries) = decode(&around(&bytes)) {
            prop_assert_eq!(file(&entries).len(), around(&bytes).len());
        }
    }
}
