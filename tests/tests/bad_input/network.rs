//! A network that breaks, and answers that arrive badly.

use std::fs;
use std::net::SocketAddr;

use onhook_schedule::{Purpose, draw, uniform};
use onhook_tests::{After, Harm, Lab, Peer, Relay, Reply, profile, tool};

use super::tls::{Tls, handshake};
use super::{Bench, Failure, good};

/// Bytes of one value.
const LARGE: usize = 40_000;
/// More than any handshake, and less than the large profile.
const IN_THE_BODY: usize = 20_000;
/// Fewer records than a handshake and a large profile have in either version.
const FEWEST_RECORDS: usize = 6;

const BROKEN: Failure<'_> = Failure {
    outcome: "C.truncated",
    err: "transfer incomplete",
    says: &[".xml"],
};
const NO_ANSWER: Failure<'_> = Failure {
    outcome: "C.http",
    err: "http protocol error",
    says: &[".xml"],
};

/// A profile of 40 KB, with what the phone holds already.
fn large() -> String {
    let more = [("GPP_B".to_owned(), "x".repeat(LARGE))];
    profile(good().into_iter().chain(more))
}

/// A server that gives this profile over TLS.
fn serve(tls: &Tls, version: &str) -> (Peer, SocketAddr) {
    fs::write(tls.authority.path("large.xml"), large()).unwrap();
    let (server, port) = tls.authority.serve("server", version).unwrap();
    (server, SocketAddr::from(([127, 0, 0, 1], port)))
}

#[test]
fn a_connection_that_breaks_in_any_phase_changes_nothing() {
    let Some(tls) = Tls::new() else {
        return;
    };
    let closed = ["closed the connection during the handshake"];
    let reset = ["TLS with"];
    for version in ["-tls1_2", "-tls1_3"] {
        for (after, harm, failure) in [
            (0, Harm::Cut, handshake(&closed)),
            (40, Harm::Cut, handshake(&closed)),
            (400, Harm::Cut, handshake(&closed)),
            (400, Harm::Reset, handshake(&reset)),
            (60, Harm::Flip, handshake(&reset)),
            (IN_THE_BODY, Harm::Cut, BROKEN),
            (IN_THE_BODY, Harm::Reset, BROKEN),
            (IN_THE_BODY, Harm::Flip, handshake(&["cannot decrypt"])),
        ] {
            let (_server, address) = serve(&tls, version);
            let relay = Relay::start(address, After::Bytes(after), harm).unwrap();
            let url = format!("https://{}/large.xml", relay.address());
            tls.bench.fails(&url, &failure);
            relay.end().unwrap();
        }
    }
}

#[test]
fn an_alert_in_any_phase_changes_nothing() {
    let Some(tls) = Tls::new() else {
        return;
    };
    const INTERNAL_ERROR: u8 = 80;
    for version in ["-tls1_2", "-tls1_3"] {
        // In place of the first record it answers the hello of the phone; the last ones hold the profile.
        let mut records = 0;
        loop {
            let (_server, address) = serve(&tls, version);
            let harm = Harm::Alert(INTERNAL_ERROR);
            let relay = Relay::start(address, After::Records(records), harm).unwrap();
            let url = format!("https://{}/large.xml", relay.address());
            let (_, document) = tls.bench.agent.resync(&url).unwrap();
            if document["outcome"] == "applied" {
                // The server had said its last word before.
                break;
            }
            relay.end().unwrap();
            let rule = &document["rules"][0];
            assert_eq!(rule["outcome"], "C.tls", "{records}: {document:#}");
            assert_eq!(rule["err"], "tls handshake failed", "{document:#}");
            assert_eq!(tls.bench.agent.changed().unwrap(), good());
            records += 1;
        }
        assert!(records >= FEWEST_RECORDS, "{version}: {records}");
        let changed = tls.bench.agent.changed().unwrap();
        assert_eq!(changed["GPP_B"].len(), LARGE);
        tls.bench.reset();
    }
}

//= R-OUT-3 type=test
//= R-OUT-5 type=test
#[test]
fn a_connection_that_breaks_anywhere_gives_all_or_nothing() {
    let bench = Bench::new();
    let body = large();
    bench
        .site
        .put("/large.xml", Reply::Body(body.clone().into()));
    let server = bench.site.address();
    let mut applied = 0;
    for seed in 0..60 {
        let drawn = |n, most| uniform(draw(seed, Purpose::Srv, n), most);
        // The header has about 60 bytes: some of these are behind the end.
        let after = usize::try_from(drawn(0, body.len() as u64 + 200)).unwrap();
        let harm = if drawn(1, 1) == 0 {
            Harm::Cut
        } else {
            Harm::Reset
        };
        let relay = Relay::start(server, After::Bytes(after), harm).unwrap();
        let url = format!("http://{}/large.xml", relay.address());
        let (ended, document) = bench.agent.resync(&url).unwrap();
        // It fails when the answer was over before the harm.
        let harmed = relay.end().is_ok();
        if ended.code == Some(0) {
            assert!(!harmed || after >= body.len(), "{seed}: {document:#}");
            applied += 1;
            bench.reset();
            continue;
        }
        let known = [BROKEN, NO_ANSWER].map(|failure| failure.err);
        let err = document["err"].as_str().unwrap();
        assert!(known.contains(&err), "{seed}: {document:#}");
        assert_eq!(bench.agent.changed().unwrap(), good(), "{seed}");
    }
    assert!(applied < 30, "{applied} of 60 were not harmed");
}

