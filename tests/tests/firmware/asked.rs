//! Upgrades that somebody asks for.

use onhook_tests::{Reply, Site, until};

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
    let mut device = Device::new("\n[sip]\nlisten = \"127.0.0.1:0\"\n", &[]);
    device
        .agent
        .set_variable("ONHOOK__WEB__LISTEN", "127.0.0.1:0");
    device.agent.set_variable("ONHOOK__WEB__OPEN", "true");
    let (site, url) = site(&device);
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    let status = device.status("the phone is up", |status| status["state"] != "off");
    let web = status["listen"]["web"].as_str().unwrap().to_owned();
    let sip = status["listen"]["sip"].as_str().unwrap().to_owned();
    let answer = call(&sip);
    assert!(answer.starts_with("SIP/2.0 405 "), "{answer}");
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
    let answer = call(&sip);
    assert!(answer.starts_with("SIP/2.0 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    device.agent.run(&["ctl", "line", "1", "busy"]).unwrap();
    assert!(device.agent.status().unwrap()["upgrade"]["transfer"].is_object());
    let changed = device.agent.changed().unwrap();
    assert!(!format!("{changed:?}").contains(ONE), "{changed:?}");
}

/// Calls the phone, and gives its answer.
fn call(address: &str) -> String {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    let own = socket.local_addr().unwrap();
    let invite = format!(
        "INVITE sip:1001@{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{0}\r\n\
         From: <sip:1002@{own}>;tag=1\r\nTo: <sip:1001@{address}>\r\nCall-ID: {0}@{own}\r\n\
         CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        own.port()
    );
    let mut answer = [0; 4096];
    let length = until("an answer to the call", || {
        socket.send(invite.as_bytes()).ok()?;
        let wait = std::time::Duration::from_millis(500);
        socket.set_read_timeout(Some(wait)).ok()?;
        socket.recv(&mut answer).ok()
    });
    String::from_utf8(answer[..length.unwrap()].to_vec()).unwrap()
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
