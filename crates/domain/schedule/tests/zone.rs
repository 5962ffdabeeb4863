//! Local time against what clocks show.

#![expect(clippy::unwrap_used, reason = "the tests give valid texts")]

use onhook_schedule::{DstRule, ScheduleErrorCode, Zone};

const HOUR: i64 = 3600;

fn zone(name: &str, rule: &str) -> Zone {
    Zone::parse(name)
        .unwrap()
        .with_dst(DstRule::parse(rule).unwrap())
}

/// The Unix second of a date at midnight UTC.
fn midnight(year: i64, month: i64, day: i64) -> i64 {
    onhook_device::days_from_civil(year, month, day) * 24 * HOUR
}

/// The offset right before and at a moment.
#[track_caller]
fn check_change(zone: &Zone, at: i64, before: i64, after: i64) {
    let offset = |unix_s| i64::from(zone.local(unix_s).offset_s);
    assert_eq!((offset(at - 1), offset(at)), (before, after));
}

#[test]
fn zones_are_spelled_as_the_choices_of_the_parameter() {
    for (name, offset) in [
        ("GMT", 0),
        ("GMT-12:00", -12 * HOUR),
        ("GMT-03:30", -12_600),
        ("GMT+05:45", 20_700),
        ("GMT+14:00", 14 * HOUR),
    ] {
        assert_eq!(
            i64::from(Zone::parse(name).unwrap().local(0).offset_s),
            offset
        );
    }
    for name in [
        "",
        "UTC",
        "gmt",
        "GMT+1:00",
        "GMT+0100",
        "GMT 01:00",
        "GMT+01:00 ",
        "GMT+24:00",
        "GMT+01:60",
        "GMT+é0:0",
    ] {
        let error = Zone::parse(name).unwrap_err();
        assert_eq!(error.code(), ScheduleErrorCode::NotATimeZone, "{name}");
    }
}

//= R-TYP-18 type=test
#[test]
fn a_rule_counts_weekdays_from_either_end_of_the_month() {
    // The last Sunday of March 2026 is the 29th, of October the 25th.
    let berlin = zone("GMT+01:00", "start=3/-1/7/2;end=10/-1/7/3;save=1");
    check_change(&berlin, midnight(2026, 3, 29) + HOUR, HOUR, 2 * HOUR);
    check_change(&berlin, midnight(2026, 10, 25) + HOUR, 2 * HOUR, HOUR);
    // The second Sunday of March is the first on or after the 8th.
    let york = zone("GMT-05:00", "start=3/8/7/2;end=11/1/7/2;save=1");
    check_change(&york, midnight(2026, 3, 8) + 7 * HOUR, -5 * HOUR, -4 * HOUR);
    check_change(
        &york,
        midnight(2026, 11, 1) + 6 * HOUR,
        -4 * HOUR,
        -5 * HOUR,
    );
    // On or before the second day from the end: 30 October 2026 is a Friday, and the Thursday before it the 29th.
    let odd = zone("GMT", "start=10/-2/4;end=12/1/0;save=0:30");
    check_change(&odd, midnight(2026, 10, 29), 0, HOUR / 2);
    check_change(&odd, midnight(2026, 12, 1) - HOUR / 2, HOUR / 2, 0);
}

//= R-TYP-18 type=test
#[test]
fn a_weekday_of_0_is_the_date_itself_also_from_the_end() {
    let fixed = zone("GMT", "start=2/-1/0/1:2:3;end=9/15/0;save=1");
    check_change(&fixed, midnight(2026, 2, 28) + 3723, 0, HOUR);
    check_change(&fixed, midnight(2028, 2, 29) + 3723, 0, HOUR);
    check_change(&fixed, midnight(2026, 9, 15) - HOUR, HOUR, 0);
}

//= R-TYP-18 type=test
#[test]
fn the_south_saves_over_the_turn_of_the_year() {
    // Sydney: first Sunday of October to first Sunday of April.
    let sydney = zone("GMT+10:00", "start=10/1/7/2;end=4/1/7/3;save=1");
    check_change(
        &sydney,
        midnight(2026, 4, 5) - 8 * HOUR,
        11 * HOUR,
        10 * HOUR,
    );
    check_change(
        &sydney,
        midnight(2026, 10, 4) - 8 * HOUR,
        10 * HOUR,
        11 * HOUR,
    );
    check_change(&sydney, midnight(2027, 1, 1), 11 * HOUR, 11 * HOUR);
    // A change at the turn of the year itself.
    let turn = zone("GMT", "start=1/1/0;end=7/1/0;save=1");
    check_change(&turn, midnight(2027, 1, 1), 0, HOUR);
    check_change(&turn, midnight(2027, 7, 1) - HOUR, HOUR, 0);
    let back = zone("GMT", "start=7/1/0;end=1/1/0;save=1");
    check_change(&back, midnight(2027, 1, 1) - HOUR, HOUR, 0);
}

//= R-TYP-18 type=test
#[test]
fn time_may_be_put_back_instead_of_forward() {
    // Ireland by the letter: standard time in summer, one hour less in winter.
    let dublin = zone("GMT+01:00", "start=10/-1/7/2;end=3/-1/7/1;save=-1");
    check_change(&dublin, midnight(2026, 10, 25) + HOUR, HOUR, 0);
    check_change(&dublin, midnight(2026, 3, 29) + HOUR, 0, HOUR);
    // 01:30 comes twice in October and never in March.
    assert_eq!(
        dublin.moment(midnight(2026, 10, 25) + HOUR + 1800),
        midnight(2026, 10, 25) + 1800
    );
    assert_eq!(
        dublin.moment(midnight(2026, 3, 29) + HOUR + 1800),
        midnight(2026, 3, 29) + HOUR + 1800
    );
}

//= R-TYP-18 type=test
#[test]
fn a_rule_has_three_parts_in_any_order() {
    let rule = |text| DstRule::parse(text).map_err(|error| (error.code(), error.offset()));
    let normal = rule("start=4/1/7;end=10/-1/7;save=1");
    assert!(normal.is_ok());
    for same in [
        "save=1;end=10/-1/7;start=4/1/7;",
        "start=04/01/7/0:00:00; end=10/-1/7/0 ;save=+01:00",
    ] {
        assert_eq!(rule(same), normal, "{same}");
    }
    for (text, offset) in [
        ("", 0),
        ("start=4/1/7;end=10/-1/7", 23),
        ("start=4/1/7;start=4/1/7;end=10/-1/7;save=1", 12),
        ("start=13/1/7;end=10/-1/7;save=1", 0),
        ("start=0/1/7;end=10/-1/7;save=1", 0),
        ("start=4/0/7;end=10/-1/7;save=1", 0),
        ("start=4/32/7;end=10/-1/7;save=1", 0),
        ("start=4/1/8;end=10/-1/7;save=1", 0),
        ("start=4/1/7;end=10/-1/7/24;save=1", 12),
        ("start=4/1/7;end=10/-1/7/2:60;save=1", 12),
        ("start=4/1/7;end=10/-1/7/2:0:0:0;save=1", 12),
        ("start=4/1/7;end=10/-1;save=1", 12),
        ("start=4/1/7;end=10/-1/7;save=", 24),
        ("start=4/1/7;end=10/-1/7;save=1;x=2", 31),
    ] {
        assert_eq!(
            rule(text),
            Err((ScheduleErrorCode::NotADstRule, offset)),
            "{text}"
        );
    }
}
