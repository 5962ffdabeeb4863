//! Loads from servers that operators run, and over TFTP.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use onhook_tests::{Lab, Peer, tool, until};

use crate::device::{BLOCK, Device, ONE, draft, rootfs, start};

const SIZE: usize = 256 * BLOCK as usize + 9;

/// nginx gives large files slowly, so that the phone can be killed while one comes.
fn nginx(device: &Device, port: u16) -> Option<Peer> {
    let program = tool("nginx")?;
    let folder = device.agent.place("nginx");
    fs::create_dir_all(folder.join("root")).unwrap();
    let text = format!(
        "daemon off; master_process off; worker_processes 1; pid nginx.pid; events {{ }}\n\
         http {{ log_format own '$status $uri $http_range'; access_log access.log own; root root;\n\
         client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
         server {{ listen 127.0.0.1:{port}; limit_rate_after 256k; limit_rate 256k; }} }}\n"
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = Command::new(program);
    command
        .args(["-c", "nginx.conf", "-e", "stderr", "-p"])
        .arg(&folder)
        .stdin(Stdio::null());
    let peer = Peer::start(&mut command).unwrap();
    until("nginx", || TcpStream::connect(("127.0.0.1", port)).ok()).unwrap();
    Some(peer)
}

//= R-FW-7 type=test
//= R-FW-8 type=test
#[test]
fn a_phone_that_was_killed_goes_on_with_a_range_of_nginx() {
    let device = Device::new("", &[]);
    let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let Some(_nginx) = nginx(&device, port) else {
        return;
    };
    let file = rootfs(ONE, SIZE);
    let root = device.agent.place("nginx").join("root");
    let manifest = device.sign(&draft(ONE, &start(ONE), &file));
    fs::write(root.join(format!("{ONE}.loads")), manifest).unwrap();
    fs::write(root.join("start"), start(ONE)).unwrap();
    fs::write(root.join("rootfs.img"), &file).unwrap();
    let url = format!("http://127.0.0.1:{port}/{ONE}.loads");

    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    device.status("a part of the load is there", |status| {
        status["upgrade"]["transfer"]["done"].as_u64().unwrap_or(0) > 200_000
    });
    peer.kill().unwrap();
    // The rest comes at once.
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    device.status("it goes on behind that part", |status| {
        status["upgrade"]["transfer"]["done"].as_u64().unwrap_or(0) > 280_000
    });
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    let log = fs::read_to_string(device.agent.place("nginx/access.log")).unwrap();
    let part = log
        .lines()
        .find_map(|line| line.strip_prefix("206 /rootfs.img bytes="));
    let from: usize = part
        .unwrap_or_else(|| panic!("{log}"))
        .trim_end_matches('-')
        .parse()
        .unwrap();
    assert!(from > 0 && from.is_multiple_of(BLOCK as usize), "{log}");
    let slot = fs::read(device.slot("b")).unwrap();
    assert!(slot[BLOCK as usize..] == file);
}

/// The lab's server gives parts: else each connection would bring the same first bytes.
//= R-FW-7 type=test
#[test]
fn a_load_that_is_cut_off_again_and_again_comes_part_by_part() {
    let lab = Lab::start(&["--fault", "truncate=300000,path=*.img"]).unwrap();
    let url = lab.url("http", &format!("{ONE}.loads")).unwrap();
    let device = Device::new("", &[("Peer_Firmware_Sharing", "No")]);
    let file = rootfs(ONE, SIZE);
    lab.put(
        &format!("{ONE}.loads"),
        device.sign(&draft(ONE, &start(ONE), &file)),
    )
    .unwrap();
    lab.put("start", start(ONE)).unwrap();
    lab.put("rootfs.img", &file).unwrap();
    let mut peer = device.power_on();
    peer.line(|line| line.contains("\"event\"")).unwrap();
    device.agent.run(&["ctl", "upgrade", &url]).unwrap();
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    let slot = fs::read(device.slot("b")).unwrap();
    assert!(slot[BLOCK as usize..] == file);
}

//= R-FW-6 type=test
//= R-FW-7 type=test
#[test]
fn a_load_comes_over_tftp_too() {
    let lab = Lab::start(&[]).unwrap();
    let url = lab.url("tftp", &format!("{ONE}.loads")).unwrap();
    let device = Device::new(
        "[tftp]\nlocal_ports = \"ephemeral\"\n",
        &[("Upgrade_Rule", &url)],
    );
    let file = rootfs(ONE, SIZE);
    let manifest = device.sign(&draft(ONE, &start(ONE), &file));
    lab.put(&format!("{ONE}.loads"), manifest).unwrap();
    lab.put("start", start(ONE)).unwrap();
    lab.put("rootfs.img", &file).unwrap();
    let mut peer = device.power_on();
    let done = peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
    assert!(done.contains("A.upgraded"), "{done}");
    assert_eq!(peer.end().unwrap().code, Some(4));
    let mut peer = device.power_on();
    assert_eq!(peer.line(|_| true).unwrap(), format!("boot b {ONE}"));
    let slot = fs::read(device.slot("b")).unwrap();
    assert!(slot[BLOCK as usize..] == file);
}
