use std::collections::BTreeSet;
use std::process::{Command as Process, Stdio};

use tempfile::TempDir;

use super::*;

fn written() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(folder.path()).unwrap() > 30);
    folder
}

/// The names of a command and of everything below it, joined as in the names of pages.
fn names(command: &Command, above: &str, out: &mut BTreeSet<String>) {
    let name = format!("{above}{}", command.get_name());
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        names(inner, &format!("{name}-"), out);
    }
    out.insert(name);
}

#[test]
fn every_command_has_a_page_that_shows_its_examples() {
    let folder = written();
    let mut expected = BTreeSet::new();
    for program in programs() {
        names(&program, "", &mut expected);
    }
    let found: BTreeSet<String> = fs::read_dir(folder.path().join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".1").to_owned())
        .collect();
    assert_eq!(found, expected);
    let page = fs::read_to_string(folder.path().join("man1/onhook-agent-run.1")).unwrap();
    let examples = page.split(".SH EXAMPLES\n").nth(1).unwrap();
    assert!(
        examples.starts_with("  onhook\\-agent run \\-\\-config agent.toml\n"),
        "{examples}"
    );
    assert!(page.contains(".TH onhook-agent-run 1"), "{page}");
    assert!(page.contains("onhook-agent 0."), "{page}");
}

#[test]
fn bash_completes_commands_options_and_values() {
    let folder = written();
    for (program, line, wanted) in [
        ("onhook-agent", &["re"][..], "resync"),
        ("onhook-agent", &["ctl", "certificate", "ins"], "install"),
        ("onhook-agent", &["run", "--print"], "--print-config"),
        ("onhook-agent", &["ctl", "external-ip", "--j"], "--json"),
        ("onhook-harness", &["explain", "--kind", "up"], "upgrade"),
        ("onhook-bench", &["ru"], "run"),
    ] {
        let script = folder.path().join("bash").join(format!("{program}.bash"));
        let words = [&[program], line].concat();
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let (last, before) = (line.last().unwrap(), words[words.len() - 2]);
        let text = format!(
            ". {}; COMP_WORDS=({}); COMP_CWORD={}; _{} {program} '{last}' '{before}'; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            quoted.join(" "),
            words.len() - 1,
            program.replace('-', "__"),
        );
        let output = Process::new("bash")
            .args(["--norc", "-c", &text])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.split_whitespace().any(|word| word == wanted),
            "{line:?}: {output:?}"
        );
    }
}
