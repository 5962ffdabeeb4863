//! The pages and action URLs of a phone, asked in this process.
#![cfg(test)]

mod actions;
mod execute;
mod forms;
mod phone;
mod safety;
mod shown;
