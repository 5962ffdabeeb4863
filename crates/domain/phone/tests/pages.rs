//! What pages of the phone submit and show.

#![expect(clippy::unwrap_used, reason = "the tests know their parameters")]

use onhook_device::MonoTime;
use onhook_params::{DeltaBuilder, ParamId, Scope, Setting, UserAccess, known};
use onhook_phone::report::{CaStatus, Status};
use onhook_phone::{Command, Committed, Input, LineUse, Look, Notice, Origin, RebootReason, Shown};
use onhook_testkit::sim::{Served, Sim};

fn phone() -> Sim {
    Sim::new(|_, _| Served::empty())
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Random_Delay", "0")
        .booted()
}

fn submit(sim: &mut Sim, settings: &[(&str, &str)]) {
    let mut delta = DeltaBuilder::with_capacity(settings.len(), 64);
    for (name, value) in settings {
        delta.push(Setting {
            id: ParamId::lookup(name, &Scope::default()).unwrap(),
            value: Some(value),
            access: None,
            preserve: false,
        });
    }
    let page = sim.shared.put_decoded(&delta.finish());
    sim.input(Input::Command(Origin::Page, Command::Submit(page)));
    sim.run_for(5);
}

//= R-WEB-14 type=test
#[test]
fn v_160_a_page_is_one_commit_and_one_restart_without_a_resync() {
    let mut sim = phone();
    let before = (sim.commits, sim.requests.len());
    submit(
        &mut sim,
        &[("GPP_A", "1"), ("GPP_B", "2"), ("Display_Name_1_", "Bob")],
    );
    assert_eq!((sim.commits, sim.restarts), (before.0 + 1, 1));
    assert_eq!(
        (sim.value("GPP_A"), sim.value("GPP_B")),
        ("1".to_owned(), "2".to_owned())
    );
    assert!(sim.phone.params().is_set_by_user(known::GPP_A));
    let newest = sim.record.history[0].unwrap();
    assert_eq!(newest.reason, RebootReason::Provisioning);
    sim.power_cycle();
    assert_eq!(sim.requests.len(), before.1, "no resync follows");
}

//= R-WEB-14 type=test
#[test]
fn v_161_a_page_with_a_rule_is_followed_by_a_resync_after_the_restart() {
    let mut sim = phone();
    submit(
        &mut sim,
        &[("Profile_Rule_B", "http://h/b"), ("GPP_A", "1")],
    );
    assert_eq!(sim.restarts, 1);
    let before = sim.requests.len();
    sim.power_cycle();
    let asked: Vec<_> = sim.requests[before..]
        .iter()
        .map(|r| (r.1.as_str(), r.2))
        .collect();
    assert_eq!(asked, [("http://h:80/p", -1), ("http://h:80/b", -1)]);
}

//= R-WEB-14 type=test
#[test]
fn a_page_that_changes_nothing_restarts_nothing() {
    let mut sim = phone();
    let before = sim.commits;
    submit(&mut sim, &[("Profile_Rule", "http://h/p"), ("GPP_A", "")]);
    sim.run_for(100);
    assert_eq!((sim.commits, sim.restarts), (before, 0));
    assert!(sim.notices.contains(&Notice::EditDone(Committed::Durable)));
}

//= R-WEB-7 type=test
#[test]
fn v_156_what_a_page_asks_for_waits_for_idle_lines() {
    for page in [true, false] {
        let mut sim = phone();
        sim.line(1, LineUse::Busy);
        if page {
            submit(&mut sim, &[("GPP_A", "1")]);
        } else {
            sim.input(Input::Command(Origin::Control, Command::Restart));
        }
        sim.run_for(1000);
        assert_eq!(sim.restarts, 0, "{page}");
        sim.line(1, LineUse::Idle);
        sim.run_for(5);
        assert_eq!(sim.restarts, 1, "{page}");
    }
}

#[test]
fn a_page_that_cannot_be_stored_changes_nothing() {
    let mut sim = phone();
    sim.commits_end = Committed::Failed;
    submit(&mut sim, &[("GPP_A", "1"), ("GPP_B", "2")]);
    sim.run_for(100);
    assert_eq!((sim.value("GPP_A"), sim.restarts), (String::new(), 0));
    assert!(sim.notices.contains(&Notice::EditDone(Committed::Failed)));
}

//= R-SEC-1 type=test
//= R-SEC-2 type=test
#[test]
fn pages_show_no_secret() {
    let mut sim = phone();
    for (name, value) in [
        ("GPP_SA", "canary-1"),
        ("Password_1_", "canary-2"),
        ("Profile_Rule", "[--key canary-3 --pwd canary-4] http://h/a"),
        ("Admin_Password", "canary-5"),
        ("GPP_A", "seen"),
    ] {
        sim.set(name, value);
    }
    let status = Status {
        state: "waiting",
        prvst: 0,
        provisioned: true,
        customization: None,
        last: None,
        next: Vec::new(),
        busy_lines: Vec::new(),
        uptime_s: 0,
        external_ip: String::new(),
        client_certificate: false,
        custom_ca: CaStatus::default(),
        mobility_status: String::new(),
        mobility_user: String::new(),
        history: Vec::new(),
        stale_completions: 0,
        dropped_messages: 0,
        sip_errors: Vec::new(),
        firmware: None,
        listen: Vec::new(),
    };
    let now = onhook_device::Now {
        mono: MonoTime::ZERO,
        wall: None,
    };
    let look = Look::of(&sim.phone, &sim.shared, now, status).unwrap();
    let shown = format!("{look:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let id = |name: &str| ParamId::lookup(name, &Scope::default()).unwrap();
    assert_eq!(look.text(known::GPP_A), "seen");
    assert_eq!(look.text(id("Password_1_")), "");
    assert!(look.hides(id("Password_1_")) && look.hides(known::PROFILE_RULE));
    assert!(!look.hides(known::GPP_A) && !look.hides(id("Password_2_")));
    assert!(look.text(known::PROFILE_RULE).ends_with("] http://h/a"));
    assert!(look.logins.admin.matches(b"canary-5"));
    assert!(look.logins.user.is_empty());
    assert_eq!(
        look.text(known::RESYNC_PERIODIC),
        "3600",
        "the factory value"
    );
    assert!(look.is_yes(known::PROVISION_ENABLE));
    assert_eq!(look.access(known::GPP_A), Some(UserAccess::Na));
    let secret = look
        .changed()
        .iter()
        .find(|seen| seen.id == known::GPP_SA)
        .unwrap();
    assert_eq!(secret.shown, Shown::Secret);
}

//= R-WEB-5 type=test
#[test]
fn a_resync_of_a_page_passes_triggers_and_is_explicit() {
    use onhook_device::TriggerMode;
    let mut scope = Scope::default();
    scope.readings.triggers = TriggerMode::Gate;
    let mut sim = Sim::of(scope, 1, |_, _| Served::empty())
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Trigger_1", "1 eq 2")
        .with("Resync_Random_Delay", "0")
        .booted();
    sim.run_for(10);
    assert_eq!(sim.requests.len(), 0, "the boot is held back");
    sim.input(Input::Command(Origin::Page, Command::Resync));
    sim.run_for(10);
    assert_eq!(sim.requests[0].2, -1);
}
