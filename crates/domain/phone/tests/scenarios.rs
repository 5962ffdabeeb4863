//! Scenario vectors of transports.md 17.1 and 17.6 that have no place of their own.

use onhook_device::{Family, Outcome, Release};
use onhook_params::Scope;
use onhook_phone::RebootReason;
use onhook_testkit::sim::{Served, Sim};

const HOUR: u64 = 3600;

fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    preset(Release::R11_3, script)
}

fn preset(release: Release, script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::of(Scope::new(Family::Mpp, release), 1, script)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60,120,240")
        .with("Profile_Rule", "http://h/p")
}

/// A server that works except at these seconds.
fn fails_at(seconds: &'static [u64]) -> impl FnMut(&str, u64) -> Served + 'static {
    move |_, at| match seconds.contains(&at) {
        true => Served::Fails(Outcome::Connect),
        false => Served::empty(),
    }
}

fn always(outcome: Outcome) -> impl FnMut(&str, u64) -> Served + 'static {
    move |_, _| Served::Fails(outcome)
}

/// The seconds and `$PRVST` of all requests.
fn attempts(sim: &Sim) -> Vec<(u64, i8)> {
    sim.requests
        .iter()
        .map(|(at, _, prvst)| (*at, *prvst))
        .collect()
}

fn seconds(sim: &Sim) -> Vec<u64> {
    attempts(sim).into_iter().map(|(at, _)| at).collect()
}

//= R-OUT-1 type=test
//= R-SM-9 type=test
#[test]
fn v_170_the_retry_list_sticks_at_its_last_element_whatever_failed() {
    for outcome in [Outcome::Fnf, Outcome::ParseFailed, Outcome::Connect] {
        let mut sim = phone(always(outcome)).booted();
        sim.run_for(900);
        let expected = [(0, 0), (60, 2), (180, 2), (420, 2), (660, 2), (900, 2)];
        assert_eq!(attempts(&sim), expected, "{outcome:?}");
    }
}

//= R-SM-9 type=test
#[test]
fn v_171_a_success_begins_the_retry_list_anew() {
    let mut sim = phone(fails_at(&[0, 60, 3780]))
        .with("Resync_Periodic", "3600")
        .booted();
    sim.run_for(4000);
    assert_eq!(seconds(&sim), [0, 60, 180, 3780, 3840]);
}

//= R-SM-7 type=test
#[test]
fn v_172_and_172b_a_retry_delay_of_0_is_no_retry() {
    let mut sim = phone(always(Outcome::Connect))
        .with("Resync_Error_Retry_Delay", "0")
        .booted();
    sim.run_for(10 * HOUR);
    assert_eq!(seconds(&sim), [0], "a factory device waits for somebody");
    sim.resync();
    assert_eq!(attempts(&sim)[1], (10 * HOUR, -1));
    let mut sim = phone(fails_at(&[3600]))
        .with("Resync_Error_Retry_Delay", "0")
        .with("Resync_Periodic", "3600")
        .booted();
    sim.run_for(3 * HOUR);
    assert_eq!(attempts(&sim), [(0, 0), (3600, 1), (7200, 1), (10_800, 1)]);
}

//= R-SM-11 type=test
#[test]
fn v_173_preset_10_4_retries_at_once() {
    let mut sim = preset(Release::R10_4, always(Outcome::Connect))
        .with("Resync_Error_Retry_Delay", "0")
        .booted();
    sim.run_for(3);
    assert_eq!(attempts(&sim), [(0, 0), (1, 2), (2, 2), (3, 2)]);
}

//= R-SCHED-2 type=test
#[test]
fn v_174_to_177_the_period_is_a_list_that_begins_with_a_success() {
    for (period, expected) in [
        ("600,1200,300", &[0, 600, 1800, 2100, 2400][..]),
        ("0", &[0]),
        ("", &[0]),
    ] {
        let mut sim = phone(|_, _| Served::empty())
            .with("Resync_Periodic", period)
            .booted();
        sim.run_for(2400);
        assert_eq!(seconds(&sim), expected, "{period}");
    }
    let mut sim = phone(|_, _| Served::empty())
        .with("Resync_Periodic", "2400+30")
        .booted();
    sim.run_for(2430);
    assert!(
        (2400..=2430).contains(&seconds(&sim)[1]),
        "{:?}",
        seconds(&sim)
    );
    // V-177: never a success, never a period.
    let mut sim = phone(always(Outcome::Connect))
        .with("Resync_Error_Retry_Delay", "10000")
        .with("Resync_Periodic", "3600")
        .booted();
    sim.run_for(9999);
    assert_eq!(seconds(&sim), [0]);
}

