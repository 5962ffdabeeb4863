//! From words to a fault.

use std::num::NonZeroU32;
use std::time::Duration;

use super::effect::{
    Chance, DropAt, Effect, FileFault, Location, OtherBody, Protocol, TftpFault, TlsFault,
    ToldLength, WebFault,
};
use super::error::FaultError;
use super::pattern::{Glob, Phone};
use super::values::{
    alone, chance, duration, number, suggestion, text, time, unknown_value, value, wrong,
};
use super::words::Word;
use super::{Fault, When};

/// Words that say what becomes of a request; a fault has one of them, or `delay` alone.
const EFFECTS: [&str; 20] = [
    "status",
    "drop",
    "reset",
    "truncate",
    "corrupt",
    "wrong-key",
    "slow",
    "stall",
    "length",
    "redirect",
    "body",
    "tls",
    "loss",
    "duplicate",
    "reorder",
    "wrong-tid",
    "error",
    "silent",
    "wrong-block",
    "oack",
];
/// All other words.
const OTHERS: [&str; 12] = [
    "delay",
    "retry-after",
    "text",
    "name",
    "on",
    "path",
    "phone",
    "agent",
    "from",
    "times",
    "p",
    "off",
];

/// The words that have been read.
#[derive(Default)]
pub(super) struct Draft {
    /// With the place of its word.
    effect: Option<(Effect, Option<usize>)>,
    delay: Option<Duration>,
    retry_after: Option<(u32, Option<usize>)>,
    text: Option<(String, Option<usize>)>,
    name: Option<String>,
    on: Option<(Vec<Protocol>, Option<usize>)>,
    path: Option<(Glob, Option<usize>)>,
    agent: Option<(Glob, Option<usize>)>,
    phone: Option<Phone>,
    from: Option<u64>,
    times: Option<u64>,
    chance: Option<Chance>,
    off: bool,
    seen: Vec<&'static str>,
}

impl Draft {
    /// Takes one word.
    pub(super) fn take(&mut self, word: &Word<'_>) -> Result<(), FaultError> {
        let key = known(word)?;
        if self.seen.contains(&key) {
            return Err(wrong(word, format!("`{key}` is written twice")));
        }
        self.seen.push(key);
        if EFFECTS.contains(&key) {
            return self.take_effect(key, word);
        }
        let at = word.offset;
        match key {
            "delay" => self.delay = Some(duration(word)?),
            "retry-after" => self.retry_after = Some((number(word, 0, u32::MAX)?, at)),
            "text" => self.text = Some((text(word)?, at)),
            "name" => self.name = Some(text(word)?),
            "on" => self.on = Some((protocols(word)?, at)),
            "path" => self.path = Some((Glob::of_path(&text(word)?), at)),
            "agent" => self.agent = Some((Glob::new(&text(word)?), at)),
            "phone" => {
                let phone = Phone::parse(&text(word)?);
                self.phone =
                    Some(phone.ok_or_else(|| {
                        value(word, "a MAC such as 000e08012345, or an IP address")
                    })?);
            }
            "from" => self.from = Some(number(word, 1, u64::MAX)?),
            "times" => self.times = Some(number(word, 1, u64::MAX)?),
            "p" => self.chance = Some(chance(word)?),
            // The last one: `off`.
            _ => {
                alone(word)?;
                self.off = true;
            }
        }
        Ok(())
    }

    fn take_effect(&mut self, key: &str, word: &Word<'_>) -> Result<(), FaultError> {
        if let Some((first, _)) = &self.effect {
            let problem = format!("`{key}` and `{first}` in one fault: write two faults");
            return Err(wrong(word, problem));
        }
        self.effect = Some((effect(key, word)?, word.offset));
        Ok(())
    }

