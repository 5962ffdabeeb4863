//! The fake of what the network says passes the contract suite.

use async_trait::async_trait;
use onhook_discovery::Learned;
use onhook_discovery::port::OptionSource;
use onhook_testkit::contract::{self, OptionSourceFixture, SourceKind};
use onhook_testkit::fake::{FakeNetwork, FakeOptionSource};

#[derive(Default)]
struct Saying(Option<FakeNetwork>);

#[async_trait]
impl OptionSourceFixture for Saying {
    async fn open(&mut self, says: Option<&Learned>) -> Box<dyn OptionSource> {
        let (network, source) = FakeOptionSource::new(says.cloned());
        self.0 = Some(network);
        Box::new(source)
    }

    async fn say(&mut self, says: Option<&Learned>) {
        if let Some(network) = &self.0 {
            network.say(says.cloned());
        }
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Follows
    }
}

#[tokio::test(start_paused = true)]
async fn the_fake_option_source_keeps_the_contract() {
    contract::option_source(&mut Saying::default()).await;
}
