//! The `Salted__` container.

use aes::Aes256;
use cbc::cipher::{Block, BlockCipherDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::derive::{Digest, KeyIv, evp_bytes_to_key};
use crate::look::{Look, first_look};

const MAGIC: &[u8; 8] = b"Salted__";
const HEADER: usize = 16;
const BLOCK: usize = 16;
/// Bytes that are decrypted at a time, a multiple of a block.
const PIECE: usize = 4 << 10;

/// Why a container could not be decrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecryptError {
    /// The file is no container.
    #[error(
        "the rule has --key but the file is not encrypted (it does not begin with `Salted__`): \
         encrypt it with `openssl enc -aes-256-cbc`, or take --key out of the rule"
    )]
    NotSalted,
    /// Salt or blocks are missing.
    #[error(
        "the encrypted file is cut or was changed on the way: {blocks_len} bytes follow its header, \
         not a positive multiple of 16"
    )]
    Length {
        /// Bytes after the 16 bytes of the header.
        blocks_len: usize,
    },
    /// The padding is wrong: another key, another scheme, or damage.
    #[error(
        "the file cannot be decrypted with the key of the rule: check that both belong together and that \
         the file was made with `openssl enc -aes-256-cbc -md md5` or `-md sha256`, without -pbkdf2, -a or -nosalt"
    )]
    Padding,
}

/// A decrypted file and how its key was derived.
pub struct Opened {
    /// The content; may hold secrets, so wipe it.
    pub plaintext: Vec<u8>,
    /// The digest that fitted.
    pub digest: Digest,
}

/// Whether a file begins as a container does (R-CBC-1).
#[must_use]
pub fn is_salted(file: &[u8]) -> bool {
    //= R-CBC-1
    file.starts_with(MAGIC)
}

/// Decrypts a container whose digest is not known: MD5 first, then SHA-256 (D-CRY-1).
///
/// A digest is judged by the last block (padding) and the first (R-CBC-7) before the rest is
/// decrypted. If no digest gives a plausible content, the least implausible is taken and the
/// caller sees from the content what is wrong.
///
/// # Errors
/// No container, cut, or decrypts under neither digest.
pub fn open(file: Vec<u8>, passphrase: &[u8]) -> Result<Opened, DecryptError> {
    let layout = Layout::of(&file)?;
    let mut best: Option<(Fit, Digest, Opener, usize)> = None;
    //= D-CRY-1
    //= R-CBC-4
    for digest in [Digest::Md5, Digest::Sha256] {
        let opener = Opener::new(&evp_bytes_to_key(passphrase, &layout.salt, digest));
        let Some(len) = opener.plain_len(&layout) else {
            continue;
        };
        let fit = opener.fit(&layout, len);
        if best.as_ref().is_none_or(|(old, ..)| fit > *old) {
            best = Some((fit, digest, opener, len));
        }
        if fit == Fit::Sure {
            break;
        }
    }
    //= R-CBC-8
    let Some((_, digest, opener, len)) = best else {
        return Err(DecryptError::Padding);
    };
    Ok(Opened {
        plaintext: opener.decrypt(file, len),
        digest,
    })
}

/// Decrypts a container in its own buffer; the content may be anything.
///
/// # Errors
/// No container, cut, or wrong padding.
pub fn decrypt(file: Vec<u8>, passphrase: &[u8], digest: Digest) -> Result<Vec<u8>, DecryptError> {
    let layout = Layout::of(&file)?;
    let opener = Opener::new(&evp_bytes_to_key(passphrase, &layout.salt, digest));
    let len = opener.plain_len(&layout).ok_or(DecryptError::Padding)?;
    Ok(opener.decrypt(file, len))
}

/// Encrypts content the way `openssl enc -aes-256-cbc -md DIGEST -k PASSPHRASE` does.
///
/// Pass a fresh random salt for every file.
#[must_use]
pub fn encrypt(plaintext: &[u8], passphrase: &[u8], digest: Digest, salt: [u8; 8]) -> Vec<u8> {
    let derived = evp_bytes_to_key(passphrase, &salt, digest);
    //= R-CBC-5
    let pad = BLOCK - plaintext.len() % BLOCK;
    // All is reserved at once: a buffer that grows leaves a copy of the content behind.
    let mut file = Vec::with_capacity(HEADER + plaintext.len() + pad);
    //= R-CBC-1
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&salt);
    file.extend_from_slice(plaintext);
    file.resize(file.len() + pad, u8::try_from(pad).unwrap_or(0));
    if let Some((_, body)) = file.split_at_mut_checked(HEADER) {
        let mut cipher =
            cbc::Encryptor::<Aes256>::new(&(*derived.key).into(), &(*derived.iv).into());
        let (blocks, _) = Block::<Aes256>::slice_as_chunks_mut(body);
        cipher.encrypt_blocks(blocks);
    }
    file
}

/// The parts of a container.
struct Layout<'f> {
    salt: [u8; 8],
    blocks: &'f [Block<Aes256>],
}

impl<'f> Layout<'f> {
    fn of(file: &'f [u8]) -> Result<Self, DecryptError> {
        //= D-CRY-4
        let Some(rest) = file.strip_prefix(MAGIC) else {
            return Err(DecryptError::NotSalted);
        };
        let Some((salt, body)) = rest.split_first_chunk() else {
            return Err(DecryptError::Length { blocks_len: 0 });
        };
        //= R-CBC-1
        let (blocks, tail) = Block::<Aes256>::slice_as_chunks(body);
        if blocks.is_empty() || !tail.is_empty() {
            return Err(DecryptError::Length {
                blocks_len: body.len(),
            });
        }
        Ok(Self {
            salt: *salt,
            blocks,
        })
    }
}

