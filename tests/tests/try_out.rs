//! `onhook-harness try` against the server of the lab.
#![cfg(test)]

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use onhook_tests::{Authority, Lab, Peer, profile, program, tool, try_out, violations};
use serde_json::Value;

#[track_caller]
fn check(args: &[&str], code: &str) -> Value {
    let (ended, document) = try_out(args).unwrap();
    assert_eq!(document["verdict"]["code"], code, "{document:#}");
    let good = code.starts_with("good");
    assert_eq!(document["verdict"]["provisioned"], good);
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (Some(i32::from(!good)), "")
    );
    let wrong = violations("onhook.try/1", &document).unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    document
}

#[test]
fn a_new_phone_finds_the_file_of_its_model_and_says_when_it_comes_again() {
    let lab = Lab::start(&[]).unwrap();
    let content = profile([
        ("GPP_A", "x"),
        ("Resync_Periodic", "7200"),
        ("GPP_SA", "hidden"),
    ]);
    lab.put("7832-3PCC.xml", content).unwrap();
    let server = lab.url("http", "").unwrap();
    let document = check(
        &["--server", &server, "--model", "7832"],
        "good-with-advice",
    );
    assert_eq!(document["phone"]["product_name"], "CP-7832-3PCC");
    assert_eq!(document["explain"]["server_source"], "dhcp");
    let resync = &document["resync"];
    assert_eq!(resync["rules"][0]["url"], format!("{server}7832-3PCC.xml"));
    assert_eq!(resync["changes"]["GPP_A"], "x");
    assert_eq!(resync["changes"]["GPP_SA"], "***");
    assert_eq!(resync["next"][0]["timer"], "periodic");
    assert!(resync["next"][0]["in_s"].as_u64().unwrap() >= 7200);
    check(&["--server", lab.address("tftp").unwrap()], "not-found");
}

#[test]
fn what_the_phone_is_and_why_it_asks_decides_what_it_asks_for() {
    let lab = Lab::start(&[]).unwrap();
    let rule = lab.url("http", "$PRVST-$A-$MA.xml").unwrap();
    let params = lab.place("cfg.xml");
    fs::write(&params, profile([("GPP_A", "site")])).unwrap();
    let mac = [
        "--mac",
        "00:0E:08:AA:BB:CC",
        "--params",
        params.to_str().unwrap(),
    ];
    for (cause, prvst) in [
        ("boot", "0"),
        ("periodic", "1"),
        ("retry", "2"),
        ("explicit", "-1"),
    ] {
        lab.put(
            &format!("{prvst}-site-000e08aabbcc.xml"),
            profile([("GPP_B", cause)]),
        )
        .unwrap();
        let args = [&[rule.as_str(), "--cause", cause], &mac[..]].concat();
        let document = check(&args, "good-with-advice");
        assert_eq!(document["resync"]["changes"]["GPP_B"], cause);
        let expanded = document["explain"]["expanded"].as_str().unwrap();
        assert!(
            document["resync"]["rules"][0]["url"] == expanded,
            "{document:#}"
        );
    }
    let document = check(&[&rule], "not-found");
    let asked = document["verdict"]["advice"][0].as_str().unwrap();
    assert!(asked.ends_with("/0--000e08012345.xml"), "{asked}");
}

#[test]
fn a_server_at_fault_is_told_from_a_good_one() {
    for (fault, code) in [
        ("status=500", "http-status"),
        ("status=401", "authentication"),
        ("truncate=10", "cut-off"),
        ("body=html", "html-page"),
        ("body=empty", "empty-file"),
        ("redirect=loop", "redirects"),
        ("reset", "not-http"),
    ] {
        let lab = Lab::start(&["--fault", fault]).unwrap();
        lab.put("a.xml", profile([("GPP_A", "x")])).unwrap();
        let document = check(&[&lab.url("http", "a.xml").unwrap()], code);
        assert_eq!(document["resync"]["changes"].as_object().unwrap().len(), 0);
    }
    let lab = Lab::start(&["--fault", "error=2,text=go away"]).unwrap();
    let document = check(&[&lab.url("tftp", "a.xml").unwrap()], "tftp-error");
    assert_eq!(document["resync"]["err"], "tftp error 2: go away");
}

