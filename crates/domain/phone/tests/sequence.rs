//! A phone in virtual time: boot, rules in order, assignments, retries, messages.
#![cfg(test)]

use onhook_device::{Family, Outcome, Release};
use onhook_params::Scope;
use onhook_phone::{Cause, Committed, LineUse, Notice, RuleFault, State};
use onhook_testkit::sim::{Served, Sim};

const REQUEST: &str = "CP-8841-3PCC 00:0e:08:01:23:45 -- Requesting resync";
const SUCCESS: &str = "CP-8841-3PCC 00:0e:08:01:23:45 -- Successful resync";

/// A phone that boots without random delay.
fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script).with("Resync_Random_Delay", "0")
}

//= R-APP-3 type=test
//= R-MACRO-5 type=test
//= R-SM-18 type=test
//= R-SM-18 type=test
#[test]
fn each_rule_sees_what_the_one_before_applied() {
    let mut sim = phone(|url, _| match url {
        "http://h:80/a" => Served::Profile(vec![
            ("GPP_B", "x".to_owned()),
            ("GPP_SA", "k1".to_owned()),
            ("Profile_Rule_B", "[--key $SA] http://h/$B.xml".to_owned()),
        ]),
        _ => Served::one("GPP_C", "done"),
    })
    .with("Profile_Rule", "http://h/a")
    .booted();
    sim.run_for(0);
    let urls: Vec<_> = sim
        .requests
        .iter()
        .map(|(_, url, prvst)| (url.as_str(), *prvst))
        .collect();
    assert_eq!(urls, [("http://h:80/a", 0), ("http://h:80/x.xml", 0)]);
    assert_eq!(sim.last_key.as_deref(), Some("k1"));
    assert_eq!(sim.value("GPP_C"), "done");
    assert_eq!(sim.commits, 2);
    assert!(sim.record.provisioned);
}

//= R-LOG-5 type=test
//= R-LOG-1 type=test
//= R-HTTP-20 type=test
//= R-MACRO-21 type=test
#[test]
fn one_request_message_and_one_result_for_each_request() {
    let sim = phone(|_, _| Served::empty())
        .with("Profile_Rule", "http://h/a.xml")
        .with("Profile_Rule_C", "http://h:8080/c.xml")
        .booted();
    assert_eq!(
        sim.message_texts(),
        [
            format!("{REQUEST} http://192.0.2.1:80/a.xml"),
            format!("{SUCCESS} http://192.0.2.1:80/a.xml -- OK"),
            format!("{REQUEST} http://192.0.2.1:8080/c.xml"),
            format!("{SUCCESS} http://192.0.2.1:8080/c.xml -- OK"),
        ]
    );
}

//= R-LOG-5 type=test
#[test]
fn a_rule_that_fails_before_any_request_logs_the_failure_only() {
    for (rule, err, fault) in [
        ("http://h", "bad rule", None),
        ("/x.xml", "no server", Some(RuleFault::NoServer)),
    ] {
        let sim = phone(|_, _| Served::empty())
            .with("Profile_Rule", rule)
            .booted();
        assert_eq!(sim.requests, []);
        let expected = format!("CP-8841-3PCC 00:0e:08:01:23:45 -- Resync failed: {err}");
        assert_eq!(sim.message_texts(), [expected]);
        let told = sim.notices.iter().find_map(|notice| {
            let Notice::RuleFault(_, told) = notice else {
                return None;
            };
            Some(*told)
        });
        assert!(told.is_some());
        if fault.is_some() {
            assert_eq!(told, fault);
        }
        assert_eq!(sim.phone.state(), State::ErrorWait);
    }
}

//= R-RULE-11 type=test
//= R-RULE-16 type=test
#[test]
fn blank_and_unmatched_rules_are_skipped_in_silence() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Profile_Rule", "")
        .with("Profile_Rule_B", "($PRVST eq 2)? http://h/never")
        .with("Profile_Rule_C", "# http://h/never")
        .booted();
    assert_eq!((sim.requests.len(), sim.messages.len()), (0, 0));
    assert!(
        sim.record.provisioned,
        "a resync without requests is a success"
    );
    sim.set("Profile_Rule_D", "http://h/d");
    sim.resync();
    assert_eq!(sim.requests, [(0, "http://h:80/d".to_owned(), -1)]);
}

