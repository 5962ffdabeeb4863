//! Test support: fakes of the ports, contract suites that every fake and every adapter passes,
//! [`sim::Sim`], one phone in virtual time, and [`fuzz`], what fuzzing feeds.
//!
//! A contract suite is an async function that takes a fixture: the port under
//! test with the means to arrange its surroundings. Each obligation in the
//! documentation of a port is one check of its suite. Fakes keep state and can
//! be asked afterwards what happened; [`fake::MockConfigStore`] exists only to
//! force an exact order of failures.
//!
//! Deliberately unknown here: adapters, sockets, files. Used from `tests/`
//! folders alone, never by a program.
//!
//! Requirement families: those of the ports, through their suites.

pub mod contract;
pub mod fake;
pub mod fuzz;
pub mod sim;
pub mod world;
