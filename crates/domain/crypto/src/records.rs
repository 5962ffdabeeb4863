//! The `aes128gcm` content coding: RFC 8188.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, KeyInit, Tag};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// Octets of salt at the beginning of a body.
pub const RECORDS_SALT: usize = 16;
/// The least record size: one octet of data beside [`OVERHEAD`].
const LEAST_RECORD: u32 = 18;
const TAG: usize = 16;
/// Octets of a record that are no data: the delimiter and the tag.
const OVERHEAD: usize = TAG + 1;
/// The delimiters of a record that others follow, and of the last one.
const MORE: u8 = 1;
const LAST: u8 = 2;

/// Why a body could not be decrypted (R-GCM-4); says nothing of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RecordsError {
    /// The header, or the last record, is missing.
    #[error(
        "the encrypted body is cut short: record {record} is missing or too short; check that it was transferred whole"
    )]
    Truncated {
        /// Number of the record, counted from 1; 0 for the header.
        record: u64,
    },
    /// A record size below 18.
    #[error(
        "the header of the encrypted body gives a record size of {size}, and 18 is the least: make the file again"
    )]
    RecordSize {
        /// The size in the header.
        size: u32,
    },
    /// A tag does not fit: another key, another order, or damage.
    #[error(
        "record {record} of the encrypted body does not fit the keying material: check that IKM_HTTP_Encrypt_Content \
         is what the file was made with, and that nothing on the way changes the file"
    )]
    Tag {
        /// Number of the record, counted from 1.
        record: u64,
    },
    /// A record ends with another delimiter than its place asks for.
    #[error(
        "record {record} of the encrypted body ends with the wrong delimiter: make the file again"
    )]
    Delimiter {
        /// Number of the record, counted from 1.
        record: u64,
    },
}

/// A record size below 18, which leaves no room for data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a record has at least {LEAST_RECORD} octets")]
pub struct SmallRecord;

/// What a body held.
pub struct Unsealed {
    /// The content; may hold secrets, so wipe it.
    pub plaintext: Vec<u8>,
    /// The record size in its header.
    pub record_size: u32,
    /// How many records it had.
    pub records: u64,
    /// The key id in its header.
    pub key_id: Vec<u8>,
}

/// Decrypts a body in its own buffer.
///
/// `keying` is what [`keying_material`] gives. Nothing of the content comes out before all
/// records are verified (R-GCM-7); on an error the buffer is wiped.
///
/// # Errors
/// A header or record that RFC 8188 forbids, or a tag that does not fit.
pub fn unseal(body: Vec<u8>, keying: &[u8]) -> Result<Unsealed, RecordsError> {
    let mut body = Zeroizing::new(body);
    let cut = RecordsError::Truncated { record: 0 };
    //= R-GCM-3
    let (salt, rest) = body.split_first_chunk::<RECORDS_SALT>().ok_or(cut)?;
    let (size, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
    let size = u32::from_be_bytes(*size);
    let (id_len, rest) = rest.split_first().ok_or(cut)?;
    //= R-GCM-5
    let (key_id, _) = rest.split_at_checked(usize::from(*id_len)).ok_or(cut)?;
    let key_id = key_id.to_vec();
    //= R-GCM-4
    if size < LEAST_RECORD {
        return Err(RecordsError::RecordSize { size });
    }
    let sealer = Sealer::new(keying, salt);
    let mut from = RECORDS_SALT + 5 + key_id.len();
    let mut plain = 0;
    let mut sequence = 0;
    loop {
        let left = body.len().saturating_sub(from);
        let len = left.min(size as usize);
        let is_last = len == left;
        let record = body.get_mut(from..from + len).unwrap_or_default();
        let data = sealer.open(record, sequence, is_last)?;
        body.copy_within(from..from + data, plain);
        plain += data;
        from += len;
        sequence += 1;
        if is_last {
            break;
        }
    }
    //= R-GCM-7
    let mut plaintext = std::mem::take(&mut *body);
    if let Some((_, behind)) = plaintext.split_at_mut_checked(plain) {
        behind.zeroize();
    }
    plaintext.truncate(plain);
    Ok(Unsealed {
        plaintext,
        record_size: size,
        records: sequence,
        key_id,
    })
}

/// Encrypts content with an empty key id.
///
/// Pass a fresh random salt for every body.
///
/// # Errors
/// The record size is below 18.
pub fn seal(
    plaintext: &[u8],
    keying: &[u8],
    salt: &[u8; RECORDS_SALT],
    record_size: u32,
) -> Result<Vec<u8>, SmallRecord> {
    if record_size < LEAST_RECORD {
        return Err(SmallRecord);
    }
    let sealer = Sealer::new(keying, salt);
    let room = record_size as usize - OVERHEAD;
    let records = plaintext.len().div_ceil(room).max(1);
    // All is reserved at once: a buffer that grows leaves a copy of the content behind.
    let mut body =
        Vec::with_capacity(RECORDS_SALT + 5 + plaintext.len() + records.saturating_mul(OVERHEAD));
    body.extend_from_slice(salt);
    body.extend_from_slice(&record_size.to_be_bytes());
    body.push(0);
    let mut rest = plaintext;
    for sequence in 0.. {
        let (data, behind) = rest.split_at(room.min(rest.len()));
        rest = behind;
        let from = body.len();
        body.extend_from_slice(data);
        body.push(if rest.is_empty() { LAST } else { MORE });
        let tag = sealer.close(body.get_mut(from..).unwrap_or_default(), sequence);
        body.extend_from_slice(&tag);
        if rest.is_empty() {
            break;
        }
    }
    Ok(body)
}

/// The octets that the text of IKM_HTTP_Encrypt_Content stands for: those that unpadded base64url or base64 means if they
/// are at least 16, else its own (D-CRY-2).
#[must_use]
pub fn keying_material(text: &[u8]) -> Zeroizing<Vec<u8>> {
    //= D-CRY-2
    match base64(text) {
        Some(octets) if octets.len() >= 16 => octets,
        Some(_) | None => Zeroizing::new(text.to_vec()),
    }
}

/// Decodes base64url or base64; `None` for anything else.
fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Most decoders take text without padding, and bits behind the last octet, so that what a server means is meant here.
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [&alphabet::URL_SAFE, &alphabet::STANDARD]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok())
        .map(Zeroizing::new)
}

