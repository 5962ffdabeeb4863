//! What a phone learns of itself from outside, and most phones never do.

use onhook_params::{ValueId, Values};

use crate::{Mobility, Phone};

/// Kept apart from the phone, which stays small without it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learned {
    external_ip: Option<ValueId>,
    mobility: Mobility,
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
}
