//! Tests of reports and of how they add up.

use onhook_figures::Spans;
use proptest::prelude::*;

use super::*;

/// The report of a shard of four, with resyncs by second and latency in microseconds; odd seconds fail.
pub(crate) fn report(shard: u32, resyncs: &[(usize, u64)]) -> Report {
    let mut seconds = Seconds::default();
    let mut spans = Spans::default();
    let mut totals = Totals {
        phones: 10,
        ..Totals::default()
    };
    let mut faults = Vec::new();
    for (second, us) in resyncs {
        spans.add(*us);
        let [requests, succeeded, failed, slowest] = seconds.at(*second);
        *requests.unwrap() += 1;
        let slowest = slowest.unwrap();
        *slowest = (*slowest).max(*us);
        totals.requests += 1;
        if second % 2 == 0 {
            *succeeded.unwrap() += 1;
            totals.succeeded += 1;
        } else {
            *failed.unwrap() += 1;
            totals.failed += 1;
            let fault = Fault {
                outcome: "C.connect".to_owned(),
                err: "ERROR".to_owned(),
                count: 1,
                phone: shard,
                at_ms: *second as u64 * 1000,
                message: String::new(),
            };
            add_fault(&mut faults, fault);
        }
    }
    Report {
        schema: SCHEMA.to_owned(),
        version: "1".to_owned(),
        run: Run {
            phones: 40,
            seed: 1,
            rule: "http://h/$MA".to_owned(),
            params: BTreeMap::new(),
            options: Vec::new(),
            product_name: "P".to_owned(),
            software_version: "1".to_owned(),
            first_mac: "00:0e:08:00:00:00".to_owned(),
            ramp_ms: 0,
            duration_ms: None,
            at_once: None,
            sources: None,
        },
        shards: Shards {
            of: 4,
            done: [shard].into(),
        },
        interrupted: false,
        elapsed_ms: 10_000,
        totals,
        outcomes: BTreeMap::new(),
        causes: BTreeMap::new(),
        faults,
        latency: spans.distribution(),
        lateness: Spans::default().distribution(),
        seconds,
    }
}

#[test]
fn what_does_not_belong_together_is_refused_with_words() {
    let (a, b) = (report(1, &[(0, 5)]), report(2, &[]));
    assert_eq!(merge(&[]), Err(MergeError::Nothing));
    let twice = merge(&[a.clone(), b.clone(), a.clone()]);
    assert_eq!(
        twice,
        Err(MergeError::Twice {
            number: 3,
            shard: 1
        })
    );
    type Change = fn(&mut Report);
    let changes: [(&str, Change); 5] = [
        ("version of the program", |r| r.version = "2".to_owned()),
        ("seed", |r| r.run.seed = 2),
        ("rule", |r| r.run.rule = "x".to_owned()),
        ("settings of the phones", |r| r.run.at_once = Some(3)),
        ("number of shards", |r| r.shards.of = 5),
    ];
    for (what, change) in changes {
        let mut other = b.clone();
        change(&mut other);
        let merged = merge(&[a.clone(), other]);
        assert_eq!(merged, Err(MergeError::Different { number: 2, what }));
    }
    let mut strange = b.clone();
    strange.shards.done = [7].into();
    let merged = merge(&[a.clone(), strange]);
    let of = a.shards.of;
    let damaged = MergeError::Damaged {
        number: 2,
        shard: 7,
        of,
    };
    assert_eq!(merged, Err(damaged));
    let mut full = b.clone();
    full.totals.requests = u64::MAX;
    assert_eq!(merge(&[a.clone(), full]).unwrap().totals.requests, u64::MAX);
    let merged = merge(&[a, b]).unwrap();
    assert_eq!(merged.shards.done, [1, 2].into());
    assert!(!merged.is_whole());
}

#[test]
fn an_outage_is_the_longest_time_without_a_success() {
    let mut told = report(1, &[]);
    told.seconds.succeeded = vec![5, 0, 0, 1, 0, 0, 0, 2];
    told.seconds.failed = vec![0, 3, 0, 0, 1, 0, 4, 0];
    assert_eq!(told.outage(), Some((4, 7)));
    told.seconds.failed = vec![1, 0, 0, 1, 0, 0, 0, 0];
    assert_eq!(told.outage(), None, "failures among successes are none");
    assert!(told.text(&[]).contains("shard 1 of 4"));
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let told = report(3, &[(0, 5), (3, 900_000)]);
    let again: Report = serde_json::from_str(&told.to_json().unwrap()).unwrap();
    assert_eq!(again, told);
}

fn resyncs() -> impl Strategy<Value = Vec<(usize, u64)>> {
    prop::collection::vec((0_usize..50, 1_u64..5_000_000), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn merging_is_a_sum(a in resyncs(), b in resyncs(), c in resyncs(), d in resyncs()) {
        let parts = [report(1, &a), report(2, &b), report(3, &c), report(4, &d)];
        let all = merge(&parts).unwrap();
        let left = merge(&[merge(&parts[..2]).unwrap(), merge(&parts[2..]).unwrap()]).unwrap();
        let [p, q, r, s] = parts;
        let right = merge(&[s, merge(&[r, merge(&[q, p]).unwrap()]).unwrap()]).unwrap();
        prop_assert_eq!(&left, &all);
        prop_assert_eq!(&right, &all);
        let everything: Vec<_> = [a, b, c, d].concat();
        let whole = report(1, &everything);
        prop_assert_eq!(&all.latency, &whole.latency);
        prop_assert_eq!(&all.seconds, &whole.seconds);
        prop_assert_eq!(all.totals.failed, whole.totals.failed);
        prop_assert!(all.is_whole());
    }
}
