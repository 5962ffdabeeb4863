//! The phone on a network of its own, with real DHCP servers and clients on it.
#![cfg(test)]

mod nothing;

use std::fs;
use std::process::Command;

use onhook_tests::network::{
    FORMS, Form6, Network, OPTIONS_ALONE, Offer, Offer6, PHONE, SAID, asks_over_ipv6,
    is_known_by_its_class, is_known_by_its_class_over_ipv6, provisioned_by,
    restarts_with_another_address,
};
use onhook_tests::{Agent, Peer, program, skip, tool, until};

/// What the lease files of other clients are told of: 66, 150 and 160.
const OF_CLIENTS: usize = 3;

/// A network; `None` after saying that the test is skipped.
fn network() -> Option<Network> {
    tool("ip")?;
    match Network::new() {
        Ok(network) => Some(network),
        Err(why) => {
            skip(&format!(
                "network namespaces cannot be made here, which takes root: {why:#}"
            ));
            None
        }
    }
}

/// A phone with a lease of its own takes the profile of this file, and then loses its address.
#[track_caller]
fn boots(network: &Network, file: &str) {
    let agent = network.phone(&network.own_lease()).unwrap();
    provisioned_by(&agent, file).unwrap();
    network.clear_phone().unwrap();
}

//= R-DHCP-1 type=test
//= R-DHCP-3 type=test
//= R-DHCP-6 type=test
#[test]
fn a_phone_without_an_address_gets_one_and_its_profile_from_dnsmasq() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), network()) else {
        return;
    };
    for said in SAID {
        let offer = Offer::new(said.code, said.value);
        // Where a boot loader would look for its files, a phone does not (R-DHCP-12).
        let boot = "--dhcp-boot=boot.bin,,192.0.2.9";
        let server = network.dnsmasq(&dnsmasq, &offer, &[boot]).unwrap();
        boots(&network, said.file);
        drop(server);
    }
}

//= R-DHCP-4 type=test
#[test]
fn what_dnsmasq_says_to_phones_alone_leads_to_a_profile() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), network()) else {
        return;
    };
    is_known_by_its_class(&network, |offer| network.dnsmasq(&dnsmasq, offer, &[])).unwrap();
}

//= R-DHCP-4 type=test
#[test]
fn what_kea_says_to_phones_alone_leads_to_a_profile() {
    let (Some(kea), Some(network)) = (tool("kea-dhcp4"), network()) else {
        return;
    };
    let files = network.tftp().unwrap();
    is_known_by_its_class(&network, |offer| network.kea(&kea, offer)).unwrap();
    drop(files);
}

//= R-DHCP-14 type=test
#[test]
fn a_phone_with_an_address_asks_dnsmasq_for_options_alone() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), network()) else {
        return;
    };
    network.give("192.0.2.50/24").unwrap();
    for said in SAID {
        let offer = Offer::new(said.code, said.value);
        let server = network.dnsmasq(&dnsmasq, &offer, &[]).unwrap();
        let agent = network.phone(OPTIONS_ALONE).unwrap();
        provisioned_by(&agent, said.file).unwrap();
        drop(server);
    }
}

//= R-DHCP-1 type=test
#[test]
fn a_phone_without_an_address_gets_one_and_its_profile_from_kea() {
    let (Some(kea), Some(network)) = (tool("kea-dhcp4"), network()) else {
        return;
    };
    let files = network.tftp().unwrap();
    for said in SAID {
        let offer = Offer::new(said.code, said.value);
        let server = network.kea(&kea, &offer).unwrap();
        boots(&network, said.file);
        drop(server);
    }
    drop(files);
}

//= R-DHCP-15 type=test
#[test]
fn a_phone_of_ipv6_alone_asks_for_options_of_dhcpv6() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), network()) else {
        return;
    };
    asks_over_ipv6(&network, || network.dnsmasq6(&dnsmasq)).unwrap();
}

//= R-DHCP-15 type=test
#[test]
fn a_phone_of_ipv6_alone_asks_kea_in_each_form() {
    let Some(kea) = tool("kea-dhcp6") else {
        return;
    };
    let beside = Offer6::new(Form6::Text(160)).beside(3561);
    for offer in FORMS.map(Offer6::new).into_iter().chain([beside]) {
        let Some(network) = network() else {
            return;
        };
        let servers = || Ok((network.kea6(&kea, &offer)?, network.tftp6()?));
        asks_over_ipv6(&network, servers).unwrap();
    }
}

//= R-DHCP-4 type=test
#[test]
fn what_kea_says_over_ipv6_to_phones_alone_leads_to_a_profile() {
    let (Some(kea), Some(network)) = (tool("kea-dhcp6"), network()) else {
        return;
    };
    let files = network.tftp6().unwrap();
    is_known_by_its_class_over_ipv6(&network, |offer| network.kea6(&kea, offer)).unwrap();
    drop(files);
}