//= R-ASSIGN-1 type=test
//= R-ASSIGN-3 type=test
//= R-RULE-10 type=test
//= R-APP-10 type=test
#[test]
fn assignments_come_before_the_fetch_and_use_the_state_before() {
    let mut sim = phone(|url, _| {
        assert_eq!(url, "http://h:80/old");
        Served::empty()
    })
    .with("GPP_A", "old")
    .with(
        "Profile_Rule",
        "(a = \"new$A\"; Station_Name = \"n\"; a = \"last\";)! http://h/$A",
    )
    .booted();
    sim.run_for(0);
    assert_eq!(
        (sim.value("GPP_A"), sim.value("Station_Name")),
        ("last".to_owned(), "n".to_owned())
    );
    assert_eq!(sim.requests.len(), 1);
}

//= R-ASSIGN-2 type=test
//= R-ASSIGN-4 type=test
#[test]
fn assignments_stay_when_the_fetch_fails_and_bad_ones_are_left_out() {
    for rule in [
        "(a = \"kept\"; No_Such = \"x\"; Provision_Enable = \"perhaps\";)! http://h/x",
        "(a = \"kept\"; No_Such = \"x\"; Provision_Enable = \"perhaps\";)! /x",
    ] {
        let sim = phone(|_, _| Served::Fails(Outcome::Connect))
            .with("Profile_Rule", rule)
            .booted();
        assert_eq!(sim.value("GPP_A"), "kept");
        assert_eq!(sim.value("Provision_Enable"), "Yes");
        let left_out = sim
            .notices
            .iter()
            .filter(|notice| matches!(notice, Notice::RuleFault(_, RuleFault::Assignment { .. })));
        assert_eq!(left_out.count(), 2);
        assert_eq!(sim.phone.state(), State::ErrorWait);
    }
}

//= R-RULE-12 type=test
#[test]
fn assignments_alone_succeed_without_a_request_or_message() {
    let sim = phone(|_, _| Served::Fails(Outcome::Dns))
        .with("Profile_Rule", "(c = \"1\";)!")
        .booted();
    assert_eq!((sim.requests.len(), sim.messages.len()), (0, 0));
    assert_eq!(sim.value("GPP_C"), "1");
    assert!(sim.record.provisioned);
}

//= R-RULE-8 type=test
//= R-RULE-14 type=test
#[test]
fn a_failed_fetch_tries_neither_the_next_alternative_nor_the_next_rule() {
    let mut sim = phone(|_, _| Served::Fails(Outcome::HttpStatus(503)))
        .with("Profile_Rule", "($PRVST ne 7)? http://h/a | http://h/b")
        .with("Profile_Rule_B", "http://h/c")
        .with("Resync_Error_Retry_Delay", "60")
        .booted();
    sim.run_for(60);
    let urls: Vec<_> = sim
        .requests
        .iter()
        .map(|(at, url, prvst)| (*at, url.as_str(), *prvst))
        .collect();
    assert_eq!(urls, [(0, "http://h:80/a", 0), (60, "http://h:80/a", 2)]);
}

