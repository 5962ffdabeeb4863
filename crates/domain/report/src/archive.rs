//! Files in one: what a phone hands out for somebody who looks for a problem.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

/// Writes files, by name and content, as a tape archive (POSIX.1-1988 `ustar`), all changed at a time in Unix seconds.
///
/// Names are relative paths of at most 100 bytes.
///
/// # Errors
/// A name is none, or what is written to refuses.
pub fn pack<W: Write>(files: &[(&str, &[u8])], unix_s: u64, into: W) -> io::Result<W> {
    let mut archive = Builder::new(into);
    for (name, content) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o600);
        header.set_mtime(unix_s);
        header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        archive.append_data(&mut header, name, *content)?;
    }
    archive.into_inner()
}

/// The same, compressed (RFC 1952), in memory that `limit` bounds.
///
/// # Errors
/// A name is none, or the archive is longer than `limit` bytes.
pub fn pack_gzip(files: &[(&str, &[u8])], unix_s: u64, limit: usize) -> io::Result<Vec<u8>> {
    let bounded = Bounded {
        bytes: Vec::new(),
        limit,
    };
    let encoder = GzEncoder::new(bounded, Compression::default());
    Ok(pack(files, unix_s, encoder)?.finish()?.bytes)
}

/// Takes so much and no more.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(piece.len()) > self.limit {
            return Err(io::Error::other(format!(
                "the archive is longer than {} bytes",
                self.limit
            )));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    const BLOCK: usize = 512;
    const FILES: [(&str, &[u8]); 2] = [("a.txt", b"hello"), ("b", b"")];

    #[test]
    fn an_archive_is_made_of_whole_blocks() {
        let archive = pack(&FILES, 1_795_392_000, Vec::new()).unwrap();
        assert_eq!(archive.len(), BLOCK * (2 + 1 + 2));
        assert_eq!(&archive[257..265], b"ustar\x0000");
        assert_eq!(&archive[124..135], b"00000000005");
        assert_eq!(&archive[BLOCK..BLOCK + 5], b"hello");
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let packed = pack_gzip(&FILES, 1_795_392_000, 1000).unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(&packed[..]));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 1_795_392_000);
            assert_eq!(entry.header().mode().unwrap(), 0o600);
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let name = entry.path().unwrap().display().to_string();
            found.push((name, text));
        }
        let expected = [("a.txt", "hello"), ("b", "")];
        assert_eq!(found, expected.map(|(n, t)| (n.to_owned(), t.to_owned())));
    }

    #[test]
    fn an_archive_has_a_largest_size_and_its_names_stay_inside() {
        let length = pack_gzip(&FILES, 0, 1000).unwrap().len();
        assert!(pack_gzip(&FILES, 0, length).is_ok());
        let error = pack_gzip(&FILES, 0, length - 1).unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
        assert!(pack(&[("../x", b"")], 0, Vec::new()).is_err());
    }
}
