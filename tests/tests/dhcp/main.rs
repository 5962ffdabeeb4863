//! The phone on a network of its own, with real DHCP servers and clients on it.
#![cfg(test)]

mod network;
mod nothing;

use std::fs;
use std::process::Command;

use onhook_tests::{Agent, Ended, Peer, tool, until};
use serde_json::Value;

use network::{Network, PHONE};

const OWN_LEASE: &str = "source = \"dhcp\"\ninterface = \"phone0\"\n";

/// A phone in the namespace of the network.
fn phone(network: &Network, options: &str) -> Agent {
    let mut agent = Agent::new().unwrap();
    let text = format!("[options]\n{options}[tftp]\nlocal_ports = \"ephemeral\"\n");
    agent.configure(&text).unwrap();
    agent.run_under(network.inside(PHONE));
    agent
}

/// Options for a phone that configures its interface.
fn own_lease(network: &Network) -> String {
    format!("{OWN_LEASE}hook = \"{}\"\n", network.hook().display())
}

/// One resync of the configured rules.
fn resync(agent: &Agent) -> Value {
    let ended: Ended = agent.run(&["resync", "--json"]).unwrap();
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"))
}

/// A resync from the factory state takes the profile of this file.
#[track_caller]
fn provisioned_by(agent: &Agent, file: &str) {
    let document = resync(agent);
    assert_eq!(document["rules"][0]["outcome"], "A.applied", "{document:#}");
    assert_eq!(document["changes"]["GPP_A"], file, "{document:#}");
}

/// What a server says, and the file that it leads to.
const SAID: [(u8, &str, &str); 3] = [
    (66, "192.0.2.1", "8841-3PCC.xml"),
    (150, "192.0.2.1, 192.0.2.9", "8841-3PCC.xml"),
    (160, "tftp://192.0.2.1/$MA.xml", "000e08012345.xml"),
];

//= R-DHCP-3 type=test
//= R-DHCP-6 type=test
#[test]
fn a_phone_without_an_address_gets_one_and_its_profile_from_dnsmasq() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), Network::new("dm")) else {
        return;
    };
    for (code, value, file) in SAID {
        let option = format!("--dhcp-option-force={code},{value}");
        // Where a boot loader would look for its files, a phone does not (R-DHCP-12).
        let boot = "--dhcp-boot=boot.bin,,192.0.2.9";
        let server = network.dnsmasq(&dnsmasq, &[&option, boot]);
        let agent = phone(&network, &own_lease(&network));
        provisioned_by(&agent, file);
        drop(server);
        network.clear_phone();
    }
}

/// A URL in the first sub-option of an option, as it goes over the wire.
fn sub_option(before: &[u8], url: &str) -> Vec<u8> {
    let length = u8::try_from(url.len()).unwrap();
    [before, &[1, length], url.as_bytes()].concat()
}

const URL: &str = "tftp://192.0.2.1/$MA.xml";
/// What leads there.
const FILE: &str = "000e08012345.xml";

/// Options 43 and 125, the latter of Cisco (enterprise 9).
fn enclosed() -> [(u8, Vec<u8>); 2] {
    let own = sub_option(&[], URL);
    let length = u8::try_from(own.len()).unwrap();
    [(43, own), (125, sub_option(&[0, 0, 0, 9, length], URL))]
}

fn hex(bytes: &[u8], between: &str) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(between)
}

//= R-DHCP-1 type=test
//= R-DHCP-4 type=test
#[test]
fn every_other_option_of_dnsmasq_leads_to_a_profile_and_one_for_phones_alone() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), Network::new("ot")) else {
        return;
    };
    let class = "--dhcp-vendorclass=set:mpp,IP Phone CP-8841-3PCC";
    let [(_, own), _] = enclosed();
    for options in [
        vec![format!("--dhcp-option-force=159,{URL}")],
        vec![format!("--dhcp-option-force=43,{}", hex(&own, ":"))],
        vec![format!("--dhcp-option-force=vi-encap:9,1,{URL}")],
        vec![
            class.to_owned(),
            format!("--dhcp-option-force=tag:mpp,160,{URL}"),
            "--dhcp-option-force=tag:!mpp,160,tftp://192.0.2.9/none.xml".to_owned(),
        ],
    ] {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let server = network.dnsmasq(&dnsmasq, &options);
        provisioned_by(&phone(&network, &own_lease(&network)), FILE);
        drop(server);
        network.clear_phone();
    }
}

//= R-DHCP-1 type=test
#[test]
fn the_enclosed_options_of_kea_lead_to_a_profile() {
    let (Some(kea), Some(dnsmasq), Some(network)) =
        (tool("kea-dhcp4"), tool("dnsmasq"), Network::new("kv"))
    else {
        return;
    };
    let files = network.tftp(&dnsmasq);
    for (code, bytes) in enclosed() {
        let server = network.kea(&kea, code, &hex(&bytes, ""));
        provisioned_by(&phone(&network, &own_lease(&network)), FILE);
        drop(server);
        network.clear_phone();
    }
    drop(files);
}

//= R-DHCP-14 type=test
#[test]
fn a_phone_with_an_address_asks_dnsmasq_for_options_alone() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), Network::new("in")) else {
        return;
    };
    network.give("192.0.2.50/24");
    for (code, value, file) in SAID {
        let option = format!("--dhcp-option-force={code},{value}");
        let server = network.dnsmasq(&dnsmasq, &[&option]);
        provisioned_by(&phone(&network, OWN_LEASE), file);
        drop(server);
    }
}

