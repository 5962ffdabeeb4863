//! The ports through which drivers get time and a seed; nothing else in the domain reads either.

use onhook_device::Now;

/// Tells the time.
///
/// Obligations, each a test of the contract suite:
/// * the monotonic time never goes back, and it goes on while the phone sleeps;
/// * it starts near zero when the phone boots;
/// * the wall time is `None` until something has set it, and local: its offset is that of the
///   time zone of the phone at that moment;
/// * the wall time may jump in either direction, and such a jump does not touch the monotonic time;
/// * a call never blocks and never fails.
pub trait Clock: Send + Sync + 'static {
    /// The time at this moment.
    fn now(&self) -> Now;
}

/// Brings chance into a run.
///
/// Obligations, each a test of the contract suite:
/// * one object gives the same seed at every call, so that a run can be repeated from a journal;
/// * on a phone the seed differs from boot to boot and from phone to phone;
/// * in a simulation the seed is the configured one;
/// * a call never blocks and never fails. The seed spreads load and makes no keys.
pub trait Entropy: Send + Sync + 'static {
    /// The seed of this run.
    fn seed(&self) -> u64;
}
