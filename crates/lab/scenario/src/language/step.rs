//! Steps: what is done, and what is expected.

mod read;
mod words;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use onhook_phone::{LineUse, Registration};

use super::content::Content;
use super::fault::Fault;
use super::glob::Glob;
use super::time::Window;

pub(super) use read::step;

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line where it stands.
    pub line: usize,
    /// The column where it begins.
    pub column: usize,
    /// The name that later steps know it by.
    pub name: Option<String>,
    /// What it is.
    pub what: What,
}

/// What a step is.
#[derive(Clone, Debug)]
pub enum What {
    /// Something is done.
    Do(Do),
    /// Something is expected.
    Expect(Expect),
}

/// Who does something to the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// A program of the operator.
    Control,
    /// Somebody at a page of the phone.
    Page,
    /// A SIP NOTIFY.
    Sip,
    /// Somebody at the menu of the phone.
    Menu,
}

/// A NOTIFY of SIP, and what has to be answered.
#[derive(Clone, Debug)]
pub struct Notification {
    /// The value of Event.
    pub event: String,
    /// The body; empty for none.
    pub body: String,
    /// Whom it asks; empty for no user.
    pub user: String,
    /// User and password that answer a challenge.
    pub login: Option<(String, String)>,
    /// The status; `None` for silence.
    pub answer: Option<u16>,
}

/// A request to the pages of the phone, and what has to be answered.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Path and query, as they are sent.
    pub path: String,
    /// What is sent; `None` asks with GET.
    pub body: Option<String>,
    /// Headers besides those that every request has, or in their place.
    pub headers: Vec<(String, String)>,
    /// User and password that answer a challenge.
    pub login: Option<(String, String)>,
    /// The status; `None` if nobody may listen.
    pub answer: Option<u16>,
    /// The form of what is answered.
    pub like: Option<Glob>,
    /// The form that it must not have.
    pub unlike: Option<Glob>,
}

/// A page of the phone that is submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its fields, in this order.
    pub params: Vec<(String, String)>,
    /// User and password that answer a challenge.
    pub login: Option<(String, String)>,
    /// Whether it has to be stored; else it has to be refused.
    pub stored: bool,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Do {
    /// The phone gets power.
    Boot,
    /// It loses power.
    PowerOff,
    /// It loses power and gets it again.
    PowerCycle,
    /// Time passes; requests in it do not count.
    Wait(Duration),
    /// A resync is asked for, of the configured rules or of one rule.
    Resync(Option<String>, By),
    /// Parameters are set by hand, in this order.
    Set(Vec<(String, String)>, By),
    /// An upgrade is asked for, to what Upgrade_Rule names or to what this rule names.
    Upgrade(Option<String>),
    /// A report is asked for.
    Report(By),
    /// A report of a problem is asked for.
    ProblemReport(By),
    /// A restart is asked for.
    Reboot(By),
    /// A NOTIFY of SIP is sent.
    Notify(Notification),
    /// The pages of the phone are asked for something.
    Visit(Visit),
    /// All fields of a page are submitted at once.
    Submit(Submission),
    /// Everything returns to the factory state, and the phone restarts.
    FactoryReset,
    /// A line, 1 to 16, is used otherwise.
    Line(u8, LineUse),
    /// A line, 1 to 16, stands otherwise with its registrar.
    Registration(u8, Registration),
    /// The wall clock is set to Unix seconds, UTC; `None` takes its time away.
    Clock(Option<i64>),
    /// The server has a file, or has it with another content.
    File(String, Content),
    /// The server has a file no longer.
    RemoveFile(String),
    /// The server fails for a path, in which `*` stands for anything.
    Fault(Glob, Fault),
    /// The server works again for this path, as it was written.
    ClearFault(Glob),
    /// The phone has another address, or none.
    Address(Option<IpAddr>),
    /// The external address is another one, or is not known.
    ExternalAddress(Option<IpAddr>),
    /// A client certificate is installed, or is removed.
    Certificate(bool),
    /// DHCP says this.
    Options(BTreeMap<u8, String>),
}

/// From where a window counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// The moment at which the step before was done.
    Previous,
    /// The last time the phone got power or restarted.
    Boot,
    /// The moment at which this step was done.
    Step(usize),
}

/// When something is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// The window; `None` for at once, as fast as what is tested can be.
    pub window: Option<Window>,
    /// From where it counts.
    pub after: Anchor,
}

/// What is expected, and when.
#[derive(Clone, Debug)]
pub struct Expect {
    /// What.
    pub what: Expected,
    /// When.
    pub timing: Timing,
}

/// What is expected.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Something happens.
    Happens(Pattern),
    /// It does not happen for so long.
    Absent(Pattern, Duration),
    /// Something is so.
    Holds(Fact),
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// The phone asks a server.
    Request {
        /// The path and query, or the whole URL; `None` for any.
        url: Option<Glob>,
        /// `$PRVST` of its resync.
        prvst: Option<i8>,
        /// The method, `GET` for example.
        method: Option<String>,
        /// All lines of its head, in this order.
        head: Option<Vec<Glob>>,
    },
    /// It sends a message.
    Syslog {
        /// The text; `None` for any.
        text: Option<Glob>,
        /// How urgent.
        severity: Option<Severity>,
    },
    /// It tells something in its event stream.
    Event {
        /// The name.
        name: String,
        /// Fields that it must have, with their values as texts.
        fields: BTreeMap<String, Glob>,
    },
    /// It restarts.
    Reboot {
        /// Why, as in the reboot history; `None` for any reason.
        reason: Option<Glob>,
    },
}

/// How urgent a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// A request or a success.
    Info,
    /// Worth a look.
    Warning,
    /// A failure.
    Error,
}

/// What a value is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// It is this text.
    Is(String),
    /// It has this form.
    Like(Glob),
}

/// Something that is so.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A parameter has this value.
    Param(String, Value),
    /// The resync machine stands there.
    State(String),
    /// A timer is armed, for so long from now.
    Timer(String, Option<Window>),
    /// No timer is armed.
    NoTimer,
}
