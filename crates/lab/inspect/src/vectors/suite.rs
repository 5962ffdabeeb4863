//! The suites: how each kind of vector is answered.

use std::cmp::Ordering;

use onhook_conditions::{Version, VersionError};
use onhook_device::Identity;
use onhook_params::Scope;
use onhook_rules::Url;
use onhook_schedule::DelayList;
use serde_json::{Map, Value, json};

use crate::{ExplainRequest, ModelPhone, Outcome, Secrets, expand, explain};

/// The state that vectors differ from; every other macro is empty.
const BASE: [(&str, &str); 18] = [
    ("MA", "000e08012345"),
    ("MAU", "000E08012345"),
    ("MAC", "00:0e:08:01:23:45"),
    ("PN", "CP-8841-3PCC"),
    ("PSN", "8841-3PCC"),
    ("SN", "88012BA01234"),
    ("CCERT", "Installed"),
    ("IP", "192.168.1.100"),
    ("SWVER", "sip88xx.11-3-2MPP0001-609"),
    ("HWVER", "2.0.1"),
    ("PRVST", "1"),
    ("UPGST", "1"),
    ("PRVTMR", "700"),
    ("UPGTMR", "400"),
    ("REGTMR1", "0"),
    ("REGTMR2", "0"),
    ("UPGCOND", "true"),
    ("UID1", "1000"),
];

/// What the language answers to a vector, beside what it should.
pub(super) struct Found {
    pub(super) asked: Value,
    pub(super) expected: Value,
    pub(super) answer: Value,
    /// Why the answer is an error.
    pub(super) why: Option<String>,
}

/// An answer, and why it is an error.
type Answer = (Value, Option<String>);

/// Answers a vector; the error says why it is none.
pub(super) fn answer(vector: &Value) -> Result<Found, String> {
    let id = text(vector, "id")?;
    let expected = vector.get("out").ok_or("the vector has no `out`")?.clone();
    let suite = id
        .strip_prefix("T-")
        .and_then(|rest| rest.split('-').next());
    let ask =
        |name: &'static str| Ok::<_, String>((text(vector, name)?, json!(text(vector, name)?)));
    let (asked, (answer, why)) = match suite {
        Some("MACRO") => {
            let (text, asked) = ask("in")?;
            (asked, macros(text, &phone(vector)?))
        }
        Some("COND") => {
            let (text, asked) = ask("in")?;
            (asked, condition(text, &phone(vector)?))
        }
        Some("VER") => {
            let ((a, left), (b, right)) = (ask("a")?, ask("b")?);
            (json!([left, right]), versions(a, b))
        }
        Some("RULE") => {
            let (text_of_rule, asked) = ask("in")?;
            let kind = text(vector, "kind")?.parse()?;
            let phone = phone(vector)?;
            let request = ExplainRequest {
                kind,
                text: text_of_rule,
                phone: &phone,
                scope: &Scope::default(),
                secrets: Secrets::Shown,
                at: None,
            };
            (asked, rule(&request))
        }
        Some("URL") => {
            let (text, asked) = ask("in")?;
            (asked, url(text))
        }
        Some("SCHED") => {
            let (value, asked) = ask("value")?;
            let number = vector.get("n").and_then(Value::as_u64);
            let number = number
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| *n > 0)
                .ok_or("`n` is no number from 1")?;
            (
                json!({ "n": number, "value": asked }),
                schedule(value, number),
            )
        }
        Some(_) | None => {
            return Err(format!(
                "`{id}` belongs to no suite: T-MACRO, T-COND, T-VER, T-RULE, T-URL or T-SCHED"
            ));
        }
    };
    Ok(Found {
        asked,
        expected,
        answer,
        why,
    })
}

fn text<'v>(vector: &'v Value, name: &str) -> Result<&'v str, String> {
    vector
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("the vector has no text `{name}`"))
}

/// The phone in the base state with the differences of a vector.
fn phone(vector: &Value) -> Result<ModelPhone, String> {
    let mut phone = ModelPhone::new(Identity::default());
    for (name, value) in BASE {
        phone.set_macro(name, value).map_err(|e| e.to_string())?;
    }
    let empty = Map::new();
    let state = match vector.get("st") {
        None => &empty,
        Some(Value::Object(state)) => state,
        Some(_) => return Err("`st` is no object".to_owned()),
    };
    for (name, value) in state {
        let value = value
            .as_str()
            .ok_or_else(|| format!("`st` has no text for `{name}`"))?;
        phone.set_macro(name, value).map_err(|e| e.to_string())?;
    }
    Ok(phone)
}

const ERROR: &str = "error";

fn failed(why: impl ToString) -> Answer {
    (json!(ERROR), Some(why.to_string()))
}

fn macros(text: &str, phone: &ModelPhone) -> Answer {
    let expansion = expand(text, phone, &Scope::default(), Secrets::Shown);
    (json!(expansion.expanded), None)
}

fn condition(text: &str, phone: &ModelPhone) -> Answer {
    let expanded = onhook_macros::expand_to_string(text, phone);
    let swver = onhook_macros::expand_to_string("$SWVER", phone);
    let result =
        onhook_conditions::parse(&expanded).and_then(|condition| condition.eval(&swver, &mut ()));
    match result {
        Ok(result) => (json!(result), None),
        Err(error) => failed(error),
    }
}

fn versions(a: &str, b: &str) -> Answer {
    let compare =
        || -> Result<Ordering, VersionError> { Version::parse(a)?.compare(&Version::parse(b)?) };
    match compare() {
        Ok(Ordering::Less) => (json!("<"), None),
        Ok(Ordering::Equal) => (json!("="), None),
        Ok(Ordering::Greater) => (json!(">"), None),
        Err(error) => failed(error),
    }
}

fn rule(request: &ExplainRequest<'_>) -> Answer {
    let explanation = explain(request);
    if explanation.outcome == Outcome::Error {
        let why = explanation.error.map(|error| error.message);
        return (json!(ERROR), why);
    }
    let (assignments, target) = (explanation.assignments, explanation.target);
    // What is empty is left out.
    let members = [
        ("assign", json!(assignments), !assignments.is_empty()),
        ("opts", json!(target.options), !target.options.is_empty()),
        ("sel", json!(explanation.alternative), true),
        ("url", json!(target.url), target.url.is_some()),
    ];
    let given = members.into_iter().filter(|(.., given)| *given);
    let answer: Map<_, _> = given
        .map(|(name, value, _)| (name.to_owned(), value))
        .collect();
    (Value::Object(answer), None)
}

fn url(text: &str) -> Answer {
    match Url::parse(text) {
        Ok(url) => {
            let Url {
                server, port, path, ..
            } = url;
            let scheme = url.scheme.name();
            let parts = json!({ "scheme": scheme, "server": server, "port": port, "path": path });
            (parts, None)
        }
        Err(error) => failed(error),
    }
}

fn schedule(value: &str, number: u32) -> Answer {
    let list = match DelayList::parse(value) {
        Ok(list) => list,
        Err(error) => return (json!("invalid"), Some(error.to_string())),
    };
    let mut found = None;
    for n in 0..number.min(list.len()) {
        found = list.element(n).filter(|delay| !delay.is_zero());
        //= R-SCHED-5
        // A delay of 0 ends the schedule: none comes behind it.
        if found.is_none() {
            break;
        }
    }
    let range = found.map(|delay| {
        let base = u64::from(delay.base);
        [base, base + u64::from(delay.span)]
    });
    (json!(range), None)
}
