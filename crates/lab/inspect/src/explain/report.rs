//! Explaining a report rule.

use onhook_rules::Report;

use super::trigger::Comparisons;
use super::{Explanation, Outcome, ReportTarget, Step, Verdict, Work};

impl Work<'_> {
    pub(super) fn report(mut self) -> Explanation {
        let expanded = self.expanded;
        let rule = match onhook_rules::parse_report(expanded.text(), expanded.slots()) {
            Ok(rule) => rule,
            Err(error) => return self.fail_rule(&error),
        };
        let swver = self.software_version();
        for report in rule.reports() {
            let mut comparisons = Comparisons::default();
            let holds = report.holds(&swver, &mut comparisons);
            let (verdict, why) = match &holds {
                Ok(true) if report.guard.is_none() => (Verdict::Selected, "it has no condition"),
                Ok(true) => (Verdict::Selected, "its condition is true"),
                Ok(false) => (Verdict::False, "its condition is false"),
                Err(error) => (Verdict::Failed, error.code().problem()),
            };
            self.document.steps.push(Step::Alternative {
                number: report.index,
                text: self.show(report.range.clone()),
                verdict,
                why: why.to_owned(),
            });
            if let Some(guard) = &report.guard
                && let Ok(condition) = guard.condition()
            {
                let steps = comparisons.steps(&self, Some(report.index), guard.offset, &condition);
                self.document.steps.extend(steps);
            }
            match holds {
                Ok(true) => self.send(&report),
                Ok(false) => {}
                Err(error) => {
                    self.document.reports.clear();
                    return self.fail_rule(&error);
                }
            }
        }
        if let Some(first) = self.document.reports.first() {
            self.document.outcome = Outcome::Fetch;
            self.document.alternative = Some(first.number);
            self.document.target = first.target.clone();
        }
        self.document
    }

    fn send(&mut self, report: &Report<'_>) {
        let learned = self.learned(&report.url);
        let target = ReportTarget {
            number: report.index,
            content: report.content().name(),
            target: self.target(&report.url, &report.options, learned.as_ref()),
        };
        self.document.reports.push(target);
    }
}
