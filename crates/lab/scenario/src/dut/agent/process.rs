//! The program: its configuration, its process, its parameters.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use onhook_device::Readings;

use super::{ANSWER, AgentPhone};
use crate::dut::Halt;
use crate::dut::ear::Came;

/// Lines of the log that are told when the program breaks down.
const LAST: usize = 5;

impl AgentPhone {
    /// Writes the configuration.
    pub(super) fn configure(&self) -> Result<(), Halt> {
        let trust = self.file("authority.pem");
        let mut text = self.config(&quoted(&trust.display()));
        if let Some(firmware) = &self.firmware {
            text.push_str(&firmware.config(self.home.path())?);
        }
        let written = fs::write(&trust, self.site.authority())
            .and_then(|()| fs::write(self.config_file(), text));
        written.map_err(|error| Halt::Broken(format!("cannot write the configuration: {error}")))
    }

    fn config(&self, trust: &str) -> String {
        let identity = &self.given.identity;
        let scope = &self.given.scope;
        let mut text = String::from("[device]\n");
        for (key, value) in [
            ("mac", identity.mac.to_string()),
            ("product_name", identity.product_name.clone()),
            ("series", identity.series.clone()),
            ("serial", identity.serial.clone()),
            ("software_version", identity.software_version.clone()),
            ("hardware_version", identity.hardware_version.clone()),
            ("family", scope.family.name().to_owned()),
            ("release", scope.release.name().to_owned()),
            ("idle_settle_s", self.given.idle_settle_s.to_string()),
        ] {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{key} = {}", quoted(&value));
        }
        let syslog = quoted(&self.site.syslog());
        let _ = writeln!(text, "[syslog]\nserver = {syslog}");
        let _ = writeln!(text, "[tls]\ncustom_ca = {trust}");
        let _ = writeln!(text, "[tftp]\nlocal_ports = \"ephemeral\"");
        let _ = writeln!(text, "[sip]\nlisten = \"127.0.0.1:0\"");
        let _ = writeln!(text, "[web]\nlisten = \"127.0.0.1:0\"");
        let pinned = self.given.pin_server;
        let _ = writeln!(text, "[security]\npin_server = {pinned}");
        text.push_str("[options.static]\n");
        for (number, value) in &self.given.options {
            let value = quoted(&self.site.fill(value));
            let _ = writeln!(text, "{number} = {value}");
        }
        text.push_str("[readings]\n");
        for name in Readings::NAMES {
            let word = scope.readings.word(name).unwrap_or_default();
            let _ = writeln!(text, "{name} = {}", quoted(&word));
        }
        text
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command
            .args(words)
            .arg("--config")
            .arg(self.config_file())
            .arg("--state-dir")
            .arg(self.state_dir())
            .stdin(Stdio::null())
            .current_dir(self.home.path());
        command
    }

    /// Starts the phone, which is told the name of the load that comes up; its events are heard from now on.
    pub(super) fn start_phone(&self, version: Option<&str>) -> Result<Child, Halt> {
        let broken = |error: std::io::Error| {
            let program = self.program().display();
            Halt::Broken(format!("cannot start {program}: {error}"))
        };
        let journal = self.file(&format!("journal.{}", self.lives));
        let log = File::create(self.file("log")).map_err(broken)?;
        let mut command = self.command(&["run", "--events", "-"]);
        if let Some(version) = version {
            command.env("ONHOOK__DEVICE__SOFTWARE_VERSION", version);
        }
        let mut child = command
            .arg("--journal")
            .arg(journal)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(broken)?;
        if let Some(out) = child.stdout.take() {
            let (tell, life) = (self.tell.clone(), self.lives);
            thread::spawn(move || listen(out, &tell, life));
        }
        Ok(child)
    }

    /// The last lines of its log.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.file("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LAST);
        match lines.get(from..) {
            None | Some([]) => String::new(),
            Some(lines) => format!("; its log ends with: {}", lines.join(" / ")),
        }
    }

    /// Runs a command of the program to its end.
    fn run(&self, words: &[&str], input: &str) -> Result<String, Halt> {
        let what = words.join(" ");
        let broken = |why: String| Halt::Broken(format!("{what}: {why}"));
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| broken(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read says so at its end.
            let _ = stdin.write_all(input.as_bytes());
        }
        let (tell, ended) = channel();
        thread::spawn(move || tell.send(child.wait_with_output()));
        let late = |_| broken(format!("no end after {} s", ANSWER.as_secs()));
        let output = ended.recv_timeout(ANSWER).map_err(late)?;
        let Output {
            status,
            stdout,
            stderr,
        } = output.map_err(|error| broken(error.to_string()))?;
        match status.success() {
            true => Ok(String::from_utf8_lossy(&stdout).into_owned()),
            false => Err(broken(String::from_utf8_lossy(&stderr).trim().to_owned())),
        }
    }

    /// Stores a parameter before the phone runs.
    pub(super) fn set_stored(&self, name: &str, value: &str) -> Result<(), Halt> {
        self.run(&["params", "set", name, "-"], value).map(drop)
    }

    /// The value of a parameter; `***` for a secret one.
    pub(super) fn stored(&self, name: &str) -> Result<String, Halt> {
        let text = self.run(&["params", "get", name], "")?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

/// A text as TOML has it; what JSON writes is read the same way there.
pub(super) fn quoted(value: &impl ToString) -> String {
    serde_json::Value::String(value.to_string()).to_string()
}

fn listen(out: ChildStdout, tell: &Sender<Came>, life: u32) {
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        if tell.send(Came::Line(line)).is_err() {
            return;
        }
    }
    // The row may be over.
    let _ = tell.send(Came::Ended(life));
}
