//! `docs/interop.md`: each kind of run writes its part and leaves the others alone.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// What stands above the parts.
const HEAD: &str = "# Interop\n\n\
    Real phones at the servers that operators run, and over a network that loses packets. `cargo xtask interop` and\n\
    `cargo xtask interop --bad-network` write this file; [testing.md](testing.md) tells more.\n";

/// A part of the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Servers,
    BadNetwork,
}

impl Part {
    const ALL: [Self; 2] = [Self::Servers, Self::BadNetwork];

    const fn title(self) -> &'static str {
        match self {
            Self::Servers => "## Servers\n",
            Self::BadNetwork => "## Bad network\n",
        }
    }
}

/// Writes one part.
///
/// # Errors
/// The file cannot be read or written.
pub(crate) fn write(file: &Path, part: Part, text: &str) -> anyhow::Result<()> {
    let before = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    fs::write(file, with(&before, part, text)).with_context(|| file.display().to_string())
}

/// The document with one part in place of what it was.
fn with(before: &str, part: Part, text: &str) -> String {
    let mut document = HEAD.to_owned();
    for own in Part::ALL {
        let kept = before.split_once(own.title()).map(|(_, rest)| {
            let end = Part::ALL
                .iter()
                .filter_map(|other| rest.find(other.title()));
            rest.get(..end.min().unwrap_or(rest.len()))
                .unwrap_or_default()
        });
        let text = if own == part { Some(text) } else { kept };
        if let Some(text) = text {
            document += &format!("\n{}\n{}\n", own.title(), text.trim());
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_writes_its_part_and_keeps_the_other() {
        let servers = with("", Part::Servers, "one\n\n### nginx\n");
        let both = with(&servers, Part::BadNetwork, "two\n");
        assert_eq!(
            both,
            format!("{HEAD}\n## Servers\n\none\n\n### nginx\n\n## Bad network\n\ntwo\n")
        );
        assert_eq!(with(&both, Part::BadNetwork, "two"), both);
        let again = with(&both, Part::Servers, "three");
        assert_eq!(
            again,
            format!("{HEAD}\n## Servers\n\nthree\n\n## Bad network\n\ntwo\n")
        );
    }
}
