//! The documents satisfy their published schemas.

use onhook_inspect::{ExplainKind, ExplainRequest, ModelPhone, Secrets, expand, explain};
use onhook_params::Scope;
use serde_json::Value;

const EXPLAIN: &str = include_str!("../../../../../docs/schemas/explain.schema.json");
const EXPAND: &str = include_str!("../../../../../docs/schemas/expand.schema.json");

/// The keywords that the schemas use; others would go unchecked.
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

/// Collects where a value breaks a schema.
fn check(schema: &Value, root: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.strip_prefix('#').unwrap()).unwrap();
        return check(target, root, value, at, wrong);
    }
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        wrong.push(format!("{at}: not {expected}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong.push(format!("{at}: {value} is not listed"));
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut inner = Vec::new();
            check(choice, root, value, at, &mut inner);
            inner.is_empty()
        };
        let count = choices.iter().filter(fits).count();
        if count != 1 {
            wrong.push(format!("{at}: fits {count} choices: {value}"));
        }
    }
    check_type(schema, value, at, wrong);
    if let (Some(minimum), Some(number)) = (schema["minimum"].as_i64(), value.as_i64())
        && number < minimum
    {
        wrong.push(format!("{at}: below {minimum}"));
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (i, value) in values.iter().enumerate() {
            check(items, root, value, &format!("{at}/{i}"), wrong);
        }
    }
    let Some(object) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            wrong.push(format!("{at}: lacks {name}"));
        }
    }
    for (name, value) in object {
        let place = format!("{at}/{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => wrong.push(format!("{place}: not allowed")),
            (Value::Null, Value::Null | Value::Bool(true)) => {}
            (Value::Null, other) => check(other, root, value, &place, wrong),
            (property, _) => check(property, root, value, &place, wrong),
        }
    }
}

fn check_type(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = match &schema["type"] {
        Value::String(one) => one == name,
        Value::Array(some) => some.iter().any(|one| one == name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    };
    if !fits {
        wrong.push(format!("{at}: {name} instead of {}", schema["type"]));
    }
}

fn check_keywords(schema: &Value) {
    let Some(object) = schema.as_object() else {
        return;
    };
    for (name, value) in object {
        assert!(KEYWORDS.contains(&name.as_str()), "{name}");
        match name.as_str() {
            "properties" | "$defs" => value.as_object().unwrap().values().for_each(check_keywords),
            "oneOf" => value.as_array().unwrap().iter().for_each(check_keywords),
            _ => check_keywords(value),
        }
    }
}

#[track_caller]
fn assert_fits(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    check_keywords(&schema);
    let mut wrong = Vec::new();
    check(&schema, &schema, document, "", &mut wrong);
    assert!(wrong.is_empty(), "{document}\n{}", wrong.join("\n"));
}

#[test]
fn explanations_fit_their_schema() {
    let mut phone = ModelPhone::default();
    phone.set_parameter("GPP_SA", "s");
    phone.set_option(15, "example.com").unwrap();
    for (kind, text) in [
        (ExplainKind::Profile, ""),
        (
            ExplainKind::Profile,
            "(\"$MA\" eq \"x\")? /$NOPE | (a=\"1\";Nope=\"2\")! [--key $SA --post a --srv] http://h/a | /b",
        ),
        (ExplainKind::Profile, "[--srv] /a"),
        (ExplainKind::Profile, "(<1.0)? /a"),
        (ExplainKind::Profile, "(a=\"\")!"),
        (ExplainKind::Profile, "/a b"),
        (ExplainKind::Upgrade, "/a"),
        (
            ExplainKind::Trigger,
            "1 eq 1 and $UPGCOND and \"a\" ne \"a\"",
        ),
        (ExplainKind::Trigger, "1 gt \"x\""),
        (ExplainKind::Schedule, "600+30, 0"),
        (ExplainKind::Schedule, "1h"),
        (ExplainKind::Trigger, "http://x/admin/resync?/a"),
    ] {
        let explanation = explain(&ExplainRequest {
            kind,
            text,
            phone: &phone,
            scope: &Scope::default(),
            secrets: Secrets::Masked,
            at: None,
        });
        assert_fits(EXPLAIN, &serde_json::to_value(explanation).unwrap());
    }
}

#[test]
fn expansions_fit_their_schema() {
    let expansion = expand(
        "$MA $NOPE $(SA:1) $A",
        &ModelPhone::default(),
        &Scope::default(),
        Secrets::Masked,
    );
    assert_eq!(expansion.macros.len(), 4);
    assert_fits(EXPAND, &serde_json::to_value(expansion).unwrap());
}
