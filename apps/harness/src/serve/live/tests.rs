//! Frames from events.

use std::time::{Duration, SystemTime};

use onhook_prov_server::{
    FailedHandshake, FaultMark, Injected, Priority, SyslogMessage, TlsSession,
};

use super::*;

fn view() -> View {
    let places = [
        ("http", "127.0.0.1:8000".to_owned()),
        ("https", "127.0.0.1:8443".to_owned()),
        ("tftp", "127.0.0.1:69".to_owned()),
        ("syslog", "127.0.0.1:514".to_owned()),
    ];
    View::new(Path::new("www"), &places)
}

fn access(target: &str, status: Option<u16>) -> Access {
    Access {
        at: SystemTime::UNIX_EPOCH,
        client: ([192, 0, 2, 1], 4_000).into(),
        method: Some("GET".to_owned()),
        target: Some(target.to_owned()),
        version: Some(if status.is_some() { "HTTP/1.1" } else { "TFTP" }),
        status,
        bytes: 100,
        elapsed: Duration::ZERO,
        user_agent: None,
        head: Vec::new(),
        tls: None,
        note: None,
        fault: None,
    }
}

fn syslog(text: &str) -> ServerEvent {
    ServerEvent::Syslog(SyslogMessage {
        at: SystemTime::UNIX_EPOCH,
        source: ([192, 0, 2, 1], 514).into(),
        priority: Priority::new(134),
        text: text.to_owned(),
    })
}

#[test]
fn a_frame_shows_protocols_phones_and_lines() {
    let mut view = view();
    let agent = Some("Cisco-CP-8841-3PCC/11.3 (000e08012345)".to_owned());
    view.take(&ServerEvent::Request(Access {
        user_agent: agent,
        ..access("/a.xml", Some(503))
    }));
    view.take(&ServerEvent::Request(access("spa000e08012345.cfg", None)));
    view.take(&ServerEvent::Request(Access {
        tls: Some(TlsSession {
            version: "TLSv1.3",
            client: None,
        }),
        ..access("/b.xml", Some(200))
    }));
    view.take(&ServerEvent::Fault(Injected {
        at: SystemTime::UNIX_EPOCH,
        client: ([192, 0, 2, 1], 4_000).into(),
        protocol: Protocol::Http,
        target: Some("/a.xml".to_owned()),
        fault: FaultMark {
            name: "busy".to_owned(),
            effect: "status=503".to_owned(),
        },
    }));
    view.take(&syslog("Successful resync"));
    view.take(&ServerEvent::Missed(3));
    assert_eq!(
        view.frame(24),
        "serving www   (Ctrl-C ends)\n\
         http   127.0.0.1:8000        1 requests, 1 failed, 100 bytes, 1 faults\n\
         https  127.0.0.1:8443        1 requests, 0 failed, 100 bytes, 0 faults\n\
         tftp   127.0.0.1:69          1 requests, 0 failed, 100 bytes, 0 faults\n\
         syslog 127.0.0.1:514         1 messages\n\
         3 events came too fast to be shown\n\
         \n\
         phones: 2, the last 2\n\
         192.0.2.1       192.0.2.1           1  200 /b.xml  -\n\
         000e08012345    192.0.2.1           2  - spa000e08012345.cfg  Cisco-CP-8841-3PCC/11.3 (000e08012345)\n\
         \n\
         syslog, faults and failed handshakes: the last 2\n\
         1970-01-01T00:00:00.000Z 192.0.2.1:4000 fault busy: status=503, http /a.xml\n\
         1970-01-01T00:00:00.000Z 192.0.2.1:514 syslog local0.info Successful resync\n"
    );
}

#[test]
fn a_frame_keeps_to_its_rows_and_shows_the_newest() {
    let mut view = view();
    for number in 0..2_000 {
        view.take(&ServerEvent::Request(access(
            &format!("/{number:012}.xml"),
            Some(200),
        )));
        view.take(&syslog(&format!("message {number}")));
    }
    view.take(&ServerEvent::Missed(1));
    view.take(&ServerEvent::Handshake(FailedHandshake {
        at: SystemTime::UNIX_EPOCH,
        client: ([192, 0, 2, 1], 4_000).into(),
        reason: "the client left".to_owned(),
        fault: None,
    }));
    view.take(&syslog("message 2000"));
    for rows in [24, 40] {
        let frame = view.frame(rows);
        // The cursor needs a row too, or the first one scrolls away.
        assert_eq!(frame.lines().count(), rows - 1, "{frame}");
        assert!(
            frame.contains("phones: 1000, ") && frame.contains("000000001999    192"),
            "{frame}"
        );
        assert!(frame.ends_with("message 2000\n"), "{frame}");
    }
    // A terminal with hardly any rows shows something and does not fail.
    assert!(view.frame(0).contains("message 2000"));
}

#[test]
fn a_frame_is_drawn_over_the_one_before() {
    assert_eq!(on_screen("a\nb\n"), "\x1b[Ha\x1b[K\r\nb\x1b[K\r\n\x1b[J");
}
