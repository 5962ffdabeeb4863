//! Where the blocks come from: the parent.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;

use super::Settings;
use super::datagram::Kind;
use super::frame::Frame;
use super::line::Line;
use super::link::{CONNECTIONS, Fed, Link, LinkId, State};
use super::machine::{Effect, Sharing};
use super::peers::Peer;
use super::roles::{Role, since_of};

impl Sharing {
    /// Who is to be the parent, if somebody can be.
    pub(super) fn parent(&mut self, now: MonoTime) -> Option<Ipv4Addr> {
        if !self.peers.may_give(now) || self.links.len() >= CONNECTIONS {
            return None;
        }
        let recent = since_of(now, self.settings.fresh);
        let root = self.peers.root(recent).map(|(address, _)| address);
        if let (Some(root), false) = (root, self.placed) {
            self.placed = true;
            return Some(self.place_below(root, recent));
        }
        let own = self.held.count();
        let total = self.load.count();
        let has_place = |(_, peer): &(Ipv4Addr, &Peer)| {
            let more = peer.held > own || peer.held == total || peer.kind == Kind::Root;
            let gives = matches!(peer.kind, Kind::Offer | Kind::Root);
            peer.places > 0 && gives && more
        };
        let offers: Vec<Ipv4Addr> = self
            .peers
            .since(recent)
            .filter(has_place)
            .filter(|(address, _)| !self.links.iter().any(|link| link.address == *address))
            .map(|(address, _)| address)
            .collect();
        let last = u64::try_from(offers.len()).ok()?.checked_sub(1)?;
        // Anybody of them, so that not everybody asks the same one.
        let chosen = usize::try_from(self.chance(last)).ok()?;
        offers.get(chosen).copied()
    }

    /// The place in the tree that follows from the numbers of those who look.
    fn place_below(&self, root: Ipv4Addr, recent: MonoTime) -> Ipv4Addr {
        let mut others: Vec<_> = self
            .peers
            .since(recent)
            .filter(|(address, peer)| *address != root && peer.kind == Kind::Seek)
            .map(|(address, peer)| (peer.node, address))
            .collect();
        others.sort_unstable();
        let before = others.partition_point(|(node, _)| *node < self.node);
        // The root has place 0, the phone place `before` + 1; the children of place n follow each other.
        let above = before / usize::from(self.settings.fan_out.max(1));
        match above.checked_sub(1) {
            Some(index) => others.get(index).map_or(root, |(_, address)| *address),
            None => root,
        }
    }

    pub(super) fn attach(&mut self, parent: Ipv4Addr, now: MonoTime, out: &mut Vec<Effect>) {
        let id = self.add_link(parent, State::Opening, now);
        self.role = Role::Child;
        out.push(Effect::Open(id, parent));
    }

    /// Somebody no longer fetches for everybody: its children look for another, and those below them stay.
    pub(super) fn left(&mut self, from: Ipv4Addr, now: MonoTime, out: &mut Vec<Effect>) {
        self.peers.forget(from);
        let mut links = self.links.iter();
        if links.any(|link| link.is_up() && link.address == from) {
            self.leave_parent(out);
            self.look_again(now);
        }
    }

    /// Ends the connection to the parent, if there is one.
    pub(super) fn leave_parent(&mut self, out: &mut Vec<Effect>) {
        let up = self.links.iter().find(|link| link.is_up());
        if let Some(id) = up.map(|link| link.id) {
            self.take_link(id);
            out.push(Effect::Close(id));
        }
    }

    pub(super) fn opened(&mut self, id: LinkId, now: MonoTime, out: &mut Vec<Effect>) {
        let join = Frame::Join {
            load: self.load.id(),
            held: self.held.clone(),
        };
        if let Some(link) = self.link_mut(id)
            && matches!(link.state, State::Opening)
        {
            link.state = State::Joining;
            link.since = now;
            out.push(Effect::Write(id, join));
        }
    }

    pub(super) fn closed(&mut self, id: LinkId, now: MonoTime, out: &mut Vec<Effect>) {
        let Some(link) = self.take_link(id) else {
            return;
        };
        if !link.is_up() {
            return;
        }
        if self.peers.is_root(link.address) {
            let line = Line::RootLost(self.load.id(), link.address);
            out.push(Effect::Tell(line));
        }
        // It counts again as soon as it says something.
        self.peers.forget(link.address);
        self.look_again(now);
    }

