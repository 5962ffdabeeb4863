//! What the phone upgrades its firmware with.

use std::sync::Arc;

use anyhow::Context;
use onhook_crypto::PublicKey;
use onhook_driver::FirmwarePorts;
use onhook_ed25519::TrustedKeys;
use onhook_slots::{Places, Slots};
use onhook_upgrade::port::SlotError;
use onhook_upgrade::{Held, Slot};

use crate::boot::{Life, PHONE};
use crate::config::Config;

/// Slots and keys; `None` of a phone without slots. They outlive restarts of the phone.
pub(crate) struct Firmware(Option<FirmwarePorts>);

impl Firmware {
    /// Opens the slots that the configuration names.
    ///
    /// # Errors
    /// The configuration is wrong. Slots that cannot be read are none.
    pub(crate) fn open(config: &Config) -> anyhow::Result<Self> {
        let Some(setting) = &config.firmware else {
            return Ok(Self(None));
        };
        let text = std::fs::read_to_string(&setting.keys)
            .with_context(|| format!("{} cannot be read", setting.keys.display()))
            .and_then(|text| Ok(PublicKey::read_all(&text)?));
        let keys = text.map_err(|error| config.wrong("firmware.keys", format!("{error:#}")))?;
        let running = setting.running.as_deref().map(str::parse::<Slot>);
        let running = running
            .transpose()
            .map_err(|why| config.wrong("firmware.running", why))?;
        let [a, b] = setting.slots.clone();
        let places = Places {
            folder: setting.dir.clone(),
            a,
            b,
            capacity: setting.capacity,
        };
        let slots = match Slots::open(places, running, setting.hook.clone()) {
            Ok(slots) => Arc::new(slots),
            Err(error) => {
                tell(&error);
                return Ok(Self(None));
            }
        };
        Ok(Self(Some(FirmwarePorts {
            #[cfg(feature = "peer-sharing")]
            peers: Some(peers(config, &slots)),
            slots,
            signatures: Arc::new(TrustedKeys::new(keys)),
            network: Arc::new(onhook_dhcp::is_connected),
        })))
    }

    /// Gives a phone that has not booted its slots.
    pub(crate) async fn give(&self, config: &Config, life: &mut Life) {
        let Some(ports) = &self.0 else {
            return;
        };
        let record = match ports.slots.record().await {
            Ok(record) => record,
            Err(error) => return tell(&error),
        };
        let version = &config.identity.software_version;
        if let Held::Whole(load) = record.held(record.running)
            && load.name != *version
        {
            tracing::error!(
                "the load that runs is {}, but device.software_version is {version}: the phone will take its load for another one",
                load.name
            );
        }
        tracing::info!(slot = %record.running, on_trial = record.is_on_trial(), "the phone has slots for firmware");
        let phones = &mut life.reactor.phones;
        phones.keep_slots(PHONE, ports.clone(), record);
    }
}

/// The phones of the subnet.
#[cfg(feature = "peer-sharing")]
fn peers(config: &Config, slots: &Arc<Slots>) -> onhook_driver::PeerPorts {
    use onhook_peer::{Own, PeerNet, PeerSetup, Reach, link_of};
    use onhook_schedule::port::Entropy as _;

    let setting = &config.sharing;
    let own = match setting.address {
        None => Own::Outward,
        Some(address) => {
            if link_of(address).is_none() {
                tracing::warn!(
                    "peer_sharing.address: no interface has {address} yet; nothing is shared until one does"
                );
            }
            Own::Address(address)
        }
    };
    let mut setup = PeerSetup::new(own, onhook_system::OsEntropy::default().seed());
    setup.discovery = setting.udp_port;
    setup.transfer.clone_from(&setting.tcp_ports);
    if !setting.peers.is_empty() {
        let peers = setting.peers.iter();
        let peers = peers.map(|peer| std::net::SocketAddrV4::new(*peer, setting.udp_port));
        setup.reach = Reach::Addresses(peers.collect());
    }
    onhook_driver::PeerPorts::new(
        Arc::new(PeerNet::new(setup)),
        Arc::clone(slots) as _,
        Arc::clone(slots) as _,
    )
}

/// A phone has to come up, whatever became of its slots.
fn tell(error: &SlotError) {
    tracing::error!("{error}: the phone goes on without slots, and upgrades nothing");
}
