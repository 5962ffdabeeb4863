//! Two network namespaces with a wire between them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use onhook_tests::{Authority, Peer, profile, skip, tool, until};
use tempfile::TempDir;

/// The sides of the wire.
pub(crate) const PHONE: &str = "p";
pub(crate) const SERVER: &str = "s";

/// Configures an interface as the script of udhcpc does.
const HOOK: &str = "case \"$1\" in\n\
                    bound|renew) ip addr flush dev \"$interface\"; ip addr add \"$ip/$mask\" dev \"$interface\" ;;\n\
                    deconfig) ip addr flush dev \"$interface\" ;;\n\
                    esac\n";

/// A network of one server, 192.0.2.1 and 2001:db8::1, and one phone, whose interface is `phone0`.
pub(crate) struct Network {
    name: String,
    home: TempDir,
}

impl Network {
    /// A network; `None` after saying that the test is skipped.
    pub(crate) fn new(name: &str) -> Option<Self> {
        tool("ip")?;
        let network = Self {
            name: format!("onhook-{}-{name}", std::process::id()),
            home: tempfile::tempdir().unwrap(),
        };
        for side in [SERVER, PHONE] {
            if !ip(&["netns", "add", &network.space(side)]) {
                skip("network namespaces cannot be made here: that takes root");
                return None;
            }
        }
        network.build();
        Some(network)
    }

    fn build(&self) {
        let (server, phone) = (self.space(SERVER), self.space(PHONE));
        let made = ip(&[
            "link", "add", "server0", "netns", &server, "type", "veth", "peer", "name", "phone0",
            "netns", &phone,
        ]);
        assert!(made, "no wire between the namespaces");
        let v6 = ["2001:db8::1/64", "dev", "server0", "nodad"];
        for address in [&["192.0.2.1/24", "dev", "server0"][..], &v6] {
            assert!(ip(&[&["-n", &server, "addr", "add"], address].concat()));
        }
        for (space, device) in [(&server, "server0"), (&phone, "phone0")] {
            for device in ["lo", device] {
                assert!(ip(&["-n", space, "link", "set", device, "up"]));
            }
        }
        // Answers to a phone without an address must not be dropped.
        for of in ["all", "phone0"] {
            let mut command = self.command(PHONE, Path::new("sh"));
            let set = format!("echo 0 > /proc/sys/net/ipv4/conf/{of}/rp_filter");
            assert!(command.args(["-c", &set]).status().unwrap().success());
        }
        let files = self.place("tftp");
        fs::create_dir(&files).unwrap();
        for name in ["8841-3PCC.xml", "000e08012345.xml"] {
            fs::write(files.join(name), profile([("GPP_A", name)])).unwrap();
        }
        // The server may give up its rights.
        fs::set_permissions(self.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        self.script("hook", HOOK);
    }

    fn space(&self, side: &str) -> String {
        format!("{}-{side}", self.name)
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// What a command line begins with that runs on a side.
    pub(crate) fn inside(&self, side: &str) -> Vec<OsString> {
        let space = self.space(side);
        ["ip", "netns", "exec", &space].map(OsString::from).to_vec()
    }

    pub(crate) fn command(&self, side: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.space(side)])
            .arg(program);
        command
    }

    /// Writes a script.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.place(name);
        fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn hook(&self) -> PathBuf {
        self.place("hook")
    }

    /// Gives the phone an address by hand.
    pub(crate) fn give(&self, address: &str) {
        let space = self.space(PHONE);
        let mut words = vec!["-n", &space, "addr", "add", address, "dev", "phone0"];
        if address.contains(':') {
            words.push("nodad");
        }
        assert!(ip(&words));
    }

    /// Takes the addresses of IPv4 of the phone away.
    pub(crate) fn clear_phone(&self) {
        assert!(ip(&[
            "-4",
            "-n",
            &self.space(PHONE),
            "addr",
            "flush",
            "dev",
            "phone0"
        ]));
    }

    /// Whether the phone has an address that begins so.
    pub(crate) fn phone_has(&self, begin: &str) -> Option<()> {
        let shown = Command::new("ip")
            .args([
                "-n",
                &self.space(PHONE),
                "-4",
                "-o",
                "addr",
                "show",
                "dev",
                "phone0",
            ])
            .output()
            .ok()?;
        let shown = String::from_utf8(shown.stdout).ok()?;
        shown.contains(&format!("inet {begin}")).then_some(())
    }

    /// dnsmasq with leases, files and more options.
    pub(crate) fn dnsmasq(&self, dnsmasq: &Path, more: &[&str]) -> Peer {
        let leases = self.place("dnsmasq.leases");
        let _ = fs::remove_file(&leases);
        let mut command = self.command(SERVER, dnsmasq);
        command
            .args([
                "--dhcp-authoritative",
                "--no-ping",
                "--dhcp-range=192.0.2.100,192.0.2.200,1h",
            ])
            .arg(format!("--dhcp-leasefile={}", leases.display()))
            .args(more);
        self.start(command, "0043")
    }

    /// dnsmasq with files alone.
    pub(crate) fn tftp(&self, dnsmasq: &Path) -> Peer {
        self.start(self.command(SERVER, dnsmasq), "0045")
    }

