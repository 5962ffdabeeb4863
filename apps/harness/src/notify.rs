//! `notify`: tells a phone to resync or to restart, as a server does by SIP.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use onhook_crypto::auth::Algorithm;
use onhook_schedule::port::Entropy as _;
use onhook_sip::{Heard, Transport, Wish};
use onhook_system::OsEntropy;
use serde::Serialize;
use tokio::runtime::Builder;

use crate::cli::notify::{NotifyArgs, TransportName};
use crate::failure::{Done, FAILED, Failure, note};
use crate::key::secret;
use crate::{input, output};

const SCHEMA: &str = "onhook.notify/1";
/// The port of SIP.
const PORT: u16 = 5060;

/// The document of `--json`.
#[derive(Serialize)]
struct Report<'r> {
    schema: &'static str,
    to: String,
    transport: &'static str,
    event: &'r str,
    status: Option<u16>,
    reason: Option<&'r str>,
    logged_in: bool,
    algorithm: Option<&'static str>,
    allow_events: Option<&'r str>,
    error: Option<String>,
}

/// Sends one NOTIFY and prints the answer.
pub(crate) fn notify(args: &NotifyArgs) -> Done {
    let (uri, to) = target(&args.target)?;
    let wish = wish(args, uri)?;
    let transport = match args.transport {
        TransportName::Udp => Transport::Udp,
        TransportName::Tcp => Transport::Tcp,
    };
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let seed = OsEntropy::default().seed();
    let within = Duration::from_secs(args.wait);
    let heard = runtime.block_on(onhook_sip::notify(wish, transport, to, within, seed));
    let (heard, error) = match heard {
        Ok(heard) => (Some(heard), None),
        Err(error) => (None, Some(anyhow::Error::new(error))),
    };
    let accepted = heard.as_ref().is_some_and(|heard| heard.status < 300);
    if args.json {
        let of = heard.as_ref();
        output::document(&Report {
            schema: SCHEMA,
            to: to.to_string(),
            transport: match transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
            },
            event: &args.event,
            status: of.map(|heard| heard.status),
            reason: of.map(|heard| heard.reason.as_str()),
            logged_in: of.is_some_and(|heard| heard.logged_in),
            algorithm: of.and_then(|heard| heard.algorithm).map(Algorithm::name),
            allow_events: of.and_then(|heard| heard.allow_events.as_deref()),
            error: error.map(|error| format!("{error:#}")),
        })?;
    } else if let Some(error) = error {
        return Err(Failure::Asked(error));
    } else if let Some(heard) = heard {
        output::print(&format!("{}\n", words(&heard)))?;
        if let Some(advice) = advice(&heard, args) {
            note(&advice);
        }
    }
    Ok(match accepted {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    })
}

fn words(heard: &Heard) -> String {
    let login = match heard.algorithm {
        Some(algorithm) => format!(" (login with {})", algorithm.name()),
        None => String::new(),
    };
    format!("{} {}{login}", heard.status, heard.reason)
}

/// What to do about a refusal.
fn advice(heard: &Heard, args: &NotifyArgs) -> Option<String> {
    Some(match heard.status {
        401 if heard.logged_in => {
            "the login is wrong: it is User_ID, or Auth_ID, and Password of the extension"
                .to_owned()
        }
        401 => "the phone wants a login: give --uid and --pwd-file".to_owned(),
        403 => "the phone lets nobody resync by SIP: look at Resync_From_SIP and Provision_Enable"
            .to_owned(),
        404 => format!("{} is no user of the phone: write USER@HOST", args.target),
        489 => {
            let known = heard.allow_events.as_deref().unwrap_or("no event");
            format!("the phone does not know the event: it knows {known}")
        }
        _ => return None,
    })
}

/// What is asked.
fn wish(args: &NotifyArgs, uri: String) -> anyhow::Result<Wish> {
    let rule = args.profile.as_deref().map(input::text).transpose()?;
    let kind = args.event.as_str();
    let (mut event, mut body) = (args.event.clone(), String::new());
    match rule.as_deref().map(String::as_str) {
        None if kind == "XML-service" => body = object(""),
        None => {}
        Some(rule) if kind == "XML-service" => body = object(rule),
        Some(rule) if kind == "resync" => event = format!("resync;profile={rule}"),
        Some(_) => bail!("--profile goes with --event resync or XML-service, not with {kind}"),
    }
    if event.chars().any(char::is_control) || event.trim().is_empty() {
        bail!("an event is one line of text");
    }
    let of = &args.password;
    let password = secret(&of.pwd, &of.pwd_file, &of.pwd_env)?;
    let login = match (&args.uid, password) {
        (None, _) => None,
        (Some(user), Some(password)) => Some((user.clone(), password)),
        (Some(_), None) => bail!("--uid needs --pwd-file, --pwd-env or --pwd"),
    };
    Ok(Wish {
        uri,
        event,
        body,
        login,
    })
}

/// An object that asks for a resync with a rule.
fn object(rule: &str) -> String {
    let rule = rule
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;");
    format!(
        "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\" URL=\"Resync:[{rule}]\"/></CiscoIPPhoneExecute>"
    )
}

/// The address that is asked, and where it is.
fn target(text: &str) -> Result<(String, SocketAddr), Failure> {
    let bare = text.strip_prefix("sip:").unwrap_or(text);
    let place = bare.rsplit_once('@').map_or(bare, |(_, place)| place);
    let wrong = || anyhow::anyhow!("`{text}` is no phone: write HOST, HOST:PORT or USER@HOST:PORT");
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c);
    if place.is_empty() || bare.contains(odd) {
        return Err(wrong().into());
    }
    let has_port = match place.rsplit_once(':') {
        Some((host, port)) => {
            (host.ends_with(']') || !host.contains(':')) && port.parse::<u16>().is_ok()
        }
        None => false,
    };
    let place = match (has_port, place.contains(':') && !place.starts_with('[')) {
        (true, _) => place.to_owned(),
        (false, true) => format!("[{place}]:{PORT}"),
        (false, false) => format!("{place}:{PORT}"),
    };
    let mut found = place
        .to_socket_addrs()
        .map_err(|error| anyhow::Error::new(error).context(wrong()))?;
    let to = found.next().ok_or_else(wrong)?;
    let user = bare.rsplit_once('@').map(|(user, _)| format!("{user}@"));
    Ok((format!("sip:{}{place}", user.unwrap_or_default()), to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_phone_with_or_without_user_and_port() {
        for (text, uri, to) in [
            ("127.0.0.1", "sip:127.0.0.1:5060", "127.0.0.1:5060"),
            ("127.0.0.1:5070", "sip:127.0.0.1:5070", "127.0.0.1:5070"),
            (
                "1001@127.0.0.1",
                "sip:1001@127.0.0.1:5060",
                "127.0.0.1:5060",
            ),
            (
                "sip:1001@127.0.0.1:1",
                "sip:1001@127.0.0.1:1",
                "127.0.0.1:1",
            ),
            ("a@[::1]:5070", "sip:a@[::1]:5070", "[::1]:5070"),
            ("[::1]", "sip:[::1]:5060", "[::1]:5060"),
            ("::1", "sip:[::1]:5060", "[::1]:5060"),
        ] {
            let (found, at) = target(text).unwrap();
            assert_eq!(
                (found.as_str(), at.to_string().as_str()),
                (uri, to),
                "{text}"
            );
        }
        for text in [
            "",
            "@",
            "a b@127.0.0.1",
            "127.0.0.1\r\nX: y",
            "<127.0.0.1>",
            "127.0.0.1:x",
        ] {
            assert!(target(text).is_err(), "{text}");
        }
    }
}
