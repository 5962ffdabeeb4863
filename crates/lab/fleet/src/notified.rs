//! Phones by the addresses that they are notified at.

use std::net::IpAddr;

use onhook_driver::Asker;
use onhook_phone::Asked;
use onhook_sip::Directory;
use tokio::sync::mpsc;

use crate::Plan;

/// Requests of one phone that wait for the reactor.
const WAITING: usize = 4;

/// Finds phones by their source.
pub(crate) struct ByAddress {
    pub(crate) plan: Plan,
    pub(crate) asker: Asker,
}

impl Directory for ByAddress {
    fn find(&self, address: IpAddr) -> Option<mpsc::Sender<Asked>> {
        let phone = self.plan.place_at(address)?;
        let (sender, mut asked) = mpsc::channel::<Asked>(WAITING);
        let asker = self.asker.clone();
        // It ends when nobody can ask this phone any more.
        tokio::spawn(async move {
            while let Some(asked) = asked.recv().await {
                asker.ask(phone, asked);
            }
        });
        Some(sender)
    }
}
