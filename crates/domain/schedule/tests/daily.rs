//! The daily time and its window.

use onhook_device::WallTime;
use onhook_schedule::{
    HhMm, ScheduleErrorCode, next_daily, next_daily_by_day, resync_at_window_minutes,
};

/// A local time on a day in 2026, two hours ahead of UTC.
fn local(day: i64, hours: i64, minutes: i64) -> WallTime {
    let offset_s = 7200;
    WallTime {
        unix_s: (20_000 + day) * 86_400 + hours * 3600 + minutes * 60 - i64::from(offset_s),
        offset_s,
    }
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
    assert_eq!(next_daily(local(0, 17, 0), at("1800"), 0), 3600);
    assert_eq!(next_daily(local(0, 17, 0), at("1800"), 42), 3642);
    assert_eq!(next_daily(local(0, 18, 5), at("1800"), 0), 86_400 - 300);
    assert_eq!(next_daily(local(0, 18, 5), at("1800"), 301), 1);
    assert_eq!(next_daily(local(0, 23, 59), at("2400"), 0), 60);
    assert_eq!(next_daily(local(0, 0, 1), at("0000"), 0), 86_400 - 60);
}

#[test]
fn a_start_at_this_very_second_is_over() {
    assert_eq!(next_daily(local(0, 18, 0), at("1800"), 0), 86_400);
    assert_eq!(next_daily(local(0, 18, 1), at("1800"), 60), 86_400);
    assert_eq!(next_daily(local(0, 0, 0), at("2400"), 0), 86_400);
}

#[test]
fn a_window_that_opened_yesterday_still_counts() {
    assert_eq!(next_daily(local(0, 1, 0), at("2300"), 3 * 3600), 3600);
    assert_eq!(next_daily(local(0, 3, 0), at("2300"), 3 * 3600), 23 * 3600);
}

//= R-SCHED-9 type=test
#[test]
fn one_draw_for_each_day_gives_one_start_a_day() {
    // The window of day 0 starts after 180 s, that of day 1 after 500 s.
    let drawn = |day: i64| if day == 20_000 { 180 } else { 500 };
    let next = |now| next_daily_by_day(now, at("1800"), drawn);
    assert_eq!(next(local(0, 18, 2)), 60);
    // Armed again right after the start: not the 18:08:20 of the same day.
    assert_eq!(next(local(0, 18, 4)), 86_400 + 500 - 240);
    assert_eq!(next(local(1, 18, 4)), 500 - 240);
    // Each window has the draw of its own day: yesterday's, today's, tomorrow's.
    let drawn = |day: i64| u32::try_from(day - 19_998).unwrap_or(0) * 3600;
    let next = |now| next_daily_by_day(now, at("2300"), drawn);
    assert_eq!(next(local(0, 0, 0)), 25 * 3600);
    assert_eq!(next(local(0, 23, 30)), 90 * 60);
}

#[test]
fn extreme_clocks_do_not_overflow() {
    for unix_s in [i64::MIN, i64::MIN + 1, i64::MAX] {
        for offset_s in [-86_399, 0, 86_399] {
            let now = WallTime { unix_s, offset_s };
            let seconds = next_daily(now, at("1200"), 0);
            assert!((1..=86_400).contains(&seconds), "{seconds}");
        }
    }
}