    /// The fault, once all words have been taken.
    pub(super) fn finish(mut self) -> Result<Fault, FaultError> {
        let (effect, at) = match self.effect.take() {
            Some(effect) => effect,
            None if self.delay.is_some() => (Effect::Late, None),
            None => {
                let problem = format!(
                    "nothing says what becomes of a request: write one of {}, or delay",
                    EFFECTS.join(", ")
                );
                return Err(FaultError::new(None, problem));
            }
        };
        let effect = self.completed(effect)?;
        let possible = effect.protocols();
        let protocols = match self.on {
            None => possible.to_vec(),
            Some((on, at)) => match on.iter().find(|protocol| !possible.contains(protocol)) {
                None => on,
                Some(protocol) => {
                    let problem = format!(
                        "`{effect}` cannot be done over {}, only over {}",
                        protocol.as_str(),
                        listed(possible)
                    );
                    return Err(FaultError::new(at, problem));
                }
            },
        };
        if matches!(effect, Effect::Tls(_)) {
            let seen = self.path.as_ref().map(|(_, at)| ("path", at));
            let seen = seen.or(self.agent.as_ref().map(|(_, at)| ("agent", at)));
            if let Some((key, at)) = seen {
                let problem = format!(
                    "`{key}` cannot be known in a handshake: of a phone only `phone=ADDRESS` is"
                );
                return Err(FaultError::new(*at, problem));
            }
            if matches!(self.phone, Some(Phone::Mac(_))) {
                let problem = "a MAC cannot be known in a handshake: write `phone=ADDRESS`";
                return Err(FaultError::new(at, problem));
            }
        }
        if let Some((_, at)) = self
            .agent
            .as_ref()
            .filter(|_| protocols == [Protocol::Tftp])
        {
            return Err(FaultError::new(
                *at,
                "`agent` means nothing over tftp: leave it out",
            ));
        }
        Ok(Fault {
            name: self.name,
            when: When {
                protocols,
                path: self.path.map(|(path, _)| path),
                agent: self.agent.map(|(agent, _)| agent),
                phone: self.phone,
                from: self.from.unwrap_or(1),
                times: self.times,
                chance: self.chance.unwrap_or(Chance::ALWAYS),
            },
            delay: self.delay.unwrap_or_default(),
            effect,
            off: self.off,
        })
    }

    /// The effect with what other words say of it.
    fn completed(&mut self, effect: Effect) -> Result<Effect, FaultError> {
        let (retry_after, text) = (self.retry_after.take(), self.text.take());
        match (effect, retry_after, text) {
            (Effect::Web(WebFault::Status { code, .. }), retry_after, None) => {
                Ok(Effect::Web(WebFault::Status {
                    code,
                    retry_after: retry_after.map(|(seconds, _)| seconds),
                }))
            }
            (Effect::Tftp(TftpFault::Error { code, .. }), None, Some((text, _))) => {
                Ok(Effect::Tftp(TftpFault::Error { code, text }))
            }
            (effect, None, None) => Ok(effect),
            (_, Some((_, at)), _) => Err(FaultError::new(at, "`retry-after` goes with `status`")),
            (_, None, Some((_, at))) => Err(FaultError::new(at, "`text` goes with `error`")),
        }
    }
}

/// What a word says of a request.
fn effect(key: &str, word: &Word<'_>) -> Result<Effect, FaultError> {
    use Effect::{File, Tftp, Tls, Web};
    Ok(match key {
        "truncate" => File(FileFault::Truncate(number(word, 0, u64::MAX)?)),
        "corrupt" => File(FileFault::Corrupt(match word.value.as_deref() {
            None | Some("random") => None,
            Some(_) => Some(number(word, 0, u64::MAX)?),
        })),
        "wrong-key" => alone(word).map(|()| File(FileFault::WrongKey))?,
        "stall" => File(FileFault::Stall(match word.value {
            None => 0,
            Some(_) => number(word, 0, u64::MAX)?,
        })),
        "body" => File(FileFault::Body(match word.value.as_deref() {
            Some("empty") => OtherBody::Empty,
            Some("html") => OtherBody::Html,
            Some(_) | None => return Err(value(word, "empty or html")),
        })),
        "tls" => Tls(tls(word)?),
        "status" | "drop" | "reset" | "slow" | "length" | "redirect" => Web(web(key, word)?),
        _ => Tftp(tftp(key, word)?),
    })
}

