//! From a request path to a path below the root.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::refusal::Note;

/// Decodes a request path once and gives the path below the root.
///
/// # Errors
/// The path could name something else than it seems to, or names a directory.
pub(crate) fn below_root(path: &str) -> Result<PathBuf, Note> {
    below(&percent_decoded(path.as_bytes()).ok_or(Note::BadEscape)?)
}

/// The path below the root that a name without escapes stands for.
///
/// # Errors
/// The name could stand for something else than it seems to, or for a directory.
pub(crate) fn below(name: &[u8]) -> Result<PathBuf, Note> {
    let mut below = PathBuf::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(Note::ParentInPath),
            part if part.contains(&0) => return Err(Note::NulInPath),
            // Some clients and servers take it for a slash, so what it means is open to dispute.
            part if part.contains(&b'\\') => return Err(Note::BackslashInPath),
            part => below.push(OsString::from_vec(part.to_vec())),
        }
    }
    let names_directory = matches!(name.rsplit(|byte| *byte == b'/').next(), Some(b"" | b"."));
    if names_directory {
        return Err(Note::Directory);
    }
    Ok(below)
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let ([high, low], behind) = rest.split_first_chunk()?;
        decoded.push(hex(*high)? << 4 | hex(*low)?);
        rest = behind;
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_decoded_once() {
        for (path, expected) in [
            ("/a.xml", "a.xml"),
            ("/dir/a%20b.xml", "dir/a b.xml"),
            ("//dir///a", "dir/a"),
            ("/./a/./b", "a/b"),
            ("/%2Fetc/passwd", "etc/passwd"),
            ("/%252e%252e/a", "%2e%2e/a"),
            ("/...", "..."),
            ("/..a", "..a"),
            ("/.hidden", ".hidden"),
            ("/a+b;c=d", "a+b;c=d"),
            ("/Zo%C3%AB", "Zo\u{eb}"),
        ] {
            assert_eq!(
                below_root(path).as_deref(),
                Ok(Path::new(expected)),
                "{path}"
            );
        }
    }

    #[test]
    fn a_path_that_could_leave_the_root_is_refused() {
        for (path, expected) in [
            ("/..", Note::ParentInPath),
            ("/../a", Note::ParentInPath),
            ("/a/../b", Note::ParentInPath),
            ("/%2e%2e/a", Note::ParentInPath),
            ("/.%2E/a", Note::ParentInPath),
            ("/a%2f..%2f..%2fb", Note::ParentInPath),
            ("/a%00.xml", Note::NulInPath),
            ("/..\\..\\a", Note::BackslashInPath),
            ("/..%5ca", Note::BackslashInPath),
            ("/a%", Note::BadEscape),
            ("/a%2", Note::BadEscape),
            ("/a%zz", Note::BadEscape),
            ("/%+1", Note::BadEscape),
            ("/", Note::Directory),
            ("", Note::Directory),
            ("/dir/", Note::Directory),
            ("/dir/.", Note::Directory),
            ("/a.xml%2f", Note::Directory),
        ] {
            assert_eq!(below_root(path), Err(expected), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_below_the_root(path in "[/.%25cCeEf0a\\\\]{0,24}") {
            if let Ok(below) = below_root(&path) {
                prop_assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
