//! What differs between two profiles.

use std::collections::{BTreeMap, BTreeSet};

use onhook_crypto::port::NoSecrets;
use onhook_params::{ParamId, Scope, UserAccess};
use onhook_profile::{DecodeError, DecodeSpec, decode};
use serde::Serialize;

use crate::Secrets;
use crate::flash::shown;
use crate::style::{Paint, Style, one_line};

/// The document of `diff`.
#[derive(Debug, Serialize)]
pub struct Difference {
    schema: &'static str,
    /// The parameters that the files set in different ways, in order of the registry.
    pub differences: Vec<Differing>,
}

/// A parameter that two files set in different ways.
#[derive(Debug, Serialize)]
pub struct Differing {
    /// Its element name.
    pub parameter: String,
    /// What the first file says; `None` if it says nothing.
    pub a: Option<Said>,
    /// What the second file says; `None` if it says nothing.
    pub b: Option<Said>,
}

/// What a file says of a parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Said {
    /// The value; `None` if the file keeps it.
    pub value: Option<String>,
    /// The right of the User account; `None` if the file keeps it.
    pub ua: Option<&'static str>,
    /// Whether a value that the user set stays.
    pub preserve: bool,
}

/// What a profile says, by parameter.
pub struct Settings(BTreeMap<ParamId, Said>);

impl Settings {
    /// Reads a plain profile, or an export.
    ///
    /// # Errors
    /// A phone could not read the file.
    pub fn read(xml: &[u8], scope: &Scope) -> Result<Self, DecodeError> {
        let spec = DecodeSpec {
            scope: *scope,
            ..DecodeSpec::default()
        };
        let decoded = decode(xml.to_vec(), &spec, &NoSecrets)?;
        let settings = decoded.delta.iter().map(|setting| {
            let said = Said {
                value: setting.value.map(str::to_owned),
                ua: setting.access.map(UserAccess::as_str),
                preserve: setting.preserve,
            };
            (setting.id, said)
        });
        Ok(Self(settings.collect()))
    }

    fn shown(&self, id: ParamId, secrets: Secrets) -> Option<Said> {
        let mut said = self.0.get(&id)?.clone();
        said.value = said.value.map(|value| shown(id, &value, secrets));
        Some(said)
    }
}

/// Compares two profiles; values in their canonical spelling, which are masked afterwards.
#[must_use]
pub fn diff(a: &Settings, b: &Settings, secrets: Secrets) -> Difference {
    let ids: BTreeSet<ParamId> = a.0.keys().chain(b.0.keys()).copied().collect();
    let differ = |id: &ParamId| a.0.get(id) != b.0.get(id);
    let differences = ids.into_iter().filter(differ).map(|id| Differing {
        parameter: id.name().to_string(),
        a: a.shown(id, secrets),
        b: b.shown(id, secrets),
    });
    Difference {
        schema: "onhook.diff/1",
        differences: differences.collect(),
    }
}

impl Difference {
    /// Renders it for people: `-` what the first file says, `+` what the second one says.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for one in &self.differences {
            for (sign, paint, said) in [("-", Paint::Bad, &one.a), ("+", Paint::Good, &one.b)] {
                let Some(said) = said else { continue };
                let (on, off) = style.escapes(paint);
                out.push_str(&format!(
                    "{on}{sign} {}{}{off}\n",
                    one.parameter,
                    said.words()
                ));
            }
        }
        let count = match self.differences.len() {
            0 => "no differences".to_owned(),
            1 => "1 difference".to_owned(),
            number => format!("{number} differences"),
        };
        out + &count + "\n"
    }
}

impl Said {
    fn words(&self) -> String {
        let mut words = String::new();
        if let Some(ua) = self.ua {
            words.push_str(&format!(" ua={ua}"));
        }
        if self.preserve {
            words.push_str(" preserve-value");
        }
        if let Some(value) = &self.value {
            words.push_str(&format!(" = {}", one_line(value)));
        }
        words
    }
}
