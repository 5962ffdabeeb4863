//! Parameters in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use onhook_params::port::{ConfigStore, StoreError, StoredParam};
use onhook_params::{ParamId, UserAccess};
use zeroize::Zeroizing;

use super::{Power, lock};

/// A [`ConfigStore`] in memory whose power can be cut at any durable write.
///
/// It is its own oracle: [`MemoryConfigStore::acknowledged`] says what the last commit that returned `Ok`
/// left, which is what a restart may never fall behind.
#[derive(Default)]
pub struct MemoryConfigStore {
    power: Power,
    sets: Mutex<Sets>,
}

#[derive(Default)]
struct Sets {
    durable: Set,
    acknowledged: Set,
}

type Set = BTreeMap<ParamId, Held>;

#[derive(Clone, PartialEq)]
struct Held {
    value: Option<Zeroizing<String>>,
    access: Option<UserAccess>,
    user_set: bool,
}

impl MemoryConfigStore {
    /// An empty store that draws from a power supply, which other stores may share.
    #[must_use]
    pub fn with_power(power: Power) -> Self {
        Self {
            power,
            sets: Mutex::default(),
        }
    }

    /// An empty store with its own power supply.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The power supply of the store.
    #[must_use]
    pub fn power(&self) -> &Power {
        &self.power
    }

    /// What the last acknowledged change left, in order of id, even while the power is off.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<StoredParam> {
        list(&lock(&self.sets).acknowledged)
    }

    /// The stored value of a parameter, even while the power is off.
    #[must_use]
    pub fn value(&self, id: ParamId) -> Option<String> {
        let sets = lock(&self.sets);
        let value = sets.durable.get(&id)?.value.as_ref()?;
        Some(value.as_str().to_owned())
    }

    fn replace(&self, new: Set) -> Result<(), StoreError> {
        self.power
            .write(|| lock(&self.sets).durable.clone_from(&new))?;
        lock(&self.sets).acknowledged = new;
        Ok(())
    }
}

fn list(set: &Set) -> Vec<StoredParam> {
    set.iter()
        .map(|(id, held)| StoredParam {
            id: *id,
            value: held.value.clone(),
            access: held.access,
            user_set: held.user_set,
        })
        .collect()
}

#[async_trait]
impl ConfigStore for MemoryConfigStore {
    async fn load(&self) -> Result<Vec<StoredParam>, StoreError> {
        self.power.read(|| list(&lock(&self.sets).durable))
    }

    async fn commit(&self, changes: Vec<StoredParam>) -> Result<bool, StoreError> {
        let old = self.power.read(|| lock(&self.sets).durable.clone())?;
        let mut new = old.clone();
        for change in changes {
            let held = Held {
                value: change.value,
                access: change.access,
                user_set: change.user_set,
            };
            if held.value.is_none() && held.access.is_none() && !held.user_set {
                new.remove(&change.id);
            } else {
                new.insert(change.id, held);
            }
        }
        if new == old {
            return Ok(false);
        }
        self.replace(new).map(|()| true)
    }

    async fn reset(&self) -> Result<(), StoreError> {
        self.replace(Set::new())
    }
}
