//! What a phone would change.

use std::collections::BTreeMap;

use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::{Secret, SecretRef};
use onhook_macros::{Expanded, MacroName, MacroSource as _, Template};
use onhook_params::known;
use onhook_profile::{DecodeError, DecodeSpec, Decoded, Limits, decode};
use onhook_rules::{RuleError, RuleKind, Selection};
use serde::Serialize;
use thiserror::Error;

use crate::flash::{Changed, Flash};
use crate::style::{Paint, Style, one_line};
use crate::{ModelPhone, Secrets};

/// How a file came.
#[derive(Debug, Default)]
pub struct Delivery {
    /// The argument of `--key`.
    pub key: Option<Secret>,
    /// The alias map of `--alias`; empty for none.
    pub aliases: String,
    /// Whether the server sent `Content-Encoding: aes128gcm`.
    pub aes128gcm: bool,
}

/// Why a rule says nothing about how a file comes.
#[derive(Debug, Error)]
pub enum DeliveryError {
    /// It cannot be read.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// It fetches nothing.
    #[error("the rule fetches nothing with these values: `explain` says why")]
    NoFetch,
}

impl Delivery {
    /// The options of the alternative that a rule selects.
    ///
    /// # Errors
    /// The rule cannot be read, or fetches nothing.
    pub fn by_rule(text: &str, phone: &ModelPhone) -> Result<Self, DeliveryError> {
        let mut expanded = Expanded::new();
        Template::compile(text).expand(phone, &mut expanded);
        let mut swver = String::new();
        phone.push_value(MacroName::SwVer, &mut swver);
        let (text, slots) = (expanded.text(), expanded.slots());
        let selection = onhook_rules::select(RuleKind::Profile, text, slots, &swver, &mut ())?;
        let alternative = match selection {
            Selection::Act(alternative) if alternative.url.is_some() => alternative,
            Selection::Act(_) | Selection::Skip => return Err(DeliveryError::NoFetch),
        };
        let options = &alternative.options;
        let key = options.key.as_ref().map(|argument| {
            let mut key = zeroize::Zeroizing::new(String::new());
            argument.bind(|register| phone.secret(register), &mut key);
            Secret::from(key.as_str())
        });
        let register = options.alias.and_then(|n| known::GPP.get(usize::from(n)));
        let aliases = register.and_then(|id| phone.parameter(&id.name().to_string()));
        Ok(Self {
            key,
            //= R-ALI-1
            aliases: aliases.unwrap_or_default().to_owned(),
            aes128gcm: false,
        })
    }
}

/// The document of `apply`: what changes, what was wrong with the file, and whether it is good.
#[derive(Debug, Serialize)]
pub struct Applied {
    schema: &'static str,
    /// The parameters whose values differ afterwards, with the new ones.
    pub changes: BTreeMap<String, String>,
    /// The rights of the User account that the file sets.
    pub ua: BTreeMap<String, &'static str>,
    /// What was wrong with the file and does no harm.
    pub warnings: Vec<Warned>,
    /// How many more warnings there were.
    pub more_warnings: usize,
    /// Whether the changes restart the phone.
    pub reboot: bool,
    /// How the file was encrypted; `None` if it is not good.
    pub container: Option<&'static str>,
    /// Whether the file was compressed; `None` if it is not good.
    pub gzip: Option<bool>,
    /// Why the file changes nothing.
    pub error: Option<Refused>,
    #[serde(skip)]
    changed: Vec<Changed>,
}

