use onhook_device::{Family, Release};
use onhook_params::UserAccess;
use onhook_params::port::StoreErrorKind;
use proptest::prelude::*;

use super::sim::{Event, SimDisk};
use super::*;

#[path = "search.rs"]
mod search;

use search::{Careless, search as search_cuts};

impl Inner {
    fn load_state(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.load_record(StoredFile::State)
    }

    fn save_state(&self, record: &[u8]) -> Result<bool, StoreError> {
        self.save_record(StoredFile::State, STATE_RECORD_LIMIT, record)
    }

    fn reset_state(&self) -> Result<(), StoreError> {
        self.reset_record(StoredFile::State)
    }
}

const SCOPE: Scope = Scope::new(Family::Mpp, Release::R11_3);

/// The store as after a start of the program.
fn open(disk: &SimDisk) -> Result<Inner, StoreError> {
    let right = Right::Write { _lock: None };
    let store = Inner::new(Box::new(disk.clone()), Path::new("/state"), SCOPE, right);
    store.medium.settle()?;
    Ok(store)
}

fn param(name: &str, value: &str) -> StoredParam {
    StoredParam {
        id: ParamId::lookup(name, &SCOPE).unwrap(),
        value: (!value.is_empty()).then(|| value.to_owned().into()),
        access: None,
        user_set: false,
    }
}

/// Everything that is stored, for comparisons.
type All = (Vec<(String, String)>, Option<Vec<u8>>);

fn all(store: &Inner) -> Result<All, StoreError> {
    let params = store.load()?.into_iter().map(|p| {
        let value = p.value.map_or(String::new(), |v| v.to_string());
        (p.id.name().to_string(), value)
    });
    Ok((params.collect(), store.load_state()?))
}

/// One change of what is stored.
#[derive(Clone, Debug)]
enum Act {
    Commit(Vec<(&'static str, String)>),
    Reset,
    Save(Vec<u8>),
    ResetState,
}

impl Act {
    fn on(&self, store: &Inner) -> Result<(), StoreError> {
        match self {
            Self::Commit(changes) => {
                let changes = changes.iter().map(|(name, value)| param(name, value));
                store.commit(changes.collect()).map(drop)
            }
            Self::Reset => store.reset(),
            Self::Save(record) => store.save_state(record).map(drop),
            Self::ResetState => store.reset_state(),
        }
    }

    /// What a perfect store would hold afterwards.
    fn on_model(&self, model: &All) -> All {
        let disk = SimDisk::default();
        let store = open(&disk).unwrap();
        let params = model.0.iter().map(|(name, value)| param(name, value));
        store.commit(params.collect()).unwrap();
        if let Some(record) = &model.1 {
            store.save_state(record).unwrap();
        }
        self.on(&store).unwrap();
        all(&store).unwrap()
    }
}

fn script() -> Vec<Act> {
    let commit = |changes: &[(&'static str, &str)]| {
        Act::Commit(changes.iter().map(|(n, v)| (*n, (*v).to_owned())).collect())
    };
    vec![
        commit(&[("GPP_A", "1"), ("GPP_B", "1"), ("GPP_SA", "secret")]),
        Act::Save(b"first".to_vec()),
        commit(&[("GPP_A", "2"), ("GPP_B", "2"), ("GPP_C", "2")]),
        commit(&[("GPP_A", ""), ("GPP_B", &"long ".repeat(1000))]),
        Act::Save(b"second".to_vec()),
        Act::ResetState,
        Act::Reset,
        commit(&[("GPP_A", "3")]),
    ]
}

/// Plays acts until the power fails; gives what was acknowledged last and what was under way.
fn play(store: &Inner, disk: &SimDisk, acts: &[Act], mut model: All) -> (All, All) {
    for act in acts {
        let next = act.on_model(&model);
        match act.on(store) {
            Ok(()) => model = next,
            Err(error) => {
                assert!(!disk.is_on(), "{error}");
                return (model, next);
            }
        }
    }
    (model.clone(), model)
}

fn operations_of(acts: &[Act]) -> u64 {
    let disk = SimDisk::default();
    play(&open(&disk).unwrap(), &disk, acts, All::default());
    disk.operations()
}

/// Cuts the power at an operation of the acts, and again at one of the start after that.
fn cut(acts: &[Act], at: u64, again: u64, chance: u64) {
    let disk = SimDisk::default();
    disk.at_operation(at, Event::Cut);
    let (old, new) = match open(&disk) {
        Ok(store) => play(&store, &disk, acts, All::default()),
        Err(_) => Default::default(),
    };
    disk.restart(chance);
    disk.at_operation(again, Event::Cut);
    // A cut while old drafts are removed is no error of the start, but the power is off all the same.
    let _ = open(&disk);
    disk.repair();
    if !disk.is_on() {
        disk.restart(chance + 1);
    }
    let store = open(&disk).unwrap();
    let found = all(&store).unwrap();
    assert!(
        found == old || found == new,
        "cut at {at}, chance {chance}: {found:?} is neither {old:?} nor {new:?}"
    );
    assert!(
        !disk.names().iter().any(|name| name.ends_with(".tmp")),
        "a draft was left behind"
    );
    // The store works on, and what it was found to hold stays.
    store.save_state(b"afterwards").unwrap();
    disk.restart(chance + 2);
    let store = open(&disk).unwrap();
    assert_eq!(
        all(&store).unwrap(),
        (found.0, Some(b"afterwards".to_vec()))
    );
}

//= R-FLS-1 type=test
#[test]
fn a_power_cut_at_any_operation_leaves_the_old_or_the_new_state() {
    let acts = script();
    for at in 1..=operations_of(&acts) + 1 {
        for chance in 0..60 {
            cut(&acts, at, 1 + chance % 4, chance);
        }
    }
}

/// How many states are searched; `cargo xtask power-cuts` asks for more.
fn states_wanted() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test program is told by its caller"
    )]
    let wanted = std::env::var("ONHOOK_POWER_CUT_STATES");
    wanted.map_or(50_000, |text| text.parse().unwrap())
}