//= R-SM-25 type=test
//= R-SM-24 type=test
#[test]
fn v_178_and_179_explicit_requests_while_an_error_retry_waits() {
    let mut sim = phone(fails_at(&[0, 60, 70]))
        .with("Resync_Periodic", "3600")
        .booted();
    sim.run_for(70);
    // V-179: a given rule that fails leaves the timer alone.
    sim.resync_with("http://h/other");
    let timer = sim
        .phone
        .timer()
        .map(|(kind, at)| (kind.name(), at.as_secs()));
    assert_eq!(timer, Some(("retry", 180)));
    // V-178: a full run that succeeds ends the retries.
    sim.run_for(10);
    sim.resync();
    let timer = sim
        .phone
        .timer()
        .map(|(kind, at)| (kind.name(), at.as_secs()));
    assert_eq!(timer, Some(("periodic", 80 + 3600)));
    sim.run_for(3600);
    assert_eq!(seconds(&sim), [0, 60, 70, 80, 3680]);
}

//= R-TRIG-5 type=test
#[test]
fn v_188_a_url_in_a_trigger_of_preset_11_3_is_ignored_with_one_warning() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Resync_Trigger_1", "http://x/admin/resync?http://h/once")
        .with("Resync_Periodic", "600")
        .booted();
    sim.run_for(1300);
    assert_eq!(seconds(&sim), [0, 600, 1200]);
    let warned =
        |notice: &&onhook_phone::Notice| matches!(notice, onhook_phone::Notice::TriggerFault(..));
    assert_eq!(sim.notices.iter().filter(warned).count(), 1);
}

//= R-SM-5 type=test
//= R-SM-18 type=test
//= R-SM-19 type=test
#[test]
fn v_190_to_194_the_rules_run_one_after_the_other() {
    let urls =
        |sim: &Sim| -> Vec<String> { sim.requests.iter().map(|(_, url, _)| url.clone()).collect() };
    // V-190: a blank first rule.
    let mut sim = phone(|_, _| Served::empty())
        .with("Profile_Rule", "")
        .with("Profile_Rule_B", "http://h/b");
    sim.boot();
    assert_eq!(urls(&sim), ["http://h:80/b"]);
    // V-191: a first rule that fails.
    let mut sim = phone(always(Outcome::Fnf)).with("Profile_Rule_B", "http://h/b");
    sim.boot();
    assert_eq!(urls(&sim), ["http://h:80/p"]);
    // V-192: what the first sets, the second uses.
    let mut sim = phone(|_, _| Served::one("GPP_A", "x")).with("Profile_Rule_B", "http://h/$A.xml");
    sim.boot();
    assert_eq!(urls(&sim), ["http://h:80/p", "http://h:80/x.xml"]);
    // V-193: what the first has set stays, and a retry begins with it.
    let mut sim = phone(|url, _| match url {
        "http://h:80/p" => Served::one("GPP_A", "x"),
        _ => Served::Fails(Outcome::ParseFailed),
    })
    .with("Profile_Rule_B", "http://h/b");
    sim.boot();
    assert_eq!(sim.value("GPP_A"), "x");
    sim.run_for(60);
    let twice = ["http://h:80/p", "http://h:80/b"].repeat(2);
    assert_eq!(urls(&sim), twice);
    // V-194: a period that a profile brings counts at once.
    let mut sim = phone(|_, _| Served::one("Resync_Periodic", "30"));
    sim.boot();
    sim.run_for(60);
    assert_eq!(seconds(&sim), [0, 30, 60]);
}

//= R-SM-2 type=test
//= R-SM-20 type=test
#[test]
fn v_196_a_restart_for_parameters_is_not_followed_by_a_resync() {
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"))
        .with("Resync_Periodic", "3600")
        .booted();
    let reason = sim.record.history[0].map(|entry| entry.reason);
    assert_eq!(
        (sim.restarts, reason),
        (1, Some(RebootReason::Provisioning))
    );
    sim.power_cycle();
    sim.run_for(3600);
    assert_eq!(attempts(&sim), [(0, 0), (3600, 1)]);
}

//= R-SM-9 type=test
#[test]
fn v_198_a_power_cut_forgets_how_often_it_failed() {
    let mut sim = phone(always(Outcome::Connect)).booted();
    sim.run_for(200);
    sim.power_cycle();
    sim.run_for(60);
    assert_eq!(attempts(&sim)[3..], [(0, 0), (60, 2)]);
}

