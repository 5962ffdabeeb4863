//! Transfers without a network.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use onhook_fetch::port::Fetch;
use onhook_fetch::{
    BodySink, Endpoint, ErrorKind, FetchError, Head, Part, Refused, Request, Service,
};
use tokio::sync::Notify;

use super::lock;

/// How many bytes one chunk of a fake body holds at most.
const CHUNK: usize = 1000;

/// The address of every fake server.
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

/// How a fake server answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchAnswer {
    /// Serves a body; the head says of it what it says, true or not.
    Body {
        /// What is announced.
        head: Head,
        /// What is sent.
        bytes: Vec<u8>,
    },
    /// Fails; with [`ErrorKind::Dns`] the name does not resolve.
    Fails(ErrorKind),
    /// Fails with these words of the server.
    Says(ErrorKind, String),
    /// Sends these bytes of a longer body, then ends.
    EndsEarly(Vec<u8>),
    /// Sends these bytes of a longer body, then stays silent.
    Stalls(Vec<u8>),
}

impl From<&[u8]> for FetchAnswer {
    /// A body with its announced length.
    fn from(bytes: &[u8]) -> Self {
        Self::Body {
            head: Head {
                length: Some(bytes.len() as u64),
                ..Head::default()
            },
            bytes: bytes.to_vec(),
        }
    }
}

impl From<&str> for FetchAnswer {
    /// A body with its announced length.
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

/// One request as it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchAsked {
    /// `scheme://host:port/path`, with query.
    pub url: String,
    /// The User-Agent.
    pub user_agent: String,
    /// Whether the rule gave a user name or a password.
    pub with_credentials: bool,
    /// Whether there is a profile account.
    pub with_account: bool,
    /// The proxy on the way, `host:port`, and whether there are credentials for it.
    pub proxy: Option<(String, bool)>,
    /// How SRV records were to be put into order, if they were to be looked up.
    pub service: Option<Service>,
    /// The first byte that was wanted, if not all of them were, and of which file.
    pub part: Option<Part>,
}

/// A [`Fetch`] whose answers a test arranges by URL, `scheme://host:port/path`.
///
/// A URL without an answer is not found. Time limits run on the tokio clock, so paused time works.
#[derive(Default)]
pub struct FakeFetch {
    script: Mutex<Script>,
    open: AtomicUsize,
    ended: Notify,
}

#[derive(Default)]
struct Script {
    lasting: BTreeMap<String, FetchAnswer>,
    next: BTreeMap<String, VecDeque<FetchAnswer>>,
    asked: Vec<FetchAsked>,
}

impl FakeFetch {
    /// A transport that finds nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the answer of a URL until it is set again.
    pub fn answer(&self, url: &str, answer: impl Into<FetchAnswer>) {
        lock(&self.script)
            .lasting
            .insert(url.to_owned(), answer.into());
    }

    /// Adds an answer that is given once, before the lasting one.
    pub fn answer_next(&self, url: &str, answer: impl Into<FetchAnswer>) {
        let mut script = lock(&self.script);
        script
            .next
            .entry(url.to_owned())
            .or_default()
            .push_back(answer.into());
    }

    /// The requests that reached a server, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<FetchAsked> {
        lock(&self.script).asked.clone()
    }

    /// The URLs that were asked for, in order.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        lock(&self.script)
            .asked
            .iter()
            .map(|a| a.url.clone())
            .collect()
    }

    /// How many transfers are under way.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Waits until no transfer is under way.
    pub async fn idle(&self) {
        loop {
            let ended = self.ended.notified();
            if self.open() == 0 {
                return;
            }
            ended.await;
        }
    }

    fn find(&self, url: &str) -> FetchAnswer {
        let mut script = lock(&self.script);
        if let Some(answer) = script.next.get_mut(url).and_then(VecDeque::pop_front) {
            return answer;
        }
        let lasting = script.lasting.get(url);
        lasting
            .cloned()
            .unwrap_or(FetchAnswer::Fails(ErrorKind::NotFound))
    }
}

