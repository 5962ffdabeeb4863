//! Slots in files pass the contract suite, and say what is wrong.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_slots::{BootLoader, Places, Slots};
use onhook_testkit::contract::{self, FirmwareSlotsFixture, sample_load};
use onhook_upgrade::port::{FirmwareSlots, SlotErrorKind, Turn};
use onhook_upgrade::sharing::{LoadId, LoadReader, SharedLoad};
use onhook_upgrade::{Held, Slot};
use tempfile::TempDir;

struct Folder {
    root: TempDir,
    capacity: Option<u64>,
}

impl Folder {
    fn new() -> Self {
        Self {
            root: TempDir::new().unwrap(),
            capacity: None,
        }
    }

    fn places(&self) -> Places {
        let at = |name| self.root.path().join(name);
        Places {
            folder: at("firmware"),
            a: at("a.img"),
            b: at("b.img"),
            capacity: self.capacity,
        }
    }

    fn path(&self, slot: Slot) -> std::path::PathBuf {
        self.root.path().join(format!("{slot}.img"))
    }

    fn slots(&self) -> Slots {
        Slots::open(self.places(), None, None).unwrap()
    }
}

#[async_trait]
impl FirmwareSlotsFixture for Folder {
    async fn open(&mut self) -> Arc<dyn FirmwareSlots> {
        Arc::new(self.slots())
    }

    async fn boot(&mut self) -> Slot {
        BootLoader::open(self.places())
            .unwrap()
            .next()
            .unwrap()
            .slot
    }

    fn content(&self, slot: Slot) -> Vec<u8> {
        fs::read(self.path(slot)).unwrap()
    }

    fn damage(&mut self, slot: Slot, at: usize) {
        let mut bytes = self.content(slot);
        bytes[at] ^= 1;
        fs::write(self.path(slot), bytes).unwrap();
    }

    fn put(&mut self, slot: Slot, bytes: &[u8]) {
        fs::write(self.path(slot), bytes).unwrap();
    }

    fn limit(&mut self, capacity: Option<u64>) {
        self.capacity = capacity;
    }
}

//= R-FW-8 type=test
#[test]
fn one_file_under_two_names_is_not_two_slots() {
    let folder = Folder::new();
    let refused = |places: Places| {
        let error = Slots::open(places, None, None).err().unwrap();
        assert_eq!(error.kind(), SlotErrorKind::Medium);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("one file or device"), "{source}");
    };
    let a = folder.path(Slot::A);
    let by_another_way = folder.root.path().join(".").join(a.file_name().unwrap());
    refused(Places {
        b: by_another_way,
        ..folder.places()
    });
    fs::write(&a, b"running").unwrap();
    for link in ["hard", "soft"] {
        let link_path = folder.root.path().join(link);
        match link {
            "hard" => fs::hard_link(&a, &link_path).unwrap(),
            _ => std::os::unix::fs::symlink(&a, &link_path).unwrap(),
        }
        refused(Places {
            b: link_path,
            ..folder.places()
        });
    }
    folder.slots();
}

//= R-FW-7 type=test
//= R-FW-8 type=test
//= R-FW-9 type=test
//= R-FW-10 type=test
#[tokio::test]
async fn slots_in_files_keep_the_contract() {
    contract::firmware_slots(&mut Folder::new()).await;
}

/// Writes a load into the other slot and lets it come up next.
async fn upgrade(slots: &Slots, name: &str) -> [Vec<u8>; 2] {
    let (load, files) = sample_load(name, 0, [4096, 5000]);
    let present = slots.begin(&load).await.unwrap();
    for (number, block) in (0_u32..).zip(load.manifest().blocks()) {
        if !present.contains(&number) {
            let from = usize::try_from(block.offset).unwrap();
            let bytes = &files[usize::from(block.component)][from..from + block.length as usize];
            slots.write(number, bytes.to_vec()).await.unwrap();
        }
    }
    slots.finish().await.unwrap();
    files
}

#[tokio::test]
async fn a_boot_loader_finds_each_component_and_refuses_one_that_was_damaged() {
    let mut folder = Folder::new();
    let slots = folder.slots();
    let files = upgrade(&slots, "new").await;
    slots.turn(Turn::Activate).await.unwrap();
    drop(slots);
    let loader = BootLoader::open(folder.places()).unwrap();
    let start = loader.next().unwrap();
    assert_eq!(start.load.as_ref().unwrap().name, "new");
    for (name, file) in ["kernel.img", "rootfs.img"].into_iter().zip(&files) {
        let mut found = Vec::new();
        let mut lend = |bytes: &[u8]| {
            found.extend_from_slice(bytes);
            Ok(())
        };
        loader.lend(&start, name, &mut lend).unwrap();
        assert_eq!(&found, file);
    }
    assert!(loader.lend(&start, "other", &mut |_| Ok(())).is_err());
    folder.damage(Slot::B, 4100);
    let error = loader
        .lend(&start, "rootfs.img", &mut |_| Ok(()))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("rootfs.img in slot b is damaged"),
        "{error}"
    );
    loader.lend(&start, "kernel.img", &mut |_| Ok(())).unwrap();
}

