//! `cargo xtask sizes`: what the program for devices costs, in bytes on the flash, memory and time to the first packet.
//!
//! Bytes must keep below their bounds, or the command fails. Times depend on the machine and are printed alone.

mod life;
mod symbols;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

use crate::say;
use crate::sizes::life::Life;

/// Largest file with TLS, in bytes.
const MOST_BYTES: u64 = 3_000_000;
/// Largest resident set of an idle phone, in kB.
const MOST_RESIDENT: u64 = 6_000;
/// Most memory of its own of an idle phone, in kB.
const MOST_PRIVATE: u64 = 2_000;
/// Lines of the table of crates.
const CRATES: usize = 24;
/// Where Debian keeps the certificates that browsers trust.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// One way to build the agent.
struct Build {
    name: &'static str,
    options: &'static [&'static str],
}

const BUILDS: [Build; 4] = [
    Build {
        name: "with TLS",
        options: &["--no-default-features", "--features", "ring"],
    },
    Build {
        name: "with TLS and journal",
        options: &["--no-default-features", "--features", "ring,journal"],
    },
    Build {
        name: "with everything: the default",
        options: &[],
    },
    Build {
        name: "without TLS",
        options: &["--no-default-features"],
    },
];

/// Builds, measures and prints.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let folder = root.join("target").join("sizes");
    fs::create_dir_all(&folder)?;
    let mut table = Table::default();
    for (at, build) in BUILDS.iter().enumerate() {
        let program = build.make(root, &folder.join(format!("agent-{at}")), true)?;
        table.add(build.name, &program, &folder, "")?;
        if at == 0 && Path::new(BUNDLE).is_file() {
            let trust = format!("[tls]\ntrust = \"{BUNDLE}\"\n");
            let name = format!("{}, {} roots", build.name, roots()?);
            table.add(&name, &program, &folder, &trust)?;
        }
    }
    table.print();
    if let Some(build) = BUILDS.first() {
        let program = build.make(root, &folder.join("agent-symbols"), false)?;
        say::line("\n| crate | bytes of named code and data |\n|---|---|");
        for (name, bytes) in symbols::by_crate(&program)?.into_iter().take(CRATES) {
            say::line(&format!("| {name} | {} |", grouped(bytes)));
        }
    }
    Ok(table.verdict())
}

/// Number of certificates in the bundle.
fn roots() -> Result<usize> {
    let text = fs::read_to_string(BUNDLE)?;
    Ok(text.matches("BEGIN CERTIFICATE").count())
}

impl Build {
    /// Builds the agent and copies it.
    fn make(&self, root: &Path, copy: &Path, stripped: bool) -> Result<PathBuf> {
        say::line(&format!("building: {}", self.name));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--profile", "device", "--package", "onhook-agent"])
            .args(self.options)
            .current_dir(root);
        if !stripped {
            cargo.args(["--config", "profile.device.strip=\"none\""]);
        }
        let status = cargo.status().context("starting cargo")?;
        ensure!(status.success(), "the agent could not be built");
        let program = root.join("target").join("device").join("onhook-agent");
        fs::copy(&program, copy).with_context(|| format!("copying {}", program.display()))?;
        // Pages of a file that waits to be written would count as written by the process.
        fs::File::open(copy)?.sync_all()?;
        Ok(copy.to_owned())
    }
}

/// The measured programs.
#[derive(Default)]
struct Table(Vec<(String, u64, Life)>);

impl Table {
    fn add(&mut self, name: &str, program: &Path, folder: &Path, config: &str) -> Result<()> {
        let bytes = fs::metadata(program)?.len();
        let life = life::measure(program, folder, config)?;
        self.0.push((name.to_owned(), bytes, life));
        Ok(())
    }

    fn print(&self) {
        say::line(
            "\n| program | file, bytes | idle: resident, kB | proportional | private, written | private, unchanged | \
             first packet, ms: median (fastest, slowest) |\n|---|---|---|---|---|---|---|",
        );
        for (name, bytes, life) in &self.0 {
            let [fastest, median, slowest] = life.first_packet_ms;
            say::line(&format!(
                "| {name} | {} | {} | {} | {} | {} | {median:.1} ({fastest:.1}, {slowest:.1}) |",
                grouped(*bytes),
                grouped(life.resident_kb),
                grouped(life.proportional_kb),
                grouped(life.private_dirty_kb),
                grouped(life.private_clean_kb),
            ));
        }
    }

    /// Compares the first program, that with TLS, with the bounds.
    fn verdict(&self) -> ExitCode {
        let mut verdict = ExitCode::SUCCESS;
        for (name, bytes, life) in self.0.iter().take(1) {
            for (what, found, most) in [
                ("bytes of the file", *bytes, MOST_BYTES),
                ("kB resident", life.resident_kb, MOST_RESIDENT),
                ("kB private", life.private_dirty_kb, MOST_PRIVATE),
            ] {
                if found > most {
                    let (found, most) = (grouped(found), grouped(most));
                    say::line(&format!("{name}: {found} {what}, more than {most}"));
                    verdict = ExitCode::FAILURE;
                }
            }
        }
        verdict
    }
}

/// A number with a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_parted() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (2_879_256, "2,879,256"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
