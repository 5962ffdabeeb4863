//! Local time follows the parameters.

#![expect(clippy::unwrap_used, reason = "the tests know the time")]

use onhook_device::{MonoTime, Now, WallTime};
use onhook_phone::{Command, Input, Origin};
use onhook_testkit::sim::{Served, Sim};

fn phone(settings: &[(&str, &str)]) -> Sim {
    let mut sim = Sim::new(|_, _| Served::empty()).booted();
    for (name, value) in settings {
        sim.set(name, value);
    }
    sim
}

/// The offset that the phone has at a moment, while the clock says it is 90 minutes ahead.
fn offset(sim: &Sim, unix_s: i64) -> i32 {
    let now = Now {
        mono: MonoTime::ZERO,
        wall: Some(WallTime {
            unix_s,
            offset_s: 5400,
        }),
    };
    let wall = sim.phone.localized(now, &sim.shared).wall.unwrap();
    assert_eq!(wall.unix_s, unix_s);
    wall.offset_s
}

/// 2026-01-15 and 2026-07-15.
const WINTER: i64 = 1_768_435_200;
const SUMMER: i64 = 1_784_073_600;

//= R-TYP-18 type=test
#[test]
fn the_time_zone_and_the_rule_of_a_profile_make_local_time() {
    let zone = ("Time_Zone", "GMT+01:00");
    let rule = (
        "Daylight_Saving_Time_Rule",
        "start=3/-1/7/2;end=10/-1/7/3;save=1",
    );
    let off = ("Daylight_Saving_Time_Enable", "No");
    for (settings, winter, summer) in [
        (&[zone, rule][..], 3600, 7200),
        (&[zone, rule, off][..], 3600, 3600),
        (&[("Daylight_Saving_Time_Rule", ""), zone][..], 3600, 3600),
        (&[("Time_Zone", "GMT-03:30"), rule][..], -12_600, -9000),
        // Nobody has told the zone: what the clock knows counts.
        (&[rule][..], 5400, 5400),
        (&[][..], 5400, 5400),
    ] {
        let sim = phone(settings);
        let found = (offset(&sim, WINTER), offset(&sim, SUMMER));
        assert_eq!(found, (winter, summer), "{settings:?}");
    }
}

#[test]
fn without_wall_time_there_is_no_local_time() {
    let now = Now {
        mono: MonoTime::ZERO,
        wall: None,
    };
    let sim = phone(&[("Time_Zone", "GMT+01:00")]);
    assert_eq!(sim.phone.localized(now, &sim.shared).wall, None);
}

//= R-SM-22 type=test
#[test]
fn restarts_are_recorded_in_local_time() {
    let mut sim = phone(&[
        ("Time_Zone", "GMT+05:45"),
        ("Daylight_Saving_Time_Enable", "No"),
    ]);
    sim.input(Input::Command(Origin::Control, Command::Restart));
    sim.run_for(5);
    let newest = sim.record.history[0].unwrap();
    assert_eq!(newest.at().unwrap().offset_s, 20_700);
}
