//! `cargo xtask dist --check`: the packages from installing to purging, in a Debian of their own.
//!
//! A minimal system is made once and kept as an archive; each check unpacks it anew. Programs run there in namespaces
//! with a loopback interface and nothing else.

mod chroot;
mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};

use crate::dist::check::chroot::{Chroot, Facts};
use crate::dist::release::said;
use crate::dist::{PROGRAMS, tools};
use crate::say;

/// Turns a skipped check into a failure when it is `1`.
const NO_SKIP: &str = "ONHOOK_NO_SKIP";
/// Programs of the system that the check needs, and their packages.
const NEEDED: [(&str, &str); 4] = [
    ("mmdebstrap", "mmdebstrap"),
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("chroot", "coreutils"),
];
/// What is in the system: what the packages depend on, what their unit calls, and readers of pages and completions.
const PRESENT: &str = "adduser,bash-completion,man-db,procps,systemd";
/// The user of the agent inside.
const AS_ONHOOK: [&str; 5] = [
    "setpriv",
    "--reuid=onhook",
    "--regid=onhook",
    "--clear-groups",
    "--",
];
/// Configuration and state of the agent, from the root of the system.
const CONFIG: &str = "etc/onhook/agent.toml";
const STATE: &str = "var/lib/onhook";

/// Checks what `cargo xtask dist` left in a folder.
///
/// # Errors
/// There is nothing in the folder, or something is not as it should be.
pub(crate) fn run(out: &Path, work: &Path) -> Result<ExitCode> {
    let packages = folder::packages(out)?;
    folder::sums(out)?;
    folder::recipe(out)?;
    if let Some(why) = obstacle() {
        ensure!(
            !std::env::var(NO_SKIP).is_ok_and(|value| value == "1"),
            "{why}, and {NO_SKIP}=1 forbids to skip"
        );
        say::line(&format!("skipped: packages in a clean system: {why}"));
        return Ok(ExitCode::SUCCESS);
    }
    say::line("making a minimal system");
    let system = Chroot::unpack(&base(work)?, &work.join("root"))?;
    let before = system.facts()?;
    install(&system, &packages)?;
    let installed = files(&system)?;
    manuals(&system)?;
    completions(&system)?;
    service(&system)?;
    demo(&system)?;
    again(&system, &packages)?;
    remove(&system)?;
    purge(&system, &before)?;
    system.remove()?;
    say::line(&format!(
        "check: {installed} files were installed, run, removed and purged, and nothing is left"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Says that something holds.
fn holds(what: &str) {
    say::line(&format!("ok  {what}"));
}

/// Why no clean system can be made here.
fn obstacle() -> Option<String> {
    for (program, package) in NEEDED {
        if !tools::is_there(program) {
            return Some(format!(
                "{program} is not installed (apt-get install {package})"
            ));
        }
    }
    let id = said(Path::new("/"), "id", &["-u"]).unwrap_or_default();
    (id.trim() != "0").then(|| "it needs root".to_owned())
}

/// The archive of a minimal system, of the release of Debian that runs here; it is made once.
fn base(work: &Path) -> Result<PathBuf> {
    let about = fs::read_to_string("/etc/os-release").context("reading /etc/os-release")?;
    let suite = about
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .context("/etc/os-release names no release")?;
    let archive = work.join(format!("{suite}-{}.tar", PRESENT.replace(',', "-")));
    if archive.is_file() {
        return Ok(archive);
    }
    fs::create_dir_all(work).with_context(|| format!("making {}", work.display()))?;
    let part = work.join(format!("{suite}.part.tar"));
    let status = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase"])
        .arg(format!("--include={PRESENT}"))
        .arg(suite)
        .arg(&part)
        .status()
        .context("starting mmdebstrap")?;
    ensure!(status.success(), "mmdebstrap could not make a system");
    fs::rename(&part, &archive)?;
    Ok(archive)
}

fn install(system: &Chroot, packages: &[PathBuf]) -> Result<()> {
    let names = system.bring(packages)?;
    let mut words = vec!["dpkg", "--install"];
    words.extend(names.iter().map(String::as_str));
    system.run(&words)?;
    let listed = system.run(&["dpkg", "--verify", "onhook-agent", "onhook-harness"])?;
    ensure!(listed.trim().is_empty(), "dpkg --verify: {listed}");
    holds("dpkg installs both packages into a minimal system");
    Ok(())
}

/// What has to be where, for whom; returns the number of files of both packages.
fn files(system: &Chroot) -> Result<usize> {
    let listed = system.run(&["dpkg", "--listfiles", "onhook-agent", "onhook-harness"])?;
    let mut count = 0;
    for path in listed.lines().filter(|line| line.starts_with('/')) {
        let file = system.path(path.trim_start_matches('/'));
        ensure!(
            file.symlink_metadata().is_ok(),
            "{path} is not where the package has it"
        );
        count += usize::from(file.is_file());
    }
    for (path, wanted) in [
        ("/usr/bin/onhook-agent", "755 root root"),
        ("/usr/bin/onhook-harness", "755 root root"),
        (&format!("/{CONFIG}"), "640 root onhook"),
        (&format!("/{STATE}"), "700 onhook onhook"),
        (
            "/usr/lib/systemd/system/onhook-agent.service",
            "644 root root",
        ),
        ("/usr/share/doc/onhook-agent/copyright", "644 root root"),
        (
            "/usr/share/doc/onhook-harness/sbom.cdx.json.gz",
            "644 root root",
        ),
    ] {
        let found = system.run(&["stat", "--format=%a %U %G", path])?;
        ensure!(found.trim() == wanted, "{path} is {found}, not {wanted}");
    }
    let user = system.run(&["getent", "passwd", "onhook"])?;
    ensure!(
        user.trim_end()
            .ends_with(":/var/lib/onhook:/usr/sbin/nologin"),
        "the user is {user}"
    );
    let id: u32 = user.split(':').nth(2).unwrap_or_default().parse()?;
    ensure!(
        id < 1000,
        "the user has the number {id}, which is no system user's"
    );
    holds("files, modes, owners and the system user are as they should be");
    Ok(count)
}

fn manuals(system: &Chroot) -> Result<()> {
    let mut count = 0;
    for program in PROGRAMS {
        for name in fs::read_dir(system.path("usr/share/man/man1"))? {
            let name = name?.file_name().to_string_lossy().into_owned();
            let Some(page) = name.strip_suffix(".1.gz") else {
                continue;
            };
            if !page.starts_with(program) {
                continue;
            }
            let shown = system.run(&["man", "--pager=cat", "--warnings", page])?;
            ensure!(
                shown.contains("SYNOPSIS"),
                "man {page} shows no synopsis: {shown}"
            );
            count += 1;
        }
    }
    holds(&format!("man shows {count} pages"));
    Ok(())
}

fn completions(system: &Chroot) -> Result<()> {
    for (program, word, wanted) in [
        ("onhook-agent", "res", "resync"),
        ("onhook-harness", "exp", "explain"),
    ] {
        // As a shell does it at the first tab: the script is found by the name of the command.
        let script = format!(
            ". /usr/share/bash-completion/bash_completion; _comp_load {program} 2>/dev/null || _completion_loader {program}; \
             function=$(complete -p {program} | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
             COMP_WORDS=({program} {word}); COMP_CWORD=1; \"$function\" {program} {word} {program}; echo \"${{COMPREPLY[@]}}\""
        );
        let found = system.run(&["bash", "--norc", "-c", &script])?;
        ensure!(
            found.split_whitespace().any(|found| found == wanted),
            "bash completes `{program} {word}` to `{found}`, not to {wanted}"
        );
    }
    for path in [
        "usr/share/zsh/vendor-completions/_onhook-agent",
        "usr/share/fish/vendor_completions.d/onhook-harness.fish",
    ] {
        ensure!(system.path(path).is_file(), "/{path} is missing");
    }
    holds("bash finds the completions and completes with them");
    Ok(())
}

/// The unit is well formed and enabled, and its user can read the configuration and write the state.
fn service(system: &Chroot) -> Result<()> {
    let verdict = system.run(&["systemd-analyze", "verify", "onhook-agent.service"])?;
    ensure!(
        !verdict.contains("onhook-agent.service"),
        "systemd-analyze: {verdict}"
    );
    let state = system.run(&["systemctl", "is-enabled", "onhook-agent.service"])?;
    ensure!(state.trim() == "enabled", "the unit is {state}");
    let config = format!("/{CONFIG}");
    let agent = |words: &[&str]| {
        let words = [
            &AS_ONHOOK[..],
            &["onhook-agent"],
            words,
            &["--config", &config],
        ]
        .concat();
        system.run(&words)
    };
    agent(&["run", "--print-config"])?;
    agent(&["params", "set", "GPP_A", "kept"])?;
    ensure!(
        agent(&["params", "get", "GPP_A"])?.trim() == "kept",
        "the user of the agent cannot keep its state"
    );
    holds("the unit is valid and enabled, and its user reads the configuration and keeps state");
    Ok(())
}

/// The demonstration, with the installed programs, as the user of the agent.
fn demo(system: &Chroot) -> Result<()> {
    let own = std::env::current_exe().context("where this program is")?;
    let place = system.path("tmp/xtask");
    fs::copy(&own, &place).context("copying this program")?;
    let words = [
        "/tmp/xtask",
        "demo",
        "--exit",
        "--programs=/usr/bin",
        "--stage=/tmp/demo",
    ];
    let told = system.run(&[&AS_ONHOOK[..], &words].concat())?;
    for line in told.lines() {
        say::line(&format!("    {line}"));
    }
    ensure!(
        told.contains("changed   Station_Name = Reception"),
        "the demonstration changed nothing"
    );
    fs::remove_file(&place)?;
    fs::remove_dir_all(system.path("tmp/demo"))?;
    holds("the installed agent provisions itself from the installed harness");
    Ok(())
}

/// Installing once more keeps what was edited and what the phone knows.
fn again(system: &Chroot, packages: &[PathBuf]) -> Result<()> {
    let config = system.path(CONFIG);
    let mut text = fs::read_to_string(&config)?;
    text.push_str("# edited\n");
    fs::write(&config, &text)?;
    let names = system.bring(packages)?;
    let mut words = vec!["dpkg", "--force-confdef", "--install"];
    words.extend(names.iter().map(String::as_str));
    system.run(&words)?;
    ensure!(
        fs::read_to_string(&config)? == text,
        "an upgrade threw away what was edited"
    );
    ensure!(
        system.path(STATE).join("params.bin").is_file(),
        "an upgrade threw away what the phone knows"
    );
    holds("an upgrade keeps edited configuration and state");
    Ok(())
}

fn remove(system: &Chroot) -> Result<()> {
    system.run(&["dpkg", "--remove", "onhook-agent", "onhook-harness"])?;
    for path in ["usr/bin/onhook-agent", "usr/bin/onhook-harness"] {
        ensure!(!system.path(path).exists(), "/{path} is still there");
    }
    for path in [CONFIG, &format!("{STATE}/params.bin")] {
        ensure!(
            system.path(path).is_file(),
            "/{path} is gone, though nothing was purged"
        );
    }
    holds("removed, the packages leave configuration and state");
    Ok(())
}

fn purge(system: &Chroot, before: &Facts) -> Result<()> {
    system.run(&["dpkg", "--purge", "onhook-agent", "onhook-harness"])?;
    let after = system.facts()?;
    let differences = differences(before, &after);
    if !differences.is_empty() {
        bail!("purged, this is left:\n  {}", differences.join("\n  "));
    }
    let known = fs::read_to_string(system.path("var/lib/dpkg/status"))?;
    ensure!(!known.contains("onhook"), "dpkg still knows the packages");
    holds("purged, nothing is left: files, modes, owners, users and groups are those of before");
    Ok(())
}

/// What is not as it was, one line each.
fn differences(before: &Facts, after: &Facts) -> Vec<String> {
    let mut lines = BTreeMap::new();
    for (path, fact) in before {
        match after.get(path) {
            None => lines.insert(path, format!("/{path} is gone")),
            Some(other) if other != fact => {
                lines.insert(path, format!("/{path} was {fact} and is {other}"))
            }
            Some(_) => None,
        };
    }
    for (path, fact) in after {
        if !before.contains_key(path) {
            lines.insert(path, format!("/{path} is new: {fact}"));
        }
    }
    lines.into_values().collect()
}

#[cfg(test)]
mod tests;
