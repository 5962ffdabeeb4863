//! Interned parameter values and other texts that phones name by id.

mod index;

use std::hash::Hasher as _;
use std::num::NonZeroU32;

use onhook_device::SecretRef;
use zeroize::Zeroizing;

use index::Index;

/// Names an interned text. Never 0, so an `Option` of it costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ValueId(NonZeroU32);

/// The bit that marks a secret text.
const SECRET: u32 = 1 << 31;

/// How many unused texts are kept before they are freed: a text that comes back soon,
/// such as the URL of a rule, then costs no allocation.
const KEPT_UNUSED: usize = 256;

/// How many texts are looked for together.
const TOGETHER: usize = 16;

impl ValueId {
    /// The handle of a secret text; `None` for a text that is not secret.
    #[must_use]
    pub const fn as_secret(self) -> Option<SecretRef> {
        if self.is_secret() {
            Some(SecretRef(self.0.get()))
        } else {
            None
        }
    }

    /// The text that a secret handle stands for.
    #[must_use]
    pub const fn of_secret(secret: SecretRef) -> Option<Self> {
        match NonZeroU32::new(secret.0) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// Whether the text is secret.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        self.0.get() & SECRET != 0
    }

    fn new(slot: usize, secrecy: Secrecy) -> Option<Self> {
        let number = u32::try_from(slot).ok()?.checked_add(1)?;
        if number & SECRET != 0 {
            return None;
        }
        let mark = match secrecy {
            Secrecy::Plain => 0,
            Secrecy::Secret => SECRET,
        };
        NonZeroU32::new(number | mark).map(Self)
    }

    const fn slot(self) -> usize {
        (self.0.get() & !SECRET) as usize - 1
    }
}

/// Whether a text may be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Secrecy {
    /// It may.
    Plain,
    /// It never may.
    Secret,
}

#[derive(Default)]
struct Slot {
    text: Zeroizing<Box<str>>,
    refs: u32,
    secret: bool,
}

/// Texts shared by all phones of one reactor, counted by use.
///
/// Equal texts of equal secrecy have one id. `intern` counts one use, `release` ends one; unused texts are
/// freed, and wiped, a little later. Ids depend only on the order of calls.
#[derive(Default)]
pub struct Values {
    slots: Vec<Slot>,
    index: Index,
    free: Vec<u32>,
    unused: Vec<ValueId>,
    seed: u64,
}

