//! What the engine costs, and what it survives.
#![cfg(test)]

use onhook_device::{MonoTime, Now, Outcome};
use onhook_fetch::Endpoint;
use onhook_params::{Entry, ParamId, Scope};
use onhook_phone::{
    Command, Committed, Cx, DecodedId, Effect, Input, LineUse, OpId, Origin, Phone, Shared,
};
use onhook_testkit::sim::{Served, Sim};
use proptest::prelude::*;

#[test]
fn the_hot_state_of_a_phone_is_at_most_256_bytes() {
    assert!(size_of::<Phone>() <= 256, "{}", size_of::<Phone>());
    assert_eq!(size_of::<Entry>(), 8);
}

/// Runs one periodic resync by hand, without a driver that allocates.
fn resync(
    phone: &mut Phone,
    shared: &mut Shared,
    out: &mut Vec<Effect>,
    decoded: DecodedId,
) -> u32 {
    let mono = phone.deadline().unwrap();
    let mut input = Input::Timer;
    let mut decoded = Some(decoded);
    let mut commits = 0;
    loop {
        let now = Now { mono, wall: None };
        phone.handle(input, &mut Cx { now, shared, out });
        let mut asked = None;
        for effect in out.drain(..) {
            if let Effect::Fetch(op, _) = effect {
                asked = Some((op, false));
            } else if let Effect::Commit(op) = effect {
                asked = Some((op, true));
            }
        }
        let Some((op, commit)) = asked else {
            shared.sweep();
            return commits;
        };
        if commit {
            commits += 1;
            input = Input::CommitDone(op, Committed::Durable);
            continue;
        }
        let started = Input::FetchStarted(op, Endpoint { ip: None });
        phone.handle(started, &mut Cx { now, shared, out });
        input = Input::FetchDone(op, Ok(decoded.take().unwrap()));
    }
}

fn profile(sim: &mut Sim, value: &str) -> DecodedId {
    let scope = Scope::default();
    let mut builder = onhook_params::DeltaBuilder::with_capacity(2, 64);
    for (name, value) in [("GPP_A", value), ("Station_Name", "desk")] {
        let id = ParamId::lookup(name, &scope).unwrap();
        builder.push(onhook_params::Setting {
            id,
            value: Some(value),
            access: None,
            preserve: false,
        });
    }
    sim.shared.put_decoded(&builder.finish())
}

/// The rule uses everything that could cost: conditions, macros, a secret key, a long path.
const RULE: &str = "($PRVST ne 0)? [--key \"$SA-$MA\" --uid $B] http://prov.example.net:8080/$PN/$MA/$A.xml | http://h/x";

#[test]
fn a_resync_allocates_nothing_after_warm_up() {
    let mut sim = Sim::new(|_, _| Served::empty())
        .with("GPP_SA", "secret")
        .with("GPP_B", "user")
        .with("Profile_Rule", RULE)
        .booted();
    let mut out = Vec::with_capacity(64);
    for value in ["one", "two", "one", "two"] {
        let decoded = profile(&mut sim, value);
        assert_eq!(
            resync(&mut sim.phone, &mut sim.shared, &mut out, decoded),
            1
        );
    }
    // Nothing changes.
    let decoded = profile(&mut sim, "two");
    let mut commits = 0;
    let counted = allocation_counter::measure(|| {
        commits = resync(&mut sim.phone, &mut sim.shared, &mut out, decoded);
    });
    assert_eq!((commits, counted.count_total), (0, 0));
    // One value changes, and with it the path of the next request.
    let decoded = profile(&mut sim, "one");
    let counted = allocation_counter::measure(|| {
        commits = resync(&mut sim.phone, &mut sim.shared, &mut out, decoded);
    });
    assert_eq!((commits, counted.count_total), (1, 0));
    let decoded = profile(&mut sim, "one");
    let counted = allocation_counter::measure(|| {
        commits = resync(&mut sim.phone, &mut sim.shared, &mut out, decoded);
    });
    assert_eq!((commits, counted.count_total), (0, 0));
}

