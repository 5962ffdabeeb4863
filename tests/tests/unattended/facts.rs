//! `onhook-agent ctl`: what a phone knows of itself and no profile can tell.

use std::fs;

use onhook_tests::{Authority, Peer, files, profile, signal, tool};
use serde_json::Value;

use crate::{Bench, event};

/// A phone that has provisioned itself from now on with a rule.
fn with_rule(bench: &Bench, rule: &str) -> Peer {
    bench.set("Profile_Rule", rule);
    bench.serve(&[]);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    running
}

fn asked(bench: &Bench) -> String {
    bench.site.asked().pop().unwrap().path
}

#[test]
fn the_external_address_is_that_which_was_told_last() {
    let bench = Bench::new();
    let _running = with_rule(&bench, "/x$EXTIP.xml");
    assert_eq!(asked(&bench), "/x.xml");
    for (address, path) in [
        ("203.0.113.7", "/x203.0.113.7.xml"),
        ("2001:db8::7", "/x2001:db8::7.xml"),
        ("none", "/x.xml"),
    ] {
        bench.does(&["external-ip", address]);
        let told = if address == "none" {
            Value::Null
        } else {
            address.into()
        };
        assert_eq!(bench.status()["external_ip"], told);
        bench.ctl(&["resync"]);
        assert_eq!(asked(&bench), path);
    }
    for wrong in ["1.2", "203.0.113.256", "", "host"] {
        let ended = bench.ctl(&["external-ip", wrong]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.err.contains("write an IP address, or none"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_user_who_logs_in_is_in_the_rule_and_the_password_nowhere_else() {
    let bench = Bench::new();
    let mut running = with_rule(&bench, "/$EMS-$MUID.xml?p=$MPWD");
    let file = bench.agent.place("password");
    fs::write(&file, "canary\nmore\n").unwrap();
    bench.does(&[
        "mobility",
        "login",
        "4711",
        "--password-file",
        file.to_str().unwrap(),
    ]);
    let ended = bench.ctl(&["resync", "--json"]);
    assert_eq!(asked(&bench), "/mobile-4711.xml?p=canary");
    let status = bench.status();
    assert_eq!(status["mobility"]["user"], "4711", "{status:#}");
    let mut seen = vec![ended.out, ended.err, status.to_string()];
    event(&mut running, "resync.report");
    seen.extend(bench.sink.rest().unwrap().into_iter().map(|told| told.text));
    for name in files(&bench.agent.state()).unwrap().into_keys() {
        let bytes = fs::read(bench.agent.state().join(name)).unwrap_or_default();
        seen.push(String::from_utf8_lossy(&bytes).into_owned());
    }

    bench.does(&["mobility", "logout"]);
    bench.ctl(&["resync"]);
    assert_eq!(asked(&bench), "/-.xml?p=");
    signal("TERM", running.id()).unwrap();
    let ended = running.end().unwrap();
    seen.extend([ended.out, ended.err]);
    for text in seen {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_user_without_a_password_that_can_be_read_is_not_logged_in() {
    let bench = Bench::new();
    let _running = with_rule(&bench, "/a.xml");
    let missing = bench.agent.place("missing");
    let ended = bench.ctl(&[
        "mobility",
        "login",
        "1",
        "--password-file",
        missing.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains(missing.to_str().unwrap()), "{ended:?}");
    assert_eq!(bench.status()["mobility"]["user"], "");
}

//= R-TLS-5 type=test
#[test]
fn a_certificate_counts_from_its_installation_to_its_removal() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let authority = Authority::new(openssl).unwrap();
    authority
        .issue("server", "subjectAltName=IP:127.0.0.1\n")
        .unwrap();
    for name in ["phone", "other"] {
        authority
            .issue(name, "extendedKeyUsage=clientAuth\n")
            .unwrap();
    }
    for name in ["Installed", "Not"] {
        fs::write(authority.path(name), profile([("GPP_A", name)])).unwrap();
    }
    let options = "-Verify 1 -verify_return_error -CAfile ca.pem";
    let (_server, port) = authority.serve("server", options).unwrap();
    let bench = Bench::new();
    let trust = format!("[tls]\ntrust = {:?}\n", authority.path("ca.pem"));
    bench.agent.configure(&trust).unwrap();
    bench.set("Resync_Error_Retry_Delay", "3600");
    let rule = format!(
        "(\"$CCERT\" eq \"Installed\")? https://127.0.0.1:{port}/Installed | https://127.0.0.1:{port}/Not"
    );
    bench.set("Profile_Rule", &rule);
    let mut running = bench.run();
    event(&mut running, "resync.report");
    let path = |name: &str| authority.path(name).display().to_string();
    let install = |certificate: &str, key: &str| {
        let (certificate, key) = (path(certificate), path(key));
        bench.ctl(&["certificate", "install", &certificate, &key])
    };
    let resync = || -> Value {
        let ended = bench.ctl(&["resync", "--json"]);
        serde_json::from_str(&ended.out).unwrap()
    };

    let missed = resync();
    assert_eq!(missed["err"], "tls handshake failed", "{missed:#}");
    let ended = install("phone.pem", "other.key");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("does not fit"), "{ended:?}");
    assert!(!ended.err.contains("PRIVATE"), "{ended:?}");
    assert_eq!(bench.status()["client_certificate"], false);
    assert_eq!(install("missing.pem", "phone.key").code, Some(2));

    let ended = install("phone.pem", "phone.key");
    assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(0), "", ""));
    assert_eq!(bench.status()["client_certificate"], true);
    assert_eq!(resync()["outcome"], "applied");
    assert_eq!(bench.get("GPP_A"), "Installed");
    // One that does not fit leaves the one before.
    assert_eq!(install("other.pem", "phone.key").code, Some(1));
    assert_eq!(resync()["outcome"], "applied");

    bench.does(&["certificate", "remove"]);
    assert_eq!(bench.status()["client_certificate"], false);
    assert_eq!(
        resync()["rules"][0]["url"],
        format!("https://127.0.0.1:{port}/Not")
    );
    event(&mut running, "resync.report");
    let key = fs::read_to_string(authority.path("phone.key")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    signal("TERM", running.id()).unwrap();
    let ended = running.end().unwrap();
    assert!(!ended.out.contains(secret) && !ended.err.contains(secret));
}
