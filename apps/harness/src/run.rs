//! `run`: scenarios, one after the other.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use onhook_scenario::dut::agent::{AgentPhone, AgentProgram};
use onhook_scenario::dut::external::{ExternalPhone, Reach};
use onhook_scenario::dut::site::Listen;
use onhook_scenario::{
    Dut, DutKind, Glob, Halt, Options, Problem, Report, Row, Run, Scenario, Verdict,
};
use onhook_scenario::{read, report};
use tokio::runtime::Builder;

use crate::cli::run::{DutArg, RunArgs};
use crate::failure::{Done, FAILED, Failure, note};
use crate::output::Readers;
use crate::stop::StopSignals;
use crate::{input, output};

/// Runs scenarios; a row that failed is exit status 1.
pub(crate) fn run(args: &RunArgs) -> Done {
    let mut scenarios = scenarios(&args.scenarios)?;
    if !args.only.is_empty() {
        let wanted: Vec<Glob> = args.only.iter().map(Glob::new).collect();
        scenarios.retain(|row| wanted.iter().any(|glob| glob.fits(&row.id)));
        if scenarios.is_empty() {
            return Err(anyhow!("--only: no row is called {}", args.only.join(" or ")).into());
        }
    }
    let options = Options {
        duts: args.dut.iter().map(|dut| dut.kind()).collect(),
        seed: args.seed,
        patience: Duration::from_secs(args.patience),
    };
    if options.duts.contains(&DutKind::External) && args.external.listen.is_unspecified() {
        let why = "--listen: write an address of this host that the phone can reach";
        return Err(anyhow!(why).into());
    }
    let mut runner = Runner {
        args,
        stopped: stopped_by_signals()?,
        agent: agent(args)?,
    };
    let report = onhook_scenario::run(&scenarios, &options, &mut runner).map_err(told)?;
    if args.json {
        output::document(&report::document(&report))?;
    } else {
        output::print(&report::ending(&report))?;
    }
    write(args, &report).map_err(Failure::asked)?;
    Ok(status(&report))
}

/// Writes the reports that are wanted as files.
fn write(args: &RunArgs, report: &Report) -> anyhow::Result<()> {
    if let Some(to) = &args.junit {
        output::write(to, report::junit(report).as_bytes(), Readers::Everybody)?;
    }
    if let Some(to) = &args.html {
        output::write(to, report::html(report).as_bytes(), Readers::Everybody)?;
    }
    if let Some(to) = &args.conformance {
        let page = report::conformance(report);
        output::write(to, page.as_bytes(), Readers::Everybody)?;
    }
    Ok(())
}

fn status(report: &Report) -> ExitCode {
    match report.count(Verdict::Fail) > 0 || report.interrupted {
        true => ExitCode::from(FAILED),
        false => ExitCode::SUCCESS,
    }
}

impl DutArg {
    const fn kind(self) -> DutKind {
        match self {
            Self::Virtual => DutKind::Virtual,
            Self::Agent => DutKind::Agent,
            Self::External => DutKind::External,
        }
    }
}

/// The program for agents; it has to be there only if it is to run.
fn agent(args: &RunArgs) -> anyhow::Result<PathBuf> {
    let path = match &args.agent {
        Some(path) => path.clone(),
        None => std::env::current_exe()
            .context("cannot tell where this program is: give --agent")?
            .with_file_name("onhook-agent"),
    };
    if args.dut.contains(&DutArg::Agent) && !path.is_file() {
        bail!(
            "there is no program {}: give it with --agent",
            path.display()
        );
    }
    Ok(path)
}

