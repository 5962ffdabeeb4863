//! SHA-256 of bytes that come in pieces.

use md5::Digest as _;

/// SHA-256 (FIPS 180-4), fed piece by piece.
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes added.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_no_difference() {
        let mut pieces = Sha256::default();
        for piece in ["", "a", "bc"] {
            pieces.update(piece.as_bytes());
        }
        let digest = pieces.finish();
        assert_eq!(digest, crate::sha256(b"abc"));
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf], "FIPS 180-4, example");
    }
}
