//! Which part of a run is played here.

use std::num::NonZeroU32;

/// One part of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ShardArg {
    pub(crate) which: Which,
    /// How many there are.
    pub(crate) of: NonZeroU32,
}

/// Which one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    /// Counted from 1.
    Number(NonZeroU32),
    /// A variable of the environment that holds an index from 0, as schedulers of jobs set it.
    Index(String),
}

/// Reads `I/N` or `env:NAME/N`.
pub(crate) fn shard(text: &str) -> Result<ShardArg, String> {
    let parts = text.rsplit_once('/').and_then(|(which, of)| {
        let which = match which.strip_prefix("env:") {
            Some(name) if name.is_empty() || name.contains(['=', '\0']) => return None,
            Some(name) => Which::Index(name.to_owned()),
            None => Which::Number(which.parse().ok()?),
        };
        let of = of.parse().ok()?;
        Some(ShardArg { which, of })
    });
    parts
        .filter(|shard| match &shard.which {
            Which::Number(number) => *number <= shard.of,
            Which::Index(_) => true,
        })
        .ok_or_else(|| {
            "write I/N with I from 1 to N, such as 2/5, or env:NAME/N for an index from 0 in a variable".to_owned()
        })
}
