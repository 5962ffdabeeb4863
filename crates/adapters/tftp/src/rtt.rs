//! The retransmission timer (RFC 1123 section 4.2.3.2; the arithmetic of RFC 6298).

use std::time::Duration;

/// Wait before the first retransmission while no block has been exchanged.
const INITIAL: Duration = Duration::from_secs(2);
/// Shortest wait.
const FLOOR: Duration = Duration::from_millis(100);
/// Longest wait.
const CAP: Duration = Duration::from_secs(16);

/// Estimates how long an answer takes, and says how long to wait for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RetransmitTimer {
    /// Smoothed round trip and its variation; `None` before the first sample.
    estimate: Option<(Duration, Duration)>,
    /// Whether a block has been exchanged, so that samples count.
    adaptive: bool,
    wait: Duration,
}

impl RetransmitTimer {
    pub(crate) const fn new() -> Self {
        Self {
            estimate: None,
            adaptive: false,
            wait: INITIAL,
        }
    }

    /// How long to wait for an answer to what is sent now.
    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// Takes the round trip of a packet that was sent once; those of repeated packets say nothing.
    pub(crate) fn sample(&mut self, round_trip: Duration) {
        // Longer ones change nothing, and the arithmetic below cannot overflow.
        let round_trip = round_trip.min(CAP);
        //= R-TFTP-15
        let (smooth, variation) = match self.estimate {
            None => (round_trip, round_trip / 2),
            Some((smooth, variation)) => (
                (smooth * 7 + round_trip) / 8,
                (variation * 3 + smooth.abs_diff(round_trip)) / 4,
            ),
        };
        self.estimate = Some((smooth, variation));
        self.apply();
    }

    /// From now on the samples decide.
    pub(crate) fn adapt(&mut self) {
        if !self.adaptive {
            self.adaptive = true;
            self.apply();
        }
    }

    /// An answer did not come in time.
    pub(crate) fn back_off(&mut self) {
        //= R-TFTP-15
        self.wait = (self.wait * 2).min(CAP);
    }

    fn apply(&mut self) {
        if let Some((smooth, variation)) = self.estimate.filter(|_| self.adaptive) {
            self.wait = (smooth + variation * 4).clamp(FLOOR, CAP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    //= R-TFTP-15 type=test
    #[test]
    fn requests_wait_2_4_8_16_and_16_seconds() {
        let mut timer = RetransmitTimer::new();
        let waits: Vec<u64> = (0..5)
            .map(|_| {
                let wait = timer.wait().as_secs();
                timer.back_off();
                wait
            })
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 16]);
    }

    //= R-TFTP-15 type=test
    #[test]
    fn samples_decide_once_a_block_has_been_exchanged() {
        let mut timer = RetransmitTimer::new();
        timer.sample(ms(200));
        assert_eq!(timer.wait(), INITIAL);
        timer.adapt();
        // 200 + 4 * 100
        assert_eq!(timer.wait(), ms(600));
        timer.sample(ms(280));
        // smooth 210, variation (3 * 100 + 80) / 4 = 95
        assert_eq!(timer.wait(), ms(590));
    }

    //= R-TFTP-15 type=test
    #[test]
    fn a_loss_doubles_the_wait_until_the_next_sample() {
        let mut timer = RetransmitTimer::new();
        timer.sample(ms(1));
        timer.adapt();
        assert_eq!(timer.wait(), FLOOR);
        timer.back_off();
        timer.back_off();
        assert_eq!(timer.wait(), ms(400));
        timer.adapt();
        assert_eq!(timer.wait(), ms(400));
        timer.sample(ms(1));
        assert_eq!(timer.wait(), FLOOR);
        for _ in 0..20 {
            timer.back_off();
        }
        assert_eq!(timer.wait(), CAP);
        timer.sample(Duration::MAX / 16);
        assert_eq!(timer.wait(), CAP);
    }
}
