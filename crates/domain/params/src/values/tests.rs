//! Tests of names, values and their uses.

use proptest::prelude::*;

use super::*;

#[test]
fn equal_texts_share_an_id_and_secrets_stay_apart() {
    let mut values = Values::default();
    let plain = values.intern("k", Secrecy::Plain).unwrap();
    let secret = values.intern("k", Secrecy::Secret).unwrap();
    assert_eq!(values.intern("k", Secrecy::Plain), Some(plain));
    assert_ne!(plain, secret);
    assert_eq!((values.text(plain), values.text(secret)), ("k", "***"));
    assert_eq!(values.expose(secret), "k");
    assert_eq!(
        ValueId::of_secret(secret.as_secret().unwrap()),
        Some(secret)
    );
    assert_eq!(plain.as_secret(), None);
}

#[test]
fn an_unused_text_is_freed_and_its_slot_reused() {
    let mut values = Values::default();
    let a = values.intern("a", Secrecy::Plain).unwrap();
    values.release(a);
    assert_eq!(values.text(a), "a");
    values.sweep_all();
    assert!(values.is_empty());
    assert_eq!(values.intern("b", Secrecy::Plain), Some(a));
    assert_eq!(values.text(a), "b");
}

#[test]
fn a_text_used_again_before_the_sweep_survives_it() {
    let mut values = Values::default();
    let a = values.intern("a", Secrecy::Plain).unwrap();
    values.release(a);
    assert_eq!(values.intern("a", Secrecy::Plain), Some(a));
    values.sweep_all();
    assert_eq!(values.text(a), "a");
    values.release(a);
    values.sweep_all();
    assert!(values.is_empty());
}

#[test]
fn values_that_came_long_ago_are_added_again_and_still_are_the_same() {
    let mut values = Values::forgetful(0, 4);
    let first = value(&mut values, "a", Secrecy::Plain);
    assert_eq!(value(&mut values, "a", Secrecy::Plain), first);
    for n in 0..8 {
        value(&mut values, &format!("b{n}"), Secrecy::Plain);
    }
    let second = value(&mut values, "a", Secrecy::Plain);
    assert_ne!(first, second);
    assert!(values.same(first, second));
    let secret = value(&mut values, "a", Secrecy::Secret);
    assert!(!values.same(first, secret), "one of them may be shown");
    let other = value(&mut values, "c", Secrecy::Plain);
    assert!(!values.same(first, other));
}

#[test]
fn a_file_that_comes_again_is_found_whole() {
    for seed in 0..4 {
        let mut values = Values::with_seed(seed);
        let texts: Vec<_> = (0..2_500)
            .map(|n| match n % 4 {
                0 => format!("{n}"),
                1 => format!("10.0.{}.{}", n / 256, n % 256),
                2 => format!("Front Desk {n}"),
                _ => format!("sip:{n}@proxy-of-the-site.example.net:5060;transport=tls"),
            })
            .collect();
        let ids = |values: &mut Values| {
            let mut ids = Vec::new();
            let plain = texts.iter().map(|text| (text.as_str(), Secrecy::Plain));
            values.intern_all(plain, |id| ids.push(id));
            ids
        };
        let first = ids(&mut values);
        assert!(first == ids(&mut values), "seed {seed}");
        assert_eq!(values.len(), 2_500);
    }
}

#[test]
fn a_slot_with_another_text_since_is_not_taken_for_the_old_one() {
    let mut values = Values::default();
    let plain = value(&mut values, "x", Secrecy::Plain);
    values.release(plain);
    values.sweep_all();
    // The same text, so that only what it is tells it apart.
    let secret = value(&mut values, "x", Secrecy::Secret);
    assert_eq!(secret.number(), plain.number());
    let again = value(&mut values, "x", Secrecy::Plain);
    assert_ne!(again.number(), secret.number());
    for id in [secret, again] {
        values.release(id);
    }
    values.sweep_all();
    assert!(values.is_empty());
}

#[test]
fn names_have_one_id_however_many_there_are() {
    let mut values = Values::forgetful(0, 4);
    let ids: Vec<_> = (0..100)
        .map(|n| values.intern(&n.to_string(), Secrecy::Plain))
        .collect();
    let again = (0..100).map(|n| values.intern(&n.to_string(), Secrecy::Plain));
    assert!(again.eq(ids));
    // A value is found among values.
    assert_ne!(
        Some(value(&mut values, "99", Secrecy::Plain)),
        values.intern("99", Secrecy::Plain)
    );
}

fn value(values: &mut Values, text: &str, secrecy: Secrecy) -> ValueId {
    let mut id = None;
    values.intern_all([(text, secrecy)], |added| id = added);
    id.unwrap()
}

proptest! {
    #[test]
    fn the_table_agrees_with_a_simple_model(
        ops in prop::collection::vec((0_u8..5, 0_u8..12), 0..200),
        remembered in 1_usize..20,
    ) {
        let mut values = Values::forgetful(0, remembered);
        let mut held: Vec<(ValueId, String)> = Vec::new();
        for (op, n) in ops {
            let text = format!("t{n}");
            let secrecy = if n % 2 == 0 { Secrecy::Plain } else { Secrecy::Secret };
            match op {
                0 | 1 => held.push((values.intern(&text, secrecy).unwrap(), text)),
                2 => held.push((value(&mut values, &text, secrecy), text)),
                3 if !held.is_empty() => {
                    let (id, _) = held.swap_remove(usize::from(n) % held.len());
                    values.release(id);
                }
                _ => values.sweep_all(),
            }
            for (id, text) in &held {
                prop_assert_eq!(values.expose(*id), text);
            }
        }
        values.sweep_all();
        let distinct: std::collections::BTreeSet<_> = held.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(values.len(), distinct.len());
        for (id, _) in held {
            values.release(id);
        }
        values.sweep_all();
        prop_assert!(values.is_empty());
        prop_assert_eq!(values.names.len, 0);
    }
}
