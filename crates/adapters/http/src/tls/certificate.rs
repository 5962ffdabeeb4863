//! What webpki does not tell about a certificate: its subject, and whether it has a subject alternative name.
//!
//! Only certificates whose signature was checked, or that belong to the phone itself, decide anything; the reader
//! still takes any bytes.

use std::fmt::Write as _;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Attributes of subjects that have a short name.
const SHORT_NAMES: [(&[u8], &str); 7] = [
    (COMMON_NAME, "CN"),
    (&[0x55, 0x04, 0x05], "serialNumber"),
    (&[0x55, 0x04, 0x06], "C"),
    (&[0x55, 0x04, 0x07], "L"),
    (&[0x55, 0x04, 0x08], "ST"),
    (&[0x55, 0x04, 0x0a], "O"),
    (&[0x55, 0x04, 0x0b], "OU"),
];

/// The subject of a certificate as one line, for example `CN=phone, OU=CP-8851`; `None` if it cannot be read.
///
/// The order is that of the certificate. What is special in a value has a backslash before it, and what does not print is
/// escaped, so that the line is safe in any output.
#[must_use]
pub fn subject_of(certificate: &[u8]) -> Option<String> {
    let parts = Parts::read(certificate)?;
    let mut line = String::new();
    for (oid, value) in parts.subject {
        let name = SHORT_NAMES.iter().find(|(known, _)| *known == oid);
        let (Some((_, name)), Some(value)) = (name, value) else {
            continue;
        };
        let separator = if line.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(line, "{separator}{name}=");
        for c in value.chars() {
            match c {
                ',' | '+' | '=' | '\\' | '<' | '>' | ';' => line.extend(['\\', c]),
                // As a number, so that the line can stand between quotes.
                '"' => line.push_str("\\22"),
                '\'' => line.push(c),
                c => line.extend(c.escape_debug()),
            }
        }
    }
    Some(line)
}

/// The parts of a certificate that are of interest.
pub(super) struct Parts<'c> {
    /// Attribute and text, in order; no text for a kind of string that is not read.
    subject: Vec<(&'c [u8], Option<&'c str>)>,
    /// Whether there is a subject alternative name, whatever it holds.
    pub(super) has_alt_name: bool,
}

impl<'c> Parts<'c> {
    /// Reads a certificate; `None` if it is not one.
    pub(super) fn read(certificate: &'c [u8]) -> Option<Self> {
        let mut signed = Reader(Reader(certificate).take(SEQUENCE)?);
        let mut fields = Reader(signed.take(SEQUENCE)?);
        fields.skip(VERSION);
        fields.take(INTEGER)?; // serial number
        fields.take(SEQUENCE)?; // algorithm
        fields.take(SEQUENCE)?; // issuer
        fields.take(SEQUENCE)?; // validity
        let subject = read_subject(fields.take(SEQUENCE)?)?;
        fields.take(SEQUENCE)?; // public key
        let mut has_alt_name = false;
        while let Some((tag, content)) = fields.next() {
            if tag == EXTENSIONS {
                let mut extensions = Reader(Reader(content).take(SEQUENCE)?);
                while !extensions.0.is_empty() {
                    let mut extension = Reader(extensions.take(SEQUENCE)?);
                    has_alt_name |= extension.take(OID)? == SUBJECT_ALT_NAME;
                }
            }
        }
        Some(Self {
            subject,
            has_alt_name,
        })
    }

    /// The most specific common name.
    pub(super) fn common_name(&self) -> Option<&'c str> {
        let named = |(oid, _): &&(&[u8], _)| *oid == COMMON_NAME;
        self.subject.iter().rev().find(named)?.1
    }
}

fn read_subject(names: &[u8]) -> Option<Vec<(&[u8], Option<&str>)>> {
    let mut names = Reader(names);
    let mut subject = Vec::new();
    while !names.0.is_empty() {
        let mut set = Reader(names.take(SET)?);
        while !set.0.is_empty() {
            let mut attribute = Reader(set.take(SEQUENCE)?);
            let oid = attribute.take(OID)?;
            let (tag, value) = attribute.next()?;
            let text = match tag {
                UTF8_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING => {
                    std::str::from_utf8(value).ok()
                }
                _ => None,
            };
            subject.push((oid, text));
        }
    }
    Some(subject)
}

/// Reads elements of DER one after the other.
struct Reader<'c>(&'c [u8]);

impl<'c> Reader<'c> {
    /// The next element: its tag and content.
    fn next(&mut self) -> Option<(u8, &'c [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        // A multi-byte tag appears nowhere in a certificate.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.is_empty() || digits.len() > 4 {
                return None;
            }
            let number = digits
                .iter()
                .fold(0_usize, |n, digit| n << 8 | usize::from(*digit));
            (number, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, which must have this tag.
    fn take(&mut self, wanted: u8) -> Option<&'c [u8]> {
        self.next()
            .and_then(|(tag, content)| (tag == wanted).then_some(content))
    }

    /// Leaves out the next element if it has this tag.
    fn skip(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests;
