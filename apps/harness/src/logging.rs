//! Log output: stderr, in text or JSON.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::LogFormat;

/// Installs the log output; RUST_LOG holds targets and levels, `level` stands in for it if it is missing or wrong.
pub(crate) fn install(format: LogFormat, level: LevelFilter) {
    let variable = std::env::var_os("RUST_LOG").unwrap_or_default();
    let text = variable.to_string_lossy();
    let (wanted, complaint) = onhook_system::wanted_log(&text, level);
    let filter = wanted.parse().unwrap_or_else(|_| Targets::new());
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_target(false)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .init(),
        LogFormat::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .init(),
    }
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
}
