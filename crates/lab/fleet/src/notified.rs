//! Phones by the addresses that they are notified at.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use onhook_device::MonoTime;
use onhook_phone::Asked;
use onhook_schedule::port::Clock;
use onhook_sip::Directory;
use tokio::sync::mpsc;

use crate::Plan;
use crate::lane::Askers;

/// Requests of one phone that wait for the reactor.
const WAITING: usize = 4;

/// Finds phones by their source.
pub(crate) struct ByAddress {
    pub(crate) plan: Plan,
    pub(crate) askers: Arc<Askers>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Directory for ByAddress {
    fn find(&self, address: IpAddr) -> Option<mpsc::Sender<Asked>> {
        let phone = self.plan.place_at(address)?;
        let (sender, mut asked) = mpsc::channel::<Asked>(WAITING);
        let (askers, clock) = (Arc::clone(&self.askers), Arc::clone(&self.clock));
        // It ends when nobody can ask this phone any more.
        tokio::spawn(async move {
            while let Some(asked) = asked.recv().await {
                askers.ask(phone, asked, clock.now().mono);
            }
        });
        Some(sender)
    }

    fn ask(&self, address: IpAddr, asked: Asked, age: Duration) {
        let Some(phone) = self.plan.place_at(address) else {
            return;
        };
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let now = self.clock.now().mono.as_millis();
        let due = MonoTime::from_millis(now.saturating_sub(age));
        self.askers.ask(phone, asked, due);
    }
}
