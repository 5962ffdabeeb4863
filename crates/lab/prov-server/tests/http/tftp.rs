//! TFTP on loopback, with clients that write raw packets.

use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::time::Duration;

use onhook_prov_server::Note;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::common::Lab;

/// How long a test waits for a packet that must come.
const PATIENCE: Duration = Duration::from_secs(5);

async fn lab() -> Lab {
    Lab::with(|_, config| {
        config.http = None;
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await
}

struct Reader {
    socket: UdpSocket,
    server: SocketAddr,
    /// Where the last packet came from.
    tid: Option<SocketAddr>,
}

impl Reader {
    async fn new(lab: &Lab) -> Self {
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            server: lab.running.tftp_addr().unwrap(),
            tid: None,
        }
    }

    /// A request, or any other first packet.
    async fn ask(&self, packet: &[u8]) {
        self.socket.send_to(packet, self.server).await.unwrap();
    }

    async fn say(&self, packet: &[u8]) {
        self.socket
            .send_to(packet, self.tid.unwrap())
            .await
            .unwrap();
    }

    async fn hear(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 70_000];
        let received = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.unwrap().unwrap();
        self.tid = Some(from);
        buffer.truncate(length);
        buffer
    }

    /// Takes blocks until a short one.
    async fn rest(&mut self, size: usize) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let packet = self.hear().await;
            assert_eq!(packet[..2], [0, 3]);
            self.say(&[0, 4, packet[2], packet[3]]).await;
            body.extend_from_slice(&packet[4..]);
            if packet.len() < size + 4 {
                return body;
            }
        }
    }
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

//= R-TFTP-4 type=test
//= R-TFTP-8 type=test
#[tokio::test]
async fn a_file_is_sent_from_a_port_of_its_own_and_logged() {
    let mut lab = lab().await;
    for length in [0, 511, 512, 513, 200_000] {
        lab.write("a.xml", file(length));
        let mut reader = Reader::new(&lab).await;
        reader.ask(b"\0\x01/a.xml\0OcTeT\0").await;
        assert!(reader.rest(512).await == file(length), "{length}");
        assert_ne!(reader.tid, Some(reader.server));
        let access = lab.access().await;
        assert_eq!(access.client, reader.socket.local_addr().unwrap());
        assert_eq!(access.method.as_deref(), Some("RRQ"));
        assert_eq!(access.target.as_deref(), Some("/a.xml"));
        assert_eq!(access.version, Some("TFTP"));
        assert_eq!(
            (access.bytes, access.status, access.note),
            (length as u64, None, None)
        );
    }
}

//= R-TFTP-7 type=test
//= R-TFTP-12 type=test
#[tokio::test]
async fn options_are_answered_and_kept() {
    let mut lab = lab().await;
    lab.write("a b", file(100_000));
    let mut reader = Reader::new(&lab).await;
    reader
        .ask(
            b"\0\x01a b\0octet\0tsize\x000\0blksize\x001428\0timeout\x002\0windowsize\x004\0x\0y\0",
        )
        .await;
    assert_eq!(
        reader.hear().await,
        b"\0\x06tsize\x00100000\0blksize\x001428\0timeout\x002\0windowsize\x004\0"
    );
    reader.say(b"\0\x04\0\0").await;
    let mut body = Vec::new();
    for number in 1.. {
        let packet = reader.hear().await;
        assert_eq!(packet[3], number);
        body.extend_from_slice(&packet[4..]);
        let last = packet.len() < 1432;
        if number % 4 == 0 || last {
            reader.say(&[0, 4, 0, number]).await;
        }
        if last {
            break;
        }
    }
    assert!(body == file(100_000));
    assert_eq!(lab.access().await.bytes, 100_000);
}

