//! Conformance vectors: what the language must answer, line by line.

mod suite;

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use self::suite::Found;

/// The document `onhook.vectors/1`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct VectorReport {
    /// The name of the document.
    pub schema: &'static str,
    /// Vectors that were answered as they should be.
    pub passed: usize,
    /// Vectors that were not, and lines that are no vector.
    pub failed: usize,
    /// The failed ones, in order.
    pub failures: Vec<VectorFailure>,
}

/// A vector that failed, or a line that is no vector.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct VectorFailure {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The id of the vector; `None` if the line has none.
    pub id: Option<String>,
    /// What was asked; `None` if the line is no vector.
    pub asked: Option<Value>,
    /// What should be answered.
    pub expected: Option<Value>,
    /// What was answered.
    pub found: Option<Value>,
    /// Why, if the answer is an error or the line is no vector.
    pub message: Option<String>,
}

impl Default for VectorReport {
    fn default() -> Self {
        Self {
            schema: "onhook.vectors/1",
            passed: 0,
            failed: 0,
            failures: Vec::new(),
        }
    }
}

impl VectorReport {
    /// Answers the vectors of one file: JSON Lines in the form of the rule list, blank lines passed over.
    ///
    /// The suite follows from the id: `T-MACRO-…`, `T-COND-…`, `T-VER-…`, `T-RULE-…`, `T-URL-…` or `T-SCHED-…`.
    pub fn run(&mut self, file: &str, text: &str) {
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            match answer(line) {
                None => self.passed += 1,
                Some(failure) => {
                    self.failed += 1;
                    self.failures.push(VectorFailure {
                        file: file.to_owned(),
                        line: at + 1,
                        ..failure
                    });
                }
            }
        }
    }

    /// Renders the failures for people, and the numbers in the last line.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        for failure in &self.failures {
            failure.render(&mut out);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} passed, {} failed", self.passed, self.failed);
        out
    }
}

/// Answers one line; `None` if the answer is the expected one.
fn answer(line: &str) -> Option<VectorFailure> {
    let mut failure = VectorFailure {
        file: String::new(),
        line: 0,
        id: None,
        asked: None,
        expected: None,
        found: None,
        message: None,
    };
    let vector: Value = match serde_json::from_str(line) {
        Ok(vector) => vector,
        Err(error) => {
            failure.message = Some(format!("this is no JSON: {error}"));
            return Some(failure);
        }
    };
    failure.id = vector.get("id").and_then(Value::as_str).map(str::to_owned);
    match suite::answer(&vector) {
        Err(message) => {
            failure.message = Some(message);
            Some(failure)
        }
        Ok(Found {
            expected, answer, ..
        }) if expected == answer => None,
        Ok(found) => {
            failure.asked = Some(found.asked);
            failure.expected = Some(found.expected);
            failure.found = Some(found.answer);
            failure.message = found.why;
            Some(failure)
        }
    }
}

impl VectorFailure {
    fn render(&self, out: &mut String) {
        let Self { file, line, id, .. } = self;
        let id = id.as_deref().unwrap_or("a vector without id");
        let _ = writeln!(out, "{file}:{line}: {id} failed");
        let lines = [
            ("asked", self.asked.as_ref()),
            ("expected", self.expected.as_ref()),
            ("found", self.found.as_ref()),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                let _ = writeln!(out, "  {name:8}  {value}");
            }
        }
        for difference in self.differences() {
            let _ = writeln!(out, "  differs   {difference}");
        }
        if let Some(message) = &self.message {
            let _ = writeln!(out, "  why       {message}");
        }
    }

    /// The members that differ, when both answers have members.
    fn differences(&self) -> Vec<String> {
        let (Some(Value::Object(expected)), Some(Value::Object(found))) =
            (&self.expected, &self.found)
        else {
            return Vec::new();
        };
        let mut names: Vec<_> = expected.keys().chain(found.keys()).collect();
        names.sort();
        names.dedup();
        let shown =
            |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
        names
            .into_iter()
            .filter(|name| expected.get(*name) != found.get(*name))
            .map(|name| {
                let (expected, found) = (expected.get(name), found.get(name));
                format!(
                    "{name}: expected {}, found {}",
                    shown(expected),
                    shown(found)
                )
            })
            .collect()
    }
}