/// Reads files and folders; every mistake in them is told.
fn scenarios(from: &[OsString]) -> anyhow::Result<Vec<Scenario>> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut problems = Vec::new();
    for file in files(from)? {
        let name = Path::new(&file).display().to_string();
        let content = input::bytes(&file)?;
        let text = std::str::from_utf8(&content).with_context(|| format!("{name} is not UTF-8"))?;
        match read(&name, text) {
            Ok(new) => scenarios.extend(new),
            Err(new) => problems.extend(new),
        }
    }
    for (n, scenario) in scenarios.iter().enumerate() {
        let same = |other: &&Scenario| other.id == scenario.id;
        if let Some(other) = scenarios.iter().take(n).find(same) {
            problems.push(Problem {
                file: scenario.file.clone(),
                line: scenario.line,
                column: 1,
                message: format!(
                    "the id `{}` is taken: {}:{} has it",
                    scenario.id, other.file, other.line
                ),
            });
        }
    }
    match problems.is_empty() {
        true => Ok(scenarios),
        false => Err(told(problems)),
    }
}

/// The files that are named, and those of the folders that are named.
fn files(from: &[OsString]) -> anyhow::Result<Vec<OsString>> {
    let mut files = Vec::new();
    for name in from {
        let path = Path::new(name);
        if name == OsStr::new("-") || !path.is_dir() {
            files.push(name.clone());
            continue;
        }
        let failed = || format!("cannot read {}", path.display());
        let mut found = Vec::new();
        for entry in fs::read_dir(path).with_context(failed)? {
            let file = entry.with_context(failed)?.path();
            if file.extension().is_some_and(|end| end == "toml") {
                found.push(file.into_os_string());
            }
        }
        if found.is_empty() {
            bail!("there is no file *.toml in {}", path.display());
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// All mistakes, one line each.
fn told(problems: Vec<Problem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow!(lines.join("\nerror: "))
}

/// Becomes true at SIGTERM and at Ctrl-C.
fn stopped_by_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let mut signals = runtime.block_on(async { StopSignals::catch() })?;
    let seen = Arc::clone(&stopped);
    thread::spawn(move || {
        runtime.block_on(signals.first());
        seen.store(true, Ordering::Relaxed);
    });
    Ok(stopped)
}

struct Runner<'a> {
    args: &'a RunArgs,
    stopped: Arc<AtomicBool>,
    /// The program for agents.
    agent: PathBuf,
}

impl Run for Runner<'_> {
    fn make(&mut self, kind: DutKind, scenario: &Scenario) -> Result<Box<dyn Dut>, Halt> {
        match kind {
            DutKind::Agent => {
                let program = AgentProgram {
                    path: self.agent.clone(),
                    stopped: Arc::clone(&self.stopped),
                };
                Ok(Box::new(AgentPhone::new(scenario, &program)?))
            }
            DutKind::External => {
                let args = &self.args.external;
                let reach = Reach {
                    listen: Listen {
                        ip: args.listen,
                        ports: args.ports.0,
                    },
                    power_cycle: args.power_cycle.clone(),
                    resync: args.resync.clone(),
                    cfg_url: args.cfg_url.clone(),
                    stopped: Arc::clone(&self.stopped),
                };
                Ok(Box::new(ExternalPhone::new(scenario, &reach)?))
            }
            // Virtual time needs nothing from here.
            DutKind::Virtual => Err(Halt::Cannot("it is made elsewhere".to_owned())),
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn ended(&mut self, row: &mut Row) {
        if let Some(journal) = &row.journal {
            match keep(&self.args.journals, row, journal) {
                Ok(path) => {
                    row.replay = Some(format!("onhook-harness replay {}", path.display()));
                }
                Err(error) => note(&format!("warning: {error:#}")),
            }
        }
        if !self.args.json
            && let Err(error) = output::print(&report::row(row, self.args.seed))
        {
            note(&format!("warning: {error:#}"));
        }
    }
}

/// Writes the journal of a row.
fn keep(folder: &Path, row: &Row, journal: &str) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = format!("{}.{}.journal", row.id.replace('/', "_"), row.dut.name());
    let path = folder.join(name);
    output::write(path.as_os_str(), journal.as_bytes(), Readers::Everybody)?;
    Ok(path)
}
