//! TFTP passes the contract suite of the port, and keeps the rules of TFTP against a scripted server.
#![cfg(test)]

#[path = "tftp/server.rs"]
mod server;
#[path = "tftp/transfers.rs"]
mod transfers;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::{Fetch, Upload};
use onhook_fetch::{Method, Request, Submission};
use onhook_testkit::contract::{self, FetchFixture, Peer, Taker, UploadFixture};
use tokio::sync::Notify;

use server::{Server, Tid, ack, block, error, fetch, request};

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

#[derive(Default)]
struct Uploading {
    contacts: Arc<AtomicUsize>,
    taken: Arc<Mutex<Vec<Vec<u8>>>>,
    ended: Arc<Notify>,
}

#[async_trait]
impl UploadFixture for Uploading {
    fn upload(&self) -> Arc<dyn Upload> {
        Arc::new(fetch())
    }

    async fn peer(&mut self, taker: Taker) -> Submission {
        *self = Self::default();
        if taker == Taker::Unresolvable {
            return submission(request("prov.invalid", 69, "/f"));
        }
        let server = Server::start().await;
        let submission = submission(server.request("/report.xml"));
        let contacts = self.contacts.clone();
        let (taken, ended) = (self.taken.clone(), self.ended.clone());
        tokio::spawn(async move {
            let (asked, tid) = server.asked().await;
            assert!(asked.starts_with(b"\0\x02report.xml\0octet\0tsize\0"));
            contacts.fetch_add(1, Ordering::SeqCst);
            if let Some(body) = take(taker, tid).await {
                taken.lock().unwrap().push(body);
            }
            ended.notify_one();
        });
        submission
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn taken(&mut self) -> Vec<Vec<u8>> {
        // The last acknowledgement left before the body was put down.
        while Arc::strong_count(&self.taken) > 1 {
            tokio::task::yield_now().await;
        }
        self.taken.lock().unwrap().clone()
    }

    async fn ended(&mut self) {
        self.ended.notified().await;
    }
}

fn submission(request: Request) -> Submission {
    Submission {
        scheme: request.scheme,
        host: request.host,
        port: request.port,
        path: request.path,
        proxy: None,
        allowed_domains: String::new(),
        user_agent: request.user_agent,
        user: request.user,
        password: request.password,
        account: None,
        method: Method::Post,
        header: None,
        content_type: "application/xml".into(),
        aes128gcm: false,
        body: Secret::new(Vec::new()),
        timeout: request.timeout,
    }
}

/// Plays a server that takes a body; gives it if it has all of it.
async fn take(taker: Taker, mut tid: Tid) -> Option<Vec<u8>> {
    if taker == Taker::Refuses {
        tid.send(&error(2, "not here")).await;
        return None;
    }
    tid.send(&ack(0)).await;
    let mut body = Vec::new();
    for number in 1.. {
        let packet = next(&mut tid, number).await?;
        body.extend_from_slice(&packet[4..]);
        let last = packet.len() < 516;
        let silent = match taker {
            Taker::Stalls(bytes) => body.len() >= bytes,
            Taker::NeverConfirms => last,
            Taker::Takes | Taker::Refuses | Taker::Unresolvable => false,
        };
        if silent {
            while tid.heard().await.is_some() {}
            return last.then_some(body);
        }
        tid.send(&ack(number)).await;
        if last {
            return Some(body);
        }
    }
    None
}

/// The block of a number, repeats of others passed over.
async fn next(tid: &mut Tid, number: u16) -> Option<Vec<u8>> {
    loop {
        let packet = tid.heard().await?;
        if packet.starts_with(&block(number, b"")) {
            return Some(packet);
        }
    }
}

//= R-RPT-2 type=test
//= R-TFTP-18 type=test
#[tokio::test]
async fn tftp_keeps_the_contract_of_uploads() {
    contract::upload(&mut Uploading::default()).await;
}
