//! The obligations of [`Upload`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{Endpoint, ErrorKind, FetchError, Submission, UPLOAD_LIMIT, UploadWatch};

use super::{soon, success};

/// How the peer of an upload behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taker {
    /// Takes everything and says so.
    Takes,
    /// Refuses the upload.
    Refuses,
    /// Takes this many bytes of the body, or some more, and then stays silent.
    Stalls(usize),
    /// Takes everything and then does not say so.
    NeverConfirms,
    /// Has a name that does not resolve.
    Unresolvable,
}

/// A transport with a peer whose behaviour can be chosen.
#[async_trait]
pub trait UploadFixture: Send {
    /// The transport under test.
    fn upload(&self) -> Arc<dyn Upload>;

    /// Arranges a peer and gives an upload that reaches it, of an empty body within 10 s.
    async fn peer(&mut self, taker: Taker) -> Submission;

    /// Counts the packets or connections that reached the peer arranged last.
    fn contacts(&self) -> Arc<AtomicUsize>;

    /// The bodies that the peer arranged last has whole.
    async fn taken(&mut self) -> Vec<Vec<u8>>;

    /// Returns once the peer arranged last has seen the transfer end.
    async fn ended(&mut self);
}

/// Checks a transport against every obligation of the port.
pub async fn upload(fixture: &mut dyn UploadFixture) {
    started_comes_once_and_is_awaited_before_the_first_packet(fixture).await;
    started_comes_once_for_a_name_that_does_not_resolve(fixture).await;
    the_server_gets_exactly_the_body(fixture).await;
    a_body_above_the_limit_is_not_sent(fixture).await;
    a_refusal_is_a_failure(fixture).await;
    silence_is_a_failure_in_time(fixture).await;
    dropping_the_future_ends_the_transfer(fixture).await;
}

/// Records the calls.
#[derive(Default)]
struct Probe {
    started: Vec<Endpoint>,
    contacts: Arc<AtomicUsize>,
    contacts_at_start: usize,
}

#[async_trait]
impl UploadWatch for Probe {
    async fn started(&mut self, endpoint: Endpoint) {
        // Time enough for a packet to arrive that was sent too early.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        self.contacts_at_start = self.contacts.load(Ordering::SeqCst);
        self.started.push(endpoint);
    }
}

async fn run(
    fixture: &mut dyn UploadFixture,
    submission: &Submission,
) -> (Result<Endpoint, FetchError>, Probe) {
    let mut probe = Probe {
        contacts: fixture.contacts(),
        ..Probe::default()
    };
    let port = fixture.upload();
    let result = soon("the end of the upload", port.put(submission, &mut probe)).await;
    (result, probe)
}

/// An upload with a body.
async fn of(fixture: &mut dyn UploadFixture, taker: Taker, body: &[u8]) -> Submission {
    Submission {
        body: Secret::new(body.to_vec()),
        ..fixture.peer(taker).await
    }
}

#[track_caller]
fn failed(result: Result<Endpoint, FetchError>) -> FetchError {
    match result {
        Ok(_) => panic!("the upload succeeded"),
        Err(error) => {
            assert!(!error.to_string().is_empty(), "the error says nothing");
            error
        }
    }
}

async fn started_comes_once_and_is_awaited_before_the_first_packet(
    fixture: &mut dyn UploadFixture,
) {
    let submission = of(fixture, Taker::Takes, b"body").await;
    let (result, probe) = run(fixture, &submission).await;
    let endpoint = success("an upload", result);
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

async fn started_comes_once_for_a_name_that_does_not_resolve(fixture: &mut dyn UploadFixture) {
    let submission = of(fixture, Taker::Unresolvable, b"body").await;
    let (result, probe) = run(fixture, &submission).await;
    assert_eq!(failed(result).kind(), ErrorKind::Dns);
    assert_eq!(probe.started, [Endpoint { ip: None }]);
}

async fn the_server_gets_exactly_the_body(fixture: &mut dyn UploadFixture) {
    // Around the block sizes of TFTP, and more than any buffer holds at once.
    for length in [0, 1, 511, 512, 513, 1428, 2856, 300_000] {
        let body: Vec<u8> = (0..length).map(|n: u32| (n % 251) as u8).collect();
        let submission = of(fixture, Taker::Takes, &body).await;
        let (result, _) = run(fixture, &submission).await;
        success("an upload", result);
        assert!(
            fixture.taken().await == [body],
            "the peer has other bytes than those of a body of {length}"
        );
    }
}

async fn a_body_above_the_limit_is_not_sent(fixture: &mut dyn UploadFixture) {
    let submission = of(fixture, Taker::Takes, &vec![7; UPLOAD_LIMIT + 1]).await;
    let (result, probe) = run(fixture, &submission).await;
    assert_eq!(failed(result).kind(), ErrorKind::TooLarge);
    assert_eq!(probe.contacts.load(Ordering::SeqCst), 0, "it was sent");
}

async fn a_refusal_is_a_failure(fixture: &mut dyn UploadFixture) {
    let submission = of(fixture, Taker::Refuses, &[1; 3000]).await;
    let (result, probe) = run(fixture, &submission).await;
    let kind = failed(result).kind();
    assert!(
        matches!(
            kind,
            ErrorKind::Tftp(_) | ErrorKind::HttpStatus(_) | ErrorKind::NotFound
        ),
        "a refusal is {kind:?}"
    );
    assert_eq!(probe.started.len(), 1);
    assert!(fixture.taken().await.is_empty(), "it was taken");
}

async fn silence_is_a_failure_in_time(fixture: &mut dyn UploadFixture) {
    for taker in [Taker::Stalls(0), Taker::Stalls(700), Taker::NeverConfirms] {
        let mut submission = of(fixture, taker, &[1; 3000]).await;
        submission.timeout = Duration::from_millis(50);
        let (result, _) = run(fixture, &submission).await;
        assert_eq!(failed(result).kind(), ErrorKind::Timeout, "{taker:?}");
        soon("the end at the peer", fixture.ended()).await;
        if taker != Taker::NeverConfirms {
            assert!(fixture.taken().await.is_empty(), "{taker:?}: it was taken");
        }
    }
}

async fn dropping_the_future_ends_the_transfer(fixture: &mut dyn UploadFixture) {
    let submission = of(fixture, Taker::Stalls(700), &[1; 3000]).await;
    let contacts = fixture.contacts();
    let (port, mut probe) = (fixture.upload(), Probe::default());
    let mut transfer = port.put(&submission, &mut probe);
    let reached = async {
        while contacts.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut transfer => panic!("a stalled upload ended by itself"),
        () = soon("the first packet", reached) => {}
    }
    drop(transfer);
    soon("the end at the peer", fixture.ended()).await;
    assert!(fixture.taken().await.is_empty(), "half a body was taken");
}
