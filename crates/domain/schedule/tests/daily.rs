//! The daily time and its window.

use onhook_schedule::{
    DstRule, HhMm, ScheduleErrorCode, Zone, next_daily, resync_at_window_minutes,
};

/// Two hours ahead of UTC.
const ZONE: Zone = Zone::fixed(7200);

/// A local time of that zone on a day in 2024, in Unix seconds.
const fn local(day: i64, hours: i64, minutes: i64) -> i64 {
    (20_000 + day) * 86_400 + hours * 3600 + minutes * 60 - 7200
}

/// Seconds from a moment to the next start.
fn until(now: i64, at: HhMm, drawn_s: impl Fn(i64) -> u32) -> i64 {
    next_daily(now, &ZONE, at, drawn_s) - now
}

#[expect(clippy::unwrap_used, reason = "the tests give valid times")]
fn at(text: &str) -> HhMm {
    HhMm::parse(text).unwrap()
}

//= R-SCHED-8 type=test
#[test]
fn the_daily_time_is_exactly_four_digits() {
    for (text, minutes) in [
        ("0000", 0),
        ("0001", 1),
        ("0959", 599),
        ("1000", 600),
        ("2359", 1439),
        ("2400", 0),
    ] {
        assert_eq!(HhMm::parse(text).map(HhMm::minutes), Ok(minutes), "{text}");
    }
    for (text, offset) in [
        ("", 0),
        ("959", 3),
        ("10000", 4),
        ("09:59", 2),
        ("1260", 2),
        ("2360", 2),
        ("2401", 0),
        ("2500", 0),
        ("9999", 0),
        ("abcd", 0),
        ("+100", 0),
        ("-100", 0),
        (" 1000", 0),
        ("1000 ", 4),
        ("\u{661}00", 0),
    ] {
        let error = HhMm::parse(text).map_err(|error| (error.code(), error.offset()));
        assert_eq!(
            error,
            Err((ScheduleErrorCode::NotATimeOfDay, offset)),
            "`{text}`"
        );
    }
}

//= R-SCHED-9 type=test
#[test]
fn the_window_is_rounded_to_whole_minutes_and_never_below_ten() {
    for (seconds, minutes) in [
        (0, 10),
        (599, 10),
        (600, 10),
        (629, 10),
        (630, 11),
        (666, 11),
        (689, 11),
        (690, 12),
        (65_535, 1092),
        (u32::MAX, 71_582_788),
    ] {
        assert_eq!(resync_at_window_minutes(seconds), minutes, "{seconds}");
    }
}

//= R-SCHED-8 type=test
#[test]
fn the_next_start_is_today_or_tomorrow_in_local_time() {
    assert_eq!(until(local(0, 17, 0), at("1800"), |_| 0), 3600);
    assert_eq!(until(local(0, 17, 0), at("1800"), |_| 42), 3642);
    assert_eq!(until(local(0, 18, 5), at("1800"), |_| 0), 86_400 - 300);
    assert_eq!(until(local(0, 18, 5), at("1800"), |_| 301), 1);
    assert_eq!(until(local(0, 23, 59), at("2400"), |_| 0), 60);
    assert_eq!(until(local(0, 0, 1), at("0000"), |_| 0), 86_400 - 60);
}

#[test]
fn a_start_at_this_very_second_is_over() {
    assert_eq!(until(local(0, 18, 0), at("1800"), |_| 0), 86_400);
    assert_eq!(until(local(0, 18, 1), at("1800"), |_| 60), 86_400);
    assert_eq!(until(local(0, 0, 0), at("2400"), |_| 0), 86_400);
}

#[test]
fn a_window_that_opened_yesterday_still_counts() {
    assert_eq!(until(local(0, 1, 0), at("2300"), |_| 3 * 3600), 3600);
    assert_eq!(until(local(0, 3, 0), at("2300"), |_| 3 * 3600), 23 * 3600);
}

//= R-SCHED-9 type=test
#[test]
fn one_draw_for_each_day_gives_one_start_a_day() {
    // The window of day 0 starts after 180 s, that of day 1 after 500 s.
    let drawn = |day: i64| if day == 20_000 { 180 } else { 500 };
    let next = |now| until(now, at("1800"), drawn);
    assert_eq!(next(local(0, 18, 2)), 60);
    // Armed again right after the start: not the 18:08:20 of the same day.
    assert_eq!(next(local(0, 18, 4)), 86_400 + 500 - 240);
    assert_eq!(next(local(1, 18, 4)), 500 - 240);
    // Each window has the draw of its own day: yesterday's, today's, tomorrow's.
    let drawn = |day: i64| u32::try_from(day - 19_998).unwrap_or(0) * 3600;
    let next = |now| until(now, at("2300"), drawn);
    assert_eq!(next(local(0, 0, 0)), 25 * 3600);
    assert_eq!(next(local(0, 23, 30)), 90 * 60);
}

#[test]
fn extreme_clocks_do_not_overflow() {
    let rule = DstRule::parse("start=3/-1/7/2;end=10/-1/7/3;save=1").unwrap();
    for unix_s in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
        for offset_s in [-86_399, 0, 86_399] {
            let zone = Zone::fixed(offset_s).with_dst(rule);
            assert!(next_daily(unix_s, &zone, at("1200"), |_| 86_399) >= unix_s);
        }
    }
}

/// Central Europe.
#[expect(clippy::unwrap_used, reason = "the texts are valid")]
fn berlin() -> Zone {
    let rule = DstRule::parse("start=3/-1/7/2;end=10/-1/7/3;save=1").unwrap();
    Zone::parse("GMT+01:00").unwrap().with_dst(rule)
}

//= R-SCHED-8 type=test
//= R-TYP-18 type=test
#[test]
fn a_start_in_the_hour_that_is_left_out_comes_once_and_one_in_the_hour_that_comes_twice_too() {
    // 2026-03-29 01:00 UTC: 02:00 becomes 03:00. 2026-10-25 01:00 UTC: 03:00 becomes 02:00.
    for (day, change) in [(20_541, 1_774_746_000), (20_751, 1_792_890_000)] {
        let mut now = (day - 2) * 86_400;
        let mut starts = Vec::new();
        while now < (day + 2) * 86_400 {
            now = next_daily(now, &berlin(), at("0230"), |_| 0);
            starts.push(now - change);
        }
        let expected = match day {
            // 02:30 +01:00, then 03:30 +02:00 on the day, then 02:30 +02:00.
            20_541 => [-2 * 86_400 + 1800, -86_400 + 1800, 1800, 86_400 - 1800],
            // 02:30 +02:00, also on the day, where it is the first of two, then 02:30 +01:00.
            _ => [-2 * 86_400 - 1800, -86_400 - 1800, -1800, 86_400 + 1800],
        };
        assert_eq!(starts[..4], expected, "{day}");
    }
}