#[test]
fn a_reset_is_told_by_what_had_arrived() {
    let bench = Bench::new();
    bench.put("/large.xml", large());
    for (after, failure) in [(0, NO_ANSWER), (20, NO_ANSWER), (IN_THE_BODY, BROKEN)] {
        let relay = Relay::start(bench.site.address(), After::Bytes(after), Harm::Reset).unwrap();
        bench.fails(&format!("http://{}/large.xml", relay.address()), &failure);
        relay.end().unwrap();
    }
}

#[test]
fn bytes_that_come_one_by_one_are_a_profile_all_the_same() {
    let Some(tls) = Tls::new() else {
        return;
    };
    tls.bench.put("/small.xml", profile([("GPP_B", "slowly")]));
    fs::write(
        tls.authority.path("small.xml"),
        profile([("GPP_C", "slowly")]),
    )
    .unwrap();
    let (_server, port) = tls.authority.serve("server", "").unwrap();
    let secure = SocketAddr::from(([127, 0, 0, 1], port));
    for (scheme, address) in [("http", tls.bench.site.address()), ("https", secure)] {
        let relay = Relay::start(address, After::Bytes(0), Harm::Bytes).unwrap();
        let url = format!("{scheme}://{}/small.xml", relay.address());
        let (ended, document) = tls.bench.agent.resync(&url).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
        relay.end().unwrap();
    }
    assert_eq!(tls.bench.agent.changed().unwrap().len(), good().len() + 2);
}

/// The server of the lab with a fault, over HTTP and HTTPS, and a phone that believes it.
fn lab(bench: &Bench, fault: &str) -> Lab {
    let ca = bench.agent.place("ca.pem");
    let path = ca.to_str().unwrap();
    let lab = Lab::start(&[
        "--https",
        "127.0.0.1:0",
        "--tls-ca-out",
        path,
        "--fault",
        fault,
    ]);
    let log = bench.sink.address().unwrap();
    let text = format!("[syslog]\nserver = \"{log}\"\n[tls]\ntrust = {ca:?}\n");
    bench.agent.configure(&text).unwrap();
    let lab = lab.unwrap();
    lab.put("new.xml", profile([("GPP_B", "new")])).unwrap();
    lab
}

#[test]
fn an_answer_that_arrives_badly_is_told_and_changes_nothing() {
    let bench = Bench::new();
    let parse = Failure {
        outcome: "B.corrupt",
        err: "parse failed",
        says: &["end tag"],
    };
    for (fault, failure) in [
        ("length=+9", BROKEN),
        // What was announced is read, which is no whole profile.
        ("length=-9", parse),
        ("drop", NO_ANSWER),
        ("drop=after-head", BROKEN),
        ("reset", NO_ANSWER),
    ] {
        let lab = lab(&bench, fault);
        for scheme in ["http", "https"] {
            bench.fails(&lab.url(scheme, "new.xml").unwrap(), &failure);
        }
    }
}

//= R-HTTP-17 type=test
#[test]
fn a_server_that_stalls_is_given_up() {
    let Some(faketime) = tool("faketime") else {
        return;
    };
    let mut bench = Bench::new();
    let lab = lab(&bench, "stall=10");
    // Of the phone a minute passes in each second.
    let faster = [faketime.into(), "-f".into(), "+0 x60".into()];
    bench.agent.run_under(faster.to_vec());
    for scheme in ["http", "https"] {
        let failure = Failure {
            outcome: "C.timeout",
            err: "timeout",
            says: &["stopped arriving"],
        };
        bench.fails(&lab.url(scheme, "new.xml").unwrap(), &failure);
    }
}

#[test]
fn a_slow_server_is_waited_for() {
    let bench = Bench::new();
    for fault in ["delay=200ms", "slow=1/1ms"] {
        let lab = lab(&bench, fault);
        for scheme in ["http", "https"] {
            let (ended, document) = bench
                .agent
                .resync(&lab.url(scheme, "new.xml").unwrap())
                .unwrap();
            assert_eq!(ended.code, Some(0), "{document:#}");
            assert_eq!(bench.agent.changed().unwrap()["GPP_B"], "new");
            bench.reset();
        }
    }
}
