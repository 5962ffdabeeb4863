//! The fake of [`PeerSharing`] passes the contract suite.
#![cfg(test)]

use async_trait::async_trait;
use onhook_testkit::contract::{self, PeerSharingFixture};
use onhook_testkit::fake::FakeSubnet;
use onhook_upgrade::port::PeerSharing;

#[async_trait]
impl PeerSharingFixture for InMemory {
    async fn phone(&mut self) -> Box<dyn PeerSharing> {
        Box::new(self.0.phone())
    }

    async fn begin(&mut self) {
        self.0 = FakeSubnet::default();
    }
}

struct InMemory(FakeSubnet);

#[tokio::test]
async fn the_fake_subnet_keeps_the_contract() {
    contract::peer_sharing(&mut InMemory(FakeSubnet::default())).await;
}
