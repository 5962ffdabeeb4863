//! Effects as short texts.

use std::fmt::Write as _;

use onhook_params::{Scope, ValueId, Values};
use onhook_phone::{
    Committed, Effect, Gate, Lasting, LogLine, LogOp, Memory, Newcomer, Notice, Pending, Phone,
    Place, RebootEntry, ReportNotice, Request, RestartKind, Servers, Shared, StateChange, Subject,
    UpgradeNotice,
};

use crate::hide::Hide;
use crate::outcome;

/// What an effect wants, in a few words that are the same for the same effect.
pub(crate) fn text(effect: &Effect, phone: &Phone, shared: &Shared, hide: &Hide) -> String {
    let values = &shared.values;
    match effect {
        Effect::Fetch(op, request) => format!("fetch {} {}", op.number(), url(request, values)),
        Effect::FetchTrust(op, source, request) => format!(
            "fetch-ca {} {} {}",
            op.number(),
            source.name(),
            url(request, values)
        ),
        Effect::ForgetTrust => "forget-ca".to_owned(),
        Effect::Search(op, Place::Services(domain)) => {
            format!(
                "search {} services of {}",
                op.number(),
                values.text(*domain)
            )
        }
        Effect::Search(op, Place::Directory) => format!("search {} directory", op.number()),
        Effect::Cancel(op) => format!("cancel {}", op.number()),
        Effect::Commit(op) => {
            let mut text = format!("commit {}", op.number());
            if let Some(model) = phone.model(shared) {
                push_entries(&mut text, phone, *op, values, &model.scope, hide);
            }
            text
        }
        Effect::SaveState(op, change) => format!("save {} {}", op.number(), state(*change, values)),
        Effect::Log(line) => log(line, values),
        Effect::Restart(RestartKind::Cold) => "restart cold".to_owned(),
        Effect::Restart(RestartKind::Warm) => "restart warm".to_owned(),
        Effect::Upgrade(op, request) => {
            format!("upgrade {} {}", op.number(), url(request, values))
        }
        Effect::Report(op, content, request) => format!(
            "report {} {} {}",
            op.number(),
            content.name(),
            url(request, values)
        ),
        Effect::Activate(op) => format!("activate {}", op.number()),
        Effect::Erase(op) => format!("erase {}", op.number()),
        Effect::Notice(told) => notice(told, values),
    }
}

fn push_entries(
    text: &mut String,
    phone: &Phone,
    op: onhook_phone::OpId,
    values: &Values,
    scope: &Scope,
    hide: &Hide,
) {
    for entry in phone.commit_entries(op) {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}", entry.id.name());
        let _ = match entry.value {
            Some(value) => {
                let shown = hide.value(entry.id, values.expose(value), scope);
                write!(text, "={shown:?}")
            }
            None => write!(text, "=inherited"),
        };
        if let Some(access) = entry.access {
            let _ = write!(text, " ua={}", access.as_str());
        }
        if entry.mark == onhook_params::Mark::User {
            text.push_str(" user");
        }
    }
}

fn url(request: &Request, values: &Values) -> String {
    let Request {
        scheme,
        port,
        host,
        srv,
        path,
        ip: _,
        key,
        user,
        password,
        aliases,
        body,
    } = request;
    let mut text = format!(
        "{scheme} {} {port} {}",
        values.text(*host),
        values.text(*path)
    );
    if *srv {
        text.push_str(" --srv");
    }
    for (name, given) in [
        ("key", key),
        ("uid", user),
        ("pwd", password),
        ("alias", aliases),
        ("post", body),
    ] {
        if given.is_some() {
            text.push_str(" --");
            text.push_str(name);
        }
    }
    text
}

fn state(change: StateChange, values: &Values) -> String {
    match change {
        // Whose profile it was stands in the request.
        StateChange::Provisioned(_) => "provisioned".to_owned(),
        StateChange::Restarting(entry, _) => format!("restarting: {}", restart(&entry)),
        StateChange::Switching(entry, memory) => {
            format!("switching: {} {}", restart(&entry), upgrades(&memory))
        }
        StateChange::Upgrades(memory) => format!("upgrades: {}", upgrades(&memory)),
        StateChange::Servers(Servers { profile, network }) => {
            let text = |host: Option<ValueId>| host.map_or("as before", |host| values.text(host));
            format!("servers: {}, {}", text(profile), text(network))
        }
        StateChange::Booted => "booted".to_owned(),
        StateChange::Customization(state) => format!("customization: {}", state.name()),
        StateChange::Pending(None) => "pending: none".to_owned(),
        StateChange::Pending(Some(Pending::Configured)) => "pending: configured".to_owned(),
        StateChange::Pending(Some(Pending::TriggerUrl(n))) => format!("pending: trigger {n}"),
    }
}

fn restart(entry: &RebootEntry) -> String {
    let at = entry
        .at()
        .map(|at| format!(" {} {}", at.unix_s, at.offset_s));
    format!("{}{}", entry.reason.name(), at.unwrap_or_default())
}

/// Without the digests: a rule that holds a secret has another one in a replay.
fn upgrades(memory: &Memory) -> String {
    let tried = memory
        .tried
        .map_or("none", |tried| lasting(Some(tried.result)));
    format!("tried {tried}, last {}", lasting(memory.last))
}

