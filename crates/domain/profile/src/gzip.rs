//! The gzip layer.
//!
//! The frame is read here: the readers of flate2 stop at trailing zero bytes with an error or take anything
//! behind the first member as the end. Each member is inflated in one go into a buffer of the announced
//! size, without the window copy that streaming needs.

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zeroize::Zeroizing;

use crate::decode::Limits;
use crate::error::{DecodeError, GzipFault};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The inflater is slower in its last bytes of room than it is before.
const SLACK: usize = 288;

mod flag {
    pub(super) const HCRC: u8 = 2;
    pub(super) const EXTRA: u8 = 4;
    pub(super) const NAME: u8 = 8;
    pub(super) const COMMENT: u8 = 16;
    pub(super) const RESERVED: u8 = 0xe0;
}

/// Inflates all members of a file that begins with the gzip magic.
pub(crate) fn gunzip(file: &[u8], limits: Limits) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
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
    let trailer = deflated.get(taken..).unwrap_or_default();
    let Some((crc, rest)) = trailer.split_first_chunk() else {
        return Err(corrupt(GzipFault::Truncated));
    };
    let Some((size, rest)) = rest.split_first_chunk() else {
        return Err(corrupt(GzipFault::Truncated));
    };
    let content = out.get(before..).unwrap_or_default();
    let mut sum = Crc::new();
    sum.update(content);
    //= R-GZ-2
    if sum.sum() != u32::from_le_bytes(*crc) {
        return Err(corrupt(GzipFault::Checksum));
    }
    // The size is that of RFC 1952, modulo 2^32.
    if content.len() as u32 != u32::from_le_bytes(*size) {
        return Err(corrupt(GzipFault::Length));
    }
    Ok(rest)
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
        let mut sum = Crc::new();
        sum.update(file.get(..file.len() - rest.len()).unwrap_or_default());
        // The header carries the lower half of the checksum.
        if sum.sum() as u16 != u16::from_le_bytes(*crc) {
            return Err(GzipFault::Checksum);
        }
        rest = behind;
    }
    Ok(rest)
}

/// Appends what a deflate stream inflates to; gives the number of bytes taken.
fn inflate(
    deflated: &[u8],
    out: &mut Zeroizing<Vec<u8>>,
    limit: usize,
) -> Result<usize, DecodeError> {
    let start = out.len();
    let left = limit - start;
    let mut room = announced(deflated).min(left);
    let mut inflater = Decompress::new(false);
    loop {
        reserve(out, room + SLACK);
        let offered = out.capacity() - start;
        let status = inflater
            .decompress_vec(deflated, out, FlushDecompress::Finish)
            .map_err(|_| corrupt(GzipFault::Deflate))?;
        let full = out.len() - start == offered;
        match status {
            Status::StreamEnd if out.len() <= limit => {
                return usize::try_from(inflater.total_in())
                    .map_err(|_| corrupt(GzipFault::Deflate));
            }
            Status::Ok | Status::BufError if !full => return Err(corrupt(GzipFault::Truncated)),
            Status::Ok | Status::BufError if room < left => {
                // Starting again keeps every attempt free of window copies.
                room = room.saturating_mul(4).clamp(1024, left.max(1024)).min(left);
                out.truncate(start);
                inflater.reset(false);
            }
            Status::Ok | Status::BufError | Status::StreamEnd => {
                return Err(DecodeError::TooLarge { limit });
            }
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

/// Makes room for `more` bytes; a buffer that is left is wiped.
fn reserve(out: &mut Zeroizing<Vec<u8>>, more: usize) {
    if out.capacity() - out.len() >= more {
        return;
    }
    let mut larger = Zeroizing::new(Vec::with_capacity(out.len() + more));
    larger.extend_from_slice(out);
    wipe(std::mem::replace(out, larger));
}

/// Wipes and frees a buffer, many times as fast as dropping it full.
pub(crate) fn wipe(mut bytes: Zeroizing<Vec<u8>>) {
    // Spare room is wiped in one stroke, elements one by one.
    bytes.clear();
}