#[test]
fn stale_and_repeated_completions_are_ignored_and_counted() {
    let mut sim = Sim::new(|_, _| Served::one("GPP_A", "x"))
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/a");
    sim.fetch_s = 5;
    sim.boot();
    let stale = profile(&mut sim, "stale");
    let op = last_fetch(&sim.trace);
    sim.run_for(10);
    assert_eq!(sim.value("GPP_A"), "x");
    let before = sim.phone.stale_completions();
    sim.handle(Input::FetchDone(op, Ok(stale)));
    sim.handle(Input::FetchDone(op, Err(Outcome::Dns.into())));
    sim.handle(Input::CommitDone(op, Committed::Durable));
    sim.handle(Input::FetchStarted(op, Endpoint { ip: None }));
    assert_eq!(sim.phone.stale_completions(), before + 4);
    assert_eq!(sim.value("GPP_A"), "x");
    assert_eq!(sim.messages.len(), 2);
}

/// The operation of the last fetch in a trace.
fn last_fetch(trace: &str) -> OpId {
    let line = trace
        .lines()
        .rfind(|line| line.contains("Fetch(OpId"))
        .unwrap();
    let digits: String = line
        .split("OpId(")
        .nth(1)
        .unwrap()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    OpId::from_number(digits.parse().unwrap())
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Line(u8, LineUse),
    Resync,
    ResyncWith(&'static str),
    Set(&'static str, &'static str),
    PowerCycle,
    CommitsFail(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..5000).prop_map(Step::Pass),
        2 => (0_u8..20, prop::bool::ANY).prop_map(|(line, busy)| Step::Line(line, if busy { LineUse::Busy } else { LineUse::Idle })),
        1 => Just(Step::Resync),
        1 => prop::sample::select(vec!["http://h/g", "((", "", "(d = \"$A\";)! http://h/$D", "/x"]).prop_map(Step::ResyncWith),
        1 => prop::sample::select(vec![
            ("Provision_Enable", "No"), ("Provision_Enable", "Yes"), ("Resync_Periodic", "10+7,600"),
            ("Resync_Error_Retry_Delay", "0"), ("Resync_Error_Retry_Delay", "5,9+3"),
            ("Profile_Rule_B", "(e = \"$PRVTMR\";)! [--key $SA] http://h/b$E"), ("Web_Server_Port", "81"),
            ("Resync_Fails_On_FNF", "No"),
        ]).prop_map(|(name, value)| Step::Set(name, value)),
        1 => Just(Step::PowerCycle),
        1 => prop::bool::ANY.prop_map(Step::CommitsFail),
    ]
}

