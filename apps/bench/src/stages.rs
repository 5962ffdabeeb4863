//! One stage of reading a profile at a time, beside the libraries that others use for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use onhook_crypto::port::NoSecrets;
use onhook_crypto::{Digest, decrypt, encrypt};
use onhook_profile::{DecodeSpec, decode};
use serde_json::json;

use crate::content;
use crate::measure::Timing;
use crate::plan::Plan;
use crate::report::{Benchmark, Peer, Side};

/// The name of the benchmark of XML.
pub(crate) const OURS: &str = "ours";
pub(crate) const XML: &str = "xml-5mb";
/// What it measures.
pub(crate) const ABOUT_XML: &str = "a flat-profile of 5 MB: parse, look every name up, check every value; repeated names count last";
/// The name of the benchmark of AES.
pub(crate) const AES: &str = "aes-cbc";
/// What it measures.
pub(crate) const ABOUT_AES: &str = "decrypt a container of 256 KiB, AES-256-CBC, the key derived once; beside calls of 16 KiB of libcrypto";

/// The name of the benchmark of gzip.
pub(crate) const INFLATE: &str = "inflate";
/// What it measures.
pub(crate) const ABOUT_INFLATE: &str =
    "inflate a profile of 2,500 elements, with its checksum; beside zlib in one process";

/// Bytes of XML.
const XML_BYTES: usize = 5 << 20;
const AES_BYTES: usize = 256 << 10;
/// Repetitions in one round.
const REPEAT: u32 = if cfg!(debug_assertions) { 1 } else { 15 };

/// Runs `xml-5mb`.
pub(crate) fn xml(plan: &Plan) -> anyhow::Result<Benchmark> {
    let xml = content::repeated(XML_BYTES).into_bytes();
    let spec = DecodeSpec::default();
    let mut settings = 0;
    let mut heap = 0;
    let mut once = || -> anyhow::Result<f64> {
        let body = xml.clone();
        let mut taken = Ok(0.0);
        let counted = allocation_counter::measure(|| {
            let start = Instant::now();
            let decoded = decode(body, &spec, &NoSecrets);
            let seconds = start.elapsed().as_secs_f64();
            taken = decoded.map(|decoded| {
                settings = decoded.delta.len();
                seconds
            });
        });
        heap = counted.bytes_max;
        taken.context("decoding")
    };
    let rounds = rounds(plan, &mut once, &xml, &["expat", "reader"])?;
    let mut peers = rounds.peers.into_iter();
    let (expat, reader) = (peers.next(), peers.next());
    Ok(Benchmark {
        name: XML,
        about: ABOUT_XML,
        counts: json!({ "xml_bytes": xml.len(), "settings": settings, "peak_heap_bytes": heap }),
        line: format!(
            "XML {} bytes, {settings} settings, peak heap {heap} bytes besides the file",
            xml.len()
        ),
        sides: vec![Side {
            name: OURS,
            about: "in process, on one core",
            timing: rounds.ours.clone(),
            cpu: None,
        }],
        peers: vec![
            peer(
                "expat",
                "events alone, nothing looked up",
                &rounds.ours,
                expat,
            ),
            peer(
                "libxml2 reader",
                "xmlTextReader over memory, nothing looked up",
                &rounds.ours,
                reader,
            ),
        ],
    })
}

/// Decrypts a container; the seconds that it took.
fn decrypting() -> impl FnMut() -> anyhow::Result<f64> {
    let plain = vec![b'x'; AES_BYTES];
    let file = encrypt(&plain, b"key", Digest::Sha256, *b"onhookbn");
    move || {
        let body = file.clone();
        let start = Instant::now();
        let opened = decrypt(body, b"key", Digest::Sha256).context("decrypting")?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(opened.len() == AES_BYTES, "the content has another length");
        Ok(seconds)
    }
}

/// Decrypts so many times.
pub(crate) fn work_aes(times: u32) -> anyhow::Result<()> {
    let mut once = decrypting();
    (0..times).try_for_each(|_| once().map(drop))
}

/// Runs `aes-cbc`.
pub(crate) fn aes(plan: &Plan) -> anyhow::Result<Benchmark> {
    let plain = vec![b'x'; AES_BYTES];
    let mut once = decrypting();
    let rounds = rounds(plan, &mut once, &plain, &["aes"])?;
    let megabytes = AES_BYTES as f64 / 1e6;
    let rate = megabytes / rounds.ours.median_s;
    Ok(Benchmark {
        name: AES,
        about: ABOUT_AES,
        counts: json!({ "bytes": AES_BYTES }),
        line: format!("{AES_BYTES} bytes, {rate:.0} MB/s"),
        sides: vec![side(&rounds.ours)],
        peers: vec![peer(
            "libcrypto",
            "EVP_DecryptUpdate, 16 KiB a call, as `openssl speed -evp aes-256-cbc -decrypt`",
            &rounds.ours,
            rounds.peers.into_iter().next(),
        )],
    })
}

