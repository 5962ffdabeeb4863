//! `load keygen`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

use anyhow::Context;
use onhook_ed25519::SigningKey;
use serde_json::json;

use crate::cli::load::KeygenArgs;
use crate::failure::{Done, Failure};
use crate::output::{self, Readers};

/// Makes a pair of keys.
pub(super) fn keygen(args: &KeygenArgs) -> Done {
    let (key, text) = SigningKey::generate().map_err(Failure::asked)?;
    let path = args.output.display();
    let mut file = OpenOptions::new()
        .write(true)
        // A key that signs loads in the field is not lost by a slip.
        .create_new(true)
        .mode(0o600)
        .open(&args.output)
        .with_context(|| format!("cannot make {path}: a private key is never replaced"))
        .map_err(Failure::asked)?;
    file.write_all(text.expose())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {path}"))
        .map_err(Failure::asked)?;
    let public = key.public();
    let pem = public.to_pem();
    output::write(args.public.as_os_str(), pem.as_bytes(), Readers::Everybody)
        .map_err(Failure::asked)?;
    if args.json {
        output::document(&json!({
            "schema": "onhook.load/1",
            "key": public.id().to_string(),
            "private": args.output.to_string_lossy(),
            "public": args.public.to_string_lossy(),
        }))?;
    } else {
        output::print(&format!("key {}\n", public.id()))?;
    }
    Ok(ExitCode::SUCCESS)
}
