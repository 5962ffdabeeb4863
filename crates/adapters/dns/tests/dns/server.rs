//! A name server on loopback, over UDP and TCP, that answers from a table, or badly.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// How the server behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    /// It answers.
    Answers,
    /// It says nothing.
    Silent,
    /// It says that it cannot.
    Fails,
    /// Over UDP it has no room for the answer.
    Truncates,
    /// First come answers to other questions, which somebody else may have sent, and then the right one.
    Confuses,
    /// It sends what is no message.
    Garbles,
}

/// What it knows.
pub(crate) type Zone = BTreeMap<String, Vec<RData>>;

/// A running server; it ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    /// Questions over UDP and TCP.
    asked: Arc<[AtomicUsize; 2]>,
}

impl Server {
    pub(crate) async fn start(mood: Mood, zone: Zone) -> Self {
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            // Somebody else may have the port; then another one will do.
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let server = Self {
            address: udp.local_addr().unwrap(),
            zone: Arc::new(Mutex::new(zone)),
            asked: Arc::default(),
        };
        let (zone, asked) = (Arc::clone(&server.zone), Arc::clone(&server.asked));
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
                asked[0].fetch_add(1, Ordering::SeqCst);
                for reply in replies(mood, &buffer[..length], &zone.lock().unwrap()) {
                    udp.try_send_to(&reply, peer).unwrap();
                }
            }
        });
        let (zone, asked) = (Arc::clone(&server.zone), Arc::clone(&server.asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = tcp.accept().await.unwrap();
                asked[1].fetch_add(1, Ordering::SeqCst);
                let length = stream.read_u16().await.unwrap();
                let mut question = vec![0; usize::from(length)];
                stream.read_exact(&mut question).await.unwrap();
                let reply = answer(&question, &zone.lock().unwrap()).to_vec().unwrap();
                stream
                    .write_u16(reply.len().try_into().unwrap())
                    .await
                    .unwrap();
                stream.write_all(&reply).await.unwrap();
            }
        });
        server
    }

    /// Replaces what it knows.
    pub(crate) fn learn(&self, zone: Zone) {
        *self.zone.lock().unwrap() = zone;
    }

    /// How often it was asked over UDP and over TCP.
    pub(crate) fn asked(&self) -> [usize; 2] {
        [0, 1].map(|n| self.asked[n].load(Ordering::SeqCst))
    }
}

fn replies(mood: Mood, question: &[u8], zone: &Zone) -> Vec<Vec<u8>> {
    let right = answer(question, zone);
    let message = |change: &dyn Fn(&mut Message)| {
        let mut message = right.clone();
        change(&mut message);
        message.to_vec().unwrap()
    };
    match mood {
        Mood::Answers => vec![message(&|_| {})],
        Mood::Silent => Vec::new(),
        Mood::Fails => vec![message(&|reply| {
            reply.answers.clear();
            reply.metadata.response_code = ResponseCode::ServFail;
        })],
        Mood::Truncates => vec![message(&|reply| {
            reply.answers.clear();
            reply.metadata.truncation = true;
        })],
        Mood::Confuses => {
            let wrong = address("192.0.2.66");
            vec![
                message(&|reply| {
                    reply.metadata.id = reply.metadata.id.wrapping_add(1);
                    for record in &mut reply.answers {
                        record.data = wrong.clone();
                    }
                }),
                message(&|_| {}),
            ]
        }
        Mood::Garbles => vec![b"\xff\xff\x80\x00 no message".to_vec()],
    }
}

fn answer(question: &[u8], zone: &Zone) -> Message {
    let question = Message::from_vec(question).unwrap();
    let query: &Query = &question.queries[0];
    let name = query.name().to_ascii().to_lowercase();
    let mut reply = Message::new(
        question.metadata.id,
        MessageType::Response,
        question.metadata.op_code,
    );
    reply.add_query(query.clone());
    reply.metadata.recursion_available = true;
    match zone.get(name.trim_end_matches('.')) {
        None => reply.metadata.response_code = ResponseCode::NXDomain,
        Some(records) => {
            for data in records
                .iter()
                .filter(|data| data.record_type() == query.query_type())
            {
                reply.add_answer(Record::from_rdata(query.name().clone(), 300, data.clone()));
            }
        }
    }
    reply
}

pub(crate) fn address(ip: &str) -> RData {
    match ip.parse().unwrap() {
        IpAddr::V4(ip) => RData::A(ip.into()),
        IpAddr::V6(ip) => RData::AAAA(ip.into()),
    }
}

pub(crate) fn service(priority: u16, weight: u16, port: u16, target: &str) -> RData {
    let target = Name::from_ascii(target).unwrap();
    RData::SRV(SRV::new(priority, weight, port, target))
}

pub(crate) fn zone(names: &[(&str, &[RData])]) -> Zone {
    let entry = |(name, records): &(&str, &[RData])| ((*name).to_owned(), records.to_vec());
    names.iter().map(entry).collect()
}
