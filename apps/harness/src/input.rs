//! Texts and files to work on.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use zeroize::Zeroizing;

/// Reads a file, or standard input for `-`.
pub(crate) fn bytes(from: &OsStr) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    if from == "-" {
        std::io::stdin()
            .read_to_end(&mut content)
            .context("cannot read standard input")?;
    } else {
        let path = Path::new(from);
        *content =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(content)
}

/// The text of an argument: `@FILE` and `-` are read, with one line end taken off.
pub(crate) fn text(argument: &str) -> anyhow::Result<Zeroizing<String>> {
    let from = match argument.strip_prefix('@') {
        Some(path) => path,
        None if argument == "-" => argument,
        None => return Ok(Zeroizing::new(argument.to_owned())),
    };
    let content = bytes(OsStr::new(from))?;
    let text = std::str::from_utf8(&content).context("the text is not UTF-8")?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(Zeroizing::new(text.to_owned()))
}
