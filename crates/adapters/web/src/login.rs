//! Who may come in: the accounts `admin` and `user`, by Digest (RFC 7616).

use std::collections::VecDeque;
use std::net::IpAddr;

use onhook_crypto::auth::{Algorithm, Element, Login, Spoken, elements};
use onhook_device::{Secret, source_of};
use onhook_phone::Logins;

use crate::action::Credentials;
use crate::nonce::{Nonces, Worth};

/// Attempts that a source has before it waits.
const TRIES: u32 = 5;
/// How long it waits, in seconds.
const WAIT_S: u64 = 30;
/// Sources that are remembered.
const SOURCES: usize = 256;

/// Whose rights a request has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Role {
    /// The User account: what `ua` lets it.
    User,
    /// The Admin account: everything.
    Admin,
}

impl Role {
    /// The name of the account (R-UA-7).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// What a challenge of the account says.
    const fn realm(self) -> &'static str {
        match self {
            Self::User => "Onhook user",
            Self::Admin => "Onhook admin",
        }
    }

    const fn password(self, logins: &Logins) -> &Secret {
        match self {
            Self::User => &logins.user,
            Self::Admin => &logins.admin,
        }
    }
}

/// Somebody who may log in.
#[derive(Clone, Copy)]
pub(crate) struct Account<'l> {
    /// The user name.
    pub(crate) name: &'l str,
    /// What a challenge says.
    pub(crate) realm: &'static str,
    /// The password; nobody logs in with an empty one.
    pub(crate) password: &'l Secret,
    /// Whose rights a request has.
    pub(crate) role: Role,
}

impl<'l> Account<'l> {
    /// The account of a role.
    const fn of(role: Role, logins: &'l Logins) -> Self {
        Self {
            name: role.name(),
            realm: role.realm(),
            password: role.password(logins),
            role,
        }
    }
}

/// What became of a request at the door.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It comes in with these rights.
    As(Role),
    /// It has to say who it is: these are the challenges, the best first.
    Challenged(Vec<String>),
    /// It has been wrong too often: how many seconds to wait.
    Wait(u64),
    /// The account has no password, and the request comes from elsewhere.
    Closed,
}

/// One request that wants to come in.
pub(crate) struct Caller<'r> {
    pub(crate) peer: IpAddr,
    pub(crate) method: &'r str,
    /// The target as it was sent.
    pub(crate) target: &'r str,
    /// The value of Authorization.
    pub(crate) authorization: Option<&'r [u8]>,
    /// What the URL itself says.
    pub(crate) credentials: Option<&'r Credentials>,
}

/// Knows who was wrong, and which nonces count.
pub(crate) struct Porter {
    pub(crate) nonces: Nonces,
    strikes: VecDeque<Strikes>,
}

/// How often a source was wrong.
struct Strikes {
    source: IpAddr,
    count: u32,
    last_s: u64,
}

/// What somebody says of himself.
enum Claim {
    /// Nothing.
    None,
    /// It is true.
    True(Role),
    /// It would be, but for its nonce.
    Stale,
    /// It is not true.
    False,
}

impl Porter {
    pub(crate) const fn new(nonces: Nonces) -> Self {
        Self {
            nonces,
            strikes: VecDeque::new(),
        }
    }

    //= R-WEB-1
    /// Decides about a request for the pages of `wanted`.
    pub(crate) fn admit(
        &mut self,
        caller: &Caller<'_>,
        wanted: Role,
        logins: &Logins,
        open_to_all: bool,
        now_s: u64,
    ) -> Admission {
        let accounts = [Role::Admin, Role::User].map(|role| Account::of(role, logins));
        let wanted = Account::of(wanted, logins);
        self.admit_one_of(caller, &accounts, wanted, open_to_all, now_s)
    }

