//! Rewrites `later` to `built` in the text of the list.

/// The new text and how many rules changed.
///
/// Every line but `status` and the `reason` of a rule that is covered now stays as it is.
pub(crate) fn promoted(text: &str, covered: impl Fn(&str) -> bool) -> (String, usize) {
    let mut out = String::with_capacity(text.len());
    let mut count = 0;
    for entry in entries(text) {
        if is_later(entry) && id_of(entry).is_some_and(&covered) {
            count += 1;
            rewrite(entry, &mut out);
        } else {
            out.push_str(entry);
        }
    }
    (out, count)
}

/// The text cut before each `[[requirement]]` line.
fn entries(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.starts_with("[[requirement]]") {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(text.len());
    starts
        .iter()
        .zip(starts.iter().skip(1))
        .filter_map(|(from, to)| text.get(*from..*to))
        .collect()
}

fn id_of(entry: &str) -> Option<&str> {
    entry
        .lines()
        .find_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'))
}

fn is_later(entry: &str) -> bool {
    entry.lines().any(|line| line == "status = \"later\"")
}

fn rewrite(entry: &str, out: &mut String) {
    for line in entry.split_inclusive('\n') {
        if line.starts_with("status = ") {
            out.push_str("status = \"built\"\n");
        } else if !line.starts_with("reason = ") {
            out.push_str(line);
        }
    }
}
