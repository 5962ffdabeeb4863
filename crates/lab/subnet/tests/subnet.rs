//! Phones share a load whatever goes wrong.
#![cfg(test)]

use onhook_subnet::{Conduct, Crash, Faults, Partition, Report, Subnet};
use proptest::prelude::*;

/// A load that is quickly simulated.
fn small(phones: u32, faults: Faults) -> Subnet {
    Subnet {
        phones,
        load: 4 << 20,
        block: 128 << 10,
        faults,
        ..Subnet::default()
    }
}

#[track_caller]
fn run(subnet: &Subnet) -> Report {
    let report = subnet.run().unwrap();
    assert_eq!(report.spins, 0, "a machine wants to be called at once");
    assert!(report.most_connections <= 8, "{report:?}");
    report
}

#[track_caller]
fn everybody_finishes(subnet: &Subnet) -> Report {
    let report = run(subnet);
    assert_eq!(report.complete, report.phones, "{report:?}");
    assert_eq!(report.failed, 0, "{report:?}");
    report
}

//= R-PFS-1 type=test
#[test]
fn two_hundred_phones_cost_the_server_little_more_than_one_load() {
    let alone = everybody_finishes(&Subnet {
        sharing: false,
        ..Subnet::default()
    });
    // A switch of 100 Mbit/s a phone.
    let shared = everybody_finishes(&Subnet::default());
    assert!(shared.server.loads <= 1.2, "{shared:?}");
    assert_eq!(shared.blocks_from_server, u64::from(shared.load.blocks));
    assert_eq!((shared.roots, shared.fell_back), (1, 0));
    let (shared, alone) = (shared.last_ms.unwrap(), alone.last_ms.unwrap());
    assert!(shared * 20 <= alone, "{shared} ms and {alone} ms");
}

#[test]
fn phones_pass_on_what_they_still_fetch() {
    // The root alone takes 4 s; with passing on afterwards each level would add as much as a link takes for two loads.
    let report = everybody_finishes(&Subnet {
        phones: 50,
        load: 20 << 20,
        link: 1_000_000_000,
        ..Subnet::default()
    });
    let (first, last) = (report.first_ms.unwrap(), report.last_ms.unwrap());
    assert!(last - first < 100, "{report:?}");
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let faults = Faults {
        loss: 100,
        duplicates: 50,
        jitter: 30,
        conduct: vec![(3, Conduct::Liar), (9, Conduct::Flooder)],
        ..Faults::default()
    };
    let subnet = Subnet {
        within: 500,
        ..small(30, faults)
    };
    assert_eq!(run(&subnet), run(&subnet));
    let other = Subnet {
        seed: 2,
        ..subnet.clone()
    };
    assert_ne!(run(&subnet).datagrams, run(&other).datagrams);
}

#[test]
fn datagrams_may_get_lost_come_twice_and_overtake_each_other() {
    for seed in 1..=5 {
        let faults = Faults {
            loss: 300,
            duplicates: 300,
            jitter: 100,
            ..Faults::default()
        };
        let report = everybody_finishes(&Subnet {
            seed,
            ..small(40, faults)
        });
        assert!(report.server.loads < 3.0, "{report:?}");
        assert_eq!(report.fell_back, 0, "{report:?}");
    }
}

//= R-PFS-1 type=test
#[test]
fn a_phone_that_comes_late_gets_the_load_from_those_that_have_it() {
    let report = everybody_finishes(&Subnet {
        within: 20_000,
        ..small(40, Faults::default())
    });
    assert!(report.server.loads < 1.6, "{report:?}");
    assert_eq!(report.fell_back, 0, "{report:?}");
}

//= R-PFS-1 type=test
#[test]
fn a_phone_that_lost_power_goes_on_with_the_blocks_that_it_has() {
    let crashes = (0..5)
        .map(|phone| Crash {
            phone,
            at: 1_300 + u64::from(phone) * 30,
            back: Some(4_000),
        })
        .collect();
    let faults = Faults {
        crashes,
        ..Faults::default()
    };
    let report = everybody_finishes(&small(20, faults));
    // Nobody got a block twice.
    let blocks = u64::from(report.load.blocks);
    assert_eq!(
        report.blocks_from_peers + report.blocks_from_server,
        20 * blocks
    );
}

