//! Inputs as a journal has them.

use std::net::IpAddr;

use onhook_phone as live;
use serde::{Deserialize, Serialize};

use crate::param::Param;

/// One thing that happened, with its texts.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Power came up.
    Boot {
        /// How.
        #[serde(with = "Boot")]
        how: live::Boot,
        /// The encoded state record, two digits a byte.
        record: String,
    },
    /// The deadline has passed.
    Timer,
    /// A line is used otherwise.
    Line {
        /// From 1.
        line: u8,
        /// How.
        #[serde(with = "LineUse")]
        is: live::LineUse,
    },
    /// A line stands otherwise with its registrar.
    Registration {
        /// From 1.
        line: u8,
        /// How.
        #[serde(with = "Registration")]
        is: live::Registration,
    },
    /// The wall clock was set, or has jumped.
    ClockSet,
    /// The server that options name.
    Server(Option<Server>),
    /// `$IP`
    Address(Option<IpAddr>),
    /// `$EXTIP`
    ExternalAddress(Option<IpAddr>),
    /// `$CCERT`
    ClientCertificate(bool),
    /// Whether there is a profile account.
    Account(bool),
    /// Extension mobility.
    Mobility {
        /// `$EMS`
        status: Option<String>,
        /// `$MUID`
        user: Option<String>,
        /// The stand-in of `$MPWD`.
        password: Option<String>,
    },
    /// Somebody asked for something.
    Command {
        /// Where it came from.
        #[serde(with = "Origin")]
        origin: live::Origin,
        /// What.
        what: Command,
    },
    /// The address of a fetch is known.
    FetchStarted {
        /// The operation.
        op: u32,
        /// The address; `None` if there is none.
        ip: Option<IpAddr>,
    },
    /// A profile came and could be read.
    Fetched {
        /// The operation.
        op: u32,
        /// What it sets.
        params: Vec<Param>,
    },
    /// No profile came, or none that can be read.
    FetchFailed {
        /// The operation.
        op: u32,
        /// A word for why.
        outcome: String,
        /// The words of the server.
        said: Option<String>,
    },
    /// A custom CA came and is believed.
    TrustInstalled {
        /// The operation.
        op: u32,
        /// The common name of its first certificate.
        name: Option<String>,
        /// The fingerprint of that certificate, two digits a byte.
        fingerprint: String,
        /// How many certificates there are.
        certificates: u16,
    },
    /// No custom CA came, or none that can be believed.
    TrustFailed {
        /// The operation.
        op: u32,
        /// A word for why.
        outcome: String,
        /// The words of the server.
        said: Option<String>,
    },
    /// What the phone may ask beyond its options.
    Means {
        /// The domain of SRV records.
        domain: Option<String>,
        /// Whether there is a directory.
        directory: bool,
    },
    /// A search ended.
    Searched {
        /// The operation.
        op: u32,
        /// Whether somebody answered.
        answered: bool,
        /// What was found.
        found: Option<Server>,
    },
    /// A commit ended.
    Committed {
        /// The operation.
        op: u32,
        /// Whether it is durable; otherwise nothing changed.
        durable: bool,
    },
    /// A save of the state record ended.
    StateSaved {
        /// The operation.
        op: u32,
        /// Whether it is durable; otherwise nothing changed.
        durable: bool,
    },
    /// What is in the slots for firmware.
    Slots(Option<Slots>),
    /// A load is in its slot, or is not.
    Upgraded {
        /// The operation.
        op: u32,
        /// A word for why not; `None` for a load that is whole.
        outcome: Option<String>,
        /// The words of the server.
        said: Option<String>,
    },
    /// The boot loader was told of another load.
    Activated {
        /// The operation.
        op: u32,
        /// Whether it knows; otherwise nothing changed.
        durable: bool,
    },
    /// A report has arrived, or has not.
    Reported {
        /// The operation.
        op: u32,
        /// A word for why not; `None` for one that arrived.
        outcome: Option<String>,
        /// The words of the server.
        said: Option<String>,
    },
    /// The factory state was to be restored.
    Erased {
        /// The operation.
        op: u32,
        /// Whether it is; otherwise nothing changed.
        durable: bool,
    },
}

/// What was asked for.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A resync with the configured rules.
    Resync,
    /// A resync with this rule.
    ResyncWith(String),
    /// The custom CA, by this rule or by that of the parameter.
    UpdateCa(Option<String>),
    /// A local edit.
    Set {
        /// The parameter.
        name: String,
        /// Its new value.
        value: String,
    },
    /// All that a page submits.
    Submit(Vec<Param>),
    /// A restart.
    Restart,
    /// A restart of SIP and services.
    RestartWarm,
    /// The factory state.
    FactoryReset,
    /// An upgrade, with this rule or with Upgrade_Rule.
    Upgrade(Option<String>),
    /// A report of the configuration.
    Report,
    /// A report of a problem.
    ReportProblem,
}

/// What is in the slots for firmware besides the load that runs.
#[derive(Serialize, Deserialize, Debug)]
pub struct Slots {
    /// The load in the other slot.
    pub inactive: Option<String>,
    /// Whether the boot loader gave up the load that was to come up.
    pub fell_back: bool,
}

/// What options say of the provisioning server.
#[derive(Serialize, Deserialize, Debug)]
pub struct Server {
    /// Scheme of rules that name none.
    pub scheme: String,
    /// Host names or addresses in the order in which they are tried.
    pub hosts: Vec<String>,
    /// Port for that scheme.
    pub port: u16,
    /// Whether SRV records of that scheme say where the host is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub srv: bool,
    /// What stands in for Profile_Rule.
    pub rule: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "live::Boot", rename_all = "snake_case")]
enum Boot {
    Normal,
    Foreground,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "live::LineUse", rename_all = "snake_case")]
enum LineUse {
    Idle,
    Busy,
    Emergency,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "live::Registration", rename_all = "snake_case")]
enum Registration {
    Disabled,
    Registered,
    Unregistered,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "live::Origin", rename_all = "snake_case")]
enum Origin {
    Control,
    Page,
    Sip,
    Screen,
}
