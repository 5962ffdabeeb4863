//! What phones do on the network, whichever server is there.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::offer::CLASS;
use super::{Form6, NAMED, Network, OPTIONS_ALONE, Offer, Offer6, URL};
use crate::agent::Agent;
use crate::peer::{Peer, until_within};

/// Longest resync: the phone waits half a minute for servers that say nothing.
const LONGEST: Duration = Duration::from_secs(90);
/// So much longer than a lease lasts its end is waited for.
const AFTER_LEASE: u32 = 60;
/// The address of a phone of IPv6.
const ADDRESS_V6: &str = "2001:db8::50/64";
/// Classes that a server gives the profile to, and what comes of it for the phone.
const CLASSES: [(&str, &str); 2] = [(CLASS, "A.applied"), ("Another", "B.fnf")];

/// One resync of the configured rules.
fn resync(agent: &Agent) -> anyhow::Result<Value> {
    let ended = agent.start(&["resync", "--json"])?.end_within(LONGEST)?;
    serde_json::from_str(&ended.out).with_context(|| format!("no document: {ended:?}"))
}

/// A resync from the factory state takes the profile of this file.
///
/// # Errors
/// It takes another one, or none.
pub fn provisioned_by(agent: &Agent, file: &str) -> anyhow::Result<()> {
    let document = resync(agent)?;
    let outcome = document.pointer("/rules/0/outcome");
    ensure!(
        outcome.is_some_and(|outcome| outcome == "A.applied"),
        "not applied: {document:#}"
    );
    let taken = document.pointer("/changes/GPP_A");
    ensure!(taken.is_some_and(|name| name == file), "{document:#}");
    Ok(())
}

/// A server tells a phone by its vendor class, and leads one of another class elsewhere.
///
/// # Errors
/// The class makes no difference.
pub fn is_known_by_its_class<S>(
    network: &Network,
    server: impl Fn(&Offer<'_>) -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    for (class, expected) in CLASSES {
        let _server = server(&Offer::new(160, URL).for_class(class))?;
        led(&network.phone(&network.own_lease())?, class, expected)?;
        network.clear_phone()?;
    }
    Ok(())
}

/// A resync ends so when the server gives the profile to phones of this class.
fn led(agent: &Agent, class: &str, expected: &str) -> anyhow::Result<()> {
    let document = resync(agent)?;
    let outcome = document.pointer("/rules/0/outcome");
    ensure!(
        outcome.is_some_and(|outcome| outcome == expected),
        "for {class}, not {expected}: {document:#}"
    );
    Ok(())
}

/// A phone of IPv6 alone asks over DHCPv6, and takes the profile by its address.
///
/// # Errors
/// It is not provisioned.
pub fn asks_over_ipv6<S>(
    network: &Network,
    server: impl FnOnce() -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    network.give(ADDRESS_V6)?;
    let _server = server()?;
    provisioned_by(&phone_of_ipv6(network)?, NAMED)
}

/// The same of a phone that a server of DHCPv6 tells by its vendor class; one of another class is led elsewhere.
///
/// # Errors
/// The class makes no difference.
pub fn is_known_by_its_class_over_ipv6<S>(
    network: &Network,
    server: impl Fn(&Offer6<'_>) -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    network.give(ADDRESS_V6)?;
    for (class, expected) in CLASSES {
        let _server = server(&Offer6::new(Form6::Text(160)).for_class(class))?;
        led(&phone_of_ipv6(network)?, class, expected)?;
    }
    Ok(())
}

fn phone_of_ipv6(network: &Network) -> anyhow::Result<Agent> {
    let agent = network.phone(OPTIONS_ALONE)?;
    let set = agent.run(&["params", "set", "IP_Mode", "IPv6 Only"])?;
    ensure!(set.code == Some(0), "{set:?}");
    Ok(agent)
}

/// A phone whose address somebody else changes restarts and asks again.
///
/// # Errors
/// It does not.
pub fn restarts_with_another_address<S>(
    network: &Network,
    server: impl FnOnce() -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    network.give("192.0.2.50/24")?;
    let _server = server()?;
    let agent = network.phone(OPTIONS_ALONE)?;
    let mut running = agent.start(&["run", "--events", "-"])?;
    running.line(|line| line.contains("resync.done"))?;
    network.clear_phone()?;
    network.give("192.0.2.51/24")?;
    restarted(&agent, &mut running)
}

/// It restarts for its address and is provisioned again.
fn restarted(agent: &Agent, running: &mut Peer) -> anyhow::Result<()> {
    running.line(|line| line.contains("\"reboot\",\"kind\""))?;
    running.line(|line| line.contains("resync.done"))?;
    let status = agent.status()?.to_string();
    ensure!(status.contains("IP Changed"), "{status}");
    Ok(())
}

/// A phone whose lease ends has no address then, and takes the next one, with which it restarts.
///
/// `server` gives leases of `seconds`, `next` other addresses.
///
/// # Errors
/// It keeps the address, or takes none.
pub fn gives_up_an_ended_lease<S>(
    network: &Network,
    seconds: u32,
    server: impl FnOnce() -> anyhow::Result<S>,
    next: impl FnOnce() -> anyhow::Result<S>,
) -> anyhow::Result<()> {
    let server = server()?;
    let agent = network.phone(&network.own_lease())?;
    let mut running = agent.start(&["run", "--events", "-"])?;
    let done = running.line(|line| line.contains("resync.done"))?;
    ensure!(done.contains("applied"), "{done}");
    ensure!(
        network.addresses()?.contains("192.0.2.1"),
        "no address of the first server"
    );
    drop(server);
    let longest = Duration::from_secs(u64::from(seconds + AFTER_LEASE));
    until_within("the end of the lease", longest, || {
        let addresses = network.addresses().ok()?;
        addresses.is_empty().then_some(())
    })?;
    let _next = next()?;
    restarted(&agent, &mut running)?;
    let addresses = network.addresses()?;
    ensure!(addresses.contains("192.0.2.2"), "it has {addresses}");
    Ok(())
}

/// A phone that no DHCP server answers goes on: it says that its rule has no server, and follows one that names a server.
///
/// # Errors
/// It does not.
pub fn goes_on_alone(network: &Network) -> anyhow::Result<()> {
    network.give("192.0.2.50/24")?;
    let agent = network.phone(OPTIONS_ALONE)?;
    let mut running = agent.start(&["run", "--events", "-"])?;
    let done = running.line_within(LONGEST, |line| line.contains("resync.done"))?;
    ensure!(done.contains("\"no server\""), "{done}");
    let (_, document) = agent.resync(URL)?;
    let of = |pointer| document.pointer(pointer).and_then(Value::as_str);
    let found = ["/rules/0/outcome", "/changes/GPP_A"].map(of);
    let expected = [Some("A.applied"), Some(NAMED)];
    ensure!(found == expected, "{found:?}: {document:#}");
    Ok(())
}
