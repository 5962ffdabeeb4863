//! Random numbers that depend on nothing but their arguments.
//!
//! Each number is a hash of the seed, the purpose and a counter. So a phone needs no generator
//! state, two purposes never share a number, and neither threads nor shards change anything.
//! The numbers spread load. They are no secrets.

/// What a number is drawn for; the values are part of every recorded run and never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// The wait after power-on, `Resync_Random_Delay`.
    BootDelay = 1,
    /// The random part of `Resync_Error_Retry_Delay`.
    ErrorRetry = 2,
    /// The random part of `Resync_Periodic`.
    Periodic = 3,
    /// The start in the window behind `Resync_At`.
    DailyWindow = 4,
    /// The random part of `Upgrade_Error_Retry_Delay`.
    Upgrade = 5,
    /// The choice among SRV records of one priority.
    Srv = 6,
    /// Times and transaction ids of DHCPv4.
    Dhcp = 7,
    /// Times and transaction ids of DHCPv6.
    DhcpV6 = 8,
    /// Numbers and waits of phones that share a load.
    Sharing = 9,
}

/// 2^64 divided by the golden ratio, made odd: steps of it never meet again in 2^64 steps.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Gives number `n` of a purpose, uniform over all 64-bit values.
#[must_use]
pub const fn draw(seed: u64, purpose: Purpose, n: u64) -> u64 {
    let stream = mix(seed ^ mix(STEP.wrapping_mul(purpose as u64)));
    mix(stream.wrapping_add(STEP.wrapping_mul(n.wrapping_add(1))))
}

/// Gives the seed of one phone from the seed of the run and its number in the whole fleet.
#[must_use]
pub const fn phone_seed(run_seed: u64, global_index: u64) -> u64 {
    mix(mix(run_seed).wrapping_add(STEP.wrapping_mul(global_index.wrapping_add(1))))
}

/// Scales a drawn number to `0..=max`, both ends included (R-SCHED-1).
///
/// A value can be at most (`max` + 1) / 2^64 more or less likely than the others, in relation
/// to its fair share: below 2^-32 for every `max` below 2^32.
#[must_use]
pub const fn uniform(drawn: u64, max: u64) -> u64 {
    //= R-SCHED-1
    let values = max as u128 + 1;
    // A product of 64 and 65 bits whose upper part is at most `max`.
    ((drawn as u128 * values) >> 64) as u64
}

/// A bijection of 64-bit values in which each input bit changes about half of the output bits.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
