//! The gzip layer.
//!
//! The frame is read here, as RFC 1952 has it. Each member is inflated in one go into a buffer of the announced
//! size, without the window copy that streaming needs.

use fdeflate::Decompressor;
use zeroize::Zeroizing;

use crate::decode::Limits;
use crate::error::{DecodeError, GzipFault};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The inflater is slower in its last bytes of room than it is before.
const SLACK: usize = 288;
/// What the inflater wants before the deflate stream: the header of RFC 1950, which gzip does not have.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];
/// Bytes of the checksum behind the deflate stream, in both formats.
const CHECKSUM: usize = 4;
/// How many bytes behind the checksum the inflater takes at most.
const READ_AHEAD: usize = 3;

mod flag {
    pub(super) const HCRC: u8 = 2;
    pub(super) const EXTRA: u8 = 4;
    pub(super) const NAME: u8 = 8;
    pub(super) const COMMENT: u8 = 16;
    pub(super) const RESERVED: u8 = 0xe0;
}

/// Inflates all members of a gzip file; zero bytes may follow them (R-GZ-2).
///
/// # Errors
/// The file is damaged, cut, or no gzip at all, or inflates to more than the limits allow.
pub fn gunzip(file: &[u8], limits: Limits) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    //= R-GZ-4
    let limit = limits
        .inflated_bytes
        .min(file.len().saturating_mul(limits.ratio));
    let mut out = Zeroizing::new(Vec::new());
    let mut rest = file;
    loop {
        rest = member(rest, &mut out, limit)?;
        //= R-GZ-2
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(out);
        }
        if !rest.starts_with(&MAGIC) {
            return Err(corrupt(GzipFault::Trailing));
        }
    }
}

const fn corrupt(fault: GzipFault) -> DecodeError {
    DecodeError::CorruptGzip { fault }
}

/// Appends the content of the first member; gives what is behind it.
fn member<'f>(
    file: &'f [u8],
    out: &mut Zeroizing<Vec<u8>>,
    limit: usize,
) -> Result<&'f [u8], DecodeError> {
    let deflated = header(file).map_err(corrupt)?;
    let before = out.len();
    let taken = inflate(deflated, out, limit)?;
    let content = out.get(before..).unwrap_or_default();
    let crc = crc32fast::hash(content);
    // The size is that of RFC 1952, modulo 2^32.
    trailer(deflated, taken, crc, content.len() as u32).map_err(corrupt)
}

/// Finds the trailer, checksum and size, and gives what is behind it.
///
/// `taken` is the end of the checksum, or up to [`READ_AHEAD`] bytes behind it.
fn trailer(deflated: &[u8], taken: usize, crc: u32, size: u32) -> Result<&[u8], GzipFault> {
    let mut fault = GzipFault::Checksum;
    for ahead in 0..=READ_AHEAD {
        let sum = taken
            .checked_sub(ahead + CHECKSUM)
            .and_then(|at| deflated.get(at..)?.split_first_chunk());
        //= R-GZ-2
        let Some((_, rest)) = sum.filter(|(sum, _)| **sum == crc.to_le_bytes()) else {
            continue;
        };
        fault = match rest.split_first_chunk() {
            Some((length, rest)) if *length == size.to_le_bytes() => return Ok(rest),
            Some(_) => GzipFault::Length,
            None => GzipFault::Truncated,
        };
    }
    Err(fault)
}