//= R-RULE-13 type=test
//= R-OUT-2 type=test
//= R-LOG-10 type=test
#[test]
fn file_not_found_fails_only_if_the_parameter_says_so() {
    let mut sim = phone(|url, _| {
        if url.ends_with("/b") {
            Served::one("GPP_A", "b")
        } else {
            Served::Fails(Outcome::Fnf)
        }
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "http://h/b")
    .booted();
    assert_eq!(
        (sim.requests.len(), sim.phone.state()),
        (1, State::ErrorWait)
    );
    sim.set("Resync_Fails_On_FNF", "No");
    sim.resync();
    assert_eq!((sim.requests.len(), sim.value("GPP_A").as_str()), (3, "b"));
    let accepted = format!("{SUCCESS} http://192.0.2.1:80/a -- file not found (accepted)");
    assert!(sim.message_texts().contains(&accepted.as_str()));
    let mut sim = phone(|_, _| Served::Fails(Outcome::ParseFailed))
        .with("Profile_Rule", "http://h/a")
        .with("Resync_Fails_On_FNF", "No")
        .booted();
    sim.run_for(0);
    assert_eq!(
        sim.phone.state(),
        State::ErrorWait,
        "a corrupt file always fails"
    );
}

//= R-APP-4 type=test
//= R-SM-19 type=test
//= R-SM-19 type=test
#[test]
fn what_earlier_rules_applied_stays_when_a_later_one_fails() {
    let sim = phone(|url, _| match url {
        "http://h:80/a" => Served::one("GPP_A", "from-a"),
        _ => Served::Fails(Outcome::DecryptFailed),
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "http://h/b")
    .booted();
    assert_eq!(sim.value("GPP_A"), "from-a");
    assert_eq!(sim.phone.state(), State::ErrorWait);
    assert!(!sim.record.provisioned);
    assert!(
        sim.message_texts()
            .last()
            .unwrap()
            .ends_with("-- Resync failed: decrypt failed")
    );
}

//= R-APP-7 type=test
//= R-OUT-5 type=test
#[test]
fn nothing_is_committed_when_nothing_changes_or_the_fetch_fails() {
    let mut sim = phone(|_, at| match at {
        0 | 3600 => Served::Profile(vec![
            ("GPP_A", "v".to_owned()),
            ("Provision_Enable", "yes".to_owned()),
        ]),
        _ => Served::Fails(Outcome::Truncated),
    })
    .with("Profile_Rule", "http://h/a")
    .booted();
    assert_eq!(sim.commits, 1);
    sim.run_for(3600);
    assert_eq!((sim.requests.len(), sim.commits), (2, 1));
    sim.run_for(3600);
    assert_eq!(
        (sim.requests.len(), sim.commits, sim.value("GPP_A").as_str()),
        (3, 1, "v")
    );
}

//= R-OUT-5 type=test
#[test]
fn a_commit_that_fails_changes_nothing_and_is_an_internal_error() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "new")).with("Profile_Rule", "http://h/a");
    sim.commits_end = Committed::Failed;
    sim.boot();
    assert_eq!(sim.value("GPP_A"), "");
    assert!(
        sim.message_texts()
            .last()
            .unwrap()
            .ends_with("-- Resync failed: internal error")
    );
    assert_eq!(sim.phone.state(), State::ErrorWait);
    sim.commits_end = Committed::Durable;
    sim.run_for(3600);
    assert_eq!(sim.value("GPP_A"), "new");
}

//= R-RBT-4 type=test
//= R-SM-14 type=test
//= R-IDLE-7 type=test
#[test]
fn a_profile_fetched_during_a_call_is_applied_when_it_ends() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "new"))
        .with("Profile_Rule", "http://h/a")
        .with("Profile_Rule_B", "http://h/b");
    sim.fetch_s = 10;
    sim.boot();
    sim.run_for(5);
    sim.line(1, LineUse::Busy);
    sim.line(3, LineUse::Busy);
    sim.run_for(2000);
    assert_eq!((sim.value("GPP_A").as_str(), sim.requests.len()), ("", 1));
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.value("GPP_A"), "", "another line is still active");
    sim.line(3, LineUse::Idle);
    sim.run_for(20);
    assert_eq!(
        (sim.value("GPP_A").as_str(), sim.requests.len()),
        ("new", 2)
    );
    assert_eq!(sim.phone.state(), State::Waiting);
}

