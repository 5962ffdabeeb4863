//! The model of the server: one queue for each cell.

use onhook_device::Outcome;
use onhook_schedule::phone_seed;

use crate::Scenario;

/// The share of the server that one cell has.
pub(crate) struct Server {
    /// Nanoseconds that one answer takes of this share; 0 for nothing.
    service_ns: u64,
    latency_ms: u64,
    timeout_ms: u64,
    /// An answer fails if its draw is below.
    fails_below: u64,
    failure: Outcome,
    /// Milliseconds.
    outages: Vec<(u64, u64)>,
    /// When the share has answered what it was asked, in nanoseconds.
    free_ns: u64,
    seed: u64,
    answers: u64,
}

/// When and how a request ends.
pub(crate) struct Answer {
    pub(crate) at_ms: u64,
    pub(crate) failure: Option<Outcome>,
    /// Milliseconds that it waited for its turn.
    pub(crate) waited_ms: u64,
    /// Whether there was a server.
    pub(crate) reached: bool,
}

impl Server {
    /// The share of a cell with some of all phones.
    pub(crate) fn new(scenario: &Scenario, seed: u64, cell: u64, phones: u64, all: u64) -> Self {
        let share = scenario.capacity * phones as f64 / all.max(1) as f64;
        Self {
            service_ns: match share > 0.0 {
                // No answer takes longer than the longest storm.
                true => (1e9 / share).round().min(1e18) as u64,
                false => 0,
            },
            latency_ms: u64::from(scenario.latency_ms),
            timeout_ms: u64::from(scenario.timeout_ms),
            // 2^64 as a float; what is not below it saturates.
            fails_below: (scenario.failures * 18_446_744_073_709_551_616.0) as u64,
            failure: scenario.failure.outcome(),
            outages: scenario
                .outages
                .iter()
                .map(|outage| {
                    (
                        outage.from_s.saturating_mul(1000),
                        outage.to_s.saturating_mul(1000),
                    )
                })
                .collect(),
            free_ns: 0,
            seed: phone_seed(seed ^ 0x5e71_e700_5e71_e700, cell),
            answers: 0,
        }
    }

    /// Takes a request.
    pub(crate) fn ask(&mut self, now_ms: u64) -> Answer {
        let down = |at: u64| {
            self.outages
                .iter()
                .any(|(from, to)| (*from..*to).contains(&at))
        };
        if down(now_ms) {
            return Answer {
                at_ms: now_ms + self.latency_ms,
                failure: Some(Outcome::Connect),
                waited_ms: 0,
                reached: false,
            };
        }
        let now_ns = now_ms * 1_000_000;
        let turn_ns = self.free_ns.max(now_ns);
        let waited_ms = (turn_ns - now_ns) / 1_000_000;
        let gone = self.outages.iter().map(|(from, _)| *from);
        let gone = gone.filter(|from| (now_ms..=now_ms + waited_ms).contains(from));
        if let Some(gone_ms) = gone.min().filter(|gone| *gone <= now_ms + self.timeout_ms) {
            // Whoever waits when the server goes has waited for nothing.
            return Answer {
                at_ms: gone_ms,
                failure: Some(Outcome::Connect),
                waited_ms: gone_ms - now_ms,
                reached: true,
            };
        }
        if waited_ms + self.latency_ms > self.timeout_ms {
            // Nobody works for those who have gone.
            return Answer {
                at_ms: now_ms + self.timeout_ms,
                failure: Some(Outcome::Timeout),
                waited_ms: self.timeout_ms,
                reached: true,
            };
        }
        self.free_ns = turn_ns.saturating_add(self.service_ns);
        self.answers += 1;
        let failed = phone_seed(self.seed, self.answers) < self.fails_below;
        Answer {
            at_ms: now_ms + waited_ms + self.latency_ms,
            failure: failed.then_some(self.failure),
            waited_ms,
            reached: true,
        }
    }
}
