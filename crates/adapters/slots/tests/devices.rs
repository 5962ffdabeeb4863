//! Slots on block devices: those that `losetup` makes of files. Where nobody may make any, it is said, and nothing is tried.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_slots::{BootLoader, Places, Slots};
use onhook_testkit::contract::{self, FirmwareSlotsFixture, sample_load};
use onhook_upgrade::port::{FirmwareSlots, SlotError, SlotErrorKind};
use onhook_upgrade::{Held, Slot};
use tempfile::TempDir;

/// Bytes of a device where nothing else is said; no multiple of a block.
const SIZE: u64 = 1 << 20 | 512;

/// Says that nothing was tried. No package brings what is missing, so that this is no failure where nothing may be skipped.
fn not_tried(why: &str) {
    println!("not tried: {why}");
}

/// A block device made of a file; it ends with this.
struct Device(PathBuf);

impl Device {
    /// The bytes of a file from the first one on; `None` if this user or this kernel makes none.
    fn of(file: &Path, size: u64) -> Option<Self> {
        let mut command = Command::new("losetup");
        command
            .args(["--find", "--show", "--sizelimit"])
            .arg(size.to_string())
            .arg(file);
        let made = command.output();
        let made = made.ok().filter(|made| made.status.success());
        let name = made.and_then(|made| String::from_utf8(made.stdout).ok())?;
        Some(Self(name.trim().into()))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Whatever it says: there is nothing left to do.
        let _ = Command::new("losetup")
            .arg("--detach")
            .arg(&self.0)
            .status();
    }
}

/// Two devices.
struct Devices {
    root: TempDir,
    a: Device,
    b: Device,
}

impl Devices {
    /// `None` if there can be none here.
    fn new() -> Option<Self> {
        let root = TempDir::new().unwrap();
        let device = |name: &str| {
            let path = root.path().join(name);
            fs::write(&path, vec![0; 2 << 20]).unwrap();
            Device::of(&path, SIZE)
        };
        let Some((a, b)) = device("a").zip(device("b")) else {
            not_tried("losetup makes no block devices here: root is needed");
            return None;
        };
        Some(Self { root, a, b })
    }

    fn places(&self) -> Places {
        Places {
            folder: self.root.path().join("firmware"),
            a: self.a.0.clone(),
            b: self.b.0.clone(),
            capacity: None,
        }
    }

    fn device(&self, slot: Slot) -> &Path {
        match slot {
            Slot::A => &self.a.0,
            Slot::B => &self.b.0,
        }
    }

    fn open(&self) -> Slots {
        Slots::open(self.places(), None, None).unwrap()
    }
}

#[async_trait]
impl FirmwareSlotsFixture for Devices {
    async fn open(&mut self) -> Arc<dyn FirmwareSlots> {
        Arc::new(Self::open(self))
    }

    async fn boot(&mut self) -> Slot {
        let loader = BootLoader::open(self.places()).unwrap();
        loader.next().unwrap().slot
    }

    /// Without the zeros behind it, which are the rest of the device.
    fn content(&self, slot: Slot) -> Vec<u8> {
        let mut bytes = fs::read(self.device(slot)).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0);
        bytes.truncate(end.map_or(0, |last| last + 1));
        bytes
    }

    fn damage(&mut self, slot: Slot, at: usize) {
        let mut bytes = fs::read(self.device(slot)).unwrap();
        bytes[at] ^= 1;
        self.put(slot, &bytes);
    }

    fn put(&mut self, slot: Slot, bytes: &[u8]) {
        use std::io::Write as _;
        let mut device = fs::OpenOptions::new()
            .write(true)
            .open(self.device(slot))
            .unwrap();
        device.write_all(bytes).unwrap();
        device.sync_all().unwrap();
    }

    /// Another device of the same file; whole sectors.
    fn limit(&mut self, capacity: Option<u64>) {
        let size = capacity.unwrap_or(SIZE) / 512 * 512;
        let file = self.root.path().join("b");
        self.b = Device::of(&file, size).unwrap();
    }
}

#[tokio::test]
async fn slots_on_block_devices_pass_the_contract_suite() {
    if let Some(mut devices) = Devices::new() {
        contract::firmware_slots(&mut devices).await;
    }
}

fn why(error: &SlotError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", source.unwrap_or_default())
}

