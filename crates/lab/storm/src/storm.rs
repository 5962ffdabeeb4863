//! A whole storm, or a shard of it.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use thiserror::Error;

use crate::cell::Cell;
use crate::report::{Cells, Report};
use crate::{Scenario, ScenarioError};

/// Phones in one cell.
const CELL: u32 = 10_000;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Storm {
    /// How many phones.
    pub phones: u32,
    /// How many virtual days, 1 to 3,660.
    pub days: u32,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Phones and server.
    pub scenario: Scenario,
}

/// One part of several, which together are the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which, from 1.
    pub number: NonZeroU32,
    /// Of how many.
    pub of: NonZeroU32,
}

/// A storm that cannot be simulated.
#[derive(Debug, Error)]
pub enum StormError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A thread ended early.
    #[error("a part of the simulation ended early: this is a fault of the program")]
    Thread,
}

impl Storm {
    /// Simulates the cells of a shard, or all of them, on some threads; their number changes nothing.
    ///
    /// # Errors
    /// The scenario is wrong.
    pub fn run(&self, shard: Option<Shard>, threads: usize) -> Result<Report, StormError> {
        let settings = self.scenario.settings()?;
        let of = self.phones.div_ceil(CELL);
        let mine =
            |cell: &u32| shard.is_none_or(|shard| cell % shard.of.get() == shard.number.get() - 1);
        let cells: Vec<u32> = (0..of).filter(mine).collect();
        let blank = || {
            let cells = Cells {
                size: CELL,
                of,
                done: [].into(),
            };
            Report::new(self.phones, self.days, self.seed, &self.scenario, cells)
        };
        let next = AtomicUsize::new(0);
        let work = || {
            let mut report = blank();
            while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                let first = cell * CELL;
                let phones = (self.phones - first).min(CELL);
                Cell::new(
                    self,
                    &settings,
                    u64::from(*cell),
                    first,
                    phones,
                    &mut report,
                )
                .run(u64::from(self.days) * 86_400_000);
                report.cells.done.insert(*cell);
            }
            report
        };
        let parts: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect()
        });
        let mut sum = blank();
        for part in parts {
            sum.add(&part.map_err(|_| StormError::Thread)?);
        }
        Ok(sum)
    }
}
