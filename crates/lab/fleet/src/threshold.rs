//! What thresholds look at in a report of a fleet.

use onhook_figures::{Found, Measured, What};

use crate::Report;

impl Measured for Report {
    const WORDS: &'static str =
        "pN, max, mean, late-pN (N from 0 to 100), failures, unfinished and rate";

    fn tells(what: What) -> bool {
        !matches!(what, What::InSync(_))
    }

    fn found(&self, what: What) -> Result<Found, String> {
        // Without a single resync no time and no part can be good.
        let nothing = self.resyncs() == 0 && !matches!(what, What::Unfinished | What::Rate);
        if nothing {
            return Err("no resync ended".to_owned());
        }
        Ok(match what {
            What::Latency(percent) => Found::Span(self.latency.percentile(percent)),
            What::Late(percent) => Found::Span(self.lateness.percentile(percent)),
            What::Mean => Found::Span(self.latency.mean_us),
            What::Failures => Found::Of(self.failures(), self.resyncs()),
            What::Unfinished => {
                let unfinished = self.totals.unfinished;
                Found::Of(unfinished, self.resyncs() + unfinished)
            }
            What::Rate => Found::Rate(self.rate()),
            What::InSync(_) => return Err("a fleet does not tell it".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
