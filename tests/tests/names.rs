//! Name servers of one's own: `--srv`, the domain of the network, and what is no answer. dnsmasq is the name server.
#![cfg(test)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Command, Stdio};

use onhook_tests::{Agent, Authority, Lab, Peer, profile, signal, tool, until, violations};
use serde_json::Value;

/// dnsmasq with records for a server of the lab over HTTP and HTTPS, and the lab.
struct Network {
    port: u16,
    lab: Lab,
    dns: Peer,
}

impl Network {
    /// `None` after saying that the test is skipped.
    fn new(records: &[&str]) -> Option<Self> {
        let program = tool("dnsmasq")?;
        let folder = tempfile::tempdir().unwrap();
        let ca_out = folder.path().join("ca.pem").display().to_string();
        let mut options = vec!["--https", "127.0.0.1:0", "--tls-name", "example.test"];
        options.extend(["--tls-ca-out", &ca_out]);
        let lab = Lab::start(&options).unwrap();
        fs::copy(&ca_out, lab.place("ca.pem")).unwrap();
        let port_of = |scheme| {
            lab.address(scheme)
                .unwrap()
                .rsplit(':')
                .next()
                .unwrap()
                .to_owned()
        };
        let (http, https) = (port_of("http"), port_of("https"));
        let is_root = Command::new("id").arg("-u").output();
        let is_root = is_root.is_ok_and(|id| id.stdout == b"0\n");
        let start = |port: u16| {
            let mut command = Command::new(&program);
            command
                .args([
                    "--no-daemon",
                    "--conf-file=/dev/null",
                    "--no-resolv",
                    "--no-hosts",
                    "--local=/test/",
                ])
                .args(["--listen-address=127.0.0.1", "--bind-interfaces"])
                .args([format!("--port={port}"), "--pid-file=".to_owned()])
                .args(records.iter().map(|record| {
                    record
                        .replace("{http}", &http)
                        .replace("{https}", &https)
                        .replace("{closed}", &closed_port().to_string())
                }))
                .stdin(Stdio::null());
            if is_root {
                command.arg("--user=nobody");
            }
            Peer::start(&mut command).unwrap()
        };
        let port = free_port();
        let dns = start(port);
        let mut network = Self { port, lab, dns };
        until("dnsmasq", || {
            // Somebody else had the port by then: the next one may be free.
            if network.dns.has_ended().ok()? {
                network.port = free_port();
                network.dns = start(network.port);
            }
            network.answers().then_some(())
        })
        .unwrap();
        Some(network)
    }

    /// Whether the name server answers to a question that is none.
    fn answers(&self) -> bool {
        let asking = UdpSocket::bind("127.0.0.1:0").unwrap();
        asking.connect(("127.0.0.1", self.port)).unwrap();
        let wait = std::time::Duration::from_millis(100);
        asking.set_read_timeout(Some(wait)).unwrap();
        // The root has no address.
        let question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01";
        asking.send(question).is_ok() && asking.recv(&mut [0; 512]).is_ok()
    }

    /// A phone that asks this name server and believes the lab.
    fn phone(&self, more: &str) -> Agent {
        let agent = Agent::new().unwrap();
        let text = format!(
            "[tls]\ntrust = {:?}\n[dns]\nservers = \"127.0.0.1:{}\"\n{more}",
            self.lab.place("ca.pem"),
            self.port
        );
        agent.configure(&text).unwrap();
        agent
    }
}

