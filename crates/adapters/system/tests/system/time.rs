//! Real time against `date`, and zones that do not exist.

use std::process::Command;
use std::sync::Arc;

use onhook_device::WallTime;
use onhook_schedule::port::Clock;
use onhook_system::RealClock;
use onhook_testkit::contract::{self, ClockFixture, Wall};

struct InZone(&'static str);

impl ClockFixture for InZone {
    fn boot(&mut self) -> Arc<dyn Clock> {
        Arc::new(RealClock::start(self.0).unwrap())
    }

    fn pass(&mut self) {
        std::thread::yield_now();
    }

    fn set_wall(&mut self, _wall: WallTime) -> Wall {
        Wall::Fixed
    }

    fn local(&self) -> Option<WallTime> {
        Some(date(self.0))
    }
}

/// What the `date` of the system tells in a zone.
fn date(zone: &str) -> WallTime {
    let output = Command::new("date")
        .arg("+%s %:z")
        .env("TZ", zone)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (unix_s, offset) = text.trim().split_once(' ').unwrap();
    let (hours, minutes) = offset.split_once(':').unwrap();
    let minutes: i32 = minutes.parse().unwrap();
    let hours: i32 = hours.parse().unwrap();
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    WallTime {
        unix_s: unix_s.parse().unwrap(),
        offset_s: hours * 3600 + sign * minutes * 60,
    }
}

#[tokio::test]
async fn the_clock_of_the_system_keeps_the_contract() {
    for zone in ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"] {
        if zone != "UTC" && RealClock::start(zone).is_err() {
            println!("skipped: the time zone database is not installed");
            return;
        }
        contract::clock(&mut InZone(zone)).await;
    }
}

#[test]
fn an_unknown_time_zone_is_an_error_that_says_what_to_write() {
    for zone in ["Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin\0"] {
        let Err(error) = RealClock::start(zone) else {
            panic!("{zone:?} is a time zone");
        };
        let message = error.to_string();
        assert!(message.contains(zone), "{message}");
        assert!(
            message.contains("write a name such as `Europe/Berlin`, or `UTC`"),
            "{message}"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn utc_needs_no_time_zone_database_and_no_letter_case() {
    for zone in ["UTC", "utc", "Utc"] {
        let wall = RealClock::start(zone).unwrap().now().wall.unwrap();
        assert_eq!(wall.offset_s, 0);
    }
}
