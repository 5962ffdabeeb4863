//! Interned parameter values and other texts that phones name by id.

mod blocks;
mod chunks;
mod index;
mod recent;
mod texts;

use std::hash::Hasher as _;
use std::num::NonZeroU32;

use onhook_device::SecretRef;

use crate::registry::hash;
use chunks::{Kind, Sort};
use index::Index;
use recent::Recent;
use texts::Texts;

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

    const fn secrecy(self) -> Secrecy {
        match self.is_secret() {
            true => Secrecy::Secret,
            false => Secrecy::Plain,
        }
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

    const fn number(self) -> u32 {
        (self.0.get() & !SECRET) - 1
    }

    const fn slot(self) -> usize {
        self.number() as usize
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

/// Texts shared by all phones of one reactor, counted by use.
///
/// [`Values::intern`] gives equal texts of equal secrecy one id. [`Values::intern_all`] does so for texts that came lately, so that a
/// value that no other phone has costs no search in a table of millions: whoever compares values asks [`Values::same`]. Both count one
/// use, `release` ends one; unused texts are freed, and wiped, a little later. Ids depend only on the order of calls.
#[derive(Default)]
pub struct Values {
    texts: Texts,
    names: Index,
    recent: Recent,
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

    /// A table that remembers fewer values than others, for tests: at most so many, or the next multiple of eight, of which some go earlier.
    #[must_use]
    pub fn forgetful(seed: u64, values: usize) -> Self {
        Self {
            recent: Recent::of(values),
            ..Self::with_seed(seed)
        }
    }

    /// Finds or adds a text and counts one use of it.
    ///
    /// Allocates only for a text that is not there yet. With 2^31 - 1 texts in use a further one is
    /// answered with `None`.
    pub fn intern(&mut self, text: &str, secrecy: Secrecy) -> Option<ValueId> {
        let hash = self.hash(text, secrecy);
        let sort = Sort {
            kind: Kind::Name,
            secrecy,
        };
        let is_it = |number| self.texts.is(number, text, sort);
        if let Some(number) = self.names.find(hash, is_it) {
            return self.texts.used(number, secrecy);
        }
        let id = self.texts.add(text, sort)?;
        self.names.insert(hash, id.number());
        Some(id)
    }

    /// Finds or adds several values, one after the other, and counts one use of each; one that came long ago may be added again.
    ///
    /// Allocates for many new texts at a time. What does not fit is answered with `None`, as by [`Values::intern`].
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
                *place = (text, secrecy, self.quick_hash(text, secrecy));
                filled += 1;
            }
            self.recent.fetch(together.iter().map(|(.., hash)| *hash));
            for (text, secrecy, hash) in together.iter().take(filled) {
                each(self.intern_value(text, *secrecy, *hash));
            }
            if filled < TOGETHER {
                return;
            }
        }
    }

    fn intern_value(&mut self, text: &str, secrecy: Secrecy, hash: u64) -> Option<ValueId> {
        let sort = Sort {
            kind: Kind::Value,
            secrecy,
        };
        let is_it = |number| self.texts.is(number, text, sort);
        if let Some(number) = self.recent.find(hash, is_it) {
            return self.texts.used(number, secrecy);
        }
        let id = self.texts.add(text, sort)?;
        self.recent.add(hash, id.number());
        Some(id)
    }

    /// Counts one more use of a text.
    pub fn retain(&mut self, id: ValueId) {
        self.texts.retain(id);
    }

    /// Ends one use of a text. The text stays readable until [`Values::sweep`].
    pub fn release(&mut self, id: ValueId) {
        if self.texts.release(id) {
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
            // Used again since, or listed twice and freed already.
            let Some(sort) = self.texts.unused(id) else {
                continue;
            };
            if sort.kind == Kind::Name {
                let hash = self.hash(self.expose(id), id.secrecy());
                self.names.remove(hash, id.number());
            }
            self.texts.remove(id);
        }
        self.unused = unused;
    }

    /// The text, or `***` for a secret one.
    #[must_use]
    pub fn text(&self, id: ValueId) -> &str {
        if id.is_secret() {
            return "***";
        }
        self.expose(id)
    }

    /// The text even if it is secret; never log or store what comes back.
    #[must_use]
    pub fn expose(&self, id: ValueId) -> &str {
        self.texts.text(id)
    }

    /// Whether two ids stand for the same text of the same secrecy.
    #[must_use]
    pub fn same(&self, one: ValueId, other: ValueId) -> bool {
        one == other
            || one.is_secret() == other.is_secret() && self.expose(one) == self.expose(other)
    }

    /// The number of texts in use or kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no text is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For a table of bounded size, where colliding texts cost a bounded search.
    fn quick_hash(&self, text: &str, secrecy: Secrecy) -> u64 {
        let key = match secrecy {
            Secrecy::Plain => self.seed,
            Secrecy::Secret => !self.seed,
        };
        hash::keyed(text, key)
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
mod tests;
