//! Visits to the pages of the program.

use std::io::ErrorKind;

use serde_json::Value;

use super::AgentPhone;
use crate::dut::web::{Heard, Sent};
use crate::dut::{Halt, judged};
use crate::language::{Submission, Visit};

/// Where the page is that is submitted; it takes the fields of every other page too.
const PAGE: &str = "/voice/system";

type Login = Option<(String, String)>;

impl AgentPhone {
    /// Asks for a page or an action, and waits for the answer.
    pub(super) fn visit(&mut self, visit: &Visit) -> Result<(), Halt> {
        let headers: Vec<_> = visit
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), self.site.fill(value)))
            .collect();
        let body = visit.body.as_ref().map(|body| self.site.fill(body));
        let sent = Sent {
            target: &self.site.fill(&visit.path),
            headers: &headers,
            body: body.as_deref(),
        };
        let heard = self.exchange(&sent, &visit.login)?;
        let status = heard.as_ref().and_then(Heard::status);
        judged("the visit", status, visit.answer)?;
        let body = heard.map(|heard| heard.body).unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        for (form, wanted) in [(&visit.like, true), (&visit.unlike, false)] {
            if let Some(form) = form
                && crate::language::Glob::new(self.site.fill(form.as_str())).fits(&body) != wanted
            {
                let is = if wanted { "is not" } else { "is" };
                let why = format!("what the visit is answered with {is} of the form `{form}`");
                return Err(Halt::Broken(why));
            }
        }
        // What is done next must not overtake it.
        self.status().map(drop)
    }

    /// Loads a page, fills it in and submits it.
    pub(super) fn submit(&mut self, page: &Submission) -> Result<(), Halt> {
        let broken = |why: &str| Halt::Broken(format!("a page cannot be submitted: {why}"));
        let is_user = page.login.as_ref().is_some_and(|(name, _)| name == "user");
        let base = if is_user { "" } else { "/admin/advanced" };
        let target = format!("{base}{PAGE}");
        let load = Sent {
            target: &target,
            ..Sent::default()
        };
        let loaded = self.exchange(&load, &page.login)?;
        let loaded = loaded.ok_or_else(|| broken("nobody listens"))?;
        let shown = String::from_utf8_lossy(&loaded.body);
        let token = between(&shown, "name=\"token\" value=\"", "\"");
        let cookie = loaded.values("set-cookie").next();
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        let (Some(token), Some(cookie)) = (token, cookie) else {
            return Err(broken(loaded.first()));
        };
        let mut body = format!("token={}", encoded(token));
        for (name, value) in &page.params {
            let value = self.site.fill(value);
            body.push_str(&format!("&{}={}", encoded(name), encoded(&value)));
        }
        let sent = Sent {
            target: &target,
            headers: &[("Cookie".to_owned(), cookie.to_owned())],
            body: Some(&body),
        };
        let heard = self.exchange(&sent, &page.login)?;
        let status = heard.and_then(|heard| heard.status());
        let wanted = if page.stored { 303 } else { 422 };
        judged("the page", status, Some(wanted))?;
        self.status().map(drop)
    }

    /// Sends a request; `None` if nobody listens.
    fn exchange(&mut self, sent: &Sent<'_>, login: &Login) -> Result<Option<Heard>, Halt> {
        let status = self.status()?;
        let at = status.pointer("/listen/web").and_then(Value::as_str);
        let Some(at) = at else {
            return Ok(None);
        };
        self.notified += 1;
        let heard = match login {
            Some((user, password)) => sent.as_user(at, (user, password), self.notified),
            None => sent.to(at),
        };
        match heard {
            Ok(heard) => Ok(Some(heard)),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
            Err(error) => Err(Halt::Broken(format!(
                "the phone cannot be visited: {error}"
            ))),
        }
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let (_, after) = text.split_once(from)?;
    after.split_once(to).map(|(found, _)| found)
}

/// A text as forms have it.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}
