//! What a phone is among the others: looking, root, child, alone or complete.

use std::net::Ipv4Addr;

use onhook_device::MonoTime;

use super::datagram::{Datagram, Kind};
use super::line::Line;
use super::link::State;
use super::machine::{Effect, Sharing};
use super::peers::rank;

/// Offers of others that make one's own needless.
const ENOUGH: u8 = 4;
/// Shortest time between two offers, in milliseconds.
const SPACING: u64 = 500;

/// What a phone is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// It has nobody to get the load from.
    Looking {
        /// Since when.
        since: MonoTime,
        /// When it says so again.
        seek_at: MonoTime,
        /// When it looks whether it is to be root.
        claim_at: MonoTime,
    },
    /// It fetches for everybody.
    Root {
        /// Since when.
        since: MonoTime,
        /// When it says so again.
        say_at: MonoTime,
    },
    /// It has a parent, or is about to.
    Child,
    /// It fetches for itself.
    Alone,
    /// It has the load.
    Complete {
        /// Whether its driver knows that it may go.
        released: bool,
        /// How long it stays for its children.
        until: MonoTime,
    },
    /// It has given up.
    Failed,
}

impl Role {
    pub(super) const fn looking(now: MonoTime, seek_at: MonoTime) -> Self {
        Self::Looking {
            since: now,
            seek_at,
            claim_at: now,
        }
    }
}

impl Sharing {
    /// What follows from the role at a time.
    pub(super) fn play(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        self.make_offer(now, out);
        if self.impatient_at().is_some_and(|at| at <= now) {
            self.go_alone(now, out);
        }
        match self.role {
            Role::Looking {
                since,
                seek_at,
                claim_at,
            } => self.look(since, (seek_at, claim_at), now, out),
            Role::Root { since, say_at } => self.reign(since, say_at, now, out),
            Role::Complete { released, until } => {
                if !released && (until <= now || !self.is_needed()) {
                    self.role = Role::Complete {
                        released: true,
                        until,
                    };
                    out.push(Effect::Released);
                }
            }
            Role::Child | Role::Alone | Role::Failed => {}
        }
    }

    pub(super) fn role_deadline(&self) -> MonoTime {
        let own = match self.role {
            Role::Looking {
                seek_at, claim_at, ..
            } => seek_at.min(claim_at),
            Role::Root { since, say_at } => say_at.min(self.stalls_at(since)),
            Role::Complete {
                released: false,
                until,
            } => until,
            Role::Complete { released: true, .. } | Role::Child | Role::Alone | Role::Failed => {
                MonoTime::MAX
            }
        };
        self.impatient_at().map_or(own, |at| own.min(at))
    }

    /// When a phone that depends on others no longer does.
    fn impatient_at(&self) -> Option<MonoTime> {
        match self.role {
            Role::Looking { .. } | Role::Child if self.troubles >= self.settings.troubles => {
                Some(MonoTime::ZERO)
            }
            Role::Looking { .. } | Role::Child => {
                let patience = self.progress.plus_millis(self.patience);
                Some(patience.min(self.until))
            }
            Role::Root { .. } | Role::Alone | Role::Complete { .. } | Role::Failed => None,
        }
    }

    /// When a phone that looks becomes root if nobody else is: the best first, the others in their order.
    fn claims_at(&self, since: MonoTime) -> MonoTime {
        let own = rank(self.held.count(), self.node);
        let recent = since_of(since, self.settings.fresh);
        let before = u64::from(self.peers.better(own, recent));
        let wait = self.settings.window + before.saturating_mul(self.settings.grace);
        since.plus_millis(wait).max(self.barred)
    }

    fn look(
        &mut self,
        since: MonoTime,
        (mut seek_at, mut claim_at): (MonoTime, MonoTime),
        now: MonoTime,
        out: &mut Vec<Effect>,
    ) {
        if seek_at <= now {
            if self.seek_from == MonoTime::ZERO {
                out.push(Effect::Tell(Line::Wanted(self.load.id())));
            }
            self.say(Kind::Seek, out);
            let next = self.settings.seek + self.chance(self.settings.seek / 4);
            seek_at = now.plus_millis(next);
            self.seek_from = seek_at;
        }
        if let Some(parent) = self.parent(now) {
            return self.attach(parent, now, out);
        }
        if claim_at <= now {
            claim_at = self.claims_at(since);
            let recent = since_of(now, self.settings.fresh);
            if self.peers.root(recent).is_some() {
                claim_at = claim_at.max(now.plus_millis(self.settings.seek));
            } else if claim_at <= now {
                return self.claim(now, out);
            }
        }
        self.role = Role::Looking {
            since,
            seek_at,
            claim_at,
        };
    }

    fn claim(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        // That is no progress: whoever becomes root again and again has the patience of everybody.
        self.role = Role::Root {
            since: now,
            say_at: now,
        };
        self.placed = true;
        out.push(Effect::Tell(Line::Root(self.load.id())));
        out.push(Effect::StartServer);
        self.reign(now, now, now, out);
    }

    /// When a root has had nothing for too long.
    fn stalls_at(&self, since: MonoTime) -> MonoTime {
        self.progress.max(since).plus_millis(self.settings.stall)
    }

    fn reign(&mut self, since: MonoTime, say_at: MonoTime, now: MonoTime, out: &mut Vec<Effect>) {
        if self.stalls_at(since) <= now {
            //= R-PFS-4
            return self.resign(now, out);
        }
        if say_at <= now {
            self.say(Kind::Root, out);
            self.role = Role::Root {
                since,
                say_at: now.plus_millis(self.settings.announce),
            };
        }
    }

