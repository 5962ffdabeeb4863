//! The program that configures the interface.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onhook_dhcp::{Client, DhcpSource, Hook, Want};
use onhook_discovery::port::{News, OptionSource};
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};

use crate::server::{FakeWire, LIST, Server, who};

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("hook");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn source(server: &Arc<Mutex<Server>>, program: PathBuf) -> DhcpSource {
    let source = DhcpSource::new();
    let client = Client::new(who(), Want::Lease, LIST, 7, source.now());
    source
        .with_v4(client, FakeWire::new(server.clone()))
        .with_hook(Hook::new(program, "eth7".to_owned()))
}

fn says() -> Learned {
    Learned {
        address: Some([192, 0, 2, 7].into()),
        options: Vec::new(),
    }
}

#[tokio::test]
async fn the_interface_is_configured_before_the_phone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let program = script(
        folder.path(),
        &format!(
            "echo \"$1 $interface $ip $mask $subnet $lease\" >> {}",
            log.display()
        ),
    );
    let server = Arc::new(Mutex::new(Server::new(Some(&says()))));
    let mut source = source(&server, program);
    let news = source.next().await;
    assert_eq!(
        fs::read_to_string(log).unwrap(),
        "bound eth7 192.0.2.7 24 255.255.255.0 600\n"
    );
    assert_eq!(news, Some(News::Learned(says())));
}

#[tokio::test]
async fn the_program_is_told_nothing_of_the_environment_of_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let program = script(folder.path(), &format!("env > {}", log.display()));
    let mut says = says();
    // A name that a script would not survive.
    says.options.push(HeldOption {
        space: Space::V4,
        code: 15,
        value: HeldValue::Wire(b"x; reboot".to_vec()),
    });
    let server = Arc::new(Mutex::new(Server::new(Some(&says))));
    source(&server, program).next().await;
    let told = fs::read_to_string(log).unwrap();
    let names = told.lines().filter_map(|line| line.split('=').next());
    let known = [
        "PATH",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "interface",
        "ip",
        "subnet",
        "mask",
        "serverid",
        "lease",
    ];
    let foreign: Vec<_> = names.filter(|name| !known.contains(name)).collect();
    assert_eq!(foreign, [""; 0], "{told}");
}

#[tokio::test]
async fn a_program_that_cannot_be_started_or_fails_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let failing = script(folder.path(), "exit 3");
    for program in [failing, folder.path().join("absent")] {
        let server = Arc::new(Mutex::new(Server::new(Some(&says()))));
        let mut source = source(&server, program);
        assert_eq!(source.next().await, Some(News::Learned(says())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_that_does_not_end_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "exec sleep 600");
    let server = Arc::new(Mutex::new(Server::new(Some(&says()))));
    let mut source = source(&server, program);
    let news = tokio::time::timeout(Duration::from_secs(40), source.next()).await;
    assert_eq!(news, Ok(Some(News::Learned(says()))));
}