//= R-FLS-1 type=test
#[test]
fn every_state_that_a_power_cut_can_leave_holds_the_old_or_the_new_set() {
    let wanted = states_wanted();
    let done = search_cuts(wanted, Careless::Nowhere).unwrap_or_else(|what| panic!("{what}"));
    assert_eq!(done.states, wanted);
    println!("{} states of {} scripts", done.states, done.scripts);
}

#[test]
fn the_search_finds_a_store_that_is_careless() {
    for careless in [Careless::NoFileSync, Careless::NoDirSync, Careless::InPlace] {
        let found = search_cuts(20_000, careless);
        assert!(found.is_err(), "{careless:?}: {found:?}");
    }
}

#[test]
fn what_a_killed_process_left_is_made_durable_before_it_is_used() {
    let acts = script();
    for at in 1..=operations_of(&acts) {
        let disk = SimDisk::default();
        disk.at_operation(at, Event::Break);
        if let Ok(store) = open(&disk) {
            // A kill loses nothing that other programs see.
            let _ = acts.iter().try_for_each(|act| act.on(&store));
        }
        disk.repair();
        let found = all(&open(&disk).unwrap()).unwrap();
        disk.restart(at);
        assert_eq!(all(&open(&disk).unwrap()).unwrap(), found, "killed at {at}");
    }
}

