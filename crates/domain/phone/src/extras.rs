//! What few phones have, in one place, so that the others stay small.

use crate::problem::Problems;
use crate::reporting::Reporting;
use crate::upgrade::Firmware;

/// Upgrades of a phone that has slots or a rule for them, reports of one that has a rule for those, and reports of problems.
#[derive(Debug, Default)]
pub(crate) struct Extras(Option<Box<All>>);

#[derive(Debug, Default)]
struct All {
    firmware: Option<Firmware>,
    reporting: Option<Reporting>,
    problems: Option<Problems>,
}

impl All {
    const fn is_empty(&self) -> bool {
        self.firmware.is_none() && self.reporting.is_none() && self.problems.is_none()
    }
}

impl Extras {
    pub(crate) fn firmware(&self) -> Option<&Firmware> {
        self.0.as_ref()?.firmware.as_ref()
    }

    pub(crate) fn firmware_mut(&mut self) -> Option<&mut Firmware> {
        self.0.as_mut()?.firmware.as_mut()
    }

    pub(crate) fn need_firmware(&mut self) -> &mut Firmware {
        let all = self.0.get_or_insert_default();
        all.firmware.get_or_insert_default()
    }

    pub(crate) fn reporting(&self) -> Option<&Reporting> {
        self.0.as_ref()?.reporting.as_ref()
    }

    pub(crate) fn reporting_mut(&mut self) -> Option<&mut Reporting> {
        self.0.as_mut()?.reporting.as_mut()
    }

    pub(crate) fn need_reporting(&mut self) -> &mut Reporting {
        let all = self.0.get_or_insert_default();
        all.reporting.get_or_insert_default()
    }

    pub(crate) fn take_reporting(&mut self) -> Option<Reporting> {
        let all = self.0.as_mut()?;
        let reporting = all.reporting.take();
        self.0.take_if(|all| all.is_empty());
        reporting
    }

    pub(crate) fn problems(&self) -> Option<&Problems> {
        self.0.as_ref()?.problems.as_ref()
    }

    pub(crate) fn problems_mut(&mut self) -> Option<&mut Problems> {
        self.0.as_mut()?.problems.as_mut()
    }

    pub(crate) fn need_problems(&mut self) -> &mut Problems {
        let all = self.0.get_or_insert_default();
        all.problems.get_or_insert_default()
    }

    pub(crate) fn take_problems(&mut self) -> Option<Problems> {
        let all = self.0.as_mut()?;
        let problems = all.problems.take();
        self.0.take_if(|all| all.is_empty());
        problems
    }
}
