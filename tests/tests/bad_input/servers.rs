//! Servers that are not there, or misbehave, and rules that lead nowhere.

use std::net::TcpListener;

use onhook_tests::{Reply, profile};

use super::{Bench, Failure};

/// An address at which nobody listens.
fn dead() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_server_that_cannot_be_reached_is_told() {
    let bench = Bench::new();
    let server = dead();
    bench.fails(
        &format!("http://{server}/phone.xml"),
        &Failure {
            outcome: "C.connect",
            err: "connect failed",
            says: &[&server, "check that the server runs"],
        },
    );
    bench.fails(
        "http://provisioning.invalid/phone.xml",
        &Failure {
            outcome: "C.dns",
            err: "dns lookup failed",
            says: &["provisioning.invalid", "check the name"],
        },
    );
}

#[test]
fn a_file_that_arrives_in_part_is_never_parsed() {
    let bench = Bench::new();
    // The part that arrives is a whole profile.
    let body = profile([("GPP_A", "new")]).into_bytes();
    let failure = Failure {
        outcome: "C.truncated",
        err: "transfer incomplete",
        says: &["/bad.xml", "before its announced end", "log of the server"],
    };
    //= R-OUT-3 type=test
    bench.refuses(Reply::Short(body, 100), None, &failure);
}

#[test]
fn a_file_of_50_mb_is_refused() {
    let bench = Bench::new();
    let body = vec![b' '; 50 << 20];
    let failure = Failure {
        outcome: "C.policy",
        err: "file too large",
        says: &["/bad.xml", "5242880"],
    };
    bench.refuses(Reply::Body(body.clone()), None, &failure);
    bench.refuses(Reply::Endless(body), None, &failure);
}

#[test]
fn answers_without_a_profile_are_told_apart() {
    let bench = Bench::new();
    for (reply, outcome, err, says) in [
        (
            Reply::Status(404, ""),
            "B.fnf",
            "file not found",
            &["/bad.xml", "404"][..],
        ),
        (
            Reply::Status(500, ""),
            "C.http",
            "http status 500",
            &["/bad.xml", "500", "log of the server"],
        ),
        (
            Reply::Status(401, "WWW-Authenticate: Basic realm=\"x\"\r\n"),
            "C.auth",
            "authentication failed",
            &["/bad.xml", "--uid"],
        ),
        (
            Reply::Status(302, "Location: /bad.xml\r\n"),
            "C.http",
            "too many redirects",
            &["/bad.xml"],
        ),
        (
            Reply::Raw(b"220 mail.example.com ESMTP\r\n"),
            "C.http",
            "http protocol error",
            &["/bad.xml", "check that an HTTP server listens"],
        ),
        (
            Reply::Raw(b""),
            "C.http",
            "http protocol error",
            &["/bad.xml", "check that an HTTP server listens"],
        ),
    ] {
        let failure = Failure { outcome, err, says };
        bench.refuses(reply, None, &failure);
    }
}

#[test]
fn rules_that_lead_nowhere_are_told_with_the_place() {
    let bench = Bench::new();
    for (rule, err, says) in [
        (
            "[--key x http://h/a",
            "bad rule",
            &["at byte", "expected"][..],
        ),
        (
            "(\"a\" eq)? http://h/a",
            "bad rule",
            &["at byte", "expected"],
        ),
        ("/phone.xml", "no server", &["names no server", "option 66"]),
        ("http://127.0.0.1:99999/a", "bad rule", &["port"]),
    ] {
        let outcome = "C.url";
        bench.fails(rule, &Failure { outcome, err, says });
    }
    assert_eq!(
        bench.site.asked().len(),
        1,
        "only the good file was asked for"
    );
}

#[test]
fn a_failure_is_told_to_people_with_reason_and_remedy() {
    let bench = Bench::new();
    let rule = format!("http://{}/phone.xml", dead());
    let ended = bench.agent.run(&["resync", &rule]).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for says in [
        "C.connect",
        "check that the server runs",
        "resync: failed (connect failed)",
    ] {
        assert!(ended.out.contains(says), "{}", ended.out);
    }
}