#[test]
fn one_failing_operation_leaves_the_former_state_and_the_store_works_on() {
    let acts = script();
    for at in 1..=operations_of(&acts) {
        let disk = SimDisk::default();
        let store = open(&disk).unwrap();
        disk.at_operation(at, Event::Fail);
        let mut model = All::default();
        for act in &acts {
            let next = act.on_model(&model);
            match act.on(&store) {
                Ok(()) => model = next,
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Medium);
                    let shown = error.to_string();
                    assert!(
                        shown.contains("/state") && shown.contains("free some"),
                        "{shown}"
                    );
                    assert!(
                        disk.names().iter().all(|name| !name.ends_with(".tmp")),
                        "failed at {at}"
                    );
                    assert_eq!(all(&store).unwrap(), model, "failed at {at}");
                    disk.restart(at);
                    assert_eq!(all(&store).unwrap(), model, "failed at {at}, then cut");
                    act.on(&store).unwrap();
                    model = next;
                }
            }
        }
        assert_eq!(all(&store).unwrap(), model);
    }
}

fn any_act() -> impl Strategy<Value = Act> {
    let name = prop::sample::select(vec![
        "GPP_A",
        "GPP_B",
        "GPP_SA",
        "Profile_Rule",
        "Resync_Periodic",
    ]);
    prop_oneof![
        6 => prop::collection::vec((name, "[a-z]{0,9}|[x]{600}"), 0..4).prop_map(Act::Commit),
        1 => Just(Act::Reset),
        3 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Save),
        1 => Just(Act::ResetState),
    ]
}

proptest! {
    #[test]
    fn no_power_cut_loses_or_mixes_anything(
        acts in prop::collection::vec(any_act(), 1..8), at in 1_u64..60, again in 1_u64..6, chance in any::<u32>(),
    ) {
        cut(&acts, at, again, u64::from(chance));
    }
}

//= R-APP-7 type=test
#[test]
fn nothing_is_written_when_nothing_changed() {
    let disk = SimDisk::default();
    let store = open(&disk).unwrap();
    assert!(store.commit(vec![param("GPP_A", "x")]).unwrap());
    let operations = disk.operations();
    assert!(
        !store
            .commit(vec![param("GPP_A", "x"), param("GPP_B", "")])
            .unwrap()
    );
    store.reset_state().unwrap();
    assert_eq!((disk.operations(), store.medium.writes()), (operations, 1));
}

fn write_params(disk: &SimDisk, names: &[&str]) {
    let held = Held {
        value: Some("v".to_owned().into()),
        access: Some(UserAccess::Ro),
        user_set: true,
    };
    let entries: Entries = names
        .iter()
        .map(|name| ((*name).to_owned(), held.clone()))
        .collect();
    let content = codec::encode(&entries).unwrap();
    disk.overwrite(
        "params.bin",
        &codec::wrap(StoredFile::Params, &content).unwrap(),
    );
}

fn stored_names(disk: &SimDisk) -> Vec<String> {
    let raw = disk.read("params.bin").unwrap().unwrap();
    codec::decode(&raw).unwrap().into_keys().collect()
}

#[test]
fn names_that_the_registry_does_not_know_are_kept_and_not_loaded() {
    let disk = SimDisk::default();
    write_params(&disk, &["GPP_A", "From_The_Future"]);
    let store = open(&disk).unwrap();
    assert_eq!(store.load().unwrap().len(), 1);
    store.commit(vec![param("GPP_B", "x")]).unwrap();
    assert_eq!(stored_names(&disk), ["From_The_Future", "GPP_A", "GPP_B"]);
    store.reset().unwrap();
    assert!(stored_names(&disk).is_empty());
}

#[test]
fn a_name_of_old_becomes_the_one_of_today() {
    let old = SCOPE_10_4_NAME;
    let scope = Scope::new(Family::Mpp, Release::R10_4);
    let today = ParamId::lookup(old, &scope).unwrap().name().to_string();
    assert_ne!(old, today);
    let disk = SimDisk::default();
    write_params(&disk, &[old]);
    let right = Right::Write { _lock: None };
    let store = Inner::new(Box::new(disk.clone()), Path::new("/state"), scope, right);
    let loaded = store.load().unwrap();
    assert_eq!(loaded[0].id.name().to_string(), today);
    let change = StoredParam {
        id: loaded[0].id,
        value: None,
        access: None,
        user_set: true,
    };
    store.commit(vec![change]).unwrap();
    assert_eq!(stored_names(&disk), [today]);
}

