//! TFTP passes the contract suite of the port, and keeps the rules of TFTP against a scripted server.
#![cfg(test)]

#[path = "tftp/server.rs"]
mod server;
#[path = "tftp/transfers.rs"]
mod transfers;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use onhook_fetch::Request;
use onhook_fetch::port::Fetch;
use onhook_testkit::contract::{self, FetchFixture, Peer};
use tokio::sync::Notify;

use server::{Server, Tid, block, error, fetch, request};

#[derive(Default)]
struct Loopback {
    contacts: Arc<AtomicUsize>,
    ended: Arc<Notify>,
}

#[async_trait]
impl FetchFixture for Loopback {
    fn fetch(&self) -> Arc<dyn Fetch> {
        Arc::new(fetch())
    }

    async fn peer(&mut self, peer: Peer) -> Request {
        if peer == Peer::Unresolvable {
            return request("prov.invalid", 69, "/f");
        }
        let server = Server::start().await;
        let request = server.request("/file.xml");
        let contacts = Arc::new(AtomicUsize::new(0));
        self.contacts = contacts.clone();
        self.ended = Arc::new(Notify::new());
        let ended = self.ended.clone();
        tokio::spawn(async move {
            let (_, tid) = server.asked().await;
            contacts.fetch_add(1, Ordering::SeqCst);
            play(peer, tid).await;
            ended.notify_one();
        });
        request
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn ended(&mut self) {
        self.ended.notified().await;
    }
}

/// Plays one peer until the client has everything, or ends.
async fn play(peer: Peer, mut tid: Tid) {
    match peer {
        Peer::Serves(body) => {
            let oack = format!("\0\x06tsize\0{}\0", body.len());
            tid.send(oack.as_bytes()).await;
            if tid.heard().await.is_some() {
                serve(&mut tid, &body, 512).await;
            }
        }
        Peer::ServesUnannounced(body) => serve(&mut tid, &body, 512).await,
        Peer::HasNoFile(text) => {
            let text = String::from_utf8(text).unwrap();
            tid.send(&error(1, &text)).await;
        }
        Peer::EndsEarly(sent) => {
            let oack = format!("\0\x06tsize\0{}\0", sent.len() + 100);
            tid.send(oack.as_bytes()).await;
            if tid.heard().await.is_some() {
                serve(&mut tid, &sent, 512).await;
            }
        }
        Peer::Stalls(sent) => {
            let oack = format!("\0\x06blksize\x00100\0tsize\0{}\0", sent.len() + 1000);
            tid.send(oack.as_bytes()).await;
            for (number, piece) in (1..).zip(sent.chunks(100)) {
                if tid.heard().await.is_none() {
                    return;
                }
                tid.send(&block(number, piece)).await;
            }
            while tid.heard().await.is_some() {}
        }
        Peer::Unresolvable => {}
    }
}

/// Sends a body block by block, as long as the client wants it.
async fn serve(tid: &mut Tid, body: &[u8], size: usize) {
    let last = &[][..];
    let ends_short = !body.len().is_multiple_of(size);
    let pieces = body.chunks(size).chain((!ends_short).then_some(last));
    for (number, piece) in (1..).zip(pieces) {
        tid.send(&block(number, piece)).await;
        if tid.heard().await.is_none() {
            return;
        }
    }
}

//= R-OUT-3 type=test
//= R-HTTP-20 type=test
//= R-TFTP-18 type=test
#[tokio::test]
async fn tftp_keeps_the_contract() {
    contract::fetch(&mut Loopback::default()).await;
}
