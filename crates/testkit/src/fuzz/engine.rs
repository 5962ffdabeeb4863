//! What may happen to a phone, in any order and at any time.

use onhook_device::{Family, ForcedResync, MonoTime, Now, Outcome, Release, TriggerMode, WallTime};
use onhook_discovery::Found;
use onhook_fetch::{Endpoint, Fingerprint, Scheme};
use onhook_params::{ParamId, ParamSet, Scope, Secrecy, known};
use onhook_phone::{
    Boot, Command, Committed, CustomCa, Cx, DecodedId, Discovered, Effect, Fact, Input, Lasting,
    LineUse, Means, Memory, Model, OpId, Origin, Pending, Phone, PhoneSetup, RebootReason,
    Registration, Searched, Shared, Slots, StateRecord, Told,
};

use crate::sim::decoded;

/// Reads bytes one after the other; zeros follow them.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A number that is often small and sometimes as large as can be.
    fn number(&mut self) -> u64 {
        match self.next() {
            small @ 0..=199 => u64::from(small),
            200..=229 => u64::from(self.next()) << 8 | u64::from(self.next()),
            230..=250 => u64::from(self.next()) << 24,
            251 => 1 << 63,
            _ => u64::MAX - u64::from(self.next()),
        }
    }

    fn of<T: Copy>(&mut self, things: &[T], otherwise: T) -> T {
        let at = usize::from(self.next()) % things.len().max(1);
        things.get(at).copied().unwrap_or(otherwise)
    }
}

/// Looks on while a phone is tried.
pub trait Watch {
    /// A phone that has not booted is tried.
    fn begins(&mut self, setup: &PhoneSetup, phone: &Phone, shared: &Shared);
    /// It is about to take an input.
    fn input(&mut self, now: Now, input: &Input, shared: &Shared);
    /// It has taken it.
    fn effects(&mut self, effects: &[Effect], phone: &Phone, shared: &Shared);
}

/// Nobody looks on.
impl Watch for () {
    fn begins(&mut self, _setup: &PhoneSetup, _phone: &Phone, _shared: &Shared) {}
    fn input(&mut self, _now: Now, _input: &Input, _shared: &Shared) {}
    fn effects(&mut self, _effects: &[Effect], _phone: &Phone, _shared: &Shared) {}
}

/// A secret that edits and profiles set.
pub const SECRET: &str = "c4n4ry";

/// What edits and profiles set.
const SETTINGS: [(&str, &[&str]); 13] = [
    (
        "Profile_Rule",
        &[
            "http://h/p",
            "[--key $SA] http://h/$PRVST",
            "[--key c4n4ry-1 --pwd c4n4ry-2] http://h/p",
            "( $PRVST eq 2 )? (GPP_SA = \"c4n4ry-3\"; GPP_A = \"1\")! [--key $C] http://h/$B | (GPP_B = \"2\")!",
            "( $A eq 1 )? http://h/a | http://h/b",
            "",
        ],
    ),
    (
        "Custom_CA_Rule",
        &[
            "",
            "http://h/ca",
            "[--pwd c4n4ry-7] tftp://h/ca",
            "( $PRVST eq x )? /ca",
        ],
    ),
    (
        "Resync_Periodic",
        &["0", "1", "60,0", "4294967295+4294967295"],
    ),
    (
        "Resync_Error_Retry_Delay",
        &["0", "1+1", "4294967295", "60,120"],
    ),
    ("Resync_At__HHmm_", &["", "0000", "0230", "2400"]),
    (
        "Resync_Trigger_1",
        &[
            "",
            "$PRVTMR ge 60",
            "1 eq 1",
            "1 eq x",
            "http://x/admin/resync?/p",
        ],
    ),
    ("Resync_Trigger_2", &["", "$REGTMR1 gt 5", "$UPGTMR ne 0"]),
    ("Forced_Resync_Delay", &["0", "1", "65535"]),
    ("Provision_Enable", &["Yes", "No"]),
    ("GPP_A", &["", "1", "2"]),
    ("GPP_C", &["", "register"]),
    ("GPP_SA", &["", SECRET, "c4n4ry-4"]),
    ("Admin_Password", &["", SECRET]),
];

