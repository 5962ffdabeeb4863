//! Faults over TFTP, met by the transport of the phone and by its receiver in virtual time.

use std::net::SocketAddr;
use std::sync::Arc;

use onhook_fetch::port::Fetch as _;
use onhook_fetch::{FetchError, Scheme};
use onhook_testkit::fake::{FakeResolver, RecordingSink};
use onhook_tftp::{Failure, LocalPorts, News, Offer, Receiver, TftpFetch};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::common::{Lab, err_text, request};

fn file() -> Vec<u8> {
    (0..5_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn lab(fault: &str) -> Lab {
    let lab = Lab::with(|_, config| {
        config.http = None;
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.faults = vec![fault.parse().unwrap()];
        config.seed = 3;
    })
    .await;
    lab.write("a", file());
    lab
}

async fn get(lab: &Lab) -> Result<Vec<u8>, FetchError> {
    let mut sink = RecordingSink::default();
    let request = request(Scheme::Tftp, lab.address().port(), "/a");
    let fetch = TftpFetch::new(Arc::new(FakeResolver::new()), LocalPorts::ephemeral());
    fetch.get(&request, &mut sink).await.map(|_| sink.body)
}

/// Reads the file as the phone does, but waits in virtual time.
async fn read(lab: &Lab) -> Result<Vec<u8>, Failure> {
    let server = lab.address();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut receiver = Receiver::new(server, b"a", Some(Offer::default()), 1 << 20).unwrap();
    let start = Instant::now();
    let mut body = Vec::new();
    let mut datagram = [0; 2_000];
    socket.send_to(receiver.packet(), server).await.unwrap();
    loop {
        let due = start + receiver.deadline().unwrap();
        let heard = timeout_at(due, socket.recv_from(&mut datagram)).await;
        let now = start.elapsed();
        let step = match heard {
            Ok(received) => {
                let (length, from) = received.unwrap();
                receiver.receive(&datagram[..length], from, now)
            }
            Err(_elapsed) => receiver.timeout(now),
        };
        let to = step.send;
        let last = match step.news {
            News::Nothing => false,
            News::Bytes(bytes) => {
                body.extend_from_slice(bytes);
                false
            }
            News::Last(bytes) => {
                body.extend_from_slice(bytes);
                true
            }
            News::AskPlainly => panic!("the server knows options"),
            News::Failed(failure) => return Err(failure),
        };
        if let Some(to) = to {
            socket.send_to(receiver.packet(), to).await.unwrap();
        }
        if last {
            return Ok(body);
        }
    }
}

//= R-TFTP-17 type=test
#[tokio::test]
async fn a_phone_gets_the_error_that_the_fault_is_for() {
    for (fault, expected) in [
        ("error=1", "file not found"),
        ("error=2", "tftp error 2"),
        ("error=3,text=disk full", "tftp error 3"),
        ("truncate=2000", "transfer incomplete"),
        ("oack=blksize:9000", "tftp error 8"),
        ("oack=timeout:9", "tftp error 8"),
        ("oack=windowsize:4", "tftp error 8"),
        ("oack=blksize:512", "tftp error 4"),
        ("oack=tsize:99", "transfer incomplete"),
    ] {
        let mut lab = lab(fault).await;
        let error = get(&lab).await.unwrap_err();
        assert_eq!(err_text(&error), expected, "{fault}: {error}");
        let effect = fault.split(',').next().unwrap();
        assert_eq!(
            lab.fault().await,
            format!("fault fault-1: {effect}, tftp a")
        );
        let access = lab.access().await;
        assert_eq!(access.fault.unwrap().effect, effect);
        if fault.contains("disk") {
            assert_eq!(error.said(), Some("disk full"));
        }
    }
}

//= R-TFTP-13 type=test
#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up() {
    for (fault, expected) in [
        ("silent", Failure::NoAnswer),
        ("wrong-tid", Failure::Silence),
        ("wrong-block", Failure::Silence),
        ("stall", Failure::Silence),
        ("stall=2000", Failure::Silence),
        ("loss=100%", Failure::NoAnswer),
        ("delay=10m", Failure::NoAnswer),
    ] {
        let lab = lab(fault).await;
        assert_eq!(read(&lab).await, Err(expected), "{fault}");
    }
}

//= R-TFTP-13 type=test
#[tokio::test(start_paused = true)]
async fn packets_that_are_lost_doubled_or_late_harm_nothing() {
    for fault in [
        "loss=40%",
        "duplicate=100%",
        "reorder=60%",
        "reorder=100%",
        "delay=5s",
    ] {
        let mut lab = lab(fault).await;
        assert!(read(&lab).await.unwrap() == file(), "{fault}");
        // A request that was repeated meanwhile is one transfer.
        lab.fault().await;
    }
}

#[tokio::test]
async fn what_arrives_all_the_same_is_not_what_it_was() {
    let mut flipped = file();
    flipped[3_000] = !flipped[3_000];
    assert!(get(&lab("corrupt=3000").await).await.unwrap() == flipped);
    assert_eq!(get(&lab("body=empty").await).await.unwrap(), b"");
    let page = get(&lab("body=html").await).await.unwrap();
    assert!(page.starts_with(b"<!DOCTYPE html>"));
    let other = lab("body=html").await;
    std::fs::remove_file(other.dir.path().join("root/a")).unwrap();
    assert_eq!(
        get(&other).await.unwrap(),
        page,
        "of a file that is not there"
    );
    let lab = lab("wrong-key").await;
    let salted: Vec<u8> = [&b"Salted__12345678"[..], &[5; 3_000]].concat();
    lab.write("a", &salted);
    let got = get(&lab).await.unwrap();
    assert_eq!((got.len(), &got[..16]), (salted.len(), &salted[..16]));
    assert!(got[16..] != salted[16..]);
}
