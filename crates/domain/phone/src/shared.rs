//! What the phones of one reactor share.

use std::collections::HashMap;

use onhook_device::{Secret, SecretRef};
use onhook_macros::{Expanded, Template};
use onhook_params::{Bases, Delta, Entry, ValueId, Values, intern};
use zeroize::Zeroizing;

use crate::rule::Cold;
use crate::{Model, ModelId};

/// How many templates are kept; beyond that the table starts anew.
const TEMPLATES: usize = 4096;

/// Names a decoded profile in [`Shared`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DecodedId(u32);

/// Texts, models, templates and decoded profiles of one reactor.
#[derive(Default)]
pub struct Shared {
    /// Interned texts.
    pub values: Values,
    /// Base sets of parameters.
    pub bases: Bases,
    pub(crate) models: Models,
    pub(crate) templates: Templates,
    decoded: Vec<Option<Vec<Entry>>>,
    free_decoded: Vec<u32>,
    #[expect(
        clippy::vec_box,
        reason = "the boxes themselves go to phones and come back, without an allocation"
    )]
    pub(crate) cold: Vec<Box<Cold>>,
    pub(crate) expanded: Option<Box<Expanded>>,
    pub(crate) secret_text: Zeroizing<String>,
}

impl Shared {
    /// An empty set; `seed` keys the hash of the interned texts.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self {
            values: Values::with_seed(seed),
            ..Self::default()
        }
    }

    /// Adds a model.
    pub fn add_model(&mut self, model: Model) -> ModelId {
        self.models.add(model)
    }

    /// Interns a decoded profile until a phone has taken it in.
    pub fn put_decoded(&mut self, delta: &Delta) -> DecodedId {
        let entries = intern(delta, &mut self.values);
        self.put_entries(entries)
    }

    /// Keeps what a decoded profile asks for, in order of parameter, until a phone has taken it in; the uses of its
    /// texts pass to the table.
    pub fn put_entries(&mut self, entries: Vec<Entry>) -> DecodedId {
        if let Some(index) = self.free_decoded.pop()
            && let Some(slot) = self.decoded.get_mut(index as usize)
        {
            *slot = Some(entries);
            return DecodedId(index);
        }
        self.decoded.push(Some(entries));
        DecodedId(u32::try_from(self.decoded.len() - 1).unwrap_or(u32::MAX))
    }

    /// What a decoded profile asks for, in order of parameter; nothing once a phone has taken it in.
    #[must_use]
    pub fn decoded(&self, id: DecodedId) -> &[Entry] {
        let kept = self.decoded.get(id.0 as usize);
        kept.and_then(Option::as_deref).unwrap_or(&[])
    }

    /// Takes a decoded profile out; the uses of its texts pass to the caller.
    pub(crate) fn take_decoded(&mut self, id: DecodedId) -> Option<Vec<Entry>> {
        let entries = self.decoded.get_mut(id.0 as usize)?.take()?;
        self.free_decoded.push(id.0);
        Some(entries)
    }

    /// Forgets a decoded profile that no phone wants.
    pub fn drop_decoded(&mut self, id: DecodedId) {
        if let Some(entries) = self.take_decoded(id) {
            self.release(&entries);
        }
    }

    pub(crate) fn release(&mut self, entries: &[Entry]) {
        for value in entries.iter().filter_map(|entry| entry.value) {
            self.values.release(value);
        }
    }

    /// A copy of a secret for an executor; `None` for an unknown handle.
    #[must_use]
    pub fn secret(&self, secret: SecretRef) -> Option<Secret> {
        let id = ValueId::of_secret(secret)?;
        Some(Secret::from(self.values.expose(id)))
    }

    /// Frees texts that nobody uses. Drivers call it after the effects of a batch.
    pub fn sweep(&mut self) {
        self.values.sweep();
    }
}

/// The models of one reactor.
#[derive(Default)]
pub(crate) struct Models(Vec<Model>);

impl Models {
    fn add(&mut self, model: Model) -> ModelId {
        self.0.push(model);
        // One model for each kind of phone and load: far below u16.
        ModelId(u16::try_from(self.0.len() - 1).unwrap_or(u16::MAX))
    }

    pub(crate) fn get(&self, id: ModelId) -> Option<&Model> {
        self.0.get(usize::from(id.0))
    }
}

/// Templates by unexpanded text.
#[derive(Default)]
pub(crate) struct Templates(HashMap<Box<str>, Template>);

impl Templates {
    /// The template of a text, compiled at its first use.
    pub(crate) fn get(&mut self, text: &str) -> Option<&Template> {
        if !self.0.contains_key(text) {
            if self.0.len() >= TEMPLATES {
                self.0.clear();
            }
            self.0.insert(text.into(), Template::compile(text));
        }
        self.0.get(text)
    }
}
