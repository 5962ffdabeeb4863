//! How a server fails.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use onhook_device::suggest;

use super::time::{Span, words};

/// What goes wrong with TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TlsFault {
    /// The certificate is not valid any more.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// Nobody has signed it.
    SelfSigned,
    /// It is for another name.
    WrongName,
    /// The handshake is cut.
    Drop,
    /// The handshake is refused.
    Alert,
}

const TLS: [(&str, TlsFault); 6] = [
    ("expired", TlsFault::Expired),
    ("not-yet-valid", TlsFault::NotYetValid),
    ("self-signed", TlsFault::SelfSigned),
    ("wrong-name", TlsFault::WrongName),
    ("drop", TlsFault::Drop),
    ("alert", TlsFault::Alert),
];

/// One way to fail. Those of servers have the words of `onhook-harness serve --fault`; `refused` and `dns` are of the network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// `status=N`: HTTP answers with this status.
    Status(u16),
    /// `error=N`: TFTP answers with this error.
    Error(u16),
    /// `silent`: TFTP does not answer.
    Silent,
    /// `stall`: an answer begins and does not go on.
    Stall,
    /// `drop`: HTTP closes the connection without an answer.
    Drop,
    /// `reset`: HTTP resets the connection without an answer.
    Reset,
    /// `redirect=loop`: HTTP sends the client to the place where it is.
    RedirectLoop,
    /// `truncate=N`: the file ends after N bytes, though more were told.
    Truncate(u32),
    /// `tls=W`: HTTPS fails.
    Tls(TlsFault),
    /// `wrong-key`: the file is encrypted with another key.
    WrongKey,
    /// `body=html`: a web page comes in place of the file.
    Page,
    /// `body=empty`: an empty file comes in its place.
    Empty,
    /// `delay=T`: the answer comes later.
    Delay(Duration),
    /// `refused`: nobody listens.
    Refused,
    /// `dns`: the name of the server cannot be resolved.
    Dns,
    /// What happens to bytes and packets, in the words of the server; nothing but a real one carries it out.
    Wire(String),
}

/// Words of servers that are about bytes and packets.
const WIRE: [&str; 9] = [
    "corrupt",
    "length",
    "slow",
    "loss",
    "duplicate",
    "reorder",
    "wrong-tid",
    "wrong-block",
    "oack",
];

/// The other words.
const WORDS: [&str; 14] = [
    "status",
    "error",
    "silent",
    "stall",
    "drop",
    "reset",
    "redirect",
    "truncate",
    "tls",
    "wrong-key",
    "body",
    "delay",
    "refused",
    "dns",
];

/// Whether a real server has to carry it out.
fn is_wire(text: &str) -> bool {
    let words = text.split(',');
    let keys: Vec<&str> = words
        .map(|word| word.split_once('=').map_or(word, |(key, _)| key))
        .collect();
    match keys.as_slice() {
        ["status", "retry-after"] | ["error", "text"] => true,
        ["drop"] => text == "drop=after-head",
        ["redirect"] => text.contains("://") || text.starts_with("redirect={"),
        [word] => WIRE.contains(word),
        _ => false,
    }
}

