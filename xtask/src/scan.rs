//! A rough view of Rust text: code without comments and literals, and where tests begin.
//!
//! It is no parser. It serves checks that look for a word in code and must not find it in a string.

/// Text in which comments and the contents of string and character literals are blanks.
///
/// Lines keep their numbers and lengths in characters.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or_default();
        let length = literal_or_comment(rest, previous(&chars, at));
        if length == 0 {
            out.push(c);
            at += 1;
            continue;
        }
        for &hidden in rest.iter().take(length) {
            out.push(if hidden == '\n' { '\n' } else { ' ' });
        }
        at += length;
    }
    out
}

fn previous(chars: &[char], at: usize) -> Option<char> {
    at.checked_sub(1).and_then(|i| chars.get(i)).copied()
}

/// Number of characters of the comment or literal that starts here, 0 if none does.
fn literal_or_comment(rest: &[char], before: Option<char>) -> usize {
    match (rest.first(), rest.get(1)) {
        (Some('/'), Some('/')) => rest.iter().take_while(|c| **c != '\n').count(),
        (Some('/'), Some('*')) => block_comment(rest),
        (Some('"'), _) => quoted(rest, '"'),
        (Some('\''), _) => char_literal(rest),
        (Some('r'), Some('"' | '#')) if !before.is_some_and(is_word) || before == Some('b') => {
            raw_string(rest)
        }
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match (rest.get(at), rest.get(at + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                at += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            (Some(_), _) => at += 1,
            (None, _) => return rest.len(),
        }
    }
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while let Some(&c) = rest.get(at) {
        if c == '\\' {
            at += 2;
        } else if c == quote {
            return at + 1;
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// A lifetime (`'a`) is not a literal; `'a'` and `'\n'` are.
fn char_literal(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => quoted(rest, '\''),
        (Some(_), Some('\'')) => 3,
        _ => 0,
    }
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest.iter().skip(1).take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0; // a raw identifier
    }
    let mut at = 2 + hashes;
    while let Some(&c) = rest.get(at) {
        let closing = rest.iter().skip(at + 1).take(hashes);
        if c == '"' && closing.clone().count() == hashes && closing.clone().all(|c| *c == '#') {
            return at + 1 + hashes;
        }
        at += 1;
    }
    rest.len()
}

/// Whether a character may stand in an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in the text as a whole word.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    word_positions(text, word).next().is_some()
}

/// Byte offsets at which `word` stands as a whole word.
pub(crate) fn word_positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).filter_map(move |(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let whole = !before.is_some_and(is_word) && !after.is_some_and(is_word);
        whole.then_some(at)
    })
}

/// Number of the line, from 1, that holds a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

/// First line, from 1, that is test code; `None` if the file holds none.
///
/// Files in a `tests` folder and files called `tests.rs` are test code throughout; elsewhere it is
/// what follows `#[cfg(test)]` on a module with a body, which stands last in a file.
pub(crate) fn tests_begin(path: &str, code: &str) -> Option<usize> {
    let in_folder = path.split('/').rev().skip(1).any(|part| part == "tests");
    let whole_package = path.starts_with("tests/src/");
    if (in_folder && !whole_package) || path.ends_with("/tests.rs") {
        return Some(1);
    }
    let mut marked = None;
    for (index, line) in code.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("#[cfg(test)]") {
            marked = Some(index + 1);
        }
        if let Some(from) = marked {
            if line.contains("mod ") && line.ends_with('{') {
                return Some(from);
            }
            if line.ends_with(';') {
                marked = None;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(code_only(text), expected);
    }

    #[test]
    fn comments_become_blanks() {
        check("a // b\nc", "a     \nc");
        check("a/*x /*y*/ z*/b", "a             b");
        check("a /* open", "a        ");
    }

    #[test]
    fn string_contents_become_blanks() {
        check(r#"f("to!(\" x", 1)"#, "f(          , 1)");
        check("r#\"a\"b\"# c", "         c");
        check("br\"x\" c", "b     c");
        check("bar\"x\"", "bar   ");
        check("\"open", "     ");
    }

    #[test]
    fn lifetimes_stay_and_character_literals_go() {
        check("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)");
        check("x == '\"' || y == '\\''", "x ==     || y ==     ");
    }

    #[test]
    fn raw_identifiers_stay() {
        check("r#type = 1", "r#type = 1");
    }

    #[test]
    fn words_are_found_whole_only() {
        assert!(has_word("impl Fetch for X", "Fetch"));
        assert!(!has_word("impl FetchOnce for X", "Fetch"));
        assert!(!has_word("prefetch", "fetch"));
    }

    #[test]
    fn test_code_is_known_by_folder_file_name_or_module() {
        assert_eq!(tests_begin("crates/a/tests/x.rs", ""), Some(1));
        assert_eq!(tests_begin("crates/a/src/foo/tests.rs", ""), Some(1));
        assert_eq!(tests_begin("tests/tests/e2e.rs", ""), Some(1));
        assert_eq!(tests_begin("tests/src/lib.rs", "fn a() {}"), None);
        let inline = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n";
        assert_eq!(tests_begin("crates/a/src/lib.rs", inline), Some(3));
        let elsewhere = "#[cfg(test)]\nmod tests;\nfn a() {}\nmod b {\n";
        assert_eq!(tests_begin("crates/a/src/lib.rs", elsewhere), None);
    }
}
