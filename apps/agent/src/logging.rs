//! Logs on stderr.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::Layer as _;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::LogFormat;

/// Installs the log output; RUST_LOG holds targets and levels, `level` stands in if it is missing or wrong.
pub(crate) fn install(format: LogFormat, level: LevelFilter) {
    let variable = std::env::var_os("RUST_LOG").unwrap_or_default();
    let text = variable.to_string_lossy();
    let (wanted, complaint) = onhook_system::wanted_log(&text, level);
    let filter = wanted.parse().unwrap_or_else(|_| Targets::new());
    let layer = fmt::layer().with_writer(std::io::stderr);
    // Boxed, so that the program holds the stack of layers once and not once for each form.
    let layer = match format {
        LogFormat::Text => {
            let layer = layer
                .with_target(false)
                .with_ansi(std::io::stderr().is_terminal());
            // The journal has times of its own.
            if std::env::var_os("JOURNAL_STREAM").is_some() {
                layer.without_time().boxed()
            } else {
                layer.boxed()
            }
        }
        #[cfg(feature = "log-json")]
        LogFormat::Json => layer.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .init();
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
}
