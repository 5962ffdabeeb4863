//! Stand-ins for secrets.

use std::hash::{BuildHasher, RandomState};

use onhook_macros::{MacroName, Template};
use onhook_params::{ParamId, Scope, Secrecy, known, secrecy};
use onhook_rules::credential_spans;

use crate::spans::spans;

/// What every stand-in begins with.
const HIDDEN: &str = "hidden-";

/// Replaces secrets in what is written.
pub(crate) enum Hide {
    /// By stand-ins that only this run can make.
    Live {
        /// Its key is drawn at random and never written.
        hasher: RandomState,
        /// GPP_A..GPP_P, lowest first, that a rule uses in an argument that may not be shown.
        registers: u16,
    },
    /// Not at all: in a replay the stand-in is the secret.
    Replayed,
}

impl Hide {
    pub(crate) const fn live(hasher: RandomState) -> Self {
        let registers = 0;
        Self::Live { hasher, registers }
    }

    /// Notes the registers that a text uses in arguments that may not be shown.
    pub(crate) fn note(&mut self, text: &str) {
        let Self::Live { registers, .. } = self else {
            return;
        };
        for span in credential_spans(text) {
            let argument = Template::compile(text.get(span).unwrap_or(""));
            for name in argument.macros() {
                if let MacroName::Gpp(n) = name {
                    *registers |= 1_u16.checked_shl(u32::from(n)).unwrap_or(0);
                }
            }
        }
    }

    /// A secret text as it is written; an empty one is none.
    pub(crate) fn secret(&self, text: &str) -> String {
        match self {
            Self::Live { hasher, .. } if !text.is_empty() => {
                format!("{HIDDEN}{:016x}", hasher.hash_one(text))
            }
            Self::Live { .. } | Self::Replayed => text.to_owned(),
        }
    }

    /// A rule, or any other text, without its keys and passwords.
    pub(crate) fn plain(&self, text: &str, scope: &Scope) -> String {
        //= R-SEC-3
        let mut copy = String::with_capacity(text.len());
        let mut shown = 0;
        //= R-SEC-1
        for span in spans(text, scope) {
            let argument = text.get(span.clone()).unwrap_or("");
            copy.push_str(text.get(shown..span.start).unwrap_or(""));
            match is_reference(argument) {
                true => copy.push_str(argument),
                false => self.push_argument(argument, &mut copy),
            }
            shown = span.end;
        }
        copy.push_str(text.get(shown..).unwrap_or(""));
        copy
    }

    /// Appends an argument of an option; what it is made of stays, so that one that cannot be read cannot be read in a
    /// replay either.
    fn push_argument(&self, argument: &str, copy: &mut String) {
        let quoted = argument
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inside| !inside.contains('"'));
        if let Some(inside) = quoted {
            copy.push('"');
            copy.push_str(&self.secret(inside));
            copy.push('"');
            return;
        }
        for part in argument.split_inclusive(is_mark) {
            let word = part.trim_end_matches(is_mark);
            copy.push_str(&self.secret(word));
            copy.push_str(part.get(word.len()..).unwrap_or(""));
        }
    }

    /// The value of a parameter as it is written.
    pub(crate) fn value(&self, id: ParamId, text: &str, scope: &Scope) -> String {
        //= R-SEC-1
        let hidden = secrecy(id) == Secrecy::Secret || self.is_key(id);
        // What everybody knows is no secret, and a phone has to see that it is the factory value.
        if hidden && text != id.default(scope) {
            self.secret(text)
        } else {
            self.plain(text, scope)
        }
    }

    fn is_key(&self, id: ParamId) -> bool {
        let Self::Live { registers, .. } = self else {
            return false;
        };
        let register = known::GPP.iter().position(|gpp| *gpp == id);
        register.is_some_and(|n| registers >> n & 1 == 1)
    }
}

/// Whether a character is part of the language and not of a key.
const fn is_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '[' | ']' | '(' | ')' | '|' | '=' | ':' | ' ' | '\t' | '\r' | '\n'
    )
}

/// Whether an argument is one macro and nothing else, which shows nothing.
fn is_reference(argument: &str) -> bool {
    let name = argument.strip_prefix('$').unwrap_or("");
    let bare = name
        .strip_prefix('(')
        .and_then(|name| name.strip_suffix(')'))
        .unwrap_or(name);
    bare.split(':').next().and_then(MacroName::parse).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Hide {
        Hide::live(RandomState::new())
    }

    //= R-SEC-3 type=test
    #[test]
    fn keys_become_stand_ins_and_references_stay() {
        let hide = live();
        let scope = Scope::default();
        let rule = "[--key K1]/a | [--key $SA --pwd $(B:0:4)]/b | [--key k$A]/c";
        let written = hide.plain(rule, &scope);
        assert!(written.starts_with("[--key hidden-"), "{written}");
        assert!(
            written.contains("| [--key $SA --pwd $(B:0:4)]/b |"),
            "{written}"
        );
        assert!(
            !written.contains("K1") && !written.contains("k$A"),
            "{written}"
        );
        assert_eq!(Hide::Replayed.plain(&written, &scope), written);
        let written = hide.plain("(GPP_SA = \"s1\"; GPP_A = \"a\")! [--key k]/a", &scope);
        assert!(
            !written.contains("s1") && written.contains("\"a\""),
            "{written}"
        );
        assert!(!written.contains("--key k"), "{written}");
        for (argument, parts) in [
            ("\"a secret phrase\"", ["--key \"hidden-", "\"] /a"]),
            ("=s", ["--key =hidden-", "] /a"]),
            ("two words", ["--key hidden-", " hidden-"]),
            ("\"s", ["--key \"hidden-", " hidden-"]),
        ] {
            let written = hide.plain(&format!("[--uid s --key {argument}] /a"), &scope);
            assert!(written.starts_with("[--uid hidden-"), "{written}");
            assert!(parts.iter().all(|part| written.contains(part)), "{written}");
            assert_eq!(Hide::Replayed.plain(&written, &scope), written);
        }
    }

    #[test]
    fn equal_secrets_have_equal_stand_ins_in_one_run_only() {
        let (one, other) = (live(), live());
        assert_eq!(one.secret("pw"), one.secret("pw"));
        assert_ne!(one.secret("pw"), one.secret("pw2"));
        assert_ne!(one.secret("pw"), other.secret("pw"));
        assert_eq!(one.secret(""), "");
    }

    //= R-SEC-1 type=test
    #[test]
    fn a_register_is_hidden_while_a_rule_has_its_key_there() {
        let scope = Scope::default();
        let [a, b] = ["GPP_A", "GPP_B"].map(|name| ParamId::lookup(name, &scope).unwrap());
        let secret = ParamId::lookup("GPP_SA", &scope).unwrap();
        let mut hide = live();
        assert_eq!(hide.value(b, "site", &scope), "site");
        hide.note("[--key $B] http://h/$A");
        assert_eq!(hide.value(a, "site", &scope), "site");
        assert_ne!(hide.value(b, "site", &scope), "site");
        assert_ne!(hide.value(secret, "site", &scope), "site");
        assert_eq!(hide.value(secret, "", &scope), "");
    }
}
