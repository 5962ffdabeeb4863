//! Upgrades from the first byte to the confirmed load, and back.

use onhook_tests::{Lab, Peer};

use crate::device::{Device, FACTORY, ONE, TWO, draft, rootfs, start};

/// Each load has a folder, because components have the same names.
fn put(lab: &Lab, device: &Device, name: &str, start: &str) {
    std::fs::create_dir(lab.place("www").join(name)).unwrap();
    let rootfs = rootfs(name, 300_000);
    let manifest = device.sign(&draft(name, start, &rootfs));
    lab.put(&format!("{name}/{name}.loads"), manifest).unwrap();
    lab.put(&format!("{name}/start"), start).unwrap();
    lab.put(&format!("{name}/rootfs.img"), rootfs).unwrap();
}

fn ends_for_another_load(mut peer: Peer) {
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    let ended = peer.end().unwrap();
    assert_eq!(ended.code, Some(4), "{ended:?}");
}

fn boots(peer: &mut Peer, slot: &str, name: &str) {
    assert_eq!(peer.line(|_| true).unwrap(), format!("boot {slot} {name}"));
}

//= R-FW-1 type=test
//= R-FW-7 type=test
//= R-FW-9 type=test
//= R-FW-13 type=test
//= R-UPG-5 type=test
#[test]
fn a_phone_upgrades_itself_twice_through_its_boot_loader() {
    let lab = Lab::start(&[]).unwrap();
    let url = |name: &str| lab.url("http", &format!("{name}/{name}.loads")).unwrap();
    let rule = format!(
        "($SWVER eq {FACTORY})? {} | ($SWVER ne {TWO})? {}",
        url(ONE),
        url(TWO)
    );
    let device = Device::new("", &[("Upgrade_Rule", &rule)]);
    put(&lab, &device, ONE, &start(ONE));
    put(&lab, &device, TWO, &start(TWO));

    let mut first = device.power_on();
    boots(&mut first, "a", "factory");
    ends_for_another_load(first);
    let mut second = device.power_on();
    boots(&mut second, "b", ONE);
    ends_for_another_load(second);
    let mut third = device.power_on();
    boots(&mut third, "a", TWO);
    third.line(|line| line.contains("\"event\"")).unwrap();
    let status = device.confirmed();
    assert_eq!(status["upgrade"]["err"], TWO);
    let [a, b] = [&status["slots"][0], &status["slots"][1]];
    assert_eq!(
        (&a["load"], &a["running"], &a["good"]),
        (&TWO.into(), &true.into(), &true.into())
    );
    assert_eq!(
        (&b["load"], &b["running"], &b["state"]),
        (&ONE.into(), &false.into(), &"whole".into())
    );
    let history: Vec<_> = status["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap())
        .collect();
    assert_eq!(history, ["Upgrade", "Upgrade"]);
    drop(third);
    let mut fourth = device.power_on();
    boots(&mut fourth, "a", TWO);
}

//= R-FW-9 type=test
//= R-FW-8 type=test
#[test]
fn a_load_that_crashes_is_given_up_after_three_boots_and_left_alone() {
    let lab = Lab::start(&["--access-log", "/dev/null"]).unwrap();
    let url = lab.url("http", &format!("{ONE}/{ONE}.loads")).unwrap();
    let device = Device::new("", &[("Upgrade_Rule", &url)]);
    put(&lab, &device, ONE, "#!/bin/sh\nexit 1\n");
    let mut first = device.power_on();
    boots(&mut first, "a", "factory");
    ends_for_another_load(first);
    for _ in 0..3 {
        let mut crash = device.power_on();
        boots(&mut crash, "b", ONE);
        assert_eq!(crash.end().unwrap().code, Some(1));
    }
    let mut back = device.power_on();
    boots(&mut back, "a", "factory");
    back.line(|line| line.contains("\"event\"")).unwrap();
    let status = device.status("the phone is up", |status| status["state"] != "off");
    assert_eq!(status["upgrade"]["err"], "boot failed");
    assert_eq!(status["slots"][1]["state"], "failed");
    // Whatever makes it look at its rule.
    let before = device.agent.changed().unwrap();
    for _ in 0..2 {
        let ended = device.agent.run(&["ctl", "resync"]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(device.agent.changed().unwrap(), before);
    let status = device.agent.status().unwrap();
    assert_eq!(status["upgrade"]["err"], "boot failed");
    assert!(!back.out().contains("upgrade.started"), "{}", back.out());
    drop(back);
    let mut again = device.power_on();
    boots(&mut again, "a", "factory");
    again.line(|line| line.contains("\"event\"")).unwrap();
    device.status("the phone is up", |status| status["state"] != "off");
    assert!(!again.out().contains("upgrade.started"), "{}", again.out());
    // Another rule for the same load: somebody may have mended the boot loader.
    let ended = device
        .agent
        .run(&["params", "set", "Upgrade_Rule", &format!("{url}?again")])
        .unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(again.end().unwrap().code, Some(4));
    let mut tried = device.power_on();
    boots(&mut tried, "b", ONE);
}
