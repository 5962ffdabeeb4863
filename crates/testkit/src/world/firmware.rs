//! Firmware in a world: slots, loads and a boot loader, and what must hold of them.

use onhook_device::{Identity, MonoTime, Outcome};
use onhook_fetch::Endpoint;
use onhook_params::{Scope, Secrecy, known};
use onhook_phone::{
    Committed, Fact, Input, Model, ModelId, OpId, Phone, Request, Shared, Slots, State,
    StateRecord, render,
};
use onhook_schedule::DelayList;
use onhook_upgrade::digest;

use super::chance::Chance;
use super::{Event, World};

/// Loads by name; the phone begins with the first. The last one is for another family.
const LOADS: [&str; 4] = [
    "sip88xx.11-3-2MPP0001-609",
    "sip88xx.12-0-1MPP0001-100",
    "sip88xx.12-0-2MPP0001-7",
    "sip78xx.12-0-1MPP0001-100",
];

/// What profiles set of upgrades.
const SETTINGS: [(&str, &[&str]); 5] = [
    (
        "Upgrade_Rule",
        &[
            "",
            "http://h/sip88xx.12-0-1MPP0001-100.loads",
            "http://h/sip88xx.12-0-1MPP0001-100.loads?2",
            "( $SWVER ne sip88xx.12-0-2MPP0001-7 )? http://h/sip88xx.12-0-2MPP0001-7.loads",
            "/sip88xx.12-0-1MPP0001-100.loads",
            "http://h/sip78xx.12-0-1MPP0001-100.loads",
            "http://h/sip88xx.11-3-2MPP0001-609.loads",
            "[--key k] http://h/sip88xx.12-0-1MPP0001-100.loads",
            "( GPP_C = \"up\" )! http://h/sip88xx.12-0-1MPP0001-100.loads",
        ],
    ),
    ("Upgrade_Enable", &["Yes", "Yes", "Yes", "No"]),
    (
        "Upgrade_Error_Retry_Delay",
        &["3600", "60,120", "0", "30+30", "600,0"],
    ),
    (
        "Downgrade_Rev_Limit",
        &["", "", "sip88xx.12-0-2MPP0001-7", "soon"],
    ),
    ("Resync_After_Upgrade_Attempt", &["Yes", "No"]),
];

