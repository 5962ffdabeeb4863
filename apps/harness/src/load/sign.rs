//! `load sign`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use onhook_ed25519::SigningKey;
use onhook_upgrade::{Manifest, Signature, signed};

use super::shown::{Shown, Standing};
use crate::cli::load::SignArgs;
use crate::failure::{Done, Failure};
use crate::output::{self, Readers};

/// Signs a manifest.
pub(super) fn sign(args: &SignArgs) -> Done {
    let path = args.manifest.display();
    let bytes = super::manifest(&args.manifest)?;
    let (_, signed) = Manifest::parse(&bytes)
        .with_context(|| path.to_string())
        .map_err(Failure::Asked)?;
    let message = signed.map_or(bytes.as_slice(), |signed| signed.message);
    let message = std::str::from_utf8(message).context("a manifest is text")?;
    let key = super::signing_key(&args.key)?;
    let to = args.output.as_ref().unwrap_or(&args.manifest);
    put(message, Some(&key), to, args.json)
}

/// Writes a manifest, signed or not, and says what it is.
pub(super) fn put(message: &str, key: Option<&SigningKey>, to: &Path, as_json: bool) -> Done {
    let (text, state) = match key {
        Some(key) => {
            let name = key.public().id();
            let signature = Signature {
                key: name,
                bytes: key.sign(message.as_bytes()),
            };
            (signed(message, &signature), Standing::Good(name))
        }
        None => (message.to_owned(), Standing::None),
    };
    if as_json && to == Path::new("-") {
        let why = "--json prints to standard output, so give a file with -o";
        return Err(anyhow::anyhow!(why).into());
    }
    let (manifest, _) = Manifest::parse(text.as_bytes()).map_err(Failure::asked)?;
    output::write(to.as_os_str(), text.as_bytes(), Readers::Everybody).map_err(Failure::asked)?;
    let shown = Shown::of(&manifest, state, &[]);
    if as_json {
        output::document(&shown)?;
    } else if to != Path::new("-") {
        output::print(&format!("{}: {}\n", to.display(), manifest.name))?;
    }
    Ok(ExitCode::SUCCESS)
}
