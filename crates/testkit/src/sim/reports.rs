//! The reports of the simulated phone.

use std::net::{IpAddr, Ipv4Addr};

use onhook_fetch::Endpoint;
use onhook_phone::{Command, Content, Input, OpId, Origin, Request, Told, render};

use onhook_params::Secrecy;

use super::{Served, Sim};

/// A report that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// When, in seconds.
    pub second: u64,
    /// Where to.
    pub url: String,
    /// What it holds.
    pub content: Content,
    /// What had changed by then.
    pub changed: Vec<String>,
}

impl Sim {
    /// Asks for a report, and runs what is due at once.
    pub fn ask_report(&mut self, origin: Origin) {
        self.input(Input::Command(origin, Command::Report));
        self.run_for(0);
    }

    /// Asks for a report of a problem, and runs what is due at once.
    pub fn ask_problem_report(&mut self, origin: Origin) {
        self.input(Input::Command(origin, Command::ReportProblem));
        self.run_for(0);
    }

    pub(super) fn report(&mut self, op: OpId, content: Content, request: &Request) {
        let url = render::url(request, &self.shared.values);
        let second = self.second();
        let changed = self.phone.reported_changes(op, &self.shared);
        self.reports.push(Sent {
            second,
            url: url.clone(),
            content,
            changed: changed.iter().map(|id| id.name().to_string()).collect(),
        });
        let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        self.push(self.now_ms, Input::FetchStarted(op, Endpoint { ip }));
        let result = match (self.script)(&url, second) {
            Served::Profile(_) => Ok(()),
            Served::Fails(outcome) => Err(outcome.into()),
            Served::Says(outcome, said) => Err(Told {
                outcome,
                said: self.shared.values.intern(said, Secrecy::Plain),
            }),
        };
        let at = self.now_ms + self.fetch_s * 1000;
        self.push(at, Input::Reported(op, result));
    }
}
