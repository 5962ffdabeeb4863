//! Bad items in a good file.

use onhook_device::Family;
use onhook_params::{BadValue, ParamId, Scope};

use crate::position::Positions;

/// The words by which warnings are named in JSON and tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum WarningCode {
    /// `unknown`: no parameter has this name (R-XML-5).
    Unknown,
    /// `duplicate`: an earlier element set the parameter already (R-APP-2).
    Duplicate,
    /// `bad-value`: the value breaks the type of the parameter (R-APP-6).
    BadValue,
    /// `too-long`: the value is longer than the parameter takes (R-TYP-5).
    TooLong,
    /// `bad-ua`: the user right is not na, ro or rw (R-UA-4).
    BadUa,
    /// `nested`: a parameter with child elements (R-XML-15).
    Nested,
    /// `bare-ampersand`: an ampersand that begins no reference (D-XML-5).
    BareAmpersand,
    /// `comment-double-hyphen`: `--` inside a comment (D-XML-6).
    CommentDoubleHyphen,
    /// `alias-entry`: an entry of the alias map cannot be read, or is one too many (R-ALIAS-5).
    AliasEntry,
    /// `alias-target`: an entry of the alias map names no parameter.
    AliasTarget,
}

impl WarningCode {
    /// The word itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::BadValue => "bad-value",
            Self::TooLong => "too-long",
            Self::BadUa => "bad-ua",
            Self::Nested => "nested",
            Self::BareAmpersand => "bare-ampersand",
            Self::CommentDoubleHyphen => "comment-double-hyphen",
            Self::AliasEntry => "alias-entry",
            Self::AliasTarget => "alias-target",
        }
    }
}

/// The longest subject in bytes; element names of the registry have at most 47.
const SUBJECT: usize = 128;

/// One bad item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// What is wrong.
    pub code: WarningCode,
    /// The element name it is about; empty where there is none.
    pub subject: Box<str>,
    /// Line in the decoded XML, counted from 1; 1 for the alias map, which stands elsewhere.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    at: usize,
    bad: Option<BadValue>,
}

impl Warning {
    /// Says what is wrong and what to do; built only when asked for.
    ///
    /// Never quotes the value of a secret parameter.
    #[must_use]
    pub fn message(&self, scope: &Scope) -> String {
        let name = &self.subject;
        match self.code {
            WarningCode::Unknown => {
                let near = ParamId::nearest(name, scope).map(ParamId::name);
                match (elsewhere(name, scope), near) {
                    (Some((there, here)), Some(near)) => format!(
                        "{name} is a parameter of {there}, and {here} ignore it; do you mean {near}?"
                    ),
                    (Some((there, here)), None) => {
                        format!("{name} is a parameter of {there}, and {here} ignore it")
                    }
                    (None, Some(near)) => {
                        format!("no parameter is called {name}; did you mean {near}?")
                    }
                    (None, None) => {
                        format!("no parameter is called {name}, so the element is ignored")
                    }
                }
            }
            WarningCode::Duplicate => {
                format!("{name} was set before in this file; the last element counts")
            }
            WarningCode::BadValue | WarningCode::TooLong => match &self.bad {
                Some(bad) => bad.to_string(),
                None => format!("the value of {name} is not allowed; the old one stays"),
            },
            WarningCode::BadUa => {
                format!("the user right of {name} is ignored: write ua=\"na\", \"ro\" or \"rw\"")
            }
            WarningCode::Nested => {
                format!(
                    "{name} holds other elements, so it is skipped: a parameter holds text only"
                )
            }
            WarningCode::BareAmpersand => "this `&` is taken as it stands: write &amp;".to_owned(),
            WarningCode::CommentDoubleHyphen => {
                "this comment holds `--`, which other XML readers refuse".to_owned()
            }
            WarningCode::AliasEntry => "an entry of the alias map is passed over: \
                write /path/element = /flat-profile/Name, at most 30 times"
                .to_owned(),
            WarningCode::AliasTarget => match ParamId::nearest(name, scope) {
                Some(near) => format!(
                    "the alias map names {name}, which is no parameter; did you mean {}?",
                    near.name()
                ),
                None => format!("the alias map names {name}, which is no parameter"),
            },
        }
    }
}

/// The phones that know a name, and those that are spoken of here, if the former are others.
fn elsewhere(name: &str, scope: &Scope) -> Option<(&'static str, &'static str)> {
    let phones = |family| match family {
        Family::Mpp => "multiplatform phones",
        Family::Spa => "SPA phones and adapters",
    };
    let other = match scope.family {
        Family::Mpp => Family::Spa,
        Family::Spa => Family::Mpp,
    };
    ParamId::lookup(name, &Scope::new(other, scope.release))?;
    Some((phones(other), phones(scope.family)))
}

/// The warnings of one file in document order, up to a limit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Warning>,
    dropped: usize,
}

impl Diagnostics {
    /// How many warnings are kept; further ones are only counted.
    pub const LIMIT: usize = 1_000;

    /// The warnings that were kept, in document order.
    pub fn iter(&self) -> impl Iterator<Item = &Warning> {
        self.kept.iter()
    }

    /// The number of all warnings, kept or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len() + self.dropped
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The number of warnings that were only counted.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    pub(crate) fn push(
        &mut self,
        code: WarningCode,
        subject: &str,
        at: usize,
        bad: Option<BadValue>,
    ) {
        if self.kept.len() >= Self::LIMIT {
            self.dropped += 1;
            return;
        }
        self.kept.push(Warning {
            code,
            subject: subject
                .get(..subject.floor_char_boundary(SUBJECT))
                .unwrap_or("")
                .into(),
            line: 0,
            column: 0,
            at,
            bad,
        });
    }

    /// Orders the warnings by place and fills in lines and columns.
    pub(crate) fn locate(&mut self, text: &[u8]) {
        self.kept.sort_by_key(|warning| warning.at);
        let mut positions = Positions::new(text);
        for warning in &mut self.kept {
            (warning.line, warning.column) = positions.locate(warning.at);
        }
    }
}
