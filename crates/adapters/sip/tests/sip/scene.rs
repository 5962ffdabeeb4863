//! A phone and those who ask it.

use std::net::SocketAddr;

use bytes::Bytes;
use onhook_crypto::auth::{Challenge, Login, elements};
use onhook_device::{MonoTime, Secret};
use onhook_phone::{Extension, SipAccess};
use onhook_sip::{Act, Names, Setup, Step, UserAgent};

pub(crate) const USER: &str = "4081001141";
pub(crate) const PASSWORD: &str = "secret";
pub(crate) const SERVER: &str = "192.0.2.10:5060";
pub(crate) const STRANGER: &str = "198.51.100.7:5060";

/// A phone of one extension that asks nobody for a login.
pub(crate) fn open_access() -> SipAccess {
    SipAccess {
        upgrading: false,
        gate: None,
        proxies_only: false,
        extensions: vec![Extension {
            challenges: false,
            ..extension()
        }],
    }
}

/// The extension of the specification's vectors.
pub(crate) fn extension() -> Extension {
    Extension {
        number: 1,
        user: USER.to_owned(),
        login: USER.to_owned(),
        password: Secret::from(PASSWORD),
        realm: "example.com".to_owned(),
        challenges: true,
        proxies_only: false,
        proxies: vec!["192.0.2.10".to_owned(), "proxy.example.com".to_owned()],
    }
}

/// A phone with the means to ask it.
pub(crate) struct Scene {
    pub(crate) agent: UserAgent,
    pub(crate) access: SipAccess,
    pub(crate) names: Names,
    pub(crate) now: MonoTime,
    /// Makes each request another one.
    pub(crate) asked: u32,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        Self {
            agent: UserAgent::new(setup, [7; 32]),
            access: SipAccess {
                upgrading: false,
                gate: None,
                proxies_only: false,
                extensions: vec![extension()],
            },
            names: Names::new(),
            now: MonoTime::from_secs(1000),
            asked: 0,
        }
    }

    /// The same phone without Auth_Resync-Reboot.
    pub(crate) fn open() -> Self {
        let mut scene = Self::new();
        scene.access.extensions[0].challenges = false;
        scene
    }

    pub(crate) fn at(&mut self, seconds: u64) -> &mut Self {
        self.now = MonoTime::from_secs(1000 + seconds);
        self
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, from: &str, bytes: impl AsRef<[u8]>) -> Told {
        let bytes = Bytes::copy_from_slice(bytes.as_ref());
        let from: SocketAddr = from.parse().unwrap();
        let around = (&self.access, &self.names);
        Told(self.agent.receive(&bytes, from, self.now, around))
    }

    /// A NOTIFY with this event, new each time.
    pub(crate) fn notify(&mut self, event: &str) -> Message {
        self.asked += 1;
        Message {
            method: "NOTIFY".to_owned(),
            user: USER.to_owned(),
            number: self.asked,
            event: Some(event.to_owned()),
            extra: String::new(),
            body: String::new(),
        }
    }

    /// Sends a NOTIFY, and again with a login if it is challenged.
    pub(crate) fn ask(&mut self, event: &str) -> Told {
        self.ask_as(
            event,
            Login {
                user: USER.as_bytes(),
                password: PASSWORD.as_bytes(),
            },
        )
    }

    pub(crate) fn ask_as(&mut self, event: &str, login: Login<'_>) -> Told {
        let message = self.notify(event);
        let told = self.send(SERVER, message.text());
        if told.status() != 401 {
            return told;
        }
        assert_eq!(told.0.acts, []);
        self.asked += 1;
        let message = Message {
            number: self.asked,
            extra: told.authorization(login, 1, 0),
            ..message
        };
        self.send(SERVER, message.text())
    }
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) user: String,
    pub(crate) number: u32,
    pub(crate) event: Option<String>,
    /// Further header lines, each with its end.
    pub(crate) extra: String,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn uri(&self) -> String {
        match self.user.as_str() {
            "" => "sip:192.0.2.50:5060".to_owned(),
            user => format!("sip:{user}@192.0.2.50:5060"),
        }
    }

    pub(crate) fn text(&self) -> String {
        let Self {
            method,
            number,
            extra,
            body,
            ..
        } = self;
        let event = self.event.as_ref();
        let event = event.map_or(String::new(), |event| format!("Event: {event}\r\n"));
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{number};rport\r\n\
             From: <sip:prov@example.com>;tag=77\r\nTo: <sip:{USER}@example.com>\r\n\
             Call-ID: c1@192.0.2.10\r\nCSeq: {number} {method}\r\n{event}{extra}\
             Content-Length: {length}\r\n\r\n{body}",
            uri = self.uri(),
            length = body.len(),
        )
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Step);

impl Told {
    pub(crate) fn text(&self) -> String {
        let (_, answer) = self.0.answer.as_ref().expect("an answer");
        String::from_utf8(answer.clone()).unwrap()
    }

    pub(crate) fn is_silence(&self) -> bool {
        self.0.answer.is_none() && self.0.acts.is_empty()
    }

    /// The status; 0 for silence.
    pub(crate) fn status(&self) -> u16 {
        match self.0.answer {
            None => 0,
            Some(_) => self.text()[8..11].parse().unwrap(),
        }
    }

    pub(crate) fn fields(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let start = format!("{name}: ");
        let lines = text
            .split("\r\n")
            .filter_map(|line| line.strip_prefix(&start));
        lines.map(str::to_owned).collect()
    }

    pub(crate) fn acts(&self) -> &[Act] {
        &self.0.acts
    }

    /// The line that answers one of the challenges, the `which`th.
    pub(crate) fn authorization(&self, login: Login<'_>, count: u32, which: usize) -> String {
        let value = &self.fields("WWW-Authenticate")[which];
        let challenge = Challenge::of(&elements(value.as_bytes())[0]).unwrap();
        let uri = format!("sip:{USER}@192.0.2.50:5060");
        let answer = challenge.answer(login, ("NOTIFY", &uri), count, "0a4f113b");
        format!(
            "Authorization: {}\r\n",
            String::from_utf8(answer.to_vec()).unwrap()
        )
    }
}

pub(crate) const LOGIN: Login<'static> = Login {
    user: USER.as_bytes(),
    password: PASSWORD.as_bytes(),
};
