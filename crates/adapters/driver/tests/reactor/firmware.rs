//! Loads: fetched block by block, checked, written, activated, confirmed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use onhook_device::Outcome;
use onhook_driver::Exit;
use onhook_fetch::ErrorKind;
use onhook_phone::{Answer, Ask, Delay, LineUse, Notice, UpgradeNotice};
use onhook_testkit::contract::sample_load;
use onhook_testkit::fake::{FetchAnswer, MemorySlots};
use onhook_upgrade::{Held, Load, Slot};

use crate::world::{Home, Life, refused};

const RULE: &str = "[--uid me --pwd secret]http://h/fw/new.loads";
const ROOTFS: &str = "http://h:80/fw/rootfs.img";
const SIZES: [usize; 2] = [9000, 20_000];

/// A phone with slots whose rule names a load that its server has.
fn home() -> (Home, Arc<Load>, [Vec<u8>; 2]) {
    let (load, files) = sample_load("new", 3, SIZES);
    let mut home = Home::new().with("Upgrade_Rule", RULE).serving("");
    home.slots = Some(MemorySlots::default());
    home.fetch.answer("http://h:80/fw/new.loads", load.text());
    home.fetch.answer("http://h:80/fw/kernel.img", &*files[0]);
    home.fetch.answer(ROOTFS, &*files[1]);
    (home, load, files)
}

fn slots(home: &Home) -> &MemorySlots {
    home.slots.as_ref().unwrap()
}

fn is_whole(home: &Home) -> bool {
    matches!(slots(home).kept().b, Held::Whole(_))
}

fn outcomes(life: &Life) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (_, _, notice) in life.notices() {
        if let Notice::Upgrade(UpgradeNotice::Done(outcome)) = notice {
            outcomes.push(outcome);
        }
    }
    outcomes
}

/// Where each request for the large component began.
fn began(home: &Home) -> Vec<u64> {
    let asked = home
        .fetch
        .asked()
        .into_iter()
        .filter(|asked| asked.url == ROOTFS);
    asked
        .map(|asked| asked.part.map_or(0, |part| part.from))
        .collect()
}

//= R-FW-7 type=test
//= R-FW-12 type=test
#[tokio::test(start_paused = true)]
async fn a_load_is_fetched_checked_written_and_brought_up() {
    let (home, load, files) = home();
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(outcomes(&life), [Outcome::Upgraded]);
    assert!(is_whole(&home));
    assert_eq!(slots(&home).kept().trial, Some(0));
    let content = slots(&home).content(Slot::B);
    let place = usize::try_from(load.manifest().place(3)).unwrap();
    assert_eq!(&content[place..], files[1]);
    let asked = home.fetch.asked();
    assert!(
        asked
            .iter()
            .filter(|asked| asked.url.contains("/fw/"))
            .all(|asked| asked.with_credentials)
    );
    let messages = home.log.texts();
    let at = |what: &str| messages.iter().position(|text| text.contains(what));
    let (request, success) = (
        at("Requesting upgrade").unwrap(),
        at("Successful upgrade").unwrap(),
    );
    assert!(request < success, "{messages:?}");
    assert_eq!(slots(&home).boot(), Slot::B);
}

//= R-FW-7 type=test
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_off_is_taken_up_again_while_blocks_come() {
    let (home, _, files) = home();
    for end in [9000, 9000 + 4096] {
        home.fetch
            .answer_next(ROOTFS, FetchAnswer::EndsEarly(files[1][..end].to_vec()));
    }
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(began(&home), [0, 8192, 12_288]);
    assert!(is_whole(&home));
}

//= R-FW-8 type=test
#[tokio::test(start_paused = true)]
async fn a_connection_that_brings_no_block_is_not_taken_up_for_ever() {
    let (home, _, files) = home();
    home.fetch
        .answer(ROOTFS, FetchAnswer::EndsEarly(files[1][..4000].to_vec()));
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(
        (outcomes(&life), began(&home)),
        (vec![Outcome::Truncated], vec![0])
    );
    assert_eq!(
        life.status().await.firmware.unwrap().error,
        "http_get failed"
    );
    // The next attempt goes on with what is there.
    home.fetch.answer(ROOTFS, &*files[1]);
    let before = slots(&home).writes();
    assert_eq!(life.run_for(4000).await, Exit::NewLoad);
    assert_eq!(slots(&home).writes() - before, 5, "the kernel is there");
}

