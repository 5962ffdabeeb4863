//! Reading steps.

use std::collections::BTreeMap;
use std::net::IpAddr;

use onhook_device::suggest;

use onhook_params::Scope;
use onhook_phone::{LineUse, Registration};

use super::words::{DO, EVENTS, EXPECT, METHODS, STATES, TIMERS};
use super::{
    Anchor, By, Do, Expect, Expected, Fact, Notification, Pattern, Severity, Step, Submission,
    Timing, Value, Visit, What,
};
use crate::language::content;
use crate::language::given::{clock, options, parameter, parameters, path};
use crate::language::glob::Glob;
use crate::language::problem::Problem;
use crate::language::table::{Item, Table};
use crate::language::time::{Span, Window};

const LINE: &str = "1 to 16";

/// Reads one step; `before` are the steps before it.
pub(crate) fn step(item: Item<'_>, before: &[Step], scope: &Scope) -> Result<Step, Problem> {
    let table = item.table()?;
    let what = match (table.get("do"), table.get("expect")) {
        (Some(word), None) => What::Do(action(table, word, scope)?),
        (None, Some(word)) => What::Expect(expectation(table, word, before, scope)?),
        (Some(_), Some(word)) => {
            return Err(word.strange("write `do` or `expect`, not both in one step"));
        }
        (None, None) => {
            let keys: Vec<&str> = table.items().map(Item::key).collect();
            let hint = match keys.first() {
                Some(key) => suggest(key, &["do", "expect"]),
                None => String::new(),
            };
            return Err(table.wrong(format!("a step begins with `do` or `expect`{hint}")));
        }
    };
    let name = table.get("as").map(Item::text).transpose()?;
    let (line, column) = table.place();
    Ok(Step {
        line,
        column,
        name: name.map(str::to_owned),
        what,
    })
}

/// Finds the word of a step and refuses keys that do not belong to it.
fn known<'k>(
    table: Table<'_>,
    word: Item<'_>,
    words: &[(&'k str, &[&str])],
) -> Result<&'k str, Problem> {
    let text = word.text()?;
    let Some((name, keys)) = words.iter().find(|(name, _)| *name == text) else {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let hint = suggest(text, &names);
        return Err(word.wrong(format!("unknown word `{text}`{hint}")));
    };
    let mut keys = keys.to_vec();
    keys.extend([word.key(), "as"]);
    table.only(&keys)?;
    Ok(name)
}

fn action(table: Table<'_>, word: Item<'_>, scope: &Scope) -> Result<Do, Problem> {
    Ok(match known(table, word, &DO)? {
        "boot" => Do::Boot,
        "power-off" => Do::PowerOff,
        "power-cycle" => Do::PowerCycle,
        "wait" => Do::Wait(table.need("for")?.parse::<Span>()?.0),
        "resync" => Do::Resync(text(table, "rule")?, by(table)?),
        "set" => Do::Set(parameters(table.need("params")?, scope)?, by(table)?),
        "upgrade" => Do::Upgrade(text(table, "rule")?),
        "report" => Do::Report(by(table)?),
        "problem-report" => Do::ProblemReport(by(table)?),
        "reboot" => Do::Reboot(by(table)?),
        "notify" => Do::Notify(notification(table)?),
        "visit" => Do::Visit(visit(table)?),
        "submit" => Do::Submit(Submission {
            params: parameters(table.need("params")?, scope)?,
            login: login(table)?,
            stored: table.get("stored").map_or(Ok(true), Item::flag)?,
        }),
        "factory-reset" => Do::FactoryReset,
        "line" => Do::Line(
            line(table)?,
            table.need("is")?.word(&[
                ("idle", LineUse::Idle),
                ("busy", LineUse::Busy),
                ("emergency", LineUse::Emergency),
            ])?,
        ),
        "registration" => Do::Registration(
            line(table)?,
            table.need("is")?.word(&[
                ("disabled", Registration::Disabled),
                ("registered", Registration::Registered),
                ("unregistered", Registration::Unregistered),
            ])?,
        ),
        "clock" => Do::Clock(clock(table.need("at")?)?),
        "file" => {
            let item = table.need("path")?;
            Do::File(path(item, item.text()?)?, content::of(table)?)
        }
        "remove-file" => {
            let item = table.need("path")?;
            Do::RemoveFile(path(item, item.text()?)?)
        }
        "fault" => Do::Fault(place(table)?, table.need("fault")?.parse()?),
        "clear-fault" => Do::ClearFault(place(table)?),
        "address" => Do::Address(address(table)?),
        "external-address" => Do::ExternalAddress(address(table)?),
        "certificate" => Do::Certificate(table.need("installed")?.flag()?),
        _ => Do::Options(options(table.need("options")?)?.into_iter().collect()),
    })
}

