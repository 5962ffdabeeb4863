//! Collects what the elements of a profile set.

use onhook_params::{Delta, DeltaBuilder, ParamId, Setting};

/// Bytes of XML that one element takes, at least, in files as phones get them.
const BYTES_PER_ELEMENT: usize = 64;
/// One byte in this many is part of a value, at most, in such files.
const VALUE_SHARE: usize = 4;

/// A delta under construction, and which parameters it sets.
pub(crate) struct Settings {
    builder: DeltaBuilder,
    elements: usize,
    reserved: usize,
    used: usize,
    seen: [u64; ParamId::COUNT.div_ceil(64)],
}

impl Settings {
    /// Room for the settings of a file of `len` bytes.
    pub(crate) fn for_file(len: usize) -> Self {
        let (elements, reserved) = (len / BYTES_PER_ELEMENT + 8, len / VALUE_SHARE + 256);
        Self {
            builder: DeltaBuilder::with_capacity(elements, reserved),
            elements,
            reserved,
            used: 0,
            seen: [0; _],
        }
    }

    /// Adds one setting; answers whether an earlier one was about the same parameter.
    pub(crate) fn push(&mut self, setting: Setting<'_>) -> bool {
        let len = setting.value.map_or(0, str::len);
        if self.used + len > self.reserved {
            self.grow(len);
        }
        self.used += len;
        self.builder.push(setting);
        self.mark(setting.id)
    }

    /// Marks a parameter as set; answers whether it was already.
    fn mark(&mut self, id: ParamId) -> bool {
        let raw = usize::from(id.raw());
        let Some(word) = self.seen.get_mut(raw / 64) else {
            return false;
        };
        let bit = 1 << (raw % 64);
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    /// Moves everything into larger buffers.
    ///
    /// The builder would grow by itself, but leave values behind in memory; a delta is wiped on drop.
    /// What is merged early merges to the same in the end.
    fn grow(&mut self, len: usize) {
        self.reserved = (self.used + len).saturating_mul(2);
        let larger = DeltaBuilder::with_capacity(self.elements, self.reserved);
        let merged = std::mem::replace(&mut self.builder, larger).finish();
        self.used = 0;
        for setting in merged.iter() {
            self.used += setting.value.map_or(0, str::len);
            self.builder.push(setting);
        }
    }

    /// One setting a parameter, the last of each.
    pub(crate) fn finish(self) -> Delta {
        //= R-APP-2
        self.builder.finish()
    }
}
