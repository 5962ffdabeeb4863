//! A validator for the JSON Schemas of this project, which use a small part of JSON Schema 2020-12.

use serde_json::Value;

/// The published schemas, which may refer to each other by `$id`.
const SCHEMAS: [&str; 15] = [
    include_str!("../../docs/schemas/resync.schema.json"),
    include_str!("../../docs/schemas/status.schema.json"),
    include_str!("../../docs/schemas/params.schema.json"),
    include_str!("../../docs/schemas/export.schema.json"),
    include_str!("../../docs/schemas/event.schema.json"),
    include_str!("../../docs/schemas/ctl.schema.json"),
    include_str!("../../docs/schemas/config.schema.json"),
    include_str!("../../docs/schemas/bench.schema.json"),
    include_str!("../../docs/schemas/replay.schema.json"),
    include_str!("../../docs/schemas/try.schema.json"),
    include_str!("../../docs/schemas/serve-event.schema.json"),
    include_str!("../../docs/schemas/notify.schema.json"),
    include_str!("../../docs/schemas/run.schema.json"),
    include_str!("../../docs/schemas/scenario.schema.json"),
    include_str!("../../docs/schemas/subnet.schema.json"),
];

/// The keywords that are understood; a schema with another one is a violation itself.
const KEYWORDS: [&str; 15] = [
    "$schema",
    "$id",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "const",
    "enum",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "oneOf",
    "minimum",
];

/// Where a document breaks the published schema of this `$id`; empty if it does nowhere.
///
/// # Errors
/// A published schema is no JSON.
pub fn violations(id: &str, document: &Value) -> serde_json::Result<Vec<String>> {
    let roots = SCHEMAS
        .iter()
        .map(|text| serde_json::from_str(text))
        .collect::<serde_json::Result<Vec<Value>>>()?;
    let mut check = Check {
        roots: &roots,
        wrong: Vec::new(),
    };
    match check.root(id) {
        Some(root) => check.value(root, root, document, ""),
        None => check.wrong.push(format!("no schema is called {id}")),
    }
    Ok(check.wrong)
}

struct Check<'s> {
    roots: &'s [Value],
    wrong: Vec<String>,
}

impl<'s> Check<'s> {
    fn root(&self, id: &str) -> Option<&'s Value> {
        self.roots.iter().find(|root| text(root, "$id") == Some(id))
    }

    fn fail(&mut self, at: &str, what: &str) {
        self.wrong.push(format!("{at}: {what}"));
    }

    fn value(&mut self, schema: &'s Value, root: &'s Value, value: &Value, at: &str) {
        let Some(rules) = schema.as_object() else {
            return self.fail(at, "the schema is no object");
        };
        if let Some(strange) = rules.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
            self.fail(
                at,
                &format!("the schema uses `{strange}`, which nobody checks"),
            );
        }
        if let Some(reference) = text(schema, "$ref") {
            self.reference(reference, root, value, at);
        }
        if rules.get("const").is_some_and(|expected| expected != value) {
            self.fail(at, &format!("{value} is not the constant"));
        }
        if let Some(allowed) = rules.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            self.fail(at, &format!("{value} is not listed"));
        }
        if let Some(choices) = rules.get("oneOf").and_then(Value::as_array) {
            self.one_of(choices, root, value, at);
        }
        if let Some(kind) = rules.get("type")
            && !fits(kind, value)
        {
            self.fail(at, &format!("{value} is no {kind}"));
        }
        if let (Some(least), Some(number)) =
            (rules.get("minimum").and_then(Value::as_f64), value.as_f64())
            && number < least
        {
            self.fail(at, &format!("{number} is below {least}"));
        }
        if let (Some(items), Some(values)) = (rules.get("items"), value.as_array()) {
            for (n, value) in values.iter().enumerate() {
                self.value(items, root, value, &format!("{at}/{n}"));
            }
        }
        self.object(schema, root, value, at);
    }

    /// `#/$defs/NAME`, or `../ID` for another published schema.
    fn reference(&mut self, reference: &str, root: &'s Value, value: &Value, at: &str) {
        let target = match reference.strip_prefix('#') {
            Some(pointer) => root.pointer(pointer).map(|schema| (schema, root)),
            None => reference
                .strip_prefix("../")
                .and_then(|id| self.root(id))
                .map(|schema| (schema, schema)),
        };
        match target {
            Some((schema, root)) => self.value(schema, root, value, at),
            None => self.fail(
                at,
                &format!("the schema refers to {reference}, which is not there"),
            ),
        }
    }

    fn one_of(&mut self, choices: &'s [Value], root: &'s Value, value: &Value, at: &str) {
        let mut reasons = Vec::new();
        let mut fitting = 0;
        for choice in choices {
            let mut inner = Check {
                roots: self.roots,
                wrong: Vec::new(),
            };
            inner.value(choice, root, value, at);
            if inner.wrong.is_empty() {
                fitting += 1;
            } else {
                reasons.push(inner.wrong.join(", "));
            }
        }
        if fitting != 1 {
            let reasons = reasons.join("; ");
            self.fail(
                at,
                &format!("fits {fitting} choices instead of one: {reasons}"),
            );
        }
    }

    fn object(&mut self, schema: &'s Value, root: &'s Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else {
            return;
        };
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.fail(at, &format!("lacks `{name}`"));
            }
        }
        let others = schema.get("additionalProperties");
        for (name, member) in members {
            let place = format!("{at}/{name}");
            let own = schema.get("properties").and_then(|known| known.get(name));
            match (own, others) {
                (Some(own), _) => self.value(own, root, member, &place),
                (None, Some(Value::Bool(false))) => self.fail(&place, "is not allowed"),
                (None, Some(Value::Bool(true)) | None) => {}
                (None, Some(other)) => self.value(other, root, member, &place),
            }
        }
    }
}

fn text<'s>(schema: &'s Value, key: &str) -> Option<&'s str> {
    schema.get(key).and_then(Value::as_str)
}

/// Whether a value is of a type, or of one of several.
fn fits(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::String(name) => match name.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        },
        Value::Array(names) => names.iter().any(|name| fits(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
