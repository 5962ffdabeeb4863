//! The command line, which `cargo xtask interop` writes.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use crate::case::Pace;
use crate::peers;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The slowest cases that are done.
    pub(crate) pace: Pace,
    /// Whether the network is bad instead of the servers many.
    pub(crate) bad_network: bool,
    /// Names of peers; all if there is none.
    pub(crate) only: Vec<String>,
    /// Where the result is written down.
    pub(crate) document: Option<PathBuf>,
}

impl Arguments {
    /// Reads the words behind the name of the program.
    ///
    /// # Errors
    /// A word is unknown, or no peer has such a name.
    pub(crate) fn read(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut arguments = Self {
            pace: Pace::Slow,
            bad_network: false,
            only: Vec::new(),
            document: None,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => arguments.pace = Pace::Quick,
                "--bad-network" => arguments.bad_network = true,
                "--only" => arguments.only.push(words.next().context("--only NAME")?),
                "--document" => {
                    let file = words.next().context("--document FILE")?;
                    arguments.document = Some(file.into());
                }
                other => bail!("unknown argument {other}"),
            }
        }
        for name in &arguments.only {
            let names = peers::ALL.map(|peer| peer.name);
            let known = peers::ALL.iter().any(|peer| is_called(peer, name));
            ensure!(known, "no server is called {name}: {}", names.join(", "));
        }
        Ok(arguments)
    }

    /// Whether this peer is asked for.
    pub(crate) fn wants(&self, peer: &peers::Peer) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| is_called(peer, name))
    }
}

/// By its name or by the name of its program, whatever the case.
fn is_called(peer: &peers::Peer, name: &str) -> bool {
    [peer.name, peer.program]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> anyhow::Result<Arguments> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn peers_are_chosen_by_name_or_program() {
        let arguments = read("--quick --only apache --only in.tftpd").unwrap();
        assert_eq!(arguments.pace, Pace::Quick);
        let chosen: Vec<_> = peers::ALL
            .iter()
            .filter(|peer| arguments.wants(peer))
            .map(|peer| peer.name)
            .collect();
        assert_eq!(chosen, ["tftpd-hpa", "tftpd-hpa, writable", "Apache"]);
    }

    #[test]
    fn unknown_words_and_peers_are_refused() {
        assert!(read("--fast").is_err());
        let error = read("--only iis").unwrap_err().to_string();
        assert!(error.contains("nginx"), "{error}");
    }
}
