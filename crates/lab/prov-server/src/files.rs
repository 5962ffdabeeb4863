//! Files below the root.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;

use crate::refusal::Note;
use crate::target::below;

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

/// The files of a running server, for those who change them meanwhile.
#[derive(Clone, Debug)]
pub struct Files {
    /// Canonical.
    root: PathBuf,
}

/// Why a file was not changed.
#[derive(Debug, Error)]
pub enum FileError {
    /// The name leads nowhere below the root.
    #[error("`{name}` is no file below the root: {why}")]
    Name {
        /// The name as given.
        name: String,
        /// Why.
        why: Note,
    },
    /// The file cannot be written or removed.
    #[error("cannot change {}", path.display())]
    Change {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl Files {
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Puts a file below the root in one step: a client gets the old content or the new one. Folders are made.
    ///
    /// # Errors
    /// The name is bad, or the file cannot be written.
    pub fn put(&self, name: &str, content: &[u8]) -> Result<(), FileError> {
        let path = self.path(name)?;
        let folder = path.parent().unwrap_or(&self.root);
        // Beside the file, so that it can take its place; the name is none that a rule would ask for.
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(format!(".{}.part", std::process::id()));
        let written = fs::create_dir_all(folder).and_then(|()| {
            let mut file = File::create(&unfinished)?;
            file.write_all(content)?;
            fs::rename(&unfinished, &path)
        });
        written.map_err(|source| FileError::Change { path, source })
    }

    /// Removes a file below the root; one that is not there is no error.
    ///
    /// # Errors
    /// The name is bad, or the file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), FileError> {
        let path = self.path(name)?;
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(FileError::Change { path, source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, FileError> {
        let below = below(name.as_bytes()).map_err(|why| FileError::Name {
            name: name.to_owned(),
            why,
        })?;
        Ok(self.root.join(below))
    }
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
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("a.xml"), "inside").unwrap();
        fs::write(dir.path().join("secret"), "outside").unwrap();
        fs::create_dir(dir.path().join("root-2")).unwrap();
        fs::write(dir.path().join("root-2/secret"), "outside").unwrap();
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
        fs::write(&path, "12345").unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(next_piece(&file, 3).unwrap(), "123");
        assert_eq!(
            next_piece(&file, 3).unwrap_err().kind(),
            ErrorKind::UnexpectedEof
        );
    }
}
