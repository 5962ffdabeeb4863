//! Tables written by `cargo xtask codegen`; `xtask` tests that they are fresh.

#[rustfmt::skip]
#[expect(
    clippy::needless_update,
    reason = "a few rows have every field, and end like the others"
)]
pub(crate) mod table;
