//! Upgrades that somebody asks for.

use onhook_tests::{Reply, Site};

use crate::device::{Device, ONE, draft, start};

fn site(device: &Device) -> (Site, String) {
    let site = Site::start().unwrap();
    let manifest = device.sign(&draft(ONE, &start(ONE), b"x"));
    site.put(&format!("/{ONE}.loads"), Reply::Body(manifest.into_bytes()));
    site.put("/start", Reply::Body(start(ONE).into_bytes()));
    site.put("/rootfs.img", Reply::Body(b"x".to_vec()));
    let url = site.url(&format!("/{ONE}.loads"));
    (site, url)
}

//= R-FW-14 type=test
//= R-FW-16 type=test
#[test]
fn an_action_url_upgrades_when_lines_are_idle_and_is_not_stored() {
    let mut device = Device::new("", &[]);
    device
        .agent
        .set_variable("ONHOOK__WEB__LISTEN", "127.0.0.1:0");
    device.agent.set_variable("ONHOOK__WEB__OPEN", "true");
    let (site, url) = site(&device);
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    let status = device.status("the phone is up", |status| status["state"] != "off");
    let web = status["listen"]["web"].as_str().unwrap().to_owned();
    device.agent.run(&["ctl", "line", "1", "busy"]).unwrap();
    let answer = get(&web, &format!("/admin/upgrade?{url}"));
    assert!(answer.contains("will upgrade when idle"), "{answer}");
    let waits = device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    assert_eq!(waits.code, Some(3), "{waits:?}");
    assert!(site.asked().is_empty(), "a call is active");
    // The bytes stop, a call comes, and the transfer goes on.
    site.put("/rootfs.img", Reply::Silence);
    device.agent.run(&["ctl", "line", "1", "idle"]).unwrap();
    site.await_asked(3).unwrap();
    let status = device.agent.status().unwrap();
    assert_eq!(
        status["upgrade"]["transfer"]["load"], ONE,
        "calls are to be refused now"
    );
    device.agent.run(&["ctl", "line", "1", "busy"]).unwrap();
    assert!(device.agent.status().unwrap()["upgrade"]["transfer"].is_object());
    let changed = device.agent.changed().unwrap();
    assert!(!format!("{changed:?}").contains(ONE), "{changed:?}");
}

fn get(address: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

//= R-UPG-10 type=test
#[test]
fn whoever_may_not_upgrade_is_told_so() {
    let device = Device::new("", &[("Upgrade_Enable", "No")]);
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    let ended = device.agent.run(&["ctl", "upgrade"]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("Upgrade_Enable is No"), "{ended:?}");
    drop(peer);
    device.agent.configure("").unwrap();
    let mut peer = device.agent.boot().unwrap();
    let ended = device
        .agent
        .run(&["params", "set", "Upgrade_Enable", "Yes"])
        .unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = device.agent.run(&["ctl", "upgrade"]).unwrap();
    assert!(ended.err.contains("no slots for firmware"), "{ended:?}");
    assert!(!peer.has_ended().unwrap());
}
