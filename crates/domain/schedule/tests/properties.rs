//! What holds for every value.

use onhook_schedule::{DelayList, HhMm, Zone, next_daily, uniform};
use proptest::prelude::*;

fn list_like() -> impl Strategy<Value = String> {
    let pieces = vec![
        "0",
        "1",
        "600",
        "4294967295",
        "4294967296",
        ",",
        ",",
        "+",
        " ",
        "\t",
        "-",
        "x",
        "\u{e9}",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..10).prop_map(|list| list.concat())
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(
        text in prop_oneof![any::<String>(), list_like(), "[0-9:]{0,6}"],
        n in any::<u32>(),
    ) {
        match DelayList::parse(&text) {
            Ok(list) => prop_assert_eq!(list.element(n).is_none(), list.is_empty()),
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
        match HhMm::parse(&text) {
            Ok(at) => prop_assert!(at.minutes() < 1440),
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }

    #[test]
    fn a_written_list_is_read_back(
        elements in prop::collection::vec((any::<u32>(), any::<u32>()), 1..9),
        n in 0_usize..20,
        drawn in any::<u64>(),
    ) {
        let text: Vec<_> = elements.iter().map(|(base, span)| format!("{base} + {span}")).collect();
        let text = text.join(" , ");
        let list = DelayList::parse(&text).unwrap();
        prop_assert_eq!(usize::try_from(list.len()).unwrap(), elements.len());
        let (base, span) = elements[n.min(elements.len() - 1)];
        let element = list.element(u32::try_from(n).unwrap()).unwrap();
        prop_assert_eq!((element.base, element.span), (base, span));
        let (least, most) = (u64::from(base), u64::from(base) + u64::from(span));
        prop_assert!((least..=most).contains(&element.seconds(drawn)));
        prop_assert_eq!((element.seconds(0), element.seconds(u64::MAX)), (least, most));
    }

    #[test]
    fn a_scaled_draw_stays_in_range_and_keeps_order(a in any::<u64>(), b in any::<u64>(), max in any::<u64>()) {
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(uniform(high, max) <= max);
        prop_assert!(uniform(low, max) <= uniform(high, max));
    }

    #[test]
    fn the_next_daily_start_is_at_most_a_day_away_and_at_the_wanted_second(
        unix_s in -1_i64 << 40..1 << 40,
        offset_s in -86_399_i32..=86_399,
        minutes in 0_u32..1440,
        drawn in 0_u32..86_400,
    ) {
        let at = HhMm::parse(&format!("{:02}{:02}", minutes / 60, minutes % 60)).unwrap();
        let zone = Zone::fixed(offset_s);
        let start = next_daily(unix_s, &zone, at, |_| drawn);
        prop_assert!((1..=86_400).contains(&(start - unix_s)));
        prop_assert_eq!(zone.local(start).secs_of_day(), (minutes * 60 + drawn) % 86_400);
    }
}