/// The engine: no sequence of inputs, whatever their times and ids, makes a phone panic, wait for what has passed for
/// ever, or ask for two fetches at once.
pub fn engine(bytes: &[u8]) {
    engine_watched(bytes, &mut ());
}

/// The same, while somebody looks on.
pub fn engine_watched(bytes: &[u8], watch: &mut dyn Watch) {
    let mut bytes = Bytes(bytes);
    let mut scope = Scope::new(
        bytes.of(&[Family::Mpp, Family::Spa], Family::Mpp),
        bytes.of(&[Release::R11_3, Release::R10_4], Release::R11_3),
    );
    scope.readings.forced_resync = bytes.of(
        &[ForcedResync::IdleCountdown, ForcedResync::MaxWait],
        ForcedResync::MaxWait,
    );
    scope.readings.triggers = bytes.of(&[TriggerMode::Fire, TriggerMode::Gate], TriggerMode::Fire);
    let mut shared = Shared::with_seed(0);
    let model = shared.add_model(Model::of(&onhook_device::Identity::default(), scope));
    let setup = PhoneSetup::new(
        0,
        model,
        onhook_device::Identity::default().mac,
        u64::from(bytes.next()),
    );
    let mut phone = Phone::new(&setup, ParamSet::default());
    watch.begins(&setup, &phone, &shared);
    let mut out = Vec::new();
    let (mut mono, mut ops) = (0_u64, 0_u32);
    while !bytes.0.is_empty() {
        let input = input(&mut bytes, ops, &scope, &mut shared);
        // Time may stand still, go back, or end.
        mono = match bytes.next() {
            255 => bytes.number(),
            _ => mono.saturating_add(bytes.number()),
        };
        let now = Now {
            mono: MonoTime::from_millis(mono),
            wall: (bytes.next() % 3 != 0).then(|| WallTime {
                unix_s: i64::from_ne_bytes(bytes.number().to_ne_bytes()),
                offset_s: 0,
            }),
        };
        step(
            &mut phone,
            input,
            now,
            &mut shared,
            &mut out,
            &mut ops,
            watch,
        );
        // As a driver does: what is due is handed in, and nothing may be due for ever.
        let mut turns = 0;
        while phone.deadline().is_some_and(|at| at <= now.mono) && now.mono != MonoTime::MAX {
            step(
                &mut phone,
                Input::Timer,
                now,
                &mut shared,
                &mut out,
                &mut ops,
                watch,
            );
            turns += 1;
            assert!(turns < 64, "what is due never ends: {:?}", phone.state());
        }
        shared.sweep();
    }
}

fn step(
    phone: &mut Phone,
    input: Input,
    now: Now,
    shared: &mut Shared,
    out: &mut Vec<Effect>,
    ops: &mut u32,
    watch: &mut dyn Watch,
) {
    watch.input(now, &input, shared);
    phone.handle(input, &mut Cx { now, shared, out });
    watch.effects(out, phone, shared);
    let mut fetches = 0;
    for effect in out.drain(..) {
        match effect {
            Effect::Fetch(..) | Effect::FetchTrust(..) => fetches += 1,
            Effect::Cancel(_) => fetches -= 1,
            Effect::Commit(op) => {
                assert!(phone.commit_entries(op).len() < 1000);
                *ops += 1;
            }
            Effect::Upgrade(..) | Effect::Report(..) => fetches += 1,
            Effect::Search(..) | Effect::Activate(_) | Effect::Erase(_) => *ops += 1,
            Effect::ForgetTrust
            | Effect::SaveState(..)
            | Effect::Log(_)
            | Effect::Restart(_)
            | Effect::Notice(_) => {}
        }
    }
    assert!(fetches <= 1, "one input leads to {fetches} fetches");
    *ops = ops.saturating_add(1);
}

