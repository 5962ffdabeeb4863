//! `resync-pipeline`: from the bytes of an encrypted, compressed profile to what it sets.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::SecretRef;
use onhook_profile::{DecodeSpec, Decoded, decode};
use serde::Serialize;

use crate::content::{self, KEY};
use crate::measure::{Timing, middle};
use crate::peers::{self, CProgram};
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};

/// The name of the benchmark.
pub(crate) const NAME: &str = "resync-pipeline";
/// What it measures.
pub(crate) const ABOUT: &str =
    "one encrypted, gzipped flat-profile of 2,500 elements from bytes to a delta, values checked";

/// Repetitions in one round of the work inside one process.
///
/// The seconds of a program that was not optimized mean nothing; it shows the form of the results alone.
const REPEAT: u32 = if cfg!(debug_assertions) { 3 } else { 200 };
/// Starts of a whole process in one round.
const STARTS: u32 = 10;
pub(crate) const INSIDE: &str = "onhook, inside a running process";
const VAULT_KEY: SecretRef = SecretRef(1);

/// What one decode gives and takes.
#[derive(Serialize)]
pub(crate) struct Counts {
    settings: usize,
    warnings: usize,
    body_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    xml_bytes: Option<usize>,
    peak_heap_bytes: u64,
    allocations: u64,
}

struct Vault;

impl KeyVault for Vault {
    fn with_secret(
        &self,
        secret: SecretRef,
        use_it: &mut dyn FnMut(&[u8]),
    ) -> Result<(), UnknownSecret> {
        if secret != VAULT_KEY {
            return Err(UnknownSecret(secret));
        }
        use_it(KEY.as_bytes());
        Ok(())
    }
}

fn decoded(body: Vec<u8>) -> anyhow::Result<Decoded> {
    let spec = DecodeSpec {
        key: Some(VAULT_KEY),
        ..DecodeSpec::default()
    };
    decode(body, &spec, &Vault).context("decoding the profile")
}

/// Decodes once and counts; the body counts as heap of the decode.
pub(crate) fn once(body: &[u8], xml_bytes: Option<usize>) -> anyhow::Result<Counts> {
    let mut result = None;
    let heap = allocation_counter::measure(|| result = Some(decoded(body.to_vec())));
    let decoded = result.context("measuring the heap")??;
    Ok(Counts {
        settings: decoded.delta.len(),
        warnings: decoded.diagnostics.len(),
        body_bytes: body.len(),
        xml_bytes,
        peak_heap_bytes: heap.bytes_max,
        allocations: heap.count_total,
    })
}

/// Decodes so many times.
pub(crate) fn work(times: u32) -> anyhow::Result<()> {
    let sample = content::sample();
    (0..times).try_for_each(|_| decoded(sample.file.clone()).map(drop))
}

/// Runs the benchmark.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Benchmark> {
    let sample = content::sample();
    let counts = once(&sample.file, Some(sample.xml_bytes))?;
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let file = folder.path().join("profile.enc");
    std::fs::write(&file, &sample.file).with_context(|| format!("writing {}", file.display()))?;
    let mut rounds = Rounds::new(plan, folder.path());
    for _ in 0..plan.rounds {
        rounds
            .inside
            .push(middle(REPEAT, || decoded(sample.file.clone()).map(drop))?);
        if let Ok(program) = &rounds.c_program {
            rounds.c_inside.push(program.run(&file, REPEAT)?.0);
        }
        if plan.peers {
            rounds.process.push(starts(|| own_process(&file))?);
        }
        if rounds.shell_missing.is_none() {
            rounds.shell.push(starts(|| peers::shell(&file))?);
        }
    }
    rounds.report(&counts, plan)
}

/// Seconds of the middle one of several starts.
fn starts(mut start: impl FnMut() -> anyhow::Result<f64>) -> anyhow::Result<f64> {
    let all = (0..STARTS)
        .map(|_| start())
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Timing::of(all).median_s)
}

fn own_process(file: &Path) -> anyhow::Result<f64> {
    let program = std::env::current_exe().context("finding the own program")?;
    peers::timed(Command::new(program).args(["once", NAME]).arg(file))
}

/// Seconds of each round, and what could not be measured.
struct Rounds {
    inside: Vec<f64>,
    c_inside: Vec<f64>,
    process: Vec<f64>,
    shell: Vec<f64>,
    c_program: Result<CProgram, String>,
    shell_missing: Option<String>,
}

impl Rounds {
    fn new(plan: &Plan, folder: &Path) -> Self {
        let unwanted = || "--peers was not given".to_owned();
        Self {
            inside: Vec::new(),
            c_inside: Vec::new(),
            process: Vec::new(),
            shell: Vec::new(),
            c_program: if plan.peers {
                CProgram::build(folder)
            } else {
                Err(unwanted())
            },
            shell_missing: if plan.peers {
                peers::shell_missing()
            } else {
                Some(unwanted())
            },
        }
    }

    fn report(self, counts: &Counts, plan: &Plan) -> anyhow::Result<Benchmark> {
        let inside = Timing::of(self.inside);
        let mut sides = vec![Side {
            name: INSIDE,
            about: "decrypt, inflate, parse, look up and check every value, wipe; one core",
            timing: inside.clone(),
            cpu: None,
        }];
        let process = Timing::of(self.process);
        if plan.peers {
            sides.push(Side {
                name: "onhook, as a whole process",
                about: "the same once, with start and end of the program",
                timing: process.clone(),
                cpu: None,
            });
        }
        let c = self.c_program.map(|_| Timing::of(self.c_inside));
        let shell = match self.shell_missing {
            Some(why) => Err(why),
            None => Ok(Timing::of(self.shell)),
        };
        let peers = vec![
            Peer::new(
                "C program",
                "libcrypto, zlib and expat in one process, buffers kept; parses, looks nothing up and checks no value",
                INSIDE,
                &inside,
                c,
            ),
            Peer::new(
                "shell pipeline",
                "openssl enc -d | gunzip | xmllint --noout -: three processes and a shell; against a decode inside a running agent",
                INSIDE,
                &inside,
                shell.clone(),
            ),
            Peer::new(
                "shell pipeline",
                "the same against a whole process of ours",
                "onhook, as a whole process",
                &process,
                shell,
            ),
        ];
        Ok(Benchmark {
            name: NAME,
            about: ABOUT,
            counts: serde_json::to_value(counts).context("writing the counts")?,
            line: counts.line(),
            sides,
            peers,
        })
    }
}

impl Counts {
    /// Peak of the heap as a multiple of the XML, where the size of the XML is known.
    fn heap_ratio(&self) -> Option<f64> {
        self.xml_bytes
            .map(|xml| self.peak_heap_bytes as f64 / xml as f64)
    }

    /// The counts in words.
    fn line(&self) -> String {
        let heap = self
            .heap_ratio()
            .map_or_else(String::new, |ratio| format!(", {ratio:.2} times the XML"));
        format!(
            "body {} bytes, XML {} bytes, {} settings, {} warnings, {} allocations, peak heap {} bytes{heap}",
            self.body_bytes,
            self.xml_bytes.unwrap_or_default(),
            self.settings,
            self.warnings,
            self.allocations,
            self.peak_heap_bytes
        )
    }
}
