//! How benchmarks are run.

/// How a benchmark is to be run.
pub(crate) struct Plan {
    /// Measure other programs too.
    pub(crate) peers: bool,
    /// Rounds, in which ours and the peers take turns.
    pub(crate) rounds: u32,
}
