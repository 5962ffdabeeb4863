//! The rule language as a whole: texts in, bound rules or errors out.

#![cfg(test)]

mod model;
mod printing;
mod reports;
mod rules;
mod urls;
mod vectors;
