//! Schedules of a phone, as the tables of the specification tell them.

use onhook_device::{Family, ForcedResync, Outcome, Release};
use onhook_params::{Scope, known};
use onhook_phone::{Command, Fact, Input, LineUse, Origin};
use onhook_testkit::sim::{MIDNIGHT, Served, Sim};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/p")
}

fn lasting(mode: ForcedResync, script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    let mut scope = Scope::new(Family::Mpp, Release::R11_3);
    scope.readings.forced_resync = mode;
    Sim::of(scope, 1, script)
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/p")
}

//= R-SCHED-8 type=test
//= R-SCHED-9 type=test
// V-189
#[test]
fn t_time_9_and_10_the_daily_time_comes_in_its_window_and_the_period_is_ignored() {
    for (window, least, most) in [
        ("600", 600, 600),
        ("0", 600, 600),
        ("666", 660, 660),
        ("7200", 7200, 7200),
    ] {
        let mut sim = phone(|_, _| Served::empty())
            .with("Resync_At__HHmm_", "1000")
            .with("Resync_At_Random_Delay", window)
            .with("Resync_Periodic", "60")
            .booted();
        sim.run_for(5 * DAY);
        let seconds = sim.request_seconds();
        assert_eq!(seconds.len(), 6, "{seconds:?}");
        for (day, at) in (0..).zip(&seconds[1..]) {
            let into = at - day * DAY - 10 * HOUR;
            assert!(into <= most && least == most, "{window}: {into}");
        }
        assert!(
            seconds.windows(2).skip(1).any(|two| two[1] - two[0] != DAY),
            "drawn each day"
        );
    }
}

//= R-SCHED-8 type=test
#[test]
fn t_time_11_to_13_what_is_no_time_of_day_is_ignored() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Resync_At__HHmm_", "2400")
        .booted();
    sim.run_for(2 * DAY + 600);
    let into: Vec<_> = sim.request_seconds()[1..]
        .iter()
        .map(|at| at % DAY)
        .collect();
    assert_eq!(into.len(), 3, "today's window had just opened");
    assert!(into.iter().all(|into| *into <= 600), "{into:?}");
    for bad in ["abcd", "2401", "1260", "959", "09:59"] {
        // The registry refuses them; a phone of another release may have stored one.
        let id = known::RESYNC_AT_HHMM;
        assert!(id.canonical(bad, &Scope::default()).is_err(), "{bad}");
    }
}

//= R-SCHED-8 type=test
//= R-SM-27 type=test
#[test]
fn t_time_15_and_16_the_next_start_is_ahead_and_needs_a_clock() {
    let mut late = phone(|_, _| Served::empty()).with("Resync_At__HHmm_", "1800");
    late.midnight = Some(MIDNIGHT + 18 * 3600 + 20 * 60);
    late = late.booted();
    late.run_for(DAY - 20 * 60 - 1);
    assert_eq!(late.request_seconds(), [0], "boot at 18:20, so tomorrow");
    late.run_for(20 * 60);
    assert_eq!(late.requests.len(), 2);
    let mut unset = phone(|_, _| Served::empty())
        .with("Resync_At__HHmm_", "1800")
        .with("Resync_Periodic", "60");
    unset.midnight = None;
    unset = unset.booted();
    unset.run_for(3 * DAY);
    assert_eq!(unset.request_seconds(), [0]);
    unset.set_clock(Some(MIDNIGHT));
    unset.run_for(18 * HOUR + 600);
    assert_eq!(unset.requests.len(), 2);
}

//= R-SM-29 type=test
#[test]
fn a_profile_that_sets_the_daily_time_or_the_zone_changes_the_next_start() {
    let mut sim = phone(|_, at| match at {
        0 => Served::Profile(vec![
            ("Resync_At__HHmm_", "0300".to_owned()),
            ("Time_Zone", "GMT+02:00".to_owned()),
            ("Daylight_Saving_Time_Enable", "No".to_owned()),
        ]),
        _ => Served::one("Time_Zone", "GMT-03:00"),
    })
    .booted();
    // 03:00 two hours east is 01:00; from then on three hours west, where it is 06:00.
    sim.run_for(DAY);
    let seconds = sim.request_seconds();
    assert_eq!(seconds.len(), 3, "{seconds:?}");
    assert!((HOUR..=HOUR + 600).contains(&seconds[1]), "{seconds:?}");
    assert!(
        (6 * HOUR..=6 * HOUR + 600).contains(&seconds[2]),
        "{seconds:?}"
    );
}

//= R-SM-14 type=test
//= R-IDLE-5 type=test
#[test]
fn v_195_an_emergency_call_keeps_everything_that_was_fetched_from_being_applied() {
    let restart = |_: &str, _| Served::one("Web_Server_Port", "8080");
    for (line_use, applied, restarted) in [
        (LineUse::Busy, Some(3600 + 300), Some(3600 + 600)),
        (LineUse::Emergency, None, None),
    ] {
        let mut sim = lasting(ForcedResync::MaxWait, move |url, at| match at {
            0 => Served::empty(),
            _ => restart(url, at),
        })
        .with("Forced_Resync_Delay", "300")
        .booted();
        sim.run_for(3500);
        sim.line(1, line_use);
        sim.run_for(100 + 300);
        assert_eq!(sim.requests.len(), 2, "it is fetched: {line_use:?}");
        let mut seen = (None, None);
        for _ in 0..1000 {
            if sim.commits > 0 && seen.0.is_none() {
                seen.0 = Some(sim.second());
            }
            if sim.restarts > 0 && seen.1.is_none() {
                seen.1 = Some(sim.second());
            }
            sim.run_for(1);
        }
        assert_eq!(seen, (applied, restarted), "{line_use:?}");
        sim.line(1, LineUse::Idle);
        assert_eq!((sim.commits, sim.restarts), (1, 1), "{line_use:?}");
    }
}

