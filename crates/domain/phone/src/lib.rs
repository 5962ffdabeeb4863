//! The phone: composes the machines into one device.
//!
//! [`Phone::handle`] takes an [`Input`] with the time and pushes [`Effect`]s; [`Phone::deadline`] says when
//! [`Input::Timer`] is due. A driver carries out the effects and answers each with exactly one completion.
//! [`Shared`] belongs to one reactor and holds what many phones share: texts, models, templates, decoded
//! profiles. A phone itself is a few hundred bytes and owns no text.
//!
//! Deliberately unknown here: sockets, files, clocks, decoding. The engine asks nobody anything: line
//! activity is an input, a restart is an effect, and every text in an effect is an id that the consumer
//! renders with [`render`].
//!
//! Requirement families: R-SM, R-RULE, R-ASSIGN, R-OPT-6, R-ALIAS-1, R-POST, R-APP, R-LOG, R-MACRO-20..23, R-URL-2, R-FLS, R-TLS-8..10,
//! R-PROXY-3, R-UPG, R-FW-1 to R-FW-6, R-FW-10 to R-FW-15, R-RPT-1, R-RPT-3..5,
//! R-RPT-8, R-PFS-3, R-REPORT, R-PRT, R-SIP-2, R-SIP-3, R-SIP-11, R-SIP-13.

mod asked;
mod changed;
mod command;
mod custom_ca;
mod discovered;
mod edit;
mod effect;
mod execute;
mod extras;
mod input;
mod learned;
mod lines;
mod local;
mod look;
mod looping;
mod macros;
mod model;
mod options;
mod phone;
mod plan;
mod policy;
pub mod port;
pub mod problem;
mod proxy;
mod record;
pub mod render;
pub mod report;
mod reporting;
mod request;
mod reset;
mod restart;
mod rule;
mod run;
mod search;
mod second;
mod shared;
mod sharing;
mod sip;
mod snapshot;
mod steps;
mod trust;
mod upgrade;
mod watch;

pub use asked::{Answer, Ask, Asked, ClientCertificate, Delay, Reply};
pub use custom_ca::{CaOver, CaSource, CustomCa, HeldCa, TrustRecord, TrustRecordError};
pub use discovered::{Discovered, Newcomer};
pub use effect::{
    Effect, LogLine, LogOp, Notice, ReportNotice, RestartKind, Subject, UpgradeNotice,
};
pub use execute::{Execution, NotExecuted, read_execute};
pub use input::{
    Boot, Command, Committed, Fact, Input, LineUse, Mobility, OpId, Origin, Registration, Told,
};
pub use look::{Logins, Look, Seen, Shown};
pub use model::{Model, ModelId, PhoneSetup};
pub use onhook_report::Why;
pub use onhook_resync::{Cause, Gate, RuleSlot, State, TimerKind};
pub use onhook_rules::Content;
pub use onhook_upgrade::{Lasting, Memory, Stage, Target, Tried};
pub use phone::{Cx, Phone};
pub use proxy::ProxySetting;
pub use record::{
    Pending, RebootEntry, RebootReason, RecordError, RestartsInARow, Servers, StateChange,
    StateRecord,
};
pub use request::Request;
pub use rule::RuleFault;
pub use search::{Means, Place, Searched};
pub use shared::{DecodedId, Shared};
pub use sip::{Extension, SipAccess};
pub use snapshot::Snapshot;
pub use upgrade::{Slots, UpgradeGate};
