//! What goes wrong, and who sees to it.

use std::net::Ipv4Addr;

use onhook_upgrade::sharing::{Effect, Frame, LinkId};

use super::{Item, World, index};
use crate::faults::Conduct;
use crate::net::Net;
use crate::queue::Micros;
use crate::rogue::{pretence, rubbish};
use crate::seat::address;

/// How often a flooder sends.
const FLOOD: Micros = 5_000;
/// How often somebody pretends.
const PRETENCE: Micros = 250_000;

impl World<'_> {
    /// A phone loses power: its neighbours learn that their connections have ended.
    pub(super) fn crash(&mut self, phone: u32, now: Micros) {
        self.server.close(phone);
        let Some(seat) = self.seats.get_mut(index(phone)) else {
            return;
        };
        seat.life += 1;
        seat.machine = None;
        seat.timer = Micros::MAX;
        let links = std::mem::take(&mut seat.links);
        for (link, connection) in links {
            let Some(held) = self.connections.get(connection) else {
                continue;
            };
            if let Some((_, other)) = held.ends(phone, link) {
                let there = held.last.max(now) + Net::latency();
                self.queue.push(there, Item::Ended(connection, other.phone));
            }
        }
        let is_lost = self.seat(phone).is_some_and(|seat| {
            let is_new = seat.complete_at.is_none() && !seat.failed;
            seat.conduct == Conduct::Honest && is_new && seat.returns == 0
        });
        if is_lost {
            if let Some(seat) = self.seat(phone) {
                seat.failed = true;
            }
            self.waiting = self.waiting.saturating_sub(1);
        }
    }

    /// The faults that wait for a root to have come so far.
    pub(super) fn strike_root(&mut self, phone: u32, now: Micros) {
        let faults = &self.plan.faults;
        let (dies, stalls) = (faults.root_dies_at, faults.root_stalls_at);
        let Some(machine) = self.seat(phone).and_then(|seat| seat.machine.as_ref()) else {
            return;
        };
        let (is_root, held) = (machine.is_root(), machine.held().count());
        if self.root_struck || !is_root {
            return;
        }
        if dies.is_some_and(|at| held >= at) {
            self.root_struck = true;
            self.crash(phone, now);
        } else if stalls.is_some_and(|at| held >= at) {
            self.root_struck = true;
            self.starved = self.server.stream_of(phone);
        }
    }

    /// A phone that does not behave does something.
    pub(super) fn rogue(&mut self, phone: u32, number: u64, now: Micros) {
        let Some(conduct) = self.seat(phone).map(|seat| seat.conduct) else {
            return;
        };
        match conduct {
            Conduct::Pretender => {
                let bytes = pretence(&self.load);
                self.say(phone, address(phone), bytes, now);
                self.queue
                    .push(now + PRETENCE, Item::Rogue(phone, number + 1));
            }
            Conduct::Flooder => {
                self.flood(phone, number, now);
                self.queue.push(now + FLOOD, Item::Rogue(phone, number + 1));
            }
            Conduct::Honest
            | Conduct::Liar
            | Conduct::Miser
            | Conduct::Trickler
            | Conduct::Stranger => {}
        }
    }

    fn flood(&mut self, phone: u32, number: u64, now: Micros) {
        let bytes = rubbish(&self.load, self.plan.seed, number);
        let source = match number % 4 {
            0 => Ipv4Addr::new(192, 0, 2, 1),
            1 => address(self.plan.phones + u32::try_from(number % 20_000).unwrap_or_default()),
            _ => address(phone),
        };
        self.say(phone, source, bytes, now);
        let victim = u32::try_from(number % u64::from(self.plan.phones)).unwrap_or_default();
        if victim == phone || !number.is_multiple_of(4) {
            return;
        }
        let link = LinkId(u32::try_from(number).unwrap_or_default());
        let frame = match number % 3 {
            0 => Frame::Busy,
            1 => Frame::Count(u32::MAX),
            // It opens a connection and says nothing.
            _ => return self.carry_out(phone, vec![Effect::Open(link, address(victim))], now),
        };
        let wants = vec![
            Effect::Open(link, address(victim)),
            Effect::Write(link, frame),
        ];
        self.carry_out(phone, wants, now);
    }
}
