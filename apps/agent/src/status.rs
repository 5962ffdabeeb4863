//! `onhook-agent status`.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use onhook_system::{ControlRequest, ask};
use serde_json::Value;

use crate::boot;
use crate::cli::StatusArgs;
use crate::config;
use crate::failure::{World, print};
use crate::json::at;
use crate::words;

/// Asks the running agent and prints its answer.
pub(crate) async fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let config = config::load(&args.place)?;
    let answer = ask(&boot::control_path(&config), &ControlRequest::Status {})
        .await
        .map_err(|error| anyhow!(World(error.to_string())))?;
    let answer: Value = serde_json::from_str(&answer).context("the agent's answer is no JSON")?;
    if let Some(error) = at(&answer, "error").as_str() {
        return Err(anyhow!(World(error.to_owned())));
    }
    let status = at(&answer, "status");
    if args.json {
        print(&format!("{status:#}"))?;
    } else {
        print(&words::status(status))?;
    }
    Ok(ExitCode::SUCCESS)
}
