//! Slots on block devices, which `losetup` makes of files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use onhook_tests::{Reply, Site, tool};

use crate::device::{BLOCK, Device, ONE, draft, rootfs, start};

/// Block devices in the place of the files of a phone; they end with this.
struct Blocks(Vec<PathBuf>);

impl Blocks {
    /// Of so many bytes each; `None` after saying that nothing is tried.
    fn below(device: &Device, size: usize) -> Option<Self> {
        let program = tool("losetup")?;
        let mut blocks = Self(Vec::new());
        for slot in ["a", "b"] {
            let file = device.agent.place(&format!("{slot}.raw"));
            fs::write(&file, vec![0; size]).unwrap();
            let mut command = Command::new(&program);
            let made = command.args(["--find", "--show"]).arg(&file).output();
            let made = made.unwrap();
            if !made.status.success() {
                // No package brings them, so that this is no failure where nothing may be skipped.
                println!("not tried: losetup makes no block devices here");
                return None;
            }
            let path = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
            symlink(&path, device.slot(slot)).unwrap();
            blocks.0.push(path);
        }
        Some(blocks)
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for path in &self.0 {
            // There is nothing left to do if it fails.
            let _ = Command::new("losetup").arg("--detach").arg(path).status();
        }
    }
}

/// A server with a load of a large component.
fn site(device: &Device, size: usize) -> (Site, String, Vec<u8>) {
    let site = Site::start().unwrap();
    let file = rootfs(ONE, size);
    let manifest = device.sign(&draft(ONE, &start(ONE), &file));
    site.put(&format!("/{ONE}.loads"), Reply::Body(manifest.into_bytes()));
    site.put("/start", Reply::Body(start(ONE).into_bytes()));
    site.put("/rootfs.img", Reply::Body(file.clone()));
    let url = site.url(&format!("/{ONE}.loads"));
    (site, url, file)
}

//= R-FW-7 type=test
//= R-FW-8 type=test
//= R-FW-9 type=test
#[test]
fn a_phone_upgrades_itself_on_block_devices() {
    let device = Device::new("", &[("Peer_Firmware_Sharing", "No")]);
    let Some(blocks) = Blocks::below(&device, 1 << 20) else {
        return;
    };
    let (_site, url, file) = site(&device, 200_001);
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    assert_eq!(peer.end().unwrap().code, Some(4));
    let mut peer = device.power_on();
    assert_eq!(peer.line(|_| true).unwrap(), format!("boot b {ONE}"));
    device.confirmed();
    let there = fs::read(&blocks.0[1]).unwrap();
    assert_eq!(there.len(), 1 << 20);
    let from = BLOCK as usize;
    assert!(there[from..from + file.len()] == file);
    let untouched = fs::read(&blocks.0[0]).unwrap();
    assert!(untouched.iter().all(|byte| *byte == 0));
}

//= R-FW-8 type=test
#[test]
fn a_load_that_is_larger_than_its_device_is_refused_before_anything_is_written() {
    let device = Device::new("", &[("Peer_Firmware_Sharing", "No")]);
    let Some(blocks) = Blocks::below(&device, 64 * 1024) else {
        return;
    };
    let (site, url, _) = site(&device, 64 * 1024);
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    assert_eq!(device.fails(&mut peer, &url), "flash error");
    let asked = site.asked();
    assert!(asked.iter().all(|asked| asked.path.ends_with(".loads")));
    let there = fs::read(&blocks.0[1]).unwrap();
    assert!(there.iter().all(|byte| *byte == 0));
}
