//! HTTP passes the contract suite of the port, and keeps the rules of HTTP against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test may end at a broken invariant")]

mod answers;
mod bounds;
mod breaks;
mod chains;
mod digest;
mod directory;
#[cfg(feature = "proxy")]
mod parts;
mod proxy;
mod server;
mod services;
#[cfg(feature = "_tls")]
mod tls;
mod upload;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use onhook_fetch::Request;
use onhook_fetch::port::Fetch;
use onhook_http::Limits;
use onhook_testkit::contract::{self, FetchFixture, Peer};
use server::{Script, Server, Then, answer, request, transport};

#[derive(Default)]
struct Loopback {
    #[cfg(feature = "_tls")]
    tls: Option<tls::Setup>,
    server: Option<Server>,
    contacts: Arc<AtomicUsize>,
}

impl Loopback {
    async fn serve(&self, scripts: Vec<Script>) -> Server {
        #[cfg(feature = "_tls")]
        if let Some(tls) = &self.tls {
            return tls.serve(scripts).await;
        }
        Server::start(scripts).await
    }

    fn request(&self, request: Request) -> Request {
        #[cfg(feature = "_tls")]
        if self.tls.is_some() {
            return tls::https(request);
        }
        request
    }
}

#[async_trait]
impl FetchFixture for Loopback {
    fn fetch(&self) -> Arc<dyn Fetch> {
        let plain = transport(Limits::default());
        #[cfg(feature = "_tls")]
        if let Some(tls) = &self.tls {
            return Arc::new(plain.with_tls(tls.phone()));
        }
        Arc::new(plain)
    }

    async fn peer(&mut self, peer: Peer) -> Request {
        let longer = |sent: Vec<u8>, then| {
            let announced = sent.len() + 100;
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n").into_bytes();
            bytes.extend_from_slice(&sent);
            (bytes, then)
        };
        let script = match peer {
            Peer::Serves(body) => answer("200 OK", "", &body),
            Peer::ServesUnannounced(body) => {
                let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
                bytes.extend_from_slice(&body);
                (bytes, Then::Close)
            }
            Peer::HasNoFile(body) => answer("404 Not Found", "", &body),
            Peer::EndsEarly(sent) => longer(sent, Then::Close),
            Peer::Stalls(sent) => longer(sent, Then::Hold),
            Peer::Unresolvable => return self.request(request("prov.invalid", 80, "/")),
        };
        let server = self.serve(vec![script]).await;
        assert!(server.asked().is_empty());
        self.contacts = server.contacts.clone();
        let request = self.request(server.request("/file.xml"));
        self.server = Some(server);
        request
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn ended(&mut self) {
        if let Some(server) = &self.server {
            server.ended().notified().await;
        }
    }
}

//= R-OUT-3 type=test
//= R-HTTP-20 type=test
#[tokio::test]
async fn http_keeps_the_contract() {
    contract::fetch(&mut Loopback::default()).await;
}

#[cfg(feature = "_tls")]
#[tokio::test]
async fn https_keeps_the_contract() {
    for setup in [tls::Setup::plain(), tls::Setup::mutual()] {
        let mut loopback = Loopback {
            tls: Some(setup),
            ..Loopback::default()
        };
        contract::fetch(&mut loopback).await;
    }
}
