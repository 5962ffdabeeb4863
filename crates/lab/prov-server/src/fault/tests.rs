//! How faults are written, whom they meet, and that they draw alike.

use serde::Deserialize;

use super::*;

fn parse(text: &str) -> Fault {
    text.parse().unwrap()
}

#[track_caller]
fn refused(text: &str, offset: Option<usize>, parts: &[&str]) {
    let error = text.parse::<Fault>().unwrap_err();
    let message = error.to_string();
    assert_eq!(error.offset(), offset, "{message}");
    for part in parts {
        assert!(message.contains(part), "{message}");
    }
}

/// What a request for a path over a protocol meets.
fn judge(faults: &FaultSwitch, protocol: Protocol, path: &str, agent: Option<&str>) -> Option<Hit> {
    faults.judge(&Asked {
        stage: Stage::Request,
        protocol,
        client: ([192, 0, 2, 7], 1).into(),
        path,
        agent,
        subject: None,
    })
}

fn switch(seed: u64, texts: &[&str]) -> FaultSwitch {
    let faults = FaultSwitch::new(seed, true);
    for text in texts {
        faults.add(parse(text)).unwrap();
    }
    faults
}

#[test]
fn every_effect_is_read_and_shown_as_it_is_written() {
    for text in [
        "status=503",
        "drop",
        "drop=after-head",
        "reset",
        "truncate=100",
        "corrupt",
        "corrupt=7",
        "wrong-key",
        "slow=10/500ms",
        "stall=0",
        "stall=8",
        "length=9",
        "length=+5",
        "length=-5",
        "redirect=loop",
        "redirect=http://h/x",
        "body=empty",
        "body=html",
        "tls=expired",
        "tls=not-yet-valid",
        "tls=wrong-name",
        "tls=self-signed",
        "tls=drop",
        "tls=alert",
        "loss=20%",
        "duplicate=0.5%",
        "reorder=100%",
        "wrong-tid",
        "error=2",
        "silent",
        "wrong-block",
        "oack=blksize:9000",
    ] {
        assert_eq!(parse(text).effect().to_string(), text);
    }
    let late = parse("delay=2m");
    assert_eq!(
        (late.effect(), late.delay()),
        (&Effect::Late, Duration::from_secs(120))
    );
    let busy = parse("status=503, retry-after=120, delay=200ms, name=\"a, b\"");
    let retry_after = Some(120);
    assert_eq!(
        busy.effect(),
        &Effect::Web(WebFault::Status {
            code: 503,
            retry_after
        })
    );
    assert_eq!(
        (busy.name(), busy.delay()),
        (Some("a, b"), Duration::from_millis(200))
    );
    assert_eq!(parse("stall").effect(), &Effect::File(FileFault::Stall(0)));
    assert_eq!(
        parse("corrupt=random").effect(),
        &Effect::File(FileFault::Corrupt(None))
    );
}

#[test]
fn an_error_names_the_word_what_is_allowed_and_the_offset() {
    refused(
        "path=*.xml,statsu=503",
        Some(11),
        &["offset 11", "`statsu`", "did you mean `status`?"],
    );
    refused("colour=red", Some(0), &["known are status, drop,"]);
    refused(
        "status=503,  times=0",
        Some(13),
        &["`times=0`", "a number from 1 to"],
    );
    refused("status=1000", Some(0), &["a number from 200 to 599"]);
    refused("status=503,status=404", Some(11), &["written twice"]);
    refused(
        "status=503,drop",
        Some(11),
        &["`drop` and `status=503`", "two faults"],
    );
    refused(
        "status=503,on=tftp",
        Some(11),
        &["over tftp, only over http and https"],
    );
    refused(
        "loss=20%,on=http+tftp",
        Some(9),
        &["over http, only over tftp"],
    );
    refused(
        "drop,on=htp",
        Some(5),
        &["did you mean `http`?", "http, https, tftp"],
    );
    refused(
        "tls=expierd",
        Some(0),
        &["did you mean `expired`?", "self-signed"],
    );
    refused(
        "tls=expired,path=a",
        Some(12),
        &["`path` cannot be known in a handshake"],
    );
    refused("tls=drop,phone=000e08012345", Some(0), &["phone=ADDRESS"]);
    refused(
        "silent,agent=x",
        Some(7),
        &["`agent` means nothing over tftp"],
    );
    refused("drop,retry-after=1", Some(5), &["goes with `status`"]);
    refused("drop,text=x", Some(5), &["goes with `error`"]);
    refused("drop,phone=00:0e", Some(5), &["a MAC such as"]);
    refused("delay=5", Some(0), &["200ms, 5s or 2m"]);
    refused("delay=2h", Some(0), &["up to 1h"]);
    refused("delay=99999999999999999999h", Some(0), &["up to 1h"]);
    refused("slow=0/1s", Some(0), &["100/1s"]);
    refused("drop,p=1.5", Some(5), &["30% or 0.3"]);
    refused("drop,p=NaN", Some(5), &["30% or 0.3"]);
    refused("reset=now", Some(0), &["takes no value"]);
    refused("path=*", None, &["nothing says what becomes", "status"]);
    refused("", Some(0), &["a word is missing"]);
    refused("drop,,p=1", Some(5), &["a word is missing"]);
    refused("drop,path=\"a", Some(10), &["never closed"]);
    refused("drop,path=", Some(5), &["`path` needs a value"]);
}