//= R-TFTP-2 type=test
#[tokio::test]
async fn what_is_not_served_is_told_and_logged_with_the_reason() {
    let mut lab = lab().await;
    let root = lab.dir.path().join("root");
    std::fs::create_dir(root.join("dir")).unwrap();
    symlink("/etc/passwd", root.join("out")).unwrap();
    let long = [b"\0\x01".as_slice(), &[b'n'; 600], b"\0octet\0"].concat();
    for (request, code, note) in [
        (&b"\0\x01no\0octet\0"[..], 1, Note::NoFile),
        (b"\0\x01%6eo\0octet\0", 1, Note::NoFile),
        (b"\0\x01dir\0octet\0", 1, Note::Directory),
        (b"\0\x01/\0octet\0", 1, Note::Directory),
        (b"\0\x01out\0octet\0", 1, Note::OutsideRoot),
        (b"\0\x01../x\0octet\0", 2, Note::ParentInPath),
        (b"\0\x01a\0netascii\0", 4, Note::Mode),
        (b"\0\x02a\0octet\0", 2, Note::Write),
        (b"\0\x03\0\x01x", 4, Note::NotTftp),
        (b"\0\x09\0\x01x", 4, Note::NotTftp),
        (b"GET / HTTP/1.1", 4, Note::NotTftp),
        (&long, 4, Note::NotTftp),
    ] {
        let mut reader = Reader::new(&lab).await;
        reader.ask(request).await;
        let told = reader.hear().await;
        assert_eq!(told[..4], [0, 5, 0, code], "{request:?}");
        assert_eq!(told[4..told.len() - 1], *note.as_str().as_bytes());
        assert_eq!(lab.access().await.note, Some(note));
    }
    assert_eq!(std::fs::read_dir(root).unwrap().count(), 2);
}

//= R-TFTP-17 type=test
#[tokio::test]
async fn an_error_is_never_answered() {
    let mut lab = lab().await;
    let mut reader = Reader::new(&lab).await;
    reader.ask(b"\0\x05\0\0stray\0").await;
    assert_eq!(lab.access().await.note, Some(Note::NotTftp));
    lab.write("a", "x");
    reader.ask(b"\0\x01a\0octet\0").await;
    assert_eq!(reader.hear().await, b"\0\x03\0\x01x");
}

#[tokio::test]
async fn a_repeated_request_starts_nothing_and_a_lost_block_comes_again() {
    let mut lab = lab().await;
    lab.write("a", "x");
    let mut reader = Reader::new(&lab).await;
    for _ in 0..3 {
        reader.ask(b"\0\x01a\0octet\0").await;
    }
    assert_eq!(reader.hear().await, b"\0\x03\0\x01x");
    let tid = reader.tid;
    // Not acknowledged: the clock of the server repeats it, from the same port.
    assert_eq!(reader.hear().await, b"\0\x03\0\x01x");
    assert_eq!(reader.tid, tid);
    reader.say(b"\0\x04\0\x01").await;
    assert_eq!(lab.access().await.bytes, 1);
}

#[tokio::test]
async fn a_reader_that_ends_or_leaves_is_logged_as_such() {
    let mut lab = lab().await;
    lab.write("a", file(5000));
    let mut reader = Reader::new(&lab).await;
    reader.ask(b"\0\x01a\0octet\0").await;
    reader.hear().await;
    reader.say(b"\0\x05\0\0no\0").await;
    let access = lab.access().await;
    assert_eq!((access.bytes, access.note), (0, Some(Note::NotTaken)));
    let mut reader = Reader::new(&lab).await;
    reader.ask(b"\0\x01a\0octet\0").await;
    reader.hear().await;
    let tid = reader.tid.unwrap();
    reader.socket.send_to(b"\0\x04\0\x01", tid).await.unwrap();
    // The next block finds nobody, which ICMP tells.
    drop(reader);
    assert_eq!(lab.access().await.note, Some(Note::NotTaken));
}

#[tokio::test]
async fn stopping_gives_up_readers_after_the_grace_period() {
    let mut lab = Lab::with(|_, config| {
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.limits.grace = Duration::from_millis(20);
    })
    .await;
    lab.write("a", "x");
    let mut reader = Reader::new(&lab).await;
    reader.ask(b"\0\x01a\0octet\0").await;
    reader.hear().await;
    timeout(Duration::from_secs(2), lab.running.stop())
        .await
        .unwrap();
    assert!(lab.events.next().await.is_none());
}
