//! Peers that break the protocol.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::{
    Datagram, Frame, HEADER, Header, Held, Kind, Line, NodeId, SharingError, Tally,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::place::{COUNT, Place, Server, Store, TCP, UDP, load, octets};

/// What a peer that claims to have the load does to whoever comes.
#[derive(Clone, Copy)]
enum Does {
    /// Nothing at all.
    Nothing,
    /// It gives a block that is not what the manifest says.
    Lies,
    /// It takes a child and says again and again that it lives.
    Stalls,
    /// It sends what is no frame.
    Babbles,
    /// It announces a block of the largest length that can be said.
    Boasts,
    /// It goes after the first good block.
    Goes,
}

/// Claims to be the root, and does that.
fn root(place: &Place, number: u8, does: Does) -> JoinHandle<()> {
    let (own, phone) = (place.host(number), place.host(1));
    tokio::spawn(async move {
        let udp = UdpSocket::bind(SocketAddrV4::new(own, UDP)).await.unwrap();
        let tcp = TcpListener::bind(SocketAddrV4::new(own, TCP[0]))
            .await
            .unwrap();
        let claim = Datagram {
            kind: Kind::Root,
            depth: 0,
            places: 2,
            load: load().id(),
            node: NodeId(0),
            held: COUNT,
            total: COUNT,
        };
        let to = SocketAddrV4::new(phone, UDP);
        let mut every = tokio::time::interval(Duration::from_millis(20));
        let mut served = Vec::new();
        loop {
            tokio::select! {
                _ = every.tick() => drop(udp.send_to(&claim.encode(), to).await),
                Ok((stream, _)) = tcp.accept() => served.push(tokio::spawn(serve(stream, does))),
            }
        }
    })
}

async fn serve(mut stream: TcpStream, does: Does) {
    let mut join = vec![0; HEADER + 44 + COUNT.div_ceil(8) as usize];
    let Ok(_) = stream.read_exact(&mut join).await else {
        return;
    };
    let mut send = Frame::Welcome.encode();
    match does {
        Does::Nothing => return std::future::pending().await,
        Does::Lies => {
            send.extend(Header::of_block(0, 50_004));
            send.extend(octets(1));
        }
        Does::Stalls => {
            let mut every = tokio::time::interval(Duration::from_millis(50));
            let _ = stream.write_all(&send).await;
            loop {
                every.tick().await;
                if stream
                    .write_all(&Frame::Count(COUNT).encode())
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
        Does::Babbles => send.extend([0xff; 4096]),
        Does::Boasts => send.extend(Header::of_block(0, u32::MAX)),
        Does::Goes => {
            send.extend(Header::of_block(0, 50_004));
            send.extend(octets(0));
            let _ = stream.write_all(&send).await;
            return;
        }
    }
    let _ = stream.write_all(&send).await;
    // Until the phone has gone.
    let _ = stream.read(&mut [0]).await;
}

async fn phone_with_bad_root(does: Does) -> (Place, Result<Tally, SharingError>, u32) {
    let place = Place::new();
    let bad = root(&place, 2, does);
    let (store, server) = (Arc::new(Store::default()), Server::default());
    let phone = place.phone(1);
    let obtained = timeout(
        Duration::from_secs(30),
        phone.obtain(place.wanted(&store), &server),
    );
    let tally = obtained.await.unwrap();
    store.assert_whole();
    bad.abort();
    (place, tally, server.0.load(Ordering::SeqCst))
}

//= R-PFS-2 type=test
#[tokio::test]
async fn a_phone_finishes_whatever_its_root_does() {
    for does in [
        Does::Nothing,
        Does::Lies,
        Does::Stalls,
        Does::Babbles,
        Does::Boasts,
    ] {
        let (_, tally, asked) = phone_with_bad_root(does).await;
        assert_eq!(tally.unwrap().from_server, COUNT);
        assert_eq!(asked, COUNT);
    }
}

//= R-PFS-2 type=test
#[tokio::test]
async fn a_liar_is_told_of_and_what_is_right_is_kept() {
    let (place, ..) = phone_with_bad_root(Does::Lies).await;
    let lied = Line::Lied(load().id(), place.host(2));
    assert!(place.lines().contains(&lied), "{:?}", place.lines());
    let (_, tally, asked) = phone_with_bad_root(Does::Goes).await;
    assert_eq!(tally.unwrap().from_peers, 1);
    assert_eq!(asked, COUNT - 1);
}

/// A holder at host 1.
async fn holder(place: &Place) -> impl PeerSharing {
    let phone = place.phone(1);
    phone.hold(load(), Store::full()).await;
    phone
}

async fn connect(from: Ipv4Addr, to: Ipv4Addr, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddrV4::new(from, 0).into()).unwrap();
    let to = SocketAddrV4::new(to, port).into();
    socket.connect(to).await.unwrap()
}

/// What a holder gives before it ends the connection.
async fn given(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut all));
    // A reset is an end as well.
    let _ = read.await.expect("the connection is ended");
    all
}

