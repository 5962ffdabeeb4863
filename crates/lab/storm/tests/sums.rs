//! Whatever a storm is cut into, and whoever plays the parts, the sum is the same.
#![cfg(test)]

use onhook_storm::{
    Cells, Comparison, Progress, Report, Scenario, Shard, Storm, Totals, Variant, merge,
};
use proptest::prelude::*;

fn storm(seed: u64, phones: u32) -> Storm {
    let scenario = "
power_on_s = 30
capacity = 5.0
failures = 0.1
[params]
Profile_Rule = 'http://h/$MA'
Resync_Periodic = '50000'
Resync_Error_Retry_Delay = '600'
";
    Storm {
        phones,
        days: 1,
        seed,
        scenario: Scenario::parse(scenario).unwrap(),
        cell: 100,
    }
}

fn play(storm: &Storm, shard: Option<(u32, u32)>, threads: usize) -> Report {
    let shard = shard.map(|(number, of)| Shard {
        number: number.try_into().unwrap(),
        of: of.try_into().unwrap(),
    });
    storm.run(shard, threads, &Progress::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_number_of_shards_and_threads_in_any_order_gives_one_report(
        seed in any::<u64>(), phones in 1_u32..600, of in 1_u32..6, threads in 1_usize..4, turn in 0_usize..6,
    ) {
        let storm = storm(seed, phones);
        let whole = play(&storm, None, 2).to_json().unwrap();
        let mut parts: Vec<Report> = (1..=of).map(|n| play(&storm, Some((n, of)), threads)).collect();
        parts.rotate_left(turn % of as usize);
        prop_assert_eq!(&merge(&parts).unwrap().to_json().unwrap(), &whole);
        // Sums of sums too, and as they stand in files.
        let (left, right) = parts.split_at(parts.len() / 2);
        let halves = [left, right].into_iter().filter(|half| !half.is_empty());
        let halves: Vec<Report> = halves
            .map(|half| {
                let sum = merge(half).unwrap().to_json().unwrap();
                serde_json::from_str(&sum).unwrap()
            })
            .collect();
        prop_assert_eq!(&merge(&halves).unwrap().to_json().unwrap(), &whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn sums_of_any_cells_do_not_depend_on_their_order(order in Just((0_u32..6).collect::<Vec<_>>()).prop_shuffle(), cut in 1_usize..6) {
        let blank = play(&storm(1, 0), None, 1);
        let part = |cell: u32| Report {
            phones: 600,
            cells: Cells { size: 100, of: 6, done: [cell].into() },
            totals: Totals { phones: u64::from(cell), ended: [(format!("C.{}", cell % 2), 1)].into(), ..Totals::default() },
            ..blank.clone()
        };
        let parts: Vec<Report> = order.iter().map(|cell| part(*cell)).collect();
        let all = merge(&parts).unwrap();
        prop_assert!(all.is_whole());
        prop_assert_eq!(all.totals.phones, 15);
        let (left, right) = parts.split_at(cut);
        let mut sums = vec![merge(left).unwrap()];
        sums.extend((!right.is_empty()).then(|| merge(right).unwrap()));
        sums.reverse();
        prop_assert_eq!(merge(&sums).unwrap(), all);
    }
}

#[test]
fn a_storm_that_is_ended_holds_only_whole_cells() {
    let progress = Progress::default();
    progress.stop();
    let report = storm(1, 200).run(None, 2, &progress).unwrap();
    assert!(report.interrupted && report.cells.done.is_empty() && !report.is_good(&[]));
    assert_eq!(report.totals, Totals::default());
    assert_eq!(report.missing().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn settings_are_played_with_the_same_phones() {
    let storm = Storm {
        scenario: Scenario {
            capacity: 50.0,
            ..Scenario::default()
        },
        ..storm(5, 2000)
    };
    let variant = |name: &str, delay: Option<&str>| Variant {
        name: name.to_owned(),
        changes: delay
            .map(|delay| ("Resync_Random_Delay".to_owned(), delay.to_owned()))
            .into_iter()
            .collect(),
    };
    let variants = [
        variant("short", None),
        variant("long", Some("600")),
        variant("short again", Some("2")),
    ];
    let compared = Comparison::run(&storm, &variants, 2, &Progress::default()).unwrap();
    let [short, long, again] = compared.runs.as_slice() else {
        panic!("{compared:?}");
    };
    assert_eq!(short.report.totals, again.report.totals, "2 is the default");
    assert_eq!(short.report.seconds, again.report.seconds);
    // 2,000 phones in 2 s, of which 50 a second are answered, until they give up; over 600 s nobody waits long.
    let waiting = |report: &Report| report.most_waiting().unwrap().1;
    assert!(waiting(&short.report) > 1000, "{}", waiting(&short.report));
    assert!(waiting(&long.report) < 50, "{}", waiting(&long.report));
    assert!(long.report.synced_us(100.0).unwrap() > 590_000_000);
    let text = compared.text(&[]);
    let mut lines = text.lines().skip(1);
    assert!(lines.next().unwrap().contains("short"), "{text}");
    assert!(
        lines.next().unwrap().contains("Resync_Random_Delay=600"),
        "{text}"
    );
    // A setting that cannot be is told before anything is played.
    let wrong = [variant("ok", None), variant("wrong", Some("x"))];
    let error = Comparison::run(&storm, &wrong, 1, &Progress::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("wrong: params.Resync_Random_Delay"),
        "{error}"
    );
}

#[test]
fn the_time_until_phones_are_in_sync_counts_all_of_them() {
    let report = play(&storm(9, 500), None, 1);
    assert_eq!(report.in_sync.count, 500);
    let all = report.synced_us(100.0).unwrap();
    assert!(report.synced_us(50.0).unwrap() < all);
    // One that never was would be the last.
    let mut lacking = report;
    lacking.totals.phones += 1;
    assert_eq!(lacking.synced_us(100.0), None);
    assert!(lacking.synced_us(99.0).is_some());
    // Of all that fails nobody gets into sync, and an outage takes everybody out of it.
    let mut down = storm(9, 500);
    down.scenario.set("failures", "1").unwrap();
    let none = play(&down, None, 1);
    assert_eq!((none.in_sync.count, none.synced_us(1.0)), (0, None));
    let text = none.text(&[]);
    assert!(
        text.contains("in sync: half never, 99 % never, all never"),
        "{text}"
    );
}

#[test]
fn phones_learn_a_server_from_dhcp() {
    let mut storm = storm(1, 3);
    storm.scenario = Scenario::parse("[params]\nProfile_Rule = '/$MA.xml'").unwrap();
    let report = play(&storm, None, 1);
    assert_eq!((report.totals.requests, report.totals.provisioned), (0, 0));
    storm
        .scenario
        .dhcp
        .insert("66".to_owned(), "192.0.2.10".to_owned());
    let report = play(&storm, None, 1);
    assert_eq!(report.totals.provisioned, 3);
}

#[test]
fn an_hour_of_seconds_can_be_looked_at_anywhere() {
    let mut storm = storm(1, 20);
    storm.scenario.close_up_s = 50_000;
    let report = play(&storm, None, 1);
    assert_eq!((report.seconds.from_s, report.seconds.slot_s), (50_000, 1));
    // The second resync of each comes 50,000 s after its first, which power and delay spread.
    let asked: u64 = report.seconds.requests.iter().sum();
    assert!(asked >= 18, "{asked}");
    assert!(report.seconds.in_sync[0] >= 18);
    storm.scenario.close_up_s = 86_400;
    let error = storm.run(None, 1, &Progress::default()).unwrap_err();
    assert!(error.to_string().contains("begin earlier"), "{error}");
}

#[test]
fn cells_make_the_queues_of_chance_longer_and_leave_those_of_waves_alone() {
    let play = |delay: &str, capacity: f64, cell: u32| {
        let mut scenario = Scenario {
            capacity,
            ..Scenario::default()
        };
        scenario.set("Resync_Random_Delay", delay).unwrap();
        scenario.set("Resync_Periodic", "0").unwrap();
        let storm = Storm {
            phones: 1000,
            days: 1,
            seed: 1,
            scenario,
            cell,
        };
        play(&storm, None, 2).latency.percentile(99.0)
    };
    // 1.7 requests a second at a server for 2: what is in the way is chance.
    assert!(play("600", 2.0, 100) > 2 * play("600", 2.0, 1000));
    // 500 requests a second at one for 100.
    let (cells, one) = (play("2", 100.0, 100), play("2", 100.0, 1000));
    assert!(cells.abs_diff(one) < one / 50, "{cells} and {one}");
}
