//! Choices, sets and yes-or-no.

/// The published spelling of a choice, compared without case (R-TYP-3).
pub fn choice(choices: impl IntoIterator<Item = &'static str>, text: &str) -> Option<&'static str> {
    //= R-TYP-3
    choices
        .into_iter()
        .find(|choice| choice.eq_ignore_ascii_case(text))
}

/// What `yes` or `no` say, in any case; no other word says either (R-TYP-2).
#[must_use]
pub const fn yes_no(text: &str) -> Option<bool> {
    //= R-TYP-2
    if text.eq_ignore_ascii_case("yes") {
        Some(true)
    } else if text.eq_ignore_ascii_case("no") {
        Some(false)
    } else {
        None
    }
}

/// Whether every member of a bar-joined set is among the published ones (R-TYP-14).
pub fn is_set_of(members: impl IntoIterator<Item = &'static str> + Clone, text: &str) -> bool {
    //= R-TYP-14
    text.split('|')
        .all(|member| choice(members.clone(), member.trim()).is_some())
}
