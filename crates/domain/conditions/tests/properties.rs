//! What holds for every text.

use onhook_conditions::{ErrorClass, Version, evaluate, parse};
use proptest::prelude::*;

/// Texts made of the pieces that conditions are made of, so that many of them parse.
fn condition_like() -> impl Strategy<Value = String> {
    let pieces = vec![
        " ",
        " ",
        " ",
        "and",
        "AND",
        "eq",
        "ne",
        "lt",
        "ge",
        "=",
        "!",
        "!=",
        "<",
        ">=",
        "\"",
        "\"a\"",
        "1",
        "-1",
        "2.0.3",
        "(G)",
        "11-0-0MPP-1",
        "sip88xx.",
        "true",
        "(",
        ")",
        "\u{e9}",
        "99999999999999999999",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|list| list.concat())
}

fn version_like() -> impl Strategy<Value = String> {
    "(sip[0-9x_]{0,4}\\.)?[0-9]{1,3}[A-Z]{0,3}[0-9]{0,2}(-[0-9]{1,3}(MPP|MN|mpp)?[0-9]{0,2}){2,5}(\\.loads)?"
}

proptest! {
    #[test]
    fn no_text_makes_parsing_or_evaluation_panic(
        text in prop_oneof![any::<String>(), condition_like()],
        swver in prop_oneof![any::<String>(), version_like()],
    ) {
        match parse(&text) {
            Ok(condition) => {
                prop_assert!(condition.comparisons().count() >= 1);
                if let Err(error) = condition.eval(&swver, &mut ()) {
                    prop_assert_ne!(error.class(), ErrorClass::Syntax);
                    prop_assert!(error.offset() <= text.len());
                }
            }
            Err(error) => {
                prop_assert_eq!(error.class(), ErrorClass::Syntax);
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }

    #[test]
    fn one_pass_gives_what_two_give(text in condition_like(), swver in version_like()) {
        let two = parse(&text).and_then(|condition| condition.eval(&swver, &mut ()));
        prop_assert_eq!(evaluate(&text, &swver, &mut ()), two, "{}", text);
    }

    #[test]
    fn comparing_the_other_way_round_gives_the_reverse(a in version_like(), b in version_like()) {
        if let (Ok(a), Ok(b)) = (Version::parse(&a), Version::parse(&b)) {
            prop_assert_eq!(a.compare(&b).map(std::cmp::Ordering::reverse), b.compare(&a));
            prop_assert_eq!(a.compare(&a), Ok(std::cmp::Ordering::Equal));
        }
    }

    // Inside one format the order is total; builds that are not given equal every build, so they are left out.
    #[test]
    fn the_order_of_versions_is_transitive(versions in prop_oneof![
        prop::array::uniform3("[0-3](\\.[0-3]){1,2}(\\([a-cA-C0-2]{1,2}\\))?"),
        prop::array::uniform3("(sip[0-9x]{2}\\.)?1[0-1](-[0-2](MPP|MN|A)?[0-2]?){2}-[0-3]"),
    ]) {
        let read = versions.each_ref().map(|text| Version::parse(text));
        if let [Ok(a), Ok(b), Ok(c)] = read {
            let order = |x: &Version<'_>, y: &Version<'_>| x.compare(y).unwrap();
            let (ab, bc, ac) = (order(&a, &b), order(&b, &c), order(&a, &c));
            if ab == bc {
                prop_assert_eq!(ac, ab, "{:?}", versions);
            }
            if ab.is_eq() {
                prop_assert_eq!(ac, bc, "{:?}", versions);
            }
        }
    }

    #[test]
    fn white_space_around_symbols_changes_nothing(a in -99_i64..99, b in -99_i64..99, op in "=|!=|<|<=|>|>=|!") {
        let tight = format!("{a}{op}{b}");
        let loose = format!("\t{a} \r\n{op}  {b} ");
        let eval = |text: &str| parse(text).and_then(|c| c.eval("", &mut ())).ok();
        prop_assert!(eval(&tight).is_some());
        prop_assert_eq!(eval(&tight), eval(&loose));
    }
}