    /// nginx, which gives the same files over HTTP and HTTPS; its certificate is `server` of the authority.
    pub(crate) fn nginx(&self, nginx: &Path, authority: &Authority) -> Peer {
        let (certificate, key) = (authority.path("server.pem"), authority.path("server.key"));
        let text = format!(
            "daemon off; master_process off; user root; pid nginx.pid; events {{ }}\n\
             http {{\naccess_log off; root {:?};\n\
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             ssl_certificate {certificate:?}; ssl_certificate_key {key:?};\n\
             server {{ listen 192.0.2.1:80; listen 192.0.2.1:443 ssl; }}\n}}\n",
            self.place("tftp")
        );
        let config = self.place("nginx.conf");
        fs::write(&config, text).unwrap();
        let mut command = self.command(SERVER, nginx);
        command
            .arg("-p")
            .arg(self.home.path())
            .arg("-c")
            .arg(config);
        let server = Peer::start(command.args(["-e", "stderr"])).unwrap();
        listening(server, "tcp", "01BB")
    }

    /// rsyslogd, which writes what it hears into `messages`.
    pub(crate) fn rsyslogd(&self, rsyslogd: &Path) -> Peer {
        let home = self.home.path();
        let text = format!(
            "global(workDirectory={home:?})\nmodule(load=\"imudp\")\n\
             template(name=\"raw\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             ruleset(name=\"phones\") {{ action(type=\"omfile\" file={:?} template=\"raw\") }}\n\
             input(type=\"imudp\" address=\"192.0.2.1\" port=\"514\" ruleset=\"phones\")\n",
            self.place("messages"),
        );
        let config = self.place("rsyslog.conf");
        fs::write(&config, text).unwrap();
        let mut command = self.command(SERVER, rsyslogd);
        command.args(["-n", "-i", "NONE", "-f"]).arg(config);
        listening(Peer::start(&mut command).unwrap(), "udp", "0202")
    }

    /// Starts dnsmasq and waits until it listens at a port.
    fn start(&self, mut command: Command, port: &str) -> Peer {
        command
            .args([
                "--no-daemon",
                "--conf-file=/dev/null",
                "--port=0",
                "--user=root",
            ])
            .args(["--interface=server0", "--bind-interfaces", "--enable-tftp"])
            .arg(format!("--tftp-root={}", self.place("tftp").display()));
        listening(Peer::start(&mut command).unwrap(), "udp", port)
    }

    /// Kea with one option.
    pub(crate) fn kea(&self, kea: &Path, code: u8, value: &str) -> Peer {
        let (definition, data) = match code {
            66 => (
                String::new(),
                format!("{{ \"name\": \"tftp-server-name\", \"data\": \"{value}\" }}"),
            ),
            // What a server has its own idea of is given to it as it goes over the wire.
            43 | 125 => (
                String::new(),
                format!(
                    "{{ \"code\": {code}, \"csv-format\": false, \"data\": \"{value}\", \"always-send\": true }}"
                ),
            ),
            code => {
                let form = match code {
                    150 => "\"type\": \"ipv4-address\", \"array\": true",
                    _ => "\"type\": \"string\"",
                };
                (
                    format!("{{ \"name\": \"o{code}\", \"code\": {code}, {form} }}"),
                    format!("{{ \"name\": \"o{code}\", \"data\": \"{value}\" }}"),
                )
            }
        };
        let text = format!(
            "{{ \"Dhcp4\": {{ \"interfaces-config\": {{ \"interfaces\": [\"server0\"], \"dhcp-socket-type\": \"raw\" }},\n\
             \"lease-database\": {{ \"type\": \"memfile\", \"persist\": false }}, \"valid-lifetime\": 300,\n\
             \"option-def\": [ {definition} ], \"option-data\": [ {data} ],\n\
             \"subnet4\": [ {{ \"subnet\": \"192.0.2.0/24\", \"id\": 1,\n\
             \"pools\": [ {{ \"pool\": \"192.0.2.100-192.0.2.200\" }} ] }} ],\n\
             \"loggers\": [ {{ \"name\": \"kea-dhcp4\", \"severity\": \"INFO\",\n\
             \"output_options\": [ {{ \"output\": \"stdout\" }} ] }} ] }} }}"
        );
        let config = self.place("kea.json");
        fs::write(&config, text).unwrap();
        let mut command = self.command(SERVER, kea);
        command
            .arg("-c")
            .arg(config)
            .env("KEA_PIDFILE_DIR", self.home.path())
            .env("KEA_LOCKFILE_DIR", self.home.path());
        let mut server = Peer::start(&mut command).unwrap();
        server.line(|line| line.contains("DHCP4_STARTED")).unwrap();
        server
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for side in [SERVER, PHONE] {
            ip(&["netns", "del", &self.space(side)]);
        }
    }
}

fn ip(words: &[&str]) -> bool {
    let done = Command::new("ip").args(words).output();
    done.is_ok_and(|done| done.status.success())
}

/// A server once it listens at a port of its namespace, in hexadecimal digits.
fn listening(server: Peer, protocol: &str, port: &str) -> Peer {
    let table = format!("/proc/{}/net/{protocol}", server.id());
    let wanted = format!(":{port} ");
    until("a server that listens", || {
        let text = fs::read_to_string(&table).ok()?;
        text.contains(&wanted).then_some(())
    })
    .unwrap();
    server
}