/// Plays steps against a server whose answers depend on the time.
fn play(steps: &[Step], seed: u64, fetch_s: u64) -> Sim {
    let mut sim = Sim::of(Scope::default(), seed, move |url, at| {
        match (at + seed) % 7 {
            0 => Served::Fails(Outcome::Fnf),
            1 => Served::Fails(Outcome::Timeout),
            2 => Served::Profile(vec![
                ("GPP_A", format!("v{at}")),
                ("Web_Server_Port", format!("{}", 8000 + at % 3)),
            ]),
            3 => Served::one("GPP_C", url),
            _ => Served::empty(),
        }
    })
    .with("Profile_Rule", "http://h/a")
    .with("GPP_SA", "canary-secret");
    sim.fetch_s = fetch_s;
    sim.commit_s = fetch_s / 2;
    sim.boot();
    for step in steps {
        let restarts = sim.restarts;
        match step {
            Step::Pass(seconds) => sim.run_for(*seconds),
            Step::Line(line, line_use) => sim.line(*line, *line_use),
            Step::Resync => sim.resync(),
            Step::ResyncWith(rule) => sim.resync_with(rule),
            Step::Set(name, value) => sim.set(name, value),
            Step::PowerCycle => sim.power_cycle(),
            Step::CommitsFail(fail) => {
                sim.commits_end = if *fail {
                    Committed::Failed
                } else {
                    Committed::Durable
                };
            }
        }
        if sim.restarts > restarts {
            sim.power_cycle();
        }
    }
    sim
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_and_inputs_give_the_same_trace(
        steps in prop::collection::vec(step(), 0..40), seed in 0_u64..1000, fetch_s in 0_u64..40,
    ) {
        let (first, second) = (play(&steps, seed, fetch_s), play(&steps, seed, fetch_s));
        prop_assert_eq!(&first.trace, &second.trace);
        prop_assert!(!first.trace.contains("canary"));
        prop_assert!(first.messages.iter().all(|(_, text)| !text.contains("canary")));
    }

    #[test]
    fn a_power_cut_at_any_moment_leaves_the_old_or_the_new_set(
        steps in prop::collection::vec(step(), 0..30), seed in 0_u64..1000, fetch_s in 0_u64..20,
    ) {
        let mut sim = play(&steps, seed, fetch_s);
        sim.power_cycle();
        // What is in force after the cut is exactly what was durable.
        let own: Vec<Entry> = sim.phone.params().own().to_vec();
        let durable: Vec<Entry> = sim.durable.values().copied().collect();
        prop_assert_eq!(own.len(), durable.len());
        for (held, stored) in own.iter().zip(&durable) {
            prop_assert_eq!(held.id, stored.id);
            prop_assert_eq!(held.value, stored.value);
        }
    }

    #[test]
    fn arbitrary_inputs_never_panic(
        inputs in prop::collection::vec((0_u8..9, any::<u32>(), any::<u64>()), 0..60)
    ) {
        let mut sim = Sim::new(|_, _| Served::empty()).with("Profile_Rule", "http://h/a");
        let mut out = Vec::new();
        for (kind, n, at) in inputs {
            let op = OpId::from_number(n % 8);
            let input = match kind {
                0 => Input::Timer,
                1 => Input::Line((n % 256) as u8, LineUse::Busy),
                2 => Input::Line((n % 256) as u8, LineUse::Idle),
                3 => Input::Command(Origin::Control, Command::Resync),
                4 => Input::FetchDone(op, Err(Outcome::Dns.into())),
                5 => Input::CommitDone(op, Committed::Durable),
                6 => Input::StateSaved(op, Committed::Failed),
                7 => Input::FetchStarted(op, Endpoint { ip: None }),
                _ => Input::Boot(onhook_phone::Boot::Normal, sim.record),
            };
            let now = Now { mono: MonoTime::from_millis(at), wall: None };
            sim.phone.handle(input, &mut Cx { now, shared: &mut sim.shared, out: &mut out });
            sim.shared.sweep();
        }
    }
}

/// A phone that has booted and waits, with twelve values that no other phone has, costs at most 2 KiB of heap,
/// its texts and its place in a row of phones included.
#[test]
fn an_idle_phone_with_twelve_values_of_its_own_fits_two_kibibytes() {
    const PHONES: u32 = 2000;
    let mut phones = Vec::new();
    let mut shared = Shared::with_seed(1);
    let identity = onhook_device::Identity::default();
    let scope = Scope::default();
    let model = shared.add_model(onhook_phone::Model::of(&identity, scope));
    let counted = allocation_counter::measure(|| {
        phones.reserve_exact(PHONES as usize);
        for index in 0..PHONES {
            let entries: Vec<Entry> = onhook_params::known::GPP[..12]
                .iter()
                .map(|id| Entry {
                    id: *id,
                    access: None,
                    mark: onhook_params::Mark::None,
                    value: shared.values.intern(
                        &format!("{} of {index:06}", id.name()),
                        onhook_params::Secrecy::Plain,
                    ),
                })
                .collect();
            let mut params = onhook_params::ParamSet::default();
            params.apply(&entries, &mut shared.values);
            let setup = onhook_phone::PhoneSetup::new(index, model, identity.mac, 1);
            let mut phone = Phone::new(&setup, params);
            let mut out = Vec::new();
            let now = Now {
                mono: MonoTime::ZERO,
                wall: None,
            };
            let record = onhook_phone::StateRecord {
                provisioned: true,
                restarting: Some(onhook_phone::RebootReason::Provisioning),
                ..onhook_phone::StateRecord::default()
            };
            let mut cx = Cx {
                now,
                shared: &mut shared,
                out: &mut out,
            };
            phone.handle(Input::Boot(onhook_phone::Boot::Normal, record), &mut cx);
            assert!(phone.deadline().is_some(), "it waits for its period");
            phones.push(phone);
        }
    });
    let each = counted.bytes_current / i64::from(PHONES);
    assert!(each <= 2048, "{each} bytes a phone");
}

