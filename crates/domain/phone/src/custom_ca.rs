//! What is known and kept of the custom CA.

use onhook_fetch::Fingerprint;
use onhook_params::ValueId;
use thiserror::Error;

/// Whose URL brings a custom CA.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum CaSource {
    /// That of Custom_CA_Rule.
    Rule,
    /// That of a request, which is stored nowhere as a rule (V-163).
    Request,
}

impl CaSource {
    /// The word used in JSON and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Request => "request",
        }
    }
}

/// Over what a custom CA may come (R-TLS-10).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum CaOver {
    /// Over any transport: whoever stands between can replace it.
    #[default]
    Any,
    /// Over https only.
    Https,
}

impl CaOver {
    /// The word of the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Https => "https",
        }
    }
}

impl std::str::FromStr for CaOver {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "any" => Ok(Self::Any),
            "https" => Ok(Self::Https),
            other => Err(format!("`{other}` is not known: use `any` or `https`")),
        }
    }
}

/// A custom CA that came, could be read, was stored and is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CustomCa {
    /// The common name of the first certificate; counts one use, which passes to the phone.
    pub name: Option<ValueId>,
    /// The fingerprint of the first certificate.
    pub fingerprint: Fingerprint,
    /// How many certificates there are, up to 65,535.
    pub certificates: u16,
}

/// Longest URL and name that the record keeps, in bytes.
const TEXT_LIMIT: usize = 4096;

/// What is kept of the custom CA over a power cut.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrustRecord {
    /// What is believed; `None` if no custom CA is installed.
    pub held: Option<HeldCa>,
    /// `$ERR` of the last fetch; `None` if that succeeded, or there was none.
    pub failure: Option<String>,
}

/// A custom CA with its certificates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldCa {
    /// Whose URL brought it.
    pub source: CaSource,
    /// That URL, without secrets.
    pub origin: String,
    /// The common name of the first certificate; empty if it has none.
    pub name: String,
    /// The fingerprint of the first certificate.
    pub fingerprint: Fingerprint,
    /// The certificates, in DER.
    pub certificates: Vec<Vec<u8>>,
}

/// The bytes are no record of this program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the stored custom CA cannot be read, perhaps it is of a newer program: it is not used until it is fetched again"
)]
pub struct TrustRecordError;

const VERSION: u8 = 1;

impl TrustRecord {
    /// Encodes version 1: version, failure, then whether a CA is held and if so source, origin, name, fingerprint, number
    /// of certificates and the certificates. Texts and certificates have their length (u32) before them; all numbers are
    /// big-endian.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        push(&mut out, clip(self.failure.as_deref().unwrap_or_default()));
        let Some(held) = &self.held else {
            out.push(0);
            return out;
        };
        out.push(match held.source {
            CaSource::Rule => 1,
            CaSource::Request => 2,
        });
        push(&mut out, clip(&held.origin));
        push(&mut out, clip(&held.name));
        out.extend(held.fingerprint.0);
        out.extend(length(held.certificates.len()));
        for certificate in &held.certificates {
            push(&mut out, certificate);
        }
        out
    }

    /// Decodes what [`TrustRecord::encode`] gave.
    ///
    /// # Errors
    /// Another version, or bytes that are no record.
    pub fn decode(bytes: &[u8]) -> Result<Self, TrustRecordError> {
        let mut rest = bytes;
        read(&mut rest)
            .filter(|_| rest.is_empty())
            .ok_or(TrustRecordError)
    }
}

fn read(rest: &mut &[u8]) -> Option<TrustRecord> {
    let VERSION = take::<1>(rest).map(|[byte]| byte)? else {
        return None;
    };
    let failure = Some(text(rest)?).filter(|text| !text.is_empty());
    let source = match take::<1>(rest)? {
        [0] => {
            return Some(TrustRecord {
                held: None,
                failure,
            });
        }
        [1] => CaSource::Rule,
        [2] => CaSource::Request,
        _ => return None,
    };
    let (origin, name) = (text(rest)?, text(rest)?);
    let fingerprint = Fingerprint(take(rest)?);
    let count = u32::from_be_bytes(take(rest)?);
    let mut certificates = Vec::new();
    for _ in 0..count {
        certificates.push(bytes(rest)?.to_vec());
    }
    let held = HeldCa {
        source,
        origin,
        name,
        fingerprint,
        certificates,
    };
    Some(TrustRecord {
        held: Some(held),
        failure,
    })
}

/// The beginning of a text that the record has room for.
fn clip(text: &str) -> &[u8] {
    let end = text.floor_char_boundary(TEXT_LIMIT);
    text.as_bytes().get(..end).unwrap_or_default()
}

fn length(n: usize) -> [u8; 4] {
    // What is encoded is far below 4 GiB.
    u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes()
}

fn push(out: &mut Vec<u8>, part: &[u8]) {
    out.extend(length(part.len()));
    out.extend(part);
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn bytes<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = u32::from_be_bytes(take(rest)?);
    let (taken, left) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = left;
    Some(taken)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let bytes = bytes(rest)?;
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> TrustRecord {
        TrustRecord {
            held: Some(HeldCa {
                source: CaSource::Request,
                origin: "http://h:80/ca.pem".to_owned(),
                name: "Root".to_owned(),
                fingerprint: Fingerprint([7; 32]),
                certificates: vec![vec![1, 2, 3], Vec::new()],
            }),
            failure: Some("parse failed".to_owned()),
        }
    }

    #[test]
    fn a_record_comes_back_whole_or_not_at_all() {
        for record in [TrustRecord::default(), held()] {
            let bytes = record.encode();
            assert_eq!(TrustRecord::decode(&bytes), Ok(record));
            for end in 0..bytes.len() {
                assert_eq!(TrustRecord::decode(&bytes[..end]), Err(TrustRecordError));
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            assert_eq!(TrustRecord::decode(&longer), Err(TrustRecordError));
            let newer = [&[2], &bytes[1..]].concat();
            assert_eq!(TrustRecord::decode(&newer), Err(TrustRecordError));
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let mut record = held();
        if let Some(held) = &mut record.held {
            held.origin = "\u{e9}".repeat(TEXT_LIMIT);
        }
        let held = TrustRecord::decode(&record.encode()).unwrap().held.unwrap();
        assert_eq!(held.origin, "\u{e9}".repeat(TEXT_LIMIT / 2));
    }
}