/// Gives what is behind the header.
fn header(file: &[u8]) -> Result<&[u8], GzipFault> {
    let Some(([_, _, method, flags, ..], mut rest)) = file.split_first_chunk::<10>() else {
        return Err(GzipFault::Truncated);
    };
    //= R-GZ-1
    if !file.starts_with(&MAGIC) || *method != 8 || flags & flag::RESERVED != 0 {
        return Err(GzipFault::Header);
    }
    //= R-GZ-2
    if flags & flag::EXTRA != 0 {
        let (len, extra) = rest.split_first_chunk().ok_or(GzipFault::Truncated)?;
        rest = extra
            .get(usize::from(u16::from_le_bytes(*len))..)
            .ok_or(GzipFault::Truncated)?;
    }
    for text in [flag::NAME, flag::COMMENT] {
        if flags & text != 0 {
            let end = rest
                .iter()
                .position(|byte| *byte == 0)
                .ok_or(GzipFault::Truncated)?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    if flags & flag::HCRC != 0 {
        let (crc, behind) = rest.split_first_chunk().ok_or(GzipFault::Truncated)?;
        let sum = crc32fast::hash(file.get(..file.len() - rest.len()).unwrap_or_default());
        // The header carries the lower half of the checksum.
        if sum as u16 != u16::from_le_bytes(*crc) {
            return Err(GzipFault::Checksum);
        }
        rest = behind;
    }
    Ok(rest)
}

/// Appends what a deflate stream inflates to; gives the number of bytes taken, among them the four bytes behind the
/// stream and up to [`READ_AHEAD`] more.
fn inflate(
    deflated: &[u8],
    out: &mut Zeroizing<Vec<u8>>,
    limit: usize,
) -> Result<usize, DecodeError> {
    let mut inflater = Decompressor::new();
    // The checksum of gzip is another one.
    inflater.ignore_adler32();
    inflater
        .read(&ZLIB_HEADER, &mut [], 0, false)
        .map_err(|_| corrupt(GzipFault::Deflate))?;
    let start = out.len();
    // One byte more than allowed shows that there is more.
    let most = limit.saturating_add(1);
    let mut room = announced(deflated).saturating_add(SLACK);
    let (mut taken, mut end) = (0, start);
    loop {
        resize(out, start.saturating_add(room).min(most));
        let rest = deflated.get(taken..).unwrap_or_default();
        // What was made before is what the stream refers to; each member begins with nothing.
        let window = out.get_mut(start..).unwrap_or_default();
        let (eaten, made) = inflater
            .read(rest, window, end - start, false)
            .map_err(|_| corrupt(GzipFault::Deflate))?;
        taken += eaten;
        end += made;
        if end > limit {
            return Err(DecodeError::TooLarge { limit });
        }
        if inflater.is_done() {
            out.truncate(end);
            return Ok(taken);
        }
        if end == out.len() {
            room = room.saturating_mul(4).max(1024);
        } else if eaten == 0 && made == 0 {
            return Err(corrupt(GzipFault::Truncated));
        }
    }
}

/// The size that the last four bytes announce, which is right for a file of one member.
fn announced(deflated: &[u8]) -> usize {
    match deflated.last_chunk() {
        Some(size) if *size != [0; 4] => u32::from_le_bytes(*size) as usize,
        _ => deflated.len().saturating_mul(4),
    }
}

/// Gives a buffer a length, with zeros behind what it holds; a buffer that is left is wiped.
fn resize(out: &mut Zeroizing<Vec<u8>>, length: usize) {
    if out.capacity() < length {
        let mut larger = Zeroizing::new(vec![0; length]);
        if let Some(kept) = larger.get_mut(..out.len()) {
            kept.copy_from_slice(out);
        }
        wipe(std::mem::replace(out, larger));
    } else {
        out.resize(length, 0);
    }
}

/// Wipes and frees a buffer, many times as fast as dropping it full.
pub(crate) fn wipe(mut bytes: Zeroizing<Vec<u8>>) {
    // Spare room is wiped in one stroke, elements one by one.
    bytes.clear();
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn limits() -> Limits {
        Limits {
            inflated_bytes: 1 << 20,
            ratio: 5000,
            ..Limits::default()
        }
    }

    fn compressed(content: &[u8], level: u32) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    }

    proptest! {
        #[test]
        //= R-GZ-2 type=test
        fn members_are_found_wherever_the_one_before_ends(
            members in prop::collection::vec((prop::collection::vec(0_u8..4, 0..40), 1_usize..80, 0_u32..10), 1..5),
            padding in 0_usize..6,
            bad in any::<prop::sample::Index>(),
        ) {
            let mut file = Vec::new();
            let mut whole = Vec::new();
            let mut ends = Vec::new();
            for (piece, times, level) in members {
                let content = piece.repeat(times);
                file.extend(compressed(&content, level));
                whole.extend(content);
                ends.push(file.len());
            }
            // No part of a member may be missing.
            let cut = bad.index(file.len());
            prop_assert_eq!(gunzip(&file[..cut], limits()).is_ok(), ends.contains(&cut));
            file.extend(vec![0; padding]);
            let inflated = gunzip(&file, limits()).unwrap();
            prop_assert_eq!(inflated.as_slice(), whole.as_slice());
        }
    }

    #[test]
    //= R-GZ-2 type=test
    fn a_wrong_trailer_is_told_apart() {
        let good = compressed(b"<flat-profile/>", 6);
        let fault = |file: &[u8]| match gunzip(file, limits()) {
            Err(DecodeError::CorruptGzip { fault }) => Some(fault),
            Ok(_) | Err(_) => None,
        };
        assert_eq!(fault(&good), None);
        for cut in 1..good.len() {
            assert_eq!(
                fault(&good[..cut.max(2)]),
                Some(GzipFault::Truncated),
                "{cut}"
            );
        }
        for (at, expected) in [
            (8, GzipFault::Checksum),
            (5, GzipFault::Checksum),
            (4, GzipFault::Length),
            (1, GzipFault::Length),
        ] {
            let mut bad = good.clone();
            let at = bad.len() - at;
            bad[at] ^= 1;
            assert_eq!(fault(&bad), Some(expected), "{at}");
        }
        let mut trailing = good;
        trailing.push(1);
        assert_eq!(fault(&trailing), Some(GzipFault::Trailing));
    }
}