#[async_trait]
impl Fetch for FakeFetch {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        let url = format!(
            "{}://{}:{}{}",
            request.scheme, request.host, request.port, request.path
        );
        let answer = self.find(&url);
        let resolves = answer != FetchAnswer::Fails(ErrorKind::Dns);
        let endpoint = Endpoint {
            ip: resolves.then_some(SERVER),
        };
        self.open.fetch_add(1, Ordering::SeqCst);
        let _open = Open(self);
        sink.started(endpoint).await;
        if resolves {
            lock(&self.script).asked.push(FetchAsked {
                url: url.clone(),
                user_agent: request.user_agent.clone(),
                with_credentials: request.user.is_some() || request.password.is_some(),
                with_account: request.account.is_some(),
                proxy: request.proxy.as_ref().map(|proxy| {
                    let known = proxy.user.is_some() || proxy.password.is_some();
                    (format!("{}:{}", proxy.host, proxy.port), known)
                }),
                service: request.service,
                part: request.part.clone(),
            });
        }
        let said = match &answer {
            FetchAnswer::Says(_, said) => said.clone(),
            FetchAnswer::Fails(_)
            | FetchAnswer::Body { .. }
            | FetchAnswer::EndsEarly(_)
            | FetchAnswer::Stalls(_) => String::new(),
        };
        let error = |kind| {
            FetchError::new(kind, format!("{url}: {kind:?}; arranged by the test")).with_said(said)
        };
        let from = request.part.as_ref().map_or(0, |part| part.from);
        let answer = rest(answer, from);
        tokio::time::timeout(request.timeout, give(answer, request.limit, sink))
            .await
            .unwrap_or(Err(ErrorKind::Timeout))
            .map_err(error)?;
        Ok(endpoint)
    }
}

/// Counts a transfer as under way until it is dropped.
struct Open<'f>(&'f FakeFetch);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.ended.notify_waiters();
    }
}

/// What a server that knows parts gives from a byte on; one whose body ends early gives all of it.
fn rest(answer: FetchAnswer, from: u64) -> FetchAnswer {
    match answer {
        FetchAnswer::Body { head, bytes } if from > 0 => {
            let start = usize::try_from(from).unwrap_or(usize::MAX);
            let bytes = bytes.get(start..).unwrap_or_default().to_vec();
            let head = Head {
                length: head.length.map(|length| length.saturating_sub(from)),
                from,
                ..head
            };
            FetchAnswer::Body { head, bytes }
        }
        whole @ (FetchAnswer::Body { .. }
        | FetchAnswer::Fails(_)
        | FetchAnswer::Says(..)
        | FetchAnswer::EndsEarly(_)
        | FetchAnswer::Stalls(_)) => whole,
    }
}

async fn give(answer: FetchAnswer, limit: u64, sink: &mut dyn BodySink) -> Result<(), ErrorKind> {
    tokio::task::yield_now().await;
    match answer {
        FetchAnswer::Fails(kind) | FetchAnswer::Says(kind, _) => Err(kind),
        FetchAnswer::Body { head, bytes } => {
            if head.length.is_some_and(|length| length > limit) {
                return Err(ErrorKind::TooLarge);
            }
            sink.head(&head);
            pour(&bytes, limit, sink).await
        }
        FetchAnswer::EndsEarly(bytes) => {
            sink.head(&Head::default());
            pour(&bytes, limit, sink).await?;
            Err(ErrorKind::Truncated)
        }
        FetchAnswer::Stalls(bytes) => {
            sink.head(&Head::default());
            pour(&bytes, limit, sink).await?;
            std::future::pending().await
        }
    }
}

async fn pour(bytes: &[u8], limit: u64, sink: &mut dyn BodySink) -> Result<(), ErrorKind> {
    let mut given = 0_u64;
    for chunk in bytes.chunks(CHUNK) {
        given += chunk.len() as u64;
        if given > limit {
            return Err(ErrorKind::TooLarge);
        }
        sink.chunk(chunk).map_err(|Refused| ErrorKind::Cancelled)?;
        if sink.is_full() {
            sink.drain().await.map_err(|Refused| ErrorKind::Cancelled)?;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// A [`BodySink`] that keeps everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RecordingSink {
    /// The calls of `started`.
    pub started: Vec<Endpoint>,
    /// The calls of `head`.
    pub heads: Vec<Head>,
    /// All chunks, joined.
    pub body: Vec<u8>,
}

#[async_trait]
impl BodySink for RecordingSink {
    async fn started(&mut self, endpoint: Endpoint) {
        self.started.push(endpoint);
    }

    fn head(&mut self, head: &Head) {
        self.heads.push(head.clone());
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.body.extend_from_slice(bytes);
        Ok(())
    }
}
