//! Files in one (POSIX.1-1988 `ustar`).

/// What a header or a part of a file fills up to, in bytes.
const BLOCK: usize = 512;

/// Files with these names, up to 99 bytes long, and texts, all changed at a time in Unix seconds.
pub(crate) fn tar(files: &[(&str, &str)], unix_s: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in files {
        out.extend_from_slice(&header(name, text.len(), unix_s));
        out.extend_from_slice(text.as_bytes());
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

fn header(name: &str, length: usize, unix_s: u64) -> Vec<u8> {
    const SUM: usize = 148;
    let mut header = Vec::with_capacity(BLOCK);
    let mut field = |text: &str, width: usize| {
        let end = header.len() + width;
        header.extend(text.bytes().take(width - 1));
        header.resize(end, 0);
    };
    field(name, 100);
    field("0000600", 8);
    field("0000000", 8);
    field("0000000", 8);
    field(&format!("{length:011o}"), 12);
    field(&format!("{unix_s:011o}"), 12);
    header.extend_from_slice(b"        0");
    header.resize(257, 0);
    header.extend_from_slice(b"ustar\x0000");
    header.resize(BLOCK, 0);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0");
    for (to, from) in header.iter_mut().skip(SUM).zip(sum.bytes()) {
        *to = from;
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_made_of_whole_blocks() {
        let archive = tar(&[("a.txt", "hello"), ("b", "")], 1_795_392_000);
        assert_eq!(archive.len(), BLOCK * (2 + 1 + 2));
        assert_eq!(&archive[257..265], b"ustar\x0000");
        assert_eq!(&archive[124..135], b"00000000005");
        assert_eq!(&archive[BLOCK..BLOCK + 5], b"hello");
        let sum = std::str::from_utf8(&archive[148..154]).unwrap();
        let sum = u32::from_str_radix(sum, 8).unwrap();
        let mut blank = archive[..BLOCK].to_vec();
        blank[148..156].fill(b' ');
        let real: u32 = blank.iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(sum, real);
    }
}
