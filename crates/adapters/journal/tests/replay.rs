//! What was recorded replays to the same effects, and holds no secret.

use std::hash::RandomState;

use onhook_device::Now;
use onhook_journal::{Replay, ReplayError, Replayed, Writer};
use onhook_phone::{Effect, Input, Phone, PhoneSetup, Shared};
use onhook_testkit::fuzz::{SECRET, Watch, engine_watched};
use proptest::prelude::*;

/// Records a phone.
#[derive(Default)]
struct Recording {
    writer: Option<Writer>,
    lines: Vec<String>,
}

impl Watch for Recording {
    fn begins(&mut self, setup: &PhoneSetup, phone: &Phone, shared: &Shared) {
        let begun = Writer::begin("test", setup, phone, shared, RandomState::new());
        let (writer, line) = begun.unwrap_or_else(|| panic!("the phone has a model"));
        self.writer = Some(writer);
        self.lines.push(line);
    }

    fn input(&mut self, now: Now, input: &Input, shared: &Shared) {
        if let Some(writer) = &mut self.writer {
            writer.input(now, input, shared);
        }
    }

    fn effects(&mut self, effects: &[Effect], phone: &Phone, shared: &Shared) {
        let writer = self.writer.as_mut();
        self.lines
            .extend(writer.and_then(|writer| writer.effects(effects, phone, shared)));
    }
}

fn recorded(bytes: &[u8]) -> Vec<String> {
    let mut recording = Recording::default();
    engine_watched(bytes, &mut recording);
    recording.lines
}

/// Some bytes that lead to many different inputs.
fn many(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..60_000).map(|_| next()).collect()
}

//= R-SM-26 type=test
proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_happens_to_a_phone_happens_again(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut replay = Replay::default();
        for line in recorded(&bytes) {
            //= R-SEC-1 type=test
            //= R-SEC-3 type=test
            prop_assert!(!line.contains(SECRET), "{}", line);
            match replay.line(&line).map_err(|error| TestCaseError::fail(format!("{error}: {line}")))? {
                Replayed::Step { texts, recorded, .. } => {
                    prop_assert_eq!(recorded, None, "{}, not {:?}", line, texts);
                }
                Replayed::Life(_) => {}
                Replayed::Missed(_) | Replayed::Skipped => prop_assert!(false, "no line is missing"),
            }
        }
    }
}

#[test]
fn long_journals_have_every_kind_of_input_and_effect() {
    let journals = (1..=12).map(|seed| recorded(&many(seed)).join("\n"));
    let text: String = journals.collect();
    for kind in [
        "\"boot\"",
        "\"timer\"",
        "\"line\"",
        "\"registration\"",
        "\"clock_set\"",
        "\"address\"",
        "\"resync\"",
        "\"resync_with\"",
        "\"set\"",
        "\"restart\"",
        "\"fetch_started\"",
        "\"fetched\"",
        "\"fetch_failed\"",
        "\"trust_installed\"",
        "\"trust_failed\"",
        "\"update_ca\"",
        "\"committed\"",
        "\"state_saved\"",
        "\"fetch ",
        " --srv",
        "\"srv\":true",
        "\"fetch-ca ",
        "\"cancel ",
        "\"commit ",
        "\"save ",
        "\"log ",
        "\"restart cold",
        "\"resync started: ",
        "\"timer: ",
        "\"edit done",
        "hidden-",
    ] {
        assert!(text.contains(kind), "no {kind}");
    }
}

#[test]
fn another_effect_is_told_with_both_sides() {
    let lines = recorded(&many(13));
    let mut replay = Replay::default();
    let mut told = 0;
    for line in lines {
        let other = line.replace("\"timer: ", "\"timers: ");
        if let Replayed::Step {
            texts,
            recorded: Some(recorded),
            ..
        } = replay.line(&other).unwrap()
        {
            assert_ne!(texts, recorded);
            assert_eq!(texts.len(), recorded.len());
            told += 1;
        }
        assert!(line == other || told > 0);
    }
    assert!(told > 0);
}

#[test]
fn after_missing_lines_a_replay_waits_for_the_next_life() {
    let lines = recorded(&many(13));
    let mut replay = Replay::default();
    replay.line(&lines[0]).unwrap();
    assert!(matches!(
        replay.line(&Writer::missed(3)).unwrap(),
        Replayed::Missed(3)
    ));
    assert!(matches!(replay.line(&lines[5]).unwrap(), Replayed::Skipped));
    replay.line(&lines[0]).unwrap();
    assert!(matches!(
        replay.line(&lines[1]).unwrap(),
        Replayed::Step { recorded: None, .. }
    ));
}

#[test]
fn lines_that_are_none_are_refused_and_change_nothing() {
    let lines = recorded(&many(13));
    let mut replay = Replay::default();
    assert!(matches!(replay.line(&lines[1]), Err(ReplayError::NoLife)));
    replay.line(&lines[0]).unwrap();
    for (line, refusal) in [
        ("", "no line of a journal"),
        ("{\"step\":{}}", "no line of a journal"),
        ("{\"life\":1}", "no line of a journal"),
    ] {
        let error = replay.line(line).unwrap_err().to_string();
        assert!(error.contains(refusal), "{error}");
    }
    let other = lines[0].replace("onhook.journal/1", "onhook.journal/2");
    let error = replay.line(&other).unwrap_err().to_string();
    assert!(error.contains("`onhook.journal/2`"), "{error}");
    for (word, other) in [("\"mpp\"", "\"xyz\""), ("\"spa\"", "\"xyz\"")] {
        let other = lines[0].replace(word, other);
        if other != lines[0] {
            let error = replay.line(&other).unwrap_err().to_string();
            assert!(error.contains("`xyz` is no family"), "{error}");
        }
    }
    let unknown = "{\"step\":{\"t_ms\":0,\"wall\":null,\"input\":{\"command\":{\"origin\":\"control\",\
                   \"what\":{\"set\":{\"name\":\"No_Such\",\"value\":\"\"}}}},\"effects\":[]}}";
    assert!(matches!(replay.line(unknown), Err(ReplayError::Input)));
    assert!(matches!(
        replay.line(&lines[1]).unwrap(),
        Replayed::Step { recorded: None, .. }
    ));
}