/// Something that was wrong with a file.
#[derive(Debug, Serialize)]
pub struct Warned {
    /// The word of the specification.
    pub code: &'static str,
    /// The element it is about; empty where there is none.
    pub subject: String,
    /// Line in the decoded XML, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a file changes nothing.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// The word of the specification.
    pub code: &'static str,
    /// Line in the decoded XML, counted from 1; `None` where there is no XML.
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    pub column: Option<u32>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Applies a fetched file to a phone on paper.
#[must_use]
pub fn apply(file: Vec<u8>, delivery: Delivery, flash: &mut Flash, secrets: Secrets) -> Applied {
    let mut applied = Applied {
        schema: "onhook.apply/1",
        changes: BTreeMap::new(),
        ua: BTreeMap::new(),
        warnings: Vec::new(),
        more_warnings: 0,
        reboot: false,
        container: None,
        gzip: None,
        error: None,
        changed: Vec::new(),
    };
    match decoded(file, delivery, flash) {
        Ok(decoded) => applied.take(&decoded, flash, secrets),
        Err(error) => {
            let position = error.position();
            applied.error = Some(Refused {
                code: error.code().as_str(),
                line: position.map(|(line, _)| line),
                column: position.map(|(_, column)| column),
                message: error.to_string(),
            });
        }
    }
    applied
}

fn decoded(file: Vec<u8>, delivery: Delivery, flash: &Flash) -> Result<Decoded, DecodeError> {
    //= R-GCM-2
    let ikm = Secret::from(flash.exposed(known::IKM_HTTP_ENCRYPT_CONTENT));
    let spec = DecodeSpec {
        scope: *flash.scope(),
        aliases: &delivery.aliases,
        key: delivery.key.as_ref().map(|_| KEY),
        ikm: Some(IKM),
        aes128gcm: delivery.aes128gcm,
        limits: Limits::default(),
    };
    let keys = Keys {
        key: delivery.key,
        ikm,
    };
    decode(file, &spec, &keys)
}

impl Applied {
    fn take(&mut self, decoded: &Decoded, flash: &mut Flash, secrets: Secrets) {
        self.changed = flash.apply(decoded, secrets);
        for changed in &self.changed {
            //= R-RBT-2
            self.reboot |= changed.id.pattern().reboot;
            self.changes
                .insert(changed.id.name().to_string(), changed.after.clone());
        }
        for setting in decoded.delta.iter() {
            if let Some(access) = setting.access {
                self.ua
                    .insert(setting.id.name().to_string(), access.as_str());
            }
        }
        let warnings = decoded.diagnostics.iter().map(|warning| Warned {
            code: warning.code.as_str(),
            subject: warning.subject.to_string(),
            line: warning.line,
            column: warning.column,
            message: warning.message(flash.scope()),
        });
        self.warnings = warnings.collect();
        self.more_warnings = decoded.diagnostics.dropped();
        self.container = Some(decoded.container.as_str());
        self.gzip = Some(decoded.gzip);
    }

    /// Renders it for people.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let mut lines: Vec<(Paint, String)> = Vec::new();
        let place = |line: Option<u32>, column: Option<u32>| match (line, column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            _ => String::new(),
        };
        if let Some(error) = &self.error {
            let place = place(error.line, error.column);
            // Errors with a place name it themselves.
            let message = error.message.strip_prefix(&place).unwrap_or(&error.message);
            let line = format!("error[{}]: {place}{message}", error.code);
            lines.push((Paint::Bad, line));
            lines.push((Paint::None, "nothing changes".to_owned()));
        }
        for changed in &self.changed {
            let (before, after) = (one_line(&changed.before), one_line(&changed.after));
            let line = format!(
                "{} = {}  (was {})",
                changed.id.name(),
                or_empty(&after),
                or_empty(&before)
            );
            lines.push((Paint::Good, line));
        }
        for (name, access) in &self.ua {
            let may = match *access {
                "na" => "may not see it",
                "ro" => "may read it",
                _ => "may change it",
            };
            lines.push((Paint::None, format!("{name}: User {may} ({access})")));
        }
        for warned in &self.warnings {
            let place = place(Some(warned.line), Some(warned.column));
            let line = format!("warning[{}]: {place}{}", warned.code, warned.message);
            lines.push((Paint::Strong, line));
        }
        if self.error.is_none() {
            let count = |number: usize, word: &str| match number {
                1 => format!("1 {word}"),
                _ => format!("{number} {word}s"),
            };
            let warnings = self.warnings.len() + self.more_warnings;
            let restart = if self.reboot {
                "; the phone restarts"
            } else {
                ""
            };
            let (changes, warnings) = (
                count(self.changes.len(), "change"),
                count(warnings, "warning"),
            );
            lines.push((Paint::None, format!("{changes}, {warnings}{restart}")));
        }
        lines
            .into_iter()
            .map(|(paint, line)| {
                let (on, off) = style.escapes(paint);
                format!("{on}{line}{off}\n")
            })
            .collect()
    }
}

/// The text, or a word for one that is not to be seen.
fn or_empty(text: &str) -> &str {
    if text.is_empty() { "empty" } else { text }
}

/// The secrets that one file is decoded with.
struct Keys {
    key: Option<Secret>,
    ikm: Secret,
}

const KEY: SecretRef = SecretRef(0);
const IKM: SecretRef = SecretRef(1);

impl KeyVault for Keys {
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        let held = match secret {
            KEY => self.key.as_ref(),
            IKM => Some(&self.ikm),
            _ => None,
        };
        use_it(held.ok_or(UnknownSecret(secret))?.expose());
        Ok(())
    }
}