//= R-FW-8 type=test
#[tokio::test(start_paused = true)]
async fn a_file_that_changes_between_two_parts_is_noticed() {
    let (home, _, mut files) = home();
    let first = files[1][..9000].to_vec();
    home.fetch
        .answer_next(ROOTFS, FetchAnswer::EndsEarly(first));
    files[1][8200] ^= 1;
    home.fetch.answer(ROOTFS, &*files[1]);
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(outcomes(&life), [Outcome::Signature]);
    assert!(!is_whole(&home));
    assert_eq!(slots(&home).boot(), Slot::A);
}

//= R-FW-8 type=test
#[tokio::test(start_paused = true)]
async fn a_slot_that_cannot_be_written_is_a_failure_and_the_next_attempt_goes_on() {
    let (home, ..) = home();
    slots(&home).fail_after(Some(4));
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(outcomes(&life), [Outcome::Flash]);
    slots(&home).fail_after(None);
    assert_eq!(life.run_for(4000).await, Exit::NewLoad);
    assert_eq!(began(&home).last(), Some(&4096));
    assert_eq!(slots(&home).writes(), 8, "each block was written once");
}

//= R-FW-10 type=test
#[tokio::test(start_paused = true)]
async fn no_counter_below_that_of_a_confirmed_load_is_taken_from_server_or_slot() {
    let (home, ..) = home();
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    slots(&home).boot();
    let home = home.with("Upgrade_Rule", "");
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(slots(&home).kept().floor, 3);
    let (old, _) = sample_load("old", 2, SIZES);
    home.fetch.answer("http://h:80/fw/old.loads", old.text());
    let reply = life
        .asker
        .ask(Ask::Upgrade(Some("http://h/fw/old.loads".into())));
    assert_eq!(life.answer(reply).await, Some(Answer::Done));
    life.run_for(100).await;
    assert_eq!(outcomes(&life).last(), Some(&Outcome::BelowLimit));
}

/// The server has one more load, in a folder of its own.
fn serve_second(home: &Home, counter: u32) {
    let (load, files) = sample_load("second", counter, SIZES);
    let put =
        |name: &str, bytes: &[u8]| home.fetch.answer(&format!("http://h:80/fw2/{name}"), bytes);
    put("second.loads", load.text());
    put("kernel.img", &files[0]);
    put("rootfs.img", &files[1]);
}

async fn ask(life: &mut Life, url: &str) {
    let reply = life.asker.ask(Ask::Upgrade(Some(url.into())));
    assert_eq!(life.answer(reply).await, Some(Answer::Done));
    life.run_for(100).await;
}

//= R-FW-10 type=test
#[tokio::test(start_paused = true)]
async fn a_load_in_the_other_slot_is_too_old_once_a_newer_one_is_confirmed() {
    let (home, ..) = home();
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    slots(&home).boot();
    serve_second(&home, 5);
    let home = home.with("Upgrade_Rule", "http://h/fw2/second.loads");
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(slots(&home).boot(), Slot::A);
    let home = home.with("Upgrade_Rule", "");
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(
        (slots(&home).kept().floor, slots(&home).kept().trial),
        (5, None)
    );
    ask(&mut life, "http://h/fw/new.loads").await;
    assert_eq!(outcomes(&life).last(), Some(&Outcome::BelowLimit));
    assert_eq!(slots(&home).kept().trial, None);
}

//= R-FW-3 type=test
//= R-FW-8 type=test
#[tokio::test(start_paused = true)]
async fn a_load_that_another_one_has_begun_to_replace_is_fetched_again() {
    let (home, ..) = home();
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    for _ in 0..4 {
        slots(&home).boot();
    }
    assert_eq!(slots(&home).kept().running, Slot::A, "it never came up");
    let home = home.with("Upgrade_Rule", "");
    let mut life = home.booted().await;
    life.run_for(100).await;
    serve_second(&home, 5);
    home.fetch.answer(
        "http://h:80/fw2/rootfs.img",
        FetchAnswer::Fails(ErrorKind::HttpStatus(503)),
    );
    ask(&mut life, "http://h/fw2/second.loads").await;
    assert_eq!(outcomes(&life).last(), Some(&Outcome::HttpStatus(503)));
    ask(&mut life, "http://h/fw/new.loads").await;
    assert_eq!(outcomes(&life).last(), Some(&Outcome::Upgraded));
    assert_eq!(slots(&home).kept().trial, Some(0));
}

