//! The real sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use onhook_phone::{Answer, Ask, Asked, Origin};
use onhook_sip::{Around, Limits, Listen, Listener, Setup, UserAgent};
use onhook_testkit::fake::{FakeClock, FakeResolver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;

use crate::scene::{Scene, open_access};

/// A listener with somebody who stands for the phone and tells what it was asked.
async fn listener() -> (Listener, SocketAddr, mpsc::UnboundedReceiver<String>) {
    let (asker, mut asked) = mpsc::channel(4);
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Asked { origin, ask, reply }) = asked.recv().await {
            assert_eq!(origin, Origin::Sip);
            if matches!(ask, Ask::SipAccess) {
                reply.answer(Answer::SipAccess(Arc::new(open_access())));
            } else {
                reply.answer(Answer::Done);
                tell.send(format!("{ask:?}")).unwrap();
            }
        }
    });
    let listen = Listen {
        plain: Some(([127, 0, 0, 1], 0).into()),
        secure: None,
    };
    let around = Around {
        asker,
        resolver: Arc::new(FakeResolver::new()),
        clock: Arc::new(FakeClock::new()),
    };
    let agent = UserAgent::new(Setup::default(), [7; 32]);
    let listener = Listener::bind(listen, agent, around, Limits::default());
    let listener = listener.await.unwrap();
    let address = listener.plain().unwrap();
    (listener, address, told)
}

#[tokio::test]
async fn udp_and_tcp_are_on_one_port_and_the_answer_comes_before_the_act() {
    let (_listener, address, mut told) = listener().await;
    let mut scene = Scene::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 2000];
    // What is no SIP is passed over.
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"\xff\xfe",
        b"SIP/2.0 200 OK\r\n\r\n",
    ] {
        socket.send_to(bytes, address).await.unwrap();
    }
    let text = scene.notify("resync").text();
    socket.send_to(text.as_bytes(), address).await.unwrap();
    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(from, address);
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
    assert_eq!(told.recv().await.unwrap(), "Resync(None)");
    // The same again is answered again, and nothing is asked.
    socket.send_to(text.as_bytes(), address).await.unwrap();
    let (again, _) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(again, length);

    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = scene.notify("restart_now").text();
    stream.write_all(text.as_bytes()).await.unwrap();
    let length = stream.read(&mut buffer).await.unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 200 OK\r\n"));
    assert_eq!(told.recv().await.unwrap(), "RestartWarm");
}

#[tokio::test]
async fn an_address_that_somebody_has_is_an_error_that_names_it() {
    let (_listener, address, _told) = listener().await;
    let listen = Listen {
        plain: Some(address),
        secure: None,
    };
    let (asker, _) = mpsc::channel(1);
    let around = Around {
        asker,
        resolver: Arc::new(FakeResolver::new()),
        clock: Arc::new(FakeClock::new()),
    };
    let agent = UserAgent::new(Setup::default(), [7; 32]);
    let error = Listener::bind(listen, agent, around, Limits::default())
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}
