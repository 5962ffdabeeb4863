//! Several sources of requests as one.

use std::future::poll_fn;
use std::task::Poll;

use async_trait::async_trait;
use onhook_phone::Asked;
use onhook_phone::port::CommandSource;

/// Sources; the first that has a request is heard, those in front first.
pub(crate) struct Sources(pub(crate) Vec<Box<dyn CommandSource>>);

#[async_trait]
impl CommandSource for Sources {
    async fn next(&mut self) -> Option<Asked> {
        let mut waits: Vec<_> = self
            .0
            .iter_mut()
            .map(|source| Some(source.next()))
            .collect();
        poll_fn(|cx| {
            let mut open = false;
            for wait in &mut waits {
                match wait.as_mut().map(|waits| waits.as_mut().poll(cx)) {
                    Some(Poll::Ready(Some(asked))) => return Poll::Ready(Some(asked)),
                    // It has ended, and the others go on.
                    Some(Poll::Ready(None)) => *wait = None,
                    Some(Poll::Pending) => open = true,
                    None => {}
                }
            }
            if open {
                Poll::Pending
            } else {
                Poll::Ready(None)
            }
        })
        .await
    }
}
