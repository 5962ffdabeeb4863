//! Tests of plans.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A plan of so many phones at once.
pub(crate) fn plan(phones: u32) -> Plan {
    Plan {
        phones,
        shard: None,
        seed: 1,
        first_mac: Mac([0x00, 0x0e, 0x08, 0, 0, 0]),
        ramp_ms: 0,
        duration_ms: None,
        sources: None,
        at_once: None,
    }
}

fn shard(number: u32, of: u32) -> Shard {
    Shard {
        number: NonZeroU32::new(number).unwrap(),
        of: NonZeroU32::new(of).unwrap(),
    }
}

#[test]
fn phones_count_on_from_the_first_address() {
    let mut plan = plan(300);
    plan.first_mac = "00:0e:08:00:00:ff".parse().unwrap();
    plan.ramp_ms = 3000;
    let members: Vec<Member> = plan.members().collect();
    assert_eq!(members[1].mac.to_string(), "00:0e:08:00:01:00");
    assert_eq!(members[0].power_on, MonoTime::ZERO);
    assert_eq!(members[299].power_on, MonoTime::from_millis(2990));
    assert_eq!(members[7].serial.len(), 13);
    let serials: BTreeSet<String> = members.into_iter().map(|m| m.serial).collect();
    assert_eq!(serials.len(), 300);
}

#[test]
fn what_cannot_be_says_why() {
    let said = |plan: Plan| plan.check().unwrap_err().to_string();
    assert!(said(plan(0)).contains("at least one"));
    let mut late = plan(10);
    late.first_mac = "00:0e:08:ff:ff:f8".parse().unwrap();
    assert!(said(late).contains("there are 8 MAC addresses"));
    let mut thin = plan(2);
    thin.shard = Some(shard(3, 3));
    assert!(said(thin).contains("shard 3/3 of 2 phones has none"));
    let mut long = plan(2);
    long.duration_ms = Some(604_800_001);
    assert!(said(long).contains("the run is longer than a week"));
    assert_eq!(plan(1).check(), Ok(()));
}

#[test]
fn ranges_are_read_and_refused_with_what_would_do() {
    let sources: Sources = "127.0.0.0/8".parse().unwrap();
    assert_eq!(sources.len(), (1 << 24) - 2);
    assert_eq!(sources.of(0).to_string(), "127.0.0.1");
    assert_eq!(sources.of(255).to_string(), "127.0.1.0");
    let three: Sources = "10.0.0.8/31".parse().unwrap();
    assert_eq!(three.of(1).to_string(), "10.0.0.9");
    assert_eq!(three.of(2).to_string(), "10.0.0.8");
    let one: Sources = "10.0.0.8".parse().unwrap();
    assert_eq!(
        (one.len(), one.of(5).to_string()),
        (1, "10.0.0.8".to_owned())
    );
    let all: Sources = "0.0.0.0/0".parse().unwrap();
    assert_eq!(all.len(), (1 << 32) - 2);
    for (text, says) in [
        ("10.0.0.8/29x", "is no range"),
        ("fe80::/10", "is no range"),
        ("10.0.0.0/33", "is no range"),
        ("10.0.0.9/29", "write 10.0.0.8/29"),
    ] {
        let error = text.parse::<Sources>().unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

proptest! {
    #[test]
    fn shards_are_the_whole_and_no_phone_depends_on_them(
        phones in 1_u32..400, of in 1_u32..20, seed: u64, ramp_ms in 0_u64..100_000,
    ) {
        let mut whole = plan(phones);
        whole.seed = seed;
        whole.ramp_ms = ramp_ms;
        whole.sources = Some("127.9.0.0/24".parse().unwrap());
        let mut parts = Vec::new();
        for number in 1..=of {
            let part = Plan { shard: Some(shard(number, of)), ..whole.clone() };
            prop_assert_eq!(part.members().count(), part.len() as usize);
            parts.extend(part.members());
        }
        for number in 1..=of {
            let part = Plan { shard: Some(shard(number, of)), ..whole.clone() };
            for (place, member) in (0..).zip(part.members()) {
                let found = part.place_at(member.source.unwrap()).unwrap();
                prop_assert!(found <= place);
                let first = part.members().nth(found as usize).unwrap();
                prop_assert_eq!(first.source, member.source);
            }
        }
        prop_assert_eq!(whole.place_at("127.8.0.1".parse().unwrap()), None);
        parts.sort_by_key(|member| member.index);
        prop_assert_eq!(parts, whole.members().collect::<Vec<_>>());
    }
}
