//! A rule that is printed and parsed is the same rule.

use std::fmt::Write;

use proptest::prelude::*;

use crate::model::Phone;

/// A rule as a tree, from which both its text and what it does follow.
#[derive(Clone, Debug)]
struct Tree(Vec<Branch>);

#[derive(Clone, Debug)]
struct Branch {
    /// Comparisons of two numbers; none is no condition.
    guard: Vec<(u8, &'static str, u8)>,
    assignments: Vec<(&'static str, String)>,
    /// Option and argument; the argument of `--srv` is empty.
    options: Vec<(&'static str, String)>,
    url: Option<(&'static str, &'static str, Option<u16>, String)>,
}

/// What may stand between two tokens.
fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "\t\r\n "])
}

fn branch() -> impl Strategy<Value = Branch> {
    let op = prop::sample::select(vec![
        "eq", "ne", "lt", "le", "gt", "ge", "=", "!=", "<", ">=",
    ]);
    let guard = prop::collection::vec((0_u8..3, op, 0_u8..3), 0..3);
    let target = prop::sample::select(vec!["GPP_A", "Station_Name", "GPP_P", "Line_Enable_1_"]);
    let value = "[a-z |#()\\[\\];=]{0,6}";
    let assignments = prop::collection::vec((target, value.prop_map(String::from)), 0..3);
    let text = prop::sample::select(vec!["--key", "--uid", "--pwd"]);
    let letter = prop::sample::select(vec!["--post", "--alias"]);
    let option = prop_oneof![(text, "[a-zA-Z0-9 |#\\]()=-]{1,8}"), (letter, "[a-p]")];
    let scheme = prop::sample::select(vec!["http", "https"]);
    let server = prop::sample::select(vec![
        "h",
        "192.0.2.1",
        "prov.example.net",
        "[2001:db8::1]",
        "",
    ]);
    let path = "/[a-z?=&;\"()\\[\\]!.]{0,8}";
    let url = (scheme, server, any::<Option<u16>>(), path);
    let with_url =
        (prop::collection::vec(option, 0..4), url).prop_map(|(options, url)| (options, Some(url)));
    let tail = prop_oneof![3 => with_url, 1 => Just((Vec::new(), None))];
    (guard, assignments, tail).prop_map(|(guard, assignments, (options, url))| Branch {
        guard,
        assignments,
        options,
        url: url.map(|(scheme, server, port, path)| {
            // A port needs a server, and is not 0.
            let port = port.filter(|port| *port > 0 && !server.is_empty());
            (scheme, server, port, path)
        }),
    })
}

impl Tree {
    fn print(&self, space: &str) -> String {
        let branches: Vec<_> = self.0.iter().map(|branch| branch.print(space)).collect();
        branches.join("|")
    }

    /// What the first branch whose condition holds does, as the tests of this crate write it.
    fn meaning(&self) -> String {
        let chosen = self.0.iter().position(Branch::holds);
        match chosen.and_then(|at| Some((at, self.0.get(at)?))) {
            Some((at, branch)) => branch.meaning(at + 1),
            None => "skip".to_owned(),
        }
    }
}

impl Branch {
    fn print(&self, space: &str) -> String {
        let mut text = space.to_owned();
        if !self.guard.is_empty() {
            let comparisons: Vec<_> = self
                .guard
                .iter()
                .map(|(left, op, right)| format!("{space}{left} {op} {right}"))
                .collect();
            let _ = write!(
                text,
                "({}{space}){space}?{space}",
                comparisons.join(" and ")
            );
        }
        if !self.assignments.is_empty() {
            let list: Vec<_> = self
                .assignments
                .iter()
                .map(|(name, value)| format!("{space}{name}{space}={space}\"{value}\"{space}"))
                .collect();
            let _ = write!(text, "({}{space}){space}!{space}", list.join(";"));
        }
        if !self.options.is_empty() {
            let list: Vec<_> = self
                .options
                .iter()
                .map(|(name, argument)| match *name {
                    "--post" | "--alias" => format!("{name} {argument}"),
                    _ => format!("{name} \"{argument}\""),
                })
                .collect();
            let _ = write!(text, "[{space}{}{space}]{space}", list.join(" "));
        }
        if let Some((scheme, server, port, path)) = &self.url {
            let _ = write!(text, "{scheme}://{server}");
            if let Some(port) = port {
                let _ = write!(text, ":{port}");
            }
            text.push_str(path);
        }
        text.push_str(space);
        text
    }

    fn holds(&self) -> bool {
        self.guard.iter().all(|(left, op, right)| match *op {
            "eq" | "=" => left == right,
            "ne" | "!=" => left != right,
            "lt" | "<" => left < right,
            "le" => left <= right,
            "gt" => left > right,
            _ => left >= right,
        })
    }

    fn meaning(&self, number: usize) -> String {
        let mut line = number.to_string();
        for (name, value) in &self.assignments {
            let _ = write!(line, " {name}={value};");
        }
        let mut options = self.options.clone();
        // The last of a repeated option counts; they are shown in order of their names.
        options.reverse();
        options.sort_by_key(|(name, _)| *name);
        options.dedup_by_key(|(name, _)| *name);
        for (name, argument) in options {
            let _ = write!(line, " {name} {argument}");
        }
        if let Some((scheme, server, port, path)) = &self.url {
            let default = if *scheme == "http" { 80 } else { 443 };
            let server = if server.is_empty() { "<dhcp>" } else { server };
            let _ = write!(
                line,
                " {scheme}://{server}:{}{path}",
                port.unwrap_or(default)
            );
        }
        line
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    //= R-RULE-1 type=test
    //= R-RULE-4 type=test
    //= R-RULE-8 type=test
    //= R-RULE-12 type=test
    #[test]
    fn a_printed_rule_does_what_its_tree_says(branches in prop::collection::vec(branch(), 1..4), space in space()) {
        let tree = Tree(branches);
        let text = tree.print(space);
        // A rule of white space alone is blank; one with an alternative that does nothing is not.
        if !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            let found = Phone::with([]).line(onhook_rules::RuleKind::Profile, &text);
            prop_assert_eq!(found, tree.meaning(), "{}", text);
        }
    }
}
