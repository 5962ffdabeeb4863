//! Commands in the documents that no test runs, those of `sh` blocks: the programs have to take them.

use super::*;
use crate::Arguments;
use crate::workspace::root;

/// The commands of a document's `sh` blocks, as words, with the line that each begins in.
fn commands(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut commands = Vec::new();
    let mut inside = false;
    let mut open: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            let (start, before) = open.take().unwrap_or((at + 1, String::new()));
            match line.strip_suffix('\\') {
                Some(part) => open = Some((start, before + part)),
                None => {
                    let line = before + line;
                    commands.extend(words(&line).into_iter().map(|words| (start, words)));
                }
            }
        }
    }
    commands
}

/// A line of a shell as the words of each of its commands: quotes, comments, `|`, `&`, `;` and `>` count, and no more.
fn words(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut is_target = false;
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '|' | '&' | ';' | '>') => {
                let ended = word.take();
                // A file that something goes to is no word of the command.
                if let Some(ended) = ended
                    && !std::mem::take(&mut is_target)
                {
                    commands.last_mut().unwrap().push(ended);
                }
                is_target |= c == '>';
                if matches!(c, '|' | '&' | ';') {
                    commands.push(Vec::new());
                }
            }
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

#[test]
fn words_are_those_of_a_shell() {
    assert_eq!(
        words("one 'a b' c\"d e\" >file && two --x=''| three # four"),
        [
            vec!["one", "a b", "cd e"],
            vec!["two", "--x="],
            vec!["three"]
        ]
    );
    let text = "```sh\none \\\n  two\n```\n```console\n$ no\n```\n";
    assert_eq!(
        commands(text),
        [(2, vec!["one".to_owned(), "two".to_owned()])]
    );
}

#[test]
fn the_programs_take_every_command_of_the_documents() {
    let root = root().unwrap();
    let mut paths = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for entry in fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
    }
    let mut count = 0;
    for path in paths {
        for (line, words) in commands(&fs::read_to_string(&path).unwrap()) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (mut program, words) = match *words {
                ["cargo", "xtask", ..] => (Arguments::command(), &words[1..]),
                [name, ..] => {
                    let known = programs().into_iter().find(|p| p.get_name() == name);
                    let Some(program) = known else { continue };
                    (program, &words[..])
                }
                [] => continue,
            };
            count += 1;
            if let Err(error) = program.try_get_matches_from_mut(words) {
                panic!("{}:{line}: {error}", path.display());
            }
        }
    }
    assert!(count > 20, "only {count} commands were found");
}
