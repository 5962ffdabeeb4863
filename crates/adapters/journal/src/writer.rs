//! Writing a journal.

use std::hash::RandomState;

use onhook_device::Now;
use onhook_params::Scope;
use onhook_phone as live;
use onhook_phone::{Effect, Model, Phone, PhoneSetup, Shared};

use crate::effect;
use crate::hide::Hide;
use crate::input::Input;
use crate::line::{Life, Line, SCHEMA, Step, Wall};
use crate::param::params;

/// Writes the journal of one life of a phone.
pub struct Writer {
    hide: Hide,
    scope: Scope,
    /// The input whose effects are not known yet.
    open: Option<(Now, Input)>,
}

impl Writer {
    /// The writer of a life and its first line, for a phone that has not booted. `hasher` makes the stand-ins: the same
    /// for all lives in one journal, and never written. `None` if the phone has no model.
    #[must_use]
    pub fn begin(
        program: &str,
        setup: &PhoneSetup,
        phone: &Phone,
        shared: &Shared,
        hasher: RandomState,
    ) -> Option<(Self, String)> {
        let Model {
            product_name,
            series,
            software_version,
            hardware_version,
            scope,
            idle_settle_s,
            ca_over,
            pin_server,
        } = phone.model(shared)?;
        let values = &shared.values;
        let mut hide = Hide::live(hasher);
        let text = |id: Option<onhook_params::ValueId>| id.map(|id| values.text(id).to_owned());
        let mut mac = String::new();
        setup.mac.push_colons(&mut mac);
        let word = |name: &str| scope.readings.word(name).unwrap_or_default().to_owned();
        let life = Life {
            schema: SCHEMA.to_owned(),
            program: program.to_owned(),
            mac,
            product_name: product_name.clone(),
            series: series.clone(),
            serial: text(setup.serial).unwrap_or_default(),
            software_version: software_version.clone(),
            hardware_version: hardware_version.clone(),
            family: scope.family.name().to_owned(),
            release: scope.release.name().to_owned(),
            readings: onhook_device::Readings::NAMES
                .iter()
                .map(|name| ((*name).to_owned(), word(name)))
                .collect(),
            idle_settle_s: *idle_settle_s,
            ca_over: ca_over.name().to_owned(),
            pin_server: *pin_server,
            ip: text(setup.ip),
            external_ip: text(setup.external_ip),
            client_certificate: setup.client_certificate,
            seed: setup.seed,
            index: setup.index,
            params: params(phone.params().own(), values, scope, &mut hide),
        };
        let scope = *scope;
        let line = text_of(&Line::Life(Box::new(life)))?;
        let open = None;
        Some((Self { hide, scope, open }, line))
    }

    /// Notes an input, before the phone takes it.
    pub fn input(&mut self, now: Now, input: &live::Input, shared: &Shared) {
        let input = Input::of(input, shared, &self.scope, &mut self.hide);
        self.open = Some((now, input));
    }

    /// The line of the input noted last, with its effects.
    #[must_use]
    pub fn effects(
        &mut self,
        effects: &[Effect],
        phone: &Phone,
        shared: &Shared,
    ) -> Option<String> {
        let (now, input) = self.open.take()?;
        text_of(&Line::Step(Step {
            t_ms: now.mono.as_millis(),
            wall: now.wall.map(|wall| Wall {
                unix_s: wall.unix_s,
                offset_s: wall.offset_s,
            }),
            input,
            effects: texts(effects, phone, shared, &self.hide),
        }))
    }

    /// The line that stands for lines that found no place.
    #[must_use]
    pub fn missed(count: u64) -> String {
        text_of(&Line::Missed(count)).unwrap_or_default()
    }
}

pub(crate) fn texts(
    effects: &[Effect],
    phone: &Phone,
    shared: &Shared,
    hide: &Hide,
) -> Vec<String> {
    effects
        .iter()
        .map(|effect| effect::text(effect, phone, shared, hide))
        .collect()
}

/// A line without its end; `None` never happens, for all keys are texts.
fn text_of(line: &Line) -> Option<String> {
    serde_json::to_string(line).ok()
}
