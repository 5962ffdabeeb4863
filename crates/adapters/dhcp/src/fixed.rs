//! Options that never change.

use async_trait::async_trait;
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS, News, OptionSource};
use onhook_discovery::{HeldValue, Learned};

/// Options that somebody has written down: they are told once.
pub struct FixedOptions(Option<News>);

impl FixedOptions {
    /// A source of these options; without any it tells that there is nothing.
    #[must_use]
    pub fn new(mut learned: Learned) -> Self {
        learned.options.retain(|option| match &option.value {
            HeldValue::Wire(bytes) => bytes.len() <= LONGEST_VALUE,
            HeldValue::Text(text) => text.len() <= LONGEST_VALUE,
        });
        learned.options.truncate(MOST_OPTIONS);
        let news = match learned == Learned::default() {
            true => News::Nothing,
            false => News::Learned(learned),
        };
        Self(Some(news))
    }
}

#[async_trait]
impl OptionSource for FixedOptions {
    async fn next(&mut self) -> Option<News> {
        self.0.take()
    }
}
