//! The obligations of [`Fetch`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, ErrorKind, FetchError, Head, Part, Refused, Request};

use super::{soon, success};

/// How the peer of a transfer behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Serves these bytes and says beforehand how many they are.
    Serves(Vec<u8>),
    /// Serves these bytes and does not say how many they are.
    ServesUnannounced(Vec<u8>),
    /// Says that there is no such file, with these bytes as the explanation.
    HasNoFile(Vec<u8>),
    /// Serves these bytes and ends, having announced more.
    EndsEarly(Vec<u8>),
    /// Serves these bytes of a longer body and then stays silent.
    Stalls(Vec<u8>),
    /// Has a name that does not resolve.
    Unresolvable,
}

/// A transport with a peer whose behaviour can be chosen.
#[async_trait]
pub trait FetchFixture: Send {
    /// The transport under test.
    fn fetch(&self) -> Arc<dyn Fetch>;

    /// Arranges a peer and gives a request that reaches it, of at most 64 KiB and 10 s.
    async fn peer(&mut self, peer: Peer) -> Request;

    /// Counts the packets or connections that reached the peer arranged last.
    fn contacts(&self) -> Arc<AtomicUsize>;

    /// Returns once the peer arranged last has seen the transfer end.
    async fn ended(&mut self);
}

/// Checks a transport against every obligation of the port.
pub async fn fetch(fixture: &mut dyn FetchFixture) {
    started_comes_once_and_is_awaited_before_the_first_packet(fixture).await;
    started_comes_once_for_a_name_that_does_not_resolve(fixture).await;
    chunks_hold_exactly_the_body(fixture).await;
    the_body_of_an_error_answer_is_not_passed_on(fixture).await;
    the_limit_holds(fixture).await;
    a_body_that_ends_early_is_truncated(fixture).await;
    a_silent_peer_ends_in_time(fixture).await;
    a_part_is_the_rest_or_the_whole(fixture).await;
    a_full_sink_is_drained_before_it_gets_more(fixture).await;
    a_refusing_sink_ends_the_transfer(fixture).await;
    dropping_the_future_ends_the_transfer(fixture).await;
}

/// Records what arrives and checks the order of the calls.
#[derive(Default)]
struct Probe {
    started: Vec<Endpoint>,
    contacts: Arc<AtomicUsize>,
    contacts_at_start: usize,
    heads: Vec<Head>,
    body: Vec<u8>,
    room: Option<usize>,
}

#[async_trait]
impl BodySink for Probe {
    async fn started(&mut self, endpoint: Endpoint) {
        // Time enough for a packet to arrive that was sent too early.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        self.contacts_at_start = self.contacts.load(Ordering::SeqCst);
        self.started.push(endpoint);
    }

    fn head(&mut self, head: &Head) {
        assert_eq!(self.started.len(), 1, "head came before started");
        assert!(self.body.is_empty(), "head came after a chunk");
        self.heads.push(head.clone());
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        assert_eq!(self.heads.len(), 1, "a chunk came before head");
        if self
            .room
            .is_some_and(|room| self.body.len() + bytes.len() > room)
        {
            return Err(Refused);
        }
        self.body.extend_from_slice(bytes);
        Ok(())
    }
}

async fn run(
    fixture: &mut dyn FetchFixture,
    request: &Request,
    room: Option<usize>,
) -> (Result<Endpoint, FetchError>, Probe) {
    let mut probe = Probe {
        contacts: fixture.contacts(),
        room,
        ..Probe::default()
    };
    let port = fixture.fetch();
    let result = soon("the end of the transfer", port.get(request, &mut probe)).await;
    (result, probe)
}

#[track_caller]
fn fails_with(result: &Result<Endpoint, FetchError>, kind: ErrorKind) {
    match result {
        Ok(_) => panic!("the transfer succeeded; {kind:?} was due"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!error.to_string().is_empty(), "the error says nothing");
        }
    }
}

async fn started_comes_once_and_is_awaited_before_the_first_packet(fixture: &mut dyn FetchFixture) {
    let request = fixture.peer(Peer::Serves(b"body".to_vec())).await;
    let (result, probe) = run(fixture, &request, None).await;
    let endpoint = success("a transfer", result);
    assert_eq!(
        probe.started,
        [endpoint],
        "started comes once with the endpoint returned"
    );
    assert!(
        endpoint.ip.is_some(),
        "the address of a peer that was reached is known"
    );
    assert_eq!(
        probe.contacts_at_start, 0,
        "a packet left before started returned"
    );
    assert_ne!(
        probe.contacts.load(Ordering::SeqCst),
        0,
        "the peer was reached"
    );
}

async fn started_comes_once_for_a_name_that_does_not_resolve(fixture: &mut dyn FetchFixture) {
    let request = fixture.peer(Peer::Unresolvable).await;
    let (result, probe) = run(fixture, &request, None).await;
    fails_with(&result, ErrorKind::Dns);
    assert_eq!(probe.started, [Endpoint { ip: None }]);
}

