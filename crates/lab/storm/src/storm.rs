//! A whole storm, or a shard of it.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use onhook_params::{ParamId, Scope};
use thiserror::Error;

use crate::cell::Cell;
use crate::report::{Cells, Report};
use crate::tally::{Sum, Tally};
use crate::{Scenario, ScenarioError};

/// Phones in one cell, where nobody wants it otherwise.
pub const CELL: u32 = 10_000;

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
    /// Phones that have their share of the server together, at least 1; [`CELL`] where nobody wants it otherwise.
    pub cell: u32,
}

/// One part of several, which together are the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which, from 1.
    pub number: NonZeroU32,
    /// Of how many.
    pub of: NonZeroU32,
}

/// How far a run is, and how it is ended early, from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    stop: AtomicBool,
    done: AtomicU32,
    of: AtomicU32,
}

/// A storm that cannot be simulated.
#[derive(Debug, Error)]
pub enum StormError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The hour of the close-up comes after the end.
    #[error("close_up_s is {from_s}, and {days} days have ended then: begin earlier")]
    CloseUp {
        /// Where it would begin.
        from_s: u64,
        /// How many days there are.
        days: u32,
    },
    /// A thread ended early.
    #[error("a part of the simulation ended early: this is a fault of the program")]
    Thread,
}

/// What all cells of a run have in common.
pub(crate) struct Setting {
    pub(crate) scope: Scope,
    pub(crate) params: Vec<(ParamId, String)>,
    pub(crate) options: Vec<(u8, String)>,
}

impl Progress {
    /// Ends the run as soon as may be: cells that have not come to their end are left out.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was ended.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Cells that came to their end, and how many there are to do.
    #[must_use]
    pub fn cells(&self) -> (u32, u32) {
        let of = self.of.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), of)
    }

    fn begin(&self, cells: usize) {
        self.done.store(0, Ordering::Relaxed);
        let cells = u32::try_from(cells).unwrap_or(u32::MAX);
        self.of.store(cells, Ordering::Relaxed);
    }
}

impl Storm {
    /// Simulates the cells of a shard, or all of them, on some threads; their number changes nothing.
    ///
    /// # Errors
    /// The scenario is wrong.
    pub fn run(
        &self,
        shard: Option<Shard>,
        threads: usize,
        progress: &Progress,
    ) -> Result<Report, StormError> {
        self.check()?;
        let setting = Setting {
            scope: self.scenario.scope()?,
            params: self.scenario.settings()?,
            options: self.scenario.options()?,
        };
        let size = self.cell.max(1);
        let of = self.phones.div_ceil(size);
        let mine =
            |cell: &u32| shard.is_none_or(|shard| cell % shard.of.get() == shard.number.get() - 1);
        let cells: Vec<u32> = (0..of).filter(mine).collect();
        progress.begin(cells.len());
        let blank = Report::new(
            self,
            Cells {
                size,
                of,
                done: [].into(),
            },
        );
        let next = AtomicUsize::new(0);
        let sum = Mutex::new(Sum::of(blank.clone()));
        let work = || {
            while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                let first = cell * size;
                let phones = (self.phones - first).min(size);
                let tally = Tally::of(&blank);
                let played = Cell::new(self, &setting, *cell, (first, phones), tally)
                    .run(u64::from(self.days) * 86_400_000, progress);
                let Some(tally) = played else { return };
                let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                sum.add(*cell, &tally);
                progress.done.fetch_add(1, Ordering::Relaxed);
            }
        };
        let threads = threads.clamp(1, cells.len().max(1));
        let ended = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            // Each of them is waited for, whatever the others came to.
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
            ended.into_iter().all(|ended| ended.is_ok())
        });
        if !ended {
            return Err(StormError::Thread);
        }
        let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let report = sum.finish();
        Ok(Report {
            interrupted: report.cells.done.len() < cells.len(),
            ..report
        })
    }

    /// Makes sure that it can be simulated.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(&self) -> Result<(), StormError> {
        self.scenario.check()?;
        let from_s = self.scenario.close_up_s;
        match from_s < u64::from(self.days) * 86_400 {
            true => Ok(()),
            false => Err(StormError::CloseUp {
                from_s,
                days: self.days,
            }),
        }
    }
}