fn web(key: &str, word: &Word<'_>) -> Result<WebFault, FaultError> {
    Ok(match key {
        "status" => WebFault::Status {
            code: number(word, 200, 599)?,
            retry_after: None,
        },
        "drop" => WebFault::Drop(match word.value.as_deref() {
            None => DropAt::Start,
            Some("after-head") => DropAt::Head,
            Some(_) => return Err(value(word, "after-head, or nothing")),
        }),
        "reset" => alone(word).map(|()| WebFault::Reset)?,
        "slow" => slow(word)?,
        "length" => WebFault::Length(length(word)?),
        // The last one: `redirect`.
        _ => WebFault::Redirect(match text(word)?.as_str() {
            "loop" => Location::Loop,
            url if url.bytes().all(|byte| byte.is_ascii_graphic()) => Location::Url(url.to_owned()),
            _ => return Err(value(word, "loop, or a URL without blanks")),
        }),
    })
}

fn tftp(key: &str, word: &Word<'_>) -> Result<TftpFault, FaultError> {
    Ok(match key {
        "loss" => TftpFault::Loss(chance(word)?),
        "duplicate" => TftpFault::Duplicate(chance(word)?),
        "reorder" => TftpFault::Reorder(chance(word)?),
        "wrong-tid" => alone(word).map(|()| TftpFault::WrongTid)?,
        "error" => TftpFault::Error {
            code: number(word, 0, u16::MAX)?,
            text: "fault".to_owned(),
        },
        "silent" => alone(word).map(|()| TftpFault::Silent)?,
        "wrong-block" => alone(word).map(|()| TftpFault::WrongBlock)?,
        // The last one: `oack`.
        _ => option_ack(word)?,
    })
}

fn slow(word: &Word<'_>) -> Result<WebFault, FaultError> {
    let expected = || value(word, "bytes and a time, for example 100/1s");
    let text = text(word)?;
    let (bytes, every) = text.split_once('/').ok_or_else(expected)?;
    Ok(WebFault::Slow {
        bytes: bytes.parse::<NonZeroU32>().map_err(|_| expected())?,
        every: time(every).ok_or_else(expected)?,
    })
}

fn length(word: &Word<'_>) -> Result<ToldLength, FaultError> {
    let expected = || {
        value(
            word,
            "a number of bytes, or +N or -N for so many more or less",
        )
    };
    let text = text(word)?;
    let parsed = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    let told = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(more), _) => parsed(more).map(ToldLength::More),
        (None, Some(less)) => parsed(less).map(ToldLength::Less),
        (None, None) => parsed(&text).map(ToldLength::Exactly),
    };
    told.ok_or_else(expected)
}

fn tls(word: &Word<'_>) -> Result<TlsFault, FaultError> {
    let name = word.value.as_deref().unwrap_or_default();
    let found = TlsFault::ALL
        .into_iter()
        .find(|fault| fault.as_str() == name);
    found.ok_or_else(|| {
        let allowed = TlsFault::ALL.map(TlsFault::as_str);
        unknown_value(word, name, &allowed)
    })
}

fn option_ack(word: &Word<'_>) -> Result<TftpFault, FaultError> {
    let text = text(word)?;
    match text.split_once(':') {
        Some((name, value)) if !name.is_empty() && text.is_ascii() && !text.contains('\0') => {
            Ok(TftpFault::OptionAck {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        }
        Some(_) | None => Err(value(
            word,
            "an option and a value, for example blksize:9000",
        )),
    }
}

fn protocols(word: &Word<'_>) -> Result<Vec<Protocol>, FaultError> {
    let mut protocols = Vec::new();
    for name in text(word)?.split('+') {
        let known = Protocol::ALL
            .into_iter()
            .find(|known| known.as_str() == name);
        let Some(protocol) = known else {
            let names = Protocol::ALL.map(Protocol::as_str);
            return Err(unknown_value(word, name, &names));
        };
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    Ok(protocols)
}

fn listed(protocols: &[Protocol]) -> String {
    let names: Vec<&str> = protocols.iter().map(|protocol| protocol.as_str()).collect();
    names.join(" and ")
}

/// The key of a word; `_` may stand for `-`.
fn known(word: &Word<'_>) -> Result<&'static str, FaultError> {
    let key = word.key.replace('_', "-");
    let mut all = EFFECTS.into_iter().chain(OTHERS);
    all.find(|known| *known == key).ok_or_else(|| {
        let all: Vec<&str> = EFFECTS.into_iter().chain(OTHERS).collect();
        let problem = format!(
            "unknown word `{}`{}; known are {}",
            word.key,
            suggestion(&key, &all),
            all.join(", ")
        );
        wrong(word, problem)
    })
}
