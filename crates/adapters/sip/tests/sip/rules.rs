//! R-SIP, rule by rule.

use onhook_crypto::auth::Login;
use onhook_device::{MonoTime, Secret};
use onhook_phone::{Extension, Gate};
use onhook_sip::{Act, Setup};

use crate::scene::{LOGIN, Message, SERVER, STRANGER, Scene, extension};

fn rule(text: &str) -> Act {
    Act::ResyncWith(Secret::from(text))
}

//= R-SIP-1 type=test
// V-133
#[test]
fn without_a_login_nothing_happens_and_with_one_the_answer_comes_with_the_act() {
    for (event, act) in [
        ("resync", Act::Resync),
        ("resync;profile=http://h/one.xml", rule("http://h/one.xml")),
        ("reboot_now", Act::Restart),
        ("restart_now", Act::RestartWarm),
    ] {
        let mut scene = Scene::new();
        let first = scene.notify(event);
        let told = scene.send(SERVER, first.text());
        assert_eq!((told.status(), told.acts()), (401, &[][..]), "{event}");
        assert_eq!(scene.agent.deadline(), None);
        let told = scene.ask(event);
        assert_eq!((told.status(), told.acts()), (200, &[act][..]), "{event}");
    }
}

//= R-SIP-2 type=test
//= R-SIP-3 type=test
// V-135 and V-136
#[test]
fn a_gate_refuses_resyncs_and_nothing_else() {
    for gate in [Gate::SipDisabled, Gate::ProvisionDisabled] {
        let mut scene = Scene::new();
        scene.access.gate = Some(gate);
        for event in ["resync", "resync;profile=http://h/x"] {
            let told = scene.ask(event);
            assert_eq!((told.status(), told.acts()), (403, &[][..]), "{event}");
        }
        for (event, act) in [("reboot_now", Act::Restart), ("restart", Act::RestartWarm)] {
            let told = scene.ask(event);
            assert_eq!((told.status(), told.acts()), (200, &[act][..]), "{event}");
        }
        // A stranger does not learn how the phone is set up.
        let message = scene.notify("resync");
        assert_eq!(scene.send(SERVER, message.text()).status(), 401);
    }
    let able = Setup {
        reports: true,
        problem_reports: true,
        ..Setup::default()
    };
    for (event, act) in [("report", Act::Report), ("prt-gen", Act::ReportProblem)] {
        let mut scene = Scene::with(able);
        scene.access.gate = Some(Gate::ProvisionDisabled);
        let told = scene.ask(event);
        assert_eq!((told.status(), told.acts()), (200, &[act][..]), "{event}");
    }
}

#[test]
fn a_phone_that_has_not_booted_asks_for_patience() {
    let mut scene = Scene::new();
    scene.access.gate = Some(Gate::NotBooted);
    for event in ["resync", "reboot_now"] {
        let told = scene.ask(event);
        assert_eq!((told.status(), told.acts()), (503, &[][..]));
        assert_eq!(told.fields("Retry-After"), ["5"]);
    }
}

//= R-SIP-7 type=test
#[test]
fn an_unknown_event_is_told_the_known_ones_and_a_missing_one_is_a_fault() {
    let mut scene = Scene::new();
    for event in [
        "presence",
        "message-summary",
        "check-sync",
        "report",
        "prt-gen",
        "",
        ";profile=x",
    ] {
        let message = scene.notify(event);
        let told = scene.send(SERVER, message.text());
        assert_eq!((told.status(), told.acts()), (489, &[][..]), "{event}");
        let known = "resync, reboot_now, reboot, restart_now, restart, XML-service";
        assert_eq!(told.fields("Allow-Events"), [known]);
    }
    let message = Message {
        event: None,
        ..scene.notify("")
    };
    assert_eq!(scene.send(SERVER, message.text()).status(), 400);
}

//= R-SIP-8 type=test
// V-144 and V-145
#[test]
fn check_sync_needs_to_be_switched_on() {
    assert_eq!(Scene::new().ask("check-sync").status(), 489);
    let on = Setup {
        check_sync: true,
        ..Setup::default()
    };
    for (event, act) in [
        ("check-sync", Act::Resync),
        ("check-sync;reboot=false", Act::Resync),
        ("check-sync;reboot=true", Act::Restart),
    ] {
        let told = Scene::with(on).ask(event);
        assert_eq!((told.status(), told.acts()), (200, &[act][..]), "{event}");
    }
}

