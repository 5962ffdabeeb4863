//! Datagrams, frames and sets on the wire.

use onhook_upgrade::sharing::{
    BadLoad, Block, DATAGRAM, Datagram, Frame, HEADER, Header, Held, Kind, LoadId, MAX_BLOCK,
    MAX_BLOCKS, Malformed, NodeId, OnLink, Plain, SharedLoad,
};
use proptest::prelude::*;

use super::stage::{load, octets};

fn datagram() -> Datagram {
    Datagram {
        kind: Kind::Offer,
        depth: 3,
        places: 2,
        load: LoadId([0xab; 32]),
        node: NodeId(0x0102_0304_0506_0708),
        held: 5,
        total: 320,
    }
}

//= R-PFS-1 type=test
#[test]
fn a_datagram_has_the_documented_octets() {
    let bytes = datagram().encode();
    let mut expected = b"OHPS\x01\x02\x03\x02".to_vec();
    expected.extend([0xab; 32]);
    expected.extend([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 5, 0, 0, 1, 64]);
    expected.extend([0; 8]);
    assert_eq!(bytes.as_slice(), expected);
    assert_eq!(Datagram::decode(&bytes), Some(datagram()));
}

//= R-PFS-4 type=test
#[test]
fn every_kind_of_datagram_has_the_same_length() {
    for kind in [Kind::Seek, Kind::Offer, Kind::Root, Kind::Leave] {
        let said = Datagram { kind, ..datagram() };
        assert_eq!(said.encode().len(), DATAGRAM);
        assert_eq!(Datagram::decode(&said.encode()), Some(said));
    }
}

#[test]
fn a_datagram_with_something_wrong_is_none() {
    let good = datagram().encode();
    let wrong = |at: usize, octet: u8| {
        let mut bytes = good;
        bytes[at] = octet;
        assert_eq!(Datagram::decode(&bytes), None, "octet {at}");
    };
    wrong(0, b'o');
    wrong(4, 2);
    wrong(5, 0);
    wrong(5, 5);
    wrong(63, 1);
    // More is held than there is.
    wrong(50, 0xff);
    assert_eq!(Datagram::decode(&good[..63]), None);
    assert_eq!(Datagram::decode(&[&good[..], &[0]].concat()), None);
    assert_eq!(Datagram::decode(&[]), None);
}

#[test]
fn a_join_says_which_blocks_are_there() {
    let load = load(10);
    let mut held = load.none_held();
    for number in [0, 3, 9] {
        assert!(held.insert(number));
    }
    let join = Frame::Join {
        load: load.id(),
        held,
    };
    let bytes = join.encode();
    let (header, body) = bytes.split_first_chunk::<HEADER>().unwrap();
    assert_eq!(*header, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 46]);
    assert_eq!(Header::decode(header, &load), Ok(Header::Join(46)));
    assert_eq!(body[44..], [0b1001_0000, 0b0100_0000]);
    assert_eq!(Frame::decode_join(body, &load), Ok(join));
}

#[test]
fn a_join_of_another_load_or_of_blocks_that_are_none_is_refused() {
    let load = load(10);
    let join = Frame::Join {
        load: load.id(),
        held: load.none_held(),
    };
    let bytes = join.encode();
    let body = &bytes[HEADER..];
    for at in [0, 4, 8, 40, 43, 45] {
        let mut body = body.to_vec();
        body[at] ^= 1;
        assert_eq!(Frame::decode_join(&body, &load), Err(Malformed), "{at}");
    }
    assert_eq!(Frame::decode_join(&body[1..], &load), Err(Malformed));
    assert_eq!(Frame::decode_join(&[], &load), Err(Malformed));
}

#[test]
fn a_header_announces_only_what_this_load_can_hold() {
    let load = load(10);
    let header = |kind: u8, number: u32, length: u32| {
        let mut bytes = [0; HEADER];
        bytes[0] = kind;
        bytes[4..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&length.to_be_bytes());
        Header::decode(&bytes, &load)
    };
    assert_eq!(header(2, 0, 0), Ok(Header::Plain(Plain::Welcome)));
    assert_eq!(header(3, 0, 0), Ok(Header::Plain(Plain::Busy)));
    assert_eq!(header(4, 10, 0), Ok(Header::Plain(Plain::Count(10))));
    let (number, length) = (9, 100);
    assert_eq!(header(5, 9, 100), Ok(Header::Block { number, length }));
    for (kind, number, length) in [
        (0, 0, 0),
        (6, 0, 0),
        (1, 0, 45),
        (1, 1, 46),
        (1, 0, u32::MAX),
        (2, 1, 0),
        (2, 0, 1),
        (4, 11, 0),
        (5, 10, 100),
        (5, 9, 101),
        (5, 9, u32::MAX),
    ] {
        assert_eq!(
            header(kind, number, length),
            Err(Malformed),
            "{kind} {number} {length}"
        );
    }
    assert_eq!(
        Header::decode(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &load),
        Err(Malformed)
    );
}