    /// Decides about a request that one of these accounts may make; who has not said who it is, is asked for `wanted`.
    pub(crate) fn admit_one_of(
        &mut self,
        caller: &Caller<'_>,
        accounts: &[Account<'_>],
        wanted: Account<'_>,
        open_to_all: bool,
        now_s: u64,
    ) -> Admission {
        let source = source_of(caller.peer);
        if let Some(wait) = self.wait(source, now_s) {
            return Admission::Wait(wait);
        }
        let stale = match self.claim(caller, accounts, now_s) {
            Claim::True(role) => {
                self.strikes.retain(|strikes| strikes.source != source);
                return Admission::As(role);
            }
            Claim::False => {
                self.strike(source, now_s);
                return self.challenge(wanted.realm, "", now_s);
            }
            Claim::Stale => ", stale=true",
            Claim::None => "",
        };
        match wanted.password.is_empty() {
            true if open_to_all || caller.peer.to_canonical().is_loopback() => {
                Admission::As(wanted.role)
            }
            true => Admission::Closed,
            false => self.challenge(wanted.realm, stale, now_s),
        }
    }

    fn challenge(&mut self, realm: &str, stale: &str, now_s: u64) -> Admission {
        let nonce = self.nonces.say(now_s);
        let challenges = [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| {
            let name = algorithm.name();
            format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}"
            )
        });
        Admission::Challenged(challenges.into())
    }

    fn claim(&mut self, caller: &Caller<'_>, accounts: &[Account<'_>], now_s: u64) -> Claim {
        //= R-WEB-2
        if let Some(given) = caller.credentials {
            let named = accounts.iter().find(|account| account.name == given.user);
            let Some(account) = named.or_else(|| accounts.first()) else {
                return Claim::False;
            };
            let right = account.password.matches(given.password.expose());
            return match named.is_some() && right && !account.password.is_empty() {
                true => Claim::True(account.role),
                false => Claim::False,
            };
        }
        let Some(value) = caller.authorization else {
            return Claim::None;
        };
        let elements = elements(value);
        match elements.first() {
            Some(element) if element.scheme.eq_ignore_ascii_case(b"digest") => {
                self.digest(element, caller, accounts, now_s)
            }
            Some(_) | None => Claim::False,
        }
    }

    fn digest(
        &mut self,
        element: &Element<'_>,
        caller: &Caller<'_>,
        accounts: &[Account<'_>],
        now_s: u64,
    ) -> Claim {
        let text = |name| {
            element
                .get(name)
                .and_then(|text| std::str::from_utf8(text).ok())
        };
        let (Some(user), Some(realm), Some(nonce), Some(count), Some(cnonce), Some(response)) = (
            text("username"),
            text("realm"),
            text("nonce"),
            text("nc"),
            text("cnonce"),
            text("response"),
        ) else {
            return Claim::False;
        };
        let algorithm = element
            .get("algorithm")
            .map_or(Some(Algorithm::Md5), Algorithm::of);
        let (Some(algorithm), Ok(number)) = (algorithm, u64::from_str_radix(count, 16)) else {
            return Claim::False;
        };
        let counts = text("qop").is_some_and(|word| word.eq_ignore_ascii_case("auth"));
        let named = accounts
            .iter()
            .find(|account| account.name == user && account.realm == realm);
        // Whoever names nobody takes as long as whoever names somebody.
        let Some(account) = named.or_else(|| accounts.first()) else {
            return Claim::False;
        };
        let password = account.password;
        let expected = Spoken {
            realm: realm.as_bytes(),
            nonce: nonce.as_bytes(),
            counted: Some((count.as_bytes(), cnonce.as_bytes())),
            method: caller.method.as_bytes(),
            uri: caller.target.as_bytes(),
        }
        .response(
            algorithm,
            Login {
                user: user.as_bytes(),
                password: password.expose(),
            },
        );
        let right = Secret::from(expected.as_str()).matches(response.as_bytes());
        let is_target = element.get("uri") == Some(caller.target.as_bytes());
        let worth = self.nonces.worth(nonce, number, now_s);
        let known = named.is_some() && !password.is_empty() && counts && is_target;
        match (known && right, worth) {
            (true, Worth::Good) => {
                self.nonces.spend(nonce, number);
                Claim::True(account.role)
            }
            (true, Worth::Stale) => Claim::Stale,
            (true, Worth::Foreign) | (false, _) => Claim::False,
        }
    }

    /// How long a source has to wait; `None` if it need not.
    fn wait(&self, source: IpAddr, now_s: u64) -> Option<u64> {
        let strikes = self
            .strikes
            .iter()
            .find(|strikes| strikes.source == source)?;
        let passed = now_s.saturating_sub(strikes.last_s);
        let left = WAIT_S.checked_sub(passed).filter(|left| *left > 0)?;
        (strikes.count >= TRIES).then_some(left)
    }

    fn strike(&mut self, source: IpAddr, now_s: u64) {
        let known = self
            .strikes
            .iter_mut()
            .find(|strikes| strikes.source == source);
        if let Some(strikes) = known {
            let waited = now_s.saturating_sub(strikes.last_s) >= WAIT_S;
            strikes.count = if waited {
                1
            } else {
                strikes.count.saturating_add(1)
            };
            strikes.last_s = now_s;
            return;
        }
        if self.strikes.len() >= SOURCES {
            self.strikes.pop_front();
        }
        self.strikes.push_back(Strikes {
            source,
            count: 1,
            last_s: now_s,
        });
    }
}

#[cfg(test)]
mod tests;
