//! Tests of what changes a set.

use super::*;
use crate::{DeltaBuilder, known};

fn profile(text: &str, values: &mut Values) -> Vec<Entry> {
    let mut delta = DeltaBuilder::with_capacity(0, 0);
    for id in [known::GPP[0], known::GPP[1]] {
        delta.push(Setting {
            id,
            value: Some(text),
            access: None,
            preserve: false,
        });
    }
    intern(&delta.finish(), values)
}

//= R-APP-7 type=test
#[test]
fn a_text_that_comes_under_another_id_changes_nothing() {
    let (mut values, mut bases) = (Values::forgetful(0, 1), Bases::default());
    let scope = Scope::default();
    // GPP_A is in the base, GPP_B is the phone's own.
    let of_all = profile("of the site", &mut values);
    let base = bases.add(of_all.iter().take(1).copied().collect());
    let mut set = ParamSet::new(base);
    let changes = |set: &ParamSet, profile: &[Entry], values: &Values| {
        let (mut changes, bases, scope) = (Vec::new(), &bases, &scope);
        let view = View {
            values,
            bases,
            scope,
        };
        set.changes(profile, view, &mut changes);
        changes
    };
    let first = changes(&set, &of_all, &values);
    set.apply(&first, &mut values);
    assert_eq!(
        first.iter().map(|c| c.id).collect::<Vec<_>>(),
        [known::GPP[1]]
    );
    for n in 0..4 {
        profile(&n.to_string(), &mut values);
    }
    let again = profile("of the site", &mut values);
    assert!(
        again
            .iter()
            .zip(&of_all)
            .all(|(new, old)| new.value != old.value)
    );
    assert_eq!(changes(&set, &again, &values), []);
    let other = profile("of the phone", &mut values);
    assert_eq!(changes(&set, &other, &values).len(), 2);
}

#[test]
fn entered_values_look_as_if_a_profile_had_brought_them() {
    for (text, value) in [
        ("  a b\t", "a b"),
        ("a\r\nb\rc\nd\n\ne", "a b c d  e"),
        ("\n \r\n", ""),
        ("\u{a0}x", "\u{a0}x"),
    ] {
        assert_eq!(entered(text).as_str(), value);
    }
}