/// The slots of one phone, and what happened to them.
pub(super) struct Shelf {
    chance: Chance,
    models: Vec<ModelId>,
    running: &'static str,
    inactive: Option<&'static str>,
    /// What the boot loader brings up next.
    next: Option<&'static str>,
    /// The load in the slot that does not run was given up; stays so until that slot is written.
    fell_back: bool,
    transfer: Option<(OpId, &'static str)>,
    activation: Option<OpId>,
    /// Somebody has asked, so that what was tried may be tried again.
    asked: bool,
    /// Somebody has asked in this life: what is tried then may be tried again after a failure.
    urged: bool,
    /// The last failure of this life: when, rule, URL, list and how many in a row.
    failed: Option<Failure>,
    /// The digest of a rule whose load did not come up, and that load.
    blocked: Option<(u64, &'static str)>,
}

#[derive(Clone)]
struct Failure {
    at: MonoTime,
    rule: String,
    url: String,
    list: String,
    in_a_row: u32,
}

impl Shelf {
    pub(super) fn new(seed: u64, scope: Scope, idle_settle_s: u8, shared: &mut Shared) -> Self {
        let models = LOADS
            .iter()
            .map(|load| {
                shared.add_model(Model {
                    idle_settle_s,
                    software_version: (*load).to_owned(),
                    ..Model::of(&Identity::default(), scope)
                })
            })
            .collect();
        Self {
            chance: Chance::new(seed ^ 0x51_07),
            models,
            running: LOADS[0],
            inactive: None,
            next: None,
            fell_back: false,
            transfer: None,
            activation: None,
            asked: false,
            urged: false,
            failed: None,
            blocked: None,
        }
    }

    /// What a profile sets besides the usual.
    pub(super) fn sets(&mut self) -> Option<(&'static str, &'static str)> {
        if !self.chance.one_in(3) {
            return None;
        }
        let (name, values) = self.chance.of(&SETTINGS)?;
        Some((name, self.chance.text(values)))
    }

    pub(super) fn first_settings(&mut self) -> Vec<(&'static str, &'static str)> {
        let mut settings = Vec::new();
        for (name, values) in SETTINGS {
            if self.chance.one_in(2) {
                settings.push((name, self.chance.text(values)));
            }
        }
        settings
    }

    /// The boot loader: which model comes up, and what the phone is told of its slots.
    pub(super) fn power_on(
        &mut self,
        record: &StateRecord,
        shared: &mut Shared,
    ) -> (ModelId, Input) {
        self.asked = false;
        self.urged = false;
        self.failed = None;
        self.transfer = None;
        self.activation = None;
        if let Some(load) = self.next.take() {
            if self.chance.one_in(4) {
                self.fell_back = true;
                // The load may have been in its slot already, so that only the record tells the rule.
                let tried = record.upgrades.tried.map(|tried| tried.target);
                let tried = tried.filter(|target| target.load == digest(load));
                self.blocked = tried.map(|target| (target.rule, load));
            } else {
                self.inactive = Some(self.running);
                self.running = load;
                self.fell_back = false;
            }
        }
        let at = LOADS.iter().position(|load| *load == self.running);
        let model = at.and_then(|at| self.models.get(at)).copied();
        let inactive = self.inactive;
        let slots = Slots {
            inactive: inactive.and_then(|load| shared.values.intern(load, Secrecy::Plain)),
            fell_back: self.fell_back,
        };
        let told = Input::Fact(Fact::Slots(Some(slots)));
        (model.unwrap_or_default(), told)
    }

    /// Somebody asks for an upgrade.
    pub(super) fn ask(&mut self) {
        self.asked = true;
        self.urged = true;
    }

    /// Power fails: what is being written is half written.
    pub(super) fn power_cut(&mut self) {
        if self.transfer.take().is_some() {
            self.inactive = None;
        }
        if self.activation.take().is_some() && self.chance.one_in(2) {
            self.next = self.inactive;
        }
    }

    pub(super) fn arrives(&mut self, input: &Input, now: MonoTime) {
        match input {
            Input::Upgraded(op, result) => {
                let mine = self.transfer.take_if(|(transfer, _)| transfer == op);
                let Some((_, load)) = mine else { return };
                if result.is_ok() {
                    self.inactive = Some(load);
                    self.failed = None;
                } else if let Some(failure) = &mut self.failed {
                    failure.at = now;
                }
            }
            Input::Activated(op, committed) if self.activation == Some(*op) => {
                self.activation = None;
                if *committed == Committed::Durable {
                    self.next = self.inactive;
                }
            }
            Input::Activated(..)
            | Input::Reported(..)
            | Input::Boot(..)
            | Input::Timer
            | Input::Line(..)
            | Input::Registration(..)
            | Input::ClockSet
            | Input::OptionsLearned(_)
            | Input::Fact(_)
            | Input::Command(..)
            | Input::FetchStarted(..)
            | Input::FetchDone(..)
            | Input::TrustDone(..)
            | Input::Searched(..)
            | Input::CommitDone(..)
            | Input::StateSaved(..)
            | Input::Erased(..) => {}
        }
    }

    /// A rule that changes may name again what did not come up.
    pub(super) fn rule_is(&mut self, rule: &str) {
        self.blocked
            .take_if(|(blocked, _)| *blocked != digest(rule));
    }

    /// Parameters have changed: what failed before may have become another target, or be due by another list.
    pub(super) fn params_changed(&mut self) {
        self.failed = None;
    }

    /// Whether something of an upgrade is under way outside the phone.
    pub(super) const fn is_under_way(&self) -> bool {
        self.transfer.is_some() || self.activation.is_some()
    }

    /// Whether the restart that comes now brings up what the record says.
    pub(super) const fn is_ready(&self) -> bool {
        self.next.is_some()
    }

    /// The boot loader is told.
    pub(super) fn activate(&mut self, op: OpId, record: &StateRecord) -> Option<String> {
        self.activation = Some(op);
        if record.upgrades.switch.is_none() {
            return Some("the boot loader is told before that is durable".to_owned());
        }
        let blocked = self.blocked.map(|(_, load)| load);
        if blocked.is_some() && blocked == self.inactive && !self.urged {
            return Some("a load that did not come up is switched to again".to_owned());
        }
        self.inactive
            .is_none()
            .then(|| "the boot loader is told of an empty slot".to_owned())
    }

    /// A load is asked for.
    fn asks(
        &mut self,
        op: OpId,
        url: &str,
        phone: &Phone,
        shared: &Shared,
        now: MonoTime,
    ) -> Option<String> {
        let fault = |what: &str| Some(format!("{what}: {url}"));
        let name = url.rsplit('/').next().unwrap_or_default();
        let name = name.split('?').next().unwrap_or_default();
        let name = name.strip_suffix(".loads").unwrap_or(name);
        let Some(load) = LOADS.iter().copied().find(|load| *load == name) else {
            return fault("an unknown load is asked for");
        };
        self.transfer = Some((op, load));
        self.fell_back = false;
        let view = phone.view(shared)?;
        let text = |id| phone.params().text(id, view);
        if !phone.params().is_yes(known::UPGRADE_ENABLE, view) {
            return fault("a load is asked for although upgrades are disabled");
        }
        if phone.busy_lines() != 0 {
            return fault("a load is asked for while a line is busy");
        }
        if matches!(phone.state(), State::Running(_)) {
            return fault("a load is asked for during a resync");
        }
        if load == self.running || Some(load) == self.inactive {
            return fault("a load is asked for that is there");
        }
        if load.starts_with("sip78xx") {
            return fault("a load for another family is asked for");
        }
        let rule = text(known::UPGRADE_RULE).to_owned();
        if text(known::DOWNGRADE_REV_LIMIT) == LOADS[2] && load != LOADS[2] {
            return fault("a load below the limit is asked for");
        }
        let list = text(known::UPGRADE_ERROR_RETRY_DELAY).to_owned();
        let asked = std::mem::take(&mut self.asked);
        if self.blocked == Some((digest(&rule), load)) && !self.urged {
            return fault("a load that did not come up is asked for again");
        }
        // A list that has changed begins anew: nothing is known of the wait before this.
        let same = self.failed.as_ref().filter(|last| {
            let again = last.rule == rule && last.url == url && last.list == list;
            again && !asked
        });
        if let Some(last) = same
            && let Ok(delays) = DelayList::parse(&last.list)
        {
            let element = delays.element(last.in_a_row.saturating_sub(1));
            let zero = element.is_none_or(|element| element.is_zero());
            let least = element.map_or(0, |element| u64::from(element.base));
            if zero || now.since(last.at).as_secs() < least {
                return fault("a load is asked for again too soon");
            }
        }
        let in_a_row = same.map_or(1, |last| last.in_a_row + 1);
        // Made good when the transfer succeeds.
        self.failed = (!asked).then(|| Failure {
            at: now,
            rule,
            url: url.to_owned(),
            list,
            in_a_row,
        });
        None
    }
}

impl World {
    pub(super) fn upgrade(&mut self, seat: usize, op: OpId, request: &Request) {
        let now_ms = self.now_ms;
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let (life, now) = (place.life, place.now(now_ms));
        let url = render::url(request, &self.shared.values);
        let Some(shelf) = &mut place.shelf else {
            self.fault(Some("a phone without slots upgrades".to_owned()));
            return;
        };
        let fault = shelf.asks(op, &url, &place.phone, &self.shared, now.mono);
        let result = match shelf.chance.below(3) {
            0 => {
                let failures = [Outcome::Fnf, Outcome::Connect, Outcome::Signature];
                Err(shelf.chance.of(&failures).unwrap_or(Outcome::Flash).into())
            }
            _ => Ok(()),
        };
        let started = now_ms + shelf.chance.below(2000);
        let done = started + 1000 * (1 + shelf.chance.below(900));
        self.fault(fault);
        let input = Input::FetchStarted(op, Endpoint { ip: None });
        self.push(started, seat, Event::Input(life, input));
        self.push(done, seat, Event::Input(life, Input::Upgraded(op, result)));
    }

    pub(super) fn activate(&mut self, seat: usize, op: OpId, committed: Committed) {
        let now_ms = self.now_ms;
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let life = place.life;
        let record = place.record;
        let fault = place
            .shelf
            .as_mut()
            .and_then(|shelf| shelf.activate(op, &record));
        self.fault(fault);
        let at = now_ms + 500;
        let input = Input::Activated(op, committed);
        self.push(at, seat, Event::Input(life, input));
    }
}
