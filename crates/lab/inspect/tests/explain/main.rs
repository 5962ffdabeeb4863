//! Explanations and expansions as programs and people get them.

#![cfg(test)]

mod document;
mod golden;
mod lint;
mod masks;
mod schema;
mod srv;
mod vectors;
