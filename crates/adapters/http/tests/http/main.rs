//! HTTP passes the contract suite of the port, and keeps the rules of HTTP against a scripted server.

#![expect(clippy::unwrap_used, reason = "a test may end at a broken invariant")]

mod answers;
mod bounds;
mod chains;
mod server;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use onhook_fetch::Request;
use onhook_fetch::port::Fetch;
use onhook_http::Limits;
use onhook_testkit::contract::{self, FetchFixture, Peer};
use server::{Server, Then, answer, request, transport};

#[derive(Default)]
struct Loopback {
    server: Option<Server>,
    contacts: Arc<AtomicUsize>,
}

#[async_trait]
impl FetchFixture for Loopback {
    fn fetch(&self) -> Arc<dyn Fetch> {
        Arc::new(transport(Limits::default()))
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
            Peer::Unresolvable => return request("prov.invalid", 80, "/"),
        };
        let server = Server::start(vec![script]).await;
        assert!(server.asked().is_empty());
        self.contacts = server.contacts.clone();
        let request = server.request("/file.xml");
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