/// How well a decrypted file looks, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The padding is right, which happens by chance once in 256 times.
    PaddingOnly,
    /// Text, though no profile.
    Text,
    /// It begins as XML does, which chance does once in 65,536 times with padding and all.
    Plausible,
    /// Gzip, or XML whose first bytes are text.
    Sure,
}

/// So many bytes have to be text: by chance they hardly ever are.
const TEXT: usize = 48;

/// Whether it begins with text; a character may be cut off at the end of what is looked at.
fn is_text(begin: &[u8]) -> bool {
    let good = match std::str::from_utf8(begin) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    good && !begin
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

/// The cipher of one derived key.
struct Opener {
    cipher: Aes256,
    iv: Zeroizing<Block<Aes256>>,
}

impl Opener {
    fn new(derived: &KeyIv) -> Self {
        Self {
            cipher: Aes256::new(&(*derived.key).into()),
            iv: Zeroizing::new((*derived.iv).into()),
        }
    }

    /// One block of content; CBC needs only the block before it.
    fn block(&self, before: &Block<Aes256>, block: &Block<Aes256>) -> Zeroizing<Block<Aes256>> {
        let mut plain = Zeroizing::new(*block);
        self.cipher.decrypt_block(&mut plain);
        for (byte, mask) in plain.iter_mut().zip(before) {
            *byte ^= mask;
        }
        plain
    }

    /// Length of the content without its padding; `None` if the padding is wrong.
    fn plain_len(&self, layout: &Layout<'_>) -> Option<usize> {
        let (last, before) = layout.blocks.split_last()?;
        let plain = self.block(before.last().unwrap_or(&self.iv), last);
        let pad = padding(plain.as_slice())?;
        Some(layout.blocks.len() * BLOCK - pad)
    }

    fn fit(&self, layout: &Layout<'_>, len: usize) -> Fit {
        let plain = || Plaintext {
            opener: self,
            before: &self.iv,
            blocks: layout.blocks.iter(),
            current: Zeroizing::new(Block::<Aes256>::default()),
            at: BLOCK,
        };
        //= R-CBC-6
        match first_look(plain().take(len)) {
            Look::Gzip => Fit::Sure,
            Look::Xml => {
                let mut begin = Zeroizing::new([0; TEXT]);
                let places = begin.iter_mut().zip(plain().take(len));
                let looked_at = places.map(|(place, byte)| *place = byte).count();
                match is_text(begin.get(..looked_at).unwrap_or_default()) {
                    true => Fit::Sure,
                    false => Fit::Plausible,
                }
            }
            Look::Blank | Look::Utf16 => Fit::Text,
            Look::Other => Fit::PaddingOnly,
        }
    }

    /// Decrypts in place, with the content at the front, and wipes what is behind it.
    ///
    /// The content of a block belongs exactly where the block before it stands, which is what it has to be mixed with; the
    /// vector stands in for the header.
    fn decrypt(self, mut file: Vec<u8>, len: usize) -> Vec<u8> {
        if let Some(header) = file.first_chunk_mut() {
            *header = (*self.iv).into();
        }
        let mut piece = Zeroizing::new([Block::<Aes256>::default(); PIECE / BLOCK]);
        let mut from = HEADER;
        while from < file.len() {
            let end = file.len().min(from + PIECE);
            let (blocks, _) =
                Block::<Aes256>::slice_as_chunks(file.get(from..end).unwrap_or_default());
            let piece = piece.get_mut(..blocks.len()).unwrap_or_default();
            piece.copy_from_slice(blocks);
            self.cipher.decrypt_blocks(piece);
            let before = file.get_mut(from - BLOCK..end - BLOCK).unwrap_or_default();
            let plain = Block::<Aes256>::slice_as_flattened(piece);
            for (byte, mask) in before.iter_mut().zip(plain) {
                *byte ^= mask;
            }
            from = end;
        }
        if let Some((_, tail)) = file.split_at_mut_checked(len) {
            tail.zeroize();
        }
        file.truncate(len);
        file
    }
}

/// The content byte by byte, decrypted as it is asked for.
struct Plaintext<'l> {
    opener: &'l Opener,
    before: &'l Block<Aes256>,
    blocks: std::slice::Iter<'l, Block<Aes256>>,
    current: Zeroizing<Block<Aes256>>,
    at: usize,
}

impl Iterator for Plaintext<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.at == BLOCK {
            let block = self.blocks.next()?;
            self.current = self.opener.block(self.before, block);
            self.before = block;
            self.at = 0;
        }
        let byte = self.current.get(self.at).copied();
        self.at += 1;
        byte
    }
}

/// The number of padding octets in the last block, 1..=16; `None` if they are not all equal to it.
///
/// Takes the same time for every content, so that a server cannot learn it by trying.
fn padding(last: &[u8]) -> Option<usize> {
    let pad = *last.last()?;
    //= R-CBC-5
    let mut wrong = u32::from(pad).wrapping_sub(1) & !15;
    for (distance, byte) in (0_u32..).zip(last.iter().rev()) {
        // All ones where the octet is inside the padding, that is, where distance < pad.
        let inside = (distance.wrapping_sub(u32::from(pad)) >> 31).wrapping_neg();
        wrong |= inside & u32::from(byte ^ pad);
    }
    if wrong == 0 {
        Some(usize::from(pad))
    } else {
        None
    }
}

#[cfg(test)]
#[path = "container/tests.rs"]
mod tests;