//= R-SIP-9 type=test
// V-138
#[test]
fn what_is_no_rule_is_a_fault_that_only_those_with_a_login_are_told() {
    let mut scene = Scene::new();
    let message = scene.notify("resync;profile=/x");
    assert_eq!(scene.send(SERVER, message.text()).status(), 401);
    assert_eq!(scene.ask("resync;profile=/x").status(), 400);
    let told = scene.ask("resync;profile=\" http://h/one.xml");
    assert_eq!(told.acts(), [rule("http://h/one.xml")]);
}

//= R-SIP-11 type=test
// V-148
#[test]
fn strangers_get_no_answer_where_only_proxies_may_ask() {
    type Restrict = fn(&mut Scene);
    let ways: [Restrict; 2] = [
        |scene| scene.access.proxies_only = true,
        |scene| scene.access.extensions[0].proxies_only = true,
    ];
    for restrict in ways {
        let mut scene = Scene::new();
        restrict(&mut scene);
        for event in ["resync", "presence"] {
            let message = scene.notify(event).text();
            assert!(scene.send(STRANGER, &message).is_silence(), "{event}");
            assert_ne!(scene.send(SERVER, &message).status(), 0);
        }
        // By name: when it is known.
        let message = scene.notify("resync").text();
        let name = "proxy.example.com".to_owned();
        scene
            .names
            .insert(name.clone(), vec!["198.51.100.8".parse().unwrap()]);
        assert!(scene.send(STRANGER, &message).is_silence());
        scene
            .names
            .insert(name, vec!["198.51.100.7".parse().unwrap()]);
        assert_eq!(scene.send(STRANGER, &message).status(), 401);
        assert_eq!(
            scene.send("[::ffff:198.51.100.7]:5060", &message).status(),
            401
        );
    }
    // And not even garbage is answered.
    let mut scene = Scene::new();
    scene.access.proxies_only = true;
    let garbage = scene
        .notify("resync")
        .text()
        .replace("SIP/2.0\r\n", "SIP/3.0\r\n");
    assert!(scene.send(STRANGER, &garbage).is_silence());
    assert_eq!(scene.send(SERVER, &garbage).status(), 505);
}

//= R-SIP-12 type=test
#[test]
fn without_a_password_no_login_is_good() {
    let mut scene = Scene::new();
    scene.access.extensions[0].password = Secret::from("");
    for _ in 0..3 {
        let login = Login {
            password: b"",
            ..LOGIN
        };
        let told = scene.ask_as("resync", login);
        assert_eq!((told.status(), told.acts()), (401, &[][..]));
        assert!(!told.text().contains("stale"));
    }
}

//= R-SIP-13 type=test
#[test]
fn the_realm_is_that_of_the_extension_that_is_asked() {
    let mut scene = Scene::new();
    scene.access.extensions.push(Extension {
        number: 2,
        user: "2002".to_owned(),
        login: "other".to_owned(),
        realm: "a\"b".to_owned(),
        ..extension()
    });
    for (user, realm) in [
        ("4081001141", "example.com"),
        ("2002", "ab"),
        ("", "example.com"),
    ] {
        let message = Message {
            user: user.to_owned(),
            ..scene.notify("resync")
        };
        let told = scene.send(SERVER, message.text());
        for challenge in told.fields("WWW-Authenticate") {
            assert!(
                challenge.contains(&format!("realm=\"{realm}\"")),
                "{challenge}"
            );
        }
    }
    let message = Message {
        user: "2003".to_owned(),
        ..scene.notify("resync")
    };
    assert_eq!(scene.send(SERVER, message.text()).status(), 404);
    // A phone without a user answers to any.
    scene.access.extensions[0].user = String::new();
    assert_eq!(
        scene
            .send(SERVER, message.text().replace("bK", "bKx"))
            .status(),
        401
    );
}