/// What a real server carries out, if it takes these words; addresses are not filled in.
fn wire(text: &str) -> Result<Fault, String> {
    let known = text
        .replace("{http}", "http://h")
        .replace("{https}", "https://h")
        .replace("{tftp}", "tftp://h");
    match known.parse::<onhook_prov_server::Fault>() {
        Ok(_) => Ok(Fault::Wire(text.to_owned())),
        Err(why) => Err(why.to_string()),
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_wire(text) {
            return wire(text);
        }
        let (word, value) = match text.split_once('=') {
            Some((word, value)) => (word, Some(value)),
            None => (text, None),
        };
        let known = [&WORDS[..], &WIRE].concat();
        if !known.contains(&word) {
            return Err(format!("unknown fault `{word}`{}", suggest(word, &known)));
        }
        let number = |least: u32, most: u32| {
            let number = value.and_then(|value| value.parse().ok());
            let number = number.filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("write `{word}=N` with N from {least} to {most}"))
        };
        let short = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let fault = match (word, value) {
            ("status", _) => Self::Status(short(number(300, 599)?)),
            ("error", _) => Self::Error(short(number(0, 8)?)),
            ("truncate", _) => Self::Truncate(number(0, u32::MAX)?),
            ("delay", value) => Self::Delay(value.unwrap_or("").parse::<Span>()?.0),
            ("tls", value) => {
                let known = TLS.iter().find(|(name, _)| Some(*name) == value);
                let names = TLS.map(|(name, _)| name).join(", ");
                let (_, fault) = known.ok_or(format!("write `tls=` and one of {names}"))?;
                Self::Tls(*fault)
            }
            ("body", Some("html")) => Self::Page,
            ("body", Some("empty")) => Self::Empty,
            ("body", _) => return Err("write `body=html` or `body=empty`".to_owned()),
            ("redirect", Some("loop")) => Self::RedirectLoop,
            ("redirect", _) => return Err("write `redirect=loop` or `redirect=URL`".to_owned()),
            (_, Some(_)) => return Err(format!("`{word}` has no value: write it alone")),
            ("silent", None) => Self::Silent,
            ("stall", None) => Self::Stall,
            ("drop", None) => Self::Drop,
            ("reset", None) => Self::Reset,
            ("wrong-key", None) => Self::WrongKey,
            ("refused", None) => Self::Refused,
            (_, None) => Self::Dns,
        };
        Ok(fault)
    }
}

impl fmt::Display for Fault {
    /// Writes it as scenarios do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status={status}"),
            Self::Error(code) => write!(f, "error={code}"),
            Self::Silent => f.write_str("silent"),
            Self::Stall => f.write_str("stall"),
            Self::Drop => f.write_str("drop"),
            Self::Reset => f.write_str("reset"),
            Self::RedirectLoop => f.write_str("redirect=loop"),
            Self::Truncate(bytes) => write!(f, "truncate={bytes}"),
            Self::Tls(fault) => {
                let known = TLS.iter().find(|(_, known)| known == fault);
                write!(f, "tls={}", known.map_or("", |(name, _)| name))
            }
            Self::WrongKey => f.write_str("wrong-key"),
            Self::Page => f.write_str("body=html"),
            Self::Empty => f.write_str("body=empty"),
            Self::Delay(span) => write!(f, "delay={}", words(*span)),
            Self::Refused => f.write_str("refused"),
            Self::Dns => f.write_str("dns"),
            Self::Wire(words) => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_as_they_are_read() {
        for text in [
            "status=503",
            "error=2",
            "silent",
            "stall",
            "drop",
            "reset",
            "redirect=loop",
            "truncate=100",
            "tls=expired",
            "tls=wrong-name",
            "tls=alert",
            "wrong-key",
            "body=html",
            "body=empty",
            "delay=5s",
            "refused",
            "dns",
            "status=503,retry-after=5",
            "error=2,text=no entry",
            "drop=after-head",
            "redirect={http}/b.xml",
            "redirect=http://192.0.2.1/b.xml",
            "length=+100",
            "corrupt",
            "slow=10/50ms",
            "loss=20%",
            "duplicate=100%",
            "reorder=0.5",
            "wrong-tid",
            "wrong-block",
            "oack=blksize:1500",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("status", "with N from 300 to 599"),
            ("status=200", "with N from 300 to 599"),
            ("silent=3", "has no value"),
            ("slient", "did you mean `silent`?"),
            ("tls", "expired, not-yet-valid"),
            ("delay", "no span of time"),
            ("body=x", "body=html"),
            ("redirect=/a.xml", "redirect=loop"),
            ("loss=2", "loss"),
            ("oack=blksize", "oack"),
            ("loss=20%,path=/a.xml", "has no value"),
            ("status=503,times=1", "with N from 300 to 599"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
