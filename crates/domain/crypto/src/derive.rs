//! Keys out of passphrases.

use md5::Digest as _;
use zeroize::{Zeroize, Zeroizing};

/// The digest that turns a passphrase into a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Digest {
    /// The default of `openssl enc` up to 1.0.
    Md5,
    /// The default of `openssl enc` since 1.1.
    Sha256,
}

impl Digest {
    /// The name that `openssl enc -md` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }
}

/// An AES-256 key and its initialisation vector, wiped on drop.
pub struct KeyIv {
    /// 32 octets of key.
    pub key: Zeroizing<[u8; 32]>,
    /// 16 octets of initialisation vector.
    pub iv: Zeroizing<[u8; 16]>,
}

impl std::fmt::Debug for KeyIv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyIv(***)")
    }
}

/// Derives key and vector as `EVP_BytesToKey` does with one round (R-CBC-3).
///
/// The passphrase is taken as it is: hex digits are text (R-CBC-2).
#[must_use]
pub fn evp_bytes_to_key(passphrase: &[u8], salt: &[u8; 8], digest: Digest) -> KeyIv {
    let mut stream = Zeroizing::new([0_u8; 64]);
    match digest {
        Digest::Md5 => fill::<md5::Md5>(passphrase, salt, stream.as_mut_slice()),
        Digest::Sha256 => fill::<sha2::Sha256>(passphrase, salt, stream.as_mut_slice()),
    }
    let mut derived = KeyIv {
        key: Zeroizing::new([0; 32]),
        iv: Zeroizing::new([0; 16]),
    };
    let wanted = derived.key.iter_mut().chain(derived.iv.iter_mut());
    for (to, from) in wanted.zip(stream.iter()) {
        *to = *from;
    }
    derived
}

/// Writes D1 D2 D3 ... into `out`, whose length is a multiple of the digest's.
fn fill<D: md5::Digest>(passphrase: &[u8], salt: &[u8; 8], out: &mut [u8]) {
    let mut block = md5::digest::Output::<D>::default();
    let mut chained: &[u8] = &[];
    for part in out.chunks_mut(block.len()) {
        //= R-CBC-3
        let mut hash = D::new();
        hash.update(chained);
        //= R-CBC-2
        hash.update(passphrase);
        hash.update(salt);
        hash.finalize_into(&mut block);
        for (to, from) in part.iter_mut().zip(&block) {
            *to = *from;
        }
        chained = part;
    }
    block.as_mut_slice().zeroize();
}

/// The SHA-256 of some bytes, by which files are told apart.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_key() {
        let derived = evp_bytes_to_key(b"canary", &[0; 8], Digest::Md5);
        assert_eq!(format!("{derived:?}"), "KeyIv(***)");
    }

    #[test]
    fn a_file_is_named_by_its_sha_256() {
        assert_eq!(
            sha256(b"abc")[..4],
            [0xba, 0x78, 0x16, 0xbf],
            "FIPS 180-4, example B.1"
        );
    }
}
