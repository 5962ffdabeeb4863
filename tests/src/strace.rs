//! What a program does to its files, told by strace.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::tools::{skip, tool};

/// Calls that change files.
const CHANGES: &str = "trace=?creat,?open,openat,write,writev,pwrite64,?pwritev,?pwritev2,?rename,?renameat,\
    ?renameat2,?unlink,unlinkat,?link,linkat,?symlink,symlinkat,?mkdir,mkdirat,fsync,fdatasync,truncate,ftruncate";

/// A tracer that may trace.
pub struct Strace {
    program: PathBuf,
}

/// One call that changes, or is about to change, a file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The system call; opening for writing only.
    pub call: String,
    /// The path below the folder; empty for the folder itself.
    pub path: String,
    /// Whether the system refused the call.
    pub refused: bool,
}

/// The tracer; `None` after saying that the test is skipped.
///
/// # Panics
/// It is missing or may not trace, and nothing may be skipped.
#[must_use]
pub fn strace() -> Option<Strace> {
    let program = tool("strace")?;
    let may = Command::new(&program)
        .args(["-o", "/dev/null", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !may {
        skip("strace is not permitted to trace");
        return None;
    }
    Some(Strace { program })
}

impl Strace {
    /// What to run a command under so that its changes are written to files `NAME.PID` in a folder.
    #[must_use]
    pub fn recording(&self, folder: &Path) -> Vec<OsString> {
        vec![
            self.program.clone().into(),
            "-ff".into(),
            "-y".into(),
            "-e".into(),
            CHANGES.into(),
            "-o".into(),
            folder.join("trace").into(),
        ]
    }

    /// What to run a command under so that the `nth` of these calls of a thread on these paths kills it.
    #[must_use]
    pub fn killing(&self, calls: &str, nth: u32, paths: &[PathBuf]) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![self.program.clone().into(), "-f".into()];
        words.extend(["-o".into(), "/dev/null".into()]);
        for path in paths {
            words.extend(["-P".into(), path.into()]);
        }
        words.extend([
            "-e".into(),
            format!("inject={calls}:signal=KILL:when={nth}").into(),
        ]);
        words
    }
}

impl Touched {
    /// Reads a recording: the changes of files of `state`, thread after thread.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn read(recording: &Path, state: &Path) -> anyhow::Result<Vec<Self>> {
        let state = state.to_str().context("the path is not UTF-8")?;
        let mut found = Vec::new();
        for entry in fs::read_dir(recording)? {
            let text = fs::read_to_string(entry?.path())?;
            found.extend(text.lines().filter_map(|line| Self::of_line(line, state)));
        }
        Ok(found)
    }

    /// A line such as `openat(AT_FDCWD</w>, "/s/lock", O_WRONLY|O_CREAT, 0600) = 9</s/lock>`.
    fn of_line(line: &str, state: &str) -> Option<Self> {
        let (call, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let opens = matches!(call, "open" | "openat" | "creat");
        let writable = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"];
        if opens && call != "creat" && !writable.iter().any(|flag| arguments.contains(flag)) {
            return None;
        }
        let (_, after) = arguments.split_once(state)?;
        if !after.starts_with(['/', '"', '>']) {
            return None; // a longer name that begins alike
        }
        let path: String = after
            .trim_start_matches('/')
            .chars()
            .take_while(|c| !matches!(c, '"' | '>'))
            .collect();
        Some(Self {
            call: call.to_owned(),
            path,
            refused: result.starts_with('-'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(&str, &str, bool)>) {
        let found = Touched::of_line(line, "/s");
        let found = found.as_ref();
        let found = found.map(|t| (t.call.as_str(), t.path.as_str(), t.refused));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn only_changes_below_the_folder_count() {
        check(
            "openat(AT_FDCWD</w>, \"/s/p.bin\", O_RDONLY|O_CLOEXEC) = 9</s/p.bin>",
            None,
        );
        check(
            "openat(AT_FDCWD</w>, \"/st/p.bin\", O_WRONLY|O_CREAT) = 9</st/p.bin>",
            None,
        );
        check("write(1<pipe:[7]>, \"{\", 1) = 1", None);
        check(
            "openat(AT_FDCWD</w>, \"/s/lock\", O_WRONLY|O_CREAT, 0600) = 9</s/lock>",
            Some(("openat", "lock", false)),
        );
        check("fsync(9</s>) = 0", Some(("fsync", "", false)));
        check(
            "write(9</s/p.tmp>, \"x\", 1) = 1",
            Some(("write", "p.tmp", false)),
        );
        check(
            "unlink(\"/s/p.tmp\") = -1 ENOENT (No such file or directory)",
            Some(("unlink", "p.tmp", true)),
        );
        check(
            "rename(\"/s/p.tmp\", \"/s/p.bin\") = 0",
            Some(("rename", "p.tmp", false)),
        );
    }
}
