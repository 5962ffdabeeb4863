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

/// Collects settings in document order and merges repeated ones.
#[derive(Default)]
pub struct DeltaBuilder {
    delta: Delta,
}

impl DeltaBuilder {
    /// An empty builder with room for `params` settings and `bytes` bytes of values.
    ///
    /// Reserve what is needed: a buffer that grows leaves unwiped copies of values behind.
    #[must_use]
    pub fn with_capacity(params: usize, bytes: usize) -> Self {
        Self {
            delta: Delta {
                text: Zeroizing::new(String::with_capacity(bytes)),
                entries: Vec::with_capacity(params),
            },
        }
    }

    /// Adds one setting behind the others.
    pub fn push(&mut self, setting: Setting<'_>) {
        let value = setting.value.map(|text| {
            // Texts are bounded by the 32 MiB limit of an inflated profile.
            let start = self.delta.text.len() as u32;
            self.delta.text.push_str(text);
            start..self.delta.text.len() as u32
        });
        self.delta.entries.push(Entry {
            id: setting.id,
            value,
            access: setting.access,
            preserve: setting.preserve,
        });
    }

    /// Sorts by parameter and merges: of each parameter the last value and the last right win.
    #[must_use]
    pub fn finish(mut self) -> Delta {
        //= R-APP-2
        self.delta.entries.sort_by_key(|entry| entry.id);
        self.delta.entries.dedup_by(|later, earlier| {
            if later.id != earlier.id {
                return false;
            }
            if later.value.is_some() {
                earlier.value = later.value.take();
                earlier.preserve = later.preserve;
            }
            if later.access.is_some() {
                earlier.access = later.access;
            }
            true
        });
        self.delta
    }
}
