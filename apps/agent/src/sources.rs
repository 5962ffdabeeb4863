//! Several sources of requests as one.

use std::future::poll_fn;
use std::task::Poll;

use async_trait::async_trait;
use onhook_phone::Asked;
use onhook_phone::port::CommandSource;

/// Sources; the first that has a request is heard, and comes last the next time.
pub(crate) struct Sources(pub(crate) Vec<Box<dyn CommandSource>>);

#[async_trait]
impl CommandSource for Sources {
    async fn next(&mut self) -> Option<Asked> {
        let mut waits: Vec<_> = self
            .0
            .iter_mut()
            .map(|source| Some(source.next()))
            .collect();
        let heard = poll_fn(|cx| {
            let mut open = false;
            for (at, wait) in waits.iter_mut().enumerate() {
                match wait.as_mut().map(|waits| waits.as_mut().poll(cx)) {
                    Some(Poll::Ready(Some(asked))) => return Poll::Ready(Some((at, asked))),
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
        .await;
        drop(waits);
        let (at, asked) = heard?;
        // Nobody who asks without end keeps the others from being heard.
        self.0.rotate_left(at + 1);
        Some(asked)
    }
}
