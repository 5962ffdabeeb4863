//! Files that clients write over TFTP.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use onhook_device::Secret;
use onhook_fetch::port::Upload as _;
use onhook_fetch::{ErrorKind, FetchError, Method, Scheme, Submission};
use onhook_prov_server::{Existing, Note, TftpUploads};
use onhook_testkit::fake::{FakeResolver, RecordingWatch};
use onhook_tftp::{LocalPorts, Offer, TftpFetch};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::common::Lab;

/// How long a test waits for a packet that must come.
const PATIENCE: Duration = Duration::from_secs(5);

async fn lab(existing: Existing) -> Lab {
    Lab::with(|_, config| {
        config.http = None;
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.tftp_uploads = Some(TftpUploads {
            existing,
            limit: 100_000,
        });
    })
    .await
}

async fn put(lab: &Lab, path: &str, body: &[u8], window: u16) -> Result<(), FetchError> {
    let submission = Submission {
        scheme: Scheme::Tftp,
        host: "127.0.0.1".into(),
        port: lab.running.tftp_addr().unwrap().port(),
        path: path.into(),
        proxy: None,
        allowed_domains: String::new(),
        user_agent: String::new(),
        user: None,
        password: None,
        account: None,
        method: Method::Post,
        header: None,
        content_type: String::new(),
        aes128gcm: false,
        body: Secret::new(body.to_vec()),
        timeout: Duration::from_secs(60),
    };
    let offer = Offer {
        window,
        ..Offer::default()
    };
    let (resolver, ports) = (Arc::new(FakeResolver::new()), LocalPorts::ephemeral());
    let transport = TftpFetch::with_offer(resolver, ports, offer);
    let mut watch = RecordingWatch::default();
    let done = transport.put(&submission, &mut watch).await;
    done.map(drop)
}

fn content(lab: &Lab, name: &str) -> Vec<u8> {
    fs::read(lab.dir.path().join("root").join(name)).unwrap()
}

/// The names in the root.
fn names(lab: &Lab) -> Vec<String> {
    let entries = fs::read_dir(lab.dir.path().join("root")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

//= R-RPT-2 type=test
//= R-TFTP-12 type=test
#[tokio::test]
async fn a_written_file_is_there_with_its_bytes_and_nothing_else_is() {
    let mut lab = lab(Existing::Stays).await;
    fs::create_dir(lab.dir.path().join("root/dir")).unwrap();
    for (number, length) in [0, 1, 1427, 1428, 1429, 100_000].into_iter().enumerate() {
        for window in [1, 8] {
            let name = format!("r{number}-{window}.xml");
            let path = format!("/dir/{name}");
            put(&lab, &path, &file(length), window).await.unwrap();
            assert!(content(&lab, &path[1..]) == file(length), "{length}");
            let access = lab.access().await;
            assert_eq!(access.method.as_deref(), Some("WRQ"));
            assert_eq!((access.bytes, access.note), (length as u64, None));
        }
    }
    let left = fs::read_dir(lab.dir.path().join("root/dir")).unwrap();
    assert_eq!(left.count(), 12, "unfinished files stay");
}

#[tokio::test]
async fn a_file_that_is_there_stays_unless_it_may_be_replaced() {
    let mut keeping = lab(Existing::Stays).await;
    keeping.write("r.xml", "old");
    let error = put(&keeping, "/r.xml", b"new", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tftp(6), "{error}");
    assert_eq!(content(&keeping, "r.xml"), b"old");
    assert_eq!(keeping.access().await.note, Some(Note::Exists));
    let replacing = lab(Existing::IsReplaced).await;
    replacing.write("r.xml", "old and longer");
    put(&replacing, "/r.xml", b"new", 1).await.unwrap();
    assert_eq!(content(&replacing, "r.xml"), b"new");
    assert_eq!(names(&replacing), ["r.xml"]);
}

#[tokio::test]
async fn nothing_is_written_where_it_may_not_be() {
    let mut lab = lab(Existing::IsReplaced).await;
    let root = lab.dir.path().join("root");
    let outside = lab.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "old").unwrap();
    fs::create_dir(root.join("dir")).unwrap();
    symlink("../outside", root.join("out")).unwrap();
    symlink("../outside/secret", root.join("link")).unwrap();
    for (path, kind, note) in [
        ("/../outside/a", ErrorKind::Tftp(2), Note::ParentInPath),
        ("/out/a", ErrorKind::NotFound, Note::OutsideRoot),
        ("/no/a", ErrorKind::NotFound, Note::NoFolder),
        ("/dir", ErrorKind::NotFound, Note::Directory),
        ("/a\\b", ErrorKind::Tftp(2), Note::BackslashInPath),
    ] {
        let error = put(&lab, path, b"new", 1).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{path}: {error}");
        assert_eq!(lab.access().await.note, Some(note), "{path}");
    }
    // A link is replaced, and what it leads to is left alone.
    put(&lab, "/link", b"new", 1).await.unwrap();
    assert_eq!(content(&lab, "link"), b"new");
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"old");
    assert_eq!(fs::read_dir(outside).unwrap().count(), 1);
    assert_eq!(names(&lab), ["dir", "link", "out"]);
}

