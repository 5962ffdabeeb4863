//! The end that is notified, as a machine: messages and times in, answers and acts out.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use onhook_device::MonoTime;
use onhook_phone::{Extension, Gate, SipAccess};

use crate::answer::{Answer, METHODS};
use crate::bounds::{Answered, Challenged, Kind, key};
use crate::event::{Act, NoAct, packages, read as read_event};
use crate::login::{Logins, Proof};
use crate::message::{Came, Echo, MESSAGE_LIMIT, Request, Status, read};
use crate::spacing::Spacing;

/// Methods of RFC 3261 and its extensions that are known and not done.
const KNOWN: [&str; 11] = [
    "INVITE",
    "REGISTER",
    "MESSAGE",
    "UPDATE",
    "PRACK",
    "SUBSCRIBE",
    "PUBLISH",
    "INFO",
    "REFER",
    "BYE",
    "CANCEL",
];
/// Seconds after which a phone that fetches a load may be called again.
const UPGRADING_S: &str = "120";
/// Seconds after which a phone that has not booted may be asked again.
const AGAIN_S: &str = "5";

/// What a phone can do and lets be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    /// Whether `check-sync`, which others use, asks for a resync (R-SIP-8).
    pub check_sync: bool,
    /// Whether the phone can report.
    pub reports: bool,
    /// Whether the phone can report a problem.
    pub problem_reports: bool,
    /// Whether a rule needs a login in any case (R-SIP-14).
    pub profile_needs_login: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            check_sync: false,
            reports: false,
            problem_reports: false,
            profile_needs_login: true,
        }
    }
}

/// Addresses of proxies, by the names that parameters give them.
pub type Names = BTreeMap<String, Vec<IpAddr>>;

/// What comes of a message.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Step {
    /// What is sent, and where to over UDP; on a stream it goes back on the same. It goes out before the acts.
    pub answer: Option<(SocketAddr, Vec<u8>)>,
    /// What is asked of the phone.
    pub acts: Vec<Act>,
}

/// How much is kept; for tests and for those who watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Answers for requests that are repeated, of at most 256.
    pub answers: usize,
    /// Their bytes, at most 256 KiB.
    pub answer_bytes: usize,
    /// Nonces with a count, at most 256.
    pub nonces: usize,
    /// Sources whose challenges are counted, at most 256.
    pub sources: usize,
}

/// Takes requests of SIP for one phone.
pub struct UserAgent {
    setup: Setup,
    logins: Logins,
    challenged: Challenged,
    answered: Answered,
    spacing: Spacing,
}

impl UserAgent {
    /// One that has been asked nothing; `key` is random and new at each start.
    #[must_use]
    pub fn new(setup: Setup, key: [u8; 32]) -> Self {
        Self {
            setup,
            logins: Logins::new(key),
            challenged: Challenged::default(),
            answered: Answered::default(),
            spacing: Spacing::default(),
        }
    }

    /// Takes a message that came whole.
    pub fn receive(
        &mut self,
        bytes: &Bytes,
        from: SocketAddr,
        now: MonoTime,
        (access, names): (&SipAccess, &Names),
    ) -> Step {
        if !is_heard(from.ip(), access, names) {
            return Step::default();
        }
        if bytes.len() > MESSAGE_LIMIT {
            return self.refuse(bytes, from, now, (access, names));
        }
        let request = match read(bytes) {
            Came::Nothing => return Step::default(),
            Came::Wrong(echo, status) => {
                return self.answer(&Answer::new(status), &echo, from, now);
            }
            Came::Request(request) => request,
        };
        // Answers to answers are none.
        if request.method == "ACK" {
            return Step::default();
        }
        let key = key(&request, from);
        //= R-SIP-10
        if let Some(answer) = self.answered.find(&key, now) {
            let to = request.echo.back_to(from);
            return Step {
                answer: Some((to, answer.to_vec())),
                acts: Vec::new(),
            };
        }
        let Some((answer, act)) = self.judge(&request, from, now, (access, names)) else {
            return Step::default();
        };
        let mut step = self.answer(&answer, &request.echo, from, now);
        let kind = match act {
            Some(_) => Kind::Accepted,
            None => Kind::Other,
        };
        if let Some((_, answer)) = &step.answer {
            self.answered.keep(kind, key, answer, now);
        }
        match act {
            //= R-SIP-1
            //= R-SIP-16
            Some(act @ (Act::Restart | Act::RestartWarm)) => step.acts.push(act),
            Some(act) => {
                self.spacing.take(act, now);
                step.acts.extend(self.spacing.due(now));
            }
            None => {}
        }
        step
    }

    /// Answers a message that is too large, of which only the beginning need be there.
    pub fn refuse(
        &mut self,
        bytes: &Bytes,
        from: SocketAddr,
        now: MonoTime,
        (access, names): (&SipAccess, &Names),
    ) -> Step {
        if !is_heard(from.ip(), access, names) {
            return Step::default();
        }
        let start = bytes.slice(..bytes.len().min(MESSAGE_LIMIT));
        match read(&start) {
            Came::Nothing => Step::default(),
            Came::Wrong(echo, _) => self.answer(&Answer::new(Status::TOO_LARGE), &echo, from, now),
            Came::Request(request) => {
                self.answer(&Answer::new(Status::TOO_LARGE), &request.echo, from, now)
            }
        }
    }