//= R-SM-20 type=test
//= R-RBT-2 type=test
//= R-RBT-3 type=test
#[test]
fn a_changed_parameter_that_needs_it_restarts_the_phone_once_after_the_sequence() {
    let mut sim = phone(|url, _| match url {
        "http://h:80/a" => Served::one("Web_Server_Port", "8080"),
        _ => Served::one("GPP_A", "x"),
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "http://h/b")
    .booted();
    assert_eq!((sim.restarts, sim.requests.len()), (1, 2));
    sim.power_cycle();
    assert_eq!(
        sim.requests.len(),
        2,
        "the restart is not followed by a resync"
    );
    assert_eq!(sim.record.restarting, None);
    sim.run_for(3600);
    assert_eq!(
        (sim.requests.len(), sim.requests[2].2, sim.restarts),
        (4, 1, 1)
    );
    assert_eq!(sim.record.history.iter().flatten().count(), 1);
}

//= R-SM-20 type=test
#[test]
fn a_failed_sequence_keeps_the_restart_pending() {
    let mut sim = phone(|url, at| match (url, at) {
        ("http://h:80/a", _) => Served::one("Web_Server_Port", "8080"),
        (_, 0) => Served::Fails(Outcome::Connect),
        _ => Served::empty(),
    })
    .with("Profile_Rule", "http://h/a")
    .with("Profile_Rule_B", "http://h/b")
    .with("Forced_Resync_Delay", "0")
    .booted();
    sim.line(1, LineUse::Busy);
    sim.line(1, LineUse::Idle);
    assert_eq!(sim.restarts, 0);
    sim.run_for(3600);
    assert_eq!(sim.restarts, 1);
}

//= R-SM-9 type=test
#[test]
fn requests_and_retries_keep_their_times() {
    let mut sim = phone(|_, at| {
        if at < 500 {
            Served::Fails(Outcome::Timeout)
        } else {
            Served::empty()
        }
    })
    .with("Profile_Rule", "http://h/a")
    .with("Resync_Error_Retry_Delay", "60,120,240")
    .with("Resync_Periodic", "600,1200,300")
    .booted();
    sim.run_for(660 + 600 + 1200 + 300 + 300);
    assert_eq!(
        sim.request_seconds(),
        [0, 60, 180, 420, 660, 1260, 2460, 2760, 3060]
    );
    let prvst: Vec<_> = sim.requests.iter().map(|(.., prvst)| *prvst).collect();
    assert_eq!(prvst, [0, 2, 2, 2, 2, 1, 1, 1, 1]);
}

//= R-SM-29 type=test
#[test]
fn a_profile_that_sets_the_schedule_decides_the_next_resync() {
    let mut sim = phone(|_, _| Served::one("Resync_Periodic", "30"))
        .with("Profile_Rule", "http://h/a")
        .booted();
    sim.run_for(30);
    assert_eq!(sim.request_seconds(), [0, 30]);
}

//= R-OPT-6 type=test
//= R-MACRO-19 type=test
//= R-MACRO-17 type=test
#[test]
fn key_arguments_are_bound_as_opaque_secrets() {
    for (rule, key) in [
        ("[--key $SA] http://h/a", Some("two words ] | \"")),
        ("[--key \"pre $(SA:4:5)\"] http://h/a", Some("pre words")),
        ("[--key $SB] http://h/a", None),
        ("[--key \"\"] http://h/a", None),
        (
            "[--key first --key \"my secret phrase\"] http://h/a",
            Some("my secret phrase"),
        ),
        ("http://h/a", None),
    ] {
        let mut sim = phone(|_, _| Served::empty())
            .with("GPP_SA", "two words ] | \"")
            .with("Profile_Rule", rule)
            .booted();
        sim.run_for(0);
        assert_eq!(
            (sim.last_key.as_deref(), sim.requests.len()),
            (key, 1),
            "{rule}"
        );
    }
}

//= R-DOM-1 type=test
//= R-RAD-1 type=test
#[test]
fn a_forbidden_server_is_refused_without_a_packet() {
    let sim = phone(|_, _| Served::empty())
        .with("Restricted_Access_Domains", "voiceip.com")
        .with("Profile_Rule", "http://evil.net/a")
        .booted();
    assert_eq!(sim.requests, []);
    assert!(sim.message_texts()[0].ends_with("server not allowed"));
}

//= R-LOG-4 type=test
//= R-LOG-3 type=test
//= R-LOG-6 type=test
//= R-LOG-9 type=test
#[test]
fn templates_decide_the_messages_and_values_cannot_forge_them() {
    let sim = phone(|_, _| Served::empty())
        .with("Log_Request_Msg", "%s $A $SA $PATH")
        .with("Log_Success_Msg", "  ")
        .with("GPP_A", "a%s\u{1b}b")
        .with("GPP_SA", "canary")
        .with("Profile_Rule", "http://h/x%s")
        .booted();
    assert_eq!(sim.message_texts(), ["resync a%s b $SA /x%s"]);
}

#[test]
fn the_presets_differ_in_delay_and_templates() {
    let scope = Scope::new(Family::Mpp, Release::R10_4);
    let sim = Sim::of(scope, 1, |_, _| Served::Fails(Outcome::Fnf))
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/a")
        .booted();
    assert_eq!(
        sim.message_texts(),
        [
            "CP-8841-3PCC 00:0e:08:01:23:45 Requesting resync http://192.0.2.1:80/a",
            "CP-8841-3PCC 00:0e:08:01:23:45 resync failed: file not found",
        ]
    );
}

#[test]
fn a_local_edit_waits_for_nothing_but_a_commit() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "profile")).with("Profile_Rule", "http://h/a");
    sim.fetch_s = 10;
    sim.commit_s = 5;
    sim.boot();
    sim.set("GPP_B", "edit");
    sim.run_for(7);
    assert_eq!(sim.value("GPP_B"), "edit");
    sim.run_for(5);
    sim.set("GPP_B", "refused");
    assert!(sim.notices.contains(&Notice::EditBusy));
    sim.run_for(10);
    assert_eq!(
        (sim.value("GPP_A"), sim.value("GPP_B")),
        ("profile".to_owned(), "edit".to_owned())
    );
}