    pub(super) fn framed(
        &mut self,
        id: LinkId,
        frame: Frame,
        now: MonoTime,
        out: &mut Vec<Effect>,
    ) {
        let (this, own) = (self.load.id(), self.held.count());
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let address = link.address;
        match (&mut link.state, frame) {
            (State::Unknown, Frame::Join { held, load }) if load == this => {
                self.join(id, held, now, out);
            }
            (state @ State::Joining, Frame::Welcome) => {
                *state = State::Fed(Fed {
                    heard: now,
                    brought: now,
                    said: 0,
                    watched: now,
                    octets: 0,
                });
                out.push(Effect::Tell(Line::Joined(this, address)));
            }
            (State::Joining, Frame::Busy) => {
                self.take_link(id);
                out.push(Effect::Close(id));
                self.peers.full(address);
                self.look_again(now);
            }
            (State::Fed(fed), Frame::Count(count)) => {
                fed.heard = now;
                let had_nothing = fed.said <= own;
                fed.said = count;
                if had_nothing {
                    fed.watch(now);
                }
            }
            (
                State::Opening | State::Joining | State::Fed(_) | State::Unknown | State::Child(_),
                Frame::Join { .. } | Frame::Welcome | Frame::Busy | Frame::Count(_),
            ) => self.broken(id, now, out),
        }
    }

    /// A peer says what it must not: it is shunned.
    pub(super) fn broken(&mut self, id: LinkId, now: MonoTime, out: &mut Vec<Effect>) {
        let Some(link) = self.take_link(id) else {
            return;
        };
        out.push(Effect::Close(id));
        self.peers.shun(link.address);
        if link.is_up() {
            self.disappointed();
            self.look_again(now);
        }
    }

    /// The parent gave a wrong block.
    pub(super) fn lied(&mut self, id: LinkId, now: MonoTime, out: &mut Vec<Effect>) {
        let link = self.links.iter().find(|link| link.id == id);
        if let Some(address) = link.map(|link| link.address) {
            out.push(Effect::Tell(Line::Lied(self.load.id(), address)));
        }
        self.broken(id, now, out);
    }

    /// When something is to be done about a connection if nothing comes over it.
    pub(super) fn link_deadline(&self, link: &Link) -> MonoTime {
        let settings = &self.settings;
        match &link.state {
            State::Opening | State::Joining | State::Unknown => {
                link.since.plus_millis(settings.handshake)
            }
            State::Fed(fed) => {
                let silent = fed.heard.plus_millis(settings.handshake);
                let slow = self.slow_at(*fed);
                if self.withholds(link.address, *fed) {
                    silent
                        .min(fed.brought.plus_millis(settings.stall))
                        .min(slow)
                } else {
                    silent.min(slow)
                }
            }
            State::Child(child) => child
                .passing
                .map_or(MonoTime::MAX, |since| since.plus_millis(settings.stall)),
        }
    }

    /// Whether a parent that brings nothing could, or ought to.
    fn withholds(&self, address: Ipv4Addr, fed: Fed) -> bool {
        // What it says to all counts as what it says to its child.
        let said = fed.said.max(self.peers.held(address));
        said > self.held.count() || self.peers.is_root(address)
    }

    /// When a parent that has something will have been below the pace for too long.
    fn slow_at(&self, fed: Fed) -> MonoTime {
        let Settings { watch, pace, .. } = self.settings;
        let is_behind = fed.said > self.held.count();
        match is_behind && fed.octets < pace.saturating_mul(watch) / 1000 {
            true => fed.watched.plus_millis(watch),
            false => MonoTime::MAX,
        }
    }

    /// Counts what a parent has brought.
    pub(super) fn brought(&mut self, id: LinkId, octets: u64, now: MonoTime) {
        let (own, watch) = (self.held.count(), self.settings.watch);
        if let Some(fed) = self.link_mut(id).and_then(Link::fed) {
            fed.brought = now;
            fed.heard = now;
            fed.octets = fed.octets.saturating_add(octets);
            // Who has given all that it has waits for others itself.
            if fed.said <= own || fed.watched.plus_millis(watch) <= now {
                fed.watch(now);
            }
        }
    }

    pub(super) fn expire_links(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        let due = |link: &&Link| self.link_deadline(link) <= now;
        let due: Vec<LinkId> = self.links.iter().filter(due).map(|link| link.id).collect();
        for id in due {
            let Some(link) = self.take_link(id) else {
                continue;
            };
            out.push(Effect::Close(id));
            if !link.is_up() {
                continue;
            }
            //= R-PFS-4
            let line = if self.peers.is_root(link.address) {
                Line::RootLost(self.load.id(), link.address)
            } else {
                Line::Stalled(self.load.id(), link.address)
            };
            out.push(Effect::Tell(line));
            self.peers.shun(link.address);
            self.disappointed();
            self.look_again(now);
        }
    }
}
