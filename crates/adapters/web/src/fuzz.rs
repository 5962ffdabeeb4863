//! What fuzzing feeds: functions that take any bytes and panic when something that must hold does not.

use std::net::IpAddr;

use onhook_device::Secret;
use onhook_phone::Logins;

use crate::action::{Action, Target, with_requester};
use crate::encoding::{Plus, decoded};
use crate::form::{FIELDS, Submitted};
use crate::login::{Admission, Caller, Porter, Role};
use crate::nonce::Nonces;

/// An action URL: no credentials stay in what is left of it, a rule holds no control characters, and who stands in for a
/// server takes nothing of the rule away.
///
/// # Panics
/// Something of this does not hold.
pub fn web_action(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(target) = Target::read(text) else {
        return;
    };
    if target.credentials.is_none() {
        assert!(!text.contains("&xuser="), "credentials stay in {text:?}");
    }
    assert!(Action::of(&target.path).is_none() || !target.path.contains('&'));
    let Some(argument) = &target.argument else {
        return;
    };
    let Ok(rule) = std::str::from_utf8(argument.expose()) else {
        panic!("a rule is a text");
    };
    assert!(!rule.chars().any(char::is_control));
    let requester = IpAddr::from([192, 0, 2, 1]);
    let whole = with_requester(rule, requester);
    let mut rest = whole.chars();
    let kept = rule.chars().all(|c| rest.any(|other| other == c));
    assert!(kept, "{rule:?} loses something");
    assert_eq!(
        with_requester(&whole, requester).as_str(),
        whole.as_str(),
        "a server is there already"
    );
}

/// A form: its size has a bound, and no field is read twice.
///
/// # Panics
/// Something of this does not hold.
pub fn web_form(bytes: &[u8]) {
    if let Some(form) = Submitted::read(bytes) {
        assert!(form.len() < FIELDS);
        assert!(!form.token.is_empty() || bytes.len() >= 5);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(plain) = decoded(text, Plus::Plus)
    {
        assert!(plain.len() <= text.len());
    }
}

/// A value of Authorization: whoever does not know the password stays outside.
///
/// # Panics
/// Something of this does not hold.
pub fn web_authorization(bytes: &[u8]) {
    let mut porter = Porter::new(Nonces::new(Secret::from("a key of at least 16 bytes")));
    let logins = Logins {
        admin: Secret::from("a password that no fuzzer guesses"),
        user: Secret::from(""),
        xml: Secret::from(""),
    };
    let caller = Caller {
        peer: IpAddr::from([127, 0, 0, 1]),
        method: "GET",
        target: "/admin/reboot",
        authorization: Some(bytes),
        credentials: None,
    };
    let admission = porter.admit(&caller, Role::Admin, &logins, true, 0);
    assert!(matches!(admission, Admission::Challenged(_)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_that_is_sent_breaks_what_holds(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::web_action(&bytes);
            super::web_form(&bytes);
            super::web_authorization(&bytes);
        }

        #[test]
        fn nor_what_looks_like_something(
            text in "(/admin/(resync|config.xml))?[?&]?(%5[bB]|\\[)?[a-z/ :|%25+\\]\"*&=]{0,20}(&xuser=[a-z]{0,3}(&xpassword=[a-z%]{0,4})?)?",
            form in "(token=[a-z]{0,4}&)?([A-Za-z_%+]{0,6}=[a-z%+0-9]{0,6}&){0,6}",
            word in "(Digest|Basic) (username=\"admin\", )?(nonce=\"[0-9a-f.]{0,8}\", )?nc=[0-9a-f]{0,3}, qop=auth, uri=\"/admin/reboot\"",
        ) {
            super::web_action(text.as_bytes());
            super::web_form(form.as_bytes());
            super::web_authorization(word.as_bytes());
        }
    }
}
