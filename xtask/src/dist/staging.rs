//! A folder of files that are going to be packed, with modes that do not depend on whoever runs this.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, GzBuilder};

/// A folder that is being filled.
pub(crate) struct Staging {
    folder: PathBuf,
}

impl Staging {
    /// Makes the folder, if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        set_mode(folder, 0o755)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file at a path below the folder, and the folders above it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn put(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        let file = self.folder.join(path);
        if let Some((above, _)) = path.rsplit_once('/') {
            self.put_folder(above, 0o755)?;
        }
        super::write(&file, content)?;
        set_mode(&file, mode)
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn put_folder(&mut self, path: &str, mode: u32) -> Result<()> {
        let mut at = self.folder.clone();
        for part in path.split('/') {
            at.push(part);
            if !at.is_dir() {
                fs::create_dir(&at).with_context(|| format!("making {}", at.display()))?;
                set_mode(&at, 0o755)?;
            }
        }
        set_mode(&at, mode)
    }

    /// Packs the folder as a compressed archive in which everything has one time, nobody's ids, and an order.
    ///
    /// # Errors
    /// tar fails, or the file cannot be written.
    pub(crate) fn pack(&self, name: &str, epoch: i64, file: &Path) -> Result<()> {
        let above = self.folder.parent().context("a folder without a name")?;
        let output = Command::new("tar")
            .args(["--create", "--format=gnu", "--sort=name", "--owner=0"])
            .args(["--group=0", "--numeric-owner", "--mode=u+rw,go+r-w"])
            .arg(format!("--mtime=@{epoch}"))
            .arg(name)
            .current_dir(above)
            .output()
            .context("starting tar")?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        super::write(file, &gzip(&output.stdout)?)
    }
}

/// Content as `gzip -9n` has it: without name and time.
///
/// # Errors
/// None that could be named: nothing is written outside memory.
pub(crate) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
    packed.write_all(content)?;
    Ok(packed.finish()?)
}

/// All files below a folder, by paths from there, sorted.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).with_context(|| format!("reading {}", at.display()))? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("setting the mode of {}", path.display()))
}
