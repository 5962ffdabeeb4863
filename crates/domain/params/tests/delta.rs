//! Merging of repeated settings.

use onhook_params::{Delta, DeltaBuilder, ParamId, Setting, UserAccess, known};
use proptest::prelude::*;

fn build<'s>(settings: impl IntoIterator<Item = Setting<'s>>) -> Delta {
    let mut builder = DeltaBuilder::with_capacity(4, 64);
    for setting in settings {
        builder.push(setting);
    }
    builder.finish()
}

fn setting(
    id: ParamId,
    value: Option<&str>,
    access: Option<UserAccess>,
    preserve: bool,
) -> Setting<'_> {
    Setting {
        id,
        value,
        access,
        preserve,
    }
}

/// What a delta holds, in its order.
fn held(delta: &Delta) -> Vec<(ParamId, Option<&str>, Option<UserAccess>, bool)> {
    delta
        .iter()
        .map(|s| (s.id, s.value, s.access, s.preserve))
        .collect()
}

#[test]
//= R-APP-2 type=test
fn value_and_right_each_come_from_the_last_setting_that_gives_them() {
    let id = known::GPP[0];
    let delta = build([
        setting(id, Some("first"), Some(UserAccess::Na), false),
        setting(id, Some("second"), None, false),
        setting(id, None, Some(UserAccess::Rw), false),
    ]);
    assert_eq!(
        held(&delta),
        [(id, Some("second"), Some(UserAccess::Rw), false)]
    );
    let delta = build([
        setting(id, None, Some(UserAccess::Ro), false),
        setting(id, Some(""), None, false),
    ]);
    assert_eq!(held(&delta), [(id, Some(""), Some(UserAccess::Ro), false)]);
}

#[test]
fn the_mark_that_keeps_a_user_value_follows_the_value() {
    let id = known::GPP[0];
    let keep = |value| setting(id, value, Some(UserAccess::Rw), true);
    let plain = |value| setting(id, value, None, false);
    for (settings, expected) in [
        ([keep(Some("a")), plain(Some("b"))], ("b", false)),
        ([plain(Some("a")), keep(Some("b"))], ("b", true)),
        ([keep(Some("a")), plain(None)], ("a", true)),
        ([plain(Some("a")), keep(None)], ("a", false)),
    ] {
        let delta = build(settings);
        let merged: Vec<_> = delta
            .iter()
            .map(|s| (s.value.unwrap(), s.preserve))
            .collect();
        assert_eq!(merged, [expected]);
    }
}

#[test]
fn a_builder_tells_repetitions_and_grows() {
    let mut builder = DeltaBuilder::with_capacity(0, 0);
    let ids = [known::GPP[0], known::GPP[1]];
    for n in 0..500_usize {
        for id in ids {
            let value = "x".repeat(n);
            let repeated = builder.push(setting(id, Some(&value), None, false));
            assert_eq!(repeated, n > 0);
        }
    }
    let delta = builder.finish();
    let longest = "x".repeat(499);
    assert_eq!(
        held(&delta),
        ids.map(|id| (id, Some(longest.as_str()), None, false))
    );
}

#[test]
fn settings_come_out_in_order_of_id() {
    let [a, b, c] = [known::PROVISION_ENABLE, known::PROFILE_RULE, known::GPP[3]];
    let delta = build([c, a, b, a].map(|id| setting(id, Some("x"), None, false)));
    assert_eq!(delta.iter().map(|s| s.id).collect::<Vec<_>>(), [a, b, c]);
    assert_eq!((delta.len(), delta.is_empty()), (3, false));
    assert!(build([]).is_empty());
}

#[test]
fn printing_a_delta_shows_names_and_no_value() {
    let delta = build([setting(known::GPP_SECRET[0], Some("canary"), None, false)]);
    assert_eq!(format!("{delta:?}"), "[GPP_SA]");
}

proptest! {
    #[test]
    fn merging_agrees_with_a_simple_model(
        given in prop::collection::vec((0_usize..6, prop::option::of("[a-zé]{0,4}"), 0_u8..4, any::<bool>()), 0..30)
    ) {
        let right = |n: u8| [None, Some(UserAccess::Na), Some(UserAccess::Ro), Some(UserAccess::Rw)][usize::from(n)];
        let delta = build(given.iter().map(|(n, value, access, preserve)| {
            setting(known::GPP[*n], value.as_deref(), right(*access), *preserve)
        }));
        let mut model = std::collections::BTreeMap::new();
        for (n, value, access, preserve) in &given {
            let entry = model.entry(known::GPP[*n]).or_insert((None, None, *preserve));
            if let Some(value) = value {
                (entry.0, entry.2) = (Some(value.as_str()), *preserve);
            }
            entry.1 = right(*access).or(entry.1);
        }
        let expected: Vec<_> = model.into_iter().map(|(id, (value, access, preserve))| (id, value, access, preserve)).collect();
        prop_assert_eq!(held(&delta), expected);
    }
}
