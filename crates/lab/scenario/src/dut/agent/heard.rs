//! What the server hears and what the phone tells, put together.

use std::time::{Duration, Instant};

use onhook_prov_server::{Access, ServerEvent};
use serde_json::Value;

use super::{ANSWER, AgentPhone};
use crate::dut::ear::{Came, Hears, path};
use crate::dut::{Halt, Seen, event};

/// How long a request waits for the event that tells of it; the event comes first, by another way.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a phone may take from telling of a restart to doing it.
const RESTART: Duration = Duration::from_secs(1);
/// The status with which the program ends for a boot loader to bring up another load.
const NEW_LOAD: i32 = 4;

impl AgentPhone {
    pub(super) fn take(&mut self, came: Came) -> Result<(), Halt> {
        match came {
            Came::Server(event) => self.server(*event),
            Came::Line(line) => self.line(&line)?,
            Came::Ended(life) if self.child.is_some() && life == self.lives => {
                let why = self.last_words();
                return Err(Halt::Broken(format!("the program ended by itself{why}")));
            }
            // The power was cut.
            Came::Ended(_) => {}
        }
        Ok(())
    }

    fn server(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Request(access) => {
                let path = path(&access).unwrap_or_default();
                let firmware = self.firmware.as_ref();
                // It belongs to the request for its load.
                if !firmware.is_some_and(|firmware| firmware.is_component(&path)) {
                    self.held.push_back((access, Instant::now()));
                }
            }
            ServerEvent::Syslog(said) => self.ear.syslog(&said),
            ServerEvent::Handshake(_) | ServerEvent::Fault(_) | ServerEvent::Missed(_) => {}
        }
    }

    /// Tells of requests once the phone has told of them too, so that their cause is known.
    pub(super) fn release(&mut self) {
        while let Some((access, came)) = self.held.pop_front() {
            let told = self.told(&access);
            if told.is_none() && came.elapsed() < PATIENCE {
                self.held.push_front((access, came));
                return;
            }
            let prvst = told.unwrap_or(self.prvst);
            self.ear.request(&self.site, &access, prvst);
        }
    }

    /// `$PRVST` of the request, if the phone has told of it.
    fn told(&mut self, access: &Access) -> Option<Option<i8>> {
        let target = access.target.as_ref()?.trim_start_matches('/');
        let same = |(url, _): &(String, Option<i8>)| url.ends_with(target);
        let place = self.asked.iter().position(same)?;
        self.asked.remove(place).map(|(_, prvst)| prvst)
    }

    fn line(&mut self, line: &str) -> Result<(), Halt> {
        let told: Value = serde_json::from_str(line)
            .map_err(|error| Halt::Broken(format!("an event is no JSON: {error}")))?;
        let mut fields = event::fields(&told);
        for own in ["t", "wall"] {
            fields.remove(own);
        }
        let name = fields.remove("event").unwrap_or_default();
        match name.as_str() {
            "resync.started" => {
                self.prvst = fields.get("prvst").and_then(|text| text.parse().ok());
            }
            "fetch.started" | "upgrade.started" => {
                let url = fields.get("url").cloned().unwrap_or_default();
                self.asked.push_back((url, self.prvst));
            }
            "reboot" => {
                let reason = self.reboot_reason()?;
                self.ear.see(Seen::Reboot { reason });
                return Ok(());
            }
            _ => {}
        }
        self.ear.see(Seen::Event { name, fields });
        Ok(())
    }

    /// Why it restarted, as its history says once it is up again.
    fn reboot_reason(&mut self) -> Result<Option<String>, Halt> {
        let (life, soon) = (self.lives, Instant::now() + RESTART);
        let end = Instant::now() + ANSWER;
        while Instant::now() < end && !self.is_stopped() {
            self.start_what_is_new()?;
            // One with slots may have to end first, and tells of the restart before until then.
            let is_over = self.firmware.is_none() || life != self.lives || Instant::now() > soon;
            if let Ok(status) = self.status() {
                let newest = status.pointer("/history/0").cloned().unwrap_or_default();
                if is_over || newest != self.restarted {
                    let reason = newest.get("reason").and_then(Value::as_str);
                    let reason = reason.map(str::to_owned);
                    self.restarted = newest;
                    return Ok(reason);
                }
            }
            // It listens again in a moment; what comes meanwhile is taken then.
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(None)
    }

    /// Does what a boot loader does once the phone has ended for its sake.
    fn start_what_is_new(&mut self) -> Result<(), Halt> {
        let ended = match (&self.firmware, &mut self.child) {
            (Some(_), Some(child)) => child.try_wait().ok().flatten(),
            (None, _) | (_, None) => None,
        };
        match ended.and_then(|ended| ended.code()) {
            Some(NEW_LOAD) => self.come_up(),
            Some(_) | None => Ok(()),
        }
    }
}
