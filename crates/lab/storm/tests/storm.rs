//! Storms add up, repeat, and follow their server.
#![cfg(test)]

use onhook_storm::{Cells, MergeError, Outage, Progress, Report, Scenario, Shard, Storm, merge};

fn storm(phones: u32, scenario: &str) -> Storm {
    Storm {
        phones,
        days: 1,
        seed: 7,
        scenario: Scenario::parse(scenario).unwrap(),
        cell: 1000,
    }
}

fn run(storm: &Storm, shard: Option<Shard>, threads: usize) -> Report {
    storm.run(shard, threads, &Progress::default()).unwrap()
}

const HOURLY: &str = "
failures = 0.01
capacity = 200.0
[params]
Profile_Rule = '( $SWVER ge sip88xx.11-0-0 )? http://prov.example/$MA.xml | http://prov.example/old.xml'
Resync_Periodic = '7200+600'
Resync_Error_Retry_Delay = '60,300,900'
";

fn shard(number: u32, of: u32) -> Option<Shard> {
    Some(Shard {
        number: number.try_into().unwrap(),
        of: of.try_into().unwrap(),
    })
}

#[test]
fn shards_and_threads_change_nothing() {
    // Three cells, the last one smaller.
    let storm = storm(
        2_500,
        "[params]\nProfile_Rule = 'http://h/$MA'\nResync_Periodic = '40000'\n",
    );
    let whole = run(&storm, None, 2).to_json().unwrap();
    assert_eq!(run(&storm, None, 1).to_json().unwrap(), whole);
    for of in [2, 5] {
        let parts: Vec<_> = (1..=of).map(|n| run(&storm, shard(n, of), 2)).collect();
        assert_eq!(
            merge(&parts).unwrap().to_json().unwrap(),
            whole,
            "{of} shards"
        );
        // A shard that was lost is run again, in any order.
        let mut again: Vec<_> = parts.into_iter().skip(1).collect();
        again.push(run(&storm, shard(1, of), 1));
        assert_eq!(
            merge(&again).unwrap().to_json().unwrap(),
            whole,
            "{of} shards"
        );
    }
}

#[test]
fn reports_of_other_storms_are_refused() {
    let one = run(&storm(10, ""), shard(1, 2), 1);
    let other = Storm {
        seed: 8,
        ..storm(10, "")
    };
    let other = run(&other, shard(1, 2), 1);
    let different = MergeError::Different {
        number: 2,
        what: "seed",
    };
    assert_eq!(merge(&[one.clone(), other]), Err(different));
    assert_eq!(
        merge(&[one.clone(), one.clone()]),
        Err(MergeError::Twice { number: 2, cell: 0 })
    );
    assert_eq!(merge(&[]), Err(MergeError::Nothing));
    // Nobody may read from a changed file that all cells are there.
    for (size, of, cell, what) in [
        (4, 2, 0, "it has 10 phones in 2 cells of 4"),
        (0, 10, 0, "it has 10 phones in 10 cells of 0"),
        (4, 3, 3, "it has cell 3 of 3"),
    ] {
        let mut changed = one.clone();
        changed.cells = Cells {
            size,
            of,
            done: [cell].into(),
        };
        let what = what.to_owned();
        let damaged = Err(MergeError::Damaged { number: 1, what });
        assert_eq!(merge(&[changed]), damaged);
    }
}

#[test]
fn every_phone_is_provisioned_and_resyncs_in_its_period() {
    let report = run(&storm(1000, HOURLY), None, 2);
    let totals = &report.totals;
    assert_eq!(
        (totals.phones, totals.provisioned, totals.boots),
        (1000, 1000, 1000)
    );
    assert_eq!(totals.started["boot"], 1000);
    // 24 h of 7,200 to 7,800 s, with retries of one in a hundred.
    let periodic = totals.started["periodic"];
    assert!((10_500..=11_500).contains(&periodic), "{periodic}");
    let failed = totals.requests - totals.ended["A.applied"];
    assert_eq!(failed, totals.ended["C.http"]);
    assert!(
        (80..=200).contains(&failed),
        "{failed} of {}",
        totals.requests
    );
    assert_eq!(
        totals.started["retry"], failed,
        "all but the last have been tried again"
    );
}