fn expectation(
    table: Table<'_>,
    word: Item<'_>,
    before: &[Step],
    scope: &Scope,
) -> Result<Expect, Problem> {
    let name = known(table, word, &EXPECT)?;
    let happens = |pattern| Ok(Expected::Happens(pattern));
    let absent = |pattern| {
        let span = table.need("for")?.parse::<Span>()?.0;
        Ok(Expected::Absent(pattern, span))
    };
    let what = match name {
        "request" => happens(request(table)?),
        "no-request" => absent(request(table)?),
        "syslog" => happens(syslog(table)?),
        "no-syslog" => absent(syslog(table)?),
        "event" => happens(event(table)?),
        "no-event" => absent(event(table)?),
        "reboot" => happens(Pattern::Reboot {
            reason: glob(table, "reason")?,
        }),
        "no-reboot" => absent(Pattern::Reboot { reason: None }),
        "outcome" => happens(outcome(table)?),
        "param" => param(table, scope).map(Expected::Holds),
        "state" => {
            let state = table.need("is")?.word(&STATES)?;
            Ok(Expected::Holds(Fact::State(state.to_owned())))
        }
        "timer" => {
            let timer = table.need("timer")?.word(&TIMERS)?.to_owned();
            let left = table.get("in").map(moment).transpose()?;
            Ok(Expected::Holds(Fact::Timer(timer, left)))
        }
        _ => Ok(Expected::Holds(Fact::NoTimer)),
    }?;
    Ok(Expect {
        what,
        timing: timing(table, before)?,
    })
}

/// A window, or one moment.
fn moment(item: Item<'_>) -> Result<Window, Problem> {
    if item.text()?.contains("..") {
        return item.parse();
    }
    Ok(Window::exactly(item.parse::<Span>()?.0))
}

fn timing(table: Table<'_>, before: &[Step]) -> Result<Timing, Problem> {
    let window = match (table.get("within"), table.get("at")) {
        (Some(_), Some(at)) => return Err(at.strange("write `within` or `at`, not both")),
        (Some(within), None) => Some(within.parse::<Window>()?),
        (None, Some(at)) => Some(Window::exactly(at.parse::<Span>()?.0)),
        (None, None) => None,
    };
    let after = match table.get("after") {
        None => Anchor::Previous,
        Some(item) if window.is_none() => {
            return Err(item.strange("`after` says from where a window counts: write `within` too"));
        }
        Some(item) => match item.text()? {
            "boot" => Anchor::Boot,
            name => {
                let named = |step: &Step| step.name.as_deref() == Some(name);
                let at = before.iter().position(named);
                Anchor::Step(at.ok_or_else(|| {
                    let names = before.iter().filter_map(|step| step.name.as_deref());
                    let names: Vec<&str> = names.chain(["boot"]).collect();
                    let hint = suggest(name, &names);
                    item.wrong(format!("no step before this one is called `{name}`{hint}"))
                })?)
            }
        },
    };
    Ok(Timing { window, after })
}

fn request(table: Table<'_>) -> Result<Pattern, Problem> {
    let prvst = table.get("prvst").map(|item| {
        let number: i8 = item.whole("-1 to 2")?;
        match number {
            -1..=2 => Ok(number),
            _ => Err(item.wrong("write a whole number, -1 to 2")),
        }
    });
    let method = table.get("method").map(|item| item.word(&METHODS));
    let head = table.get("head").map(|item| {
        let lines = item.texts()?;
        match lines.is_empty() {
            true => Err(item.wrong("write one line at least: no request is without one")),
            false => Ok(lines.into_iter().map(Glob::new).collect()),
        }
    });
    Ok(Pattern::Request {
        url: table.get("url").map(url).transpose()?,
        prvst: prvst.transpose()?,
        method: method.transpose()?.map(str::to_owned),
        head: head.transpose()?,
    })
}

fn syslog(table: Table<'_>) -> Result<Pattern, Problem> {
    let severity = table.get("severity").map(|item| {
        item.word(&[
            ("info", Severity::Info),
            ("warning", Severity::Warning),
            ("error", Severity::Error),
        ])
    });
    Ok(Pattern::Syslog {
        text: glob(table, "text")?,
        severity: severity.transpose()?,
    })
}

fn event(table: Table<'_>) -> Result<Pattern, Problem> {
    let mut fields = BTreeMap::new();
    if let Some(item) = table.get("fields") {
        for field in item.table()?.items() {
            let text = match field.is_text() {
                true => field.text()?.to_owned(),
                false => field.whole::<i64>("or a text in quotes")?.to_string(),
            };
            fields.insert(field.key().to_owned(), Glob::new(text));
        }
    }
    Ok(Pattern::Event {
        name: table
            .need("event")?
            .word(&EVENTS.map(|name| (name, name)))?
            .to_owned(),
        fields,
    })
}

