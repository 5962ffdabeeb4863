//! The file that the pipeline works on: the same bytes in every run.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use onhook_crypto::{Digest, encrypt};
use onhook_params::{ParamId, Scope};

/// Elements of the profile.
pub(crate) const ELEMENTS: usize = 2_500;
/// The key of the file.
pub(crate) const KEY: &str = "SecretPhrase1234";
/// One element in this many has a name that the phone does not know, as in files made for all models.
const UNKNOWN_EVERY: usize = 40;

/// A profile with its sizes.
pub(crate) struct Sample {
    /// Encrypted and compressed.
    pub(crate) file: Vec<u8>,
    /// Size of the XML.
    pub(crate) xml_bytes: usize,
}

/// Builds the file.
pub(crate) fn sample() -> Sample {
    let xml = xml();
    Sample {
        file: encrypt(&gzipped(&xml), KEY.as_bytes(), Digest::Md5, *b"onhookbn"),
        xml_bytes: xml.len(),
    }
}

/// A text in a gzip file.
pub(crate) fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into a vector does not fail; an empty file would fail every later step.
    let _ = gzip.write_all(text.as_bytes());
    gzip.finish().unwrap_or_default()
}

/// The elements of [`xml`] over and over, in one profile of at least so many bytes.
pub(crate) fn repeated(bytes: usize) -> String {
    let xml = xml();
    let (head, rest) = xml.split_once("<flat-profile>").unwrap_or_default();
    let elements = rest.split("</flat-profile>").next().unwrap_or_default();
    let mut all = format!("{head}<flat-profile>");
    while all.len() < bytes {
        all.push_str(elements);
    }
    all + "</flat-profile>\n</device>\n"
}

/// A profile in the shape of a device export: every element with a user right, empty values as empty
/// tags, the parameters of one line after the other.
pub(crate) fn xml() -> String {
    let mut names: Vec<(u32, String, ParamId)> = ParamId::all(&Scope::default())
        .map(|id| {
            let name = id.name().to_string();
            (index(&name), name, id)
        })
        .collect();
    names.sort_by_key(|(index, ..)| *index);
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n<flat-profile>\n");
    let mut known = names.iter();
    let mut section = None;
    for n in 0..ELEMENTS {
        if n % UNKNOWN_EVERY == UNKNOWN_EVERY - 1 {
            let _ = writeln!(
                xml,
                "    <Other_Model_Setting_{n}_ ua=\"na\">{n}</Other_Model_Setting_{n}_>"
            );
            continue;
        }
        let Some((_, name, id)) = known.next() else {
            break;
        };
        if id.pattern().section() != section {
            section = id.pattern().section();
            let _ = writeln!(xml, "\n    <!-- {} -->", section.unwrap_or("Other"));
        }
        let value = value(*id, n);
        let right = if n % 9 == 0 { "rw" } else { "na" };
        let _ = match value.as_str() {
            "" => writeln!(xml, "    <{name} ua=\"{right}\"/>"),
            value => writeln!(
                xml,
                "    <{name} ua=\"{right}\">{value}</{name}>{}",
                options(*id)
            ),
        };
    }
    xml.push_str("</flat-profile>\n</device>\n");
    xml
}

/// A profile of so many values of a site, none of which is that of the factory, nor moves the schedule or the server of a phone; `salt`
/// makes it another one. They are drawn, so that compression has work to do.
pub(crate) fn of_site(count: usize, salt: u64) -> String {
    let scope = Scope::default();
    let free = |id: &ParamId| {
        let pattern = id.pattern();
        let section = pattern.section().unwrap_or_default();
        let provisioning = [
            "Configuration Profile",
            "Upload Configuration Options",
            "CA Settings",
            "Firmware Upgrade",
            "HTTP Proxy Settings",
            "System Configuration",
        ];
        !pattern.reboot
            && !pattern.secret
            && !provisioning.contains(&section)
            && id.check("Front Desk 1").is_ok()
            && !id.name().to_string().starts_with("Syslog")
    };
    let mut xml = String::from("<flat-profile>\n");
    for (n, id) in ParamId::all(&scope).filter(free).take(count).enumerate() {
        let drawn = onhook_schedule::phone_seed(salt, n as u64) % 100_000_000;
        let _ = writeln!(
            xml,
            "<{0} ua=\"na\">Desk {n}, Building {drawn}</{0}>",
            id.name()
        );
    }
    xml + "</flat-profile>\n"
}

/// The published choices as a comment, as some exports have them.
fn options(id: ParamId) -> String {
    let values: Vec<_> = id.pattern().values().collect();
    match values.as_slice() {
        [] => String::new(),
        values => format!(" <!-- options: {} -->", values.join("/")),
    }
}

/// The first number in a name; 0 if there is none.
fn index(name: &str) -> u32 {
    let digits = name
        .split(|char: char| !char.is_ascii_digit())
        .find(|part| !part.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The factory value, or a text of the site where the factory sets none.
fn value(id: ParamId, n: usize) -> String {
    let default = id.default(&Scope::default());
    if !default.is_empty() {
        return default
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
    }
    let site = match n % 8 {
        0 | 1 => format!("sip{}.voice.example.com", n % 16),
        2 | 3 => format!(
            "fnc=blf+sd+cp;sub={}@$PROXY;nme=Front Desk &amp; {n};ext={}",
            1000 + n,
            2000 + n
        ),
        4 | 5 => format!("https://prov{}.example.com/cisco/$PN/$MA.xml", n % 4),
        6 => format!("Front Desk {n}, Building {}", n % 7),
        _ => String::new(),
    };
    if id.check(&site).is_ok() {
        site
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_has_the_announced_shape_and_never_changes() {
        let xml = xml();
        let elements = xml.matches(" ua=\"").count();
        assert_eq!(elements, ELEMENTS);
        assert!((150_000..250_000).contains(&xml.len()), "{}", xml.len());
        let (first, second) = (sample(), sample());
        assert_eq!((first.xml_bytes, &first.file), (xml.len(), &second.file));
        assert!(first.file.len() * 4 < xml.len());
    }
}
