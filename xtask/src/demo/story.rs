//! Events of server and phone, told as steps.

use serde_json::Value;

use crate::demo::at;
use crate::demo::children::Source;

/// Tells the steps of the first resync and of all that follows.
#[derive(Default)]
pub(crate) struct Story {
    finished: Option<bool>,
}

impl Story {
    /// Whether the first resync has ended, and how.
    pub(crate) const fn finished(&self) -> Option<bool> {
        self.finished
    }

    /// The lines that an event is worth.
    pub(crate) fn tell(&mut self, source: Source, event: &Value) -> Vec<String> {
        let lines = match source {
            Source::Server => server(event),
            Source::Phone => self.phone(event),
        };
        lines
            .into_iter()
            .map(|line| format!("{}  {line}", source.name()))
            .collect()
    }

    fn phone(&mut self, event: &Value) -> Vec<String> {
        let text = |key: &str| at(event, key).as_str().unwrap_or("").to_owned();
        match at(event, "event").as_str().unwrap_or("") {
            "resync.started" => vec![format!(
                "resync starts: {} (PRVST {})",
                text("cause"),
                at(event, "prvst")
            )],
            "fetch.started" => vec![format!("request   {} {}", text("param"), text("url"))],
            "fetch.done" if at(event, "ok") == true => vec![format!(
                "received  {} bytes, container {}, {}",
                at(event, "bytes"),
                text("container"),
                if at(event, "gzip") == true {
                    "gzip"
                } else {
                    "not compressed"
                }
            )],
            "profile.applied" => vec![format!(
                "applied   {}: {} parameters changed",
                text("param"),
                at(event, "changed")
            )],
            "profile.failed" => vec![format!("failed    {}: {}", text("param"), text("err"))],
            "timer.armed" => vec![format!(
                "next      {} in {} s",
                text("timer"),
                at(event, "in_s")
            )],
            "resync.done" => vec![format!(
                "resync ends: {} ({})",
                text("outcome"),
                text("err")
            )],
            "resync.report" => self.report(at(event, "report")),
            "reboot" => vec![format!("restarts  ({})", text("kind"))],
            _ => Vec::new(),
        }
    }

    fn report(&mut self, report: &Value) -> Vec<String> {
        self.finished = Some(self.finished.unwrap_or(true) && at(report, "class") == "A");
        let mut lines: Vec<String> = at(report, "changes")
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("changed   {name} = {}", value.as_str().unwrap_or("")))
            .collect();
        lines.push(format!("flash     {} writes", at(report, "flash_writes")));
        for timer in at(report, "next").as_array().into_iter().flatten() {
            let name = at(timer, "timer").as_str().unwrap_or("");
            lines.push(format!("waits     for {name}, {} s", at(timer, "in_s")));
        }
        lines
    }
}

fn server(event: &Value) -> Vec<String> {
    match at(event, "event").as_str().unwrap_or("") {
        "request" => vec![format!(
            "answered  {} {} with {}, {} bytes",
            at(event, "method").as_str().unwrap_or("-"),
            at(event, "target").as_str().unwrap_or("-"),
            at(event, "status"),
            at(event, "bytes")
        )],
        "syslog" => vec![format!(
            "syslog    {}",
            at(event, "text").as_str().unwrap_or("")
        )],
        _ => Vec::new(),
    }
}