/// The event at the end of a resync.
fn outcome(table: Table<'_>) -> Result<Pattern, Problem> {
    let mut fields = BTreeMap::new();
    for (key, field) in [("is", "outcome"), ("err", "err")] {
        if let Some(glob) = glob(table, key)? {
            fields.insert(field.to_owned(), glob);
        }
    }
    Ok(Pattern::Event {
        name: "resync.done".to_owned(),
        fields,
    })
}

fn param(table: Table<'_>, scope: &Scope) -> Result<Fact, Problem> {
    let item = table.need("name")?;
    let name = item.text()?;
    parameter(item, name, scope)?;
    let value = match (table.get("is"), table.get("like")) {
        (Some(is), None) => Value::Is(is.text()?.to_owned()),
        (None, Some(like)) => Value::Like(Glob::new(like.text()?)),
        (Some(_), Some(like)) => return Err(like.strange("write `is` or `like`, not both")),
        (None, None) => return Err(table.wrong("write `is` with a value, or `like` with a form")),
    };
    Ok(Fact::Param(name.to_owned(), value))
}

fn notification(table: Table<'_>) -> Result<Notification, Problem> {
    let plain = |key| Ok::<_, Problem>(text(table, key)?.unwrap_or_default());
    Ok(Notification {
        event: table.need("event")?.text()?.to_owned(),
        body: plain("body")?,
        user: plain("user")?,
        login: login(table)?,
        answer: answer(table)?,
    })
}

fn visit(table: Table<'_>) -> Result<Visit, Problem> {
    let item = table.need("path")?;
    let path = line_of(item)?;
    if !path.starts_with('/') {
        return Err(item.wrong("write a path that begins with /"));
    }
    let mut headers = Vec::new();
    if let Some(given) = table.get("headers") {
        for header in given.table()?.items() {
            headers.push((header.key().to_owned(), line_of(header)?));
        }
    }
    Ok(Visit {
        path,
        body: text(table, "body")?,
        headers,
        login: login(table)?,
        answer: answer(table)?,
        like: glob(table, "like")?,
        unlike: glob(table, "unlike")?,
    })
}

/// A text that is sent within a line.
fn line_of(item: Item<'_>) -> Result<String, Problem> {
    let text = item.text()?;
    match text.contains(char::is_control) {
        true => Err(item.wrong("write it without control characters")),
        false => Ok(text.to_owned()),
    }
}

/// User and password.
fn login(table: Table<'_>) -> Result<Option<(String, String)>, Problem> {
    match (text(table, "uid")?, text(table, "pwd")?) {
        (Some(user), Some(password)) => Ok(Some((user, password))),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(table.wrong("a login has both `uid` and `pwd`")),
    }
}

/// The status that has to come; 200 if nothing is said.
fn answer(table: Table<'_>) -> Result<Option<u16>, Problem> {
    match table.get("answer") {
        None => Ok(Some(200)),
        Some(item) if item.is_text() && item.text()? == "none" => Ok(None),
        Some(item) => Ok(Some(item.whole("or \"none\"")?)),
    }
}

fn text(table: Table<'_>, key: &str) -> Result<Option<String>, Problem> {
    let text = table.get(key).map(Item::text).transpose()?;
    Ok(text.map(str::to_owned))
}

fn glob(table: Table<'_>, key: &str) -> Result<Option<Glob>, Problem> {
    Ok(text(table, key)?.map(Glob::new))
}

fn by(table: Table<'_>) -> Result<By, Problem> {
    const WORDS: [(&str, By); 4] = [
        ("control", By::Control),
        ("page", By::Page),
        ("sip", By::Sip),
        ("menu", By::Menu),
    ];
    let by = table.get("by").map(|item| item.word(&WORDS));
    Ok(by.transpose()?.unwrap_or(By::Control))
}

fn line(table: Table<'_>) -> Result<u8, Problem> {
    let item = table.need("line")?;
    let line: u8 = item.whole(LINE)?;
    match line {
        1..=16 => Ok(line),
        _ => Err(item.wrong(format!("write a whole number, {LINE}"))),
    }
}

/// Where a fault is; everywhere if nothing is said.
fn place(table: Table<'_>) -> Result<Glob, Problem> {
    table.get("path").map_or_else(|| Ok(Glob::new("*")), url)
}

/// A path, a whole URL, or the form of one.
fn url(item: Item<'_>) -> Result<Glob, Problem> {
    let text = item.text()?;
    match text.starts_with(['/', '*', '{']) || text.contains("://") {
        true => Ok(Glob::new(text)),
        false => Err(item.wrong("write a path that begins with /, a whole URL, or *")),
    }
}

fn address(table: Table<'_>) -> Result<Option<IpAddr>, Problem> {
    let item = table.need("ip")?;
    match item.text()? {
        "none" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| item.wrong(format!("`{text}` is no IP address: write one, or none"))),
    }
}
