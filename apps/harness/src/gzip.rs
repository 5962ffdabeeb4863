//! Compressing and inflating files.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use onhook_profile::{DecodeError, Limits, gunzip};
use thiserror::Error;
use zeroize::Zeroizing;

/// What a phone accepts: larger content is refused by it too.
pub(crate) const INFLATED: usize = 32 << 20;

/// Why a gzip file cannot be inflated.
#[derive(Debug, Error)]
pub(crate) enum GzipError {
    /// It is damaged or cut.
    #[error(
        "the gzip content cannot be inflated: it is damaged or cut; the file was changed after it was compressed"
    )]
    Damaged(#[source] DecodeError),
    /// It is larger than the limit.
    #[error(
        "the gzip content inflates to more than {INFLATED} bytes, which no phone accepts; --keep-gzip leaves it as it is"
    )]
    TooLarge,
}

/// Compresses without a name and a time, so that the result depends on the content alone.
pub(crate) fn compress(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// Inflates all members; zero bytes may follow them.
pub(crate) fn inflate(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, GzipError> {
    let limits = Limits {
        inflated_bytes: INFLATED,
        ratio: usize::MAX,
        ..Limits::default()
    };
    gunzip(content, limits).map_err(|error| {
        if matches!(error, DecodeError::TooLarge { .. }) {
            GzipError::TooLarge
        } else {
            GzipError::Damaged(error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_inflates_again() {
        for content in [b"".as_slice(), b"<flat-profile/>", &[0; 100_000]] {
            assert_eq!(*inflate(&compress(content).unwrap()).unwrap(), content);
        }
    }

    #[test]
    fn members_follow_each_other_and_zeros_may_follow_the_last() {
        let mut file = compress(b"one").unwrap();
        file.extend(compress(b"two").unwrap());
        assert_eq!(*inflate(&file).unwrap(), b"onetwo");
        file.extend([0; 7]);
        assert_eq!(*inflate(&file).unwrap(), b"onetwo");
        file.extend(b"x");
        assert!(matches!(inflate(&file), Err(GzipError::Damaged(_))));
    }

    #[test]
    fn damage_and_bombs_are_told_apart() {
        let file = compress(b"content").unwrap();
        assert!(matches!(
            inflate(&file[..file.len() - 1]),
            Err(GzipError::Damaged(_))
        ));
        let bomb = compress(&vec![0; INFLATED + 1]).unwrap();
        assert!(matches!(inflate(&bomb), Err(GzipError::TooLarge)));
        let largest = compress(&vec![0; INFLATED]).unwrap();
        assert_eq!(inflate(&largest).unwrap().len(), INFLATED);
    }
}
