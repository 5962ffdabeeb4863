//! Arguments of `replay`.

use std::ffi::OsString;

use clap::Args;

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// A journal that `onhook-agent run --journal` wrote; - for standard input.
    #[arg(value_name = "JOURNAL")]
    pub(crate) journal: OsString,
    /// Print one JSON document (schema onhook.replay/1).
    #[arg(long)]
    pub(crate) json: bool,
}