/// Inflates a file to so many bytes; the seconds that it took.
fn inflating(file: &[u8], length: usize) -> impl FnMut() -> anyhow::Result<f64> {
    let limits = onhook_profile::Limits::default();
    move || {
        let start = Instant::now();
        let inflated = onhook_profile::gunzip(file, limits).context("inflating")?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(inflated.len() == length, "the content has another length");
        Ok(seconds)
    }
}

/// Inflates so many times.
pub(crate) fn work_inflate(times: u32) -> anyhow::Result<()> {
    let xml = content::xml();
    let file = content::gzipped(&xml);
    let mut once = inflating(&file, xml.len());
    (0..times).try_for_each(|_| once().map(drop))
}

/// Runs `inflate`.
pub(crate) fn inflate(plan: &Plan) -> anyhow::Result<Benchmark> {
    let xml = content::xml();
    let file = content::gzipped(&xml);
    let mut once = inflating(&file, xml.len());
    let rounds = rounds(plan, &mut once, &file, &["inflate"])?;
    let rate = xml.len() as f64 / 1e6 / rounds.ours.median_s;
    Ok(Benchmark {
        name: INFLATE,
        about: ABOUT_INFLATE,
        counts: json!({ "gzip_bytes": file.len(), "bytes": xml.len() }),
        line: format!("{} bytes to {}, {rate:.0} MB/s", file.len(), xml.len()),
        sides: vec![side(&rounds.ours)],
        peers: vec![peer(
            "zlib",
            "inflate with Z_FINISH into a buffer that is kept",
            &rounds.ours,
            rounds.peers.into_iter().next(),
        )],
    })
}

/// What took how long.
struct Rounds {
    ours: Timing,
    peers: Vec<Result<Timing, String>>,
}

/// Lets ours and the stages of the C programs take turns on the same bytes.
fn rounds(
    plan: &Plan,
    once: &mut dyn FnMut() -> anyhow::Result<f64>,
    bytes: &[u8],
    stages: &[&str],
) -> anyhow::Result<Rounds> {
    let folder = tempfile::tempdir().context("making a scratch folder")?;
    let file = folder.path().join("bytes");
    std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
    let programs: Vec<Result<PathBuf, String>> = stages
        .iter()
        .map(|stage| match plan.peers {
            true => build(stage, folder.path()),
            false => Err("--peers was not given".to_owned()),
        })
        .collect();
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<f64>> = stages.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.rounds {
        let times = (0..REPEAT).map(|_| once()).collect::<Result<Vec<_>, _>>()?;
        ours.push(Timing::of(times).median_s);
        for ((stage, program), times) in stages.iter().zip(&programs).zip(&mut theirs) {
            if let Ok(program) = program {
                times.push(run(program, stage, &file)?);
            }
        }
    }
    let peers = programs.into_iter().zip(theirs);
    Ok(Rounds {
        ours: Timing::of(ours),
        peers: peers
            .map(|(program, times)| program.map(|_| Timing::of(times)))
            .collect(),
    })
}

fn side(ours: &Timing) -> Side {
    Side {
        name: OURS,
        about: "in process, on one core",
        timing: ours.clone(),
        cpu: None,
    }
}

fn peer(
    name: &'static str,
    about: &'static str,
    ours: &Timing,
    theirs: Option<Result<Timing, String>>,
) -> Peer {
    let theirs = theirs.unwrap_or_else(|| Err("it was not run".to_owned()));
    Peer::new(name, about, OURS, ours, theirs)
}

/// Builds the C program of a stage; the text says why that cannot be done.
fn build(stage: &str, folder: &Path) -> Result<PathBuf, String> {
    let source = folder.join("stages.c");
    std::fs::write(&source, include_str!("../peers/stages.c"))
        .map_err(|error| error.to_string())?;
    let program = folder.join(stage);
    let libraries: &[&str] = match stage {
        "reader" => &["-DREADER", "-I/usr/include/libxml2", "-lxml2"],
        _ => &["-lcrypto", "-lz", "-lexpat"],
    };
    let built = Command::new("cc")
        .args(["-O2", "-o"])
        .args([&program, &source])
        .args(libraries)
        .output()
        .map_err(|error| format!("cc cannot be started: {error}"))?;
    match built.status.success() {
        true => Ok(program),
        false => Err(
            "cc cannot build it: the headers of libcrypto, zlib, expat or libxml2 are missing"
                .to_owned(),
        ),
    }
}

/// Seconds of the middle repetition.
fn run(program: &Path, stage: &str, file: &Path) -> anyhow::Result<f64> {
    let output = Command::new(program)
        .arg(stage)
        .arg(file)
        .arg(REPEAT.to_string())
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds = said.split_whitespace().next().and_then(|s| s.parse().ok());
    seconds.with_context(|| {
        format!(
            "{stage} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    })
}