//= R-SIP-14 type=test
// V-134
#[test]
fn without_authentication_the_first_message_counts_unless_it_brings_a_rule() {
    let mut scene = Scene::open();
    let message = scene.notify("resync");
    let told = scene.send(SERVER, message.text());
    assert_eq!((told.status(), told.acts()), (200, &[Act::Resync][..]));
    let body =
        "<CiscoIPPhoneExecute><ExecuteItem URL=\"Resync:[http://h/x]\"/></CiscoIPPhoneExecute>";
    for (event, body) in [("resync;profile=http://h/x", ""), ("XML-service", body)] {
        let message = Message {
            body: body.to_owned(),
            ..scene.notify(event)
        };
        let told = scene.send(SERVER, message.text());
        assert_eq!((told.status(), told.acts()), (401, &[][..]), "{event}");
    }
    let mut scene = Scene::with(Setup {
        profile_needs_login: false,
        ..Setup::default()
    });
    scene.access.extensions[0].challenges = false;
    let message = scene.notify("resync;profile=http://h/x");
    assert_eq!(
        scene.send(SERVER, message.text()).acts(),
        [rule("http://h/x")]
    );
}

//= R-SIP-15 type=test
#[test]
fn subscriptions_and_dialogs_make_no_difference() {
    for extra in [
        "",
        "Subscription-State: active;expires=5\r\n",
        "Subscription-State: terminated\r\n",
    ] {
        for to in [">", ">;tag=inside"] {
            let mut scene = Scene::open();
            let message = Message {
                extra: extra.to_owned(),
                ..scene.notify("resync")
            };
            let text = message.text().replace(
                "@example.com>\r\nCall",
                &format!("@example.com{to}\r\nCall"),
            );
            let told = scene.send(SERVER, text);
            assert_eq!((told.status(), told.acts()), (200, &[Act::Resync][..]));
            let to = told.fields("To").remove(0);
            assert_eq!(to.matches(";tag=").count(), 1, "{to}");
        }
    }
}

//= R-SIP-16 type=test
// V-143 and V-146
#[test]
fn reports_are_answered_with_the_act_where_the_phone_can_make_them() {
    for (event, act) in [("report", Act::Report), ("prt-gen", Act::ReportProblem)] {
        assert_eq!(Scene::new().ask(event).status(), 489, "{event}");
        let mut scene = Scene::with(Setup {
            reports: event == "report",
            problem_reports: event == "prt-gen",
            ..Setup::default()
        });
        let told = scene.ask(event);
        assert_eq!((told.status(), told.acts()), (200, &[act][..]), "{event}");
    }
}

//= R-SIP-17 type=test
// V-147
#[test]
fn resyncs_are_five_seconds_apart_and_restarts_do_not_wait() {
    let mut scene = Scene::open();
    let again = |scene: &mut Scene, event: &str| {
        let message = scene.notify(event);
        let told = scene.send(SERVER, message.text());
        assert_eq!(told.status(), 200);
        told
    };
    assert_eq!(again(&mut scene, "resync").acts(), [Act::Resync]);
    assert_eq!(again(scene.at(1), "resync").acts(), []);
    assert_eq!(scene.agent.deadline(), None);
    assert_eq!(again(scene.at(2), "reboot_now").acts(), [Act::Restart]);
    scene.access.extensions[0].challenges = true;
    let told = scene.at(3).ask("resync;profile=http://h/x");
    assert_eq!((told.status(), told.acts()), (200, &[][..]));
    assert_eq!(scene.agent.deadline(), Some(MonoTime::from_secs(1005)));
    assert_eq!(scene.agent.elapse(MonoTime::from_millis(1_004_999)), None);
    assert_eq!(
        scene.agent.elapse(MonoTime::from_secs(1005)),
        Some(rule("http://h/x"))
    );
    assert_eq!(scene.agent.deadline(), None);
}

#[test]
fn an_object_in_the_body_may_ask_for_a_resync() {
    let mut scene = Scene::open();
    let object = |url: &str| {
        format!("<CiscoIPPhoneExecute><ExecuteItem URL=\"{url}\"/></CiscoIPPhoneExecute>")
    };
    for (url, status, act) in [
        ("Resync:", 200, Some(Act::Resync)),
        ("Key:Soft1", 401, None),
        ("Resync:[/x]", 401, None),
    ] {
        let message = Message {
            body: object(url),
            ..scene.notify("XML-service")
        };
        let told = scene.send(SERVER, message.text());
        assert_eq!(
            (told.status(), told.acts().first()),
            (status, act.as_ref()),
            "{url}"
        );
    }
}
