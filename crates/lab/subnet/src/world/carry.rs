//! What machines want done.

use std::net::Ipv4Addr;

use onhook_upgrade::sharing::{DATAGRAM, Effect, Event, Frame, HEADER, Header, Line, LinkId};

use super::{Item, World, index, time, truth, untaken};
use crate::faults::Conduct;
use crate::net::{Connection, End, Net};
use crate::queue::Micros;
use crate::seat::{address, phone_at};

/// How long a block takes that trickles: just not so long that it has stalled.
const TRICKLE: Micros = 9_000_000;

impl World<'_> {
    /// Carries out what a machine wants, and sets its timer.
    pub(super) fn carry_out(&mut self, phone: u32, effects: Vec<Effect>, now: Micros) {
        for effect in effects {
            self.effect(phone, effect, now);
        }
        let Some(seat) = self.seats.get_mut(index(phone)) else {
            return;
        };
        let Some(machine) = &seat.machine else {
            return;
        };
        let connections = machine.connections();
        seat.most_connections = seat.most_connections.max(connections);
        let at = machine.deadline().as_millis();
        if at == u64::MAX {
            seat.timer = Micros::MAX;
            return;
        }
        // A machine that wants to be called at once is called in its next millisecond.
        let timer = at.max(now / 1000 + 1).saturating_mul(1000);
        if seat.timer != timer {
            seat.timer = timer;
            self.queue.push(timer, Item::Timer(phone));
        }
    }

    fn effect(&mut self, phone: u32, effect: Effect, now: Micros) {
        match effect {
            Effect::Say(bytes) => self.say(phone, address(phone), bytes, now),
            Effect::Open(link, to) => self.open(phone, link, to, now),
            Effect::Write(link, frame) => self.write(phone, link, frame, now),
            Effect::Pass(link, number) => self.pass(phone, link, number, now),
            Effect::Close(link) => self.close(phone, link, now),
            Effect::StartServer => self.start_server(phone, now),
            Effect::StopServer => self.server.close(phone),
            Effect::Tell(line) => self.told(phone, line),
            Effect::Complete => {
                if let Some(seat) = self.seat(phone)
                    && seat.complete_at.is_none()
                {
                    seat.complete_at = Some(now);
                    self.ended(phone);
                }
            }
            Effect::Released => {}
            Effect::Failed => {
                if let Some(seat) = self.seat(phone) {
                    seat.failed = true;
                    self.ended(phone);
                }
            }
        }
    }

    fn ended(&mut self, phone: u32) {
        let seat = self.seat(phone);
        if seat.is_some_and(|seat| seat.conduct == Conduct::Honest) {
            self.waiting = self.waiting.saturating_sub(1);
        }
    }

    fn told(&mut self, phone: u32, line: Line) {
        let roots = u32::from(matches!(line, Line::Root(_)));
        let alone = matches!(line, Line::Alone(_));
        let honest = self.seat(phone).is_some_and(|seat| {
            seat.fell_back |= alone;
            seat.conduct == Conduct::Honest
        });
        if honest {
            self.roots += roots;
        }
    }

    /// Brings a datagram to everybody whom it reaches.
    pub(super) fn say(&mut self, phone: u32, source: Ipv4Addr, bytes: [u8; DATAGRAM], now: Micros) {
        self.datagrams += 1;
        for other in (0..self.plan.phones).filter(|other| *other != phone) {
            let faults = &self.plan.faults;
            if !faults.are_joined(phone, other, now / 1000) {
                continue;
            }
            let (loss, duplicates, jitter) = (faults.loss, faults.duplicates, faults.jitter);
            let times = if loss > 0 && self.chance(999) < u64::from(loss) {
                0
            } else if duplicates > 0 && self.chance(999) < u64::from(duplicates) {
                2
            } else {
                1
            };
            for _ in 0..times {
                let late = if jitter > 0 {
                    self.chance(jitter * 1000)
                } else {
                    0
                };
                let there = now + Net::latency() + late;
                self.queue.push(there, Item::Datagram(other, source, bytes));
            }
        }
    }

    fn open(&mut self, phone: u32, link: LinkId, to: Ipv4Addr, now: Micros) {
        let Some(to) = phone_at(to).filter(|to| *to < self.plan.phones) else {
            return;
        };
        let Some(seat) = self.seats.get_mut(index(phone)) else {
            return;
        };
        let opener = End {
            phone,
            life: seat.life,
            link: Some(link),
        };
        let connection = self.connections.len();
        seat.links.insert(link, connection);
        self.connections.push(Connection {
            opener,
            taker: untaken(to),
            last: now,
        });
        let there = now + Net::latency();
        if self.plan.faults.are_joined(phone, to, now / 1000) {
            self.queue.push(there, Item::Knock(connection));
        }
    }

    pub(super) fn knock(&mut self, connection: usize, now: Micros) {
        let Some(held) = self.connections.get(connection).copied() else {
            return;
        };
        let Some(seat) = self.seats.get_mut(index(held.taker.phone)) else {
            return;
        };
        let silent = matches!(seat.conduct, Conduct::Pretender | Conduct::Flooder);
        let from = address(held.opener.phone);
        let taken = seat
            .machine
            .as_mut()
            .and_then(|machine| machine.accept(from, time(now)));
        if let Some(link) = taken {
            seat.links.insert(link, connection);
            let life = seat.life;
            if let Some(held) = self.connections.get_mut(connection) {
                held.taker.link = Some(link);
                held.taker.life = life;
            }
            self.tell(held.taker.phone, Event::Timer, now);
        }
        let open = taken.is_some() || silent;
        let back = now + Net::latency();
        self.queue.push(back, Item::Answered(connection, open));
    }

    pub(super) fn answered(&mut self, connection: usize, open: bool, now: Micros) {
        let Some(phone) = self
            .connections
            .get(connection)
            .map(|held| held.opener.phone)
        else {
            return;
        };
        let Some(link) = self.link(connection, phone) else {
            return;
        };
        if open {
            self.tell(phone, Event::Opened(link), now);
        } else {
            self.forget(phone, link);
            self.tell(phone, Event::Closed(link), now);
        }
    }

    /// The connection of a phone's link, and who is at its other end, if it is reached.
    fn other_end(&mut self, phone: u32, link: LinkId, now: Micros) -> Option<(usize, End)> {
        let connection = *self.seat(phone)?.links.get(&link)?;
        let (_, other) = self.connections.get(connection)?.ends(phone, link)?;
        let joined = self.plan.faults.are_joined(phone, other.phone, now / 1000);
        joined.then_some((connection, other))
    }

    fn carry(
        &mut self,
        connection: usize,
        from: u32,
        to: u32,
        octets: u64,
        now: Micros,
    ) -> [Micros; 2] {
        let way = self.net.carry(from, to, octets, now);
        if let Some(held) = self.connections.get_mut(connection) {
            held.last = held.last.max(way.there);
        }
        [way.left, way.there]
    }

    fn write(&mut self, phone: u32, link: LinkId, frame: Frame, now: Micros) {
        let Some((connection, other)) = self.other_end(phone, link, now) else {
            return;
        };
        let bytes = frame.encode();
        let [_, there] = self.carry(connection, phone, other.phone, bytes.len() as u64, now);
        // As it is read at the other end, which need not want the same load.
        let Some(reader) = self.seats.get(index(other.phone)) else {
            return;
        };
        let load = reader
            .machine
            .as_ref()
            .map_or(&self.load, |machine| machine.load());
        let read = bytes
            .split_first_chunk::<HEADER>()
            .and_then(|(header, body)| match Header::decode(header, load) {
                Ok(Header::Join(_)) => Frame::decode_join(body, load).ok(),
                Ok(Header::Plain(plain)) => Some(plain.into()),
                Ok(Header::Block { .. }) | Err(_) => None,
            });
        let item = match read {
            Some(frame) => Item::Frame(connection, other.phone, frame),
            None => Item::Ended(connection, other.phone),
        };
        self.queue.push(there, item);
    }

    fn pass(&mut self, phone: u32, link: LinkId, number: u32, now: Micros) {
        let conduct = self
            .seat(phone)
            .map_or(Conduct::Honest, |seat| seat.conduct);
        if conduct == Conduct::Miser {
            return;
        }
        let Some((connection, other)) = self.other_end(phone, link, now) else {
            return;
        };
        let Some(mut octets) = truth(&self.load, number) else {
            return;
        };
        if conduct == Conduct::Liar {
            octets.digest = [0x5a; 32];
        }
        let length = octets.length + HEADER as u64;
        let hesitates = match conduct {
            Conduct::Trickler => TRICKLE,
            Conduct::Honest
            | Conduct::Liar
            | Conduct::Miser
            | Conduct::Pretender
            | Conduct::Flooder
            | Conduct::Stranger => 0,
        };
        let carried = self.carry(connection, phone, other.phone, length, now);
        let [left, there] = carried.map(|at| at + hesitates);
        self.queue.push(left, Item::Passed(connection, phone));
        let block = Item::Block(connection, other.phone, number, octets);
        self.queue.push(there, block);
    }

    fn close(&mut self, phone: u32, link: LinkId, now: Micros) {
        let reached = self.other_end(phone, link, now);
        self.forget(phone, link);
        if let Some((connection, other)) = reached {
            let last = self
                .connections
                .get(connection)
                .map_or(now, |held| held.last);
            let there = last.max(now) + Net::latency();
            self.queue.push(there, Item::Ended(connection, other.phone));
        }
    }

    fn start_server(&mut self, phone: u32, now: Micros) {
        let refused = self.plan.faults.refused.contains(&phone);
        if refused {
            // As soon as it can be told: effects are not answered while they are carried out.
            self.queue.push(now + Net::latency(), Item::Refused(phone));
            return;
        }
        if let Some(seat) = self.seats.get(index(phone)) {
            let pieces = seat.wants();
            self.server.open(phone, pieces);
        }
    }
}
