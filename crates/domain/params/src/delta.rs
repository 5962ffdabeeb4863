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
        let held = usize::from(*place)
            .checked_sub(1)
            .and_then(|at| self.delta.entries.get_mut(at));
        let Some(held) = held else {
            // There are fewer parameters than u16 has numbers.
            *place = (self.delta.entries.len() + 1) as u16;
            let value = setting.value.map(|text| append(&mut self.delta.text, text));
            self.delta.entries.push(Entry {
                id: setting.id,
                value,
                access: setting.access,
                preserve: setting.preserve,
            });
            return false;
        };
        //= R-APP-2
        if let Some(text) = setting.value {
            let same = held
                .value
                .clone()
                .and_then(|r| self.delta.text.get(r.start as usize..r.end as usize))
                == Some(text);
            if !same {
                held.value = Some(append(&mut self.delta.text, text));
            }
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

/// Puts a text behind the others. A buffer that is too small is replaced by a larger one and wiped.
fn append(all: &mut Zeroizing<String>, text: &str) -> Range<u32> {
    if all.capacity() - all.len() < text.len() {
        let room = (all.len() + text.len()).saturating_mul(2);
        let mut larger = Zeroizing::new(String::with_capacity(room));
        larger.push_str(all);
        *all = larger;
    }
    // Texts are bounded by the 32 MiB limit of an inflated profile.
    let start = all.len() as u32;
    all.push_str(text);
    start..all.len() as u32
}