/// Has another name for a parameter in release 10.4.
const SCOPE_10_4_NAME: &str = "Resync_DHCP_Option_To_Use";

#[test]
fn a_damaged_file_is_named_and_kept_until_a_reset_sets_it_aside() {
    let disk = SimDisk::default();
    disk.overwrite("params.bin", b"OHPSgarbage canary");
    disk.overwrite("state.bin", b"");
    let store = open(&disk).unwrap();
    for error in [
        store.load().err().unwrap(),
        store.commit(vec![param("GPP_A", "x")]).err().unwrap(),
        store.load_state().err().unwrap(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Damaged);
        let shown = error.to_string();
        assert!(
            shown.contains(".bin is damaged at byte ") && shown.contains("reset"),
            "{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(disk.names(), ["params.bin", "state.bin"]);
    store.reset().unwrap();
    assert!(store.load().unwrap().is_empty());
    store.save_state(b"new").unwrap();
    assert_eq!(
        store.load_state().unwrap().as_deref(),
        Some(b"new".as_slice())
    );
    assert_eq!(
        disk.names(),
        ["params.bin.damaged", "state.bin", "state.bin.damaged"]
    );
    let kept = disk.read("params.bin.damaged").unwrap().unwrap();
    assert_eq!(kept.as_slice(), b"OHPSgarbage canary");
    // What can be read is reset for good, with what was set aside.
    store.reset().unwrap();
    store.reset_state().unwrap();
    assert_eq!(disk.names(), [""; 0]);
    disk.overwrite("state.bin", b"OHST");
    store.reset_state().unwrap();
    assert_eq!(store.load_state().unwrap(), None);
    assert_eq!(disk.names(), ["state.bin.damaged"]);
}

#[test]
fn the_steps_of_a_commit_come_in_order() {
    let store = open(&SimDisk::default()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, at) = (seen.clone(), |file| move |step| (file, step));
    store.medium.set_hook(Arc::new(move |file, step| {
        log.lock().unwrap().push((file, step))
    }));
    store.commit(vec![param("GPP_A", "x")]).unwrap();
    store.commit(vec![param("GPP_A", "x")]).unwrap();
    store.save_state(b"x").unwrap();
    use crate::hook::CommitStep::{Begin, Done, Kept, Renamed, Synced, Written};
    let steps = [Begin, Written, Synced, Kept, Renamed, Done];
    let params = steps.map(at(StoredFile::Params));
    let state = steps.map(at(StoredFile::State));
    assert_eq!(*seen.lock().unwrap(), [params, state].concat());
}

#[test]
fn a_set_that_is_too_large_is_refused_before_anything_is_written() {
    let disk = SimDisk::default();
    let store = open(&disk).unwrap();
    let operations = disk.operations();
    let error = store
        .commit(vec![param("GPP_A", &"x".repeat(LARGEST as usize))])
        .err()
        .unwrap();
    assert!(error.to_string().contains("limit"), "{error}");
    assert_eq!(disk.operations(), operations);
}

/// A store whose file and former file are known.
fn with_two_generations() -> (SimDisk, Inner) {
    let disk = SimDisk::default();
    let store = open(&disk).unwrap();
    store
        .commit(vec![param("GPP_A", "1"), param("GPP_SA", "first")])
        .unwrap();
    store.save_state(b"first").unwrap();
    (disk, store)
}

//= R-FLS-1 type=test
#[test]
fn any_flipped_bit_and_any_cut_of_a_file_brings_the_one_before_back() {
    let (disk, store) = with_two_generations();
    let before = all(&store).unwrap();
    store.commit(vec![param("GPP_A", "2")]).unwrap();
    store.save_state(b"second").unwrap();
    let now = all(&store).unwrap();
    for (file, expected) in [
        ("params.bin", (before.0.clone(), now.1.clone())),
        ("state.bin", (now.0.clone(), before.1)),
    ] {
        let whole = disk.read(file).unwrap().unwrap().to_vec();
        let flips = (0..whole.len() * 8).map(|bit| {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let cuts = (0..whole.len()).map(|len| whole[..len].to_vec());
        let longer = std::iter::once([whole.as_slice(), b"x"].concat());
        for bytes in flips.chain(cuts).chain(longer) {
            disk.overwrite(file, &bytes);
            assert_eq!(
                all(&open(&disk).unwrap()).unwrap(),
                expected,
                "{file} {bytes:02x?}"
            );
        }
        disk.overwrite(file, &whole);
    }
    assert_eq!(all(&store).unwrap(), now);
}

#[test]
fn a_store_with_a_damaged_file_works_on_from_the_one_before() {
    let (disk, store) = with_two_generations();
    store.commit(vec![param("GPP_A", "2")]).unwrap();
    disk.overwrite("params.bin", b"OHPSgarbage");
    let store_again = open(&disk).unwrap();
    assert!(store_again.commit(vec![param("GPP_B", "3")]).unwrap());
    let stored = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        stored("GPP_A", "1"),
        stored("GPP_B", "3"),
        stored("GPP_SA", "first"),
    ];
    assert_eq!(all(&store_again).unwrap().0, expected);
    let kept = disk.read("params.bin.damaged").unwrap().unwrap();
    assert_eq!(kept.as_slice(), b"OHPSgarbage");
    // The good one before is still there: one more accident is one too few to lose everything.
    disk.overwrite("params.bin", b"");
    assert_eq!(all(&open(&disk).unwrap()).unwrap().0.len(), 2);
    drop(store);
}

//= R-FLS-2 type=test
#[test]
fn nothing_of_before_comes_back_after_a_reset() {
    let (disk, store) = with_two_generations();
    store.commit(vec![param("GPP_A", "2")]).unwrap();
    store.save_state(b"second").unwrap();
    disk.overwrite("params.bin", b"OHPSfirst, and damaged");
    store.reset().unwrap();
    assert!(store.load().unwrap().is_empty());
    assert_eq!(disk.names(), ["state.bin", "state.bin.old"]);
    store.commit(vec![param("GPP_A", "first")]).unwrap();
    store.commit(vec![param("GPP_A", "2")]).unwrap();
    store.reset().unwrap();
    store.reset_state().unwrap();
    assert_eq!(disk.names(), ["params.bin"]);
    let bytes = disk.read("params.bin").unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("first"));
    disk.overwrite("params.bin", b"OHPSgarbage");
    assert_eq!(
        open(&disk).unwrap().load().err().map(|e| e.kind()),
        Some(StoreErrorKind::Damaged)
    );
}

#[test]
fn a_reset_of_a_damaged_store_leaves_the_factory_state() {
    for (file, former) in [
        (Some(b"bad".as_slice()), Some(b"bad".as_slice())),
        (Some(b"bad"), None),
        (None, Some(b"bad")),
    ] {
        let disk = SimDisk::default();
        for (name, bytes) in [("params.bin", file), ("params.bin.old", former)] {
            if let Some(bytes) = bytes {
                disk.overwrite(name, bytes);
            }
        }
        let store = open(&disk).unwrap();
        assert_eq!(
            store.load().err().map(|e| e.kind()),
            Some(StoreErrorKind::Damaged)
        );
        store.reset().unwrap();
        assert!(store.load().unwrap().is_empty());
        store.commit(vec![param("GPP_A", "1")]).unwrap();
        assert_eq!(store.load().unwrap().len(), 1);
    }
    // A file between two names is reset too.
    let (disk, store) = with_two_generations();
    disk.rename("params.bin", "params.bin.old").unwrap();
    assert_eq!(store.load().unwrap().len(), 2);
    store.reset().unwrap();
    assert!(store.load().unwrap().is_empty());
}
