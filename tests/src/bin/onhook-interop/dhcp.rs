//! The cases of every DHCP server: each has a network of its own, on which the phone boots.

use anyhow::Context;
use onhook_tests::Peer as Running;
use onhook_tests::network::{
    Network, Offer, SAID, gives_up_an_ended_lease, goes_on_alone, is_known_by_its_class,
    provisioned_by, restarts_with_another_address,
};

use crate::case::{Case, check};
use crate::stage::{Serving, Stage};

/// A kind of DHCP server.
pub(crate) trait Server {
    /// The shortest lease that it gives, in seconds.
    const SHORTEST: u32;

    /// Starts it, with whatever gives files beside it.
    ///
    /// # Errors
    /// It does not start.
    fn start(network: &Network, offer: &Offer<'_>) -> anyhow::Result<Vec<Running>>;
}

/// What is done with a server.
pub(crate) const fn cases<S: Server>() -> [Case; 10] {
    [
        check("option 66", option::<S, 66>),
        check("option 150", option::<S, 150>),
        check("option 160", option::<S, 160>),
        check("option 159", option::<S, 159>),
        check("option 43", option::<S, 43>),
        check("option 125", option::<S, 125>),
        check("an option for the vendor class told", class::<S>),
        check("another address restarts the phone", another::<S>).slow(),
        check(
            "no answer: `no server`, and a rule with one is followed",
            silence::<S>,
        )
        .slow(),
        check(
            "a lease that ends: no address, restart with the next",
            end::<S>,
        )
        .slow(),
    ]
}

/// A phone without an address gets one, and its profile by this option.
fn option<S: Server, const CODE: u8>(_: &Stage, _: &Serving) -> anyhow::Result<()> {
    let said = SAID.iter().find(|said| said.code == CODE);
    let said = said.context("no such option")?;
    let network = Network::new()?;
    let _servers = S::start(&network, &Offer::new(CODE, said.value))?;
    let agent = network.phone(&network.own_lease())?;
    provisioned_by(&agent, said.file)
}

fn class<S: Server>(_: &Stage, _: &Serving) -> anyhow::Result<()> {
    let network = Network::new()?;
    is_known_by_its_class(&network, |offer| S::start(&network, offer))
}

fn another<S: Server>(_: &Stage, _: &Serving) -> anyhow::Result<()> {
    let network = Network::new()?;
    let offer = Offer::new(66, "192.0.2.1");
    restarts_with_another_address(&network, || S::start(&network, &offer))
}

fn silence<S: Server>(_: &Stage, _: &Serving) -> anyhow::Result<()> {
    let network = Network::new()?;
    let _servers = S::start(&network, &Offer::new(66, "192.0.2.1").for_nobody())?;
    goes_on_alone(&network)
}

fn end<S: Server>(_: &Stage, _: &Serving) -> anyhow::Result<()> {
    let network = Network::new()?;
    let offer = Offer::new(66, "192.0.2.1");
    let (short, next) = (offer.lasting(S::SHORTEST), offer.of_other_addresses());
    gives_up_an_ended_lease(
        &network,
        S::SHORTEST,
        || S::start(&network, &short),
        || S::start(&network, &next),
    )
}
