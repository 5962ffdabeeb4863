//! The boot loader of the end-to-end tests: one boot of a phone.
//!
//! `onhook-boot-loader FOLDER SLOT-A SLOT-B SCRATCH FACTORY COMMAND…` counts the boot, takes the component `start` out of the slot that is to
//! come up, checks it, and becomes that program, which gets the command as its arguments. Where nobody has described the slot, the
//! program FACTORY comes up. It prints `boot SLOT NAME` first.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use onhook_slots::{BootLoader, Places};

fn main() -> ExitCode {
    // It returns only if something fails.
    let Err(error) = boot();
    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{error:#}");
    ExitCode::FAILURE
}

fn boot() -> anyhow::Result<std::convert::Infallible> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, a, b, scratch, factory, command @ ..] = words.as_slice() else {
        bail!("wanted: FOLDER SLOT-A SLOT-B SCRATCH FACTORY COMMAND…");
    };
    let loader = BootLoader::open(Places {
        folder: folder.into(),
        a: a.into(),
        b: b.into(),
        capacity: None,
    })?;
    let start = loader.next()?;
    let name = start.load.as_ref().map_or("factory", |load| &load.name);
    writeln!(std::io::stdout(), "boot {} {name}", start.slot)?;
    let program = match &start.load {
        None => PathBuf::from(factory),
        Some(_) => {
            let path = Path::new(scratch).join(format!("start-{}", start.slot));
            let mut file = File::create(&path)?;
            loader.lend(&start, "start", &mut |bytes| file.write_all(bytes))?;
            // A program that is open for writing cannot be started.
            drop(file);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            path
        }
    };
    let error = Command::new(&program).args(command).exec();
    Err(error).with_context(|| format!("{} cannot be started", program.display()))
}
