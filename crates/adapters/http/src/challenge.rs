//! What a server wants to see before it gives the file.

use http::HeaderValue;
use onhook_crypto::auth::{Challenge, Login, elements};
use onhook_device::Secret;
use zeroize::Zeroizing;

/// Requests of one chain that may carry an answer to the challenges of one server.
const AUTHENTICATED_TRIES: u32 = 2;

/// A user name and a password; wiped on drop.
pub(crate) struct Credentials {
    user: Zeroizing<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
}

impl Credentials {
    /// A missing half is empty, two missing halves are none.
    pub(crate) fn of(user: Option<&Secret>, password: Option<&Secret>) -> Option<Self> {
        if user.is_none() && password.is_none() {
            return None;
        }
        let bytes = |half: Option<&Secret>| {
            Zeroizing::new(half.map_or_else(Vec::new, |s| s.expose().to_vec()))
        };
        Some(Self {
            user: bytes(user),
            password: bytes(password),
        })
    }

    /// Those written before the `@` of a URL.
    pub(crate) fn from_userinfo(userinfo: &str) -> Self {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Self {
            user: decode(user),
            password: decode(password),
        }
    }

    pub(crate) fn login(&self) -> Login<'_> {
        Login {
            user: &self.user,
            password: &self.password,
        }
    }
}

/// Decodes percent-escapes once; what is no escape stays.
fn decode(text: &str) -> Zeroizing<Vec<u8>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%')
            .then(|| after.split_at_checked(2))
            .flatten()
            .and_then(|(digits, after)| {
                let mut value = 0_u8;
                for digit in digits {
                    // Two hex digits fit a u8.
                    value = value << 4 | char::from(*digit).to_digit(16)? as u8;
                }
                Some((value, after))
            });
        let (value, after) = escape.unwrap_or((byte, after));
        decoded.push(value);
        rest = after;
    }
    decoded
}

/// How a server lets itself be convinced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Offer {
    Basic,
    Digest(Challenge),
    /// None of its schemes is known here.
    Unknown,
}

impl Offer {
    /// Reads the values of all headers of a challenge, each of which may hold several.
    pub(crate) fn read<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let mut offer = Self::Unknown;
        for element in values.flat_map(elements) {
            //= R-HTTP-7
            // The first Digest, which is what the server likes best (RFC 7616, 3.7).
            if let Some(challenge) = Challenge::of(&element) {
                return Self::Digest(challenge);
            }
            if element.scheme.eq_ignore_ascii_case(b"basic") {
                offer = Self::Basic;
            }
        }
        offer
    }
}

/// What one server has asked for so far, and how often it was answered.
#[derive(Default)]
pub(crate) struct Asker {
    offer: Option<Offer>,
    tries: u32,
    /// Requests under the nonce of the offer.
    count: u32,
}

