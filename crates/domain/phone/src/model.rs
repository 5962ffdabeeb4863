//! What phones of one kind have in common.

use onhook_device::{Identity, Mac};
use onhook_params::{Scope, ValueId};

use crate::CaOver;

/// Names a [`Model`] in [`crate::Shared`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ModelId(pub(crate) u16);

/// Product, versions, family, release and readings.
#[derive(Clone, Debug)]
pub struct Model {
    /// `$PN`
    pub product_name: String,
    /// `$PSN`
    pub series: String,
    /// `$SWVER`
    pub software_version: String,
    /// `$HWVER`
    pub hardware_version: String,
    /// Family, release and readings.
    pub scope: Scope,
    /// Seconds that lines have to stay idle before what was deferred goes on, 0..=60 (R-IDLE-3).
    pub idle_settle_s: u8,
    /// Over what a custom CA may come.
    pub ca_over: CaOver,
    /// Whether a phone that was provisioned refuses another server of the network (R-DHCP-7).
    pub pin_server: bool,
}

impl Model {
    /// The model part of an identity, with the readings in force.
    #[must_use]
    pub fn of(identity: &Identity, scope: Scope) -> Self {
        Self {
            product_name: identity.product_name.clone(),
            series: identity.series.clone(),
            software_version: identity.software_version.clone(),
            hardware_version: identity.hardware_version.clone(),
            scope,
            idle_settle_s: 0,
            ca_over: CaOver::Any,
            pin_server: false,
        }
    }
}

/// What one phone has for itself.
#[derive(Clone, Copy, Debug)]
pub struct PhoneSetup {
    /// Number of the phone in the whole run; decides its random draws.
    pub index: u32,
    /// The model.
    pub model: ModelId,
    /// MAC address.
    pub mac: Mac,
    /// `$SN`; counts one use, which passes to the phone.
    pub serial: Option<ValueId>,
    /// `$IP`, an address as text; counts one use, which passes to the phone.
    pub ip: Option<ValueId>,
    /// `$EXTIP`, an address as text; counts one use, which passes to the phone.
    pub external_ip: Option<ValueId>,
    /// `$CCERT`
    pub client_certificate: bool,
    /// Seed of the run.
    pub seed: u64,
}

impl PhoneSetup {
    /// A phone of which nothing is known but its number, model and MAC address.
    #[must_use]
    pub const fn new(index: u32, model: ModelId, mac: Mac, seed: u64) -> Self {
        Self {
            index,
            model,
            mac,
            serial: None,
            ip: None,
            external_ip: None,
            client_certificate: false,
            seed,
        }
    }
}
