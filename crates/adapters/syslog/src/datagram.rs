//! The form of a message on the wire.

use std::fmt::Write as _;

use onhook_phone::port::{Message, Severity};

use crate::form::Format;

/// Largest datagram, in octets (RFC 3164, 4.1).
const LARGEST: usize = 1024;

/// Longest HOSTNAME (RFC 5424, 6.2.4).
const HOSTNAME: usize = 255;

/// Facility local0, shifted to its place in the priority.
const LOCAL0: u32 = 16 << 3;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Renders a message, at most 1,024 octets, as one line (R-LOG-2).
///
/// Before the clock was set the time stamp is `Jan  1 00:00:00`, in RFC 5424 `-`.
#[must_use]
pub fn render(message: &Message, format: Format) -> String {
    //= R-LOG-2
    let severity = match message.severity {
        Severity::Info => 6,
        Severity::Warning => 4,
        Severity::Error => 3,
    };
    let mut line = String::with_capacity(LARGEST);
    // Writing into a String does not fail.
    let _ = write!(line, "<{}>", LOCAL0 + severity);
    match format {
        Format::Rfc3164 => push_3164(&mut line, message),
        Format::Rfc5424 => push_5424(&mut line, message),
    }
    push_line(&mut line, &message.text);
    line.truncate(line.floor_char_boundary(LARGEST));
    line
}

/// What goes over a connection for a rendered message (RFC 6587).
#[cfg(feature = "tcp")]
pub(crate) fn frame(line: &str, format: Format) -> Vec<u8> {
    match format {
        // No line holds a line feed.
        Format::Rfc3164 => format!("{line}\n").into_bytes(),
        Format::Rfc5424 => format!("{} {line}", line.len()).into_bytes(),
    }
}

fn push_3164(line: &mut String, message: &Message) {
    let (_, month, day, hour, minute, second) =
        message.at.map_or((1970, 1, 1, 0, 0, 0), |at| at.civil());
    let month = MONTHS
        .get(month.saturating_sub(1) as usize)
        .copied()
        .unwrap_or("Jan");
    let _ = write!(line, "{month} {day:>2} {hour:02}:{minute:02}:{second:02} ");
    if !message.identifier.is_empty() {
        push_line(line, &message.identifier);
        line.push(' ');
    }
}

/// The header of RFC 5424, 6.2: the identifier names the device, which is what HOSTNAME is for.
fn push_5424(line: &mut String, message: &Message) {
    line.push_str("1 ");
    match message.at {
        // Years beyond four digits cannot be written.
        Some(at) if (0..=9999).contains(&at.civil().0) => {
            let (year, month, day, hour, minute, second) = at.civil();
            let (sign, east) = if at.offset_s < 0 { ('-', -1) } else { ('+', 1) };
            let offset = i64::from(at.offset_s) * east / 60;
            let _ = write!(
                line,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
                offset / 60 % 24,
                offset % 60
            );
        }
        Some(_) | None => line.push('-'),
    }
    line.push(' ');
    let host = message
        .identifier
        .chars()
        .filter(char::is_ascii_graphic)
        .take(HOSTNAME);
    let before = line.len();
    line.extend(host);
    if line.len() == before {
        line.push('-');
    }
    line.push_str(" onhook - - - ");
    if !message.text.is_ascii() {
        line.push('\u{feff}');
    }
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
        assert_eq!(
            render(&message(severity, at, identifier, text), Format::Rfc3164),
            expected
        );
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
        let line = render(
            &message(Severity::Info, None, "", &"x".repeat(2000)),
            Format::Rfc3164,
        );
        assert_eq!(line.len(), 1024);
        let line = render(
            &message(Severity::Info, None, "", &("x".repeat(1023 - prefix) + "é")),
            Format::Rfc3164,
        );
        assert_eq!(line.len(), 1023);
        let line = render(
            &message(Severity::Info, None, &"y".repeat(2000), "x"),
            Format::Rfc3164,
        );
        assert_eq!(line.len(), 1024);
    }

    //= R-LOG-2 type=test
    #[test]
    fn the_form_of_rfc_5424_has_a_full_time_and_the_identifier_as_its_host() {
        let line = |at, identifier: &str, text: &str| {
            render(
                &message(Severity::Error, at, identifier, text),
                Format::Rfc5424,
            )
        };
        assert_eq!(
            line(Some(1_795_388_400), "000E08AABBCC", "failed"),
            "<131>1 2026-11-23T00:00:00+01:00 000E08AABBCC onhook - - - failed"
        );
        assert_eq!(line(None, "", "x"), "<131>1 - - onhook - - - x");
        assert_eq!(line(None, "a b\n", "x"), "<131>1 - ab onhook - - - x");
        assert_eq!(line(None, "", "é"), "<131>1 - - onhook - - - \u{feff}é");
        let west = Message {
            at: Some(WallTime {
                unix_s: 1_795_388_400,
                offset_s: -12_600,
            }),
            ..message(Severity::Info, None, "", "x")
        };
        assert_eq!(
            render(&west, Format::Rfc5424),
            "<134>1 2026-11-22T19:30:00-03:30 - onhook - - - x"
        );
        assert!(line(Some(i64::MAX / 2), "", "x").starts_with("<131>1 - "));
    }

    #[cfg(feature = "tcp")]
    #[test]
    fn a_frame_ends_with_a_line_feed_or_begins_with_its_length() {
        assert_eq!(frame("<134>é", Format::Rfc3164), "<134>é\n".as_bytes());
        assert_eq!(frame("<134>é", Format::Rfc5424), "7 <134>é".as_bytes());
    }

    proptest! {
        #[test]
        fn every_message_is_one_short_line(
            at in prop::option::of(any::<i64>()), identifier in "\\PC*|.*", text in "(?s).{0,1200}",
        ) {
            for format in [Format::Rfc3164, Format::Rfc5424] {
                let line = render(&message(Severity::Info, at, &identifier, &text), format);
                prop_assert!(line.len() <= 1024);
                prop_assert!(!line.chars().any(char::is_control));
                prop_assert!(line.starts_with("<134>"));
            }
        }
    }
}