//= R-IDLE-1 type=test
//= R-IDLE-2 type=test
#[test]
fn a_line_that_loses_its_registration_is_idle() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Resync_Periodic", "600")
        .booted();
    for line in 1..=2 {
        sim.registration(line, onhook_phone::Registration::Unregistered);
    }
    sim.run_for(600);
    assert_eq!(seconds(&sim), [0, 600]);
    sim.line(16, onhook_phone::LineUse::Busy);
    sim.run_for(600);
    sim.resync();
    assert_eq!(seconds(&sim), [0, 600], "any line keeps the phone busy");
    sim.line(16, onhook_phone::LineUse::Idle);
    sim.run_for(0);
    assert_eq!(seconds(&sim), [0, 600, 1200]);
}

//= R-SM-12 type=test
//= R-SM-26 type=test
#[test]
fn v_199b_a_full_run_comes_before_a_given_rule_and_never_beside_it() {
    let mut sim = phone(|_, _| Served::empty()).booted();
    sim.fetch_s = 5;
    sim.line(1, onhook_phone::LineUse::Busy);
    sim.resync_with("http://h/given");
    sim.resync();
    sim.run_for(10);
    assert_eq!(seconds(&sim), [0], "a call is up");
    sim.line(1, onhook_phone::LineUse::Idle);
    sim.run_for(30);
    let urls: Vec<(u64, &str)> = sim
        .requests
        .iter()
        .map(|(at, url, _)| (*at, url.as_str()))
        .collect();
    assert_eq!(
        urls[1..],
        [(10, "http://h:80/p"), (15, "http://h:80/given")]
    );
}

//= R-SM-4 type=test
#[test]
fn v_021_to_025_what_a_boot_does() {
    // V-022; V-021 is the row of the reading random_delay_unit_s.
    let sim = phone(|_, _| Served::empty()).booted();
    assert_eq!(seconds(&sim), [0]);
    // V-023: no resync at boot, and the period from the boot on.
    let mut sim = phone(|_, _| Served::empty()).booted();
    sim.set("Resync_On_Reset", "No");
    sim.set("Resync_Periodic", "3600");
    sim.power_cycle();
    sim.run_for(3600);
    assert_eq!(attempts(&sim)[1..], [(3600, 1)]);
    // V-024, the half of resyncs.
    let mut sim = phone(|_, _| Served::empty())
        .with("Provision_Enable", "No")
        .booted();
    sim.run_for(HOUR);
    assert_eq!(seconds(&sim), [0_u64; 0]);
}

//= R-OUT-4 type=test
//= R-OUT-2 type=test
#[test]
fn v_080_to_084_what_an_answer_means_for_the_next_attempt() {
    let periodic = Some(("periodic", 3600));
    let retry = Some(("retry", 60));
    for (outcome, fails_on_fnf, next, err) in [
        (Outcome::Applied, "Yes", periodic, "OK"),
        (Outcome::Fnf, "Yes", retry, "file not found"),
        (Outcome::Fnf, "No", periodic, "file not found (accepted)"),
        (Outcome::HttpStatus(410), "No", retry, "http status 410"),
        (Outcome::HttpStatus(403), "Yes", retry, "http status 403"),
        (Outcome::HttpStatus(503), "No", retry, "http status 503"),
        // V-102: an error page instead of a profile.
        (Outcome::ParseFailed, "No", retry, "parse failed"),
        (Outcome::DecryptFailed, "No", retry, "decrypt failed"),
    ] {
        let script = move |_: &str, _| match outcome == Outcome::Applied {
            true => Served::empty(),
            false => Served::Fails(outcome),
        };
        let mut sim = phone(script)
            .with("Resync_Periodic", "3600")
            .with("Resync_Fails_On_FNF", fails_on_fnf);
        sim.boot();
        let timer = sim
            .phone
            .timer()
            .map(|(kind, at)| (kind.name(), at.as_secs()));
        assert_eq!(timer, next, "{outcome:?}");
        let said = sim.message_texts();
        let word = if next == periodic {
            "Successful"
        } else {
            "failed"
        };
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[1].ends_with(err) && said[1].contains(word), "{said:?}");
    }
}

//= R-RAD-1 type=test
#[test]
fn v_118_a_server_outside_the_domains_is_not_asked() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Restricted_Access_Domains", "voiceip.com")
        .with("Profile_Rule", "http://other.com/p");
    sim.boot();
    assert_eq!(seconds(&sim), [0_u64; 0]);
    assert!(sim.message_texts()[0].ends_with("server not allowed"));
    sim.set("Profile_Rule", "http://prov.voiceip.com/p");
    sim.resync();
    assert_eq!(seconds(&sim), [0]);
}

