//! The part of a run that is played here: its number may stand in the environment.

use std::ffi::OsString;
use std::num::NonZeroU32;

use anyhow::{Context, bail};

use crate::cli::shard::{ShardArg, Which};

impl ShardArg {
    /// Which part, from 1, and of how many.
    pub(crate) fn read(&self) -> anyhow::Result<(NonZeroU32, NonZeroU32)> {
        self.read_from(|name| std::env::var_os(name))
    }

    fn read_from(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<(NonZeroU32, NonZeroU32)> {
        let name = match &self.which {
            Which::Number(number) => return Ok((*number, self.of)),
            Which::Index(name) => name,
        };
        let value = variable(name)
            .with_context(|| format!("--shard: there is no environment variable {name}"))?;
        let value = value.to_string_lossy();
        let number = value.parse::<u32>().ok();
        let number = number.and_then(|index| NonZeroU32::new(index.checked_add(1)?));
        match number.filter(|number| *number <= self.of) {
            Some(number) => Ok((number, self.of)),
            None => bail!(
                "--shard: {name} is `{value}`, and of {} parts the indices go from 0 to {}: let as many be started as there are parts",
                self.of,
                self.of.get() - 1
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::shard::shard;

    #[test]
    fn parts_are_counted_from_1_and_indices_from_0() {
        let read = |text: &str, index: Option<&str>| {
            let read = shard(text).unwrap().read_from(|name| {
                assert_eq!(name, "JOB_COMPLETION_INDEX");
                index.map(OsString::from)
            });
            read.map(|(number, of)| (number.get(), of.get()))
                .map_err(|error| error.to_string())
        };
        assert_eq!(read("2/5", None), Ok((2, 5)));
        let variable = "env:JOB_COMPLETION_INDEX/5";
        assert_eq!(read(variable, Some("0")), Ok((1, 5)));
        assert_eq!(read(variable, Some("4")), Ok((5, 5)));
        for index in ["5", "-1", "", "x", "4294967295"] {
            let error = read(variable, Some(index)).unwrap_err();
            assert!(error.contains("from 0 to 4"), "{error}");
        }
        let error = read(variable, None).unwrap_err();
        assert!(error.contains("no environment variable"), "{error}");
        for text in [
            "",
            "1",
            "0/5",
            "6/5",
            "1/0",
            "env:/5",
            "env:X",
            "env:A=B/5",
            "env:X/0",
        ] {
            assert!(shard(text).is_err(), "{text}");
        }
    }
}
