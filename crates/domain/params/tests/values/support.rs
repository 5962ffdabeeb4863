//! What the tests of values share.

use onhook_device::{Family, Release};
use onhook_params::{BadValue, ParamId, Scope};

pub(crate) const MPP: Scope = Scope::new(Family::Mpp, Release::R11_3);

pub(crate) fn id(name: &str) -> ParamId {
    ParamId::lookup(name, &MPP).unwrap_or_else(|| panic!("{name} is unknown"))
}

pub(crate) fn stored(name: &str, text: &str) -> Result<String, BadValue> {
    id(name).canonical(text, &MPP).map(|text| text.into_owned())
}

#[track_caller]
pub(crate) fn check(name: &str, text: &str, expected: &str) {
    assert_eq!(
        stored(name, text).as_deref(),
        Ok(expected),
        "{name} given {text:?}"
    );
}

/// Each text is stored as it was given.
#[track_caller]
pub(crate) fn check_kept(name: &str, texts: &[&str]) {
    for text in texts {
        check(name, text, text);
    }
}

#[track_caller]
pub(crate) fn check_bad(name: &str, texts: &[&str]) {
    for text in texts {
        let code = stored(name, text).map_err(|error| error.code());
        assert_eq!(code, Err("bad-value"), "{name} given {text:?}");
    }
}

#[track_caller]
pub(crate) fn check_length(name: &str, most: usize) {
    check_kept(name, &[&"é".repeat(most)]);
    let Err(error) = stored(name, &"é".repeat(most + 1)) else {
        panic!("{name} takes more than {most} characters");
    };
    assert_eq!(error.code(), "too-long", "{name}");
    assert!(error.to_string().contains(&most.to_string()), "{error}");
}
