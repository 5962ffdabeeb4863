use std::io::IoSlice;
use std::net::Ipv4Addr;

use nix::sys::socket::{ControlMessage, sendmsg};

use super::*;

/// A server's socket and ours, which knows that it is the peer.
fn pair() -> (UdpSocket, Sockets) {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let open = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = open.local_addr().unwrap().port();
    let peer = server.local_addr().unwrap();
    let mut sockets = Sockets::new(open, peer).unwrap();
    sockets.tie(peer);
    assert_eq!(sockets.ear().1, Some(peer));
    server.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    (server, sockets)
}

/// What is here, after at most one wait.
fn heard(ears: &mut Ears, socket: &UdpSocket) -> Vec<Vec<u8>> {
    ears.hear(socket).unwrap();
    let all = std::iter::from_fn(|| ears.held().map(|at| ears.datagram(at).to_vec()));
    all.collect()
}

//= R-TFTP-4 type=test
#[test]
fn the_peer_is_heard_at_one_socket_and_strangers_at_the_other() {
    let (server, mut sockets) = pair();
    let port = server.peer_addr().unwrap().port();
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ours = (Ipv4Addr::LOCALHOST, port);
    stranger.send_to(b"stranger", ours).unwrap();
    server.send(b"peer").unwrap();
    let mut ears = Ears::new(100);
    assert_eq!(heard(&mut ears, sockets.ear().0), [b"peer"]);
    assert!(sockets.ear().0.recv(&mut [0; 100]).is_err(), "one each");
    let (at, from) = sockets.stranger(&mut ears, Duration::ZERO).unwrap();
    assert_eq!(ears.datagram(at), b"stranger");
    assert_eq!(from, stranger.local_addr().unwrap());
    // Both leave from the one port.
    sockets.send(b"to the stranger", from).unwrap();
    sockets
        .send(b"to the peer", server.local_addr().unwrap())
        .unwrap();
    for (socket, said) in [
        (&stranger, &b"to the stranger"[..]),
        (&server, b"to the peer"),
    ] {
        let mut buffer = [0; 100];
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from.port()), (said, port));
    }
    // After a look in vain the next one waits.
    assert!(sockets.stranger(&mut ears, Duration::ZERO).is_none());
    stranger.send_to(b"again", ours).unwrap();
    assert!(
        sockets
            .stranger(&mut ears, Duration::from_millis(19))
            .is_none()
    );
    assert!(
        sockets
            .stranger(&mut ears, Duration::from_millis(20))
            .is_some()
    );
}

//= R-TFTP-23 type=test
#[test]
fn nobody_else_gets_the_port_meanwhile() {
    let (server, sockets) = pair();
    let port = server.peer_addr().unwrap().port();
    assert!(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_err());
    let other = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::empty(),
        None,
    )
    .unwrap();
    setsockopt(&other, sockopt::ReuseAddr, &true).unwrap();
    let address = SockaddrStorage::from(SocketAddr::from(([0, 0, 0, 0], port)));
    assert!(bind(other.as_raw_fd(), &address).is_err());
    drop(sockets);
    assert!(bind(other.as_raw_fd(), &address).is_ok());
}

//= R-TFTP-12 type=test
#[test]
fn datagrams_that_the_kernel_joined_are_taken_apart() {
    let (server, sockets) = pair();
    let socket = sockets.ear().0;
    let mut ears = Ears::new(12);
    ears.widen(16, socket);
    let mut sent: Vec<Vec<u8>> = (1..=9).map(|n| vec![n; 10]).collect();
    sent.push(vec![10; 3]);
    let cut = 10;
    sendmsg::<()>(
        server.as_raw_fd(),
        &[IoSlice::new(&sent.concat())],
        &[ControlMessage::UdpGsoSegments(&cut)],
        MsgFlags::empty(),
        None,
    )
    .unwrap();
    for lone in [&b""[..], b"x", &[7; 2000]] {
        server.send(lone).unwrap();
        sent.push(lone.to_vec());
    }
    let mut all = Vec::new();
    while all.len() < sent.len() {
        all.extend(heard(&mut ears, socket));
    }
    assert_eq!(all, sent);
}

#[test]
fn a_datagram_that_is_too_long_is_seen_to_be_longer() {
    let (server, sockets) = pair();
    server.send(&[7; 500]).unwrap();
    let lengths: Vec<_> = heard(&mut Ears::new(12), sockets.ear().0)
        .iter()
        .map(Vec::len)
        .collect();
    assert_eq!(lengths, [12]);
}