#[test]
fn whoever_waits_when_the_server_goes_is_answered_by_nobody() {
    let text = "capacity = 50.0\noutages = [{ from_s = 5, to_s = 600 }]\n[params]\nProfile_Rule = \"http://h/$MA\"\n";
    let storm = Storm {
        scenario: Scenario::parse(text).unwrap(),
        ..storm(1000, "")
    };
    let report = run(&storm, None, 2);
    let succeeded =
        |from: usize, to: usize| -> u64 { report.seconds.succeeded[from..to].iter().sum() };
    assert!(succeeded(0, 5) > 100, "{}", succeeded(0, 5));
    assert_eq!(succeeded(6, 600), 0);
    let later: u64 = report.minutes.succeeded[60..90].iter().sum();
    assert!(later > 700, "{later}");
    assert!(
        report.totals.ended["C.connect"] > 700,
        "{:?}",
        report.totals.ended
    );
}

/// An outage of 30 minutes, and the wave of retries behind it.
#[test]
fn an_outage_sends_a_wave_of_retries_that_a_busy_server_spreads() {
    let mut scenario = Scenario::parse(HOURLY).unwrap();
    let play = |scenario: &Scenario| {
        let storm = Storm {
            scenario: scenario.clone(),
            ..storm(1000, "")
        };
        run(&storm, None, 2)
    };
    let calm = play(&scenario);
    let outage = Outage {
        from_s: 36_000,
        to_s: 37_800,
    };
    scenario.outages.push(outage);
    let wave = play(&scenario);
    let sum = |minutes: &[u64], from: usize, to: usize| minutes[from..to].iter().sum::<u64>();
    let retries = |report: &Report| sum(&report.minutes.retries, 600, 660);
    assert!(
        retries(&wave) > 10 * retries(&calm),
        "{} and {}",
        retries(&wave),
        retries(&calm)
    );
    assert_eq!(
        sum(&wave.minutes.succeeded, 600, 630),
        0,
        "nobody reaches it"
    );
    assert_eq!(
        sum(&wave.minutes.requests, 0, 600),
        sum(&calm.minutes.requests, 0, 600),
        "before it nothing differs"
    );
    // One answer a second instead of 200: most wait longer than they may.
    scenario.capacity = 1.0;
    let slow = play(&scenario);
    let failed = |report: &Report| {
        let ended = report.totals.ended.iter();
        ended
            .filter(|(code, _)| code.starts_with("C."))
            .map(|(_, n)| n)
            .sum::<u64>()
    };
    assert!(
        failed(&slow) > failed(&wave),
        "{} and {}",
        failed(&slow),
        failed(&wave)
    );
}

#[test]
fn a_scenario_says_what_is_wrong_with_it() {
    for (text, says) in [
        ("capacity = -1.0", "capacity is -1"),
        ("failures = 1.5", "write a part from 0 to 1"),
        (
            "[params]\nNo_Such = '1'",
            "params.No_Such: no phone of this kind",
        ),
        (
            "[params]\nResync_Periodic = 'x'",
            "params.Resync_Periodic: `x` is no value",
        ),
        ("bogus = 1", "unknown field `bogus`"),
        ("outages = [{ from_s = 5, to_s = 5 }]", "from_s below to_s"),
        ("family = 'x'", "family: family `x` is unknown"),
        ("release = '9'", "release: release `9` is unknown"),
        ("readings = { nope = 'x' }", "readings.nope: "),
        (
            "dhcp = { x = 'h' }",
            "dhcp.x: write the number of an option",
        ),
    ] {
        let error = Scenario::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
