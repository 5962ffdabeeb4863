//! How a phone is, as a document (`status.xml`, and reports with `--status`).

use std::fmt::Write as _;

use onhook_device::{Mac, Now, WallTime};
use onhook_rules::masked;

use crate::report::Status;
use crate::{Phone, Shared};

/// A phone at one moment, with what it is.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'s> {
    /// `$PN`
    pub product_name: &'s str,
    /// `$SN`
    pub serial: &'s str,
    /// `$SWVER`
    pub software_version: &'s str,
    /// `$HWVER`
    pub hardware_version: &'s str,
    /// MAC address.
    pub mac: Mac,
    /// How it is.
    pub status: &'s Status,
    /// The moment; its offset is that of all local times.
    pub now: Now,
}

impl<'s> Snapshot<'s> {
    /// A phone with what is known of how it is.
    #[must_use]
    pub fn of(phone: &Phone, shared: &'s Shared, status: &'s Status, now: Now) -> Option<Self> {
        let model = phone.model(shared)?;
        Some(Self {
            product_name: &model.product_name,
            serial: phone.serial.map_or("", |serial| shared.values.text(serial)),
            software_version: &model.software_version,
            hardware_version: &model.hardware_version,
            mac: phone.mac,
            status,
            now: phone.localized(now, shared),
        })
    }

    /// The document; it holds no secret.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let status = self.status;
        let mut mac = String::new();
        self.mac.push_colons(&mut mac);
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<status>\n");
        for (name, value) in [
            ("Product_Name", self.product_name),
            ("Serial_Number", self.serial),
            ("Software_Version", self.software_version),
            ("Hardware_Version", self.hardware_version),
            ("MAC_Address", &mac),
            ("State", status.state),
            ("Provisioned", if status.provisioned { "Yes" } else { "No" }),
            ("Elapsed_Time", &status.uptime_s.to_string()),
        ] {
            row(1, name, value, &mut out);
        }
        if let Some(state) = status.customization {
            row(1, "Customization_State", state.name(), &mut out);
        }
        self.push_resyncs(&mut out);
        //= R-SM-22
        out.push_str("  <Reboot_History>\n");
        for (n, (reason, at)) in (1..=5).zip(&status.history) {
            let name = format!("Reboot_Reason_{n}");
            row(
                2,
                &name,
                &format!("[{}] {reason}", self.stamp(*at)),
                &mut out,
            );
        }
        out.push_str("  </Reboot_History>\n</status>\n");
        out
    }

    fn push_resyncs(&self, out: &mut String) {
        if let Some(last) = &self.status.last {
            out.push_str("  <Last_Resync>\n");
            row(2, "Cause", last.cause.name(), out);
            row(2, "Result", &last.outcome.to_string(), out);
            for rule in &last.rules {
                let url = rule.url.as_deref().unwrap_or_default();
                row(2, rule.slot.name(), &masked(url), out);
            }
            out.push_str("  </Last_Resync>\n");
        }
        for (timer, in_s) in &self.status.next {
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "  <Next_Resync timer=\"{}\">{in_s}</Next_Resync>",
                timer.name()
            );
        }
    }

    /// Unix seconds as the history shows them: local, and empty if the clock was not set.
    #[must_use]
    pub fn stamp(&self, unix_s: Option<i64>) -> String {
        //= R-SM-22
        unix_s.map_or_else(String::new, |unix_s| {
            let at = WallTime {
                unix_s,
                offset_s: self.now.wall.map_or(0, |wall| wall.offset_s),
            };
            let (year, month, day, hour, minute, second) = at.civil();
            let year = year.rem_euclid(100);
            format!("{month:02}/{day:02}/{year:02} {hour:02}:{minute:02}:{second:02}")
        })
    }
}

fn row(depth: usize, name: &str, value: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "{:indent$}<{name}>{}</{name}>",
        "",
        escaped(value),
        indent = 2 * depth
    );
}

/// A text in an element.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
