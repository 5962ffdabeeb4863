//! Where the blocks go: the children.

use onhook_device::MonoTime;

use super::Held;
use super::frame::Frame;
use super::link::{Child, LinkId, State};
use super::machine::{Effect, Sharing};

impl Sharing {
    /// How many more children there may be.
    pub(super) fn places(&self) -> u8 {
        let children = self.links.iter().filter(|link| link.child().is_some());
        let children = u8::try_from(children.count()).unwrap_or(u8::MAX);
        self.settings.fan_out.saturating_sub(children)
    }

    pub(super) fn has_children(&self) -> bool {
        self.links.iter().any(|link| link.child().is_some())
    }

    /// Whether a child still lacks something, or a block is on its way.
    pub(super) fn is_needed(&self) -> bool {
        self.links.iter().any(|link| {
            link.child()
                .is_some_and(|child| child.passing.is_some() || !child.has.is_complete())
        })
    }

    /// Somebody wants to be fed.
    pub(super) fn join(&mut self, id: LinkId, held: Held, now: MonoTime, out: &mut Vec<Effect>) {
        let has_place = self.places() > 0;
        let Some(link) = self.links.iter().find(|link| link.id == id) else {
            return;
        };
        let own_parent = self
            .links
            .iter()
            .any(|other| other.is_up() && other.address == link.address);
        if own_parent || !has_place {
            self.take_link(id);
            out.push(Effect::Write(id, Frame::Busy));
            out.push(Effect::Close(id));
            return;
        }
        out.push(Effect::Write(id, Frame::Welcome));
        out.push(Effect::Write(id, Frame::Count(self.held.count())));
        if let Some(link) = self.link_mut(id) {
            link.since = now;
            link.state = State::Child(Child {
                has: held,
                passing: None,
            });
        }
    }

    pub(super) fn passed(&mut self, id: LinkId) {
        if let Some(link) = self.link_mut(id)
            && let State::Child(child) = &mut link.state
            && child.passing.take().is_some()
        {
            self.tally.passed = self.tally.passed.saturating_add(1);
        }
    }

    /// Sends each child the next block that it lacks, one at a time, and tells now and then that the phone lives.
    pub(super) fn feed(&mut self, now: MonoTime, out: &mut Vec<Effect>) {
        let tell = self.count_at <= now;
        if tell {
            self.count_at = now.plus_millis(self.settings.announce);
        }
        for link in &mut self.links {
            let State::Child(child) = &mut link.state else {
                continue;
            };
            if tell {
                out.push(Effect::Write(link.id, Frame::Count(self.held.count())));
            }
            if child.passing.is_none()
                && let Some(number) = self.held.first_beyond(&child.has)
            {
                child.has.insert(number);
                child.passing = Some(now);
                out.push(Effect::Pass(link.id, number));
            }
        }
    }
}
