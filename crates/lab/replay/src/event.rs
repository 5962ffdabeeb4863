//! What happened, in words.

use onhook_journal::{Command, Input, Server};
use onhook_phone::{Boot, LineUse, Origin, Registration};

/// The sentence of an input.
pub(crate) fn words(input: &Input) -> String {
    match input {
        Input::Boot {
            how: Boot::Normal, ..
        } => "the phone has booted".to_owned(),
        Input::Boot {
            how: Boot::Foreground,
            ..
        } => "the phone has booted for one resync".to_owned(),
        Input::Timer => "a deadline has passed".to_owned(),
        Input::Line { line, is } => match is {
            LineUse::Idle => format!("line {line} is idle"),
            LineUse::Busy => format!("line {line} is busy"),
            LineUse::Emergency => format!("line {line} has an emergency call"),
        },
        Input::Registration { line, is } => match is {
            Registration::Disabled => format!("line {line} is not enabled"),
            Registration::Registered => format!("line {line} is registered"),
            Registration::Unregistered => format!("line {line} has lost its registration"),
        },
        Input::ClockSet => "the wall clock was set".to_owned(),
        Input::Server(None) => "no option names a server".to_owned(),
        Input::Server(Some(server)) => {
            let hosts = server.hosts.join(", ");
            let named = format!(
                "an option names the server {hosts} ({}, port {})",
                server.scheme, server.port
            );
            match &server.rule {
                Some(rule) => format!("{named} and the rule `{rule}`"),
                None => named,
            }
        }
        Input::Address(Some(ip)) => format!("the phone has the address {ip}"),
        Input::Address(None) => "the phone has no address".to_owned(),
        Input::ExternalAddress(Some(ip)) => format!("the external address is {ip}"),
        Input::ExternalAddress(None) => "the external address is not known".to_owned(),
        Input::ClientCertificate(true) => "a client certificate is installed".to_owned(),
        Input::ClientCertificate(false) => "no client certificate is installed".to_owned(),
        Input::Mobility {
            user: Some(user), ..
        } => format!("`{user}` is logged in (extension mobility)"),
        Input::Mobility { user: None, .. } => "nobody is logged in (extension mobility)".to_owned(),
        Input::Command { origin, what } => {
            let by = match origin {
                Origin::Control => "",
                Origin::Page => " on a page of the phone",
            };
            match what {
                Command::Resync => format!("a resync is asked for{by}"),
                Command::ResyncWith(rule) => {
                    format!("a resync with the rule `{rule}` is asked for{by}")
                }
                Command::Set { name, value } => format!("{name} is set to `{value}`{by}"),
                Command::Restart => format!("a restart is asked for{by}"),
            }
        }
        Input::FetchStarted { ip: Some(ip), .. } => format!("the server has the address {ip}"),
        Input::FetchStarted { ip: None, .. } => "the server has no address".to_owned(),
        Input::Fetched { params, .. } => {
            format!("a profile has come that sets {} parameters", params.len())
        }
        Input::FetchFailed {
            outcome,
            said: Some(said),
            ..
        } => format!("no profile has come: {outcome} ({said})"),
        Input::FetchFailed { outcome, .. } => format!("no profile has come: {outcome}"),
        Input::Means { domain, directory } => means(domain.as_deref(), *directory),
        Input::Searched {
            answered, found, ..
        } => searched(*answered, found.as_ref()),
        Input::Committed { durable: true, .. } => "the parameters are stored".to_owned(),
        Input::Committed { durable: false, .. } => "the parameters could not be stored".to_owned(),
        Input::StateSaved { durable: true, .. } => "the state is stored".to_owned(),
        Input::StateSaved { durable: false, .. } => "the state could not be stored".to_owned(),
    }
}

fn means(domain: Option<&str>, directory: bool) -> String {
    match (domain, directory) {
        (None, false) => "the phone asks nobody beyond its options".to_owned(),
        (None, true) => "beyond its options the phone may ask the directory".to_owned(),
        (Some(domain), false) => {
            format!("beyond its options the phone may ask for the SRV records of {domain}")
        }
        (Some(domain), true) => format!(
            "beyond its options the phone may ask for the SRV records of {domain}, then the directory"
        ),
    }
}

fn searched(answered: bool, found: Option<&Server>) -> String {
    match (found, answered) {
        (Some(Server { rule, hosts, .. }), _) => match (rule, hosts.first()) {
            (Some(rule), _) => format!("the search has found the rule `{rule}`"),
            (None, Some(host)) => format!("the search has found the server {host}"),
            (None, None) => "the search has found nothing".to_owned(),
        },
        (None, true) => "the search has found nothing".to_owned(),
        (None, false) => "nobody has answered the search".to_owned(),
    }
}