fn free_port() -> u16 {
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        // Name servers listen on both.
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A port where nobody listens.
fn closed_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

const HTTPS: &str = "--srv-host=_ciscoprov-https._tls.example.test,pr1.example.test,{https},10";
const HTTP: &str = "--srv-host=_ciscoprov-http._tcp.example.test,pr1.example.test,{http},10";
const DIRECTORY: &str = "--host-record=dir.test,127.0.0.1";
const PR1: &str = "--host-record=pr1.example.test,127.0.0.1";

//= R-DNS-2 type=test
//= R-DNS-4 type=test
//= R-TLS-3 type=test
#[test]
fn a_rule_with_srv_finds_its_server_and_tls_expects_the_domain() {
    let records = [
        HTTPS,
        HTTP,
        PR1,
        "--srv-host=_ciscoprov-https._tls.example.test,pr0.example.test,{closed},5",
        "--host-record=pr0.example.test,127.0.0.1",
        "--srv-host=_ciscoprov-https._tls.other.test,pr1.example.test,{https},10",
    ];
    let Some(network) = Network::new(&records) else {
        return;
    };
    network.lab.put("p.xml", profile([("GPP_A", "x")])).unwrap();
    let agent = network.phone("");
    for scheme in ["https", "http"] {
        let rule = format!("[--srv] {scheme}://example.test/p.xml");
        let (ended, resync) = agent.resync(&rule).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let port = if scheme == "https" { 443 } else { 80 };
        let url = format!("{scheme}://example.test:{port}/p.xml");
        assert_eq!(resync["rules"][0]["url"], url);
    }
    // The server is right, and its certificate is for another domain.
    let (ended, resync) = agent.resync("[--srv] https://other.test/p.xml").unwrap();
    assert_eq!(ended.code, Some(1));
    assert_eq!(resync["rules"][0]["outcome"], "C.tls", "{resync:#}");
}

//= R-DNS-5 type=test
#[test]
fn names_without_records_and_addresses_of_nobody_are_told_apart() {
    let records = [
        "--host-record=plain.test,127.0.0.1",
        "--host-record=many.test,224.0.0.1",
        "--host-record=none.test,0.0.0.0",
    ];
    let Some(network) = Network::new(&records) else {
        return;
    };
    network.lab.put("p.xml", profile([("GPP_A", "x")])).unwrap();
    let port = network
        .lab
        .address("http")
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap();
    let agent = network.phone("");
    for (rule, outcome, says) in [
        (
            format!("[--srv] http://plain.test:{port}/p.xml"),
            "A.applied",
            "",
        ),
        (
            "http://nowhere.test/p.xml".to_owned(),
            "C.dns",
            "does not resolve",
        ),
        (
            "http://many.test/p.xml".to_owned(),
            "C.policy",
            "not the address of one host",
        ),
        (
            "tftp://many.test/p.xml".to_owned(),
            "C.policy",
            "not the address of one host",
        ),
        (
            "http://none.test/p.xml".to_owned(),
            "C.policy",
            "not the address of one host",
        ),
    ] {
        let (_, resync) = agent.resync(&rule).unwrap();
        assert_eq!(resync["rules"][0]["outcome"], outcome, "{resync:#}");
        assert!(resync.to_string().contains(says), "{resync:#}");
    }
}

//= R-DNS-3 type=test
//= R-DNS-6 type=test
#[test]
fn a_phone_out_of_the_box_finds_the_server_of_its_domain() {
    let Some(network) = Network::new(&[HTTPS, PR1]) else {
        return;
    };
    fs::create_dir(network.lab.place("www/Cisco")).unwrap();
    let content = profile([("GPP_A", "found")]);
    network.lab.put("Cisco/000e08012345.cfg", content).unwrap();
    let agent = network.phone("[options.static]\n15 = \"example.test\"\n");
    agent
        .run(&["params", "set", "Resync_Random_Delay", "0"])
        .unwrap();
    let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
    let event = phone
        .line(|line| line.contains("\"resync.report\""))
        .unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let wrong = violations("onhook.event/1", &event).unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let ended = agent.run(&["params", "get", "GPP_A"]).unwrap();
    assert_eq!(ended.out.trim(), "found", "{event:#}");
}

//= R-OOB-1 type=test
#[test]
fn a_phone_out_of_the_box_is_sent_to_its_profile_by_a_directory() {
    let (Some(network), Some(openssl)) = (Network::new(&[DIRECTORY]), tool("openssl")) else {
        return;
    };
    let authority = Authority::new(openssl).unwrap();
    authority
        .issue("dir", "subjectAltName=DNS:dir.test")
        .unwrap();
    let question = authority.path("?mac=000e08012345&model=CP-8841-3PCC");
    fs::write(question, network.lab.url("http", "/own.xml").unwrap()).unwrap();
    let (_directory, port) = authority.serve("dir", "").unwrap();
    network
        .lab
        .put("own.xml", profile([("GPP_A", "sent")]))
        .unwrap();
    let agent = Agent::new().unwrap();
    let text = format!(
        "[tls]\ntrust = {:?}\n[dns]\nservers = \"127.0.0.1:{}\"\n[directory]\nhost = \"dir.test:{port}\"\n",
        authority.path("ca.pem"),
        network.port
    );
    agent.configure(&text).unwrap();
    agent
        .run(&["params", "set", "Resync_Random_Delay", "0"])
        .unwrap();
    let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
    let event = phone
        .line(|line| line.contains("\"resync.report\""))
        .unwrap();
    let ended = agent.run(&["params", "get", "GPP_A"]).unwrap();
    assert_eq!(ended.out.trim(), "sent", "{event}");
}

//= R-DNS-1 type=test
#[test]
fn other_name_servers_count_once_the_configuration_is_read_again() {
    let record = "--host-record=plain.test,127.0.0.1";
    let (Some(network), Some(other)) = (Network::new(&[record]), Network::new(&[])) else {
        return;
    };
    network.lab.put("p.xml", profile([("GPP_A", "x")])).unwrap();
    let url = network.lab.url("http", "/p.xml").unwrap();
    let rule = url.replace("127.0.0.1", "plain.test");
    let agent = Agent::new().unwrap();
    let servers = |port: u16| format!("[dns]\nservers = \"127.0.0.1:{port}\"\n");
    agent.configure(&servers(other.port)).unwrap();
    for (name, value) in [("Profile_Rule", &*rule), ("Resync_Random_Delay", "0")] {
        agent.run(&["params", "set", name, value]).unwrap();
    }
    let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
    let report = phone
        .line(|line| line.contains("\"resync.report\""))
        .unwrap();
    assert!(report.contains("C.dns"), "{report}");
    let value = || agent.run(&["params", "get", "GPP_A"]).unwrap().out;
    assert_eq!(value().trim(), "");
    agent.configure(&servers(network.port)).unwrap();
    signal("HUP", phone.id()).unwrap();
    until("a resync by way of the other name server", || {
        agent.run(&["ctl", "resync"]).unwrap();
        (value().trim() == "x").then_some(())
    })
    .unwrap();
}

//= R-OOB-9 type=test
// V-230
#[test]
fn after_a_factory_reset_the_state_is_open_and_the_history_empty() {
    let Some(network) = Network::new(&[HTTPS, PR1]) else {
        return;
    };
    let content = profile([("GPP_A", "found"), ("Resync_Random_Delay", "0")]);
    network.lab.put("8841-3PCC.xml", content).unwrap();
    let agent = network.phone("domain = \"example.test\"\n");
    let ended = agent.run(&["resync"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
    let done = |phone: &mut Peer| {
        phone
            .line(|line| line.contains("\"resync.report\""))
            .unwrap()
    };
    done(&mut phone);
    agent.run(&["ctl", "reboot"]).unwrap();
    done(&mut phone);
    let status = agent.status().unwrap();
    assert_eq!(status["customization"], "aborted", "{status:#}");
    assert_eq!(status["history"][0]["reason"], "User Triggered");
    agent.run(&["ctl", "factory-reset"]).unwrap();
    // The random delay is that of the factory again.
    phone.line(|line| line.contains("\"boot-delay\"")).unwrap();
    let status = agent.status().unwrap();
    assert_eq!(status["customization"], "open", "{status:#}");
    assert_eq!(status["history"], serde_json::json!([]));
    let wrong = violations("onhook.status/1", &status).unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a phone holds in GPP_A.
fn taken(agent: &Agent) -> String {
    let ended = agent.run(&["params", "get", "GPP_A"]).unwrap();
    ended.out.trim().to_owned()
}

//= R-DNS-3 type=test
//= R-SM-25 type=test
#[test]
fn a_resync_in_the_foreground_finds_the_server_of_the_domain_too() {
    let Some(network) = Network::new(&[HTTPS, PR1]) else {
        return;
    };
    let content = profile([("GPP_A", "found")]);
    network.lab.put("8841-3PCC.xml", content).unwrap();
    let agent = network.phone("domain = \"example.test\"\n");
    let ended = agent.run(&["resync", "--json"]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let url = "https://example.test:443/8841-3PCC.xml";
    let rules = document["rules"].as_array().unwrap();
    assert_eq!(rules.last().unwrap()["url"], url, "{document:#}");
    let wrong = violations("onhook.resync/1", &document).unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(taken(&agent), "found");
    // Once it was brought up it searches no more.
    let ended = agent.run(&["resync"]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("no server"), "{ended:?}");
}

//= R-DNS-3 type=test
#[test]
fn another_domain_counts_once_the_configuration_is_read_again() {
    let records = [
        PR1,
        "--srv-host=_ciscoprov-http._tcp.new.test,pr1.example.test,{http},10",
    ];
    let Some(network) = Network::new(&records) else {
        return;
    };
    let content = profile([("GPP_A", "found")]);
    network.lab.put("8841-3PCC.xml", content).unwrap();
    let agent = network.phone("domain = \"old.test\"\n");
    for (name, value) in [
        ("Resync_Random_Delay", "0"),
        ("Resync_Error_Retry_Delay", "3600"),
    ] {
        agent.run(&["params", "set", name, value]).unwrap();
    }
    let mut phone = agent.start(&["run", "--events", "-"]).unwrap();
    let report = phone
        .line(|line| line.contains("\"resync.report\""))
        .unwrap();
    assert!(report.contains("no server"), "{report}");
    let text = format!(
        "[dns]\nservers = \"127.0.0.1:{}\"\ndomain = \"new.test\"\n",
        network.port
    );
    agent.configure(&text).unwrap();
    signal("HUP", phone.id()).unwrap();
    until("a resync by way of the other domain", || {
        agent.run(&["ctl", "resync"]).unwrap();
        (taken(&agent) == "found").then_some(())
    })
    .unwrap();
}
