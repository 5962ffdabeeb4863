//! SRV records and the states of a phone out of the box.

use std::collections::BTreeMap;

use onhook_discovery::{Customization, Happened, SrvRecord, WeightMode, order, srv_name};
use onhook_fetch::Scheme;

fn record(priority: u16, weight: u16, target: &str) -> SrvRecord {
    SrvRecord {
        priority,
        weight,
        port: 443,
        target: target.to_owned(),
    }
}

fn targets(records: &[SrvRecord]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record.target.as_str())
        .collect()
}

//= R-DNS-2 type=test
#[test]
fn each_scheme_but_tftp_has_a_name() {
    let names = [Scheme::Https, Scheme::Http, Scheme::Tftp].map(|s| srv_name(s, "example.com"));
    assert_eq!(
        names.each_ref().map(Option::as_deref),
        [
            Some("_ciscoprov-https._tls.example.com"),
            Some("_ciscoprov-http._tcp.example.com"),
            None
        ]
    );
}

//= R-DNS-4 type=test
//= R-DNS-5 type=test
#[test]
fn records_go_by_priority_and_then_by_weight() {
    let records = vec![
        record(20, 0, "late"),
        record(10, 10, "seldom"),
        record(10, 30, "often"),
        record(0, 1, "."),
    ];
    let mut first: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..4000 {
        let ordered = order(records.clone(), WeightMode::Rfc2782, seed);
        assert_eq!(ordered.len(), 3);
        assert_eq!(targets(&ordered)[2], "late");
        *first.entry(ordered[0].target.clone()).or_default() += 1;
    }
    // Three times as often, within four standard deviations.
    let often = f64::from(first["often"]) / 4000.0;
    assert!((often - 0.75).abs() < 0.03, "{first:?}");
    let ordered = order(records.clone(), WeightMode::LowFirst, 1);
    assert_eq!(targets(&ordered), ["seldom", "often", "late"]);
    // Answers come in any order.
    let mut turned = records.clone();
    turned.reverse();
    for seed in 0..50 {
        assert_eq!(
            order(records.clone(), WeightMode::Rfc2782, seed),
            order(turned.clone(), WeightMode::Rfc2782, seed)
        );
    }
    assert_eq!(order(Vec::new(), WeightMode::Rfc2782, 0), []);
    assert_eq!(order(vec![record(0, 0, ".")], WeightMode::LowFirst, 0), []);
}

//= R-DNS-4 type=test
#[test]
fn a_weight_of_0_is_chosen_too_but_seldom() {
    let records = vec![record(0, 0, "zero"), record(0, 9, "nine")];
    let zero = (0..2000)
        .filter(|seed| order(records.clone(), WeightMode::Rfc2782, *seed)[0].target == "zero")
        .count();
    assert!((120..=280).contains(&zero), "one in ten: {zero}");
}

//= R-OOB-2 type=test
//= R-OOB-3 type=test
//= R-OOB-6 type=test
#[test]
fn the_states_of_a_phone_out_of_the_box() {
    use Customization::{Aborted, Acquired, CustomPending, Open, Pending, Unavailable};
    use Happened::{Applied, Asked, Provisioned, Redirected, Unknown};
    for (from, happened, to) in [
        (Open, Provisioned, Aborted),
        (Open, Asked, Pending),
        (Pending, Asked, Pending),
        (Pending, Redirected, CustomPending),
        (Pending, Unknown, Unavailable),
        (Pending, Provisioned, Aborted),
        (CustomPending, Applied, Acquired),
        (CustomPending, Provisioned, Aborted),
        (CustomPending, Asked, CustomPending),
        (Unavailable, Provisioned, Aborted),
        (Unavailable, Asked, Pending),
        (Open, Applied, Open),
        (Acquired, Provisioned, Acquired),
        (Acquired, Asked, Acquired),
        (Aborted, Asked, Aborted),
        (Aborted, Redirected, Aborted),
    ] {
        assert_eq!(from.after(happened), to, "{from:?}, {happened:?}");
    }
    for state in [Open, Aborted, Pending, CustomPending, Acquired, Unavailable] {
        assert_eq!(Customization::from_number(state.number()), Some(state));
        assert_eq!(state.searches(), matches!(state, Open | Pending));
    }
    assert_eq!(Customization::from_number(6), None);
}
