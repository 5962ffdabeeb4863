//! How long things took.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Significant digits that are kept.
const DIGITS: u8 = 3;
/// Longest span that is told apart, in microseconds: a week.
const LONGEST_US: u64 = 604_800_000_000;

/// Spans as counts; two add up to what both have seen.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Microseconds; 0 if there are none.
    pub mean_us: u64,
    /// Percentiles in microseconds, by name: `p50`, `p90`, `p95`, `p99`, `p99.9`, `max`.
    pub percentiles_us: BTreeMap<String, u64>,
    /// The longest span of each class of equal length to three digits, and how many are in it.
    pub counts: Vec<(u64, u64)>,
}

/// Percentiles that a report names.
const NAMED: [(&str, f64); 6] = [
    ("p50", 50.0),
    ("p90", 90.0),
    ("p95", 95.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("max", 100.0),
];

/// Spans as they come.
#[derive(Clone, Debug)]
pub struct Spans(Option<Histogram<u64>>);

impl Default for Spans {
    fn default() -> Self {
        // So many digits are not too many; it grows with the longest span.
        Self(Histogram::new(DIGITS).ok())
    }
}

impl Spans {
    /// Counts a span, in microseconds.
    pub fn add(&mut self, us: u64) {
        self.add_many(us, 1);
    }

    fn add_many(&mut self, us: u64, count: u64) {
        if let Some(histogram) = &mut self.0 {
            // It has room for all that are told apart.
            let _ = histogram.record_n(us.clamp(1, LONGEST_US), count);
        }
    }

    /// The span that so many of a hundred do not exceed; 0 if there is none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |spans| spans.value_at_percentile(percent))
    }

    /// Takes in what another one has counted.
    pub fn plus(&mut self, other: &Self) {
        if let (Some(sum), Some(more)) = (&mut self.0, &other.0) {
            // It has room for all that are told apart.
            let _ = sum.add(more);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if let Some(spans) = &mut self.0 {
            spans.reset();
        }
    }

    /// What was counted, for a report.
    #[must_use]
    pub fn distribution(&self) -> Distribution {
        let Some(spans) = &self.0 else {
            return Distribution::default();
        };
        Distribution {
            count: spans.len(),
            mean_us: spans.mean().round() as u64,
            percentiles_us: NAMED
                .iter()
                .map(|(name, percent)| ((*name).to_owned(), self.percentile(*percent)))
                .collect(),
            counts: spans
                .iter_recorded()
                .map(|class| (class.value_iterated_to(), class.count_at_value()))
                .collect(),
        }
    }
}

impl From<&Distribution> for Spans {
    fn from(distribution: &Distribution) -> Self {
        let mut spans = Self::default();
        for (us, count) in &distribution.counts {
            spans.add_many(*us, *count);
        }
        spans
    }
}

impl Distribution {
    /// The span that so many of a hundred do not exceed, in microseconds; 0 if there is none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        Spans::from(self).percentile(percent)
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut spans = Spans::from(self);
        for (us, count) in &other.counts {
            spans.add_many(*us, *count);
        }
        spans.distribution()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(spans: &[u64]) -> Distribution {
        let mut all = Spans::default();
        for us in spans {
            all.add(*us);
        }
        all.distribution()
    }

    #[test]
    fn percentiles_are_those_of_the_counted_spans() {
        let spans: Vec<u64> = (1..=1000).map(|ms| ms * 1000).collect();
        let told = of(&spans);
        assert_eq!(told.count, 1000);
        for (name, ms) in [("p50", 500), ("p99", 990), ("p99.9", 999), ("max", 1000)] {
            let us = told.percentiles_us[name];
            assert!(us.abs_diff(ms * 1000) <= ms * 2, "{name} {us}");
        }
        assert_eq!(of(&[]).percentiles_us["p99"], 0);
        assert_eq!(
            of(&[u64::MAX]).count,
            1,
            "a span without end is the longest one"
        );
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_how_they_are_made(
            spans in prop::collection::vec(0_u64..10_000_000_000, 0..60), a in 0_usize..60, b in 0_usize..60,
        ) {
            let (a, b) = (a.min(spans.len()), b.min(spans.len()));
            let (a, b) = (a.min(b), a.max(b));
            let parts = [of(&spans[..a]), of(&spans[a..b]), of(&spans[b..])];
            let left = parts[0].plus(&parts[1]).plus(&parts[2]);
            let right = parts[2].plus(&parts[1].plus(&parts[0]));
            prop_assert_eq!(&left.counts, &right.counts);
            prop_assert_eq!(&left.counts, &of(&spans).counts);
            prop_assert_eq!(left.percentiles_us, right.percentiles_us);
        }
    }
}