//= R-PFS-2 type=test
#[test]
fn only_the_octets_of_the_manifest_are_a_checked_block() {
    let load = load(4);
    assert_eq!(load.check(2, octets(2)).unwrap().content(), &octets(2));
    assert!(load.check(2, octets(3)).is_none());
    assert!(load.check(4, octets(4)).is_none());
    let mut turned = octets(2);
    turned[50] ^= 1;
    assert!(load.check(2, turned).is_none());
    let mut longer = octets(2);
    longer.push(0);
    assert!(load.check(2, longer).is_none());
}

#[test]
fn a_load_that_cannot_be_shared_says_why() {
    let block = Block {
        component: 0,
        offset: 0,
        length: 1,
        digest: [0; 32],
    };
    let new = |blocks| SharedLoad::new(LoadId([0; 32]), blocks);
    assert_eq!(new(Vec::new()), Err(BadLoad::Empty));
    let many = MAX_BLOCKS + 1;
    assert_eq!(new(vec![block; many]), Err(BadLoad::TooManyBlocks(many)));
    for length in [0, MAX_BLOCK + 1] {
        let bad = Block { length, ..block };
        let error = BadLoad::BlockLength { number: 1, length };
        assert_eq!(new(vec![block, bad]), Err(error));
    }
    assert!(new(vec![block; MAX_BLOCKS]).is_ok());
}

//= R-PFS-4 type=test
#[test]
fn neighbours_are_hosts_of_the_same_network() {
    let link = |text: &str, prefix| OnLink {
        address: text.parse().unwrap(),
        prefix,
    };
    let is = |link: OnLink, other: &str| link.is_neighbour(other.parse().unwrap());
    let office = link("192.168.5.20", 24);
    assert!(is(office, "192.168.5.1"));
    assert!(!is(office, "192.168.5.20"), "the phone itself");
    assert!(!is(office, "192.168.5.0"));
    assert!(!is(office, "192.168.5.255"));
    assert!(!is(office, "192.168.6.1"));
    assert!(!is(office, "10.0.0.1"));
    assert!(is(link("10.0.0.0", 31), "10.0.0.1"));
    assert!(!is(link("10.0.0.1", 32), "10.0.0.2"));
    assert!(is(link("10.0.0.1", 0), "8.8.8.8"));
}

proptest! {
    #[test]
    fn datagrams_come_back(depth: u8, places: u8, load: [u8; 32], node: u64, total: u32, held: u32) {
        let said = Datagram {
            kind: Kind::Seek,
            depth,
            places,
            load: LoadId(load),
            node: NodeId(node),
            held: held.min(total),
            total,
        };
        prop_assert_eq!(Datagram::decode(&said.encode()), Some(said));
    }

    #[test]
    fn a_set_comes_back_and_counts(total in 1u32..300, numbers in prop::collection::vec(0u32..320, 0..50)) {
        let mut held = Held::none(total);
        let mut model = std::collections::BTreeSet::new();
        for number in numbers {
            prop_assert_eq!(held.insert(number), number < total && model.insert(number));
        }
        prop_assert_eq!(held.count() as usize, model.len());
        prop_assert_eq!(Held::from_bytes(held.as_bytes(), total), Some(held.clone()));
        let missing: Vec<u32> = (0..total).filter(|number| !model.contains(number)).collect();
        prop_assert_eq!(Held::all(total).first_beyond(&held), missing.first().copied());
        prop_assert_eq!(held.missing().collect::<Vec<_>>(), missing);
        prop_assert_eq!(held.first_beyond(&Held::none(total)), model.first().copied());
    }

    #[test]
    fn sets_with_bits_for_no_block_are_refused(total in 1u32..64, bytes in prop::collection::vec(any::<u8>(), 0..9)) {
        if let Some(held) = Held::from_bytes(&bytes, total) {
            prop_assert_eq!(held.as_bytes(), bytes.as_slice());
            prop_assert!(held.count() <= total);
            let counted = (0..total).filter(|number| held.contains(*number)).count();
            prop_assert_eq!(held.count() as usize, counted);
        }
    }
}
