//! The obligations of [`ConfigStore`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_params::port::{ConfigStore, StoreErrorKind, StoredParam};
use onhook_params::{ParamId, Scope, UserAccess};
use zeroize::Zeroizing;

use super::success;

/// Makes the same changes as often as they are needed.
pub type Changes<'c> = &'c (dyn Fn() -> Vec<StoredParam> + Send + Sync);

/// What is stored, in a form that can be compared: id, value, right, user mark.
pub type Plain = (ParamId, Option<String>, Option<UserAccess>, bool);

/// A store whose medium can be cut off, made to fail, and looked at.
#[async_trait]
pub trait ConfigStoreFixture: Send {
    /// The scope in which the store knows parameters.
    fn scope(&self) -> Scope;

    /// Opens the store as after a restart; every store opened before has been dropped.
    async fn open(&mut self) -> Arc<dyn ConfigStore>;

    /// How often the medium was written durably so far.
    fn writes(&self) -> u64;

    /// Commits with the power failing at every moment in turn, and gives what `load` finds after each.
    ///
    /// At last it commits without a cut. Every store opened before has been dropped.
    async fn loads_after_cuts(&mut self, changes: Changes<'_>) -> Vec<Vec<StoredParam>>;

    /// Makes every write fail from now on.
    fn refuse_writes(&mut self);

    /// Ends [`ConfigStoreFixture::refuse_writes`].
    fn accept_writes(&mut self);
}

/// Checks an empty store against every obligation of the port.
pub async fn config_store(fixture: &mut dyn ConfigStoreFixture) {
    a_new_store_is_empty(fixture).await;
    load_gives_what_was_committed_in_order_of_id(fixture).await;
    a_commit_replaces_what_it_names_and_keeps_the_rest(fixture).await;
    of_a_parameter_given_twice_the_last_one_counts(fixture).await;
    a_commit_without_change_writes_nothing(fixture).await;
    an_entry_that_says_nothing_removes_the_parameter(fixture).await;
    a_power_cut_leaves_the_old_or_the_new_set(fixture).await;
    a_failed_commit_leaves_the_former_state(fixture).await;
    reset_empties_the_store_durably(fixture).await;
}

/// What is stored, without the protection of secrets, for comparisons.
#[must_use]
pub fn plain(stored: &[StoredParam]) -> Vec<Plain> {
    stored
        .iter()
        .map(|p| {
            (
                p.id,
                p.value.as_ref().map(|v| v.to_string()),
                p.access,
                p.user_set,
            )
        })
        .collect()
}

#[track_caller]
fn id(fixture: &dyn ConfigStoreFixture, name: &str) -> ParamId {
    let Some(id) = ParamId::lookup(name, &fixture.scope()) else {
        panic!("the registry has no {name}");
    };
    id
}

fn value(id: ParamId, value: &str) -> StoredParam {
    StoredParam {
        id,
        value: Some(Zeroizing::new(value.to_owned())),
        access: None,
        user_set: false,
    }
}

async fn commit(fixture: &mut dyn ConfigStoreFixture, changes: Vec<StoredParam>) -> bool {
    let store = fixture.open().await;
    success("a commit", store.commit(changes).await)
}

/// What a store that is opened anew loads.
async fn load(fixture: &mut dyn ConfigStoreFixture) -> Vec<Plain> {
    let store = fixture.open().await;
    plain(&success("a load", store.load().await))
}

async fn a_new_store_is_empty(fixture: &mut dyn ConfigStoreFixture) {
    assert!(
        load(fixture).await.is_empty(),
        "the suite starts with an empty store"
    );
}

async fn load_gives_what_was_committed_in_order_of_id(fixture: &mut dyn ConfigStoreFixture) {
    let (rule, a, secret) = (
        id(fixture, "Profile_Rule"),
        id(fixture, "GPP_A"),
        id(fixture, "GPP_SA"),
    );
    let periodic = id(fixture, "Resync_Periodic");
    let mut expected: Vec<Plain> = vec![
        (
            rule,
            Some("http://h/$MA.xml".into()),
            Some(UserAccess::Rw),
            true,
        ),
        (a, Some(String::new()), None, false),
        (
            secret,
            Some("geheim \u{0} é\n".into()),
            Some(UserAccess::Na),
            false,
        ),
        (periodic, None, Some(UserAccess::Ro), false),
    ];
    let changes = expected
        .iter()
        .rev()
        .map(|(id, value, access, user_set)| StoredParam {
            id: *id,
            value: value.clone().map(Zeroizing::new),
            access: *access,
            user_set: *user_set,
        })
        .collect();
    assert!(commit(fixture, changes).await, "a change is written");
    expected.sort_by_key(|entry| entry.0);
    assert_eq!(load(fixture).await, expected);
}

async fn a_commit_replaces_what_it_names_and_keeps_the_rest(fixture: &mut dyn ConfigStoreFixture) {
    let (rule, a) = (id(fixture, "Profile_Rule"), id(fixture, "GPP_A"));
    let before = load(fixture).await;
    assert!(commit(fixture, vec![value(rule, "/b.xml"), value(a, "A")]).await);
    let after = load(fixture).await;
    let kept = |set: &[Plain]| -> Vec<Plain> {
        set.iter()
            .filter(|p| p.0 != rule && p.0 != a)
            .cloned()
            .collect()
    };
    assert_eq!(kept(&after), kept(&before));
    assert!(
        after.contains(&(rule, Some("/b.xml".into()), None, false)),
        "the whole entry is replaced"
    );
    assert!(after.contains(&(a, Some("A".into()), None, false)));
}

async fn of_a_parameter_given_twice_the_last_one_counts(fixture: &mut dyn ConfigStoreFixture) {
    let a = id(fixture, "GPP_A");
    assert!(commit(fixture, vec![value(a, "first"), value(a, "last")]).await);
    let stored: Vec<Plain> = load(fixture)
        .await
        .into_iter()
        .filter(|p| p.0 == a)
        .collect();
    assert_eq!(stored, [(a, Some("last".into()), None, false)]);
}

async fn a_commit_without_change_writes_nothing(fixture: &mut dyn ConfigStoreFixture) {
    let (a, b) = (id(fixture, "GPP_A"), id(fixture, "GPP_B"));
    commit(fixture, vec![value(a, "same")]).await;
    let writes = fixture.writes();
    assert!(
        !commit(fixture, vec![value(a, "same")]).await,
        "nothing was to be written"
    );
    assert!(!commit(fixture, Vec::new()).await);
    let absent = StoredParam {
        id: b,
        value: None,
        access: None,
        user_set: false,
    };
    assert!(
        !commit(fixture, vec![absent]).await,
        "what is absent cannot be removed"
    );
    assert_eq!(fixture.writes(), writes);
    assert!(commit(fixture, vec![value(a, "other")]).await);
    assert!(fixture.writes() > writes, "a change is counted");
}

async fn an_entry_that_says_nothing_removes_the_parameter(fixture: &mut dyn ConfigStoreFixture) {
    let a = id(fixture, "GPP_A");
    let gone = StoredParam {
        id: a,
        value: None,
        access: None,
        user_set: false,
    };
    assert!(commit(fixture, vec![gone]).await);
    assert!(load(fixture).await.iter().all(|p| p.0 != a));
}

async fn a_power_cut_leaves_the_old_or_the_new_set(fixture: &mut dyn ConfigStoreFixture) {
    let ids = ["GPP_A", "GPP_B", "GPP_SA", "Profile_Rule"].map(|name| id(fixture, name));
    for round in 0..3 {
        let changes = move || ids.map(|id| value(id, &format!("round {round}"))).into();
        let old = load(fixture).await;
        let found = fixture.loads_after_cuts(&changes).await;
        let new = load(fixture).await;
        assert_ne!(old, new, "the commit without a cut is in force");
        assert!(!found.is_empty(), "the fixture cuts at no moment");
        for stored in found {
            let stored = plain(&stored);
            assert!(
                stored == old || stored == new,
                "a cut left a mix: {stored:?}"
            );
        }
    }
}

async fn a_failed_commit_leaves_the_former_state(fixture: &mut dyn ConfigStoreFixture) {
    let a = id(fixture, "GPP_A");
    let old = load(fixture).await;
    let store = fixture.open().await;
    fixture.refuse_writes();
    match store.commit(vec![value(a, "never stored")]).await {
        Ok(_) => panic!("the medium refused, yet the commit succeeded"),
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::Medium);
            assert!(
                !error.to_string().contains("never stored"),
                "a value is in the error"
            );
        }
    }
    if store.reset().await.is_ok() {
        panic!("the medium refused, yet the reset succeeded");
    }
    assert_eq!(
        plain(&success("a load after a failure", store.load().await)),
        old
    );
    fixture.accept_writes();
    drop(store);
    assert_eq!(load(fixture).await, old);
    assert!(
        commit(fixture, vec![value(a, "stored now")]).await,
        "the store works on after a failure"
    );
}

async fn reset_empties_the_store_durably(fixture: &mut dyn ConfigStoreFixture) {
    let store = fixture.open().await;
    success("a reset", store.reset().await);
    assert!(plain(&success("a load", store.load().await)).is_empty());
    drop(store);
    assert!(load(fixture).await.is_empty());
}