/// Requests that bring no text.
const WORDLESS: [Command; 6] = [
    Command::Report,
    Command::ReportProblem,
    Command::Restart,
    Command::RestartWarm,
    Command::FactoryReset,
    Command::Upgrade(None),
];

/// Rules that come with a request.
const GIVEN: [&str; 3] = [
    "http://h/given",
    "[--key c4n4ry-5] /g",
    "[--srv] https://h/g",
];

fn input(bytes: &mut Bytes<'_>, ops: u32, scope: &Scope, shared: &mut Shared) -> Input {
    // Mostly an id that may be waited for.
    let op = match bytes.next() {
        id @ 0..=239 => OpId::from_number(u32::from(id) % ops.clamp(1, 240) + 1),
        _ => OpId::from_number(u32::MAX),
    };
    let committed = match bytes.next() % 4 {
        0 => Committed::Failed,
        _ => Committed::Durable,
    };
    match bytes.next() % 16 {
        0 => {
            let record = record(bytes);
            Input::Boot(
                bytes.of(&[Boot::Normal, Boot::Foreground], Boot::Normal),
                record,
            )
        }
        1 => Input::Line(
            bytes.next() % 66,
            bytes.of(
                &[LineUse::Idle, LineUse::Busy, LineUse::Emergency],
                LineUse::Idle,
            ),
        ),
        2 => Input::Registration(
            bytes.next() % 4,
            bytes.of(
                &[
                    Registration::Registered,
                    Registration::Unregistered,
                    Registration::Disabled,
                ],
                Registration::Disabled,
            ),
        ),
        3 => Input::ClockSet,
        4 if bytes.next().is_multiple_of(4) => Input::Command(
            Origin::Control,
            Command::UpdateCa(
                shared
                    .values
                    .intern(bytes.of(&["http://h/given", "/ca"], ""), Secrecy::Secret),
            ),
        ),
        4 => Input::Fact(Fact::Address(Some([10, 0, 0, bytes.next()].into()))),
        5 => Input::Command(Origin::Control, Command::Resync),
        6 => match shared.values.intern(bytes.of(&GIVEN, ""), Secrecy::Secret) {
            Some(rule) => Input::Command(Origin::Control, Command::ResyncWith(rule)),
            None => Input::Timer,
        },
        7 | 8 => {
            let (name, values) = bytes.of(&SETTINGS, ("GPP_A", &["1"]));
            let id = ParamId::lookup(name, scope).unwrap_or(known::GPP_A);
            let secrecy = onhook_params::secrecy(id);
            let origin = bytes.of(&[Origin::Control, Origin::Page], Origin::Page);
            match shared.values.intern(bytes.of(values, ""), secrecy) {
                Some(value) => Input::Command(origin, Command::Set(id, value)),
                None => Input::Timer,
            }
        }
        9 => Input::Command(
            bytes.of(&[Origin::Control, Origin::Page], Origin::Page),
            bytes.of(&WORDLESS, Command::Restart),
        ),
        10 => Input::FetchStarted(op, Endpoint { ip: None }),
        11 if bytes.next().is_multiple_of(2) => Input::TrustDone(op, custom_ca(bytes, shared)),
        11 => Input::FetchDone(op, Err(Outcome::Fnf.into())),
        12 => Input::FetchDone(op, Ok(profile(bytes, scope, shared))),
        13 if bytes.next().is_multiple_of(4) => Input::Fact(Fact::Means(Means {
            domain: shared.values.intern("example.com", Secrecy::Plain),
            directory: bytes.next().is_multiple_of(2),
        })),
        14 if bytes.next().is_multiple_of(4) => Input::Searched(op, searched(bytes, shared)),
        13 => Input::CommitDone(op, committed),
        14 => Input::StateSaved(op, committed),
        _ => firmware(bytes, op, committed, scope, shared),
    }
}

