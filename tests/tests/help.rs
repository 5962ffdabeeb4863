//! Every command of every program explains itself and shows an example of itself.
#![cfg(test)]

use std::process::Command;

use onhook_tests::program;

/// What `PROGRAM WORDS… --help` prints.
fn help(name: &str, words: &[String]) -> String {
    let output = Command::new(program(name).unwrap())
        .args(words)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{name} {words:?} --help fails");
    String::from_utf8(output.stdout).unwrap()
}

/// The names in the section "Commands:" of a help text.
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let name = line.strip_prefix("  ")?.split(' ').next()?;
            (!name.is_empty() && name != "help").then(|| name.to_owned())
        })
        .collect()
}

/// Checks one command and those below it; how many there were.
fn walk(name: &str, words: &[String]) -> usize {
    let text = help(name, words);
    let call = [&[name.to_owned()], words].concat().join(" ");
    let examples: Vec<_> = text
        .lines()
        .skip_while(|line| *line != "Examples:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(!examples.is_empty(), "{call} --help has no examples");
    assert!(
        examples.iter().all(|line| line.contains(&call)),
        "{call} --help shows other commands: {examples:?}"
    );
    let below = commands(&text).into_iter().map(|command| {
        let words = [words, &[command]].concat();
        walk(name, &words)
    });
    1 + below.sum::<usize>()
}

#[test]
fn every_command_shows_an_example_of_itself() {
    assert!(walk("onhook-agent", &[]) >= 17);
    assert!(walk("onhook-harness", &[]) >= 6);
    assert!(walk("onhook-bench", &[]) >= 5);
}
