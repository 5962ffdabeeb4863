//! Scenarios: their language, how they are judged, and what is reported.
#![cfg(test)]

mod common;
mod events;
mod expectations;
mod language;
mod plans;
mod reports;
mod table;
mod wrong;
