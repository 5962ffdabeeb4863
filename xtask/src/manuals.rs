//! `cargo xtask manuals`: manual pages and completions, made from the command lines of the programs themselves.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_complete::{Generator as _, Shell};
use clap_mangen::Man;

#[expect(dead_code, reason = "nobody looks at what was given")]
#[path = "../../apps/agent/src/cli.rs"]
mod agent;
#[path = "../../apps/bench/src/cli.rs"]
mod bench;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "nobody looks at what was given")
)]
#[path = "../../apps/harness/src/cli.rs"]
mod harness;

/// The command lines of all programs.
fn programs() -> [Command; 3] {
    [
        agent::Cli::command(),
        harness::Cli::command(),
        bench::Arguments::command(),
    ]
}

/// Writes everything below a folder, as `man1/`, `bash/`, `zsh/` and `fish/`; returns the number of files.
///
/// # Errors
/// A file cannot be written.
pub(crate) fn write(folder: &Path) -> Result<usize> {
    let mut count = 0;
    let mut put = |name: &str, file: String, content: &[u8]| -> Result<()> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join(file);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        count += 1;
        Ok(())
    };
    for mut program in programs() {
        let name = program.get_name().to_owned();
        for (folder, shell) in [
            ("bash", Shell::Bash),
            ("zsh", Shell::Zsh),
            ("fish", Shell::Fish),
        ] {
            let script = completions(shell, &mut program, &name)?;
            put(folder, shell.file_name(&name), script.as_bytes())?;
        }
        for (page, content) in pages(program)? {
            put("man1", page, content.as_bytes())?;
        }
    }
    Ok(count)
}

fn completions(shell: Shell, program: &mut Command, name: &str) -> Result<String> {
    let mut script = Vec::new();
    clap_complete::generate(shell, program, name, &mut script);
    let script = String::from_utf8(script).context("a script is no text")?;
    // In scripts for bash, clap_complete 4.6 spells a name with a hyphen in two ways, and commands below it get no
    // completions (clap-rs/clap#6421).
    let wrong = name.replace('-', "__subcmd__");
    Ok(script.replace(&wrong, &name.replace('-', "__")))
}

/// The manual pages of a program: one for itself and one for each of its commands.
fn pages(mut program: Command) -> Result<Vec<(String, String)>> {
    program.build();
    let version = program.get_version().unwrap_or_default();
    let source = format!("{} {version}", program.get_name());
    let mut pages = Vec::new();
    let mut open = vec![program];
    while let Some(command) = open.pop() {
        let commands = command.get_subcommands();
        open.extend(
            commands
                .filter(|c| !c.is_hide_set() && c.get_name() != "help")
                .cloned(),
        );
        let man = Man::new(command).source(&source).manual("Onhook");
        let mut page = Vec::new();
        man.render(&mut page).context("rendering a manual page")?;
        let page = String::from_utf8(page).context("a manual page is no text")?;
        // What stands below the help of a command begins with its examples.
        let page = page.replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n");
        pages.push((man.get_filename(), page));
    }
    Ok(pages)
}

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tests;
