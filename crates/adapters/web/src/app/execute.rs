//! Objects that are sent to be executed: `POST /CGI/Execute`.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use onhook_params::{ParamId, Scope};
use onhook_phone::{Execution, Look, NotExecuted, read_execute};

use super::actions::{read, wish};
use super::{App, Visit};
use crate::action::Action;
use crate::answers::{answer, words};
use crate::encoding::field;
use crate::login::{Account, Role};

/// Where objects are sent.
pub(super) const PATH: &str = "/CGI/Execute";

/// The field that holds an object, where it is sent as a form.
const FIELD: &str = "XML";

/// What is answered when an object was taken.
const TAKEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CiscoIPPhoneResponse>\
                     <ResponseItem Status=\"0\" Data=\"Success\" URL=\"Resync:\"/></CiscoIPPhoneResponse>\n";

/// Who may send objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Senders {
    /// Nobody.
    Nobody,
    /// Everybody who reaches the phone.
    Everybody,
    /// Whoever logs in as user, or as admin.
    User,
    /// Whoever knows XML_User_Name and XML_Password.
    Remote,
}

impl Senders {
    //= R-WEB-12
    /// What the parameters say.
    pub(super) fn of(look: &Look) -> Self {
        let of = |name| ParamId::lookup(name, &look.scope);
        if !of("CISCO_XML_EXE_Enable").is_some_and(|enable| look.is_yes(enable)) {
            return Self::Nobody;
        }
        let mode = of("CISCO_XML_EXE_Auth_Mode").map_or("", |mode| look.text(mode));
        match mode.trim().to_ascii_lowercase().as_str() {
            "trusted" => Self::Everybody,
            "remote credential" => Self::Remote,
            // What is none of the three is the strictest that a password of the phone opens.
            _ => Self::User,
        }
    }
}

/// The account of those who know the password for objects.
pub(super) fn account(look: &Look) -> Account<'_> {
    let name = user_name(&look.scope).map_or("", |name| look.text(name));
    Account {
        name,
        realm: "Onhook XML",
        password: &look.logins.xml,
        role: Role::User,
    }
}

fn user_name(scope: &Scope) -> Option<ParamId> {
    ParamId::lookup("XML_User_Name", scope)
}

/// Carries out an object.
pub(super) async fn execute(app: &App, visit: &Visit, body: Body) -> Response {
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let rule = match read_execute(&object(body)) {
        Ok(Execution::Resync) => None,
        Ok(Execution::ResyncWith(rule)) => Some(rule),
        Err(NotExecuted::Malformed) => {
            return words(
                StatusCode::BAD_REQUEST,
                "this is no CiscoIPPhoneExecute object with an ExecuteItem",
            );
        }
        Err(NotExecuted::Unable) => {
            return words(
                StatusCode::NOT_IMPLEMENTED,
                "this phone executes Resync: only",
            );
        }
    };
    let control = |rule: &[u8]| rule.iter().any(u8::is_ascii_control);
    if rule.as_ref().is_some_and(|rule| control(rule.expose())) {
        return words(StatusCode::BAD_REQUEST, "the rule holds control characters");
    }
    match wish(Action::Resync, rule.as_ref(), visit) {
        Err(why) => words(StatusCode::FORBIDDEN, why),
        Ok(None) => words(StatusCode::NOT_FOUND, "there is no such action"),
        Ok(Some(wish)) => match app.asking.tell(wish.origin, wish.ask).await {
            Some(()) => answer(StatusCode::OK, "text/xml; charset=utf-8", TAKEN),
            None => words(
                StatusCode::SERVICE_UNAVAILABLE,
                "the phone restarts: try again",
            ),
        },
    }
}

/// The object of a body: the field of a form, or the body itself.
fn object(body: Vec<u8>) -> Vec<u8> {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    if text.trim_start().starts_with('<') {
        return body;
    }
    field(text, FIELD).map_or_else(Vec::new, |object| object.as_bytes().to_vec())
}