#[test]
fn an_explicit_rule_runs_alone_with_prvst_minus_one() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "given"))
        .with("Resync_On_Reset", "No")
        .with("Profile_Rule", "http://h/a")
        .booted();
    assert_eq!(sim.requests, []);
    sim.resync_with("($PRVST eq -1)? http://h/given");
    assert_eq!(sim.requests, [(0, "http://h:80/given".to_owned(), -1)]);
    assert_eq!(sim.phone.cause(), Cause::Explicit);
    assert_eq!(sim.value("GPP_A"), "given");
    sim.run_for(3600);
    assert_eq!(
        sim.requests.len(),
        2,
        "the first success arms the periodic timer"
    );
}

//= R-MACRO-1 type=test
#[test]
fn other_parameters_are_never_expanded() {
    let mut sim = phone(|_, _| Served::one("Station_Name", "$MA"))
        .with("GPP_A", "h")
        .with("Profile_Rule", "http://h/a")
        .booted();
    assert_eq!(sim.value("Station_Name"), "$MA");
    sim.set("Restricted_Access_Domains", "$A");
    sim.resync();
    assert_eq!(sim.requests.len(), 1, "the list is `$A`, not `h`");
}

//= R-HTTP-3 type=test
// V-098, V-099
#[test]
fn the_user_agent_is_the_documented_one_or_what_the_parameter_says() {
    let now = onhook_device::Now {
        mono: onhook_device::MonoTime::ZERO,
        wall: None,
    };
    let mut sim = phone(|_, _| Served::empty()).booted();
    let agent = |sim: &Sim| onhook_phone::render::user_agent(&sim.phone, &sim.shared, now);
    assert_eq!(agent(&sim), "Cisco-CP-8841-3PCC/11.3.2 (000e08012345)");
    sim.set("HTTP_User_Agent_Name", "");
    assert_eq!(agent(&sim), "Cisco-CP-8841-3PCC/11.3.2 (000e08012345)");
    sim.set("HTTP_User_Agent_Name", "mine $PN\u{7}$SA");
    assert_eq!(agent(&sim), "mine CP-8841-3PCC $SA");
}