#[test]
fn a_certificate_is_believed_for_one_reason_and_refused_for_another() {
    let home = tempfile::tempdir().unwrap();
    let ca = home.path().join("ca.pem");
    let ca = ca.to_str().unwrap();
    let mut tls = vec!["--https", "127.0.0.1:0", "--tls-ca-out", ca];
    tls.extend([
        "--fault",
        "tls=expired,times=1",
        "--fault",
        "tls=wrong-name,times=1",
    ]);
    let lab = Lab::start(&tls).unwrap();
    lab.put("a.xml", profile([("GPP_A", "x")])).unwrap();
    let url = lab.url("https", "a.xml").unwrap();
    check(&[&url, "--ca", ca], "not-trusted");
    check(&[&url, "--ca", ca], "wrong-name");
    check(&[&url, "--ca", ca], "good");
    let document = check(&[&url], "not-trusted");
    let advice = document["verdict"]["advice"][0].as_str().unwrap();
    assert!(advice.contains("--ca"), "{advice}");
}

//= R-TLS-5 type=test
#[test]
fn a_server_that_wants_a_certificate_of_the_phone_is_shown_one() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let authority = Authority::new(openssl).unwrap();
    authority
        .issue("phone", "extendedKeyUsage=clientAuth\n")
        .unwrap();
    let at = |name: &str| authority.path(name).display().to_string();
    let (ca, believed) = (at("made.pem"), at("ca.pem"));
    let mut options = vec!["--https", "127.0.0.1:0", "--tls-ca-out", &ca];
    options.extend(["--client-ca", &believed]);
    let lab = Lab::start(&options).unwrap();
    lab.put("Installed.xml", profile([("GPP_A", "x")])).unwrap();
    let url = lab.url("https", "$CCERT.xml").unwrap();
    let plain = lab.url("https", "a.xml").unwrap();
    let document = check(&[&plain, "--ca", &ca], "handshake");
    let advice = document["verdict"]["advice"].to_string();
    assert!(advice.contains("--client-cert"), "{advice}");

    let (chain, key, both) = (at("phone.pem"), at("phone.key"), at("both.pem"));
    let separate = ["--client-cert", &chain, "--client-key", &key];
    check(&[&[&url, "--ca", &ca], &separate[..]].concat(), "good");
    let texts = [&chain, &key].map(|path| fs::read_to_string(path).unwrap());
    fs::write(&both, texts.concat()).unwrap();
    check(&[&url, "--ca", &ca, "--client-cert", &both], "good");
}

#[test]
fn who_cannot_be_asked_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    check(&[&format!("http://{closed}/a.xml")], "connection-refused");
    check(&["/a.xml", "--dhcp", "60=class"], "no-server");
    check(&["(x", "--set", "GPP_A=1"], "bad-rule");
    check(&["($PRVST eq 9)? http://127.0.0.1/a"], "nothing-to-fetch");
    check(
        &["http://127.0.0.1/a", "--set", "Provision_Enable=No"],
        "provisioning-off",
    );
}

#[test]
fn people_read_a_verdict_at_the_end() {
    let lab = Lab::start(&[]).unwrap();
    lab.put(
        "a.xml",
        "<flat-profile><GPP_A>x</GPP_A><Gpp_Q>y</Gpp_Q></flat-profile>",
    )
    .unwrap();
    let mut command = Command::new(program("onhook-harness").unwrap());
    command.args(["try", &lab.url("http", "a.xml").unwrap()]);
    let ended = Peer::start(&mut command).unwrap().end().unwrap();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let out = ended.out;
    for part in [
        "phone: CP-8841-3PCC with MAC 00:0e:08:01:23:45, mpp 11.3, cause boot\n",
        "outcome: fetch http://127.0.0.1:",
        "Profile_Rule: A.applied  http://127.0.0.1:",
        "  GPP_A = x\n",
        "next: periodic in ",
        "warning[unknown]",
        "verdict: good: a phone would be provisioned: 1 parameter changes [good-with-advice]\n",
        "  - the phone does not know Gpp_Q",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[test]
fn what_cannot_be_tried_is_a_usage_error() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    fs::write(&key, "k").unwrap();
    let key = key.to_str().unwrap();
    for (args, said) in [
        (&[][..], "<RULE>"),
        (&["http://h/x", "--model", "x"], "four digits"),
        (&["http://h/x", "--mac", "00"], "--mac"),
        (&["http://h/x", "--ca", "/nonexistent"], "--ca"),
        (&["http://h/x", "--ca", key], "--ca"),
        (&["http://h/x", "--client-cert", key], "--client-cert"),
        (&["http://h/x", "--client-key", key], "--client-cert"),
        (&["http://h/x", "--set", "Nothing=1"], "Nothing"),
        (&["http://h/x", "--server", "a b"], "--server"),
        (&["a | b", "--key-file", key], "[--key $SA]"),
        (&["http://h/x", "--at", "noon"], "--at"),
    ] {
        let mut command = Command::new(program("onhook-harness").unwrap());
        let ended = Peer::start(command.arg("try").args(args))
            .unwrap()
            .end()
            .unwrap();
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.err.contains(said), "{args:?}: {}", ended.err);
    }
}