impl Asker {
    /// Takes a challenge; why not, if it cannot be answered any more.
    pub(crate) fn challenged(&mut self, offer: Offer) -> Result<(), &'static str> {
        //= R-HTTP-7
        //= R-HTTP-9
        // A nonce that is too old counts too: a server may find every nonce too old.
        if self.tries == AUTHENTICATED_TRIES {
            return Err("those given were refused; check user name and password");
        }
        if offer == Offer::Unknown {
            return Err(
                "it offers no scheme that the phone knows; offer Digest with MD5 or SHA-256 and qop=auth, or Basic",
            );
        }
        if nonce(self.offer.as_ref()) != nonce(Some(&offer)) {
            self.count = 0;
        }
        self.offer = Some(offer);
        self.tries += 1;
        Ok(())
    }

    /// Goes on without the challenge; the tries are still counted.
    pub(crate) fn forget(&mut self) {
        self.offer = None;
    }

    /// The header that answers the last challenge in the next request.
    pub(crate) fn answer(
        &mut self,
        credentials: &Credentials,
        request: (&str, &str),
        cnonce: impl FnOnce() -> String,
    ) -> Option<HeaderValue> {
        //= R-HTTP-10
        let answer = match self.offer.as_ref()? {
            Offer::Basic => credentials.login().basic(),
            Offer::Digest(challenge) => {
                self.count += 1;
                challenge.answer(credentials.login(), request, self.count, &cnonce())
            }
            Offer::Unknown => return None,
        };
        let mut value = HeaderValue::from_bytes(&answer).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn nonce(offer: Option<&Offer>) -> Option<&[u8]> {
    match offer? {
        Offer::Digest(challenge) => Some(&challenge.nonce),
        Offer::Basic | Offer::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(values: &[&str]) -> Offer {
        Offer::read(values.iter().map(|v| v.as_bytes()))
    }

    fn realm(values: &[&str]) -> String {
        match offer(values) {
            Offer::Digest(challenge) => String::from_utf8(challenge.realm).unwrap(),
            other @ (Offer::Basic | Offer::Unknown) => panic!("{other:?}"),
        }
    }

    //= R-HTTP-7 type=test
    // V-095
    #[test]
    fn digest_is_preferred_in_one_header_or_in_several() {
        assert_eq!(realm(&["Basic realm=b, Digest realm=d, nonce=n"]), "d");
        assert_eq!(realm(&["Basic realm=b", "Digest realm=d, nonce=n"]), "d");
        let two = "Digest realm=a, nonce=n, algorithm=SHA-256, Digest realm=b, nonce=n";
        assert_eq!(realm(&[two]), "a");
        let unknown = "Digest realm=a, nonce=n, algorithm=SHA-512-256";
        assert_eq!(realm(&[unknown, "Digest realm=b, nonce=n"]), "b");
        assert_eq!(offer(&[unknown, "basic"]), Offer::Basic);
        assert_eq!(offer(&["Bearer, Negotiate YII="]), Offer::Unknown);
    }

    //= R-HTTP-9 type=test
    #[test]
    fn requests_are_counted_under_their_nonce() {
        let credentials = credentials(Some("u"), Some("p")).unwrap();
        let mut asker = Asker::default();
        let counts = |asker: &mut Asker| {
            let answer = asker.answer(&credentials, ("GET", "/"), || "c".to_owned());
            let answer = answer.unwrap().to_str().unwrap().to_owned();
            let (_, count) = answer.split_once("nc=").unwrap();
            count[..8].to_owned()
        };
        let challenge = |nonce| offer(&[&format!("Digest realm=r, qop=auth, nonce={nonce}")]);
        asker.challenged(challenge("a")).unwrap();
        assert_eq!(counts(&mut asker), "00000001");
        assert_eq!(counts(&mut asker), "00000002");
        asker.challenged(challenge("a")).unwrap();
        assert_eq!(counts(&mut asker), "00000003");
        assert!(asker.challenged(challenge("a")).is_err());
        let mut asker = Asker::default();
        asker.challenged(challenge("a")).unwrap();
        assert_eq!(counts(&mut asker), "00000001");
        asker.challenged(challenge("b")).unwrap();
        assert_eq!(counts(&mut asker), "00000001");
    }

    //= R-HTTP-10 type=test
    #[test]
    fn nothing_is_answered_that_nobody_asked_and_no_answer_is_shown() {
        let credentials = credentials(Some("prov"), Some("pw1")).unwrap();
        let mut asker = Asker::default();
        let answer = |asker: &mut Asker| asker.answer(&credentials, ("GET", "/"), String::new);
        assert_eq!(answer(&mut asker), None);
        asker.challenged(Offer::Basic).unwrap();
        let value = answer(&mut asker).unwrap();
        assert_eq!(value, "Basic cHJvdjpwdzE=");
        assert!(!format!("{value:?}").contains("cHJv"));
        asker.forget();
        assert_eq!(answer(&mut asker), None);
    }

    #[test]
    fn half_of_the_credentials_is_enough_to_have_some() {
        assert!(credentials(None, None).is_none());
        for (user, password) in [(Some("u"), None), (None, Some("p"))] {
            let half = credentials(user, password).unwrap();
            assert_eq!(half.user.as_slice(), user.unwrap_or_default().as_bytes());
            assert_eq!(
                half.password.as_slice(),
                password.unwrap_or_default().as_bytes()
            );
        }
    }

    //= R-HTTP-10 type=test
    #[test]
    fn user_info_is_percent_decoded_once() {
        let credentials = Credentials::from_userinfo("a%40b:c%3ad%2541%zz");
        assert_eq!(credentials.user.as_slice(), b"a@b");
        assert_eq!(credentials.password.as_slice(), b"c:d%41%zz");
    }

    fn credentials(user: Option<&str>, password: Option<&str>) -> Option<Credentials> {
        let [user, password] = [user, password].map(|half| half.map(Secret::from));
        Credentials::of(user.as_ref(), password.as_ref())
    }

    proptest! {
        #[test]
        fn no_challenge_header_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Offer::read(std::iter::once(bytes.as_slice()));
            let _ = Credentials::from_userinfo(&String::from_utf8_lossy(&bytes));
        }
    }
}