fn join(held: Held) -> Vec<u8> {
    let load = load().id();
    Frame::Join { load, held }.encode()
}

//= R-PFS-4 type=test
#[tokio::test]
async fn a_source_that_is_not_on_the_link_gets_nothing() {
    let place = Place::new();
    let _holder = holder(&place).await;
    // The network ends at host 15.
    let stranger = place.host(17);
    let mut stream = connect(stranger, place.host(1), TCP[0]).await;
    let _ = stream.write_all(&join(load().none_held())).await;
    assert_eq!(given(&mut stream).await, []);
    // A neighbour does, at either port.
    for port in TCP {
        let mut stream = connect(place.host(3), place.host(1), port).await;
        stream.write_all(&join(load().none_held())).await.unwrap();
        let mut welcome = [0; HEADER];
        stream.read_exact(&mut welcome).await.unwrap();
        assert_eq!(welcome, *Frame::Welcome.encode());
    }
}

#[tokio::test]
async fn whoever_says_anything_but_a_join_is_left_without_an_answer() {
    let place = Place::new();
    let _holder = holder(&place).await;
    let mut other = join(load().none_held());
    other[HEADER + 10] ^= 1;
    for said in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        vec![0; 64],
        vec![0xff; 64],
        Frame::Welcome.encode(),
        Header::of_block(0, 50_004).to_vec(),
        other,
        // Nothing, for longer than it may.
        Vec::new(),
    ] {
        let mut stream = connect(place.host(3), place.host(1), TCP[0]).await;
        let _ = stream.write_all(&said).await;
        assert_eq!(given(&mut stream).await, [], "{said:?}");
    }
}

//= R-PFS-4 type=test
#[tokio::test]
async fn nine_connections_are_one_too_many() {
    let place = Place::new();
    let _holder = holder(&place).await;
    let mut open = Vec::new();
    for host in [3, 3, 4, 4, 5, 5, 6, 6] {
        open.push(connect(place.host(host), place.host(1), TCP[0]).await);
    }
    let mut ninth = connect(place.host(7), place.host(1), TCP[0]).await;
    assert_eq!(given(&mut ninth).await, []);
    // The eight are still there: one of them is served.
    let mut first = open.remove(0);
    first.write_all(&join(load().none_held())).await.unwrap();
    let mut welcome = [0; HEADER];
    first.read_exact(&mut welcome).await.unwrap();
    assert_eq!(welcome, *Frame::Welcome.encode());
}

//= R-PFS-4 type=test
#[tokio::test]
async fn a_holder_answers_a_seek_with_no_more_than_it_heard() {
    let place = Place::new();
    let _holder = holder(&place).await;
    let ears = UdpSocket::bind(SocketAddrV4::new(place.host(2), UDP))
        .await
        .unwrap();
    let seek = Datagram {
        kind: Kind::Seek,
        depth: 255,
        places: 2,
        load: load().id(),
        node: NodeId(9),
        held: 0,
        total: COUNT,
    };
    let to = SocketAddrV4::new(place.host(1), UDP);
    // Rubbish and strangers first: nobody answers them.
    let stranger = UdpSocket::bind(SocketAddrV4::new(place.host(17), 0))
        .await
        .unwrap();
    stranger.send_to(&seek.encode(), to).await.unwrap();
    let other = Datagram {
        load: onhook_upgrade::sharing::LoadId([9; 32]),
        ..seek
    };
    ears.send_to(&other.encode(), to).await.unwrap();
    ears.send_to(&seek.encode()[..63], to).await.unwrap();
    ears.send_to(&[0; 1400], to).await.unwrap();
    ears.send_to(&seek.encode(), to).await.unwrap();
    let mut buffer = [0; 2000];
    let heard = timeout(Duration::from_secs(10), ears.recv_from(&mut buffer));
    let (length, from) = heard.await.unwrap().unwrap();
    assert_eq!(length, seek.encode().len());
    assert_eq!(from, to.into());
    let offer = Datagram::decode(&buffer[..length]).unwrap();
    assert_eq!(
        (offer.kind, offer.held, offer.places),
        (Kind::Offer, COUNT, 2)
    );
    // One answer to all of it.
    assert!(ears.try_recv_from(&mut buffer).is_err());
}
