//! The operations on files and devices that slots are made of.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::libc;
use onhook_upgrade::{MANIFEST_LIMIT, Slot};

/// Where the slots are.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of the boot record and the manifests.
    pub folder: PathBuf,
    /// Slot A: a file, which is made when it is first written, or a block device.
    pub a: PathBuf,
    /// Slot B.
    pub b: PathBuf,
    /// The most that a file may grow to, in bytes; a device has its own size.
    pub capacity: Option<u64>,
}

/// What slots need of a medium; tests put a failing one in its place.
pub(crate) trait Medium: Send + Sync + 'static {
    /// All bytes of a small file of the folder; `None` if there is none.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Creates a small file in the place of one of that name.
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes of a small file durable.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Gives a small file a new name, in the place of one of that name, at one blow.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes all changes of names durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// How much a slot can hold, in bytes; `None` if only its medium says.
    fn capacity(&self, slot: Slot) -> io::Result<Option<u64>>;

    /// Reads bytes of a slot; whether they are all there.
    fn read_at(&self, slot: Slot, at: u64, into: &mut [u8]) -> io::Result<bool>;

    /// Writes bytes of a slot.
    fn write_at(&self, slot: Slot, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes all bytes of a slot durable.
    fn sync_slot(&self, slot: Slot) -> io::Result<()>;
}

/// Files and devices of the operating system.
pub(crate) struct RealMedium {
    places: Places,
    /// What was read last, and what was written last, open.
    read: Open,
    written: Open,
}

/// A slot that is open.
type Open = Mutex<Option<(Slot, File)>>;

/// Whether two paths lead to one file or device, by whatever names.
fn is_one(a: &Path, b: &Path) -> io::Result<bool> {
    let look = |path| match fs::metadata(path) {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let id = |there: &fs::Metadata| match there.file_type().is_block_device() {
        true => (0, there.rdev()),
        false => (there.dev(), there.ino()),
    };
    Ok(match (look(a)?, look(b)?) {
        (Some(a), Some(b)) => {
            a.file_type().is_block_device() == b.file_type().is_block_device() && id(&a) == id(&b)
        }
        (None, None) => {
            let folder = |path: &Path| path.parent().map(fs::canonicalize).transpose();
            a.file_name() == b.file_name() && folder(a).ok() == folder(b).ok()
        }
        (Some(_), None) | (None, Some(_)) => false,
    })
}

impl RealMedium {
    /// Makes the folder, for the owner alone, where it is missing.
    pub(crate) fn open(places: Places) -> io::Result<Self> {
        if !places.folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&places.folder)?;
            sync_parent(&places.folder)?;
        }
        if is_one(&places.a, &places.b)? {
            let why = "both slots are one file or device: a load that runs would be written over";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Ok(Self {
            places,
            read: Mutex::default(),
            written: Mutex::default(),
        })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.places.folder.join(name)
    }

    fn path(&self, slot: Slot) -> &Path {
        match slot {
            Slot::A => &self.places.a,
            Slot::B => &self.places.b,
        }
    }

    /// Opens a slot to read it; the one that runs is never opened otherwise.
    fn open_to_read(&self, slot: Slot) -> io::Result<File> {
        File::open(self.path(slot))
    }

    /// Opens a slot to write it, which is made if it is a file that is not there.
    fn open_to_write(&self, slot: Slot) -> io::Result<File> {
        let path = self.path(slot);
        let kind = kind(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).truncate(false).mode(0o600);
        match kind {
            // One that something is mounted from is busy then.
            Kind::Device => options.custom_flags(libc::O_EXCL),
            Kind::File | Kind::Nothing => options.create(true),
        };
        let file = options.open(path)?;
        if kind == Kind::Nothing {
            sync_parent(path)?;
        }
        Ok(file)
    }
}

/// Does something with a slot that is open, or is opened now.
fn with<T>(
    open: &Open,
    slot: Slot,
    opened: impl FnOnce() -> io::Result<File>,
    work: impl FnOnce(&File) -> io::Result<T>,
) -> io::Result<T> {
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    match &*open {
        Some((held, file)) if *held == slot => work(file),
        Some(_) | None => {
            let file = opened()?;
            let done = work(&file);
            *open = Some((slot, file));
            done
        }
    }
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A file that is there.
    File,
    /// A block device.
    Device,
    /// A file that can be made.
    Nothing,
}

/// What a slot is.
fn kind(path: &Path) -> io::Result<Kind> {
    let there = match fs::metadata(path) {
        // A device that is not there yet is no reason to write a load into memory.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.starts_with("/dev") => {
            return Ok(Kind::Nothing);
        }
        other => other?.file_type(),
    };
    match (there.is_block_device(), there.is_file(), there.is_dir()) {
        (true, ..) => Ok(Kind::Device),
        (_, true, _) => Ok(Kind::File),
        (_, _, true) => Err(io::ErrorKind::IsADirectory.into()),
        // Flash without a block layer has to be erased first.
        (false, false, false) => {
            let why = "a slot is a file or a block device, and this is neither";
            Err(io::Error::new(io::ErrorKind::InvalidInput, why))
        }
    }
}

impl Medium for RealMedium {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.at(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut bytes = Vec::new();
        file.take(MANIFEST_LIMIT + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.at(name))?;
        file.write_all(bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        File::open(self.at(name))?.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.places.folder)?.sync_all()
    }

    fn capacity(&self, slot: Slot) -> io::Result<Option<u64>> {
        match kind(self.path(slot))? {
            Kind::Device => self.open_to_read(slot)?.seek(SeekFrom::End(0)).map(Some),
            Kind::File | Kind::Nothing => Ok(self.places.capacity),
        }
    }

    fn read_at(&self, slot: Slot, at: u64, into: &mut [u8]) -> io::Result<bool> {
        if kind(self.path(slot))? == Kind::Nothing {
            return Ok(false);
        }
        let opened = || self.open_to_read(slot);
        with(&self.read, slot, opened, |file| {
            match file.read_exact_at(into, at) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    fn write_at(&self, slot: Slot, at: u64, bytes: &[u8]) -> io::Result<()> {
        let opened = || self.open_to_write(slot);
        with(&self.written, slot, opened, |file| {
            file.write_all_at(bytes, at)
        })
    }

    fn sync_slot(&self, slot: Slot) -> io::Result<()> {
        let opened = || self.open_to_write(slot);
        with(&self.written, slot, opened, File::sync_all)?;
        // From now on others may use the device, such as a hook that mounts it.
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

/// Makes the name of a file durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    File::open(parent)?.sync_all()
}
