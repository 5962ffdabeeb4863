//! The fakes of requests, time and chance pass the contract suites.

#![expect(clippy::expect_used, reason = "a test may end at a broken invariant")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{MonoTime, WallTime};
use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Ask};
use onhook_schedule::port::{Clock, Entropy};
use onhook_testkit::contract::{self, Asker, CommandSourceFixture, Wall};
use onhook_testkit::fake::{FakeAsker, FakeClock, FakeCommandSource, FakeEntropy, FakeReply};

#[derive(Default)]
struct Asking(Option<FakeAsker>);

#[async_trait]
impl CommandSourceFixture for Asking {
    async fn open(&mut self) -> Box<dyn CommandSource> {
        let (asker, source) = FakeCommandSource::new();
        self.0 = Some(asker);
        Box::new(source)
    }

    async fn asker(&mut self) -> Box<dyn Asker> {
        Box::new(Somebody {
            asker: self.0.clone().expect("the source is open"),
            replies: VecDeque::new(),
        })
    }

    fn no_requests(&self) -> Vec<Vec<u8>> {
        let texts = ["", "hello", "status now", "set GPP_A", "Resync", "\0"];
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
    }
}

struct Somebody {
    asker: FakeAsker,
    replies: VecDeque<FakeReply>,
}

#[async_trait]
impl Asker for Somebody {
    async fn ask(&mut self, ask: Ask) {
        self.replies.push_back(self.asker.ask(ask));
    }

    async fn send(&mut self, bytes: &[u8]) {
        let words = std::str::from_utf8(bytes).expect("the fixture sends text");
        self.replies.push_back(self.asker.say(words));
    }

    async fn answer(&mut self) -> Option<String> {
        let reply = self.replies.pop_front().expect("something was asked");
        Some(format!("{:?}", reply.answer().await?))
    }
}

#[tokio::test]
async fn the_fake_source_of_commands_keeps_the_contract() {
    contract::command_source(&mut Asking::default()).await;
}

#[tokio::test]
async fn the_fake_source_understands_words_and_ends_with_its_last_asker() {
    let (asker, mut source) = FakeCommandSource::new();
    for (words, expected) in [
        ("status", "Status"),
        ("resync", "Resync(None)"),
        ("resync http://h/p", "Resync(Some(***))"),
        ("factory-reset", "FactoryReset"),
        ("set GPP_A a b", "Set { name: \"GPP_A\", value: *** }"),
    ] {
        let reply = asker.say(words);
        let asked = source.next().await.expect("a request");
        assert_eq!(format!("{:?}", asked.ask), expected);
        asked.reply.answer(Answer::Done);
        assert_eq!(reply.answer().await, Some(Answer::Done));
    }
    drop(asker);
    assert!(source.next().await.is_none());
}

#[derive(Default)]
struct Ticking(FakeClock);

impl contract::ClockFixture for Ticking {
    fn boot(&mut self) -> Arc<dyn Clock> {
        self.0 = FakeClock::new();
        Arc::new(self.0.clone())
    }

    fn pass(&mut self) {
        self.0.advance(Duration::from_millis(700));
    }

    fn set_wall(&mut self, wall: WallTime) -> Wall {
        self.0.set_wall(Some(wall));
        Wall::Set
    }

    fn local(&self) -> Option<WallTime> {
        self.0.now().wall
    }
}

#[tokio::test]
async fn the_fake_clock_keeps_the_contract() {
    contract::clock(&mut Ticking::default()).await;
}

#[test]
fn the_wall_time_of_the_fake_clock_goes_with_the_monotonic_time() {
    let clock = FakeClock::new();
    clock.advance(Duration::from_millis(1500));
    let wall = |unix_s| {
        Some(WallTime {
            unix_s,
            offset_s: 7200,
        })
    };
    clock.set_wall(wall(100));
    clock.advance(Duration::from_secs(60));
    assert_eq!(clock.now().mono, MonoTime::from_millis(61_500));
    assert_eq!(clock.now().wall, wall(160));
    clock.set_wall(None);
    assert_eq!(clock.now().wall, None);
    assert_eq!(clock.now().mono, MonoTime::from_millis(61_500));
}

struct Seeding(u64);

impl contract::EntropyFixture for Seeding {
    fn boot(&mut self) -> Arc<dyn Entropy> {
        Arc::new(FakeEntropy(self.0))
    }

    fn configured(&self) -> Option<u64> {
        Some(self.0)
    }
}

#[test]
fn the_fake_entropy_keeps_the_contract() {
    for seed in [0, 1, u64::MAX] {
        contract::entropy(&mut Seeding(seed));
    }
}
