//! What a profile or an assignment sets.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::{ParamId, UserAccess};

/// What is set for one parameter; what is `None` stays as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Setting<'d> {
    /// The parameter.
    pub id: ParamId,
    /// The new value in canonical spelling; may be secret.
    pub value: Option<&'d str>,
    /// The new right of the User account.
    pub access: Option<UserAccess>,
    /// `preserve-value="y"`: a value set by the user stays.
    pub preserve: bool,
}

#[derive(Clone)]
struct Entry {
    id: ParamId,
    value: Option<Range<u32>>,
    access: Option<UserAccess>,
    preserve: bool,
}

/// What a profile or an assignment sets, one setting a parameter, in order of id.
///
/// All values lie in one buffer that is wiped on drop, for any of them may be secret.
#[derive(Default)]
pub struct Delta {
    text: Zeroizing<String>,
    entries: Vec<Entry>,
}

impl Delta {
    /// The number of parameters set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The settings in order of parameter id.
    pub fn iter(&self) -> impl Iterator<Item = Setting<'_>> {
        self.entries.iter().map(|entry| Setting {
            id: entry.id,
            value: entry
                .value
                .clone()
                .and_then(|r| self.text.get(r.start as usize..r.end as usize)),
            access: entry.access,
            preserve: entry.preserve,
        })
    }
}

impl Drop for Delta {
    fn drop(&mut self) {
        // Spare room is wiped in one stroke, a text byte by byte.
        self.text.clear();
    }
}

impl Delta {
    /// Puts a text behind the others.
    ///
    /// A buffer that is full is replaced by one with twice the room that the values in force need, and wiped: values that
    /// were replaced stay behind.
    fn append(&mut self, text: &str) -> Range<u32> {
        if self.text.capacity() - self.text.len() < text.len() {
            let live: usize = self
                .entries
                .iter()
                .filter_map(|e| e.value.as_ref())
                .map(ExactSizeIterator::len)
                .sum();
            let room = (live + text.len()).saturating_mul(2);
            let mut old =
                std::mem::replace(&mut self.text, Zeroizing::new(String::with_capacity(room)));
            for value in self.entries.iter_mut().filter_map(|e| e.value.as_mut()) {
                let kept = old.get(value.start as usize..value.end as usize);
                *value = push(&mut self.text, kept.unwrap_or_default());
            }
            old.clear();
        }
        push(&mut self.text, text)
    }
}

fn push(all: &mut String, text: &str) -> Range<u32> {
    // Texts are bounded by the 32 MiB limit of an inflated profile.
    let start = all.len() as u32;
    all.push_str(text);
    start..all.len() as u32
}

impl fmt::Debug for Delta {
    /// Names the parameters, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.iter().map(|e| e.id))
            .finish()
    }
}

/// Collects settings in document order; of each parameter the last value and the last right win (R-APP-2).
///
/// It never holds more than one setting a parameter, however long the document is, and leaves no value behind in memory.
pub struct DeltaBuilder {
    delta: Delta,
    /// Of each parameter: where its entry is, counted from 1; 0 without one.
    places: Box<[u16]>,
}

impl DeltaBuilder {
    /// An empty builder with room for `params` settings and `bytes` bytes of values; both grow.
    #[must_use]
    pub fn with_capacity(params: usize, bytes: usize) -> Self {
        Self {
            delta: Delta {
                text: Zeroizing::new(String::with_capacity(bytes)),
                entries: Vec::with_capacity(params.min(ParamId::COUNT)),
            },
            places: vec![0; ParamId::COUNT].into_boxed_slice(),
        }
    }

    /// Adds one setting; answers whether there was one of the same parameter.
    pub fn push(&mut self, setting: Setting<'_>) -> bool {
        let Some(place) = self.places.get_mut(usize::from(setting.id.raw())) else {
            return false;
        };
        let value = setting.value.map(|text| self.delta.append(text));
        let held = usize::from(*place)
            .checked_sub(1)
            .and_then(|at| self.delta.entries.get_mut(at));
        let Some(held) = held else {
            // There are fewer parameters than u16 has numbers.
            *place = (self.delta.entries.len() + 1) as u16;
            self.delta.entries.push(Entry {
                id: setting.id,
                value,
                access: setting.access,
                preserve: setting.preserve,
            });
            return false;
        };
        //= R-APP-2
        if value.is_some() {
            held.value = value;
            held.preserve = setting.preserve;
        }
        if setting.access.is_some() {
            held.access = setting.access;
        }
        true
    }

    /// Sorts by parameter.
    #[must_use]
    pub fn finish(mut self) -> Delta {
        self.delta.entries.sort_unstable_by_key(|entry| entry.id);
        self.delta
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known;

    #[test]
    fn values_that_were_replaced_take_no_room() {
        let mut builder = DeltaBuilder::with_capacity(0, 0);
        for n in 0..10_000 {
            for id in [known::GPP[0], known::GPP[1]] {
                builder.push(Setting {
                    id,
                    value: Some(&format!("{n:0100}")),
                    access: None,
                    preserve: false,
                });
            }
        }
        assert!(builder.delta.text.capacity() < 1_000);
        let delta = builder.finish();
        let last = format!("{:0100}", 9_999);
        assert!(delta.iter().all(|one| one.value == Some(&last)));
        assert_eq!(delta.len(), 2);
    }
}
