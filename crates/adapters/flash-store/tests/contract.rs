//! The store on a real directory passes the contract suites of its ports, and names what is wrong with a directory.

#![expect(clippy::unwrap_used, reason = "a test may end at a broken invariant")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_device::{Family, Release};
use onhook_flash_store::{CommitStep, FlashStore};
use onhook_params::port::{ConfigStore, StoreErrorKind, StoredParam};
use onhook_params::{ParamId, Scope};
use onhook_phone::port::{StateStore, TrustStore};
use onhook_testkit::contract::{
    self, Changes, ConfigStoreFixture, StateStoreFixture, TrustStoreFixture,
};
use tempfile::TempDir;

const SCOPE: Scope = Scope::new(Family::Mpp, Release::R11_3);

/// A directory that is copied at each step of a commit: what a copy holds is what a killed process leaves.
struct Directory {
    root: TempDir,
    store: Option<Arc<FlashStore>>,
    writes_before: u64,
}

impl Directory {
    fn new() -> Self {
        Self {
            root: TempDir::new().unwrap(),
            store: None,
            writes_before: 0,
        }
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("state")
    }

    fn reopen(&mut self) -> Arc<FlashStore> {
        self.writes_before += self.store.take().map_or(0, |store| store.writes());
        let store = Arc::new(FlashStore::open(&self.path(), SCOPE).unwrap());
        self.store = Some(store.clone());
        store
    }

    fn count(&self) -> u64 {
        self.writes_before + self.store.as_ref().map_or(0, |store| store.writes())
    }

    /// Opens the store with a hook that copies its directory.
    fn reopen_with_copies(&mut self) -> (Arc<FlashStore>, Arc<Mutex<Vec<PathBuf>>>) {
        let store = self.reopen();
        let copies = Arc::new(Mutex::new(Vec::new()));
        let (made, from) = (copies.clone(), self.path());
        let number = self.count();
        let root = self.root.path().to_owned();
        store.on_commit(Arc::new(move |file, step: CommitStep| {
            let to = root.join(format!("{number} {} {step:?}", file.name()));
            copy(&from, &to);
            made.lock().unwrap().push(to);
        }));
        (store, copies)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[async_trait]
impl ConfigStoreFixture for Directory {
    fn scope(&self) -> Scope {
        SCOPE
    }

    async fn open(&mut self) -> Arc<dyn ConfigStore> {
        self.reopen()
    }

    fn writes(&self) -> u64 {
        self.count()
    }

    async fn loads_after_cuts(&mut self, changes: Changes<'_>) -> Vec<Vec<StoredParam>> {
        let (store, copies) = self.reopen_with_copies();
        assert!(store.commit(changes()).await.unwrap());
        let copies = std::mem::take(&mut *copies.lock().unwrap());
        assert_eq!(copies.len(), 6);
        let mut found = Vec::new();
        for copy in copies {
            found.push(
                FlashStore::open(&copy, SCOPE)
                    .unwrap()
                    .load()
                    .await
                    .unwrap(),
            );
        }
        found
    }

    fn refuse_writes(&mut self) {
        // A directory in the place of the temporary file stops every commit, even one by root.
        fs::create_dir(self.path().join("params.bin.tmp")).unwrap();
    }

    fn accept_writes(&mut self) {
        fs::remove_dir(self.path().join("params.bin.tmp")).unwrap();
    }
}

#[async_trait]
impl StateStoreFixture for Directory {
    async fn open(&mut self) -> Arc<dyn StateStore> {
        self.reopen()
    }

    fn writes(&self) -> u64 {
        self.count()
    }

    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        let (store, copies) = self.reopen_with_copies();
        assert!(store.save_state(record).await.unwrap());
        let copies = std::mem::take(&mut *copies.lock().unwrap());
        let mut found = Vec::new();
        for copy in copies {
            found.push(
                FlashStore::open(&copy, SCOPE)
                    .unwrap()
                    .load_state()
                    .await
                    .unwrap(),
            );
        }
        found
    }
}

#[async_trait]
impl TrustStoreFixture for Directory {
    async fn open(&mut self) -> Arc<dyn TrustStore> {
        self.reopen()
    }

    fn writes(&self) -> u64 {
        self.count()
    }

