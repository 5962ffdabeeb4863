//! Phones that pass a load on to each other.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket};
use std::time::Duration;

use onhook_tests::{Peer, Reply, Site, until};

use crate::device::{BLOCK, Device, ONE, draft, rootfs, sign, start};

const SIZE: usize = 300 * BLOCK as usize + 77;

/// An address of loopback that no other test run has.
fn host(number: u8) -> Ipv4Addr {
    let [a, b] = (std::process::id() as u16).to_be_bytes();
    Ipv4Addr::new(127, 200 + a % 50, b, number)
}

/// A phone at one address whose peers are at the others. All trust the key of the first.
fn phone(number: u8, others: &[u8], params: &[(&str, &str)]) -> Device {
    let peers: Vec<String> = others
        .iter()
        .map(|other| host(*other).to_string())
        .collect();
    let more = format!(
        "\n[peer_sharing]\naddress = \"{}\"\npeers = \"{}\"\n",
        host(number),
        peers.join(", ")
    );
    Device::new(&more, params)
}

/// Phones, each with the other ones as peers.
fn phones(first: u8, params: &[(&str, &str)]) -> [Device; 3] {
    let numbers = [first, first + 1, first + 2];
    let devices = numbers.map(|number| {
        let others: Vec<u8> = numbers
            .into_iter()
            .filter(|other| *other != number)
            .collect();
        phone(number, &others, params)
    });
    let keys = fs::read(devices[0].agent.place("keys.pem")).unwrap();
    for device in &devices {
        fs::write(device.agent.place("keys.pem"), &keys).unwrap();
    }
    devices
}

fn site(device: &Device, file: &[u8]) -> (Site, String) {
    let site = Site::start().unwrap();
    let manifest = sign(&device.key, &draft(ONE, &start(ONE), file));
    site.put(&format!("/{ONE}.loads"), Reply::Body(manifest.into_bytes()));
    site.put("/start", Reply::Body(start(ONE).into_bytes()));
    site.put("/rootfs.img", Reply::Body(file.to_vec()));
    let url = site.url(&format!("/{ONE}.loads"));
    (site, url)
}

fn asked(site: &Site, path: &str) -> usize {
    site.asked()
        .iter()
        .filter(|asked| asked.path == path)
        .count()
}

/// All phones come up and are asked for the load at the same time.
fn upgrade(devices: &[Device; 3], url: &str) -> [Peer; 3] {
    let mut peers = devices.each_ref().map(Device::power_on);
    for peer in &mut peers {
        peer.line(|line| line.contains("\"event\"")).unwrap();
    }
    for device in devices {
        let ended = device.agent.run(&["ctl", "upgrade", url]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    peers
}

#[track_caller]
fn all_upgrade(devices: &[Device; 3], peers: [Peer; 3], file: &[u8]) {
    for (device, mut peer) in devices.iter().zip(peers) {
        let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
        assert!(done.contains("A.upgraded"), "{done}");
        let slot = fs::read(device.slot("b")).unwrap();
        assert!(slot[BLOCK as usize..] == *file, "the slot holds the load");
    }
}

/// Whether somebody listens for peers.
fn listens(number: u8, port: u16) -> bool {
    let at = SocketAddrV4::new(host(number), port).into();
    TcpStream::connect_timeout(&at, Duration::from_secs(5)).is_ok()
}

//= R-PFS-1 type=test
//= R-PFS-3 type=test
#[test]
fn three_phones_ask_the_server_once_for_each_component() {
    // V-226
    let log = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    log.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let server = log.local_addr().unwrap().to_string();
    let devices = phones(1, &[("Peer_Firmware_Sharing_Log_Server", &server)]);
    let file = rootfs(ONE, SIZE);
    let (site, url) = site(&devices[0], &file);
    let peers = upgrade(&devices, &url);
    all_upgrade(&devices, peers, &file);
    assert_eq!(asked(&site, &format!("/{ONE}.loads")), 3);
    assert_eq!(
        (asked(&site, "/start"), asked(&site, "/rootfs.img")),
        (1, 1)
    );
    let (mut roots, mut complete, mut buffer) = (0, 0, [0; 2000]);
    while complete < 3 {
        let length = log.recv(&mut buffer).unwrap();
        let line = String::from_utf8(buffer[..length].to_vec()).unwrap();
        assert!(
            line.starts_with("<134>") && line.contains(" PFS "),
            "{line}"
        );
        roots += usize::from(line.ends_with("root, fetching from the server"));
        complete += usize::from(line.contains(": complete, "));
    }
    assert_eq!(roots, 1);
}

//= R-PFS-4 type=test
#[test]
fn phones_that_may_not_share_do_not_listen_and_ask_the_server() {
    // V-227
    let devices = phones(4, &[("Peer_Firmware_Sharing", "No")]);
    let file = rootfs(ONE, SIZE);
    let (site, url) = site(&devices[0], &file);
    site.put("/rootfs.img", Reply::Stalled(file[..SIZE / 2].to_vec()));
    let peers = upgrade(&devices, &url);
    until("all ask for the load", || {
        (asked(&site, "/rootfs.img") == 3).then_some(())
    })
    .unwrap();
    for port in [4051, 6970] {
        assert!(!listens(4, port), "{port}");
    }
    drop(peers);
    assert_eq!(asked(&site, "/start"), 3);
}

//= R-PFS-4 type=test
#[test]
fn a_phone_listens_while_it_wants_a_load() {
    let devices = phones(7, &[]);
    let file = rootfs(ONE, SIZE);
    let (site, url) = site(&devices[0], &file);
    site.put("/rootfs.img", Reply::Stalled(file[..SIZE / 2].to_vec()));
    let mut peer = devices[0].power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    assert!(!listens(7, 4051), "it wants nothing yet");
    devices[0].agent.run(&["ctl", "upgrade", &url]).unwrap();
    until("it listens", || {
        (listens(7, 4051) && listens(7, 6970)).then_some(())
    })
    .unwrap();
}
