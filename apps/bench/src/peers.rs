//! Other programs that do the same work.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::content::KEY;

/// The shell pipeline, as an administrator would write it.
pub(crate) fn shell_line(file: &Path) -> String {
    format!(
        "openssl enc -d -aes-256-cbc -md md5 -k {KEY} -in '{}' | gunzip | xmllint --noout -",
        file.display()
    )
}

/// Why the shell pipeline cannot be run; `None` if it can.
pub(crate) fn shell_missing() -> Option<String> {
    let missing = ["sh", "openssl", "gunzip", "xmllint"]
        .into_iter()
        .find(|tool| find(tool).is_none());
    missing.map(|tool| format!("{tool} is not installed"))
}

/// Runs the shell pipeline once; seconds from start to end.
pub(crate) fn shell(file: &Path) -> anyhow::Result<f64> {
    timed(Command::new("sh").arg("-c").arg(shell_line(file)))
}

/// Runs a program to its end; seconds from start to end.
pub(crate) fn timed(command: &mut Command) -> anyhow::Result<f64> {
    let start = Instant::now();
    // Warnings of openssl about the key derivation would only clutter the result.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let seconds = start.elapsed().as_secs_f64();
    let status = status.with_context(|| format!("starting {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(seconds)
}

/// What one run of a program cost.
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    /// In the program and in the kernel for it, its children included.
    pub(crate) cpu_seconds: f64,
}

/// Runs a program to its end, and says what that cost.
pub(crate) fn cost(command: &mut Command) -> anyhow::Result<Cost> {
    let before = cpu_seconds()?;
    let seconds = timed(command)?;
    Ok(Cost {
        seconds,
        cpu_seconds: cpu_seconds()? - before,
    })
}

/// What all programs cost that have been waited for.
pub(crate) fn cpu_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("asking for the time of children")?;
    let times = [usage.user_time(), usage.system_time()];
    let micros = times
        .map(|time| time.num_microseconds())
        .into_iter()
        .sum::<i64>();
    Ok(micros as f64 / 1e6)
}

/// The most memory that a running program has had, in KiB.
pub(crate) fn peak_kib(id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.context("the system tells no memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The C program of this folder, built.
pub(crate) struct CProgram(PathBuf);

impl CProgram {
    /// Builds it into a folder; the text says why that cannot be done.
    pub(crate) fn build(folder: &Path) -> Result<Self, String> {
        let (source, program) = (folder.join("pipeline.c"), folder.join("pipeline"));
        std::fs::write(&source, include_str!("../peers/pipeline.c"))
            .map_err(|error| error.to_string())?;
        let built = Command::new("cc")
            .args(["-O2", "-o"])
            .args([&program, &source])
            .args(["-lcrypto", "-lz", "-lexpat"])
            .output()
            .map_err(|error| format!("cc cannot be started: {error}"))?;
        if built.status.success() {
            return Ok(Self(program));
        }
        let said = String::from_utf8_lossy(&built.stderr);
        let error = said
            .lines()
            .find(|line| line.contains("error"))
            .unwrap_or("unknown error");
        Err(format!(
            "cc cannot build it, the headers of libcrypto, zlib and expat are needed: {error}"
        ))
    }

    /// Lets it do the work some times; seconds of the middle time, without its start, and the elements it saw.
    pub(crate) fn run(&self, file: &Path, repeat: u32) -> anyhow::Result<(f64, usize)> {
        let output = Command::new(&self.0)
            .arg(file)
            .args([KEY, &repeat.to_string()])
            .output()
            .context("starting the C program")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let mut fields = said.split_whitespace();
        let (seconds, elements) = (fields.next(), fields.next());
        let Some((Ok(seconds), Ok(elements))) = seconds
            .zip(elements)
            .map(|(s, e)| (s.parse::<f64>(), e.parse()))
        else {
            bail!(
                "the C program failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        };
        Ok((seconds, elements))
    }
}

/// A program on the search path.
pub(crate) fn find(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(tool))
        .find(|file| file.is_file())
}