impl Values {
    /// An empty table whose hash is keyed by `seed`, so that outside data cannot aim at collisions.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self {
            seed,
            unused: Vec::with_capacity(2 * KEPT_UNUSED),
            ..Self::default()
        }
    }

    /// Finds or adds a text and counts one use of it.
    ///
    /// Allocates only for a text that is not there yet. With 2^31 - 1 texts in use a further one is
    /// answered with `None`.
    pub fn intern(&mut self, text: &str, secrecy: Secrecy) -> Option<ValueId> {
        self.intern_hashed(text, secrecy, self.hash(text, secrecy))
    }

    /// Interns several texts, one after the other, as [`Values::intern`] does.
    ///
    /// In a large table nearly every text has to be waited for: these are waited for together.
    pub fn intern_all<'t>(
        &mut self,
        texts: impl IntoIterator<Item = (&'t str, Secrecy)>,
        mut each: impl FnMut(Option<ValueId>),
    ) {
        let mut texts = texts.into_iter();
        let mut together = [("", Secrecy::Plain, 0); TOGETHER];
        loop {
            let mut filled = 0;
            for (place, (text, secrecy)) in together.iter_mut().zip(texts.by_ref()) {
                let hash = self.hash(text, secrecy);
                self.index.fetch(hash);
                *place = (text, secrecy, hash);
                filled += 1;
            }
            for (text, secrecy, hash) in together.iter().take(filled) {
                each(self.intern_hashed(text, *secrecy, *hash));
            }
            if filled < TOGETHER {
                return;
            }
        }
    }

    fn intern_hashed(&mut self, text: &str, secrecy: Secrecy, hash: u64) -> Option<ValueId> {
        let secret = secrecy == Secrecy::Secret;
        let is_it = |number: u32| {
            let slot = self.slots.get(number as usize);
            slot.is_some_and(|slot| slot.secret == secret && **slot.text == *text)
        };
        if let Some(number) = self.index.find(hash, is_it) {
            let slot = self.slots.get_mut(number as usize)?;
            slot.refs = slot.refs.saturating_add(1);
            return ValueId::new(number as usize, secrecy);
        }
        let index = match self.free.pop() {
            Some(index) => index as usize,
            None => {
                self.slots.push(Slot::default());
                self.slots.len() - 1
            }
        };
        let id = ValueId::new(index, secrecy)?;
        *self.slots.get_mut(index)? = Slot {
            text: Zeroizing::new(text.into()),
            refs: 1,
            secret,
        };
        self.index.insert(hash, u32::try_from(index).ok()?);
        Some(id)
    }

    /// Counts one more use of a text.
    pub fn retain(&mut self, id: ValueId) {
        if let Some(slot) = self.slots.get_mut(id.slot()) {
            slot.refs = slot.refs.saturating_add(1);
        }
    }

    /// Ends one use of a text. The text stays readable until [`Values::sweep`].
    pub fn release(&mut self, id: ValueId) {
        let Some(slot) = self.slots.get_mut(id.slot()) else {
            return;
        };
        // A saturated count is never given back: such a text stays for good.
        if slot.refs == u32::MAX || slot.refs == 0 {
            return;
        }
        slot.refs -= 1;
        if slot.refs == 0 {
            self.unused.push(id);
        }
    }

    /// Frees texts that have been unused for a while. Call it between batches of inputs.
    pub fn sweep(&mut self) {
        if self.unused.len() > KEPT_UNUSED {
            self.sweep_all();
        }
    }

    /// Frees all unused texts now.
    pub fn sweep_all(&mut self) {
        let mut unused = std::mem::take(&mut self.unused);
        for id in unused.drain(..) {
            let index = id.slot();
            // Used again since, or listed twice and freed already.
            let Some(slot) = self
                .slots
                .get(index)
                .filter(|slot| slot.refs == 0 && slot.secret == id.is_secret())
            else {
                continue;
            };
            let secrecy = match slot.secret {
                true => Secrecy::Secret,
                false => Secrecy::Plain,
            };
            let hash = self.hash(&slot.text, secrecy);
            if let Ok(number) = u32::try_from(index)
                && self.index.remove(hash, number)
                && let Some(slot) = self.slots.get_mut(index)
            {
                *slot = Slot::default();
                self.free.push(number);
            }
        }
        self.unused = unused;
    }

    /// The text, or `***` for a secret one.
    #[must_use]
    pub fn text(&self, id: ValueId) -> &str {
        if id.is_secret() {
            return "***";
        }
        self.slots.get(id.slot()).map_or("", |slot| &slot.text)
    }

    /// The text even if it is secret; never log or store what comes back.
    #[must_use]
    pub fn expose(&self, id: ValueId) -> &str {
        self.slots.get(id.slot()).map_or("", |slot| &slot.text)
    }

    /// The number of texts in use or kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no text is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, text: &str, secrecy: Secrecy) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write(text.as_bytes());
        hasher.write_u8(u8::from(secrecy == Secrecy::Secret));
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_texts_share_an_id_and_secrets_stay_apart() {
        let mut values = Values::default();
        let plain = values.intern("k", Secrecy::Plain).unwrap();
        let secret = values.intern("k", Secrecy::Secret).unwrap();
        assert_eq!(values.intern("k", Secrecy::Plain), Some(plain));
        assert_ne!(plain, secret);
        assert_eq!((values.text(plain), values.text(secret)), ("k", "***"));
        assert_eq!(values.expose(secret), "k");
        assert_eq!(
            ValueId::of_secret(secret.as_secret().unwrap()),
            Some(secret)
        );
        assert_eq!(plain.as_secret(), None);
    }

    #[test]
    fn an_unused_text_is_freed_and_its_slot_reused() {
        let mut values = Values::default();
        let a = values.intern("a", Secrecy::Plain).unwrap();
        values.release(a);
        assert_eq!(values.text(a), "a");
        values.sweep_all();
        assert!(values.is_empty());
        assert_eq!(values.intern("b", Secrecy::Plain), Some(a));
        assert_eq!(values.text(a), "b");
    }

    #[test]
    fn a_text_used_again_before_the_sweep_survives_it() {
        let mut values = Values::default();
        let a = values.intern("a", Secrecy::Plain).unwrap();
        values.release(a);
        assert_eq!(values.intern("a", Secrecy::Plain), Some(a));
        values.sweep_all();
        assert_eq!(values.text(a), "a");
        values.release(a);
        values.sweep_all();
        assert!(values.is_empty());
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_a_simple_model(ops in prop::collection::vec((0_u8..4, 0_u8..12), 0..200)) {
            let mut values = Values::default();
            let mut held: Vec<(ValueId, String)> = Vec::new();
            for (op, n) in ops {
                match op {
                    0 | 1 => {
                        let text = format!("t{n}");
                        let secrecy = if n % 2 == 0 { Secrecy::Plain } else { Secrecy::Secret };
                        held.push((values.intern(&text, secrecy).unwrap(), text));
                    }
                    2 if !held.is_empty() => {
                        let (id, _) = held.swap_remove(usize::from(n) % held.len());
                        values.release(id);
                    }
                    _ => values.sweep_all(),
                }
                for (id, text) in &held {
                    prop_assert_eq!(values.expose(*id), text);
                }
            }
            values.sweep_all();
            let distinct: std::collections::BTreeSet<_> = held.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(values.len(), distinct.len());
        }
    }
}
