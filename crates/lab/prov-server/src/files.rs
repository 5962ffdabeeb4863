//! Files below the root.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use bytes::Bytes;

use crate::refusal::Note;

/// Bytes read at one time; a whole profile, as a rule.
pub(crate) const PIECE: usize = 64 << 10;

/// An open file and its length.
pub(crate) struct Found {
    pub(crate) file: File,
    pub(crate) len: u64,
}

/// Opens a regular file below a root, which must be canonical; symbolic links may not leave it.
pub(crate) fn find(root: &Path, below: &Path) -> Result<Found, Note> {
    let path = root
        .join(below)
        .canonicalize()
        .map_err(|error| note(&error))?;
    if !path.starts_with(root) {
        return Err(Note::OutsideRoot);
    }
    // Looked at before it is opened: opening a pipe would wait for its other end.
    let kind = path.metadata().map_err(|error| note(&error))?.file_type();
    if kind.is_dir() {
        return Err(Note::Directory);
    }
    if !kind.is_file() {
        return Err(Note::NotAFile);
    }
    let file = File::open(&path).map_err(|error| note(&error))?;
    // Of the opened file: another may have taken its place in between.
    let len = file.metadata().map_err(|error| note(&error))?.len();
    Ok(Found { file, len })
}

/// Reads the next piece of at most `len` bytes; less than a piece only at the end.
pub(crate) fn next_piece(file: &File, len: u64) -> io::Result<Bytes> {
    let wanted = usize::try_from(len).unwrap_or(PIECE).min(PIECE);
    let mut piece = Vec::with_capacity(wanted);
    file.take(wanted as u64).read_to_end(&mut piece)?;
    if piece.len() < wanted {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Bytes::from(piece))
}

fn note(error: &io::Error) -> Note {
    let kind = error.kind();
    if matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    ) {
        return Note::NoFile;
    }
    if kind == ErrorKind::PermissionDenied {
        return Note::Denied;
    }
    tracing::warn!(%error, "a file of the root cannot be read");
    Note::Unreadable
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("a.xml"), "inside").unwrap();
        std::fs::write(dir.path().join("secret"), "outside").unwrap();
        std::fs::create_dir(dir.path().join("root-2")).unwrap();
        std::fs::write(dir.path().join("root-2/secret"), "outside").unwrap();
        symlink("../a.xml", root.join("sub/inner")).unwrap();
        symlink("../secret", root.join("outer")).unwrap();
        symlink("../root-2/secret", root.join("sibling")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        dir
    }

    #[test]
    fn only_regular_files_below_the_root_are_found() {
        let dir = tree();
        let root = dir.path().join("root").canonicalize().unwrap();
        let look = |below: &str| find(&root, Path::new(below)).map(|found| found.len);
        assert_eq!(look("a.xml"), Ok(6));
        assert_eq!(look("sub/inner"), Ok(6));
        assert_eq!(look("outer"), Err(Note::OutsideRoot));
        assert_eq!(look("sibling"), Err(Note::OutsideRoot));
        assert_eq!(look("up/secret"), Err(Note::OutsideRoot));
        assert_eq!(look("dangling"), Err(Note::NoFile));
        assert_eq!(look("loop"), Err(Note::Unreadable));
        assert_eq!(look("missing"), Err(Note::NoFile));
        assert_eq!(look("a.xml/b"), Err(Note::NoFile));
        assert_eq!(look(&"n".repeat(5_000)), Err(Note::NoFile));
        assert_eq!(look("sub"), Err(Note::Directory));
        assert_eq!(look(""), Err(Note::Directory));
        let socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        assert_eq!(look("socket"), Err(Note::NotAFile));
        drop(socket);
    }

    #[test]
    fn a_file_that_is_shorter_than_it_was_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "12345").unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(next_piece(&file, 3).unwrap(), "123");
        assert_eq!(
            next_piece(&file, 3).unwrap_err().kind(),
            ErrorKind::UnexpectedEof
        );
    }
}
