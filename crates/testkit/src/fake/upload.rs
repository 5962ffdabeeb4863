//! Uploads without a network.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{
    Endpoint, ErrorKind, FetchError, Method, Submission, UPLOAD_LIMIT, UploadWatch,
};
use tokio::sync::Notify;

use super::lock;

/// The address of every fake server.
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// How a fake server answers an upload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UploadAnswer {
    /// Takes it.
    Takes,
    /// Fails; with [`ErrorKind::Dns`] the name does not resolve.
    Fails(ErrorKind),
    /// Stays silent before it has everything.
    Stalls,
    /// Has everything and stays silent.
    NeverConfirms,
}

/// How a body was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handed {
    /// How HTTP was to do it.
    pub method: Method,
    /// Its media type.
    pub content_type: String,
    /// Whether it is one of RFC 8188.
    pub aes128gcm: bool,
    /// The header that was added, with its value.
    pub header: Option<(String, String)>,
    /// The user name for challenges.
    pub user: Option<String>,
}

/// An [`Upload`] whose answers a test arranges by URL, `scheme://host:port/path`.
///
/// A URL without an answer is taken. Time limits run on the tokio clock, so paused time works.
#[derive(Default)]
pub struct FakeUpload {
    script: Mutex<Script>,
    reached: AtomicUsize,
    open: AtomicUsize,
    ended: Notify,
}

#[derive(Default)]
struct Script {
    next: BTreeMap<String, VecDeque<UploadAnswer>>,
    taken: Vec<(String, Vec<u8>)>,
    handed: Vec<Handed>,
}

impl FakeUpload {
    /// A transport that takes everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer that is given once.
    pub fn answer_next(&self, url: &str, answer: UploadAnswer) {
        let mut script = lock(&self.script);
        let answers = script.next.entry(url.to_owned()).or_default();
        answers.push_back(answer);
    }

    /// The URLs and bodies that servers have whole, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<(String, Vec<u8>)> {
        lock(&self.script).taken.clone()
    }

    /// How each body was handed over, in order of the calls.
    #[must_use]
    pub fn handed(&self) -> Vec<Handed> {
        lock(&self.script).handed.clone()
    }

    /// How many uploads reached a server.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    /// Waits until no upload is under way.
    pub async fn idle(&self) {
        loop {
            let ended = self.ended.notified();
            if self.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Carries an answer out.
    async fn give(&self, answer: UploadAnswer, url: &str, body: &[u8]) -> Result<(), ErrorKind> {
        let take = || lock(&self.script).taken.push((url.into(), body.into()));
        tokio::task::yield_now().await;
        match answer {
            UploadAnswer::Takes => {
                take();
                Ok(())
            }
            UploadAnswer::Fails(kind) => Err(kind),
            UploadAnswer::Stalls => std::future::pending().await,
            UploadAnswer::NeverConfirms => {
                take();
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl Upload for FakeUpload {
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError> {
        let Submission {
            scheme,
            host,
            port,
            path,
            ..
        } = submission;
        let url = format!("{scheme}://{host}:{port}{path}");
        let error = |kind| FetchError::new(kind, format!("{url}: {kind:?}; arranged by the test"));
        let body = submission.body.expose();
        if body.len() > UPLOAD_LIMIT {
            return Err(error(ErrorKind::TooLarge));
        }
        let user = submission.user.as_ref();
        lock(&self.script).handed.push(Handed {
            method: submission.method,
            content_type: submission.content_type.clone(),
            aes128gcm: submission.aes128gcm,
            header: submission
                .header
                .as_ref()
                .map(|(name, value)| (name.clone(), text(value))),
            user: user.map(text),
        });
        let answer = lock(&self.script)
            .next
            .get_mut(&url)
            .and_then(VecDeque::pop_front)
            .unwrap_or(UploadAnswer::Takes);
        let resolves = answer != UploadAnswer::Fails(ErrorKind::Dns);
        let endpoint = Endpoint {
            ip: resolves.then_some(SERVER),
        };
        self.open.fetch_add(1, Ordering::SeqCst);
        let _open = Open(self);
        watch.started(endpoint).await;
        if resolves {
            self.reached.fetch_add(1, Ordering::SeqCst);
        }
        tokio::time::timeout(submission.timeout, self.give(answer, &url, body))
            .await
            .unwrap_or(Err(ErrorKind::Timeout))
            .map_err(error)?;
        Ok(endpoint)
    }
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

/// Counts an upload as under way until it is dropped.
struct Open<'f>(&'f FakeUpload);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify_waiters();
    }
}

/// An [`UploadWatch`] that remembers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordingWatch {
    /// The calls of `started`.
    pub started: Vec<Endpoint>,
}

#[async_trait]
impl UploadWatch for RecordingWatch {
    async fn started(&mut self, endpoint: Endpoint) {
        self.started.push(endpoint);
    }
}
