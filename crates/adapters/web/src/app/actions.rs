//! Action URLs, and the buttons that do the same.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use onhook_crypto::port::NoSecrets;
use onhook_device::{Family, Secret};
use onhook_params::{ParamId, known};
use onhook_phone::{Answer, Ask, Origin};
use onhook_profile::{DecodeSpec, decode};
use tokio::time::timeout;

use super::{App, Visit};
use crate::action::{Action, with_requester};
use crate::answers::{accepted, answer, see, words};
use crate::export::{configuration, log, status};
use crate::form::Submitted;

/// Largest body, in bytes.
const BODY: usize = 1 << 20;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a body.
pub(crate) async fn read(body: Body) -> Result<Vec<u8>, Response> {
    // Nobody waits for what is too large anyway.
    if hyper::body::Body::size_hint(&body).lower() > BODY as u64 {
        return Err(words(
            StatusCode::PAYLOAD_TOO_LARGE,
            "a body has at most 1 MiB",
        ));
    }
    match timeout(PATIENCE, to_bytes(body, BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(words(
            StatusCode::PAYLOAD_TOO_LARGE,
            "a body has at most 1 MiB",
        )),
        Err(_) => Err(words(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}

/// What asks for one of the actions.
pub(crate) struct Wish {
    pub(crate) ask: Ask,
    pub(crate) origin: Origin,
    /// The words of its answer.
    pub(crate) words: &'static str,
}

/// What an action asks of the phone.
///
/// # Errors
/// A gate is closed: why, and what to do.
pub(crate) fn wish(
    action: Action,
    rule: Option<&Secret>,
    visit: &Visit,
) -> Result<Option<Wish>, String> {
    let look = &visit.look;
    let gate = |enable: ParamId| match look.is_yes(enable) {
        true => Ok(()),
        false => Err(format!("{} is No: set it to Yes first", enable.name())),
    };
    //= R-WEB-15
    let both = look.scope.family == Family::Spa;
    //= R-WEB-4
    let rule = rule
        .filter(|rule| !rule.is_empty())
        .and_then(|rule| std::str::from_utf8(rule.expose()).ok())
        .map(|rule| Secret::from(with_requester(rule, visit.peer).as_str()));
    let (ask, words) = match action {
        //= R-WEB-5
        Action::Resync => {
            gate(known::PROVISION_ENABLE)?;
            if both {
                gate(known::UPGRADE_ENABLE)?;
            }
            (Ask::Resync(rule), "will resync when idle")
        }
        Action::Upgrade => {
            gate(known::UPGRADE_ENABLE)?;
            if both {
                gate(known::PROVISION_ENABLE)?;
            }
            if !look.has_slots {
                return Err("this phone has no slots for firmware: it upgrades nothing".to_owned());
            }
            //= R-FW-14
            (Ask::Upgrade(rule), "will upgrade when idle")
        }
        Action::UpdateCa => (Ask::UpdateCa(rule), "will fetch the custom CA when idle"),
        //= R-WEB-7
        Action::Reboot => (Ask::Restart, "will reboot when idle"),
        Action::Config | Action::Status | Action::Log | Action::Screen | Action::Profile => {
            return Ok(None);
        }
    };
    let origin = match action {
        // It is somebody's wish, and no submitted page wants its values to hold.
        Action::Reboot => Origin::Control,
        Action::Resync
        | Action::Upgrade
        | Action::UpdateCa
        | Action::Config
        | Action::Status
        | Action::Log
        | Action::Screen
        | Action::Profile => Origin::Page,
    };
    Ok(Some(Wish { ask, origin, words }))
}

/// Answers an action URL.
pub(super) async fn act(app: &Arc<App>, action: Action, visit: &Visit, body: Body) -> Response {
    let look = &visit.look;
    match wish(action, visit.argument.as_deref(), visit) {
        //= R-WEB-6
        Err(why) => return words(StatusCode::FORBIDDEN, why),
        Ok(Some(wish)) => {
            return match app.asking.tell(wish.origin, wish.ask).await {
                Some(()) => accepted(wish.words),
                None => words(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the phone restarts: try again",
                ),
            };
        }
        Ok(None) => {}
    }
    let identity = &app.setup.identity;
    const XML: &str = "text/xml; charset=utf-8";
    match action {
        Action::Config => answer(StatusCode::OK, XML, configuration(look)),
        Action::Status => answer(StatusCode::OK, XML, status(look, identity)),
        Action::Log => answer(
            StatusCode::OK,
            "application/x-tar",
            log(look, identity, &app.feed),
        ),
        Action::Profile => profile(app, visit, body).await,
        Action::Screen | Action::Resync | Action::Upgrade | Action::UpdateCa | Action::Reboot => {
            words(StatusCode::NOT_FOUND, "this phone has no screen")
        }
    }
}

/// Takes a profile that is sent.
async fn profile(app: &Arc<App>, visit: &Visit, body: Body) -> Response {
    if !visit.look.is_yes(known::PROVISION_ENABLE) {
        return words(
            StatusCode::FORBIDDEN,
            "Provision_Enable is No: set it to Yes first",
        );
    }
    let bytes = match read(body).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refusal,
    };
    let spec = DecodeSpec {
        scope: visit.look.scope,
        ..DecodeSpec::default()
    };
    let decoded = match decode(bytes, &spec, &NoSecrets) {
        Ok(decoded) => decoded,
        Err(error) => {
            return words(
                StatusCode::BAD_REQUEST,
                onhook_rules::masked(&error.to_string()),
            );
        }
    };
    match app
        .asking
        .ask(Origin::Page, Ask::Submit(decoded.delta))
        .await
    {
        Some(Answer::Done) => accepted("stored; will reboot when idle if something changed"),
        Some(Answer::Refused(why)) => words(StatusCode::CONFLICT, why),
        _ => words(
            StatusCode::SERVICE_UNAVAILABLE,
            "the phone restarts: try again",
        ),
    }
}

/// Answers a button.
pub(super) async fn press(
    State(app): State<Arc<App>>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let form = match read(body).await {
        Ok(bytes) => Submitted::read(&bytes),
        Err(refusal) => return refusal,
    };
    let Some(form) = form.filter(|form| form.is_from(&visit)) else {
        return words(
            StatusCode::FORBIDDEN,
            "this form is too old: load the page again",
        );
    };
    let action = match name.as_str() {
        "resync" => Action::Resync,
        "upgrade" => Action::Upgrade,
        "updateca" => Action::UpdateCa,
        "reboot" => Action::Reboot,
        _ => return words(StatusCode::NOT_FOUND, "there is no such action"),
    };
    let rule = form.text("rule").map(|rule| Secret::from(rule.trim()));
    match wish(action, rule.as_ref(), &visit) {
        Err(why) => words(StatusCode::FORBIDDEN, why),
        Ok(None) => words(StatusCode::NOT_FOUND, "there is no such action"),
        Ok(Some(wish)) => match app.asking.tell(wish.origin, wish.ask).await {
            Some(()) => see(&format!("/admin/advanced/info/status?asked={name}")),
            None => words(
                StatusCode::SERVICE_UNAVAILABLE,
                "the phone restarts: try again",
            ),
        },
    }
}