    async fn loads_after_cuts(&mut self, record: &[u8]) -> Vec<Option<Vec<u8>>> {
        let (store, copies) = self.reopen_with_copies();
        assert!(store.save_trust(record).await.unwrap());
        let copies = std::mem::take(&mut *copies.lock().unwrap());
        let mut found = Vec::new();
        for copy in copies {
            let store = FlashStore::open(&copy, SCOPE).unwrap();
            found.push(store.load_trust().await.unwrap());
        }
        found
    }
}

//= R-FLS-1 type=test
//= R-FLS-2 type=test
#[tokio::test]
async fn a_directory_keeps_the_contract_of_the_custom_ca() {
    contract::trust_store(&mut Directory::new()).await;
}

//= R-FLS-1 type=test
//= R-FLS-2 type=test
#[tokio::test]
async fn a_directory_keeps_the_contract_of_the_parameters() {
    contract::config_store(&mut Directory::new()).await;
}

//= R-FLS-1 type=test
//= R-FLS-2 type=test
#[tokio::test]
async fn a_directory_keeps_the_contract_of_the_state() {
    contract::state_store(&mut Directory::new()).await;
}

fn param(value: &str) -> Vec<StoredParam> {
    vec![StoredParam {
        id: ParamId::lookup("GPP_A", &SCOPE).unwrap(),
        value: Some(value.to_owned().into()),
        access: None,
        user_set: false,
    }]
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_and_folders_are_for_the_owner_alone() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("a/b");
    let store = FlashStore::open(&path, SCOPE).unwrap();
    store.commit(param("x")).await.unwrap();
    store.save_state(b"x").await.unwrap();
    assert_eq!((mode(&path), mode(&root.path().join("a"))), (0o700, 0o700));
    let mut names = Vec::new();
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600);
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["lock", "params.bin", "state.bin"]);
}

#[tokio::test]
async fn only_one_process_writes_and_others_read_beside_it() {
    let root = TempDir::new().unwrap();
    let writer = FlashStore::open(root.path(), SCOPE).unwrap();
    let error = FlashStore::open(root.path(), SCOPE).err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Locked);
    let shown = error.to_string();
    assert!(
        shown.contains(root.path().to_str().unwrap()) && shown.contains("running agent"),
        "{shown}"
    );
    let reader = FlashStore::open_read(root.path(), SCOPE).unwrap();
    for value in ["one", "two"] {
        writer.commit(param(value)).await.unwrap();
        let loaded = reader.load().await.unwrap();
        assert_eq!(loaded[0].value.as_ref().unwrap().as_str(), value);
    }
    writer.save_state(b"s").await.unwrap();
    assert_eq!(
        reader.load_state().await.unwrap().as_deref(),
        Some(b"s".as_slice())
    );
    for error in [
        reader.commit(param("three")).await.err().unwrap(),
        reader.reset().await.err().unwrap(),
        reader.save_state(b"t").await.err().unwrap(),
        reader.reset_state().await.err().unwrap(),
        reader.save_trust(b"t").await.err().unwrap(),
        reader.reset_trust().await.err().unwrap(),
    ] {
        assert!(error.to_string().contains("reading only"), "{error}");
    }
    drop(writer);
    FlashStore::open(root.path(), SCOPE).unwrap();
}

#[tokio::test]
async fn a_directory_that_does_not_exist_reads_as_empty_and_is_not_created() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("none");
    let reader = FlashStore::open_read(&path, SCOPE).unwrap();
    assert!(reader.load().await.unwrap().is_empty());
    assert_eq!(reader.load_state().await.unwrap(), None);
    assert!(!path.exists());
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("file");
    fs::write(&path, "x").unwrap();
    for error in [
        FlashStore::open(&path, SCOPE).err().unwrap(),
        FlashStore::open(&path.join("below"), SCOPE).err().unwrap(),
        FlashStore::open_read(&path, SCOPE).err().unwrap(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Medium);
        let shown = error.to_string();
        assert!(shown.contains(path.to_str().unwrap()), "{shown}");
        assert!(
            shown.contains("a file stands where a directory is needed"),
            "{shown}"
        );
    }
}

#[test]
fn remains_of_a_commit_are_removed_at_the_start() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("params.bin.tmp"), "half").unwrap();
    fs::write(root.path().join("other.tmp"), "not ours").unwrap();
    FlashStore::open(root.path(), SCOPE).unwrap();
    assert!(!root.path().join("params.bin.tmp").exists());
    assert!(root.path().join("other.tmp").exists());
}

#[tokio::test]
async fn a_damaged_file_stays_where_it_is_until_a_reset() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("params.bin");
    fs::write(&file, "OHPS no parameters").unwrap();
    let store = FlashStore::open(root.path(), SCOPE).unwrap();
    let error = store.load().await.err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
    store.reset().await.unwrap();
    assert!(store.load().await.unwrap().is_empty());
    assert!(root.path().join("params.bin.damaged").exists());
}
