//! What the observer of a reactor is told.

use std::sync::{Arc, Mutex};

use onhook_device::Now;
use onhook_driver::{Fetched, Observer};
use onhook_phone::port::Message;
use onhook_phone::report::ResyncReport;
use onhook_phone::{Notice, RestartKind};

/// One thing that the observer of a reactor was told.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Notice(Notice, Option<String>),
    Message(Message),
    Resync(Box<ResyncReport>),
    Restart,
    Fetched(Option<Fetched>),
}

/// Everything that the observer was told: phone, millisecond, what.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<(u32, u64, Seen)>>>);

impl Diary {
    pub(crate) fn all(&self) -> Vec<(u32, u64, Seen)> {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, phone: u32, now: Now, seen: Seen) {
        let entry = (phone, now.mono.as_millis(), seen);
        self.0.lock().unwrap().push(entry);
    }
}

impl Observer for Diary {
    fn notice(&mut self, phone: u32, now: Now, notice: &Notice, url: Option<&str>) {
        self.add(phone, now, Seen::Notice(*notice, url.map(str::to_owned)));
    }

    fn message(&mut self, phone: u32, now: Now, message: &Message) {
        self.add(phone, now, Seen::Message(message.clone()));
    }

    fn resync(&mut self, phone: u32, now: Now, report: &ResyncReport) {
        self.add(phone, now, Seen::Resync(Box::new(report.clone())));
    }

    fn restart(&mut self, phone: u32, now: Now, _kind: RestartKind) {
        self.add(phone, now, Seen::Restart);
    }

    fn fetched(&mut self, phone: u32, now: Now, fetched: Option<&Fetched>) {
        self.add(phone, now, Seen::Fetched(fetched.cloned()));
    }
}
