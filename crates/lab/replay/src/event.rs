//! What happened, in words.

use onhook_journal::{Command, Input, Server, Slots};
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
        Input::Account(true) => "there is a profile account".to_owned(),
        Input::Account(false) => "there is no profile account".to_owned(),
        Input::ClientCertificate(true) => "a client certificate is installed".to_owned(),
        Input::ClientCertificate(false) => "no client certificate is installed".to_owned(),
        Input::Mobility {
            user: Some(user), ..
        } => format!("`{user}` is logged in (extension mobility)"),
        Input::Mobility { user: None, .. } => "nobody is logged in (extension mobility)".to_owned(),
        Input::Command { origin, what } => command(*origin, what),
        Input::FetchStarted { ip: Some(ip), .. } => format!("the server has the address {ip}"),
        Input::FetchStarted { ip: None, .. } => "the server has no address".to_owned(),
        Input::Fetched { params, .. } => {
            format!("a profile has come that sets {} parameters", params.len())
        }
        Input::FetchFailed { outcome, said, .. } => {
            failed("no profile has come", outcome, said.as_deref())
        }
        Input::TrustInstalled {
            name, fingerprint, ..
        } => format!(
            "the custom CA {:?} with the fingerprint {fingerprint} is installed",
            name.as_deref().unwrap_or_default()
        ),
        Input::TrustFailed { outcome, said, .. } => {
            failed("no custom CA has come", outcome, said.as_deref())
        }
        Input::Means { domain, directory } => means(domain.as_deref(), *directory),
        Input::Searched {
            answered, found, ..
        } => searched(*answered, found.as_ref()),
        Input::Committed { durable: true, .. } => "the parameters are stored".to_owned(),
        Input::Committed { durable: false, .. } => "the parameters could not be stored".to_owned(),
        Input::StateSaved { durable: true, .. } => "the state is stored".to_owned(),
        Input::StateSaved { durable: false, .. } => "the state could not be stored".to_owned(),
        Input::Slots(slots) => slots_told(slots.as_ref()),
        Input::Upgraded { outcome, said, .. } => upgraded(outcome.as_deref(), said.as_deref()),
        Input::Reported { outcome, said, .. } => reported(outcome.as_deref(), said.as_deref()),
        Input::Activated { durable: true, .. } => "the boot loader knows".to_owned(),
        Input::Activated { durable: false, .. } => "the boot loader could not be told".to_owned(),
        Input::Erased { durable: true, .. } => "the factory state is restored".to_owned(),
        Input::Erased { durable: false, .. } => {
            "the factory state could not be restored".to_owned()
        }
    }
}

fn reported(outcome: Option<&str>, said: Option<&str>) -> String {
    match outcome {
        None => "the report has arrived".to_owned(),
        Some(outcome) => failed("the report has not arrived", outcome, said),
    }
}

fn upgraded(outcome: Option<&str>, said: Option<&str>) -> String {
    match outcome {
        None => "the load is verified and written".to_owned(),
        Some(outcome) => failed("no load has come", outcome, said),
    }
}

fn slots_told(slots: Option<&Slots>) -> String {
    let Some(slots) = slots else {
        return "the phone has no slots for firmware".to_owned();
    };
    let other = match &slots.inactive {
        Some(load) => format!("the other slot holds {load}"),
        None => "the other slot is empty".to_owned(),
    };
    match slots.fell_back {
        true => format!("{other}; the load that was to come up did not"),
        false => other,
    }
}

fn command(origin: Origin, what: &Command) -> String {
    let by = match origin {
        Origin::Control => "",
        Origin::Page => " on a page of the phone",
        Origin::Sip => " by SIP",
        Origin::Screen => " at the phone",
    };
    match what {
        Command::Resync => format!("a resync is asked for{by}"),
        Command::ResyncWith(rule) => format!("a resync with the rule `{rule}` is asked for{by}"),
        Command::UpdateCa(None) => format!("the custom CA is asked for{by}"),
        Command::UpdateCa(Some(rule)) => format!("the custom CA of `{rule}` is asked for{by}"),
        Command::Set { name, value } => format!("{name} is set to `{value}`{by}"),
        Command::Report => format!("a report is asked for{by}"),
        Command::ReportProblem => format!("a report of a problem is asked for{by}"),
        Command::Submit(params) => format!("{} parameters are submitted{by}", params.len()),
        Command::Restart => format!("a restart is asked for{by}"),
        Command::RestartWarm => format!("a restart of SIP and services is asked for{by}"),
        Command::FactoryReset => format!("the factory state is asked for{by}"),
        Command::Upgrade(None) => format!("an upgrade is asked for{by}"),
        Command::Upgrade(Some(rule)) => {
            format!("an upgrade with the rule `{rule}` is asked for{by}")
        }
    }
}

fn failed(what: &str, outcome: &str, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("{what}: {outcome} ({said})"),
        None => format!("{what}: {outcome}"),
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
