//! `cargo xtask dist`: what is released, in one folder: Debian packages, static programs with manual pages and
//! completions, bills of materials, the recipe for images, checksums.
//!
//! The same commit gives the same bytes: times are those of the commit (or `SOURCE_DATE_EPOCH`), paths of this machine
//! are in no program, and everything is sorted. `--check` installs, runs, removes and purges what is in the folder.

mod check;
mod debian;
mod image;
mod notices;
mod programs;
mod release;
mod sbom;
mod staging;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::dist::programs::{Linkage, Programs};
use crate::dist::release::Release;
use crate::dist::sbom::Bill;
use crate::dist::staging::Staging;
use crate::{manuals, say};

/// What is packed: the programs, and for whom.
const PROGRAMS: [&str; 2] = ["onhook-agent", "onhook-harness"];

/// What is there while it works.
const WORK: &str = "work";

/// What `cargo xtask dist` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Where everything goes.
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
    /// Packages alone, with programs that need the C library of this machine: where there is no target of musl.
    #[arg(long)]
    no_static: bool,
    /// Build nothing: try the packages that are there in a clean Debian, from installing to purging; needs root.
    #[arg(long, conflicts_with = "no_static")]
    check: bool,
}

/// Builds everything, or checks what was built.
///
/// # Errors
/// A tool is missing, a program cannot be built, or a file not be written.
pub(crate) fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    let out = root.join(&options.out);
    if options.check {
        return check::run(&out, &root.join("target").join("dist-check"));
    }
    let release = Release::of(root)?;
    let linkage = if options.no_static {
        Linkage::Dynamic
    } else {
        Linkage::Static
    };
    tools::find(&release, linkage)?;
    clear(&out)?;
    let work = out.join(WORK);
    fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
    manuals::write(&work.join("manuals"))?;
    let programs = programs::build(root, &release, linkage)?;
    let mut bills = Vec::new();
    for name in PROGRAMS {
        let bill = Bill::of(root, &release, name)?;
        let file = format!("{name}-{}.cdx.json", release.version);
        write(&out.join(file), bill.json(&release).as_bytes())?;
        bills.push(bill);
    }
    for bill in &bills {
        let program = programs.place(&bill.program)?;
        debian::package(root, &release, bill, (&program, linkage), &work, &out)?;
    }
    if linkage == Linkage::Static {
        put_static(root, &release, &bills, &programs, &work, &out)?;
    }
    fs::remove_dir_all(&work).with_context(|| format!("clearing {}", work.display()))?;
    checksums(&out)?;
    say::line(&listing(&out)?);
    Ok(ExitCode::SUCCESS)
}

/// Removes what a run before this one left; a folder of somebody else's stays.
fn clear(out: &Path) -> Result<()> {
    let Ok(mut content) = fs::read_dir(out) else {
        return Ok(());
    };
    let is_ours = ["SHA256SUMS", WORK]
        .iter()
        .any(|name| out.join(name).exists());
    ensure!(
        is_ours || content.next().is_none(),
        "{} holds files that this command has not made: give a new folder with --out",
        out.display()
    );
    fs::remove_dir_all(out).with_context(|| format!("clearing {}", out.display()))
}

/// The static programs: beside the recipe for images, and with all that belongs to them in one archive.
fn put_static(
    root: &Path,
    release: &Release,
    bills: &[Bill],
    programs: &Programs,
    work: &Path,
    out: &Path,
) -> Result<()> {
    let name = format!("onhook-{}-{}", release.version, release.static_target());
    let mut archive = Staging::new(&work.join("archive").join(&name))?;
    let mut plain = Staging::new(out)?;
    for bill in bills {
        let program = fs::read(programs.place(&bill.program)?)?;
        plain.put(&format!("static/{}", bill.program), 0o755, &program)?;
        archive.put(&format!("bin/{}", bill.program), 0o755, &program)?;
        let third = notices::text(bill)?;
        plain.put(
            &format!("image/licences/{}-third-party.txt", bill.program),
            0o644,
            third.as_bytes(),
        )?;
        archive.put(
            &format!("licences/{}-third-party.txt", bill.program),
            0o644,
            third.as_bytes(),
        )?;
        archive.put(
            &format!("sbom/{}.cdx.json", bill.program),
            0o644,
            bill.json(release).as_bytes(),
        )?;
        for (path, content) in debian::manuals(&work.join("manuals"), &bill.program)? {
            archive.put(&format!("share/{path}"), 0o644, &content)?;
        }
    }
    for (path, place) in [
        ("LICENSE-MIT", "licences/LICENSE-MIT"),
        ("LICENSE-APACHE", "licences/LICENSE-APACHE"),
        ("docs/agent.toml", "etc/agent.toml"),
        ("dist/onhook-agent.service", "etc/onhook-agent.service"),
    ] {
        let content = fs::read(root.join(path)).with_context(|| format!("reading {path}"))?;
        archive.put(place, 0o644, &content)?;
        if let Some(name) = place.strip_prefix("licences/") {
            plain.put(&format!("image/licences/{name}"), 0o644, &content)?;
        }
    }
    image::put(root, &mut plain)?;
    let file = out.join(format!("{name}.tar.gz"));
    archive.pack(&name, release.epoch, &file)
}

/// Writes `SHA256SUMS`, for `sha256sum --check`.
fn checksums(out: &Path) -> Result<()> {
    let names = staging::files(out)?;
    let output = Command::new("sha256sum")
        .args(&names)
        .current_dir(out)
        .output()
        .context("starting sha256sum")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    write(&out.join("SHA256SUMS"), &output.stdout)
}

/// The files with their sizes.
fn listing(out: &Path) -> Result<String> {
    let mut text = format!("in {}:", out.display());
    for name in staging::files(out)? {
        let bytes = fs::metadata(out.join(&name))?.len();
        text.push_str(&format!("\n{bytes:>12}  {name}"));
    }
    Ok(text)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests;
