//! `engine`: inputs that one phone handles, a whole periodic resync at a time.

use anyhow::{Context, ensure};
use onhook_device::{Identity, MonoTime, Now};
use onhook_fetch::Endpoint;
use onhook_params::{Delta, ParamId, ParamSet, Scope, Secrecy};
use onhook_phone::{
    Boot, Command, Committed, Cx, Effect, Input, Model, Origin, Phone, PhoneSetup, Shared,
    StateRecord,
};
use serde_json::json;

use crate::measure::{Timing, middle};
use crate::plan::Plan;
use crate::report::{Benchmark, Side};

/// The name of the benchmark.
pub(crate) const NAME: &str = "engine";
/// What it measures.
pub(crate) const ABOUT: &str = "one input to the engine, out of periodic resyncs with a rule of two alternatives and a condition";

pub(crate) const OURS: &str = "ours";
const RULE: &str =
    "( $SWVER ge sip88xx.11-0-0 )? http://prov.example/$MA.xml | http://prov.example/old.xml";
const RESYNCS: u32 = if cfg!(debug_assertions) { 10 } else { 20_000 };
const REPEAT: u32 = if cfg!(debug_assertions) { 1 } else { 5 };

struct Rig {
    phone: Phone,
    shared: Shared,
    out: Vec<Effect>,
    now: Now,
    inputs: u64,
}

impl Rig {
    fn new() -> anyhow::Result<Self> {
        let mut shared = Shared::with_seed(1);
        let identity = Identity::default();
        let model = shared.add_model(Model::of(&identity, Scope::default()));
        let setup = PhoneSetup::new(0, model, identity.mac, 1);
        let now = Now {
            mono: MonoTime::ZERO,
            wall: None,
        };
        let mut rig = Self {
            phone: Phone::new(&setup, ParamSet::default()),
            shared,
            out: Vec::new(),
            now,
            inputs: 0,
        };
        for (name, value) in [("Profile_Rule", RULE), ("Resync_Random_Delay", "0")] {
            let id = ParamId::lookup(name, &Scope::default()).context("a parameter is unknown")?;
            let value = rig.shared.values.intern(value, Secrecy::Plain);
            let value = value.context("no room for a text")?;
            rig.handle(Input::Command(Origin::Control, Command::Set(id, value)));
        }
        rig.handle(Input::Boot(Boot::Normal, StateRecord::default()));
        Ok(rig)
    }

    /// Goes on to the next resync so many times.
    fn resyncs(&mut self, times: u32) -> anyhow::Result<()> {
        for _ in 0..times {
            self.now.mono = self.phone.deadline().context("no resync is due")?;
            self.handle(Input::Timer);
            self.shared.sweep();
        }
        Ok(())
    }

    /// Hands an input in, and at once what completes its effects.
    fn handle(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            self.inputs += 1;
            let mut cx = Cx {
                now: self.now,
                shared: &mut self.shared,
                out: &mut self.out,
            };
            self.phone.handle(input, &mut cx);
            let mut out = std::mem::take(&mut self.out);
            for effect in out.drain(..) {
                match effect {
                    Effect::Fetch(op, _) => {
                        let decoded = self.shared.put_decoded(&Delta::default());
                        self.handle(Input::FetchStarted(op, Endpoint { ip: None }));
                        next = Some(Input::FetchDone(op, Ok(decoded)));
                    }
                    Effect::Commit(op) => next = Some(Input::CommitDone(op, Committed::Durable)),
                    Effect::SaveState(op, _) => {
                        next = Some(Input::StateSaved(op, Committed::Durable));
                    }
                    Effect::FetchTrust(..)
                    | Effect::ForgetTrust
                    | Effect::Search(..)
                    | Effect::Upgrade(..)
                    | Effect::Report(..)
                    | Effect::Activate(_)
                    | Effect::Erase(_)
                    | Effect::Cancel(_)
                    | Effect::Log(_)
                    | Effect::Restart(_)
                    | Effect::Notice(_) => {}
                }
            }
            self.out = out;
        }
    }
}

/// Lets a phone resync so many times.
pub(crate) fn work(times: u32) -> anyhow::Result<()> {
    Rig::new()?.resyncs(times)
}

/// Runs the benchmark.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Benchmark> {
    let mut rig = Rig::new()?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let before = rig.inputs;
        let stretch = middle(REPEAT, || rig.resyncs(RESYNCS))?;
        let each = (rig.inputs - before) / u64::from(REPEAT);
        ensure!(each >= u64::from(RESYNCS), "nothing was handled");
        rounds.push(stretch / each as f64);
    }
    let timing = Timing::of(rounds);
    let rate = 1.0 / timing.median_s / 1e6;
    Ok(Benchmark {
        name: NAME,
        about: ABOUT,
        counts: json!({ "hot_state_bytes": size_of::<Phone>() }),
        line: format!(
            "{rate:.2} million inputs a second and core; {} bytes of hot state",
            size_of::<Phone>()
        ),
        sides: vec![Side {
            name: OURS,
            about: "in process, on one core",
            timing,
            cpu: None,
        }],
        peers: Vec::new(),
    })
}
