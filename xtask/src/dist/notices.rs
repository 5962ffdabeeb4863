//! The licences of the crates that a program is made of, with their texts, as these licences want it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};

use crate::dist::sbom::Bill;

/// Beginnings of the names of files with licences and notices.
const NAMES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// All crates from the registry with their licences, then each text once, with the crates that have it.
///
/// # Errors
/// The sources of a crate cannot be read.
pub(crate) fn text(bill: &Bill) -> Result<String> {
    let mut out = format!(
        "{} is made of these crates, besides its own. Their licences follow.\n\n",
        bill.program
    );
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for component in bill.components.iter().filter(|c| c.is_foreign()) {
        let name = format!("{} {}", component.name, component.version);
        out.push_str(&format!("{name}: {}\n", component.license));
        let folder = &component.folder;
        let entries =
            fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let file = file.to_uppercase();
            if path.is_file() && NAMES.iter().any(|known| file.starts_with(known)) {
                let bytes =
                    fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                let text = String::from_utf8_lossy(&bytes).replace('\r', "");
                texts
                    .entry(text.trim_matches('\n').to_owned())
                    .or_default()
                    .push(name.clone());
            }
        }
    }
    // By the first crate of each, so that a new crate moves nothing else.
    let mut texts: Vec<(Vec<String>, String)> = texts
        .into_iter()
        .map(|(text, mut names)| {
            names.sort();
            names.dedup();
            (names, text)
        })
        .collect();
    texts.sort();
    for (names, text) in texts {
        let line = "-".repeat(72);
        out.push_str(&format!(
            "\n{line}\n{}\n{line}\n\n{text}\n",
            names.join(", ")
        ));
    }
    Ok(out)
}
