//! `onhook-agent ctl`: what happens at the phone, told to the running agent.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use onhook_system::{ControlError, ControlRequest, Conversation, WireLineUse, WireRegistration};
use serde_json::{Value, json};

use crate::boot;
use crate::cli::ctl::{
    CertificateCommand, CtlArgs, CtlCommand, LineState, MobilityCommand, RegistrationState,
};
use crate::config;
use crate::failure::{World, print};
use crate::json::at;
use crate::resync::{self, read_rule};

/// Accepted, but it waits.
pub(crate) const WAITS: u8 = 3;

/// Sends one request and prints its answer.
pub(crate) async fn ctl(args: &CtlArgs) -> anyhow::Result<ExitCode> {
    let config = config::load(&args.place)?;
    let request = request(&args.what)?;
    let world = |error: ControlError| anyhow!(World(error.to_string()));
    let path = boot::control_path(&config);
    let mut agent = Conversation::begin(&path, &request).await.map_err(world)?;
    let answer = agent.line().await.map_err(world)?;
    let answer: Value = serde_json::from_str(&answer).context("the agent's answer is no JSON")?;
    if let Some(error) = at(&answer, "error").as_str() {
        return Err(anyhow!(World(error.to_owned())));
    }
    #[cfg(feature = "events")]
    if matches!(args.what, CtlCommand::Events) {
        loop {
            print(&agent.line().await.map_err(world)?)?;
        }
    }
    if at(&answer, "resync").is_object() {
        return resync::show(at(&answer, "resync"), args.json);
    }
    delayed(at(&answer, "delayed").as_str(), args.json)
}

/// Says that something was done, or what it waits for.
pub(crate) fn delayed(waits_for: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let document = json!({
            "schema": "onhook.ctl/1",
            "done": waits_for.is_none(),
            "waits_for": waits_for,
        });
        print(&format!("{document:#}"))?;
    } else if let Some(waits_for) = waits_for {
        let what = match waits_for {
            "busy-lines" => "accepted: it waits for idle lines",
            "running-resync" => "accepted: it waits for the end of the running resync",
            _ => "accepted: it waits",
        };
        print(what)?;
    }
    Ok(match waits_for {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::from(WAITS),
    })
}

fn request(what: &CtlCommand) -> anyhow::Result<ControlRequest> {
    Ok(match what {
        CtlCommand::Line { line, state } => ControlRequest::Line {
            line: *line,
            line_use: match state {
                LineState::Idle => WireLineUse::Idle,
                LineState::Busy => WireLineUse::Busy,
                LineState::Emergency => WireLineUse::Emergency,
            },
        },
        CtlCommand::Registration { line, state } => ControlRequest::Registration {
            line: *line,
            registration: match state {
                RegistrationState::Disabled => WireRegistration::Disabled,
                RegistrationState::Registered => WireRegistration::Registered,
                RegistrationState::Unregistered => WireRegistration::Unregistered,
            },
        },
        CtlCommand::SipError { line, code } => ControlRequest::SipError {
            line: *line,
            code: code.parse().map_err(anyhow::Error::new)?,
        },
        CtlCommand::MayUse { server } => ControlRequest::MayUse {
            server: server.clone(),
        },
        #[cfg(feature = "events")]
        CtlCommand::Events => ControlRequest::Events {},
        CtlCommand::Resync { rule, menu } => ControlRequest::Resync {
            rule: rule.as_deref().map(read_rule).transpose()?,
            menu: *menu,
        },
        CtlCommand::UpdateCa { url } => ControlRequest::UpdateCa {
            url: url.as_deref().map(read_rule).transpose()?,
        },
        #[cfg(feature = "firmware")]
        CtlCommand::Upgrade { url } => ControlRequest::Upgrade {
            url: url.as_deref().map(read_rule).transpose()?,
        },
        CtlCommand::Reboot => ControlRequest::Reboot {},
        CtlCommand::Restart => ControlRequest::Restart {},
        #[cfg(feature = "reports")]
        CtlCommand::Report => ControlRequest::Report {},
        #[cfg(feature = "reports")]
        CtlCommand::ProblemReport => ControlRequest::ReportProblem {},
        CtlCommand::FactoryReset => ControlRequest::FactoryReset {},
        CtlCommand::ExternalIp { address } => {
            ControlRequest::ExternalAddress { address: address.0 }
        }
        CtlCommand::Mobility { what } => match what {
            MobilityCommand::Login {
                user,
                password_file,
            } => ControlRequest::LogIn {
                user: user.clone(),
                password: password(password_file)?,
            },
            MobilityCommand::Logout => ControlRequest::LogOut {},
        },
        CtlCommand::Certificate { what } => match what {
            CertificateCommand::Install { certificate, key } => {
                ControlRequest::InstallCertificate {
                    certificate: text(certificate)?,
                    key: text(key)?,
                }
            }
            CertificateCommand::Remove => ControlRequest::RemoveCertificate {},
        },
    })
}

/// The first line of a file, or of standard input for `-`.
fn password(path: &Path) -> anyhow::Result<String> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
            .context("the password cannot be read from standard input")?
    } else {
        text(path)?
    };
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