//= R-SM-22 type=test
#[test]
fn t31_another_address_restarts_the_phone_and_the_boot_resyncs() {
    let mut sim = phone(|_, _| Served::empty()).booted();
    let address = |last: u8| Input::Fact(Fact::Address(Some([192, 0, 2, last].into())));
    sim.input(address(1));
    sim.input(address(1));
    sim.run_for(5);
    assert_eq!(sim.restarts, 0, "the first address is none that changed");
    sim.input(address(2));
    sim.run_for(5);
    assert_eq!(sim.restarts, 1);
    assert_eq!(sim.record.history[0].unwrap().reason.name(), "IP Changed");
    sim.power_cycle();
    assert_eq!(sim.requests.len(), 2);
}

//= R-RBT-5 type=test
#[test]
fn v_161_a_page_that_sets_a_rule_restarts_the_phone_and_a_resync_follows() {
    for (name, follows) in [("Profile_Rule_B", true), ("GPP_A", false)] {
        let mut sim = phone(|_, _| Served::empty()).booted();
        let id = onhook_params::ParamId::lookup(name, &Scope::default()).unwrap();
        let value = sim
            .shared
            .values
            .intern("http://h/b", onhook_params::Secrecy::Plain)
            .unwrap();
        sim.input(Input::Command(Origin::Page, Command::Set(id, value)));
        sim.input(Input::Command(Origin::Page, Command::Restart));
        sim.run_for(5);
        assert_eq!(sim.record.pending.is_some(), follows);
        sim.power_cycle();
        let asked: Vec<_> = sim.requests[1..]
            .iter()
            .map(|(_, url, prvst)| (url.as_str(), *prvst))
            .collect();
        match follows {
            true => assert_eq!(asked, [("http://h:80/p", -1), ("http://h:80/b", -1)]),
            false => assert_eq!(asked, []),
        }
        assert_eq!(sim.record.pending, None, "it is answered");
        sim.power_cycle();
        assert_eq!(sim.requests.last().unwrap().2, 0);
    }
}

//= R-RBT-5 type=test
#[test]
fn a_resync_that_is_to_follow_a_restart_is_saved_again_if_it_could_not_be() {
    let mut sim = phone(|_, _| Served::empty()).booted();
    let id = onhook_params::ParamId::lookup("Profile_Rule_B", &Scope::default()).unwrap();
    let values = &mut sim.shared.values;
    let value = values
        .intern("http://h/b", onhook_params::Secrecy::Plain)
        .unwrap();
    sim.saves_end = onhook_phone::Committed::Failed;
    sim.input(Input::Command(Origin::Page, Command::Set(id, value)));
    sim.input(Input::Command(Origin::Page, Command::Restart));
    sim.run_for(5);
    assert_eq!((sim.restarts, sim.record.pending), (0, None));
    // The medium takes writes again; the next thing that happens tries once more.
    sim.saves_end = onhook_phone::Committed::Durable;
    sim.line(1, LineUse::Busy);
    sim.line(1, LineUse::Idle);
    sim.run_for(5);
    assert_eq!(sim.restarts, 1);
    assert!(sim.record.pending.is_some());
    sim.power_cycle();
    assert_eq!(sim.requests.last().unwrap().1, "http://h:80/b");
}

//= R-SCHED-7 type=test
//= R-SM-25 type=test
#[test]
fn t_time_28_an_explicit_request_replaces_a_retry() {
    let mut sim = phone(|_, at| match at {
        0 => Served::Fails(Outcome::Connect),
        _ => Served::empty(),
    })
    .with("Resync_Error_Retry_Delay", "120")
    .with("Resync_Periodic", "500")
    .booted();
    sim.run_for(10);
    sim.resync();
    sim.run_for(600);
    assert_eq!(sim.request_seconds(), [0, 10, 510]);
}

//= R-SM-29 type=test
#[test]
fn a_period_that_is_set_once_more_counts_on() {
    let mut sim = phone(|_, _| Served::empty())
        .with("Resync_Periodic", "1000")
        .booted();
    sim.run_for(600);
    sim.set("Resync_Periodic", "1000");
    sim.run_for(399);
    // It is stored once more.
    assert_eq!(sim.commits, 1);
    assert_eq!(sim.request_seconds(), [0]);
    sim.run_for(1);
    assert_eq!(sim.request_seconds(), [0, 1000]);
    sim.set("Resync_Periodic", "1001");
    sim.run_for(1000);
    assert_eq!(sim.request_seconds(), [0, 1000]);
    sim.run_for(1);
    assert_eq!(sim.request_seconds(), [0, 1000, 2001]);
}