/// The operation that the only effect of its kind begins.
fn begun(out: &mut Vec<Effect>) -> Option<OpId> {
    let mut begun = None;
    for effect in out.drain(..) {
        if let Effect::Fetch(op, _) | Effect::Commit(op) = effect {
            begun = Some(op);
        }
    }
    begun
}

/// A profile of so many values of a site.
fn of_site(values: usize) -> onhook_params::Delta {
    // A phone that reports keeps what it held before.
    let free =
        |id: &ParamId| id.check("Front Desk").is_ok() && *id != onhook_params::known::REPORT_RULE;
    let mut builder = onhook_params::DeltaBuilder::with_capacity(values, 0);
    for id in ParamId::all(&Scope::default()).filter(free).take(values) {
        builder.push(onhook_params::Setting {
            id,
            value: Some("Front Desk"),
            access: None,
            preserve: false,
        });
    }
    builder.finish()
}

/// A phone of a base with a rule, up to its first request.
fn asking(index: u32, shared: &mut Shared) -> (Phone, OpId) {
    let identity = onhook_device::Identity::default();
    let model = shared.add_model(onhook_phone::Model::of(&identity, Scope::default()));
    let plain = onhook_params::Secrecy::Plain;
    let base = shared.bases.add(vec![Entry {
        id: onhook_params::known::PROFILE_RULE,
        access: None,
        mark: onhook_params::Mark::None,
        value: shared.values.intern("http://h/x", plain),
    }]);
    let setup = onhook_phone::PhoneSetup::new(index, model, identity.mac, 1);
    let mut phone = Phone::new(&setup, onhook_params::ParamSet::new(base));
    let record = onhook_phone::StateRecord::default();
    let (mut input, mut out) = (
        Input::Boot(onhook_phone::Boot::Normal, record),
        Vec::with_capacity(8),
    );
    loop {
        let now = Now {
            mono: phone.deadline().unwrap_or(MonoTime::ZERO),
            wall: None,
        };
        let out = &mut out;
        phone.handle(input, &mut Cx { now, shared, out });
        if let Some(op) = begun(out) {
            return (phone, op);
        }
        assert!(phone.deadline().is_some());
        input = Input::Timer;
    }
}

/// What a thousand values cost a phone is its differences, even if all phones of a site were under way at the same time.
#[test]
fn phones_that_resync_at_once_leave_no_buffers_behind() {
    const PHONES: u32 = 100;
    const VALUES: usize = 900;
    let mut shared = Shared::with_seed(1);
    let delta = of_site(VALUES);
    assert_eq!(delta.len(), VALUES);
    let mut under_way: Vec<_> = (0..PHONES).map(|n| asking(n, &mut shared)).collect();
    let mut out = Vec::with_capacity(8);
    let now = Now {
        mono: MonoTime::from_millis(60_000),
        wall: None,
    };
    let counted = allocation_counter::measure(|| {
        for (phone, op) in &mut under_way {
            let decoded = shared.put_decoded(&delta);
            let (shared, out) = (&mut shared, &mut out);
            for input in [
                Input::FetchStarted(*op, Endpoint { ip: None }),
                Input::FetchDone(*op, Ok(decoded)),
            ] {
                phone.handle(input, &mut Cx { now, shared, out });
            }
            let commit = begun(out).unwrap();
            let done = Input::CommitDone(commit, Committed::Durable);
            phone.handle(done, &mut Cx { now, shared, out });
        }
    });
    let held = under_way
        .iter()
        .map(|(phone, _)| phone.params().own().len());
    assert!(held.clone().all(|held| held == VALUES), "{:?}", held.max());
    let each = counted.bytes_current / i64::from(PHONES);
    assert!(each <= 8 * VALUES as i64 + 1024, "{each} bytes a phone");
}
