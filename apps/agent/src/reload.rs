//! Reading the configuration again while the phone runs.

use onhook_phone::Input;

use crate::boot::{self, Life, PHONE};
use crate::cli::Place;
use crate::config::{self, Config};
use crate::known::{Facts, Known};
use crate::network::Network;
use crate::transports::Transports;

/// Takes over what may change while the phone runs, and tells what may not.
///
/// # Errors
/// The configuration cannot be used; then nothing has changed.
pub(crate) fn reload(
    place: &Place,
    config: &mut Config,
    transports: &Transports,
    known: &Known,
    network: &mut Network,
    life: &mut Life,
) -> anyhow::Result<()> {
    let new = config::load(place)?;
    let learned = network.after_reload(config, &new);
    let server = life.discovered(&new, &learned)?;
    transports.presented.reload(&new)?;
    for key in config.fixed_differences(&new) {
        tracing::warn!("{key} has changed: it takes effect when the agent is started again");
    }
    *known.now() = Facts::of(&new);
    boot::tell(&mut life.reactor, PHONE, known)?;
    life.tell_places(&new, &learned);
    network.keep(learned);
    life.reactor.queue(PHONE, Input::OptionsLearned(server));
    transports.log_server.set(&new.syslog_server);
    config.take_changes(new);
    Ok(())
}
