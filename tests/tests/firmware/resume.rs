//! Transfers that are cut off, by the network or by the power, and go on.

use std::fs;

use onhook_tests::{Reply, Site, until};

use crate::device::{BLOCK, Device, ONE, draft, draft_of_blocks, rootfs, start};

const SIZE: usize = 100 * BLOCK as usize + 1;

fn site(device: &Device, file: &[u8]) -> (Site, String) {
    let site = Site::start().unwrap();
    let manifest = device.sign(&draft(ONE, &start(ONE), file));
    site.put(&format!("/{ONE}.loads"), Reply::Body(manifest.into_bytes()));
    site.put("/start", Reply::Body(start(ONE).into_bytes()));
    let url = site.url(&format!("/{ONE}.loads"));
    (site, url)
}

/// Where each request for the large component began.
fn began(site: &Site) -> Vec<usize> {
    let asked = site.asked();
    let components = asked.iter().filter(|asked| asked.path == "/rootfs.img");
    components.map(|asked| asked.from.unwrap_or(0)).collect()
}

//= R-FW-7 type=test
#[test]
fn a_connection_that_ends_early_is_taken_up_again_where_it_ended() {
    let device = Device::new("", &[]);
    let file = rootfs(ONE, SIZE);
    let (site, url) = site(&device, &file);
    let most = 30 * BLOCK as usize + 5;
    site.put("/rootfs.img", Reply::Parts(file.clone(), "v1", most));
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    let block = BLOCK as usize;
    assert_eq!(began(&site), [0, 30 * block, 60 * block, 90 * block]);
    let asked = site.asked();
    let last = asked.last().unwrap();
    assert_eq!(last.version.as_deref(), Some("\"v1\""));
    let slot = fs::read(device.slot("b")).unwrap();
    assert!(
        slot[block..] == file,
        "the slot holds the file behind its first component"
    );
}

//= R-FW-8 type=test
#[test]
fn a_phone_that_was_killed_goes_on_where_it_was() {
    for changed in [false, true] {
        let device = Device::new("", &[]);
        let mut file = rootfs(ONE, SIZE);
        let (site, url) = site(&device, &file);
        let half = SIZE / 2;
        site.put("/rootfs.img", Reply::Stalled(file[..half].to_vec()));
        let mut peer = device.power_on();
        peer.line(|line| line.contains("\"event\"")).unwrap();
        device.agent.run(&["ctl", "upgrade", &url]).unwrap();
        // The announced length is not that of the file, so that only whole blocks count.
        let blocks = half / BLOCK as usize * BLOCK as usize;
        device.status("half of the load is there", |status| {
            status["upgrade"]["transfer"]["done"].as_u64().unwrap_or(0) >= blocks as u64
        });
        peer.kill().unwrap();
        if changed {
            file[SIZE - 1] ^= 1;
        }
        site.put("/rootfs.img", Reply::Parts(file, "v2", SIZE));
        let mut peer = device.power_on();
        assert_eq!(peer.line(|_| true).unwrap(), "boot a factory");
        peer.line(|line| line.contains("\"event\"")).unwrap();
        device.agent.run(&["ctl", "upgrade", &url]).unwrap();
        let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
        assert_eq!(began(&site), [0, blocks]);
        assert!(
            !site.asked()[3..].iter().any(|asked| asked.path == "/start"),
            "it was there"
        );
        let expected = if changed { "C.firmware" } else { "A.upgraded" };
        assert!(done.contains(expected), "{done}");
    }
}

/// Bytes of memory that a process has used at most.
fn peak(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}

//= R-FW-7 type=test
#[test]
fn a_large_load_needs_little_memory() {
    // A boot loader that cannot be told keeps the phone from ending.
    let device = Device::new("hook = \"/bin/false\"\nrunning = \"a\"\n", &[]);
    let file = rootfs(ONE, 64 << 20);
    let (site, url) = site(&device, b"x");
    let manifest = device.sign(&draft_of_blocks(ONE, &start(ONE), &file, 256 * 1024));
    site.put(&format!("/{ONE}.loads"), Reply::Body(manifest.into_bytes()));
    site.put("/rootfs.img", Reply::Body(file));
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    let ended = device
        .agent
        .run(&["ctl", "upgrade", "http://127.0.0.1:1/none.loads"])
        .unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    let before = peak(peer.id());
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    peer.line(|line| line.contains("A.upgraded")).unwrap();
    let status = until("the boot loader is not told", || {
        let status = device.agent.status().ok()?;
        (status["upgrade"]["err"] == "flash error").then_some(status)
    });
    assert_eq!(status.unwrap()["slots"][1]["state"], "whole");
    let more = peak(peer.id()) - before;
    assert!(more < 8 << 20, "64 MiB took {more} bytes of memory");
}
