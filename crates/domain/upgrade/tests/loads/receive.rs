//! Components as they arrive.

use std::sync::Arc;

use onhook_upgrade::{BadBytes, Load, Receiver};
use proptest::prelude::*;

use crate::{component, content, load};

fn two() -> (Arc<Load>, [Vec<u8>; 2]) {
    let files = [content(1, 10_000), content(2, 8192)];
    let components = vec![component("a", &files[0]), component("b", &files[1])];
    (Arc::new(load(components)), files)
}

/// Gives bytes in pieces; the numbers of the blocks that came out.
fn give(receiver: &mut Receiver, bytes: &[u8], piece: usize) -> Result<Vec<u32>, BadBytes> {
    let mut numbers = Vec::new();
    for mut piece in bytes.chunks(piece.max(1)) {
        while let Some(block) = receiver.take(&mut piece)? {
            numbers.push(block.number);
        }
        assert!(piece.is_empty());
    }
    Ok(numbers)
}

//= R-FW-7 type=test
#[test]
fn blocks_come_out_once_each_in_order() {
    let (load, files) = two();
    let mut receiver = Receiver::new(load, []);
    assert_eq!((receiver.left(), receiver.first_missing(0)), (5, Some(0)));
    receiver.begin(0, 0, 0).unwrap();
    assert_eq!(give(&mut receiver, &files[0], 777), Ok(vec![0, 1, 2]));
    assert_eq!(
        (receiver.first_missing(0), receiver.first_missing(1)),
        (None, Some(0))
    );
    receiver.begin(1, 0, 0).unwrap();
    assert_eq!(give(&mut receiver, &files[1], 8192), Ok(vec![3, 4]));
    assert_eq!((receiver.left(), receiver.first_missing(1)), (0, None));
}

#[test]
fn what_is_there_is_skipped_whether_the_server_gives_a_part_or_the_whole() {
    let (load, files) = two();
    for from in [0, 4096] {
        let mut receiver = Receiver::new(load.clone(), [0, 2, 2]);
        assert_eq!(
            (receiver.left(), receiver.first_missing(0)),
            (3, Some(4096))
        );
        receiver.begin(0, from, 4096).unwrap();
        let part = &files[0][usize::try_from(from).unwrap()..];
        assert_eq!(give(&mut receiver, part, 1000), Ok(vec![1]));
    }
    let mut receiver = Receiver::new(load, []);
    assert_eq!(receiver.begin(0, 1, 4096), Err(BadBytes::OtherPart));
}

//= R-FW-8 type=test
#[test]
fn a_flipped_bit_in_each_region_is_noticed_before_its_block_comes_out() {
    let (load, files) = two();
    for at in [0, 4095, 4096, 8191, 8192, 9999] {
        let mut receiver = Receiver::new(load.clone(), []);
        receiver.begin(0, 0, 0).unwrap();
        let mut wrong = files[0].clone();
        wrong[at] ^= 0x80;
        let offset = (at / 4096 * 4096) as u64;
        assert_eq!(
            give(&mut receiver, &wrong, 500),
            Err(BadBytes::Digest { offset })
        );
        assert_eq!(receiver.first_missing(0), Some(offset));
    }
    let mut receiver = Receiver::new(load, []);
    receiver.begin(0, 0, 0).unwrap();
    let longer = [files[0].as_slice(), b"x"].concat();
    assert_eq!(give(&mut receiver, &longer, 500), Err(BadBytes::TooLong));
}

proptest! {
    #[test]
    fn any_cut_and_any_pieces_give_each_block_once(cut in 0_usize..10_000, piece in 1_usize..9000) {
        let (load, files) = two();
        let mut receiver = Receiver::new(load, []);
        receiver.begin(0, 0, 0).unwrap();
        let mut numbers = give(&mut receiver, &files[0][..cut], piece).unwrap();
        let from = receiver.first_missing(0).unwrap_or(0);
        prop_assert!(from <= cut as u64);
        receiver.begin(0, from, from).unwrap();
        numbers.extend(give(&mut receiver, &files[0][from as usize..], piece).unwrap());
        prop_assert_eq!(numbers, vec![0, 1, 2]);
    }
}
