//! The end that notifies, as a machine: one NOTIFY, and once more with a login if it is challenged.

use std::net::SocketAddr;

use bytes::Bytes;
use onhook_crypto::auth::{Algorithm, Challenge, Login, elements};
use onhook_device::Secret;

use ezk_sip_types::Name;
use ezk_sip_types::msg::{Line, PullParser};

/// How a message travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// Each in a datagram.
    Udp,
    /// On a stream.
    Tcp,
}

impl Transport {
    /// Its word in Via.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// What is asked, of whom, and by whom.
#[derive(Debug)]
pub struct Wish {
    /// The address that is asked, as `sip:1001@192.0.2.50:5060`.
    pub uri: String,
    /// The value of Event.
    pub event: String,
    /// The body; empty for none.
    pub body: String,
    /// User and password, if a challenge is to be answered.
    pub login: Option<(String, Secret)>,
}

/// What a phone answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// Its status, 200 to 699.
    pub status: u16,
    /// The words after it.
    pub reason: String,
    /// Whether it came after a challenge, to a login.
    pub logged_in: bool,
    /// The algorithm of that login.
    pub algorithm: Option<Algorithm>,
    /// The events that the phone knows, if it says so.
    pub allow_events: Option<String>,
}

/// What comes of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// It is nothing that is waited for.
    Wait,
    /// Another message is to be sent.
    Send(Vec<u8>),
    /// The answer.
    Done(Heard),
}

/// One NOTIFY under way.
pub struct Notice {
    wish: Wish,
    via: String,
    /// Makes this request another one than all before.
    seed: u64,
    number: u32,
    algorithm: Option<Algorithm>,
}

impl Notice {
    /// One from this address; `seed` is another number each time.
    #[must_use]
    pub fn new(wish: Wish, transport: Transport, from: SocketAddr, seed: u64) -> Self {
        Self {
            wish,
            via: format!("SIP/2.0/{} {from}", transport.name()),
            seed,
            number: 0,
            algorithm: None,
        }
    }

    /// The first message.
    #[must_use]
    pub fn first(&mut self) -> Vec<u8> {
        self.message("")
    }

    fn message(&mut self, login: &str) -> Vec<u8> {
        self.number += 1;
        let (number, seed) = (self.number, self.seed);
        let Wish {
            uri, event, body, ..
        } = &self.wish;
        let media = match body.as_str() {
            "" => "",
            _ => "Content-Type: text/xml\r\n",
        };
        format!(
            "NOTIFY {uri} SIP/2.0\r\nVia: {};branch=z9hG4bK{seed:016x}{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:onhook@invalid>;tag={seed:x}\r\nTo: <{uri}>\r\nCall-ID: {seed:016x}@invalid\r\n\
             CSeq: {number} NOTIFY\r\nContact: <sip:onhook@invalid>\r\nSubscription-State: terminated\r\n\
             Event: {event}\r\n{login}{media}Content-Length: {}\r\n\r\n{body}",
            self.via,
            body.len()
        )
        .into_bytes()
    }

    /// Takes what came.
    pub fn take(&mut self, bytes: &Bytes) -> Next {
        let Some(came) = self.answer(bytes) else {
            return Next::Wait;
        };
        if came.status < 200 {
            return Next::Wait;
        }
        if came.status == 401
            && self.number == 1
            && let Some(login) = self.login(&came.challenges)
        {
            return Next::Send(self.message(&login));
        }
        Next::Done(Heard {
            status: came.status,
            reason: came.reason,
            logged_in: self.number > 1,
            algorithm: self.algorithm,
            allow_events: came.allow_events,
        })
    }

    /// The line that answers the preferred challenge of those that can be answered.
    fn login(&mut self, challenges: &[String]) -> Option<String> {
        let (user, password) = self.wish.login.as_ref()?;
        let read: Vec<Challenge> = challenges
            .iter()
            .flat_map(|value| {
                let found = elements(value.as_bytes());
                found.iter().filter_map(Challenge::of).collect::<Vec<_>>()
            })
            .collect();
        let strong = |challenge: &&Challenge| challenge.algorithm == Some(Algorithm::Sha256);
        let challenge = read.iter().find(strong).or_else(|| read.first())?;
        let login = Login {
            user: user.as_bytes(),
            password: password.expose(),
        };
        let cnonce = format!("{:016x}", self.seed.rotate_left(17));
        let answer = challenge.answer(login, ("NOTIFY", &self.wish.uri), 1, &cnonce);
        self.algorithm = Some(challenge.algorithm.unwrap_or(Algorithm::Md5));
        let answer = std::str::from_utf8(&answer).ok()?;
        Some(format!("Authorization: {answer}\r\n"))
    }

    /// An answer to the last message.
    fn answer(&self, bytes: &Bytes) -> Option<Came> {
        let mut parser = PullParser::new(bytes, 0);
        let first = std::str::from_utf8(parser.next()?.ok()?).ok()?;
        let (status, reason) = first.strip_prefix("SIP/2.0 ")?.split_at_checked(3)?;
        let mut came = Came {
            status: status.parse().ok()?,
            reason: shown(reason.trim()),
            challenges: Vec::new(),
            allow_events: None,
        };
        let (mut of_call, mut of_message) = (false, false);
        for line in parser {
            let Ok(text) = std::str::from_utf8(line.ok()?) else {
                continue;
            };
            let Ok((_, Line { name, value })) = Line::parse(bytes, text) else {
                continue;
            };
            let value = value.trim();
            if name == Name::CALL_ID {
                of_call = value == format!("{:016x}@invalid", self.seed);
            } else if name == Name::CSEQ {
                of_message = value == format!("{} NOTIFY", self.number);
            } else if name == Name::WWW_AUTHENTICATE {
                came.challenges.push(value.to_owned());
            } else if name == Name::ALLOW_EVENTS {
                came.allow_events = Some(shown(value));
            }
        }
        (of_call && of_message).then_some(came)
    }
}

struct Came {
    status: u16,
    reason: String,
    challenges: Vec<String>,
    allow_events: Option<String>,
}

/// A text of somebody else, as it may be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