//= R-PFS-4 type=test
#[test]
fn a_root_that_dies_in_the_middle_is_replaced() {
    for at in [1, 10, 31] {
        let faults = Faults {
            root_dies_at: Some(at),
            ..Faults::default()
        };
        let report = run(&small(60, faults));
        assert_eq!((report.complete, report.failed), (59, 1), "{report:?}");
        assert_eq!(report.fell_back, 0, "{report:?}");
        assert!(report.roots >= 2, "{report:?}");
        // Only what the old root had not passed on yet is fetched again: it gets blocks faster than two children do.
        let again = report.blocks_from_server - u64::from(report.load.blocks);
        assert!(again <= 1 + u64::from(at) / 2, "{report:?}");
        assert!(
            report.last_ms.unwrap_or(report.half_ms.unwrap()) < 9_000,
            "{report:?}"
        );
    }
}

//= R-PFS-4 type=test
#[test]
fn a_root_without_progress_for_ten_seconds_is_replaced() {
    let faults = Faults {
        root_stalls_at: Some(10),
        ..Faults::default()
    };
    let report = everybody_finishes(&small(60, faults));
    assert!(report.roots >= 2, "{report:?}");
    assert_eq!(report.fell_back, 0, "{report:?}");
    let last = report.last_ms.unwrap();
    assert!((11_000..16_000).contains(&last), "{report:?}");
}

//= R-PFS-2 type=test
#[test]
fn whoever_trickles_is_left_though_each_block_is_good_and_in_time() {
    // Blocks of 128 KiB, one every nine seconds: 32 of them took 288 s.
    let faults = Faults {
        conduct: vec![(0, Conduct::Trickler)],
        ..Faults::default()
    };
    let report = everybody_finishes(&small(2, faults));
    let last = report.last_ms.unwrap();
    assert!((30_000..45_000).contains(&last), "{report:?}");
    // Among many, some begin below one of them and go elsewhere.
    let faults = Faults {
        conduct: vec![(0, Conduct::Trickler), (7, Conduct::Trickler)],
        ..Faults::default()
    };
    let report = everybody_finishes(&small(40, faults));
    assert!(report.last_ms.unwrap() < 120_000, "{report:?}");
}

/// A server that is slower than the pace is nobody's fault.
#[test]
fn a_slow_server_breaks_no_tree() {
    let report = everybody_finishes(&Subnet {
        server: 24 << 10,
        ..small(20, Faults::default())
    });
    assert_eq!((report.roots, report.fell_back), (1, 0), "{report:?}");
    assert!(report.server.loads < 1.2, "{report:?}");
}

//= R-PFS-2 type=test
#[test]
fn wrong_blocks_are_thrown_away_and_everybody_finishes() {
    for conduct in [Conduct::Liar, Conduct::Miser] {
        let faults = Faults {
            conduct: vec![(0, conduct), (7, conduct), (20, conduct)],
            ..Faults::default()
        };
        let report = everybody_finishes(&small(40, faults));
        assert_eq!(
            report.wrong_blocks > 0,
            conduct == Conduct::Liar,
            "{report:?}"
        );
        assert!(report.last_ms.unwrap() < 60_000, "{report:?}");
    }
}

//= R-PFS-2, R-PFS-4 type=test
#[test]
fn whoever_only_pretends_to_be_root_is_given_up() {
    let faults = Faults {
        conduct: vec![(5, Conduct::Pretender)],
        ..Faults::default()
    };
    let report = everybody_finishes(&small(40, faults));
    assert!(report.last_ms.unwrap() < 60_000, "{report:?}");
    assert!(report.server.loads < 10.0, "{report:?}");
}

//= R-PFS-4 type=test
#[test]
fn rubbish_and_false_sources_stop_nobody() {
    let faults = Faults {
        conduct: vec![(5, Conduct::Flooder), (6, Conduct::Flooder)],
        ..Faults::default()
    };
    let report = everybody_finishes(&small(20, faults));
    assert!(report.last_ms.unwrap() < 90_000, "{report:?}");
}