async fn chunks_hold_exactly_the_body(fixture: &mut dyn FetchFixture) {
    let bytes: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    for body in [Vec::new(), b"x".to_vec(), bytes] {
        for announced in [true, false] {
            let peer = if announced {
                Peer::Serves(body.clone())
            } else {
                Peer::ServesUnannounced(body.clone())
            };
            let request = fixture.peer(peer).await;
            let (result, probe) = run(fixture, &request, None).await;
            success("a transfer", result);
            assert_eq!(probe.heads.len(), 1, "head comes once");
            let length = probe.heads.first().and_then(|head| head.length);
            if announced {
                assert_eq!(length, Some(body.len() as u64), "the announced length");
            }
            assert!(probe.body == body, "the sink got other bytes than the body");
        }
    }
}

async fn the_body_of_an_error_answer_is_not_passed_on(fixture: &mut dyn FetchFixture) {
    let request = fixture
        .peer(Peer::HasNoFile(b"no such file".to_vec()))
        .await;
    let (result, probe) = run(fixture, &request, None).await;
    fails_with(&result, ErrorKind::NotFound);
    assert_eq!(probe.started.len(), 1);
    assert!(
        probe.heads.is_empty() && probe.body.is_empty(),
        "an error answer reached the sink"
    );
}

async fn the_limit_holds(fixture: &mut dyn FetchFixture) {
    let body = vec![7_u8; 3000];
    for announced in [true, false] {
        let peer = if announced {
            Peer::Serves(body.clone())
        } else {
            Peer::ServesUnannounced(body.clone())
        };
        let mut request = fixture.peer(peer.clone()).await;
        request.limit = 3000;
        let (result, probe) = run(fixture, &request, None).await;
        success("a body as long as the limit", result);
        assert_eq!(probe.body.len(), 3000);
        let mut request = fixture.peer(peer).await;
        request.limit = 2999;
        let (result, probe) = run(fixture, &request, None).await;
        fails_with(&result, ErrorKind::TooLarge);
        assert!(
            probe.body.len() <= 2999,
            "more bytes than the limit reached the sink"
        );
    }
}

async fn a_body_that_ends_early_is_truncated(fixture: &mut dyn FetchFixture) {
    for sent in [0, 700] {
        let request = fixture.peer(Peer::EndsEarly(vec![1; sent])).await;
        let (result, _) = run(fixture, &request, None).await;
        fails_with(&result, ErrorKind::Truncated);
    }
}

async fn a_silent_peer_ends_in_time(fixture: &mut dyn FetchFixture) {
    for sent in [0, 700] {
        let mut request = fixture.peer(Peer::Stalls(vec![1; sent])).await;
        request.timeout = Duration::from_millis(50);
        let (result, _) = run(fixture, &request, None).await;
        fails_with(&result, ErrorKind::Timeout);
        soon("the end at the peer", fixture.ended()).await;
    }
}

async fn a_refusing_sink_ends_the_transfer(fixture: &mut dyn FetchFixture) {
    let request = fixture.peer(Peer::Serves(vec![1; 700])).await;
    let (result, probe) = run(fixture, &request, Some(10)).await;
    fails_with(&result, ErrorKind::Cancelled);
    assert!(probe.body.is_empty(), "a refused chunk is not given again");
}

async fn dropping_the_future_ends_the_transfer(fixture: &mut dyn FetchFixture) {
    let request = fixture.peer(Peer::Stalls(vec![1; 700])).await;
    let contacts = fixture.contacts();
    let (port, mut probe) = (fixture.fetch(), Probe::default());
    let mut transfer = port.get(&request, &mut probe);
    let reached = async {
        while contacts.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut transfer => panic!("a stalled transfer ended by itself"),
        () = soon("the first packet", reached) => {}
    }
    drop(transfer);
    soon("the end at the peer", fixture.ended()).await;
}

async fn a_part_is_the_rest_or_the_whole(fixture: &mut dyn FetchFixture) {
    let body: Vec<u8> = (0..5000_u32).map(|n| (n % 251) as u8).collect();
    let mut request = fixture.peer(Peer::Serves(body.clone())).await;
    request.part = Some(Part {
        from: 1000,
        same: None,
    });
    let (result, probe) = run(fixture, &request, None).await;
    success("a transfer", result);
    let from = probe.heads.first().map_or(0, |head| head.from);
    assert!(from == 0 || from == 1000, "another part was given");
    let rest = usize::try_from(from).ok().and_then(|from| body.get(from..));
    assert_eq!(Some(&*probe.body), rest);
}

/// Takes one chunk, and no other before it was drained.
#[derive(Default)]
struct Slow {
    body: Vec<u8>,
    full: bool,
    drained: usize,
}

#[async_trait]
impl BodySink for Slow {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {}

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        assert!(!self.full, "a chunk came to a full sink");
        self.full = true;
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.full
    }

    async fn drain(&mut self) -> Result<(), Refused> {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.full = false;
        self.drained += 1;
        match self.body.len() > 50_000 {
            true => Err(Refused),
            false => Ok(()),
        }
    }
}

async fn a_full_sink_is_drained_before_it_gets_more(fixture: &mut dyn FetchFixture) {
    for (length, ends) in [(40_000, true), (60_000, false)] {
        let body = vec![7; length];
        let request = fixture.peer(Peer::Serves(body)).await;
        let mut sink = Slow::default();
        let port = fixture.fetch();
        let result = soon("the end of the transfer", port.get(&request, &mut sink)).await;
        assert!(sink.drained > 0, "nobody drained the sink");
        if ends {
            success("a transfer", result);
            assert_eq!(sink.body.len(), length);
        } else {
            fails_with(&result, ErrorKind::Cancelled);
        }
    }
}
