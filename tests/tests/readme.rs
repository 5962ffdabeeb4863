//! The sessions in README.md and `docs/`: every command is run, and prints what stands there.
//!
//! A block marked `console` holds commands behind `$ ` and what they print; `...` stands for any lines, `[..]` for any
//! text inside a line. The blocks of one file are one session in an empty folder. A command that ends in `&` goes on, and
//! the next one waits until it can be reached. Fixed ports are replaced by free ones.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use onhook_tests::{program, tool, until};
use tempfile::TempDir;

/// A command and the lines that follow it.
struct Step {
    line: usize,
    command: String,
    expected: Vec<String>,
}

/// The steps of all blocks of a document.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            steps.push(Step {
                line: at + 1,
                command: command.to_owned(),
                expected: Vec::new(),
            });
        } else if inside {
            let step = steps.last_mut().expect("a block begins with a command");
            if is_open(&step.command) {
                step.command = format!("{}\n{line}", step.command);
            } else {
                step.expected.push(line.to_owned());
            }
        }
    }
    steps
}

/// Whether a command goes on in the next line: a document inside it has not ended.
fn is_open(command: &str) -> bool {
    command.contains("<<'END'") && !command.ends_with("\nEND")
}

/// Whether lines are those that a document shows.
fn agrees(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => {
            agrees(rest, found)
                || found
                    .split_first()
                    .is_some_and(|(_, found)| agrees(expected, found))
        }
        (Some((first, rest)), Some((line, found))) => fits(first, line) && agrees(rest, found),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether a line fits a pattern with `[..]`.
fn fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once("[..]") {
        None => pattern == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
            ends.into_iter()
                .any(|at| line.get(at..).is_some_and(|line| fits(rest, line)))
        }),
    }
}

/// A folder in which commands are run, and the commands that go on.
struct Session {
    folder: TempDir,
    path: std::ffi::OsString,
    ports: BTreeMap<String, String>,
    running: Vec<Child>,
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Session {
    fn new() -> Self {
        let mut path = program("onhook-agent")
            .unwrap()
            .parent()
            .unwrap()
            .as_os_str()
            .to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        Self {
            folder: tempfile::tempdir().unwrap(),
            path,
            ports: BTreeMap::new(),
            running: Vec::new(),
        }
    }

    /// The text with free ports in place of those that it names behind `127.0.0.1:`.
    fn with_free_ports(&mut self, text: &str) -> String {
        let mut parts = text.split("127.0.0.1:");
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            let (port, rest) = part.split_at(end);
            let free = self.ports.entry(port.to_owned()).or_insert_with(free_port);
            replaced += &format!("127.0.0.1:{free}{rest}");
        }
        replaced
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        shell
            .args(["-c", command])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        shell
    }

    /// Runs a command to its end; what it printed on either stream.
    #[track_caller]
    fn run(&mut self, command: &str, place: &str) -> String {
        let log = self.folder.path().join(".out");
        let file = fs::File::create(&log).unwrap();
        let mut shell = self.shell(command);
        shell.stdout(file.try_clone().unwrap()).stderr(file);
        let mut child = shell.spawn().unwrap();
        let status = until(place, || child.try_wait().unwrap());
        let printed = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        let status = status.unwrap_or_else(|error| {
            let _ = child.kill();
            panic!("{error}: {printed}")
        });
        assert!(status.success(), "{place}: {status}\n{printed}");
        printed
    }

    /// Starts a command that goes on, and waits until it can be reached.
    #[track_caller]
    fn start(&mut self, command: &str, place: &str) {
        let log = self
            .folder
            .path()
            .join(format!(".log-{}", self.running.len()));
        let file = fs::File::create(&log).unwrap();
        let mut shell = self.shell(&format!("exec {command}"));
        shell.stdout(file.try_clone().unwrap()).stderr(file);
        self.running.push(shell.spawn().unwrap());
        let said = || fs::read_to_string(&log).unwrap_or_default();
        for service in services(command, self.folder.path(), &log) {
            until(&format!("{place}: {service:?}"), || {
                service.is_there().then_some(())
            })
            .unwrap_or_else(|error| panic!("{error}: {}", said()));
        }
    }
}

