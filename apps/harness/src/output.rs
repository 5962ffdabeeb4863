//! Where results go.

use std::ffi::OsStr;
use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use onhook_inspect::{Secrets, Style};
use serde::Serialize;

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Readers {
    /// Its owner: 0600.
    Owner,
    /// Everybody, as far as the umask allows: 0644.
    Everybody,
}

/// Writes a file as a whole or not at all, or to standard output for `-`.
///
/// A file gets its name once it is complete and on the disk. Pipes and devices are written directly.
pub(crate) fn write(to: &OsStr, content: &[u8], readers: Readers) -> anyhow::Result<()> {
    if to == "-" {
        return print_bytes(content);
    }
    let path = Path::new(to);
    let failed = || format!("cannot write {}", path.display());
    match path.metadata() {
        Ok(there) if there.is_dir() => bail!("cannot write {}: it is a directory", path.display()),
        Ok(there) if !there.is_file() => {
            let mut file = OpenOptions::new()
                .write(true)
                .open(path)
                .with_context(failed)?;
            file.write_all(content).with_context(failed)
        }
        // What a link points to is replaced, not the link.
        Ok(_) => replace(&path.canonicalize().with_context(failed)?, content, readers)
            .with_context(failed),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            replace(path, content, readers).with_context(failed)
        }
        Err(error) => Err(error).with_context(failed),
    }
}

/// Makes sure that [`write()`] has a place to write to, as far as that can be known before.
pub(crate) fn check(to: &OsStr) -> anyhow::Result<()> {
    let path = Path::new(to);
    let failed = || format!("cannot write {}", path.display());
    match path.metadata() {
        _ if to == "-" => Ok(()),
        Ok(there) if there.is_dir() => bail!("cannot write {}: it is a directory", path.display()),
        Ok(there) if !there.is_file() => Ok(()),
        Ok(_) => room(&path.canonicalize().with_context(failed)?).with_context(failed),
        Err(error) if error.kind() == ErrorKind::NotFound => room(path).with_context(failed),
        Err(error) => Err(error).with_context(failed),
    }
}

/// Tries to make a file beside another one.
fn room(path: &Path) -> std::io::Result<()> {
    tempfile::Builder::new()
        .prefix(".onhook-")
        .tempfile_in(folder(path))
        .map(drop)
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.into(),
        Some(_) | None => ".".into(),
    }
}

fn replace(path: &Path, content: &[u8], readers: Readers) -> anyhow::Result<()> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everybody => 0o644,
    };
    let mut file = tempfile::Builder::new()
        .prefix(".onhook-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// How texts on standard output look: colours for a terminal alone, and not if NO_COLOR forbids them.
pub(crate) fn style() -> Style {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !forbidden {
        Style::Coloured
    } else {
        Style::Plain
    }
}

/// Whether secrets are shown.
pub(crate) const fn secrets(shown: bool) -> Secrets {
    match shown {
        true => Secrets::Shown,
        false => Secrets::Masked,
    }
}

fn stdout(content: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(content).and_then(|()| out.flush())
}

/// Prints a text to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    match stdout(bytes) {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Prints one line to standard output; the error tells when nobody reads any more.
pub(crate) fn print_line(line: &str) -> std::io::Result<()> {
    stdout(format!("{line}\n").as_bytes())
}

/// Prints a document, indented.
pub(crate) fn document(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value).context("cannot write the document")?;
    text.push('\n');
    print(&text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_with_its_new_rights_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        write(path.as_os_str(), b"new", Readers::Owner).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
        write(path.as_os_str(), b"newer", Readers::Everybody).unwrap();
        assert_eq!(mode(&path) | 0o044, 0o644, "the umask may take rights away");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_target_of_a_link_is_replaced_and_not_the_link() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("out"), dir.path().join("link"));
        std::fs::write(&path, "old").unwrap();
        symlink("out", &link).unwrap();
        write(link.as_os_str(), b"new", Readers::Owner).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(link.is_symlink());
    }

    #[test]
    fn devices_are_written_to_and_stay_devices() {
        write(OsStr::new("/dev/null"), b"x", Readers::Owner).unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_owned(), dir.path().join("no/such/folder")] {
            assert!(check(path.as_os_str()).is_err());
            let error = write(path.as_os_str(), b"x", Readers::Owner).unwrap_err();
            assert!(
                format!("{error:#}").contains(&path.display().to_string()),
                "{error:#}"
            );
        }
    }
}