/// What is told of firmware and of the factory state, that a page is submitted, or that time passes.
fn firmware(
    bytes: &mut Bytes<'_>,
    op: OpId,
    committed: Committed,
    scope: &Scope,
    shared: &mut Shared,
) -> Input {
    match bytes.next() % 10 {
        7 => Input::Reported(op, Ok(())),
        8 => Input::Reported(op, Err(Outcome::Timeout.into())),
        0 => Input::Fact(Fact::Slots(Some(Slots {
            inactive: shared.values.intern("sip88xx.12-0-1", Secrecy::Plain),
            fell_back: bytes.next().is_multiple_of(4),
        }))),
        1 => Input::Upgraded(op, Ok(())),
        2 => Input::Upgraded(op, Err(Outcome::Truncated.into())),
        3 => Input::Activated(op, committed),
        4 => Input::Erased(op, committed),
        5 => {
            let rule = bytes.of(&["http://h/sip88xx.13-0-0.loads", "[--uid", "/x.loads"], "");
            match shared.values.intern(rule, Secrecy::Secret) {
                Some(rule) => Input::Command(Origin::Control, Command::Upgrade(Some(rule))),
                None => Input::Timer,
            }
        }
        6 => {
            let page = Command::Submit(profile(bytes, scope, shared));
            Input::Command(
                bytes.of(&[Origin::Page, Origin::Control], Origin::Page),
                page,
            )
        }
        _ => Input::Timer,
    }
}

fn custom_ca(bytes: &mut Bytes<'_>, shared: &mut Shared) -> Result<CustomCa, Told> {
    match bytes.next() % 3 {
        0 => Err(Outcome::ParseFailed.into()),
        certificates => Ok(CustomCa {
            name: shared.values.intern("Root", Secrecy::Plain),
            fingerprint: Fingerprint([bytes.next(); 32]),
            certificates: certificates.into(),
        }),
    }
}

fn record(bytes: &mut Bytes<'_>) -> StateRecord {
    StateRecord {
        provisioned: bytes.next().is_multiple_of(2),
        restarting: bytes.of(
            &[
                None,
                Some(RebootReason::Provisioning),
                Some(RebootReason::Upgrade),
            ],
            None,
        ),
        pending: bytes.of(
            &[
                None,
                Some(Pending::Configured),
                Some(Pending::TriggerUrl(2)),
            ],
            None,
        ),
        upgrades: Memory {
            switch: bytes.of(&[None, Some(1)], None),
            last: bytes.of(&[None, Some(Lasting::Upgraded)], None),
            ..Memory::default()
        },
        ..StateRecord::default()
    }
}

fn searched(bytes: &mut Bytes<'_>, shared: &mut Shared) -> Searched {
    let found = Found {
        servers: Vec::new(),
        rule: Some(
            bytes
                .of(&["http://h/$MA", "[--key c4n4ry-6] http://h/x"], "")
                .to_owned(),
        ),
    };
    let found = Discovered::intern(&found, &mut shared.values);
    let domain = shared.values.intern("example.com", Secrecy::Plain);
    let services = domain.map(|domain| Discovered::services(domain, Scheme::Http));
    let searched = [
        services.map(Searched::Found),
        Some(Searched::Nothing),
        Some(Searched::Failed),
        found.map(Searched::Found),
    ];
    bytes.of(&searched, None).unwrap_or(Searched::Nothing)
}

fn profile(bytes: &mut Bytes<'_>, scope: &Scope, shared: &mut Shared) -> DecodedId {
    let count = usize::from(bytes.next() % 4);
    let settings: Vec<_> = (0..count)
        .map(|_| {
            let (name, values) = bytes.of(&SETTINGS, ("GPP_A", &["1"]));
            (name, bytes.of(values, ""))
        })
        .collect();
    decoded(settings.into_iter(), scope, shared)
}