//= R-DHCP-11 type=test
//= R-SM-22 type=test
#[test]
fn a_phone_whose_address_changes_restarts_and_asks_again() {
    let (Some(dnsmasq), Some(network)) = (tool("dnsmasq"), network()) else {
        return;
    };
    let offer = Offer::new(66, "192.0.2.1");
    restarts_with_another_address(&network, || network.dnsmasq(&dnsmasq, &offer, &[])).unwrap();
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
    let (Some(dnsmasq), Some(udhcpc), Some(network)) = (tool("dnsmasq"), tool("udhcpc"), network())
    else {
        return;
    };
    for said in &SAID[..OF_CLIENTS] {
        let offer = Offer::new(said.code, said.value);
        let server = network.dnsmasq(&dnsmasq, &offer, &[]).unwrap();
        let lease = network.place("lease");
        let _ = fs::remove_file(&lease);
        let script = network
            .script(
                "udhcpc",
                &format!(
                    "{} \"$@\"\n[ \"$1\" = bound ] && env > {}\nexit 0\n",
                    network.hook().display(),
                    lease.display()
                ),
            )
            .unwrap();
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
        let agent = network.phone(&options).unwrap();
        provisioned_by(&agent, said.file).unwrap();
        drop(server);
        network.clear_phone().unwrap();
    }
}

#[test]
fn a_fleet_asks_where_an_option_of_kea_leads() {
    let (Some(kea), Some(udhcpc), Some(network)) = (tool("kea-dhcp4"), tool("udhcpc"), network())
    else {
        return;
    };
    let said = &SAID[0];
    let files = network.tftp().unwrap();
    let server = network
        .kea(&kea, &Offer::new(said.code, said.value))
        .unwrap();
    let told = network.place("told");
    let text = format!(
        "{} \"$@\"\n[ \"$1\" = bound ] && echo $tftp > {}\nexit 0\n",
        network.hook().display(),
        told.display()
    );
    let script = network.script("udhcpc", &text).unwrap();
    let mut command = network.command(PHONE, &udhcpc);
    command.args(["-i", "phone0", "-f", "-q", "-n", "-O", "66"]);
    let client = Peer::start(command.arg("-s").arg(script)).unwrap();
    let ended = client.end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let option = format!("66={}", fs::read_to_string(&told).unwrap().trim());
    assert_eq!(option, format!("66={}", said.value));
    // The rule names no server.
    let mut command = network.command(PHONE, &program("onhook-harness").unwrap());
    command.args(["fleet", "--json", "--phones", "50", "--rule", "/$PSN.xml"]);
    command.args(["--dhcp", &option, "--set", "Resync_Random_Delay=0"]);
    let ended = Peer::start(&mut command).unwrap().end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["outcomes"]["A.applied"], 50, "{document:#}");
    drop((server, files));
}

#[test]
fn the_leases_of_dhclient_are_read() {
    let (Some(dnsmasq), Some(dhclient), Some(network)) =
        (tool("dnsmasq"), tool("dhclient"), network())
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
    ).unwrap();
    for said in &SAID[..OF_CLIENTS] {
        let offer = Offer::new(said.code, said.value);
        let server = network.dnsmasq(&dnsmasq, &offer, &[]).unwrap();
        // A former lease would be asked for again.
        let _ = fs::remove_file(&lease);
        let mut command: Command = network.command(PHONE, &dhclient);
        command
            .args(["-4", "-d", "-1", "-v", "-pf"])
            .arg(network.place("dhclient.pid"));
        command.arg("-cf").arg(&conf).arg("-sf").arg(&script);
        let client = Peer::start(command.arg("-lf").arg(&lease).arg("phone0")).unwrap();
        // It is written after the script has configured the interface.
        until("a lease of dhclient", || {
            let text = fs::read_to_string(&lease).ok()?;
            text.contains("\n}").then_some(())
        })
        .unwrap();
        let options = format!(
            "source = \"lease-file\"\nformat = \"dhclient\"\ninterface = \"phone0\"\npath = \"{}\"\n",
            lease.display()
        );
        let agent = network.phone(&options).unwrap();
        provisioned_by(&agent, said.file).unwrap();
        // While it runs, its port is not there for the phone.
        let agent = network.phone(OPTIONS_ALONE).unwrap();
        let ended = agent.run(&["resync"]).unwrap();
        assert!(
            ended.err.contains("another DHCP client runs there"),
            "{ended:?}"
        );
        drop(client);
        drop(server);
        network.clear_phone().unwrap();
    }
}
