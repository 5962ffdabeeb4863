//! The obligations of [`OptionSource`].

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use async_trait::async_trait;
use onhook_discovery::port::{FIRST_NEWS, LONGEST_VALUE, News, OptionSource};
use onhook_discovery::{HeldOption, HeldValue, Learned, Space};
use tokio::time::timeout;

/// Longer than anything that lies between two states of a network: a lease, and its renewal after a loss.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

/// A source with the network behind it. The suite is to be run in virtual time.
#[async_trait]
pub trait OptionSourceFixture: Send {
    /// Opens the source under test on a network that says this; every source opened before has been dropped.
    async fn open(&mut self, says: Option<&Learned>) -> Box<dyn OptionSource>;

    /// Lets the network of the source opened last say something else.
    async fn say(&mut self, says: Option<&Learned>);

    /// What this source can do.
    fn kind(&self) -> SourceKind;
}

/// What a source can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SourceKind {
    /// It tells once, and knows no address.
    Once,
    /// It follows the network, and knows the address.
    Follows,
    /// The same, but what was said holds until something else is said.
    Remembers,
}

/// Checks a source against every obligation of the port.
pub async fn option_source(fixture: &mut dyn OptionSourceFixture) {
    what_the_network_says_is_told_whole(fixture).await;
    a_silent_network_is_told_in_time(fixture).await;
    a_value_that_is_too_long_is_left_out(fixture).await;
    if fixture.kind() == SourceKind::Once {
        let mut source = fixture.open(Some(&learned(fixture, 7, "a"))).await;
        assert!(soon(&mut *source).await.is_some());
        assert_eq!(soon(&mut *source).await, None, "it has told everything");
        return;
    }
    a_network_that_speaks_later_is_heard(fixture).await;
    each_change_is_told_once_and_whole(fixture).await;
    waiting_can_be_given_up_and_taken_up_again(fixture).await;
}

/// A state of the network that can be recognised.
fn learned(fixture: &dyn OptionSourceFixture, address: u8, name: &str) -> Learned {
    let option = |code, value: Vec<u8>| HeldOption {
        space: Space::V4,
        code,
        value: HeldValue::Wire(value),
    };
    let long = format!("http://{name}.example/{}", "p".repeat(300));
    Learned {
        address: (fixture.kind() != SourceKind::Once)
            .then_some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, address))),
        options: vec![
            option(43, vec![1, 2, b'\\', b'"', 0, 255]),
            option(150, vec![10, 0, 0, 5, 10, 0, 0, address]),
            option(160, long.into_bytes()),
        ],
    }
}

async fn soon(source: &mut dyn OptionSource) -> Option<News> {
    match timeout(PATIENCE, source.next()).await {
        Ok(news) => news,
        Err(_) => panic!("no news within {PATIENCE:?}"),
    }
}

#[track_caller]
fn assert_says(news: Option<News>, says: Option<&Learned>) {
    match (news, says) {
        (Some(News::Nothing), None) => {}
        (Some(News::Learned(news)), Some(says)) => assert!(
            news == *says,
            "told {news:?}, and the network says {says:?}"
        ),
        (news, says) => panic!("told {news:?}, and the network says {says:?}"),
    }
}

async fn what_the_network_says_is_told_whole(fixture: &mut dyn OptionSourceFixture) {
    let says = learned(fixture, 7, "a");
    let mut source = fixture.open(Some(&says)).await;
    let Ok(first) = timeout(FIRST_NEWS, source.next()).await else {
        panic!("the first news did not come within {FIRST_NEWS:?}");
    };
    assert_says(first, Some(&says));
}

async fn a_silent_network_is_told_in_time(fixture: &mut dyn OptionSourceFixture) {
    let mut source = fixture.open(None).await;
    let Ok(first) = timeout(FIRST_NEWS, source.next()).await else {
        panic!("a silent network was not told within {FIRST_NEWS:?}");
    };
    assert_says(first, None);
}

async fn a_value_that_is_too_long_is_left_out(fixture: &mut dyn OptionSourceFixture) {
    let mut says = learned(fixture, 7, "a");
    says.options.push(HeldOption {
        space: Space::V4,
        code: 161,
        value: HeldValue::Wire(vec![b'x'; LONGEST_VALUE + 1]),
    });
    let mut source = fixture.open(Some(&says)).await;
    let Some(news) = soon(&mut *source).await else {
        panic!("the source ended");
    };
    if let News::Learned(learned) = news {
        assert!(
            learned.options.iter().all(|option| option.code != 161),
            "a value of more than {LONGEST_VALUE} octets was told"
        );
    }
}

async fn a_network_that_speaks_later_is_heard(fixture: &mut dyn OptionSourceFixture) {
    let mut source = fixture.open(None).await;
    assert_says(soon(&mut *source).await, None);
    let says = learned(fixture, 8, "b");
    fixture.say(Some(&says)).await;
    assert_says(soon(&mut *source).await, Some(&says));
}

async fn each_change_is_told_once_and_whole(fixture: &mut dyn OptionSourceFixture) {
    let first = learned(fixture, 7, "a");
    let mut source = fixture.open(Some(&first)).await;
    assert_says(soon(&mut *source).await, Some(&first));
    // The same again is no news.
    fixture.say(Some(&first)).await;
    let options = learned(fixture, 7, "b");
    assert!(
        timeout(Duration::from_secs(3600), source.next())
            .await
            .is_err(),
        "news without a change"
    );
    fixture.say(Some(&options)).await;
    assert_says(soon(&mut *source).await, Some(&options));
    let address = learned(fixture, 9, "b");
    fixture.say(Some(&address)).await;
    // Between two addresses there may be none.
    let news = match soon(&mut *source).await {
        Some(News::Nothing) => soon(&mut *source).await,
        news => news,
    };
    assert_says(news, Some(&address));
    fixture.say(None).await;
    if fixture.kind() == SourceKind::Follows {
        assert_says(soon(&mut *source).await, None);
    }
}

async fn waiting_can_be_given_up_and_taken_up_again(fixture: &mut dyn OptionSourceFixture) {
    let first = learned(fixture, 7, "a");
    let mut source = fixture.open(Some(&first)).await;
    assert_says(impatiently(&mut *source).await, Some(&first));
    let second = learned(fixture, 7, "b");
    fixture.say(Some(&second)).await;
    assert_says(impatiently(&mut *source).await, Some(&second));
}

/// Waits for short times until there is news.
async fn impatiently(source: &mut dyn OptionSource) -> Option<News> {
    for _ in 0..100_000 {
        if let Ok(news) = timeout(Duration::from_millis(150), source.next()).await {
            return news;
        }
    }
    panic!("no news after many waits");
}
