//! What a server wants to see before it gives the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use onhook_fetch::Request;
use zeroize::Zeroizing;

/// A user name and a password; wiped on drop.
pub(crate) struct Credentials {
    user: Zeroizing<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
}

impl Credentials {
    /// Those of the rule; a missing half is empty, two missing halves are none.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        if request.user.is_none() && request.password.is_none() {
            return None;
        }
        let bytes = |secret: &Option<onhook_device::Secret>| {
            Zeroizing::new(secret.as_ref().map_or(Vec::new(), |s| s.expose().to_vec()))
        };
        Some(Self {
            user: bytes(&request.user),
            password: bytes(&request.password),
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

    /// The Authorization header of the Basic scheme (RFC 7617).
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let mut plain = Zeroizing::new(Vec::with_capacity(
            self.user.len() + self.password.len() + 1,
        ));
        plain.extend_from_slice(&self.user);
        plain.push(b':');
        plain.extend_from_slice(&self.password);
        let encoded = Zeroizing::new(STANDARD.encode(plain.as_slice()));
        let text = Zeroizing::new(format!("Basic {}", encoded.as_str()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
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

/// The schemes that a server offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Offer {
    pub(crate) basic: bool,
    pub(crate) digest: bool,
}

impl Offer {
    /// Reads the values of all WWW-Authenticate headers, each of which may hold several challenges.
    pub(crate) fn read<'v>(values: impl Iterator<Item = &'v [u8]>) -> Self {
        let mut offer = Self::default();
        for value in values {
            for part in split_unquoted(value) {
                let Some(scheme) = scheme_of(part) else {
                    continue;
                };
                offer.basic |= scheme.eq_ignore_ascii_case(b"basic");
                offer.digest |= scheme.eq_ignore_ascii_case(b"digest");
            }
        }
        offer
    }
}

/// Splits at commas that do not stand inside a quoted string.
fn split_unquoted(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |byte| {
        if escaped {
            escaped = false;
            return false;
        }
        match byte {
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    })
}

/// The scheme that begins in this part; `None` for a further parameter of the challenge before.
fn scheme_of(part: &[u8]) -> Option<&[u8]> {
    let part = part.trim_ascii();
    let end = part
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+')))
        .unwrap_or(part.len());
    let (token, after) = part.split_at_checked(end)?;
    let starts_challenge = match after.split_first() {
        None => true,
        Some((byte, rest)) => {
            byte.is_ascii_whitespace() && !rest.trim_ascii_start().starts_with(b"=")
        }
    };
    (starts_challenge && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use onhook_device::Secret;
    use proptest::prelude::*;

    use super::*;

    fn offer(values: &[&str]) -> (bool, bool) {
        let offer = Offer::read(values.iter().map(|v| v.as_bytes()));
        (offer.basic, offer.digest)
    }

    #[test]
    fn challenges_are_found_in_one_header_or_in_several() {
        assert_eq!(offer(&["Basic realm=\"x\""]), (true, false));
        assert_eq!(offer(&["basic"]), (true, false));
        assert_eq!(
            offer(&["Digest realm=\"x\", nonce=\"n\", qop=\"auth\""]),
            (false, true)
        );
        assert_eq!(
            offer(&["Digest realm=\"x\", nonce=\"n\", BASIC realm=\"y\""]),
            (true, true)
        );
        assert_eq!(
            offer(&["Digest realm=\"x\"", "Basic realm=\"x\""]),
            (true, true)
        );
        assert_eq!(offer(&["Bearer", "Negotiate YII="]), (false, false));
    }

    #[test]
    fn words_inside_quotes_and_parameters_are_no_challenges() {
        assert_eq!(offer(&["Digest realm=\"a, Basic realm\""]), (false, true));
        assert_eq!(
            offer(&["Digest realm=\"a\\\", Basic x\", basic=1"]),
            (false, true)
        );
        assert_eq!(offer(&["Digest x=1, basic =1"]), (false, true));
        assert_eq!(offer(&["Basicx realm=\"y\""]), (false, false));
    }

    //= R-HTTP-7 type=test
    #[test]
    fn basic_credentials_are_encoded_as_documented() {
        let request = request(Some("prov"), Some("pw1"));
        let value = Credentials::of(&request).unwrap().basic().unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic cHJvdjpwdzE=");
        assert!(!format!("{value:?}").contains("cHJv"));
    }

    #[test]
    fn half_of_the_credentials_is_enough_to_have_some() {
        assert!(Credentials::of(&request(None, None)).is_none());
        let only_user = Credentials::of(&request(Some("u"), None)).unwrap();
        assert_eq!(only_user.basic().unwrap(), "Basic dTo=");
        let only_password = Credentials::of(&request(None, Some("p"))).unwrap();
        assert_eq!(only_password.basic().unwrap(), "Basic OnA=");
    }

    //= R-HTTP-10 type=test
    #[test]
    fn user_info_is_percent_decoded_once() {
        let credentials = Credentials::from_userinfo("a%40b:c%3ad%2541%zz");
        assert_eq!(credentials.user.as_slice(), b"a@b");
        assert_eq!(credentials.password.as_slice(), b"c:d%41%zz");
    }

    fn request(user: Option<&str>, password: Option<&str>) -> Request {
        Request {
            scheme: onhook_fetch::Scheme::Http,
            host: "h".into(),
            port: 80,
            path: "/".into(),
            service: None,
            allowed_domains: String::new(),
            user_agent: String::new(),
            user: user.map(Secret::from),
            password: password.map(Secret::from),
            post: None,
            limit: 1,
            timeout: std::time::Duration::from_secs(1),
        }
    }

    proptest! {
        #[test]
        fn no_challenge_header_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Offer::read(std::iter::once(bytes.as_slice()));
            let _ = Credentials::from_userinfo(&String::from_utf8_lossy(&bytes)).basic();
        }
    }
}
