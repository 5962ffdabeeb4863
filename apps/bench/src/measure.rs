//! Timing.

use std::time::Instant;

use serde::Serialize;

/// What some rounds took, in seconds for one unit of work.
#[derive(Clone, Serialize)]
pub(crate) struct Timing {
    /// The middle round.
    pub(crate) median_s: f64,
    /// The fastest round.
    pub(crate) min_s: f64,
    /// The slowest round.
    pub(crate) max_s: f64,
    /// (max - min) / median.
    pub(crate) spread: f64,
    /// Number of rounds.
    pub(crate) rounds: usize,
}

impl Timing {
    /// Sums up the rounds; zeros if there were none.
    pub(crate) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let median_s = rounds.get(rounds.len() / 2).copied().unwrap_or_default();
        let min_s = rounds.first().copied().unwrap_or_default();
        let max_s = rounds.last().copied().unwrap_or_default();
        Self {
            median_s,
            min_s,
            max_s,
            spread: (max_s - min_s) / median_s,
            rounds: rounds.len(),
        }
    }
}

/// Seconds of the middle one of some repetitions, each timed on its own.
///
/// On a busy machine a repetition that was interrupted is then an outlier and not part of an average.
pub(crate) fn middle<E>(repeat: u32, mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times = Vec::with_capacity(repeat as usize);
    for _ in 0..repeat {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(Timing::of(times).median_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_summed_up() {
        let timing = Timing::of(vec![3.0, 1.0, 2.0, 10.0, 2.5]);
        assert_eq!(
            (timing.median_s, timing.min_s, timing.max_s, timing.rounds),
            (2.5, 1.0, 10.0, 5)
        );
        assert!((timing.spread - 3.6).abs() < 1e-9);
    }
}