#[derive(Deserialize)]
struct Scenario {
    fault: Vec<Fault>,
}

#[test]
fn a_table_and_a_text_say_the_same() {
    let read: Scenario = toml::from_str(
        r#"
        fault = [
            { status = 503, retry_after = 120, path = "*.xml", p = 0.5, times = 2 },
            "status=503,retry-after=120,path=*.xml,p=50%,times=2",
            { drop = true, name = "cut", off = true },
            { drop = "after-head", on = "http" },
        ]
        "#,
    )
    .unwrap();
    assert_eq!(read.fault[0], read.fault[1]);
    assert_eq!(read.fault[2], parse("drop,name=cut").switched_off());
    assert_eq!(read.fault[3], parse("drop=after-head,on=http"));
    for (table, part) in [
        ("{ statsu = 503 }", "did you mean `status`?"),
        ("{ reset = false }", "leave it out"),
        (
            "{ status = 503, on = \"tftp\" }",
            "only over http and https",
        ),
        ("{ status = [503] }", "a text, a number or true"),
        ("\"drop=1\"", "after-head"),
        ("5", "a fault: a table such as"),
    ] {
        let error = toml::from_str::<Scenario>(&format!("fault = [{table}]"))
            .err()
            .unwrap();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_pattern_stands_for_paths() {
    for (pattern, path, expected) in [
        ("*.xml", "a/b.xml", true),
        ("/a/*.xml", "a/b.xml", true),
        ("a/?.xml", "a/b.xml", true),
        ("a/?.xml", "a/bb.xml", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b", "xxaxxbxx", false),
        ("", "a", false),
        ("*", "", true),
        ("a", "a/b", false),
        ("***", "x", true),
        ("Zo?", "Zo\u{eb}", true),
    ] {
        assert_eq!(
            Glob::of_path(pattern).matches(path),
            expected,
            "{pattern} {path}"
        );
    }
}

#[test]
fn macs_are_found_in_names_and_agents() {
    for (text, expected) in [
        ("Cisco-CP-8841-3PCC/11.0 (00562b043615)", "00562b043615"),
        ("spa000e08012345.cfg", "000e08012345"),
        ("SEP000E08012345.xml", "000e08012345"),
        ("/00:0E:08:01:23:45.xml", "000e08012345"),
        ("CN=00-0e-08-01-23-45, O=x", "000e08012345"),
        ("/00:0e-08:01:23:45.xml", ""),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", ""),
        ("000e0801234", ""),
        ("\u{20ac}00:0e:08:01:23:4\u{20ac}", ""),
        (
            "00:0e:08:01:23:45/00:0e:08:01:23:46",
            "000e08012345 000e08012346",
        ),
    ] {
        assert_eq!(macs(text).join(" "), expected, "{text}");
    }
}

#[test]
fn conditions_choose_the_requests() {
    let meets =
        |spec, protocol, path, agent| judge(&switch(0, &[spec]), protocol, path, agent).is_some();
    use Protocol::{Http, Https, Tftp};
    assert!(meets("drop,on=http+https", Https, "a", None));
    assert!(!meets("drop,on=http", Https, "a", None));
    assert!(
        !meets("drop", Tftp, "a", None),
        "TFTP has no connection to drop"
    );
    assert!(meets(
        "drop,agent=Cisco*8841*",
        Http,
        "a",
        Some("Cisco-CP-8841-3PCC")
    ));
    assert!(!meets("drop,agent=Cisco*8841*", Http, "a", None));
    assert!(meets(
        "drop,phone=00:0E:08:01:23:45",
        Http,
        "spa000e08012345.cfg",
        None
    ));
    assert!(meets("silent,phone=192.0.2.7", Tftp, "a", None));
    assert!(!meets("silent,phone=192.0.2.8", Tftp, "a", None));
    assert!(
        !meets("tls=drop", Https, "a", None),
        "there is no handshake any more"
    );
}

#[test]
fn requests_are_counted() {
    let faults = switch(
        0,
        &[
            "status=500,path=*.xml,from=2,times=2",
            "status=404,path=a.xml",
        ],
    );
    let names: Vec<String> = ["a.xml", "b.txt", "a.xml", "b.xml", "a.xml"]
        .iter()
        .map(|path| {
            let hit = judge(&faults, Protocol::Http, path, None);
            hit.map_or("-".to_owned(), |hit| hit.name.to_string())
        })
        .collect();
    assert_eq!(names, ["fault-2", "-", "fault-1", "fault-1", "fault-2"]);
    assert_eq!(
        (faults.met("fault-1"), faults.met("fault-2")),
        (Some(2), Some(2))
    );
    assert_eq!(faults.met("none"), None);
}

#[test]
fn a_fault_is_switched_by_its_name_and_counts_anew() {
    let faults = switch(0, &["reset,name=cut,times=1,off"]);
    let meets = || judge(&faults, Protocol::Http, "a", None).is_some();
    assert!(!meets());
    faults.on("cut").unwrap();
    assert!(meets() && !meets());
    // On already: nothing begins anew.
    faults.on("cut").unwrap();
    assert!(!meets());
    faults.off("cut").unwrap();
    faults.on("cut").unwrap();
    assert!(meets());
    let unknown = faults.off("cat").unwrap_err().to_string();
    assert_eq!(unknown, "there is no fault `cat`: there are cut");
    let twice = faults.add(parse("drop,name=cut")).unwrap_err();
    assert_eq!(twice, SwitchError::Twice("cut".to_owned()));
    assert_eq!(faults.add(parse("drop")).unwrap(), "fault-2");
}

#[test]
fn a_server_with_a_given_certificate_cannot_make_a_bad_one() {
    let faults = FaultSwitch::new(0, false);
    for text in ["tls=expired", "tls=not-yet-valid", "tls=wrong-name"] {
        let error = faults.add(parse(text)).unwrap_err();
        assert_eq!(error, SwitchError::GivenCertificate("fault-1".to_owned()));
    }
    faults.add(parse("tls=self-signed")).unwrap();
}

#[test]
fn the_seed_and_the_order_of_the_requests_decide() {
    let run = |seed: u64| -> Vec<(bool, u64)> {
        let faults = switch(seed, &["drop,p=30%", "corrupt,p=0.5,path=b"]);
        (0..200)
            .map(|n| {
                let path = if n % 3 == 0 { "b" } else { "a" };
                let hit = judge(&faults, Protocol::Http, path, None);
                (hit.is_some(), hit.map_or(0, |hit| hit.seed))
            })
            .collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let met = run(1).iter().filter(|(met, _)| *met).count();
    assert!((60..120).contains(&met), "{met}");
    assert!(judge(&switch(0, &["drop,p=0%"]), Protocol::Http, "a", None).is_none());
}

#[test]
fn changed_bytes_depend_on_their_place_alone() {
    let file: Vec<u8> = [&b"Salted__"[..], &[7; 100]].concat();
    for change in [
        Change::Flip(50),
        Change::all(&file, 9),
        Change::all(b"<x", 9),
    ] {
        let mut whole = file.clone();
        change.apply(0, &mut whole);
        let mut pieces = file.clone();
        for (offset, piece) in (0..).step_by(13).zip(pieces.chunks_mut(13)) {
            change.apply(offset, piece);
        }
        assert_eq!(whole, pieces);
        let changed = whole.iter().zip(&file).filter(|(a, b)| a != b).count();
        match change {
            Change::Flip(at) => assert_eq!((changed, whole[at as usize]), (1, !7)),
            Change::Random { from: 0, .. } => assert!(changed > 100),
            Change::Random { .. } => assert!(changed > 85 && whole[..16] == file[..16]),
        }
    }
    assert_eq!(Change::one(None, 1, u64::MAX), Change::Flip(0));
    assert_eq!(Change::one(None, 0, 5), Change::Flip(0));
}
