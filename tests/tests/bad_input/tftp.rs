//! TFTP servers that refuse, lie, break the protocol, or say nothing.

use onhook_tests::tftp_site::{Step, TftpSite, data, error};
use onhook_tests::{Content, profile, tool};

use super::{Bench, Failure, good};

/// A phone that sends from any port: tests run side by side, and the six ports of a phone are soon those of another, who
/// is then told what the first one asked for.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench
        .agent
        .set_variable("ONHOOK__TFTP__LOCAL_PORTS", "ephemeral");
    bench
}

/// Resyncs with an answer that must fail.
#[track_caller]
fn fails(bench: &Bench, steps: Vec<Step>, outcome: &str, err: &str, says: &[&str]) {
    let site = TftpSite::start().unwrap();
    site.put("bad.xml", steps);
    let rule = format!("tftp://{}/bad.xml", site.address());
    bench.fails(&rule, &Failure { outcome, err, says });
}

//= R-TFTP-19 type=test
#[test]
fn errors_of_the_server_are_told_by_number_and_text() {
    let bench = bench();
    for (code, text, outcome, err, says) in [
        (
            1,
            "/srv/tftp/bad.xml",
            "B.fnf",
            "file not found",
            "put the file there",
        ),
        (
            2,
            "Access violation",
            "C.tftp",
            "tftp error 2: Access violation",
            "access violation",
        ),
        (3, "", "C.tftp", "tftp error 3", "disk full"),
        (4, "", "C.tftp", "tftp error 4", "illegal operation"),
        (
            5,
            "tid",
            "C.tftp",
            "tftp error 5: tid",
            "unknown transfer ID",
        ),
        (6, "", "C.tftp", "tftp error 6", "file exists"),
        (
            7,
            "no\nuser\u{1b}",
            "C.tftp",
            "tftp error 7: no?user?",
            "no such user",
        ),
        (0, "odd", "C.tftp", "tftp error 0: odd", "look into its log"),
        (8, "", "C.tftp", "tftp error 8", "option negotiation failed"),
        (77, "x", "C.tftp", "tftp error 77: x", "look into its log"),
    ] {
        let steps = vec![Step::Send(error(code, text))];
        fails(&bench, steps, outcome, err, &["/bad.xml", says]);
    }
}

//= R-TFTP-4 type=test
#[test]
fn packets_from_a_wrong_port_change_nothing() {
    let bench = bench();
    let site = TftpSite::start().unwrap();
    let text = "x".repeat(600);
    let file = profile([("GPP_B", text.as_str())]).into_bytes();
    let (first, rest) = file.split_at(512);
    site.put(
        "good.xml",
        vec![
            Step::Send(data(1, first)),
            Step::Hear,
            Step::SendFromElsewhere(data(2, b"wrong")),
            Step::SendFromElsewhere(error(1, "wrong")),
            Step::Send(data(2, rest)),
            Step::Hear,
        ],
    );
    let rule = format!("tftp://{}/good.xml", site.address());
    let (ended, document) = bench.agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{document:#}");
    let mut expected: Content = good();
    expected.insert("GPP_B".to_owned(), text);
    assert_eq!(bench.agent.changed().unwrap(), expected);
    assert_eq!(site.asked().len(), 1);
}

//= R-TFTP-3 type=test
#[test]
fn a_phone_that_keeps_the_slash_asks_for_a_name_that_begins_with_it() {
    let file = profile(good()).into_bytes();
    for (strip, name) in [("true", "good.xml"), ("false", "/good.xml")] {
        let mut bench = bench();
        bench
            .agent
            .set_variable("ONHOOK__TFTP__STRIP_LEADING_SLASH", strip);
        let site = TftpSite::start().unwrap();
        site.put(name, vec![Step::Send(data(1, &file)), Step::Hear]);
        let rule = format!("tftp://{}/good.xml", site.address());
        let (ended, document) = bench.agent.resync(&rule).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
    }
}

//= R-TFTP-11 type=test
//= R-TFTP-19 type=test
#[test]
fn what_breaks_the_protocol_ends_the_transfer() {
    let bench = bench();
    // Every answer holds a whole profile, or begins one: nothing of it may be taken.
    let file = profile([("GPP_A", "new")]).into_bytes();
    let announced = |size: usize| {
        vec![
            Step::Send(b"\0\x03\0".to_vec()),
            Step::Send(format!("\0\x06tsize\0{size}\0blksize\x001428\0").into_bytes()),
            Step::Hear,
            Step::Send(data(1, &file)),
        ]
    };
    fails(
        &bench,
        announced(file.len() + 1),
        "C.truncated",
        "transfer incomplete",
        &["were announced", "/bad.xml"],
    );
    fails(
        &bench,
        announced(6 << 20),
        "C.policy",
        "file too large",
        &["5242880", "/bad.xml"],
    );
    let long = [file.as_slice(), &[b' '; 1500]].concat();
    let oversize = vec![Step::Send(data(1, &long))];
    fails(
        &bench,
        oversize,
        "C.tftp",
        "tftp error 4",
        &["longer than agreed"],
    );
    let option = vec![Step::Send(b"\0\x06windowsize\x004\0".to_vec())];
    fails(
        &bench,
        option,
        "C.tftp",
        "tftp error 8",
        &["options that were not asked for"],
    );
    let opcode = vec![Step::Send(b"\0\x0c\0\x01".to_vec())];
    fails(
        &bench,
        opcode,
        "C.tftp",
        "tftp error 4",
        &["no TFTP packet"],
    );
    let empty = vec![Step::Send(data(1, b""))];
    fails(&bench, empty, "B.corrupt", "empty file", &["empty"]);
}

#[test]
fn a_server_that_is_not_there_or_may_not_be_asked_is_told() {
    let bench = bench();
    let dead = TftpSite::start().unwrap().address();
    // The listener looks twenty times a second whether it is still wanted.
    while std::net::UdpSocket::bind(dead).is_err() {}
    //= R-TFTP-20 type=test
    bench.fails(
        &format!("tftp://{dead}/phone.xml"),
        &Failure {
            outcome: "C.connect",
            err: "connect failed",
            says: &[&dead.to_string(), "check that a TFTP server runs there"],
        },
    );
    //= R-TFTP-22 type=test
    bench.fails(
        "255.255.255.255/phone.xml",
        &Failure {
            outcome: "C.policy",
            err: "server not allowed",
            says: &["not the address of one host"],
        },
    );
}

//= R-TFTP-15 type=test
#[test]
fn a_server_that_says_nothing_is_given_up_after_five_requests() {
    let mut bench = bench();
    if tool("faketime").is_none() {
        return;
    }
    // Fifty seconds of the program in one of the test.
    let clock = ["faketime", "-f", "+0 x50"].map(Into::into).to_vec();
    let site = TftpSite::start().unwrap();
    site.put("bad.xml", Vec::new());
    let rule = format!("tftp://{}/bad.xml", site.address());
    bench.agent.run_under(clock);
    bench.fails(
        &rule,
        &Failure {
            outcome: "C.tftp",
            err: "tftp timeout",
            says: &["no answer to repeated packets", "firewall"],
        },
    );
    let asked = site.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|request| *request == asked[0]));
}
