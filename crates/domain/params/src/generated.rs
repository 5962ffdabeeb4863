//! Tables written by `cargo xtask codegen`; `xtask` tests that they are fresh.

#[rustfmt::skip]
pub(crate) mod table;
