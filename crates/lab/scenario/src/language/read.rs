//! Reading files of scenarios.

use toml::de::DeTable;

use super::given;
use super::problem::{Problem, Source};
use super::step::step;
use super::table::{Item, Table};
use super::{DutKind, Scenario};

/// Keys of a scenario; those of a file with one scenario are the same.
const SCENARIO: [&str; 8] = [
    "id", "title", "rules", "source", "dut", "pending", "given", "step",
];
/// Keys of a file with several scenarios.
const FILE: [&str; 2] = ["given", "scenario"];

/// Steps of one scenario at most.
const STEPS: usize = 1000;

/// Reads a file: one scenario at its top, or several under `[[scenario]]`.
///
/// # Errors
/// What is wrong in it, one problem for each scenario at least.
pub fn read(file: &str, text: &str) -> Result<Vec<Scenario>, Vec<Problem>> {
    let source = Source { file, text };
    let root = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![source.problem(offset, format!("not TOML: {}", error.message()))]
    })?;
    let root = Table::root(source, root.get_ref());
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut problems = Vec::new();
    let tables = match root.get("scenario") {
        Some(item) => root
            .only(&FILE)
            .and_then(|_| item.list())
            .map(|items| items.into_iter().map(Item::table).collect()),
        None if root.get("step").is_some() || root.get("id").is_some() => Ok(vec![Ok(root)]),
        None => match root.only(&["id", "scenario"]) {
            Ok(_) => Err(root.wrong(
                "there is no scenario: write `id` and [[step]], or several under [[scenario]]",
            )),
            Err(problem) => Err(problem),
        },
    };
    let tables: Vec<Result<Table<'_>, Problem>> = tables.map_err(|problem| vec![problem])?;
    let common = root.get("given").filter(|_| root.get("scenario").is_some());
    for table in tables {
        match table.and_then(|table| scenario(file, table, common)) {
            Ok((table, new)) => match scenarios.iter().find(|old| old.id == new.id) {
                Some(old) => problems.push(table.wrong(format!(
                    "the id `{}` is taken: line {} has it",
                    new.id, old.line
                ))),
                None => scenarios.push(new),
            },
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(scenarios),
        false => Err(problems),
    }
}

fn scenario<'a>(
    file: &str,
    table: Table<'a>,
    common: Option<Item<'a>>,
) -> Result<(Table<'a>, Scenario), Problem> {
    table.only(&SCENARIO)?;
    let text = |key| table.get(key).map(Item::text).transpose();
    let given = given::of(common, table.get("given"))?;
    let items = table.need("step")?;
    let list = items.list()?;
    if list.is_empty() || list.len() > STEPS {
        return Err(items.wrong(format!("write 1 to {STEPS} steps")));
    }
    let mut steps = Vec::with_capacity(list.len());
    for item in list {
        let next = step(item, &steps, &given.scope)?;
        if let Some(name) = &next.name {
            let taken = |old: &super::Step| old.name.as_ref() == Some(name);
            if name == "boot" || steps.iter().any(taken) {
                return Err(item.strange(format!("the name `{name}` is taken: choose another")));
            }
        }
        steps.push(next);
    }
    let scenario = Scenario {
        file: file.to_owned(),
        line: table.place().0,
        id: id(table.need("id")?)?,
        title: text("title")?.unwrap_or("").to_owned(),
        rules: rules(table)?,
        source: text("source")?.unwrap_or("").to_owned(),
        duts: duts(table)?,
        pending: text("pending")?.map(str::to_owned),
        given,
        steps,
    };
    Ok((table, scenario))
}

fn id(item: Item<'_>) -> Result<String, Problem> {
    let id = item.text()?;
    let good = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    match !id.is_empty() && id.len() <= 100 && id.chars().all(good) {
        true => Ok(id.to_owned()),
        false => Err(item.wrong("write letters, digits, - _ . and / only, at most 100")),
    }
}

fn rules(table: Table<'_>) -> Result<Vec<String>, Problem> {
    let Some(item) = table.get("rules") else {
        return Ok(Vec::new());
    };
    let mut rules = Vec::new();
    for item in item.list()? {
        let rule = item.text()?;
        let parts: Vec<&str> = rule.split('-').collect();
        let good = match parts.as_slice() {
            ["R" | "D" | "A", rest @ ..] => !rest.is_empty(),
            _ => false,
        };
        if !good {
            let why = format!("`{rule}` is no rule: write an id such as R-SCHED-6");
            return Err(item.wrong(why));
        }
        rules.push(rule.to_owned());
    }
    Ok(rules)
}

fn duts(table: Table<'_>) -> Result<Vec<DutKind>, Problem> {
    let Some(item) = table.get("dut") else {
        return Ok(DutKind::ALL.map(|(_, kind)| kind).to_vec());
    };
    let mut duts = Vec::new();
    for item in item.list()? {
        duts.push(item.word(&DutKind::ALL)?);
    }
    match duts.is_empty() {
        true => Err(item.wrong("write at least one of virtual, agent, external")),
        false => Ok(duts),
    }
}
