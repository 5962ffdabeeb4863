//! What is printed of a load.

use std::fmt::Write as _;

use onhook_crypto::KeyId;
use onhook_upgrade::Manifest;
use serde::Serialize;

/// The document of `--json`.
#[derive(Serialize)]
pub(super) struct Shown {
    schema: &'static str,
    name: String,
    family: String,
    version: String,
    counter: u32,
    block_size: u32,
    blocks: u32,
    bytes: u64,
    identity: String,
    signature: SignatureShown,
    components: Vec<ComponentShown>,
}

#[derive(Serialize)]
struct SignatureShown {
    key: Option<String>,
    /// `good`, `bad`, `unknown-key`, `unchecked` or `none`.
    state: &'static str,
}

#[derive(Serialize)]
struct ComponentShown {
    name: String,
    bytes: u64,
    sha256: String,
    first_block: u32,
    /// `good`, `missing`, `other-size`, `other-content` or `unchecked`.
    state: &'static str,
    /// The first block that is wrong, from 0 within the component.
    first_wrong_block: Option<u32>,
}

/// How a signature stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good(KeyId),
    Bad(KeyId),
    UnknownKey(KeyId),
    Unchecked(KeyId),
    None,
}

/// How a component stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Missing,
    OtherSize,
    OtherContent(Option<u32>),
    Unchecked,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Missing => "missing",
            Self::OtherSize => "other-size",
            Self::OtherContent(_) => "other-content",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Shown {
    pub(super) fn of(manifest: &Manifest, standing: Standing, states: &[State]) -> Self {
        let (key, state) = match standing {
            Standing::Good(key) => (Some(key), "good"),
            Standing::Bad(key) => (Some(key), "bad"),
            Standing::UnknownKey(key) => (Some(key), "unknown-key"),
            Standing::Unchecked(key) => (Some(key), "unchecked"),
            Standing::None => (None, "none"),
        };
        let states = states
            .iter()
            .copied()
            .chain(std::iter::repeat(State::Unchecked));
        Self {
            schema: "onhook.load/1",
            name: manifest.name.clone(),
            family: manifest.family.clone(),
            version: manifest.version.clone(),
            counter: manifest.counter,
            block_size: manifest.block_size,
            blocks: manifest.block_count(),
            bytes: manifest.size(),
            identity: manifest.identity.to_string(),
            signature: SignatureShown {
                key: key.map(|key| key.to_string()),
                state,
            },
            components: manifest
                .components()
                .iter()
                .zip(states)
                .map(|(component, state)| ComponentShown {
                    name: component.name.clone(),
                    bytes: component.size,
                    sha256: component.sha256.to_string(),
                    first_block: component.first_block,
                    state: state.word(),
                    first_wrong_block: match state {
                        State::OtherContent(block) => block,
                        State::Good | State::Missing | State::OtherSize | State::Unchecked => None,
                    },
                })
                .collect(),
        }
    }

    /// Whether nothing is wrong.
    pub(super) fn is_good(&self) -> bool {
        matches!(self.signature.state, "good" | "unchecked")
            && self
                .components
                .iter()
                .all(|component| matches!(component.state, "good" | "unchecked"))
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let signature = match (&self.signature.key, self.signature.state) {
            (Some(key), "good") => format!("good, by the key {key}"),
            (Some(key), "bad") => format!("bad: not what the key {key} signed"),
            (Some(key), "unknown-key") => format!("by the key {key}, which is not trusted"),
            (Some(key), _) => format!("by the key {key}, not checked: give --public"),
            (None, _) => "none".to_owned(),
        };
        let mut text = format!(
            "load {}\nfamily {}, version {}, security counter {}\n{} bytes in {} blocks of {}\nsignature: {signature}\nidentity {}\n",
            self.name,
            self.family,
            self.version,
            self.counter,
            self.bytes,
            self.blocks,
            self.block_size,
            self.identity
        );
        for component in &self.components {
            let ComponentShown {
                name, bytes, state, ..
            } = component;
            let state = match (*state, component.first_wrong_block) {
                ("other-size", _) => "not what was signed: its size is another".to_owned(),
                ("other-content", Some(block)) => {
                    format!("not what was signed, from its block {block} on")
                }
                ("other-content", None) => "not what was signed".to_owned(),
                (word, _) => word.to_owned(),
            };
            // Writing to a text does not fail.
            let _ = writeln!(text, "component {name}, {bytes} bytes: {state}");
        }
        text
    }
}
