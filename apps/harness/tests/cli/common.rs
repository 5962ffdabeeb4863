//! Running programs.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::schema;

/// The program, with the given arguments.
pub(crate) fn harness(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onhook-harness"));
    command
        .args(args)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

/// What a program said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// The only document on stdout, checked against its schema.
    pub(crate) fn document(&self, schema: &str) -> Value {
        let text = self.text();
        let beginning = format!("{{\n  \"schema\": \"onhook.{schema}/1\"");
        assert!(text.starts_with(&beginning), "{text}");
        schema::checked(text, schema)
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// How long anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "there still is no {what}");
        std::thread::yield_now();
    }
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str]) -> Ended {
    harness(args).output().unwrap().into()
}

/// Runs the program with bytes on stdin.
pub(crate) fn run_with(args: &[&str], stdin: &[u8]) -> Ended {
    let mut child = harness(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap().into()
}

/// Whether a tool is there; without it the test is skipped, or fails when nothing may be skipped.
pub(crate) fn has_tool(name: &str) -> bool {
    let there = Command::new(name).arg("version").output().is_ok();
    if !there {
        assert!(
            std::env::var_os("ONHOOK_NO_SKIP").is_none_or(|value| value == OsStr::new("")),
            "{name} is not installed and ONHOOK_NO_SKIP is set"
        );
        println!("skipped: {name} is not installed");
    }
    there
}
