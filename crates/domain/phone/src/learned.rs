//! What a phone learns of itself from outside, and most phones never do.

use onhook_device::MonoTime;
use onhook_params::{ValueId, Values};

use crate::{Mobility, Phone, Registration};

/// Kept apart from the phone, which stays small without it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learned {
    external_ip: Option<ValueId>,
    mobility: Mobility,
    /// Since when lines 1 and 2 have been without registration.
    lost_at: [LostAt; 2],
}

/// The second since boot from which on a line has been without its registration, or [`REGISTERED`].
type LostAt = u32;
/// It is registered, or disabled.
const REGISTERED: LostAt = LostAt::MAX;

impl Default for Learned {
    fn default() -> Self {
        Self {
            external_ip: None,
            mobility: Mobility::default(),
            lost_at: [REGISTERED; 2],
        }
    }
}

impl Learned {
    /// What a phone knows before it boots; nothing takes no room.
    pub(crate) fn first(external_ip: Option<ValueId>) -> Option<Box<Self>> {
        external_ip.map(|_| {
            Box::new(Self {
                external_ip,
                ..Self::default()
            })
        })
    }
}

impl Phone {
    /// `$EXTIP`
    #[must_use]
    pub fn external_ip(&self) -> Option<ValueId> {
        self.learned.as_ref()?.external_ip
    }

    /// Extension mobility.
    #[must_use]
    pub fn mobility(&self) -> Mobility {
        let learned = self.learned.as_ref();
        learned.map_or_else(Mobility::default, |learned| learned.mobility)
    }

    pub(crate) fn learn_external_ip(&mut self, ip: Option<ValueId>, values: &mut Values) {
        let learned = self.learned.get_or_insert_default();
        if let Some(old) = std::mem::replace(&mut learned.external_ip, ip) {
            values.release(old);
        }
    }

    pub(crate) fn learn_mobility(&mut self, mobility: Mobility, values: &mut Values) {
        let learned = self.learned.get_or_insert_default();
        std::mem::replace(&mut learned.mobility, mobility).release(values);
    }

    /// Takes what a line says of its registration.
    pub(crate) fn registration(&mut self, line: u8, registration: Registration, now: MonoTime) {
        let learned = self.learned.get_or_insert_default();
        let lost_at = line
            .checked_sub(1)
            .and_then(|n| learned.lost_at.get_mut(usize::from(n)));
        let Some(lost_at) = lost_at else {
            return;
        };
        *lost_at = match registration {
            Registration::Disabled | Registration::Registered => REGISTERED,
            // It is told once more of what it knows.
            Registration::Unregistered if *lost_at != REGISTERED => *lost_at,
            Registration::Unregistered => LostAt::try_from(now.as_secs()).unwrap_or(REGISTERED - 1),
        };
    }

    /// `$REGTMRn`: whole seconds since a line lost its registration, or was enabled.
    pub(crate) fn unregistered_s(&self, line: u8, now: MonoTime) -> u64 {
        let lost = self.lost_since(line);
        lost.map_or(0, |at| now.as_secs().saturating_sub(u64::from(at)))
    }

    /// The second since boot from which on a line has been without its registration.
    pub(crate) fn lost_since(&self, line: u8) -> Option<u32> {
        let index = usize::from(line.checked_sub(1)?);
        let lost_at = self.learned.as_ref()?.lost_at.get(index).copied();
        lost_at.filter(|at| *at != REGISTERED)
    }

    /// A restart forgets how lines stand with their registrars.
    pub(crate) fn forget_registrations(&mut self) {
        if let Some(learned) = &mut self.learned {
            learned.lost_at = [REGISTERED; 2];
        }
    }
}
