//! What stands where nobody can follow what a phone does.

use onhook_device::Now;
use tokio::io::{AsyncBufRead, AsyncWrite};

use crate::Gap;

/// Takes the lines of the event stream, and forgets them.
#[derive(Clone)]
pub struct Followers;

impl Followers {
    /// Nobody follows, ever.
    #[must_use]
    pub const fn new(_: Gap) -> Self {
        Self
    }

    /// Whether anybody follows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        true
    }

    /// Takes one line.
    pub const fn tell(&self, _: Now, _: &str) {}

    pub(crate) const fn join(&self) -> Option<Follower> {
        None
    }
}

/// Nobody.
pub(crate) enum Follower {}

impl Follower {
    pub(crate) fn serve(
        self,
        _: &mut (impl AsyncBufRead + Unpin),
        _: &mut (impl AsyncWrite + Unpin),
    ) -> std::future::Ready<()> {
        match self {}
    }
}
