//! `cargo xtask demo`: a provisioning server and a phone on loopback, step by step.
//!
//! Both are the real programs. The phone has an empty flash and knows only what option 66 would tell it. Its default
//! rule fetches a plain file, which gives it a key and a second rule; that rule fetches an encrypted, compressed profile.

mod children;
mod story;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::demo::children::{Children, Source};
use crate::demo::story::Story;
use crate::say;

/// Whether the demo goes on after the first resync.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It goes on until somebody ends it.
    Never,
    /// It ends, with the result of the resync as its own.
    AfterFirstResync,
}

/// The pass phrase of the demonstration; nothing else is ever encrypted with it.
const KEY: &str = "onhook demo key";

/// What the phone fetches first: `/$PSN.xml`.
const FIRST: &str = "8841-3PCC.xml";

/// Files and folders of one demonstration.
struct Stage {
    www: PathBuf,
    phone: PathBuf,
    config: PathBuf,
}

/// Runs the demonstration with the programs of a folder, or with those that are built now, in a folder that is emptied.
///
/// # Errors
/// The programs cannot be built or started, or the folder not be filled.
pub(crate) fn run(
    root: &Path,
    end: End,
    programs: Option<&Path>,
    stage: &Path,
) -> Result<ExitCode> {
    let programs = match programs {
        Some(folder) => Programs {
            agent: folder.join("onhook-agent"),
            harness: folder.join("onhook-harness"),
        },
        None => build(root)?,
    };
    let stage = Stage::set(stage)?;
    let mut children = Children::default();
    let serve = [
        "serve".as_ref(),
        "--root".as_ref(),
        stage.www.as_os_str(),
        "--http".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--syslog".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--json".as_ref(),
    ];
    children.start(Source::Server, &programs.harness, &serve)?;
    let (http, syslog) = addresses(&children)?;
    stage.write_profiles(&programs.harness, &http)?;
    stage.write_config(&http, &syslog)?;
    say::line(&format!(
        "server   http://{http}/ serves {}",
        stage.www.display()
    ));
    say::line(&format!("         syslog on {syslog}"));
    say::line(&format!(
        "phone    empty flash in {}",
        stage.phone.display()
    ));
    let agent = [
        "run".as_ref(),
        "--config".as_ref(),
        stage.config.as_os_str(),
        "--events".as_ref(),
        "-".as_ref(),
    ];
    children.start(Source::Phone, &programs.agent, &agent)?;
    let mut story = Story::default();
    let mut told = false;
    while let Some((source, line)) = children.next() {
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            say::line(&format!("{}  {line}", source.name()));
            continue;
        };
        for text in story.tell(source, &event) {
            say::line(&text);
        }
        let Some(success) = story.finished() else {
            continue;
        };
        if end == End::AfterFirstResync {
            children.end();
            return Ok(if success {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        if !told {
            told = true;
            say::line(&hints(&programs, &stage));
        }
    }
    anyhow::bail!("the server or the phone ended by itself; its last lines say why")
}

/// What to try while both run.
fn hints(programs: &Programs, stage: &Stage) -> String {
    let agent = programs.agent.display();
    let config = stage.config.display();
    format!(
        "\nBoth keep running; Ctrl-C ends them. In another terminal:\n  \
         {agent} status --config {config}\n  \
         {agent} params list --changed --config {config}\n  \
         {agent} resync --config {config}\n  \
         edit {www}/{FIRST} and resync again\n",
        www = stage.www.display(),
    )
}

struct Programs {
    agent: PathBuf,
    harness: PathBuf,
}

/// Builds both programs and says where they are.
fn build(root: &Path) -> Result<Programs> {
    say::line("building onhook-agent and onhook-harness (the first time takes a minute or two)");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--package",
            "onhook-agent",
            "--package",
            "onhook-harness",
        ])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("starting cargo")?;
    ensure!(output.status.success(), "the programs could not be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |name: &str| {
        messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| at(at(message, "target"), "name") == name)
            .find_map(|message| Some(PathBuf::from(at(&message, "executable").as_str()?)))
            .with_context(|| format!("cargo did not say where {name} is"))
    };
    Ok(Programs {
        agent: executable("onhook-agent")?,
        harness: executable("onhook-harness")?,
    })
}

/// A field of an object; null if it is missing.
fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    static NULL: Value = Value::Null;
    value.get(key).unwrap_or(&NULL)
}

/// Waits for the server to say where it listens.
fn addresses(children: &Children) -> Result<(String, String)> {
    while let Some((_, line)) = children.next() {
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            say::line(&line);
            continue;
        };
        if let (Some(http), Some(syslog)) =
            (at(&event, "http").as_str(), at(&event, "syslog").as_str())
        {
            return Ok((http.to_owned(), syslog.to_owned()));
        }
    }
    anyhow::bail!("the server ended before it listened; its last lines say why")
}

impl Stage {
    /// Clears the stage: an empty flash, an empty server.
    fn set(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("clearing {}", folder.display()))?;
        }
        let stage = Self {
            www: folder.join("www"),
            phone: folder.join("phone"),
            config: folder.join("agent.toml"),
        };
        fs::create_dir_all(&stage.www)
            .with_context(|| format!("making {}", stage.www.display()))?;
        Ok(stage)
    }

    fn write(&self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// The plain first file, and the encrypted, compressed profile that it leads to.
    fn write_profiles(&self, harness: &Path, http: &str) -> Result<()> {
        let first = format!(
            "<flat-profile>\n  \
               <GPP_SA>{KEY}</GPP_SA>\n  \
               <Profile_Rule_B>[--key $SA] http://{http}/$MA.cfg</Profile_Rule_B>\n\
             </flat-profile>\n"
        );
        self.write(&self.www.join(FIRST), &first)?;
        let plain = self.www.with_file_name("profile.xml");
        self.write(&plain, PROFILE)?;
        let key = self.www.with_file_name("key");
        self.write(&key, KEY)?;
        let status = Command::new(harness)
            .arg("encrypt")
            .arg("--gzip")
            .arg("--key-file")
            .arg(&key)
            .arg(&plain)
            .arg("-o")
            .arg(self.www.join("000e08012345.cfg"))
            .stdout(std::process::Stdio::null())
            .status()
            .context("starting onhook-harness encrypt")?;
        ensure!(status.success(), "the profile could not be encrypted");
        Ok(())
    }

    fn write_config(&self, http: &str, syslog: &str) -> Result<()> {
        let text = format!(
            "[state]\ndir = {:?}\n\n[options]\nstatic = {{ \"66\" = \"http://{http}\" }}\n\n\
             [syslog]\nserver = \"{syslog}\"\n",
            self.phone
        );
        self.write(&self.config, &text)
    }
}

/// The profile of the phone.
const PROFILE: &str = "<flat-profile>
  <Station_Name>Reception</Station_Name>
  <User_ID_1_>1000</User_ID_1_>
  <Password_1_ ua=\"na\">not shown anywhere</Password_1_>
  <Proxy_1_>sip.example.net</Proxy_1_>
  <Resync_Periodic>3600+600</Resync_Periodic>
  <Resync_Error_Retry_Delay>60,120,240,480</Resync_Error_Retry_Delay>
</flat-profile>
";