//= R-SM-13 type=test
#[test]
fn v_180_and_181_a_call_delays_at_most_so_long() {
    let mut scope = Scope::new(Family::Mpp, Release::R11_3);
    scope.readings.forced_resync = onhook_device::ForcedResync::MaxWait;
    for (ends, expected) in [(7190, 3900), (3700, 3700)] {
        let mut sim = Sim::of(scope, 1, |_, _| Served::empty())
            .with("Resync_Random_Delay", "0")
            .with("Profile_Rule", "http://h/p")
            .with("Forced_Resync_Delay", "300")
            .booted();
        sim.run_for(3590);
        sim.line(1, onhook_phone::LineUse::Busy);
        sim.run_for(ends - 3590);
        sim.line(1, onhook_phone::LineUse::Idle);
        sim.run_for(10);
        assert_eq!(seconds(&sim)[..2], [0, expected]);
    }
}

//= R-TRIG-3 type=test
#[test]
fn v_184b_and_186_triggers_that_hold_back() {
    let mut scope = Scope::new(Family::Mpp, Release::R11_3);
    scope.readings.triggers = onhook_device::TriggerMode::Gate;
    let phone = |first: &str, second: &str| {
        Sim::of(scope, 1, |_, _| Served::empty())
            .with("Resync_Random_Delay", "0")
            .with("Profile_Rule", "http://h/p")
            .with("Resync_Trigger_1", first)
            .with("Resync_Trigger_2", second)
    };
    let mut sim = phone("$PRVTMR ge 600", "");
    sim.record.provisioned = true;
    sim.boot();
    sim.run_for(3600);
    assert_eq!(attempts(&sim), [(3600, 1)]);
    let mut sim = phone("1 eq 2", "1 eq 1").booted();
    sim.run_for(3600);
    assert_eq!(attempts(&sim), [(0, 0), (3600, 1)]);
}

//= R-LOG-4 type=test
//= R-LOG-1 type=test
//= R-LOG-7 type=test
//= R-LOG-6 type=test
#[test]
fn v_219_to_224_messages_follow_their_templates() {
    let said = |name: &str, template: &str, rule: &str| -> Vec<String> {
        let mut sim = phone(|_, _| Served::empty())
            .with("Profile_Rule", rule)
            .with("GPP_SA", "c4n4ry")
            .with(name, template);
        sim.boot();
        sim.messages.into_iter().map(|(_, text)| text).collect()
    };
    let who = "CP-8841-3PCC 00:0e:08:01:23:45";
    let request = format!("{who} -- Requesting resync http://192.0.2.1:80/p");
    let success = format!("{who} -- Successful resync http://192.0.2.1:80/p -- OK");
    // V-220b: the factory template, written out; V-222: none.
    let factory = "$PN $MAC -- Requesting %s $SCHEME://$SERVIP:$PORT$PATH";
    assert_eq!(
        said("Log_Request_Msg", factory, "HTTP://h/p"),
        [request.clone(), success]
    );
    assert_eq!(said("Log_Success_Msg", "", "http://h/p"), [request]);
    // V-223: what a path holds is no template; V-224: secret registers stay as written.
    let texts = said("Log_Request_Msg", "%s $PATH $SA", "[--key $SA] http://h/%s");
    assert_eq!(texts[0], "resync /%s $SA");
}

//= R-SM-22 type=test
#[test]
fn v_229_the_last_five_restarts_are_kept() {
    let mut port = 8000;
    let mut sim = phone(move |_, _| {
        port += 1;
        Served::one("Web_Server_Port", &port.to_string())
    })
    .with("Resync_Periodic", "3600");
    for _ in 0..6 {
        sim.boot();
        sim.run_for(3600);
        sim.power_cycle();
    }
    let times: Vec<i64> = sim
        .record
        .history
        .iter()
        .flatten()
        .filter_map(|entry| Some(entry.at()?.unix_s))
        .collect();
    assert_eq!(times.len(), 5);
}

//= R-FLS-1 type=test
//= R-OUT-5 type=test
#[test]
fn v_197_parameters_that_could_not_be_stored_change_nothing() {
    let mut sim = phone(|_, _| Served::one("GPP_A", "new"));
    sim.commits_end = onhook_phone::Committed::Failed;
    sim.boot();
    assert_eq!(sim.value("GPP_A"), "");
    let timer = sim
        .phone
        .timer()
        .map(|(kind, at)| (kind.name(), at.as_secs()));
    assert_eq!(timer, Some(("retry", 60)));
    sim.commits_end = onhook_phone::Committed::Durable;
    sim.power_cycle();
    assert_eq!(
        (sim.value("GPP_A").as_str(), seconds(&sim).len()),
        ("new", 2)
    );
}
