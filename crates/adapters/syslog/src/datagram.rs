//! The form of a message on the wire.

use std::fmt::Write as _;

use onhook_phone::port::{Message, Severity};

/// Largest datagram, in octets (RFC 3164, 4.1).
const LARGEST: usize = 1024;

/// Facility local0, shifted to its place in the priority.
const LOCAL0: u32 = 16 << 3;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Renders `<PRI>Mmm dd hh:mm:ss [identifier ]text`, at most 1,024 octets, as one line (R-LOG-2).
///
/// Before the clock was set the time stamp is `Jan  1 00:00:00`.
#[must_use]
pub fn render(message: &Message) -> String {
    //= R-LOG-2
    let severity = match message.severity {
        Severity::Info => 6,
        Severity::Warning => 4,
        Severity::Error => 3,
    };
    let (_, month, day, hour, minute, second) =
        message.at.map_or((1970, 1, 1, 0, 0, 0), |at| at.civil());
    let month = MONTHS
        .get(month.saturating_sub(1) as usize)
        .copied()
        .unwrap_or("Jan");
    let mut line = String::with_capacity(LARGEST);
    // Writing into a String does not fail.
    let _ = write!(
        line,
        "<{}>{month} {day:>2} {hour:02}:{minute:02}:{second:02} ",
        LOCAL0 + severity
    );
    if !message.identifier.is_empty() {
        push_line(&mut line, &message.identifier);
        line.push(' ');
    }
    push_line(&mut line, &message.text);
    line.truncate(line.floor_char_boundary(LARGEST));
    line
}

/// Appends a text with control characters turned into spaces.
fn push_line(line: &mut String, text: &str) {
    //= R-LOG-9
    line.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
}

#[cfg(test)]
mod tests {
    use onhook_device::WallTime;
    use proptest::prelude::*;

    use super::*;

    fn message(severity: Severity, at: Option<i64>, identifier: &str, text: &str) -> Message {
        Message {
            severity,
            at: at.map(|unix_s| WallTime {
                unix_s,
                offset_s: 3600,
            }),
            identifier: identifier.into(),
            text: text.into(),
            server: String::new(),
        }
    }

    #[track_caller]
    fn check(severity: Severity, at: Option<i64>, identifier: &str, text: &str, expected: &str) {
        assert_eq!(render(&message(severity, at, identifier, text)), expected);
    }

    //= R-LOG-2 type=test
    #[test]
    fn severities_and_local_time_are_spelled_as_documented() {
        // 23 November 2026, 00:00:00 one hour east of UTC.
        let at = Some(1_795_388_400);
        check(
            Severity::Info,
            at,
            "",
            "CP-8841-3PCC 00:0e:08:aa:bb:cc -- Requesting resync tftp://10.0.0.5:69/8841-3PCC.xml",
            "<134>Nov 23 00:00:00 CP-8841-3PCC 00:0e:08:aa:bb:cc -- Requesting resync tftp://10.0.0.5:69/8841-3PCC.xml",
        );
        check(
            Severity::Error,
            at,
            "000E08AABBCC",
            "failed",
            "<131>Nov 23 00:00:00 000E08AABBCC failed",
        );
        check(Severity::Warning, at, "", "odd", "<132>Nov 23 00:00:00 odd");
        check(
            Severity::Info,
            Some(1_772_931_661),
            "",
            "x",
            "<134>Mar  8 02:01:01 x",
        );
    }

    //= R-LOG-2 type=test
    #[test]
    fn before_the_clock_is_set_it_is_the_first_of_january() {
        check(Severity::Info, None, "", "x", "<134>Jan  1 00:00:00 x");
    }

    //= R-LOG-9 type=test
    #[test]
    fn control_characters_become_spaces() {
        check(
            Severity::Info,
            None,
            "i\nd",
            "a\r\n<131>b\0c\u{1b}[0m\u{7f}\u{85}é",
            "<134>Jan  1 00:00:00 i d a  <131>b c [0m  é",
        );
    }

    //= R-LOG-2 type=test
    #[test]
    fn a_long_line_is_cut_before_the_character_that_does_not_fit() {
        let prefix = "<134>Jan  1 00:00:00 ".len();
        let line = render(&message(Severity::Info, None, "", &"x".repeat(2000)));
        assert_eq!(line.len(), 1024);
        let line = render(&message(
            Severity::Info,
            None,
            "",
            &("x".repeat(1023 - prefix) + "é"),
        ));
        assert_eq!(line.len(), 1023);
        let line = render(&message(Severity::Info, None, &"y".repeat(2000), "x"));
        assert_eq!(line.len(), 1024);
    }

    proptest! {
        #[test]
        fn every_message_is_one_short_line(
            at in prop::option::of(any::<i64>()), identifier in "\\PC*|.*", text in "(?s).{0,1200}",
        ) {
            let line = render(&message(Severity::Info, at, &identifier, &text));
            prop_assert!(line.len() <= 1024);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert!(line.starts_with("<134>"));
        }
    }
}
