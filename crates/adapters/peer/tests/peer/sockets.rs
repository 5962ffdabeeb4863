//! When somebody listens, and how far it is heard.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use onhook_peer::{Own, PORTS, PeerNet, PeerSetup, link_of};
use onhook_upgrade::port::PeerSharing;
use onhook_upgrade::sharing::OnLink;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::place::{COUNT, Nobody, Place, Server, Store, TCP, UDP, load, wanted};

/// Whether all ports of a host are free.
async fn are_free(host: Ipv4Addr) -> bool {
    let mut free = UdpSocket::bind(SocketAddrV4::new(host, UDP)).await.is_ok();
    for port in TCP {
        free &= TcpStream::connect(SocketAddrV4::new(host, port))
            .await
            .is_err();
    }
    free
}

//= R-PFS-4 type=test
#[tokio::test]
async fn nobody_listens_unless_a_load_is_wanted_or_held() {
    let place = Place::new();
    let host = place.host(1);
    let phone = place.phone(1);
    assert!(are_free(host).await);
    phone.hold(load(), Store::full()).await;
    assert!(!are_free(host).await);
    phone.rest().await;
    assert!(are_free(host).await);
    let store = Arc::new(Store::default());
    phone
        .obtain(wanted(&store), &Server::default())
        .await
        .unwrap();
    assert!(are_free(host).await);
    let store = Arc::new(Store::default());
    assert!(phone.obtain(wanted(&store), &Nobody).await.is_err());
    assert!(are_free(host).await);
}

//= R-PFS-2 type=test
#[tokio::test]
async fn a_port_that_somebody_else_has_is_no_reason_to_fail() {
    let place = Place::new();
    let taken = TcpListener::bind(SocketAddrV4::new(place.host(1), TCP[1])).await;
    let _taken = taken.unwrap();
    let phone = place.phone(1);
    phone.hold(load(), Store::full()).await;
    let (store, server) = (Arc::new(Store::default()), Server::default());
    let tally = phone.obtain(wanted(&store), &server).await.unwrap();
    assert_eq!(tally.from_server, COUNT);
    assert_eq!(server.0.load(Ordering::SeqCst), COUNT);
    store.assert_whole();
}

//= R-PFS-2 type=test
#[tokio::test]
async fn without_its_address_a_phone_shares_with_nobody_and_by_no_other_one() {
    let place = Place::new();
    let setup = PeerSetup {
        own: Own::Address(Ipv4Addr::new(192, 0, 2, 77)),
        ..place.setup(1)
    };
    let phone = PeerNet::new(setup);
    let holder = place.phone(2);
    holder.hold(load(), Store::full()).await;
    let (store, server) = (Arc::new(Store::default()), Server::default());
    let tally = phone.obtain(wanted(&store), &server).await.unwrap();
    assert_eq!((tally.from_server, tally.from_peers), (COUNT, 0));
    store.assert_whole();
}

/// An address may come after the phone, and whoever has its ports may go.
//= R-PFS-4 type=test
#[tokio::test(start_paused = true)]
async fn who_holds_a_load_looks_again_for_what_it_lacks() {
    let place = Place::new();
    let host = place.host(1);
    let taken = UdpSocket::bind(SocketAddrV4::new(host, UDP)).await.unwrap();
    let phone = place.phone(1);
    phone.hold(load(), Store::full()).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    drop(taken);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(!are_free(host).await);
    phone.rest().await;
    assert!(are_free(host).await);
}

#[test]
fn the_documented_ports_are_the_default() {
    assert_eq!(PORTS, (4051, [4051, 6970]));
    let link = OnLink {
        address: Ipv4Addr::new(192, 0, 2, 1),
        prefix: 24,
    };
    let setup = PeerSetup::new(Own::Link(link), 0);
    assert_eq!((setup.discovery, setup.transfer), (4051, vec![4051, 6970]));
}

#[test]
fn the_network_of_an_address_is_that_of_its_interface() {
    let link = link_of(Ipv4Addr::LOCALHOST).unwrap();
    assert_eq!((link.address, link.prefix), (Ipv4Addr::LOCALHOST, 8));
    let other = Ipv4Addr::new(127, 9, 8, 7);
    assert_eq!(link_of(other).unwrap().address, other);
    assert_eq!(link_of(Ipv4Addr::new(192, 0, 2, 77)), None);
}
