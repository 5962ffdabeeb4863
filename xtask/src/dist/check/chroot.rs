//! A system in a folder, and programs that run in it.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// What there is of a path: kind, mode, owner, and content in short.
pub(crate) type Facts = BTreeMap<String, String>;

/// A process and network of its own, with nothing but loopback; all of it ends with the first program.
const ALONE: [&str; 6] = [
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--propagation=private",
];
/// Programs expect `/proc`, and the loopback interface up.
const ENTER: &str =
    "mount -t proc proc \"$0/proc\" && ip link set lo up && exec chroot \"$0\" \"$@\"";
/// What changes whatever is installed: logs, caches, the database of dpkg, and copies of the lists of users.
const PASSING: [&str; 14] = [
    "dev",
    "proc",
    "run",
    "sys",
    "tmp/packages",
    "var/cache",
    "var/log",
    "var/lib/dpkg",
    "etc/passwd-",
    "etc/shadow-",
    "etc/group-",
    "etc/gshadow-",
    "etc/subuid-",
    "etc/subgid-",
];

/// A system in a folder.
pub(crate) struct Chroot {
    root: PathBuf,
}

impl Chroot {
    /// Unpacks an archive in place of what is there.
    ///
    /// # Errors
    /// It cannot be unpacked.
    pub(crate) fn unpack(archive: &Path, root: &Path) -> Result<Self> {
        let system = Self {
            root: root.to_owned(),
        };
        if root.exists() {
            system.remove()?;
        }
        fs::create_dir_all(root).with_context(|| format!("making {}", root.display()))?;
        let status = Command::new("tar")
            .args(["--extract", "--numeric-owner", "--preserve-permissions"])
            .arg("--file")
            .arg(archive)
            .arg("--directory")
            .arg(root)
            .status()
            .context("starting tar")?;
        ensure!(
            status.success(),
            "{} could not be unpacked",
            archive.display()
        );
        Ok(system)
    }

    /// A path inside, as it is called outside.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Copies files into the system, and gives their paths there.
    ///
    /// # Errors
    /// One cannot be copied.
    pub(crate) fn bring(&self, files: &[PathBuf]) -> Result<Vec<String>> {
        let folder = self.path("tmp/packages");
        fs::create_dir_all(&folder)?;
        files
            .iter()
            .map(|file| {
                let name = file.file_name().context("a file without a name")?;
                fs::copy(file, folder.join(name))
                    .with_context(|| format!("copying {}", file.display()))?;
                Ok(format!("/tmp/packages/{}", name.to_string_lossy()))
            })
            .collect()
    }

    /// Runs a program inside, and gives what it prints.
    ///
    /// # Errors
    /// It cannot be started, or it fails; the message has what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> Result<String> {
        let output = Command::new("unshare")
            .args(ALONE)
            .args(["sh", "-c", ENTER])
            .arg(&self.root)
            .args(words)
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", "/root")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .context("starting unshare")?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{}: {}\n{out}{}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(out)
    }

    /// Everything in the system that should be the same before and after.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn facts(&self) -> Result<Facts> {
        let mut facts = Facts::new();
        let mut open = vec![self.root.clone()];
        while let Some(folder) = open.pop() {
            for entry in
                fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
            {
                let path = entry?.path();
                let name = path
                    .strip_prefix(&self.root)?
                    .to_string_lossy()
                    .into_owned();
                if PASSING.contains(&name.as_str()) {
                    continue;
                }
                facts.insert(name, fact(&path)?);
                if path.is_dir() && !path.is_symlink() {
                    open.push(path);
                }
            }
        }
        Ok(facts)
    }

    /// Removes the system from the disk; nothing is mounted in it while no program runs there.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub(crate) fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.root).with_context(|| format!("clearing {}", self.root.display()))
    }
}

fn fact(path: &Path) -> Result<String> {
    let meta = path.symlink_metadata()?;
    let content = if meta.is_symlink() {
        fs::read_link(path)?.display().to_string()
    } else if meta.is_file() {
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    } else {
        String::new()
    };
    Ok(
        format!("{:o} {}:{} {content}", meta.mode(), meta.uid(), meta.gid())
            .trim_end()
            .to_owned(),
    )
}