/// The cipher of one body.
struct Sealer {
    cipher: Aes128Gcm,
    nonce: Zeroizing<[u8; 12]>,
}

impl Sealer {
    fn new(keying: &[u8], salt: &[u8; RECORDS_SALT]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(salt), keying);
        let mut key = Zeroizing::new([0; 16]);
        let mut nonce = Zeroizing::new([0; 12]);
        // HKDF gives up to 8,160 octets, so these cannot fail.
        let _ = hkdf.expand(b"Content-Encoding: aes128gcm\0", key.as_mut_slice());
        let _ = hkdf.expand(b"Content-Encoding: nonce\0", nonce.as_mut_slice());
        Self {
            cipher: Aes128Gcm::new(&(*key).into()),
            nonce,
        }
    }

    fn nonce(&self, sequence: u64) -> [u8; 12] {
        let mut nonce = *self.nonce;
        for (octet, mask) in nonce.iter_mut().rev().zip(sequence.to_le_bytes()) {
            *octet ^= mask;
        }
        nonce
    }

    /// Decrypts a record in place; the length of its data.
    fn open(&self, record: &mut [u8], sequence: u64, is_last: bool) -> Result<usize, RecordsError> {
        let number = sequence + 1;
        let cut = RecordsError::Truncated { record: number };
        if record.len() < OVERHEAD {
            return Err(cut);
        }
        let (sealed, tag) = record.split_last_chunk_mut::<TAG>().ok_or(cut)?;
        self.cipher
            .decrypt_inout_detached(
                &self.nonce(sequence).into(),
                &[],
                (&mut *sealed).into(),
                &Tag::from(*tag),
            )
            .map_err(|_| RecordsError::Tag { record: number })?;
        let wrong = RecordsError::Delimiter { record: number };
        let data = sealed.iter().rposition(|octet| *octet != 0).ok_or(wrong)?;
        match (sealed.get(data).copied(), is_last) {
            (Some(LAST), true) | (Some(MORE), false) => Ok(data),
            (Some(MORE), true) => Err(RecordsError::Truncated { record: number + 1 }),
            (Some(_) | None, _) => Err(wrong),
        }
    }

    /// Encrypts a record in place and gives its tag.
    fn close(&self, record: &mut [u8], sequence: u64) -> [u8; TAG] {
        let sealed =
            self.cipher
                .encrypt_inout_detached(&self.nonce(sequence).into(), &[], record.into());
        // Only records of 64 GiB are refused, and a record size has 32 bits.
        sealed.map_or([0; TAG], Into::into)
    }
}

#[cfg(test)]
#[path = "records/tests.rs"]
mod tests;