    /// The server brings nothing: somebody else may have more luck.
    fn resign(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        out.push(Effect::StopServer);
        self.say(Kind::Leave, out);
        self.barred = now.plus_millis(self.settings.patience);
        self.look_again(now);
    }

    /// Looks for a parent, or a root, anew.
    pub(super) fn look_again(&mut self, now: MonoTime) {
        self.role = Role::looking(now, self.seek_from.max(now));
    }

    /// Counts a peer that was not what it seemed.
    pub(super) const fn disappointed(&mut self) {
        self.troubles = self.troubles.saturating_add(1);
    }

    fn go_alone(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        //= R-PFS-2
        self.leave_parent(out);
        self.role = Role::Alone;
        self.progress = now;
        out.push(Effect::Tell(Line::Alone(self.load.id())));
        out.push(Effect::StartServer);
    }

    /// The server has ended, or gave what is not the load.
    pub(super) fn server_ended(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        match self.role {
            // Nobody else could have more luck.
            Role::Root { .. } if self.is_by_itself(now) => self.fail(out),
            Role::Root { .. } => {
                self.disappointed();
                self.resign(now, out);
            }
            Role::Alone => self.fail(out),
            Role::Looking { .. } | Role::Child | Role::Complete { .. } | Role::Failed => {}
        }
    }

    /// Whether there is no sign of others.
    fn is_by_itself(&self, now: MonoTime) -> bool {
        let recent = since_of(now, self.settings.fresh);
        self.links.is_empty() && self.peers.since(recent).next().is_none()
    }

    pub(super) fn fail(&mut self, out: &mut Vec<Effect>) {
        match self.role {
            Role::Root { .. } => {
                self.say(Kind::Leave, out);
                out.push(Effect::StopServer);
            }
            Role::Alone => out.push(Effect::StopServer),
            Role::Looking { .. } | Role::Child | Role::Complete { .. } | Role::Failed => {}
        }
        let links = std::mem::take(&mut self.links);
        out.extend(links.iter().map(|link| Effect::Close(link.id)));
        self.role = Role::Failed;
        self.offer = None;
        out.push(Effect::Tell(Line::Failed(self.load.id())));
        out.push(Effect::Failed);
    }

    pub(super) fn completed(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        match self.role {
            Role::Root { .. } | Role::Alone => out.push(Effect::StopServer),
            Role::Looking { .. } | Role::Child | Role::Complete { .. } | Role::Failed => {}
        }
        self.leave_parent(out);
        self.role = Role::Complete {
            released: false,
            until: now.plus_millis(self.settings.linger),
        };
        self.say(Kind::Offer, out);
        out.push(Effect::Tell(Line::Complete(self.load.id(), self.tally)));
        out.push(Effect::Complete);
    }

    /// What a neighbour has said of this load.
    pub(super) fn heard(
        &mut self,
        from: Ipv4Addr,
        said: &Datagram,
        now: MonoTime,
        out: &mut Vec<Effect>,
    ) {
        match said.kind {
            Kind::Seek => {
                if self.offer.is_none() && self.places() > 0 && self.has_something() {
                    let hesitation = self.chance(self.settings.hesitation);
                    let at = now.plus_millis(hesitation).max(self.offer_from);
                    self.offer = Some((at, 0));
                }
            }
            Kind::Offer => {
                if said.places > 0
                    && let Some((_, others)) = &mut self.offer
                {
                    *others = others.saturating_add(1);
                }
            }
            Kind::Root => {
                let own = rank(self.held.count(), self.node);
                if self.is_root() && rank(said.held, said.node) < own {
                    out.push(Effect::StopServer);
                    out.push(Effect::Tell(Line::Yielded(self.load.id(), from)));
                    self.look_again(now);
                }
            }
            Kind::Leave => self.left(from, now, out),
        }
    }

    fn make_offer(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        let Some((at, others)) = self.offer else {
            return;
        };
        if at > now {
            return;
        }
        self.offer = None;
        if others < ENOUGH && self.places() > 0 {
            //= R-PFS-4
            self.offer_from = now.plus_millis(SPACING);
            let kind = if self.is_root() {
                Kind::Root
            } else {
                Kind::Offer
            };
            self.say(kind, out);
        }
    }

    /// Whether there is anything to offer, now or soon.
    fn has_something(&self) -> bool {
        let fed = self
            .links
            .iter()
            .any(|link| matches!(link.state, State::Fed(_)));
        match self.role {
            Role::Root { .. } | Role::Alone | Role::Complete { .. } => true,
            Role::Child => fed,
            Role::Looking { .. } | Role::Failed => false,
        }
    }

    fn say(&self, kind: Kind, out: &mut Vec<Effect>) {
        let datagram = Datagram {
            kind,
            depth: self.depth(),
            places: self.places(),
            load: self.load.id(),
            node: self.node,
            held: self.held.count(),
            total: self.load.count(),
        };
        //= R-PFS-4
        out.push(Effect::Say(datagram.encode()));
    }

    fn depth(&self) -> u8 {
        match self.role {
            Role::Root { .. } | Role::Alone | Role::Complete { .. } => 0,
            Role::Child => {
                let up = self.links.iter().find(|link| link.is_up());
                up.map_or(u8::MAX, |up| self.peers.depth(up.address).saturating_add(1))
            }
            Role::Looking { .. } | Role::Failed => u8::MAX,
        }
    }
}

/// The time before which nothing counts.
pub(super) const fn since_of(now: MonoTime, fresh: u64) -> MonoTime {
    MonoTime::from_millis(now.as_millis().saturating_sub(fresh))
}
