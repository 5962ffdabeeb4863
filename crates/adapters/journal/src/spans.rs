//! Which parts of a text may be secret.

use std::ops::Range;

use onhook_params::{Scope, assigned_secrets};
use onhook_rules::credential_spans;

/// The byte ranges that are not written as they are, in order and apart from each other: arguments of options, values
/// assigned to secret parameters, user names and passwords in URLs, and what is compared with a secret register.
pub(crate) fn spans(text: &str, scope: &Scope) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = credential_spans(text).collect();
    let compared = names_secret(text, &spans);
    spans.extend(assigned_secrets(text, scope));
    if compared {
        spans.extend(strings(text));
    }
    spans.sort_by_key(|span| span.start);
    let mut end = 0;
    spans.retain_mut(|span| {
        span.start = span.start.max(end);
        end = end.max(span.end);
        span.start < span.end
    });
    spans
}

/// Whether a secret register is named outside the arguments that may have one, where it has no value.
fn names_secret(text: &str, arguments: &[Range<usize>]) -> bool {
    let places = text.match_indices('$');
    let mut outside = places.filter(|(at, _)| !arguments.iter().any(|span| span.contains(at)));
    outside.any(|(at, mark)| {
        let name = text.get(at + mark.len()..).unwrap_or("");
        let name = name.strip_prefix('(').unwrap_or(name);
        matches!(name.as_bytes(), [b'S', b'A'..=b'D', ..])
    })
}

/// The insides of all strings, of one without an end too.
fn strings(text: &str) -> Vec<Range<usize>> {
    let mut quotes = text.match_indices('"').map(|(at, _)| at);
    std::iter::from_fn(|| {
        let start = quotes.next()? + 1;
        Some(start..quotes.next().unwrap_or(text.len()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    //= R-SEC-1 type=test
    #[test]
    fn what_may_be_secret_is_found() {
        let scope = Scope::default();
        for (text, expected) in [
            ("[--uid u --key k] http://h/a", &["u", "k"][..]),
            ("http://u:p@h/a@b | https://h/a@b", &["u:p"]),
            ("(\"$SA\" eq \"k\")? /a", &["$SA", "k"]),
            ("( $(SB:1) eq \"k)? /a", &["k)? /a"]),
            ("($A eq \"k\")? [--key $SA]/a", &["$SA"]),
            ("($A eq \"k\")? /$SWVER", &[]),
            ("(GPP_SA = \"s\")! [--key \"k\"]/a", &["s", "\"k\""]),
        ] {
            let spans = spans(text, &scope);
            let found: Vec<&str> = spans.into_iter().map(|span| &text[span]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
