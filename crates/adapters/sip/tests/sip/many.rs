//! One socket for many phones.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use onhook_phone::{Answer, Ask, Asked};
use onhook_sip::{Common, Directory, Setup, Switchboard};
use onhook_testkit::fake::{FakeClock, FakeResolver};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::scene::{Scene, open_access};

/// Knows the phone of one address, and tells what it was asked and how old that was.
struct OnePhone(mpsc::UnboundedSender<(IpAddr, String, Duration)>);

const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

impl Directory for OnePhone {
    fn find(&self, address: IpAddr) -> Option<mpsc::Sender<Asked>> {
        if address != PHONE {
            return None;
        }
        let (asker, mut asked) = mpsc::channel::<Asked>(4);
        tokio::spawn(async move {
            while let Some(Asked { ask, reply, .. }) = asked.recv().await {
                assert!(matches!(ask, Ask::SipAccess), "{ask:?}");
                reply.answer(Answer::SipAccess(Arc::new(open_access())));
            }
        });
        Some(asker)
    }

    fn ask(&self, address: IpAddr, asked: Asked, age: Duration) {
        let told = (address, format!("{:?}", asked.ask), age);
        self.0.send(told).unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the kernel says by its own clock when a datagram came"
)]
fn kernel_time() -> SystemTime {
    SystemTime::now()
}

/// What the phone is asked for when it is notified; `system_time` is the clock by which that is late.
async fn asked(system_time: fn() -> SystemTime) -> (IpAddr, String, Duration) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let common = Common {
        setup: Setup::default(),
        key: [7; 32],
        resolver: Arc::new(FakeResolver::new()),
        clock: Arc::new(FakeClock::new()),
        system_time,
    };
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    let bound = Switchboard::bind(any, Arc::new(OnePhone(tell)), common);
    let switchboard = bound.await.unwrap();
    let port = switchboard.address().port();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let text = Scene::new().notify("resync").text();
    // Nobody lives at the first address.
    for ip in [Ipv4Addr::new(127, 0, 0, 8), PHONE] {
        socket.send_to(text.as_bytes(), (ip, port)).await.unwrap();
    }
    let mut buffer = [0; 2000];
    let (_, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(from, (PHONE, port).into(), "the phone answers itself");
    assert!(buffer.starts_with(b"SIP/2.0 200 OK\r\n"));
    told.recv().await.unwrap()
}

#[tokio::test]
async fn what_a_phone_is_asked_for_is_as_old_as_its_datagram() {
    /// Whoever looks sees that so much time has passed since.
    fn later() -> SystemTime {
        kernel_time() + Duration::from_secs(3)
    }
    let (address, ask, age) = asked(later).await;
    assert_eq!((address, ask.as_str()), (PHONE.into(), "Resync(None)"));
    assert!(age >= Duration::from_secs(3), "{age:?}");
}

#[tokio::test]
async fn a_clock_that_was_set_makes_nothing_old_for_ever() {
    let before = || SystemTime::UNIX_EPOCH;
    assert_eq!(asked(before).await.2, Duration::ZERO);
    let long_after = || kernel_time() + Duration::from_secs(1 << 30);
    assert_eq!(asked(long_after).await.2, Duration::from_secs(600));
}
