//! The contract suite, over loopback.

use async_trait::async_trait;
use onhook_testkit::contract::{self, PeerSharingFixture};
use onhook_upgrade::port::PeerSharing;

use super::place::Place;

struct Loopback {
    place: Place,
    phones: u8,
}

#[async_trait]
impl PeerSharingFixture for Loopback {
    async fn phone(&mut self) -> Box<dyn PeerSharing> {
        self.phones += 1;
        Box::new(self.place.phone(self.phones))
    }

    async fn begin(&mut self) {
        self.place = Place::new();
        self.phones = 0;
    }
}

//= R-PFS-1, R-PFS-2 type=test
#[tokio::test]
async fn peers_over_loopback_keep_the_contract() {
    let mut loopback = Loopback {
        place: Place::new(),
        phones: 0,
    };
    contract::peer_sharing(&mut loopback).await;
}
