//! A network that says what a test wants.

use async_trait::async_trait;
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS, News, OptionSource};
use onhook_discovery::{HeldValue, Learned};
use tokio::sync::watch;

/// An [`OptionSource`] in memory; its [`FakeNetwork`] says what it tells.
pub struct FakeOptionSource {
    says: watch::Receiver<Option<Learned>>,
    told: Option<News>,
}

/// Says what a [`FakeOptionSource`] tells. Dropping it ends the source once it has told the last.
pub struct FakeNetwork(watch::Sender<Option<Learned>>);

impl FakeOptionSource {
    /// A source whose network says this.
    #[must_use]
    pub fn new(says: Option<Learned>) -> (FakeNetwork, Self) {
        let (sender, says) = watch::channel(says);
        (FakeNetwork(sender), Self { says, told: None })
    }
}

impl FakeNetwork {
    /// Says something else from now on.
    pub fn say(&self, says: Option<Learned>) {
        self.0.send_replace(says);
    }
}

#[async_trait]
impl OptionSource for FakeOptionSource {
    async fn next(&mut self) -> Option<News> {
        loop {
            let mut says = self.says.borrow_and_update().clone();
            if let Some(says) = &mut says {
                says.options.retain(|option| match &option.value {
                    HeldValue::Wire(bytes) => bytes.len() <= LONGEST_VALUE,
                    HeldValue::Text(text) => text.len() <= LONGEST_VALUE,
                });
                says.options.truncate(MOST_OPTIONS);
            }
            let news = says.map_or(News::Nothing, News::Learned);
            if self.told.as_ref() != Some(&news) {
                self.told = Some(news.clone());
                return Some(news);
            }
            self.says.changed().await.ok()?;
        }
    }
}