const fn lasting(result: Option<Lasting>) -> &'static str {
    match result {
        None => "none",
        Some(Lasting::Upgraded) => "upgraded",
        Some(Lasting::BelowLimit) => "below-limit",
        Some(Lasting::WrongModel) => "wrong-model",
        Some(Lasting::BootFailed) => "boot-failed",
    }
}

fn upgrade(notice: &UpgradeNotice, values: &Values) -> String {
    match notice {
        UpgradeNotice::Started(stage, request) => {
            format!(
                "upgrade started: {} {}",
                stage.upgst(),
                url(request, values)
            )
        }
        UpgradeNotice::Done(outcome) => format!("upgrade done: {}", outcome::word(*outcome)),
        UpgradeNotice::Fault(fault) => format!("upgrade fault: {}", fault.name()),
        UpgradeNotice::Retry(at) => format!("upgrade retry: {}", at.as_millis()),
        UpgradeNotice::NotNeeded => "upgrade not needed".to_owned(),
        UpgradeNotice::Refused(gate) => format!("upgrade refused: {}", gate.name()),
    }
}

fn report(notice: &ReportNotice, values: &Values) -> String {
    match notice {
        ReportNotice::Started(why) => format!("report started: {}", why.name()),
        ReportNotice::Sending(content, request) => {
            format!("report sent: {} {}", content.name(), url(request, values))
        }
        ReportNotice::Fault(fault) => format!("report fault: {}", fault.name()),
        ReportNotice::Done(outcome) => format!("report done: {}", outcome::word(*outcome)),
        ReportNotice::Nothing => "nothing to report".to_owned(),
        ReportNotice::NotBooted => "report refused: not booted".to_owned(),
    }
}

fn log(line: &LogLine, values: &Values) -> String {
    let op = match line.op {
        LogOp::Request => "request",
        LogOp::Success => "success",
        LogOp::Failure => "failure",
    };
    let mut text = match line.subject {
        Subject::Resync => format!("log {op} prvst {}", line.prvst),
        subject @ (Subject::Upgrade
        | Subject::CustomCa
        | Subject::Report
        | Subject::ProblemReport) => {
            format!("log {} {op} prvst {}", subject.word(), line.prvst)
        }
    };
    if let Some(told) = line.told {
        text.push(' ');
        text.push_str(&outcome::word(told.outcome));
        if let Some(said) = told.said {
            let _ = write!(text, " {:?}", values.text(said));
        }
    }
    text
}

fn notice(notice: &Notice, values: &Values) -> String {
    match notice {
        Notice::ResyncStarted(cause, slot) => {
            format!("resync started: {} {}", cause.name(), slot.name())
        }
        Notice::RuleStarted(slot, request) => {
            format!("rule started: {} {}", slot.name(), url(request, values))
        }
        Notice::RuleDone {
            slot,
            outcome,
            changed,
        } => format!(
            "rule done: {} {} {changed}",
            slot.name(),
            outcome::word(*outcome)
        ),
        // Without the offset: a stand-in is not as long as its secret.
        Notice::RuleFault(slot, fault) => format!("rule fault: {} {}", slot.name(), fault.name()),
        Notice::TriggerFault(number, fault) => format!("trigger fault: {number} {}", fault.name()),
        Notice::TrustStarted(source, request) => {
            format!(
                "custom CA started: {} {}",
                source.name(),
                url(request, values)
            )
        }
        Notice::TrustFault(source, fault) => {
            format!("custom CA fault: {} {}", source.name(), fault.name())
        }
        Notice::TrustDone(source, outcome, ca) => {
            let mut text = format!(
                "custom CA done: {} {}",
                source.name(),
                outcome::word(*outcome)
            );
            if let Some(ca) = ca {
                let _ = write!(text, " {}", ca.fingerprint);
            }
            text
        }
        Notice::TrustForgotten => "custom CA forgotten".to_owned(),
        Notice::Held => "held".to_owned(),
        Notice::ResyncDone(outcome) => format!("resync done: {}", outcome::word(*outcome)),
        Notice::TimerArmed(kind, at) => format!("timer: {} {}", kind.name(), at.as_millis()),
        Notice::RestartLoop => "restart loop".to_owned(),
        Notice::AccountWanted => "profile account setup".to_owned(),
        Notice::ActivationCode => "activation code".to_owned(),
        Notice::Refused(Gate::ProvisionDisabled) => "refused: provisioning disabled".to_owned(),
        Notice::Refused(Gate::NotBooted) => "refused: not booted".to_owned(),
        Notice::Refused(Gate::SipDisabled) => "refused: not by sip".to_owned(),
        Notice::Refused(Gate::ScreenDisabled) => "refused: not by users".to_owned(),
        Notice::EditDone(Committed::Durable) => "edit done".to_owned(),
        Notice::EditDone(Committed::Failed) => "edit failed".to_owned(),
        Notice::EditBusy => "edit busy".to_owned(),
        Notice::EraseFailed => "erase failed".to_owned(),
        Notice::Upgrade(told) => upgrade(told, values),
        Notice::Report(told) => report(told, values),
        Notice::ProblemReport(told) => format!("problem {}", report(told, values)),
        Notice::ServerChanged(old, new, newcomer) => {
            let how = match newcomer {
                Newcomer::Taken => "taken",
                Newcomer::Refused => "refused",
            };
            format!(
                "server changed: {} to {}, {how}",
                values.text(*old),
                values.text(*new)
            )
        }
    }
}
