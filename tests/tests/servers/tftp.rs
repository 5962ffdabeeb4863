//! tftpd-hpa and the TFTP server of dnsmasq.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use onhook_tests::{Agent, Peer, skip, tool};

use crate::fleets::{own_files, provisioned};
use crate::{check, fill, try_all};

/// Both servers change their root folder or take port 69.
fn is_root() -> bool {
    let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    if !root {
        skip("this server needs root");
    }
    root
}

/// Waits until the server refuses a file that it does not have.
#[track_caller]
fn await_answer(ip: Ipv4Addr, port: u16) {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    for _ in 0..200 {
        // Until the server is up, ICMP refuses it.
        let _ = socket.send_to(b"\0\x01none\0octet\0", (ip, port));
        if socket.recv(&mut [0; 600]).is_ok() {
            return;
        }
    }
    panic!("no answer from {ip}:{port}");
}

fn start(program: &Path, args: &[String]) -> Peer {
    Peer::start(Command::new(program).args(args).stdin(Stdio::null())).unwrap()
}

/// tftpd-hpa over a folder, and its address.
#[track_caller]
fn hpa(program: &Path, root: &Path) -> (Peer, String) {
    let ip = Ipv4Addr::LOCALHOST;
    let port = UdpSocket::bind((ip, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("{ip}:{port}");
    let args = [
        "-L",
        "-4",
        "-u",
        "nobody",
        "-a",
        &address,
        "-s",
        root.to_str().unwrap(),
    ];
    let server = start(program, &args.map(str::to_owned));
    await_answer(ip, port);
    (server, address)
}

#[test]
fn profiles_come_from_tftpd_hpa() {
    let Some(program) = tool("in.tftpd").filter(|_| is_root()) else {
        return;
    };
    let agent = Agent::new().unwrap();
    let root = agent.place("tftp");
    fill(&root);
    let (_server, address) = hpa(&program, &root);
    check(&agent, &format!("tftp://{address}"));
    try_all(&format!("tftp://{address}"), &[]);
    // TFTP is what a rule without a scheme means.
    let (ended, _) = agent.resync(&format!("{address}/small.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_fleet_is_provisioned_by_tftpd_hpa() {
    let Some(program) = tool("in.tftpd").filter(|_| is_root()) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("tftp");
    fill(&root);
    own_files(&root);
    let (_server, address) = hpa(&program, &root);
    provisioned(&format!("tftp://{address}"), &[]);
}

//= R-TFTP-1 type=test
#[test]
fn profiles_come_from_dnsmasq_at_port_69() {
    let Some(program) = tool("dnsmasq").filter(|_| is_root()) else {
        return;
    };
    let agent = Agent::new().unwrap();
    let root = agent.place("tftp");
    fill(&root);
    // A loopback address of its own keeps port 69 of the others free.
    let ip = Ipv4Addr::new(127, 0, 69, 69);
    let args = [
        "--no-daemon".to_owned(),
        "--conf-file=/dev/null".to_owned(),
        "--port=0".to_owned(),
        "--enable-tftp".to_owned(),
        format!("--tftp-root={}", root.display()),
        format!("--listen-address={ip}"),
        "--bind-interfaces".to_owned(),
        "--user=nobody".to_owned(),
    ];
    let _server = start(&program, &args);
    await_answer(ip, 69);
    check(&agent, &format!("tftp://{ip}"));
}
