//! SRV records: their names and their order.

use std::collections::BTreeMap;

use onhook_device::SrvWeightMode;
use onhook_fetch::{MOST_TARGETS, Scheme, SrvRecord, srv_name, srv_order};

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
        let ordered = srv_order(records.clone(), SrvWeightMode::Rfc2782, seed);
        assert_eq!(ordered.len(), 3);
        assert_eq!(targets(&ordered)[2], "late");
        *first.entry(ordered[0].target.clone()).or_default() += 1;
    }
    // Three times as often, within four standard deviations.
    let often = f64::from(first["often"]) / 4000.0;
    assert!((often - 0.75).abs() < 0.03, "{first:?}");
    let ordered = srv_order(records.clone(), SrvWeightMode::LowFirst, 1);
    assert_eq!(targets(&ordered), ["seldom", "often", "late"]);
    // Answers come in any order.
    let mut turned = records.clone();
    turned.reverse();
    for seed in 0..50 {
        assert_eq!(
            srv_order(records.clone(), SrvWeightMode::Rfc2782, seed),
            srv_order(turned.clone(), SrvWeightMode::Rfc2782, seed)
        );
    }
    assert_eq!(srv_order(Vec::new(), SrvWeightMode::Rfc2782, 0), []);
    assert_eq!(
        srv_order(vec![record(0, 0, ".")], SrvWeightMode::LowFirst, 0),
        []
    );
}

//= R-DNS-4 type=test
#[test]
fn a_weight_of_0_is_chosen_too_but_seldom() {
    let records = vec![record(0, 0, "zero"), record(0, 9, "nine")];
    let zero = (0..2000)
        .filter(|seed| {
            srv_order(records.clone(), SrvWeightMode::Rfc2782, *seed)[0].target == "zero"
        })
        .count();
    assert!((120..=280).contains(&zero), "one in ten: {zero}");
}

//= R-DNS-5 type=test
#[test]
fn what_names_no_host_and_port_is_no_server() {
    let long = format!("{}.example", "a".repeat(64));
    let longer = ["a"; 130].join(".");
    let mut records: Vec<SrvRecord> = [
        ".",
        "",
        "a..b",
        ".a",
        "a.",
        "a b",
        "a/b",
        "a:1",
        "[::1]",
        "\u{fc}.example",
        "a\0",
        "*.example",
        &long,
        &longer,
    ]
    .into_iter()
    .map(|target| record(0, 0, target))
    .collect();
    records.push(SrvRecord {
        port: 0,
        ..record(0, 0, "portless.example")
    });
    assert_eq!(srv_order(records.clone(), SrvWeightMode::Rfc2782, 7), []);
    records.push(record(9, 0, "PR-1_a.example"));
    records.push(record(9, 0, "PR-1_a.example"));
    for mode in [SrvWeightMode::Rfc2782, SrvWeightMode::LowFirst] {
        let ordered = srv_order(records.clone(), mode, 7);
        assert_eq!(targets(&ordered), ["PR-1_a.example"], "{mode:?}");
    }
}

#[test]
fn no_more_servers_are_tried_than_a_phone_has_time_for() {
    let many: Vec<SrvRecord> = (0..1000)
        .map(|n| record(n, 1, &format!("h{n}.example")))
        .collect();
    for mode in [SrvWeightMode::Rfc2782, SrvWeightMode::LowFirst] {
        let ordered = srv_order(many.clone(), mode, 7);
        assert_eq!(ordered, many[..MOST_TARGETS], "{mode:?}");
    }
}