//= R-TFTP-11 type=test
#[tokio::test]
async fn a_file_above_the_limit_is_refused_before_and_while_it_comes() {
    let mut lab = lab(Existing::Stays).await;
    let error = put(&lab, "/r", &file(100_001), 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tftp(3));
    assert_eq!(lab.access().await.note, Some(Note::LongFile));
    // One that does not say how long it is.
    let mut writer = Client::new(&lab).await;
    writer.ask(b"\0\x02r\0octet\0blksize\x0065464\0").await;
    assert_eq!(writer.hear().await, b"\0\x06blksize\x0065464\0");
    let block = [&b"\0\x03\0\x01"[..], &[7; 65_464]].concat();
    writer.say(&block).await;
    assert_eq!(writer.hear().await, [0, 4, 0, 1]);
    let block = [&b"\0\x03\0\x02"[..], &[7; 65_464]].concat();
    writer.say(&block).await;
    assert_eq!(writer.hear().await[..4], [0, 5, 0, 3]);
    assert_eq!(lab.access().await.note, Some(Note::NotWhole));
    assert!(names(&lab).is_empty(), "{:?}", names(&lab));
}

//= R-TFTP-16 type=test
#[tokio::test]
async fn half_a_file_is_no_file_and_the_end_of_a_whole_one_is_told_again() {
    let mut lab = lab(Existing::Stays).await;
    let mut writer = Client::new(&lab).await;
    writer.ask(b"\0\x02r\0OCTET\0").await;
    assert_eq!(writer.hear().await, [0, 4, 0, 0]);
    let block = [&b"\0\x03\0\x01"[..], &[7; 512]].concat();
    writer.say(&block).await;
    assert_eq!(writer.hear().await, [0, 4, 0, 1]);
    assert_eq!(names(&lab).len(), 1);
    writer.say(b"\0\x05\0\0no more\0").await;
    assert_eq!(lab.access().await.note, Some(Note::NotWhole));
    assert!(names(&lab).is_empty(), "{:?}", names(&lab));
    let mut writer = Client::new(&lab).await;
    writer.ask(b"\0\x02r\0octet\0").await;
    assert_eq!(writer.hear().await, [0, 4, 0, 0]);
    for _ in 0..3 {
        writer.say(b"\0\x03\0\x01end").await;
        assert_eq!(writer.hear().await, [0, 4, 0, 1]);
        assert_eq!(content(&lab, "r"), b"end");
    }
    assert_eq!(lab.access().await.bytes, 3);
}

#[tokio::test]
async fn a_file_that_appears_meanwhile_stays() {
    let mut lab = lab(Existing::Stays).await;
    let mut writer = Client::new(&lab).await;
    writer.ask(b"\0\x02r\0octet\0").await;
    assert_eq!(writer.hear().await, [0, 4, 0, 0]);
    lab.write("r", "first");
    writer.say(b"\0\x03\0\x01second").await;
    assert_eq!(writer.hear().await[..4], [0, 5, 0, 6]);
    assert_eq!(content(&lab, "r"), b"first");
    assert_eq!(lab.access().await.note, Some(Note::TakenMeanwhile));
    assert_eq!(names(&lab), ["r"]);
}

/// A client that writes raw packets.
struct Client {
    socket: UdpSocket,
    server: SocketAddr,
    tid: Option<SocketAddr>,
}

impl Client {
    async fn new(lab: &Lab) -> Self {
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            server: lab.running.tftp_addr().unwrap(),
            tid: None,
        }
    }

    async fn ask(&self, packet: &[u8]) {
        self.socket.send_to(packet, self.server).await.unwrap();
    }

    async fn say(&self, packet: &[u8]) {
        let tid = self.tid.unwrap();
        self.socket.send_to(packet, tid).await.unwrap();
    }

    async fn hear(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 600];
        let received = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.unwrap().unwrap();
        self.tid = Some(from);
        buffer.truncate(length);
        buffer
    }
}