/// How a command that goes on is reached.
#[derive(Debug)]
enum Service {
    Socket(PathBuf),
    /// It says so itself, in this file, once its files are written too.
    Says(PathBuf),
}

impl Service {
    fn is_there(&self) -> bool {
        match self {
            Self::Socket(path) => std::os::unix::net::UnixStream::connect(path).is_ok(),
            Self::Says(log) => fs::metadata(log).is_ok_and(|file| file.len() > 0),
        }
    }
}

fn services(command: &str, folder: &Path, log: &Path) -> Vec<Service> {
    if command.starts_with("onhook-harness serve ") {
        return vec![Service::Says(log.to_owned())];
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    let pairs = words.windows(2).filter_map(|pair| match pair {
        ["--state-dir", state] => Some(Service::Socket(folder.join(state).join("control.sock"))),
        _ => None,
    });
    pairs.collect()
}

/// A port that is free for TCP and for UDP.
fn free_port() -> String {
    let found = until("a free port", || {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).ok()?;
        let address = tcp.local_addr().ok()?;
        UdpSocket::bind(address)
            .ok()
            .map(|_| address.port().to_string())
    });
    found.unwrap()
}

#[track_caller]
fn replay(name: &str) {
    if tool("openssl").is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join(name)).unwrap();
    // Where the package has what the sources have too.
    let table = root.join("tests/conformance").canonicalize().unwrap();
    let text = text.replace(
        "/usr/share/onhook-harness/conformance",
        &table.display().to_string(),
    );
    let mut session = Session::new();
    let text = session.with_free_ports(&text);
    let steps = steps(&text);
    assert!(steps.len() > 4, "{name} has hardly a session");
    for step in steps {
        let place = format!("{name}:{}", step.line);
        let command = &step.command;
        if let Some(command) = command.strip_suffix(" &") {
            session.start(command, &place);
            continue;
        }
        let printed = session.run(command, &place);
        let found: Vec<&str> = printed.lines().collect();
        let expected = step.expected.join("\n");
        assert!(
            agrees(&step.expected, &found),
            "{place}: $ {command}\n-- it prints:\n{printed}-- it should print:\n{expected}"
        );
    }
}

#[test]
fn the_sessions_of_the_readme_work() {
    replay("README.md");
}

#[test]
fn the_sessions_for_operators_work() {
    replay("docs/operating.md");
}

#[test]
fn the_session_of_storms_works() {
    replay("docs/storm.md");
}

#[test]
fn the_session_at_the_control_socket_works() {
    replay("docs/control-socket.md");
}

#[test]
fn the_sessions_of_the_guide_for_integrators_work() {
    if tool("python3").is_some() {
        replay("docs/guide-integrator.md");
    }
}

#[test]
fn the_sessions_of_the_guide_for_operators_work() {
    replay("docs/guide-operator.md");
}

#[test]
fn the_sessions_of_the_guide_for_labs_work() {
    if tool("curl").is_some() {
        replay("docs/guide-lab.md");
    }
}

#[test]
fn a_session_that_prints_something_else_is_noticed() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    for (expected, found, same) in [
        ("a\nb", "a\nb", true),
        ("a\nb", "a", false),
        ("a", "a\nb", false),
        ("", "a", false),
        ("a\n...", "a\nb\nc", true),
        ("...\nc", "a\nb\nc", true),
        ("...\nb", "a\nb\nc", false),
        ("up: [..] s", "up: 12 s", true),
        ("up: [..] s", "up: 12 m", false),
        ("[..]b[..]", "abbc", true),
    ] {
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(
            agrees(&lines(expected), &found),
            same,
            "{expected:?} {found:?}"
        );
    }
    let text = "```console\n$ cat <<'END'\nout\nEND\nout\n$ two\n```\n$ no\n```sh\n$ no\n```\n";
    let steps = steps(text);
    assert_eq!(steps.len(), 2);
    assert_eq!(
        (&*steps[0].command, steps[0].line),
        ("cat <<'END'\nout\nEND", 2)
    );
    assert_eq!(steps[0].expected, ["out"]);
}