#[tokio::test]
async fn blocks_are_read_back_while_a_load_is_written_and_once_it_runs() {
    let folder = Folder::new();
    let slots = folder.slots();
    let (load, files) = sample_load("new", 0, [4096, 5000]);
    let shared = SharedLoad::of(load.manifest()).unwrap();
    assert_eq!(shared.id(), LoadId::of(load.text()));
    assert_eq!(
        slots.running().await.unwrap(),
        None,
        "nobody knows what came with the phone"
    );
    assert!(slots.block(shared.id(), 0).await.is_err());
    slots.begin(&load).await.unwrap();
    slots.write(1, files[1][..4096].to_vec()).await.unwrap();
    let block = slots.block(shared.id(), 1).await.unwrap();
    assert!(shared.check(1, block).is_some());
    let other = LoadId::of(b"another");
    assert!(slots.block(other, 1).await.is_err());
    assert!(slots.block(shared.id(), 3).await.is_err());
    upgrade(&slots, "new").await;
    slots.turn(Turn::Activate).await.unwrap();
    drop(slots);
    BootLoader::open(folder.places()).unwrap().next().unwrap();
    let slots = folder.slots();
    // One that may not come up again is not given to others.
    assert_eq!(slots.running().await.unwrap(), None);
    slots.turn(Turn::Confirm).await.unwrap();
    assert_eq!(slots.running().await.unwrap(), Some(shared.clone()));
    for number in 0..shared.count() {
        let block = slots.block(shared.id(), number).await.unwrap();
        assert!(shared.check(number, block).is_some(), "{number}");
    }
}

#[tokio::test]
async fn files_are_for_the_owner_alone() {
    let folder = Folder::new();
    upgrade(&folder.slots(), "new").await;
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.root.path().join("firmware")), 0o700);
    assert_eq!(mode(folder.path(Slot::B)), 0o600);
    assert_eq!(mode(folder.root.path().join("firmware/boot")), 0o600);
    assert!(!folder.root.path().join("firmware/boot.new").exists());
}

#[tokio::test]
async fn a_medium_that_refuses_is_named() {
    let folder = Folder::new();
    fs::create_dir(folder.path(Slot::B)).unwrap();
    let (load, _) = sample_load("new", 0, [1, 1]);
    let error = folder.slots().begin(&load).await.unwrap_err();
    assert_eq!(error.kind(), SlotErrorKind::Medium);
    assert!(
        error
            .to_string()
            .contains("slot b: correct firmware.slot_a"),
        "{error}"
    );
    fs::write(folder.root.path().join("firmware/boot"), "no record").unwrap();
    let error = folder.slots().record().await.unwrap_err();
    assert!(
        error.to_string().contains("the boot record is damaged"),
        "{error}"
    );
}

fn hook(folder: &Folder, script: &str) -> std::path::PathBuf {
    let path = folder.root.path().join("hook");
    let log = folder.root.path().join("log");
    fs::write(
        &path,
        format!("#!/bin/sh\necho \"$@\" >> {}\n{script}\n", log.display()),
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

//= R-FW-9 type=test
#[tokio::test]
async fn another_boot_loader_is_told_and_says_what_it_started() {
    let folder = Folder::new();
    let hook = hook(&folder, "");
    let open = |running| Slots::open(folder.places(), Some(running), Some(hook.clone())).unwrap();
    let slots = open(Slot::A);
    upgrade(&slots, "new").await;
    slots.turn(Turn::Activate).await.unwrap();
    drop(slots);
    let slots = open(Slot::B);
    assert!(slots.record().await.unwrap().is_on_trial());
    slots.turn(Turn::Confirm).await.unwrap();
    slots.turn(Turn::Confirm).await.unwrap();
    upgrade(&slots, "newer").await;
    slots.turn(Turn::Activate).await.unwrap();
    drop(slots);
    let record = open(Slot::B).record().await.unwrap();
    assert!(
        matches!(record.held(Slot::A), Held::Whole(load) if load.failed),
        "{record:?}"
    );
    let told = fs::read_to_string(folder.root.path().join("log")).unwrap();
    assert_eq!(told, "activate b new\nconfirm b new\nactivate a newer\n");
}

#[tokio::test]
async fn a_boot_loader_that_cannot_be_told_brings_up_nothing_new() {
    for exists in [true, false] {
        let folder = Folder::new();
        let hook = match exists {
            true => hook(&folder, "exit 3"),
            false => folder.root.path().join("none"),
        };
        let slots = Slots::open(folder.places(), Some(Slot::A), Some(hook)).unwrap();
        upgrade(&slots, "new").await;
        let error = slots.turn(Turn::Activate).await.unwrap_err();
        assert_eq!(error.kind(), SlotErrorKind::Hook);
        assert_eq!(slots.record().await.unwrap().trial, None);
        // Nor is a whole load written over that it may be about to start.
        let (load, _) = sample_load("newer", 0, [4096, 5000]);
        let error = slots.begin(&load).await.unwrap_err();
        assert_eq!(error.kind(), SlotErrorKind::Hook);
    }
}
