//! What few phones have, in one place, so that the others stay small.

use crate::reporting::Reporting;
use crate::upgrade::Firmware;

/// Upgrades of a phone that has slots or a rule for them, and reports of one that has a rule for those.
#[derive(Debug, Default)]
pub(crate) struct Extras(Option<Box<Both>>);

#[derive(Debug, Default)]
struct Both {
    firmware: Option<Firmware>,
    reporting: Option<Reporting>,
}

impl Extras {
    pub(crate) fn firmware(&self) -> Option<&Firmware> {
        self.0.as_ref()?.firmware.as_ref()
    }

    pub(crate) fn firmware_mut(&mut self) -> Option<&mut Firmware> {
        self.0.as_mut()?.firmware.as_mut()
    }

    pub(crate) fn need_firmware(&mut self) -> &mut Firmware {
        let both = self.0.get_or_insert_default();
        both.firmware.get_or_insert_default()
    }

    pub(crate) fn reporting(&self) -> Option<&Reporting> {
        self.0.as_ref()?.reporting.as_ref()
    }

    pub(crate) fn reporting_mut(&mut self) -> Option<&mut Reporting> {
        self.0.as_mut()?.reporting.as_mut()
    }

    pub(crate) fn need_reporting(&mut self) -> &mut Reporting {
        let both = self.0.get_or_insert_default();
        both.reporting.get_or_insert_default()
    }

    pub(crate) fn take_reporting(&mut self) -> Option<Reporting> {
        let both = self.0.as_mut()?;
        let reporting = both.reporting.take();
        self.0.take_if(|both| both.firmware.is_none());
        reporting
    }
}