    /// When [`Self::elapse`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<MonoTime> {
        self.spacing.deadline()
    }

    /// What is asked of the phone now that time has passed.
    pub fn elapse(&mut self, now: MonoTime) -> Option<Act> {
        self.spacing.due(now)
    }

    /// How much is kept.
    #[must_use]
    pub fn kept(&self) -> Kept {
        let (answers, answer_bytes) = self.answered.kept();
        Kept {
            answers,
            answer_bytes,
            nonces: self.logins.kept(),
            sources: self.challenged.kept(),
        }
    }

    fn answer(&mut self, answer: &Answer, echo: &Echo, from: SocketAddr, now: MonoTime) -> Step {
        let tag = self.logins.unforeseen(now, from.ip());
        let tag = tag.get(32..).unwrap_or_default();
        Step {
            answer: Some((echo.back_to(from), answer.write(echo, from, tag))),
            acts: Vec::new(),
        }
    }

    /// The answer and what is to be done; `None` is silence.
    fn judge(
        &mut self,
        request: &Request,
        from: SocketAddr,
        now: MonoTime,
        (access, names): (&SipAccess, &Names),
    ) -> Option<(Answer, Option<Act>)> {
        let only = |status| Some((Answer::new(status), None));
        let extension = extension(&request.user, access);
        //= R-SIP-11
        if extension.is_some_and(|e| e.proxies_only && !is_proxy(e, from.ip(), names)) {
            return None;
        }
        if let Some(options) = &request.require {
            let answer = Answer::new(Status::BAD_EXTENSION).with("Unsupported", options);
            return Some((answer, None));
        }
        match request.method.as_str() {
            "NOTIFY" => {}
            "OPTIONS" => return Some((self.told(Status::OK), None)),
            //= R-FW-16
            "INVITE" if access.upgrading => {
                let answer = Answer::new(Status::UNAVAILABLE).with("Retry-After", UPGRADING_S);
                return Some((answer, None));
            }
            // No transaction of theirs is open, ever.
            "BYE" | "CANCEL" => return only(Status::NO_CALL),
            known if KNOWN.contains(&known) => return Some((self.told(Status::NOT_ALLOWED), None)),
            _ => return Some((self.told(Status::NOT_IMPLEMENTED), None)),
        }
        //= R-SIP-7
        //= R-SIP-15
        let Some(event) = &request.event else {
            return only(Status::BAD_REQUEST);
        };
        let Some(extension) = extension else {
            return only(Status::NOT_FOUND);
        };
        let act = match read_event(event, &request.body, &self.setup) {
            Ok(act) => act,
            Err(NoAct::Unknown) => {
                return Some((self.told(Status::BAD_EVENT), None));
            }
            Err(why) => {
                let needs = extension.challenges || self.setup.profile_needs_login;
                if let Some(answer) = self.unproven(request, extension, from, now, needs) {
                    return answer;
                }
                return only(match why {
                    NoAct::Unable => Status::NOT_ACCEPTABLE,
                    NoAct::Malformed | NoAct::Unknown => Status::BAD_REQUEST,
                });
            }
        };
        //= R-SIP-14
        let given = matches!(act, Act::ResyncWith(_)) && self.setup.profile_needs_login;
        let needs = extension.challenges || given;
        if let Some(answer) = self.unproven(request, extension, from, now, needs) {
            return answer;
        }
        match access.gate {
            Some(Gate::NotBooted) => {
                let answer = Answer::new(Status::UNAVAILABLE).with("Retry-After", AGAIN_S);
                Some((answer, None))
            }
            //= R-SIP-2
            //= R-SIP-3
            Some(_) if act.is_resync() => only(Status::FORBIDDEN),
            Some(_) | None => Some((Answer::new(Status::OK), Some(act))),
        }
    }

    /// The challenge, or silence, for a request whose login is needed and proves nothing.
    #[expect(
        clippy::option_option,
        reason = "no objection, silence, and an answer are three things"
    )]
    fn unproven(
        &mut self,
        request: &Request,
        extension: &Extension,
        from: SocketAddr,
        now: MonoTime,
        needs: bool,
    ) -> Option<Option<(Answer, Option<Act>)>> {
        if !needs {
            return None;
        }
        let proof = self.logins.look(request, extension, now, from.ip());
        if proof == Proof::Good {
            return None;
        }
        //= R-SIP-14
        if proof == Proof::Barred || !self.challenged.may(from.ip(), now) {
            return Some(None);
        }
        //= R-SIP-1
        let mut answer = Answer::new(Status::UNAUTHORIZED);
        for challenge in self.logins.challenges(extension, now, from.ip(), proof) {
            answer = answer.with("WWW-Authenticate", challenge);
        }
        Some(Some((answer, None)))
    }

    /// An answer that tells what can be asked.
    fn told(&self, status: Status) -> Answer {
        let answer = Answer::new(status).with("Allow", METHODS);
        if status == Status::NOT_ALLOWED || status == Status::NOT_IMPLEMENTED {
            return answer;
        }
        answer.with("Allow-Events", packages(&self.setup).join(", "))
    }
}

/// The extension that is asked: the one of this user, or the first one if it has no user, or none is named.
fn extension<'a>(user: &str, access: &'a SipAccess) -> Option<&'a Extension> {
    let mut extensions = access.extensions.iter();
    let named = extensions.find(|e| !e.user.is_empty() && e.user == user);
    let first = access.extensions.first();
    named.or_else(|| first.filter(|first| user.is_empty() || first.user.is_empty()))
}

//= R-SIP-11
/// Whether the phone hears anything that comes from there.
fn is_heard(address: IpAddr, access: &SipAccess, names: &Names) -> bool {
    let mut extensions = access.extensions.iter();
    !access.proxies_only || extensions.any(|extension| is_proxy(extension, address, names))
}

fn is_proxy(extension: &Extension, address: IpAddr, names: &Names) -> bool {
    let address = address.to_canonical();
    extension
        .proxies
        .iter()
        .any(|proxy| match proxy.parse::<IpAddr>() {
            Ok(known) => address == known.to_canonical(),
            Err(_) => names
                .get(proxy)
                .is_some_and(|known| known.contains(&address)),
        })
}
