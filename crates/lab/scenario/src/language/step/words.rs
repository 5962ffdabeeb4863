//! The words of steps, and the keys that belong to them.

/// What may be done, with the keys that belong to it.
pub(super) const DO: [(&str, &[&str]); 25] = [
    ("boot", &[]),
    ("power-off", &[]),
    ("power-cycle", &[]),
    ("wait", &["for"]),
    ("resync", &["rule", "by"]),
    ("set", &["params", "by"]),
    ("upgrade", &["rule"]),
    ("report", &["by"]),
    ("problem-report", &["by"]),
    ("reboot", &["by"]),
    ("notify", &["event", "body", "user", "uid", "pwd", "answer"]),
    (
        "visit",
        &[
            "path", "body", "headers", "uid", "pwd", "answer", "like", "unlike",
        ],
    ),
    ("submit", &["params", "uid", "pwd", "stored"]),
    ("factory-reset", &[]),
    ("line", &["line", "is"]),
    ("registration", &["line", "is"]),
    ("clock", &["at"]),
    (
        "file",
        &[
            "path", "set", "text", "gzip", "key", "digest", "ikm", "load", "name", "family",
            "counter", "stranger",
        ],
    ),
    ("remove-file", &["path"]),
    ("fault", &["path", "fault"]),
    ("clear-fault", &["path"]),
    ("address", &["ip"]),
    ("external-address", &["ip"]),
    ("certificate", &["installed"]),
    ("options", &["options"]),
];

/// What may be expected, with the keys that belong to it.
pub(super) const EXPECT: [(&str, &[&str]); 13] = [
    (
        "request",
        &["url", "prvst", "method", "head", "within", "at", "after"],
    ),
    ("no-request", &["url", "for"]),
    ("syslog", &["text", "severity", "within", "at", "after"]),
    ("no-syslog", &["text", "for"]),
    ("event", &["event", "fields", "within", "at", "after"]),
    ("no-event", &["event", "fields", "for"]),
    ("reboot", &["reason", "within", "at", "after"]),
    ("no-reboot", &["for"]),
    ("outcome", &["is", "err", "within", "at", "after"]),
    ("param", &["name", "is", "like", "within", "at", "after"]),
    ("state", &["is", "within", "at", "after"]),
    ("timer", &["timer", "in", "within", "at", "after"]),
    ("no-timer", &["within", "at", "after"]),
];

/// The states of the resync machine.
pub(super) const STATES: [(&str, &str); 7] = [
    ("off", "off"),
    ("dormant", "dormant"),
    ("boot-delay", "boot-delay"),
    ("waiting", "waiting"),
    ("error-wait", "error-wait"),
    ("due", "due"),
    ("running", "running"),
];

pub(super) const TIMERS: [(&str, &str); 4] = [
    ("boot-delay", "boot-delay"),
    ("periodic", "periodic"),
    ("daily", "daily"),
    ("retry", "retry"),
];

/// Events that every device tells that tells events; a restart is a step of its own.
pub(super) const EVENTS: [&str; 41] = [
    "account.setup",
    "activation.code",
    "ca.fault",
    "ca.installed",
    "ca.removed",
    "ca.started",
    "ca.unchanged",
    "command.refused",
    "edit.busy",
    "edit.done",
    "fetch.done",
    "fetch.started",
    "log.sent",
    "profile.applied",
    "profile.failed",
    "profile.held",
    "problem-report.done",
    "problem-report.fault",
    "problem-report.refused",
    "problem-report.sent",
    "problem-report.started",
    "reboot.loop",
    "report.done",
    "report.fault",
    "report.nothing",
    "report.refused",
    "report.sent",
    "report.started",
    "resync.done",
    "resync.started",
    "rule.fault",
    "timer.armed",
    "server.changed",
    "tls.unset-clock",
    "trigger.fault",
    "upgrade.done",
    "upgrade.fault",
    "upgrade.not-needed",
    "upgrade.refused",
    "upgrade.retry",
    "upgrade.started",
];

/// How a server can be asked.
pub(super) const METHODS: [(&str, &str); 7] = [
    ("CONNECT", "CONNECT"),
    ("GET", "GET"),
    ("HEAD", "HEAD"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("RRQ", "RRQ"),
    ("WRQ", "WRQ"),
];