//= R-FW-8 type=test
#[tokio::test]
async fn a_device_keeps_its_size_and_what_lies_behind_a_load() {
    let Some(mut devices) = Devices::new() else {
        return;
    };
    devices.put(Slot::B, &vec![0xEE; usize::try_from(SIZE).unwrap()]);
    let slots = devices.open();
    let (load, files) = sample_load("odd", 1, [5000, 777]);
    let present = slots.begin(&load).await.unwrap();
    assert_eq!(present, [0_u32; 0]);
    for (number, bytes) in [
        (0, &files[0][..4096]),
        (1, &files[0][4096..]),
        (2, &files[1][..]),
    ] {
        slots.write(number, bytes.to_vec()).await.unwrap();
    }
    slots.finish().await.unwrap();
    // A hook may use it now.
    let mut alone = fs::OpenOptions::new();
    alone.write(true).custom_flags(nix::libc::O_EXCL);
    alone.open(devices.device(Slot::B)).unwrap();
    let there = fs::read(devices.device(Slot::B)).unwrap();
    assert_eq!(there.len() as u64, SIZE);
    assert!(there[..5000] == files[0] && there[8192..8192 + 777] == files[1]);
    assert!(there[8192 + 777..].iter().all(|byte| *byte == 0xEE));
    let record = slots.record().await.unwrap();
    assert!(matches!(record.held(Slot::B), Held::Whole(_)), "{record:?}");
}

//= R-FW-8 type=test
#[tokio::test]
async fn a_device_that_is_smaller_than_a_load_is_not_touched() {
    let Some(devices) = Devices::new() else {
        return;
    };
    let slots = devices.open();
    let (load, _) = sample_load("large", 1, [usize::try_from(SIZE).unwrap(), 1]);
    let error = slots.begin(&load).await.unwrap_err();
    assert_eq!(error.kind(), SlotErrorKind::NoRoom, "{error}");
    assert!(error.to_string().contains("1049088 bytes"), "{error}");
    let record = slots.record().await.unwrap();
    assert_eq!(record, onhook_upgrade::BootRecord::default());
}

#[tokio::test]
async fn one_device_by_two_names_is_not_two_slots() {
    let Some(devices) = Devices::new() else {
        return;
    };
    let link = devices.root.path().join("link");
    std::os::unix::fs::symlink(&devices.a.0, &link).unwrap();
    let places = Places {
        b: link,
        ..devices.places()
    };
    let error = Slots::open(places, None, None).err().unwrap();
    assert!(why(&error).contains("one file or device"), "{error}");
}

/// What runs may be mounted, and is read; what something else is mounted from is not written.
#[tokio::test]
async fn a_device_that_is_in_use_is_not_written() {
    let Some(devices) = Devices::new() else {
        return;
    };
    let point = devices.root.path().join("point");
    fs::create_dir(&point).unwrap();
    let ran = |command: &mut Command| {
        let ended = command.output();
        ended.is_ok_and(|ended| ended.status.success())
    };
    let made = ran(Command::new("mkfs.ext4").arg("-q").arg(&devices.b.0))
        && ran(Command::new("mount").arg(&devices.b.0).arg(&point));
    if !made {
        not_tried("nothing can be mounted here");
        return;
    }
    let before = fs::read(devices.device(Slot::B)).unwrap();
    let slots = devices.open();
    let (load, files) = sample_load("new", 1, [5000, 777]);
    slots.begin(&load).await.unwrap();
    let written = slots.write(0, files[0][..4096].to_vec()).await;
    let after = fs::read(devices.device(Slot::B)).unwrap();
    let unmounted = ran(Command::new("umount").arg(&point));
    let error = written.unwrap_err();
    assert!(error.to_string().contains("mounted"), "{error}");
    assert!(before == after && unmounted);
}

/// Nothing is made in its place, such as a file in memory.
#[tokio::test]
async fn a_device_that_is_not_there_is_an_error() {
    let root = TempDir::new().unwrap();
    let places = Places {
        folder: root.path().join("firmware"),
        a: root.path().join("a.img"),
        b: "/dev/onhook-no-such-device".into(),
        capacity: None,
    };
    let slots = Slots::open(places, None, None).unwrap();
    let (load, _) = sample_load("new", 1, [5000, 777]);
    let error = slots.begin(&load).await.unwrap_err();
    assert!(error.to_string().contains("firmware.slot_b"), "{error}");
    assert!(!Path::new("/dev/onhook-no-such-device").exists());
    // Neither is a device that cannot be written in place.
    let places = Places {
        folder: root.path().join("firmware"),
        a: root.path().join("a.img"),
        b: "/dev/null".into(),
        capacity: None,
    };
    let slots = Slots::open(places, None, None).unwrap();
    let error = slots.begin(&load).await.unwrap_err();
    assert!(why(&error).contains("neither"), "{error}");
}
