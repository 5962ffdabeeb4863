//! A whole profile.

use std::collections::BTreeMap;

use onhook_crypto::port::NoSecrets;
use onhook_params::{Kind, ParamId, Scope, known};
use onhook_profile::{DecodeSpec, Limits, Place, Places, Positions, decode};
use onhook_schedule::{DelayList, HhMm};

use super::checks::{
    NO_BOOT_SPREAD, PROVISIONING_OFF, RESYNC_AT_DELAY, SHORT_PERIOD, UNEXPANDED_REGISTER,
};
use super::finding::{Check, Finding};
use super::placed::Placed;
use super::{Subject, alias, lint_text};
use crate::{ExplainKind, ModelPhone};

/// A period below this is short, in seconds.
const SHORT: u32 = 60;
const UNREADABLE: &str = "A file that cannot be read changes nothing, and the resync fails.";
const IGNORED: &str = "The phone reads the file and passes this over.";

pub(super) fn lint(xml: &[u8], phone: &ModelPhone, scope: &Scope) -> Vec<Placed> {
    let spec = DecodeSpec {
        scope: *scope,
        ..DecodeSpec::default()
    };
    let decoded = match decode(xml.to_vec(), &spec, &NoSecrets) {
        Ok(decoded) => decoded,
        Err(error) => {
            let place = error.position().unwrap_or((1, 1));
            let check = Check::error(error.code().as_str(), UNREADABLE);
            let finding = check.found(0..0, error.to_string(), "mend the file at this place");
            return vec![Placed::bare(&finding, place, place)];
        }
    };
    let mut all: Vec<Placed> = decoded
        .diagnostics
        .iter()
        .map(|warning| {
            let check = Check::warning(warning.code.as_str(), IGNORED);
            let message = warning.message(scope);
            let finding = check.found(0..0, message, "change the element, or take it away");
            let place = (warning.line, warning.column);
            Placed {
                parameter: Some(warning.subject.to_string()).filter(|name| !name.is_empty()),
                ..Placed::bare(&finding, place, place)
            }
        })
        .collect();
    // What the profile sets is what its rules will find.
    let mut phone = phone.clone();
    phone.apply(&decoded.delta);
    let places = Places::find(xml, scope, Limits::default());
    let mut whole = Whole {
        // Of a repeated parameter the last value counts.
        values: places.all().iter().map(|place| (place.id, place)).collect(),
        positions: places.positions(),
        scope,
        found: Vec::new(),
    };
    let mut in_order: Vec<&Place> = whole.values.values().copied().collect();
    in_order.sort_by_key(|place| place.locate(0, &mut whole.positions));
    for place in in_order {
        if let Some(subject) = Subject::of(place.id) {
            whole.add(place, &lint_text(subject, place.value(), &phone, scope));
        }
    }
    whole.across();
    all.extend(whole.found);
    all.sort_by_key(|placed| (placed.line, placed.column));
    all
}

impl Subject {
    /// What a parameter holds, if it is looked at.
    #[must_use]
    pub fn of(id: ParamId) -> Option<Self> {
        let name = id.pattern().element();
        let kinds = [
            (Kind::ProfileRule, Self::Text(ExplainKind::Profile)),
            (Kind::UpgradeRule, Self::Text(ExplainKind::Upgrade)),
            (Kind::ReportRule, Self::Text(ExplainKind::Report)),
            (Kind::Condition, Self::Text(ExplainKind::Trigger)),
            (Kind::DelayList, Self::Text(ExplainKind::Schedule)),
            (Kind::Hhmm, Self::TimeOfDay),
        ];
        let kind = id.pattern().kind;
        if kind == Kind::DelayList && name.contains("Retry") {
            return Some(Self::Retries);
        }
        if name.starts_with("Log_") && name.ends_with("_Msg") {
            return Some(Self::Message);
        }
        kinds
            .into_iter()
            .find(|(other, _)| *other == kind)
            .map(|(_, subject)| subject)
    }
}

/// The profile as a whole.
struct Whole<'w> {
    values: BTreeMap<ParamId, &'w Place>,
    positions: Positions<'w>,
    scope: &'w Scope,
    found: Vec<Placed>,
}

impl<'w> Whole<'w> {
    /// Notes what was found in a value.
    fn add(&mut self, place: &Place, findings: &[Finding]) {
        let parameter = place.id.name().to_string();
        let locate = |offset| place.locate(offset, &mut self.positions);
        let placed = Placed::all(place.value(), findings, self.scope, locate);
        self.found.extend(placed.into_iter().map(|placed| Placed {
            parameter: Some(parameter.clone()),
            ..placed
        }));
    }

    /// Notes something about a value as a whole.
    fn note(&mut self, place: &Place, check: Check, message: &str, fix: &str) {
        self.add(place, &[check.found(0..place.value().len(), message, fix)]);
    }

    fn value(&self, name: &str) -> Option<&'w Place> {
        let id = ParamId::lookup(name, self.scope)?;
        self.values.get(&id).copied()
    }

    /// Looks at what parameters mean together.
    fn across(&mut self) {
        if let Some(off) = self.value("Provision_Enable").filter(|v| v.value() == "No") {
            self.note(
                off,
                PROVISIONING_OFF,
                "the profile turns provisioning off",
                "leave it out, or be sure that nobody has to change this phone again",
            );
        }
        if let Some(zero) = self
            .value("Resync_Random_Delay")
            .filter(|v| is_zero(v.value()))
        {
            self.note(
                zero,
                NO_BOOT_SPREAD,
                "no random delay after power-up",
                "write a number of seconds in which all phones together may come",
            );
        }
        let shortest = self.value("Resync_Periodic").filter(|period| {
            DelayList::parse(period.value())
                .ok()
                .and_then(|list| list.element(0))
                .is_some_and(|delay| (1..SHORT).contains(&delay.base))
        });
        if let Some(period) = shortest {
            self.note(
                period,
                SHORT_PERIOD,
                "a resync every few seconds",
                "set a longer period in the file that this one leads to",
            );
        }
        let daily = self
            .value("Resync_At__HHmm_")
            .filter(|at| HhMm::parse(at.value()).is_ok());
        let delay = self.value("Resync_At_Random_Delay");
        if let (Some(_), Some(delay)) = (daily, delay)
            && delay
                .value()
                .parse::<u32>()
                .is_ok_and(|seconds| seconds < 600)
        {
            self.note(
                delay,
                RESYNC_AT_DELAY,
                "less than 600 seconds acts as 600",
                "write 600 or more, as long as the server needs for all phones",
            );
        }
        for (register, id) in (b'a'..).zip(known::GPP) {
            let Some(place) = self.values.get(&id).copied() else {
                continue;
            };
            let register = char::from(register);
            if self.is_named("--alias", register) {
                self.add(place, &alias::map(place.value(), self.scope));
            } else if !self.is_named("--post", register) && holds_macro(place.value()) {
                self.note(
                    place,
                    UNEXPANDED_REGISTER,
                    "the macros in this value are not expanded where it is inserted",
                    "write the macros where the register is used, or use it with `--post`",
                );
            }
        }
    }

    /// Whether a rule of the profile has an option with the register.
    fn is_named(&self, option: &str, register: char) -> bool {
        let words = format!("{option} {register}");
        self.values.values().any(|place| {
            place.id.pattern().kind == Kind::ProfileRule && place.value().contains(&words)
        })
    }
}

fn is_zero(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'0')
}

fn holds_macro(text: &str) -> bool {
    onhook_macros::Template::compile(text)
        .macros()
        .next()
        .is_some()
}
