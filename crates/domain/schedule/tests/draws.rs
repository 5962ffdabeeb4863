//! Draws: pinned values, bounds, spread.

use onhook_schedule::{Purpose, draw, phone_seed, uniform};

#[test]
fn draws_never_change() {
    for (seed, purpose, n, expected) in [
        (0, Purpose::BootDelay, 0, 0x568a_9b0b_1a2c_05ec),
        (0, Purpose::BootDelay, 1, 0x44e5_b8b1_47ef_718b),
        (0, Purpose::ErrorRetry, 0, 0x879b_5eac_fc8e_2e5b),
        (1, Purpose::BootDelay, 0, 0x85c6_1a30_0ec7_0fa1),
        (42, Purpose::Periodic, 7, 0xb138_3bfa_d9ab_dd04),
        (42, Purpose::DailyWindow, 20_000, 0x7cb8_e127_ec33_32bf),
        (u64::MAX, Purpose::Upgrade, u64::MAX, 0xfcce_2e74_fec5_d4ff),
    ] {
        assert_eq!(draw(seed, purpose, n), expected, "{seed} {purpose:?} {n}");
    }
    for (run_seed, index, expected) in [
        (0, 0, 0xe220_a839_7b1d_cdaf),
        (0, 1, 0x6e78_9e6a_a1b9_65f4),
        (42, 0, 0x989b_3f13_0a06_3869),
        (42, 999_999, 0xca93_bb86_96f7_b5e2),
        (u64::MAX, u64::MAX, 0x4bff_d802_ebfb_15e4),
    ] {
        assert_eq!(phone_seed(run_seed, index), expected, "{run_seed} {index}");
    }
}

#[test]
fn phones_purposes_and_numbers_do_not_share_draws() {
    let purposes = [
        Purpose::BootDelay,
        Purpose::ErrorRetry,
        Purpose::Periodic,
        Purpose::DailyWindow,
        Purpose::Upgrade,
    ];
    let mut seen = std::collections::BTreeSet::new();
    for index in 0..200 {
        let seed = phone_seed(7, index);
        for purpose in purposes {
            for n in 0..20 {
                assert!(
                    seen.insert(draw(seed, purpose, n)),
                    "{index} {purpose:?} {n}"
                );
            }
        }
    }
}

//= R-SCHED-1 type=test
#[test]
fn both_ends_of_a_range_are_reached_and_nothing_beyond() {
    for max in [0, 1, 30, 3600, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        assert_eq!(uniform(0, max), 0);
        assert_eq!(uniform(u64::MAX, max), max);
    }
    assert_eq!(uniform(1 << 63, 40_000), 20_000);
    let drawn: std::collections::BTreeSet<_> = (0..2000)
        .map(|n| uniform(draw(1, Purpose::Periodic, n), 30))
        .collect();
    assert!(drawn.into_iter().eq(0..=30));
}

#[test]
fn a_fleet_is_spread_evenly() {
    // 100,000 phones over 100 seconds: about 1,000 in each, standard deviation 31.
    let mut seconds = [0_u32; 100];
    for index in 0..100_000 {
        let drawn = draw(phone_seed(3, index), Purpose::BootDelay, 0);
        let second = usize::try_from(uniform(drawn, 99)).unwrap();
        seconds[second] += 1;
    }
    for (second, phones) in seconds.into_iter().enumerate() {
        assert!(
            (840..1160).contains(&phones),
            "{phones} phones in second {second}"
        );
    }
}