//= R-FW-8 type=test
#[tokio::test(start_paused = true)]
async fn a_component_has_an_hour_however_often_it_is_cut_off() {
    let (home, _, files) = home();
    home.fetch
        .answer(ROOTFS, FetchAnswer::Stalls(files[1][..5000].to_vec()));
    let mut life = home.booted().await;
    life.run_for(3590).await;
    assert_eq!(outcomes(&life), []);
    life.run_for(100).await;
    assert_eq!(
        (outcomes(&life), began(&home)),
        (vec![Outcome::Timeout], vec![0])
    );
}

async fn trial(values: &[(&'static str, &str)]) -> (Home, Life) {
    let (mut home, ..) = home();
    let mut life = home.booted().await;
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    assert_eq!(slots(&home).boot(), Slot::B);
    assert!(slots(&home).kept().is_on_trial());
    for (name, value) in values {
        home = home.with(name, value);
    }
    let life = home.booted().await;
    (home, life)
}

//= R-FW-9 type=test
#[tokio::test(start_paused = true)]
async fn a_load_is_confirmed_by_the_end_of_its_first_resync_however_that_ends() {
    for answer in [
        FetchAnswer::from("<flat-profile/>"),
        FetchAnswer::Fails(ErrorKind::Connect),
    ] {
        let (home, mut life) = trial(&[("Upgrade_Rule", "")]).await;
        home.fetch
            .answer("http://h:80/p", FetchAnswer::Stalls(Vec::new()));
        life.run_for(20).await;
        assert!(slots(&home).kept().is_on_trial(), "the resync is under way");
        home.fetch.answer("http://h:80/p", answer);
        life.run_for(400).await;
        assert!(!slots(&home).kept().is_on_trial());
        assert_eq!(slots(&home).kept().good, Slot::B);
        let status = life.status().await.firmware.unwrap();
        assert!(!status.record.is_on_trial());
    }
}

//= R-FW-9 type=test
#[tokio::test(start_paused = true)]
async fn a_load_without_a_network_is_not_confirmed_though_its_resync_has_ended() {
    let (home, mut life) = trial(&[("Upgrade_Rule", "")]).await;
    home.network.store(false, Ordering::Relaxed);
    home.fetch
        .answer("http://h:80/p", FetchAnswer::Fails(ErrorKind::Connect));
    life.run_for(3000).await;
    assert!(slots(&home).kept().is_on_trial());
    home.network.store(true, Ordering::Relaxed);
    life.run_for(20).await;
    assert!(!slots(&home).kept().is_on_trial());
}

//= R-FW-9 type=test
#[tokio::test(start_paused = true)]
async fn a_load_without_a_resync_to_come_is_confirmed_when_it_has_booted() {
    for (name, value) in [
        ("Provision_Enable", "No"),
        ("Resync_After_Upgrade_Attempt", "No"),
    ] {
        let (home, mut life) = trial(&[(name, value), ("Upgrade_Rule", "")]).await;
        life.run_for(1).await;
        assert!(!slots(&home).kept().is_on_trial(), "{name}");
    }
}

//= R-FW-14 type=test
#[tokio::test(start_paused = true)]
async fn whoever_asks_is_told_what_an_upgrade_waits_for() {
    let (home, ..) = home();
    let home = home.with("Upgrade_Rule", "");
    let mut life = home.booted().await;
    life.run_for(100).await;
    life.reactor
        .queue(0, onhook_phone::Input::Line(1, LineUse::Busy));
    life.turn().await;
    let reply = life.asker.ask(Ask::Upgrade(Some(RULE.into())));
    assert_eq!(
        life.answer(reply).await,
        Some(Answer::Delayed(Delay::BusyLines))
    );
    life.reactor
        .queue(0, onhook_phone::Input::Line(1, LineUse::Idle));
    assert_eq!(life.run_for(100).await, Exit::NewLoad);
    let mut life = Home::new().booted().await;
    life.run_for(10).await;
    let reply = life.asker.ask(Ask::Upgrade(None));
    let why = refused(life.answer(reply).await);
    assert!(why.contains("no slots for firmware"), "{why}");
}