#[test]
fn phones_that_want_another_load_keep_to_themselves() {
    let faults = Faults {
        conduct: (0..10).map(|phone| (phone, Conduct::Stranger)).collect(),
        ..Faults::default()
    };
    let report = everybody_finishes(&small(30, faults));
    assert_eq!(report.wrong_blocks, 0, "{report:?}");
    assert_eq!(report.roots, 1, "{report:?}");
}

//= R-PFS-2 type=test
#[test]
fn both_sides_of_a_partition_finish() {
    for reaches_server in [true, false] {
        let partition = Partition {
            side: 0..15,
            span: 1_200..20_000,
            reaches_server,
        };
        let faults = Faults {
            partition: Some(partition),
            ..Faults::default()
        };
        let report = everybody_finishes(&small(30, faults));
        assert!(report.last_ms.unwrap() < 90_000, "{report:?}");
    }
}

//= R-PFS-2 type=test
#[test]
fn a_phone_that_the_server_refuses_gets_the_load_from_others() {
    let faults = Faults {
        refused: 0..15,
        ..Faults::default()
    };
    everybody_finishes(&small(30, faults));
}

#[test]
fn a_server_that_refuses_everybody_ends_it_for_everybody() {
    let faults = Faults {
        refused: 0..20,
        ..Faults::default()
    };
    let report = run(&small(20, faults));
    assert_eq!((report.complete, report.failed), (0, 20));
}

#[test]
fn a_phone_without_power_at_the_beginning_is_counted_once() {
    let faults = Faults {
        crashes: vec![Crash {
            phone: 8,
            at: 0,
            back: None,
        }],
        silence: Some(46..34_223),
        ..Faults::default()
    };
    let subnet = Subnet {
        within: 112,
        ..small(10, faults)
    };
    let report = run(&subnet);
    assert_eq!((report.complete, report.failed), (9, 1), "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Any mixture of faults: whoever behaves and keeps its power has the load in the end, for the server is there.
    #[test]
    fn whatever_happens_everybody_finishes(
        seed in any::<u64>(),
        phones in 2u32..40,
        (loss, duplicates, jitter) in (0u16..500, 0u16..500, 0u64..300),
        within in 0u64..5_000,
        fan_out in 1u8..=6,
        conduct in prop::collection::vec((0u32..40, conduct()), 0..4),
        crashes in prop::collection::vec((0u32..40, 0u64..10_000, prop::option::of(0u64..20_000)), 0..4),
        silence in prop::option::of((0u64..8_000, 0u64..40_000)),
        root in prop::option::of((0u32..32, any::<bool>())),
        cut in prop::option::of((0u32..40, 0u64..8_000, 0u64..40_000, any::<bool>())),
    ) {
        let faults = Faults {
            loss,
            duplicates,
            jitter,
            conduct,
            crashes: crashes
                .into_iter()
                .map(|(phone, at, back)| Crash { phone: phone % phones, at, back: back.map(|more| at + more) })
                .collect(),
            silence: silence.map(|(at, span)| at..at + span),
            root_dies_at: root.filter(|(_, dies)| *dies).map(|(at, _)| at),
            root_stalls_at: root.filter(|(_, dies)| !dies).map(|(at, _)| at),
            partition: cut.map(|(side, at, span, reaches_server)| Partition {
                side: 0..side % phones,
                span: at..at + span,
                reaches_server,
            }),
            ..Faults::default()
        };
        let mut subnet = Subnet { seed, within, ..small(phones, faults) };
        subnet.settings.fan_out = fan_out;
        let report = run(&subnet);
        prop_assert_eq!(report.complete + report.failed, report.phones, "{:?}", report);
        let faults = &subnet.faults;
        if faults.silence.is_none() && faults.partition.is_none() {
            let gone = faults.crashes.iter().filter(|crash| crash.back.is_none()).count();
            let gone = gone + usize::from(faults.root_dies_at.is_some());
            prop_assert!(report.failed as usize <= gone, "{:?}", report);
        }
    }
}

fn conduct() -> impl Strategy<Value = Conduct> {
    prop::sample::select(vec![
        Conduct::Liar,
        Conduct::Miser,
        Conduct::Trickler,
        Conduct::Pretender,
        Conduct::Flooder,
        Conduct::Stranger,
    ])
}
