//! A network that loses packets.

use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::Arguments;

pub(crate) fn run(_arguments: &Arguments) -> anyhow::Result<ExitCode> {
    bail!("not yet")
}
