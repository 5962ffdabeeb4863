//! Journals told in words: what happened to a phone, what it did, and why.
//!
//! A [`Teller`] replays a journal line by line and puts each step into sentences. The phone is the real one, so every
//! reason it names holds; where it does something else than the journal says, it tells both.
//!
//! Deliberately unknown here: files and how the story is shown.
//!
//! Requirement families: none of their own; the phone keeps its own.

mod decision;
mod event;
mod rule;
mod teller;

pub use teller::{Difference, Kind, Summary, Teller, Told};
