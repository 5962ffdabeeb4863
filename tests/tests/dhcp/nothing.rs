//! A phone that boots from nothing: its address and its server from dnsmasq, its profile over each transport, its log at rsyslogd.

use std::fs;

use onhook_tests::network::{Network, Offer, PHONE};
use onhook_tests::{Agent, Authority, tool, until};

use crate::network;

/// Its certificate is for the server of the network.
const HERE: &str = "subjectAltName=IP:192.0.2.1\n";

/// Option, value, scheme and file that they lead to; with 150 dnsmasq names addresses alone, which are TFTP servers.
const LEADS: [(u8, &str, &str, &str); 7] = [
    (66, "192.0.2.1", "tftp", "8841-3PCC.xml"),
    (66, "http://192.0.2.1", "http", "8841-3PCC.xml"),
    (66, "https://192.0.2.1/$MA.xml", "https", "000e08012345.xml"),
    (150, "192.0.2.1", "tftp", "8841-3PCC.xml"),
    (160, "tftp://192.0.2.1/$MA.xml", "tftp", "000e08012345.xml"),
    (160, "http://192.0.2.1/$MA.xml", "http", "000e08012345.xml"),
    (160, "https://192.0.2.1", "https", "8841-3PCC.xml"),
];

/// A phone out of its box that believes the authority.
fn phone(network: &Network, authority: &Authority) -> Agent {
    let mut agent = Agent::new().unwrap();
    let text = format!(
        "[options]\n{}[syslog]\nserver = \"192.0.2.1\"\n[tls]\ntrust = {:?}\n",
        network.own_lease(),
        authority.path("ca.pem")
    );
    agent.configure(&text).unwrap();
    agent.run_under(network.inside(PHONE));
    agent
}

//= R-DHCP-6 type=test
//= R-LOG-5 type=test
#[test]
fn a_phone_boots_from_nothing_over_each_transport_and_tells_rsyslogd() {
    let (Some(dnsmasq), Some(nginx), Some(rsyslogd), Some(openssl)) = (
        tool("dnsmasq"),
        tool("nginx"),
        tool("rsyslogd"),
        tool("openssl"),
    ) else {
        return;
    };
    let Some(network) = network() else {
        return;
    };
    let authority = Authority::new(openssl).unwrap();
    authority.issue("server", HERE).unwrap();
    let servers = (
        network.nginx(&nginx, &authority).unwrap(),
        network.rsyslogd(&rsyslogd).unwrap(),
    );
    let messages = network.place("messages");
    let mut told = 0;
    for (code, value, scheme, file) in LEADS {
        let offer = Offer::new(code, value);
        let dhcp = network.dnsmasq(&dnsmasq, &offer, &[]).unwrap();
        let agent = phone(&network, &authority);
        let mut running = agent.start(&["run", "--events", "-"]).unwrap();
        let done = running.line(|line| line.contains("resync.done")).unwrap();
        assert!(done.contains("applied"), "{code} {scheme}: {done}");
        let lines = until("two messages at rsyslogd", || {
            let text = fs::read_to_string(&messages).ok()?;
            let lines: Vec<_> = text.lines().skip(told).map(str::to_owned).collect();
            (lines.len() >= 2).then_some(lines)
        })
        .unwrap();
        told += lines.len();
        let [request, result] = lines.as_slice() else {
            panic!("{code} {scheme}: {lines:#?}");
        };
        let url =
            |line: &str| line.contains(&format!("{scheme}://192.0.2.1")) && line.contains(file);
        assert!(
            request.contains("Requesting resync ") && url(request),
            "{lines:#?}"
        );
        assert!(
            result.contains("Successful resync ") && url(result),
            "{lines:#?}"
        );
        drop(running);
        assert_eq!(agent.changed().unwrap()["GPP_A"], file, "{code} {scheme}");
        drop(dhcp);
        network.clear_phone().unwrap();
    }
    drop(servers);
}
