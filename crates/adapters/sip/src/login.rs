//! Logins: challenges, and what proves a password (RFC 8760, RFC 7616).

use std::collections::BTreeMap;
use std::net::IpAddr;

use onhook_crypto::auth::{Algorithm, Element, Login, Made, NonceKey, Spoken, elements};
use onhook_device::MonoTime;
use onhook_phone::Extension;

use crate::bounds::Challenged;
use crate::message::Request;

/// How long a nonce can be used.
const LIFE_S: u64 = 60;
/// Nonces that logins have been made with, of which the count is kept.
const USED: usize = 256;
/// Logins of one message that are looked at.
const LOOKED_AT: usize = 4;
/// What is offered. MD5 is first, for sipp and sipsak answer the first challenge and know no other; who knows better takes the second.
const OFFERED: [Algorithm; 2] = [Algorithm::Md5, Algorithm::Sha256];

/// What became of a login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    /// It proves the password, now.
    Good,
    /// It proves the password, but its nonce is too old, foreign, or was used before.
    Stale,
    /// It proves nothing, or there is none.
    None,
    /// Its sender has guessed too often lately: it was not looked at.
    Barred,
}

/// Makes challenges and keeps account of the nonces that were used.
pub(crate) struct Logins {
    key: NonceKey,
    made: u32,
    /// By nonce, its last count. Nobody without a password adds to it.
    used: BTreeMap<Made, u32>,
    /// How often whoever has a nonce of ours has guessed. Nobody can spend what belongs to another: a nonce comes to whom it was made for.
    guessed: Challenged,
}

impl Logins {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key: NonceKey::new(key),
            made: 0,
            used: BTreeMap::new(),
            guessed: Challenged::default(),
        }
    }

    /// How many nonces are kept account of.
    pub(crate) fn kept(&self) -> usize {
        self.used.len()
    }

    /// A text that nobody can foresee.
    pub(crate) fn unforeseen(&mut self, now: MonoTime, asker: IpAddr) -> String {
        self.made = self.made.wrapping_add(1);
        let made = Made {
            at_ms: now.as_millis(),
            number: self.made,
        };
        self.key.make(made, &whom(asker))
    }

    /// The values of WWW-Authenticate.
    pub(crate) fn challenges(
        &mut self,
        extension: &Extension,
        now: MonoTime,
        asker: IpAddr,
        proof: Proof,
    ) -> impl Iterator<Item = String> {
        let nonce = self.unforeseen(now, asker);
        let realm = realm_of(extension);
        let stale = if proof == Proof::Stale {
            ", stale=true"
        } else {
            ""
        };
        OFFERED.into_iter().map(move |algorithm| {
            let name = algorithm.name();
            format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}"
            )
        })
    }

    /// Looks at the logins of a request.
    pub(crate) fn look(
        &mut self,
        request: &Request,
        extension: &Extension,
        now: MonoTime,
        asker: IpAddr,
    ) -> Proof {
        //= R-SIP-12
        if extension.password.is_empty() {
            return Proof::None;
        }
        //= R-SIP-14
        if self.guessed.is_spent(asker, now) {
            return Proof::Barred;
        }
        let mut guesses = false;
        let found = request.logins.iter().take(LOOKED_AT);
        for value in found {
            for element in elements(value.as_bytes()).iter().take(LOOKED_AT) {
                let nonce = element.get("nonce");
                guesses |= nonce.is_some_and(|nonce| self.key.read(nonce, &whom(asker)).is_some());
                if let Some((nonce, count)) = proven(element, request, extension) {
                    return match self.is_fresh(nonce, count, now, asker) {
                        true => Proof::Good,
                        false => Proof::Stale,
                    };
                }
            }
        }
        if guesses {
            self.guessed.may(asker, now);
        }
        Proof::None
    }

    //= R-SIP-10
    /// Whether a nonce is ours, young, and counted on; it counts as used from now on.
    fn is_fresh(&mut self, nonce: &[u8], count: u32, now: MonoTime, asker: IpAddr) -> bool {
        let Some(made) = self.key.read(nonce, &whom(asker)) else {
            return false;
        };
        let is_young = |made: &Made| {
            let at = MonoTime::from_millis(made.at_ms);
            at <= now && now.since(at).as_secs() < LIFE_S
        };
        self.used.retain(|made, _| is_young(made));
        let full = self.used.len() >= USED && !self.used.contains_key(&made);
        // Forgetting one of them would let it be used again.
        if !is_young(&made) || full {
            return false;
        }
        let last = self.used.entry(made).or_insert(0);
        let counts_on = count > *last;
        *last = count.max(*last);
        counts_on
    }
}

/// The nonce and the count of a login that proves the password.
fn proven<'e>(
    element: &'e Element<'_>,
    request: &Request,
    extension: &Extension,
) -> Option<(&'e [u8], u32)> {
    if !element.scheme.eq_ignore_ascii_case(b"digest") {
        return None;
    }
    let login = Login {
        user: extension.login.as_bytes(),
        password: extension.password.expose(),
    };
    let algorithm = element.get("algorithm").map(Algorithm::of);
    let algorithm = algorithm.unwrap_or(Some(Algorithm::Md5))?;
    let (nonce, realm) = (element.get("nonce")?, element.get("realm")?);
    if element.get("username")? != login.user || realm != realm_of(extension).as_bytes() {
        return None;
    }
    let (counted, count) = match element.get("qop") {
        Some(qop) if qop.eq_ignore_ascii_case(b"auth") => {
            let written = element.get("nc")?;
            let count = std::str::from_utf8(written).ok()?;
            let count = u32::from_str_radix(count, 16)
                .ok()
                .filter(|count| *count > 0)?;
            (Some((written, element.get("cnonce")?)), count)
        }
        Some(_) => return None,
        // As before RFC 2617: once for a nonce.
        None => (None, 1),
    };
    let spoken = Spoken {
        realm,
        nonce,
        counted,
        method: request.method.as_bytes(),
        // Some sign another address than the one they ask.
        uri: element.get("uri")?,
    };
    spoken
        .is_proven_by(element.get("response")?, algorithm, login)
        .then_some((nonce, count))
}

/// The realm as it stands between quotes.
fn realm_of(extension: &Extension) -> String {
    extension.realm.replace(['"', '\\'], "")
}

/// Whom a nonce is for.
fn whom(asker: IpAddr) -> Vec<u8> {
    match asker {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}
