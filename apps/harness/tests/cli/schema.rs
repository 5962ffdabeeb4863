//! Documents against the schemas of `docs/schemas`.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// Parses a document and checks it against a schema by name.
#[track_caller]
pub(crate) fn checked(document: &str, schema: &str) -> Value {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "../../docs/schemas",
        &format!("{schema}.schema.json"),
    ]
    .iter()
    .collect();
    let root: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    if let Err(problem) = check(&document, &root, &root) {
        panic!("{}: {problem}\nin {document:#}", path.display());
    }
    document
}

/// Checks the keywords that the schemas use; others fail, so that none is overlooked.
fn check(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let good = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "properties" | "examples" => {
                true
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => is_of_type(value, rule),
            "minimum" => value.is_null() || value.as_f64() >= rule.as_f64(),
            "maximum" => value.is_null() || value.as_f64() <= rule.as_f64(),
            "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
            "maxItems" => value.as_array().unwrap().len() as u64 <= rule.as_u64().unwrap(),
            "required" => {
                value.is_null()
                    || rule
                        .as_array()
                        .unwrap()
                        .iter()
                        .all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "oneOf" => {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .filter(|one| check(value, one, root).is_ok())
                    .count()
                    == 1
            }
            "items" if rule == &Value::Bool(false) => true,
            "items" => {
                let skipped = schema
                    .get("prefixItems")
                    .map_or(0, |prefix| prefix.as_array().unwrap().len());
                check_all(
                    value
                        .as_array()
                        .unwrap()
                        .iter()
                        .skip(skipped)
                        .map(|item| (item, rule)),
                    root,
                )?
            }
            "prefixItems" => check_all(
                value
                    .as_array()
                    .unwrap()
                    .iter()
                    .zip(rule.as_array().unwrap()),
                root,
            )?,
            "$ref" => check(
                value,
                root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap())
                    .unwrap(),
                root,
            )
            .map(|()| true)?,
            "additionalProperties" => true,
            other => return Err(format!("keyword {other} is not checked")),
        };
        if !good {
            return Err(format!("{value} breaks {keyword}: {rule}"));
        }
    }
    match value.as_object() {
        Some(members) => check_members(members, schema, root),
        None => Ok(()),
    }
}

fn check_all<'v>(
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    root: &Value,
) -> Result<bool, String> {
    for (value, schema) in pairs {
        check(value, schema, root)?;
    }
    Ok(true)
}

fn check_members(members: &Map<String, Value>, schema: &Value, root: &Value) -> Result<(), String> {
    for (name, value) in members {
        let own = schema
            .get("properties")
            .and_then(|properties| properties.get(name));
        match (own, schema.get("additionalProperties")) {
            (Some(own), _) | (None, Some(own @ Value::Object(_))) => {
                check(value, own, root).map_err(|problem| format!("{name}: {problem}"))?;
            }
            (None, Some(Value::Bool(false))) => return Err(format!("{name} is not in the schema")),
            (None, _) => {}
        }
    }
    Ok(())
}

fn is_of_type(value: &Value, rule: &Value) -> bool {
    if let Some(types) = rule.as_array() {
        return types.iter().any(|one| is_of_type(value, one));
    }
    match rule.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    }
}

#[test]
fn the_checker_sees_what_breaks_a_schema() {
    let good = r#"{"schema":"onhook.encrypt/1","container":"salted-md5","digest":"md5","record_size":null,"gzip":true,"input_bytes":1,"output_bytes":32,"output":"x"}"#;
    checked(good, "encrypt");
    for (from, to) in [
        ("onhook.encrypt/1", "onhook.encrypt/2"),
        ("salted-md5", "salted"),
        ("true", "1"),
        (":32", ":-32"),
        (":1,", ":\"1\","),
        ("\"output\"", "\"outputs\""),
        (",\"output\":\"x\"", ""),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        assert!(
            std::panic::catch_unwind(|| checked(&bad, "encrypt")).is_err(),
            "{bad}"
        );
    }
}
