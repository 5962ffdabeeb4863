//! When the next attempt is due: delay lists, times of day and random spread.
//!
//! [`DelayList`] reads values such as `1800,3600+600`, [`HhMm`] reads the daily
//! time, [`Zone`] makes local time of it, [`draw`] and [`uniform`] give random numbers that depend on nothing but
//! their arguments, so that the same seed always gives the same schedule.
//!
//! Deliberately unknown here: which parameter a value comes from, what a delay of
//! 0 means for it, when a list starts again. No clock is read; drivers bring one
//! through [`port::Clock`].
//!
//! Requirement families: R-SCHED (lists, daily time, random delays).

mod daily;
mod delay_list;
mod draw;
mod dst;
mod error;
pub mod port;
mod zone;

pub use daily::{HhMm, next_daily, resync_at_window_minutes};
pub use delay_list::{Delay, DelayList};
pub use draw::{Purpose, draw, phone_seed, uniform};
pub use dst::DstRule;
pub use error::{ScheduleError, ScheduleErrorCode};
pub use zone::Zone;
