//! Real phones at the servers that operators run; `cargo xtask interop` builds and starts this.
//!
//! `onhook-interop [--quick] [--bad-network] [--only NAME]... [--document FILE]`
//!
//! Each peer is a file in `peers/`, and each row of it a [`case::Case`]. The status is 0 if no case failed, 1 if one
//! did, and 2 if the run could not be done.

mod arguments;
mod bad_network;
mod case;
mod dhcp;
mod document;
mod files;
mod gate;
mod group;
mod peers;
mod proxied;
mod report;
mod stage;
mod tools;
mod uploads;
mod visit;

use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::report::say;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    group::listen_to_signals()?;
    if arguments.bad_network {
        bad_network::run(&arguments)
    } else {
        visit::run(&arguments)
    }
}
