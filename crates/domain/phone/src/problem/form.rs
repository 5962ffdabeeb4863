//! What accompanies a report of a problem.

use std::fmt;

use onhook_device::{Now, Secret, WallTime};
use onhook_fetch::Method;
use onhook_macros::expand_to_string;
use onhook_params::{ParamId, Value, View, known};

use crate::macros::PhoneMacros;
use crate::{Phone, Shared};

/// Longest name of a file in bytes, without its end.
const LONGEST_NAME: usize = 100;
/// The end of the name of every file.
const END: &str = ".tar.gz";
/// Headers that the transfer itself has.
const TAKEN: [&str; 14] = [
    "accept",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// What a server is told beside the report of a problem, and how.
#[derive(Debug)]
pub struct ProblemForm {
    /// `SEP` and the MAC address in capitals.
    pub device_name: String,
    /// Serial number; empty if the phone has none.
    pub serial: String,
    /// Station_Display_Name, or User_ID_1_ if that is empty.
    pub user: String,
    /// Name of the file: letters, digits, `.`, `_` and `-`, and `.tar.gz` at the end.
    pub file: String,
    /// How HTTP hands it over.
    pub method: Method,
    /// What PRT_HTTP_Header adds to the request.
    pub header: Header,
}

/// A header of a request that the configuration names.
pub enum Header {
    /// None is wanted.
    No,
    /// Name and value; the value may be what lets the report in.
    Wanted(String, Secret),
    /// PRT_HTTP_Header or PRT_HTTP_Header_Value cannot be one, or the transfer has it already.
    Unfit,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("No"),
            Self::Wanted(name, _) => write!(f, "Wanted({name:?}, ***)"),
            Self::Unfit => f.write_str("Unfit"),
        }
    }
}

impl ProblemForm {
    /// What a phone tells at this moment, whose offset is that of local time.
    #[must_use]
    pub fn of(phone: &Phone, shared: &Shared, now: Now) -> Self {
        let mut device_name = String::from("SEP");
        phone.mac.push_upper(&mut device_name);
        let serial = phone.serial.map_or("", |serial| shared.values.text(serial));
        let mut form = Self {
            device_name,
            serial: serial.to_owned(),
            user: String::new(),
            file: String::new(),
            method: Method::Post,
            header: Header::No,
        };
        if let Some(view) = phone.view(shared) {
            //= R-PRT-2
            let station = ParamId::lookup("Station_Display_Name", view.scope);
            let user = [station, known::user_id(1)].into_iter().flatten();
            let mut user = user.map(|id| phone.params.text(id, view).trim());
            form.user = user.find(|text| !text.is_empty()).unwrap_or("").to_owned();
            let text = |id| phone.params.text(id, view);
            //= R-PRT-1
            if text(known::PRT_UPLOAD_METHOD)
                .trim()
                .eq_ignore_ascii_case("PUT")
            {
                form.method = Method::Put;
            }
            form.file = name(phone, shared, view, now);
            let value = match phone.params.value(known::PRT_HTTP_HEADER_VALUE, view) {
                Value::Secret(value) => value.as_secret().and_then(|value| shared.secret(value)),
                Value::Plain(_) => None,
            };
            let value = value.as_ref().map_or(&[][..], Secret::expose);
            form.header = header(text(known::PRT_HTTP_HEADER).trim(), value.trim_ascii());
        }
        form
    }
}

/// PRT_Name expanded, or `probrep-YYYYMMDD-hhmmss` of local time, and the end of the name.
fn name(phone: &Phone, shared: &Shared, view: View<'_>, now: Now) -> String {
    let wanted = phone.params.text(known::PRT_NAME, view).trim();
    // The expansion of nothing is nothing.
    let source = PhoneMacros::shown(phone, shared, now);
    let mut name = source.map_or_else(String::new, |source| {
        plain_name(&expand_to_string(wanted, &source))
    });
    if name.is_empty() {
        // A clock that nobody has set shows the time since the phone came up.
        let at = now.wall.unwrap_or(WallTime {
            unix_s: i64::try_from(now.mono.as_millis() / 1000).unwrap_or(0),
            offset_s: 0,
        });
        let (year, month, day, hour, minute, second) = at.civil();
        name = format!("probrep-{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}");
    }
    name + END
}

/// What of a text may be the name of a file anywhere, without its end; everything else becomes `_`.
fn plain_name(text: &str) -> String {
    let text = text.strip_suffix(END).unwrap_or(text);
    let plain = |c: char| match c {
        '.' | '_' | '-' => c,
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    let name: String = text.chars().take(LONGEST_NAME).map(plain).collect();
    // No hidden file, and no other folder.
    name.trim_start_matches('.').to_owned()
}

fn header(name: &str, value: &[u8]) -> Header {
    if name.is_empty() {
        return Header::No;
    }
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_shown = |b: u8| (b' '..=b'~').contains(&b);
    let taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name));
    if taken
        || value.is_empty()
        || !name.bytes().all(is_token)
        || !value.iter().copied().all(is_shown)
    {
        return Header::Unfit;
    }
    Header::Wanted(name.to_owned(), Secret::new(value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-PRT-2 type=test
    #[test]
    fn a_name_is_that_of_a_file_and_of_nothing_else() {
        for (text, expected) in [
            ("prt-000e08aabbcc", "prt-000e08aabbcc"),
            ("mine.tar.gz", "mine"),
            ("../../etc/x y\r\n\"z", "_.._etc_x_y___z"),
            ("..", ""),
        ] {
            assert_eq!(plain_name(text), expected, "{text:?}");
        }
        assert_eq!(plain_name(&"n".repeat(500)).len(), LONGEST_NAME);
    }

    #[test]
    fn a_header_is_one_that_the_transfer_has_not() {
        assert!(matches!(header("", b"x"), Header::No));
        assert!(matches!(
            header("X-Key", b"k 1"),
            Header::Wanted(name, value) if name == "X-Key" && value.expose() == b"k 1"
        ));
        for (name, value) in [
            ("Host", "h"),
            ("transfer-encoding", "chunked"),
            ("Content-Length", "0"),
            ("X Key", "k"),
            ("X-Key\r\nA", "k"),
            ("X-Key", "k\r\nHost: h"),
            ("X-Key", "k\u{e9}"),
            ("X-Key", ""),
        ] {
            assert!(
                matches!(header(name, value.as_bytes()), Header::Unfit),
                "{name:?} {value:?}"
            );
        }
        let shown = format!("{:?}", header("X-Key", b"canary"));
        assert_eq!(shown, "Wanted(\"X-Key\", ***)");
    }
}
