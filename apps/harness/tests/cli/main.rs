//! The program as its users run it.
#![cfg(test)]

mod apply;
mod common;
mod crypt;
mod explain;
mod fleet;
mod lint;
mod load;
mod openssl;
mod records;
mod scale_out;
mod schema;
mod serve;
mod serving;
mod storm;
mod try_out;
mod usage;
mod vectors;