#[test]
fn a_phone_without_an_address_gets_one_and_its_profile_from_kea() {
    let (Some(kea), Some(dnsmasq), Some(network)) =
        (tool("kea-dhcp4"), tool("dnsmasq"), Network::new("ke"))
    else {
        return;
    };
    let files = network.tftp(&dnsmasq);
    for (code, value, file) in SAID {
        let server = network.kea(&kea, code, value);
        let agent = phone(&network, &own_lease(&network));
        provisioned_by(&agent, file);
        drop(server);
        network.clear_phone();
    }
    drop(files);
}

//= R-DHCP-15 type=test
#[test]
fn a_phone_of_ipv6_alone_asks_for_options_of_dhcpv6() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), Network::new("v6")) else {
        return;
    };
    network.give("2001:db8::50/64");
    let range = "--dhcp-range=2001:db8::,static";
    let option = format!(
        "--dhcp-option=option6:160,tftp://[{}]/$MA.xml",
        "2001:db8::1"
    );
    let server = network.dnsmasq(&dnsmasq, &[range, &option]);
    let agent = phone(&network, OWN_LEASE);
    let set = agent
        .run(&["params", "set", "IP_Mode", "IPv6 Only"])
        .unwrap();
    assert_eq!(set.code, Some(0), "{set:?}");
    provisioned_by(&agent, "000e08012345.xml");
    drop(server);
}

//= R-DHCP-11 type=test
//= R-SM-22 type=test
#[test]
fn a_phone_whose_address_changes_restarts_and_asks_again() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), Network::new("ip")) else {
        return;
    };
    network.give("192.0.2.50/24");
    let server = network.dnsmasq(&dnsmasq, &["--dhcp-option-force=66,192.0.2.1"]);
    let agent = phone(&network, OWN_LEASE);
    let mut running = agent.start(&["run", "--events", "-"]).unwrap();
    running.line(|line| line.contains("resync.done")).unwrap();
    network.clear_phone();
    network.give("192.0.2.51/24");
    running
        .line(|line| line.contains("\"reboot\",\"kind\""))
        .unwrap();
    running.line(|line| line.contains("resync.done")).unwrap();
    let status = agent.status().unwrap().to_string();
    assert!(status.contains("IP Changed"), "{status}");
    drop(server);
}

#[test]
fn an_interface_that_does_not_exist_is_told() {
    let agent = Agent::new().unwrap();
    let text = "[options]\nsource = \"dhcp\"\ninterface = \"phone7\"\n";
    agent.configure(text).unwrap();
    let ended = agent.run(&["resync"]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.err.contains("there is no interface phone7"),
        "{ended:?}"
    );
}

#[test]
fn beside_another_client_its_lease_file_is_read() {
    let (Some(dnsmasq), Some(udhcpc), Some(network)) =
        (tool("dnsmasq"), tool("udhcpc"), Network::new("ud"))
    else {
        return;
    };
    for (code, value, file) in SAID {
        let option = format!("--dhcp-option-force={code},{value}");
        let server = network.dnsmasq(&dnsmasq, &[&option]);
        let lease = network.place("lease");
        let _ = fs::remove_file(&lease);
        let script = network.script(
            "udhcpc",
            &format!(
                "{} \"$@\"\n[ \"$1\" = bound ] && env > {}\nexit 0\n",
                network.hook().display(),
                lease.display()
            ),
        );
        let mut command = network.command(PHONE, &udhcpc);
        command.args([
            "-i", "phone0", "-f", "-q", "-n", "-O", "66", "-O", "150", "-O", "160",
        ]);
        let ended = Peer::start(command.arg("-s").arg(script))
            .unwrap()
            .end()
            .unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let options = format!(
            "source = \"lease-file\"\nformat = \"udhcpc\"\ninterface = \"phone0\"\npath = \"{}\"\n",
            lease.display()
        );
        provisioned_by(&phone(&network, &options), file);
        drop(server);
        network.clear_phone();
    }
}

#[test]
fn the_leases_of_dhclient_are_read() {
    let (Some(dnsmasq), Some(dhclient), Some(network)) =
        (tool("dnsmasq"), tool("dhclient"), Network::new("dh"))
    else {
        return;
    };
    let lease = network.place("dhclient.leases");
    let conf = network.place("dhclient.conf");
    fs::write(
        &conf,
        "option option-150 code 150 = array of ip-address;\noption option-160 code 160 = text;\n\
         request subnet-mask, tftp-server-name, option-150, option-160;\n",
    )
    .unwrap();
    let script = network.script(
        "dhclient",
        &format!(
            "case $reason in BOUND) interface=$interface ip=$new_ip_address mask=24 {} bound;; esac\nexit 0\n",
            network.hook().display()
        ),
    );
    for (code, value, file) in SAID {
        let option = format!("--dhcp-option-force={code},{value}");
        let server = network.dnsmasq(&dnsmasq, &[&option]);
        // A former lease would be asked for again.
        let _ = fs::remove_file(&lease);
        let mut command: Command = network.command(PHONE, &dhclient);
        command
            .args(["-4", "-d", "-1", "-v", "-pf"])
            .arg(network.place("dhclient.pid"));
        command.arg("-cf").arg(&conf).arg("-sf").arg(&script);
        let client = Peer::start(command.arg("-lf").arg(&lease).arg("phone0")).unwrap();
        until("an address from dhclient", || network.phone_has("192.0.2.")).unwrap();
        let options = format!(
            "source = \"lease-file\"\nformat = \"dhclient\"\ninterface = \"phone0\"\npath = \"{}\"\n",
            lease.display()
        );
        provisioned_by(&phone(&network, &options), file);
        // While it runs, its port is not there for the phone.
        let ended = phone(&network, OWN_LEASE).run(&["resync"]).unwrap();
        assert!(
            ended.err.contains("another DHCP client runs there"),
            "{ended:?}"
        );
        drop(client);
        drop(server);
        network.clear_phone();
    }
}
