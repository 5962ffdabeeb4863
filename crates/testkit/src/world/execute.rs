//! Carrying out effects in a world.

use std::net::{IpAddr, Ipv4Addr};

use onhook_device::Outcome;
use onhook_discovery::Found;
use onhook_fetch::{Endpoint, Fingerprint};
use onhook_params::Secrecy;
use onhook_phone::{
    Committed, CustomCa, Discovered, Effect, Input, OpId, Request, RestartKind, Searched,
    StateChange, render,
};

use super::chance::Chance;
use super::firmware::Shelf;
use super::seat::hosts;
use super::server::Answer;
use super::{Event, World};
use crate::sim::decoded;

impl World {
    /// Carries out one effect of a phone that has power.
    pub(super) fn execute(&mut self, seat: usize, effect: Effect) {
        let now_ms = self.now_ms;
        let Some(place) = self.seats.get_mut(seat).filter(|place| place.on) else {
            return;
        };
        let now = place.now(now_ms);
        let fault = place
            .oracle
            .effect(&effect, &place.record, now)
            .or_else(|| place.restart_fault(&effect));
        let life = place.life;
        match effect {
            Effect::Fetch(op, request) => self.fetch(seat, op, &request),
            Effect::FetchTrust(op, _, request) => self.fetch_trust(seat, op, &request),
            Effect::Commit(op) => {
                let entries = place.phone.commit_entries(op).to_vec();
                for value in entries.iter().filter_map(|entry| entry.value) {
                    self.shared.values.retain(value);
                }
                if !place.erased {
                    place.commits.push((op, entries));
                }
                let committed = ended(&mut self.chance);
                let at = now_ms + self.chance.below(3000);
                self.push(
                    at,
                    seat,
                    Event::Input(life, Input::CommitDone(op, committed)),
                );
            }
            Effect::Search(op, _) => {
                let found = Found {
                    servers: Vec::new(),
                    rule: Some("http://h/found?$PRVST".to_owned()),
                };
                let found = Discovered::intern(&found, &mut self.shared.values);
                let searched = match (self.chance.below(3), found) {
                    (0, _) | (_, None) => Searched::Failed,
                    (1, Some(_)) => Searched::Nothing,
                    (_, Some(found)) => Searched::Found(found),
                };
                let at = now_ms + self.chance.below(5000);
                self.push(at, seat, Event::Input(life, Input::Searched(op, searched)));
            }
            Effect::Upgrade(op, request) => self.upgrade(seat, op, &request),
            Effect::Report(op, ..) => self.report(seat, op),
            Effect::Activate(op) => {
                let committed = ended(&mut self.chance);
                self.activate(seat, op, committed);
            }
            Effect::Erase(op) => {
                place.erasing = Some(op);
                let committed = ended(&mut self.chance);
                let at = now_ms + self.chance.below(2000);
                self.push(at, seat, Event::Input(life, Input::Erased(op, committed)));
            }
            Effect::SaveState(op, change) => self.save(seat, op, change),
            Effect::Log(line) => {
                let message = render::message(&place.phone, &self.shared, now, &line);
                if message.is_some_and(|message| message.text.contains("CANARY")) {
                    self.fault(Some("a message shows a secret".to_owned()));
                }
            }
            Effect::Restart(RestartKind::Warm) => {}
            Effect::Restart(RestartKind::Cold) => {
                place.power_cut(&mut self.chance, &mut self.shared);
                let at = now_ms + 20_000 + self.chance.below(20_000);
                self.push(at, seat, Event::Act(super::Act::PowerOn));
            }
            Effect::ForgetTrust | Effect::Cancel(_) | Effect::Notice(_) => {}
        }
        self.fault(fault);
    }

    fn report(&mut self, seat: usize, op: OpId) {
        let Some(place) = self.seats.get(seat) else {
            return;
        };
        let life = place.life;
        let result = match self.chance.one_in(3) {
            true => Err(Outcome::Timeout.into()),
            false => Ok(()),
        };
        let started = self.now_ms + self.chance.below(2000);
        let done = started + self.chance.below(200_000);
        let input = Input::FetchStarted(op, Endpoint { ip: None });
        self.push(started, seat, Event::Input(life, input));
        self.push(done, seat, Event::Input(life, Input::Reported(op, result)));
    }

    fn save(&mut self, seat: usize, op: OpId, change: StateChange) {
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let life = place.life;
        for host in hosts(change) {
            self.shared.values.retain(host);
        }
        if !place.erased {
            place.saves.push((op, change));
        }
        let committed = ended(&mut self.chance);
        let at = self.now_ms + self.chance.below(1000);
        let input = Input::StateSaved(op, committed);
        self.push(at, seat, Event::Input(life, input));
    }

    fn fetch(&mut self, seat: usize, op: OpId, request: &Request) {
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        let (life, scope) = (place.life, place.scope);
        let url = render::url(request, &self.shared.values);
        let fault = place.oracle.request(&url);
        if url.contains("CANARY") {
            self.fault(Some("a URL shows a secret".to_owned()));
        }
        self.fault(fault);
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        let started = self.now_ms + self.chance.below(2000);
        let input = Input::FetchStarted(op, Endpoint { ip });
        self.push(started, seat, Event::Input(life, input));
        let done = started + 1000 * self.server.delay(&mut self.chance);
        let result = match self.server.answer(&mut self.chance) {
            Answer::Fails(outcome) => Err(outcome.into()),
            Answer::Sets(mut settings) => {
                let place = self.seats.get_mut(seat);
                let shelf = place.and_then(|place| place.shelf.as_mut());
                settings.extend(shelf.and_then(Shelf::sets));
                Ok(decoded(settings.into_iter(), &scope, &mut self.shared))
            }
        };
        self.push(done, seat, Event::Input(life, Input::FetchDone(op, result)));
    }

    fn fetch_trust(&mut self, seat: usize, op: OpId, request: &Request) {
        let Some(life) = self.seats.get(seat).map(|place| place.life) else {
            return;
        };
        if render::url(request, &self.shared.values).contains("CANARY") {
            self.fault(Some("a URL shows a secret".to_owned()));
        }
        let started = self.now_ms + self.chance.below(2000);
        let input = Input::FetchStarted(op, Endpoint { ip: None });
        self.push(started, seat, Event::Input(life, input));
        let done = started + 1000 * self.server.delay(&mut self.chance);
        let result = match self.server.answer(&mut self.chance) {
            Answer::Fails(outcome) => Err(outcome.into()),
            Answer::Sets(_) => Ok(CustomCa {
                name: self.shared.values.intern("Root", Secrecy::Plain),
                fingerprint: Fingerprint([1; 32]),
                certificates: 1,
            }),
        };
        self.push(done, seat, Event::Input(life, Input::TrustDone(op, result)));
    }
}

/// How a write ends: rarely it fails.
fn ended(chance: &mut Chance) -> Committed {
    if chance.one_in(60) {
        Committed::Failed
    } else {
        Committed::Durable
    }
}
