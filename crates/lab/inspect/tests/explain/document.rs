//! The documents: outcomes, sources, readings, and agreement with the rule vectors.

use onhook_device::Identity;
use onhook_inspect::{
    Cause, ExplainKind, ExplainRequest, Explanation, ModelPhone, Secrets, Step, Verdict, expand,
    explain,
};
use onhook_macros::MacroName;
use onhook_params::Scope;
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../../../../docs/spec/rules-vectors.jsonl");

/// What the vectors' base state has and a phone that has just started has not.
const BASE: [(&str, &str); 7] = [
    ("CCERT", "Installed"),
    ("IP", "192.168.1.100"),
    ("PRVTMR", "700"),
    ("UPGTMR", "400"),
    ("UID1", "1000"),
    ("PRVST", "1"),
    ("UPGST", "1"),
];

fn run(kind: ExplainKind, text: &str, phone: &ModelPhone) -> Explanation {
    explain(&ExplainRequest {
        kind,
        text,
        phone,
        scope: &Scope::default(),
        secrets: Secrets::Shown,
        at: None,
    })
}

fn profile(text: &str) -> Explanation {
    run(ExplainKind::Profile, text, &ModelPhone::default())
}

fn as_json(explanation: &Explanation) -> Value {
    serde_json::to_value(explanation).unwrap()
}

/// The output of a vector, taken from an explanation.
fn vector_output(document: &Value) -> Value {
    match document["outcome"].as_str().unwrap() {
        "error" => return json!("error"),
        "skip" => return json!({ "sel": null }),
        _ => {}
    }
    let mut out = json!({ "sel": document["alternative"] });
    for (key, value) in [
        ("assign", &document["assignments"]),
        ("opts", &document["options"]),
    ] {
        if *value != json!([]) && *value != json!({}) {
            out[key] = value.clone();
        }
    }
    if !document["url"].is_null() {
        out["url"] = document["url"].clone();
    }
    out
}

#[test]
fn explanations_agree_with_the_rule_and_condition_vectors() {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let id = vector["id"].as_str().unwrap();
        let is_condition = id.starts_with("T-COND-");
        if !is_condition && !id.starts_with("T-RULE-") {
            continue;
        }
        let mut phone = ModelPhone::new(Identity::default());
        let state = vector["st"].as_object().unwrap();
        let state = state
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        for (name, value) in BASE.into_iter().chain(state) {
            phone.set_macro(name, value).unwrap();
        }
        let kind = if is_condition {
            ExplainKind::Trigger
        } else {
            vector["kind"].as_str().unwrap().parse().unwrap()
        };
        let text = vector["in"].as_str().unwrap();
        let document = as_json(&run(kind, text, &phone));
        let out = match document["outcome"].as_str().unwrap() {
            "true" => json!(true),
            "false" => json!(false),
            // An empty trigger is unset, an empty condition an error.
            "skip" if is_condition => json!("error"),
            _ => vector_output(&document),
        };
        count += 1;
        if out != vector["out"] {
            failures.push(format!("{id}: got {out}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(count, 54 + 37);
}

#[test]
fn the_schema_name_comes_first() {
    let text = serde_json::to_string(&profile("/a")).unwrap();
    assert!(
        text.starts_with("{\"schema\":\"onhook.explain/1\","),
        "{text}"
    );
    let text = serde_json::to_string(&expand(
        "$MA",
        &ModelPhone::default(),
        &Scope::default(),
        Secrets::Masked,
    ));
    assert!(
        text.unwrap()
            .starts_with("{\"schema\":\"onhook.expand/1\",")
    );
}

#[test]
fn every_default_names_its_source() {
    let sources = |text| {
        let document = as_json(&profile(text));
        ["scheme_source", "server_source", "port_source"]
            .map(|key| document[key].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(sources("http://h:8080/a"), ["rule", "rule", "rule"]);
    assert_eq!(sources("/a"), ["default", "dhcp", "default"]);
    assert_eq!(sources("(a=\"\")!"), ["-", "-", "-"]);
}

//= R-UPG-2 type=test
#[test]
fn an_upgrade_rule_without_server_follows_its_reading() {
    let text = "/x.loads";
    let document = as_json(&run(ExplainKind::Upgrade, text, &ModelPhone::default()));
    assert_eq!(document["outcome"], "fetch");
    assert_eq!(document["server"], Value::Null);
    assert_eq!(document["server_source"], "provisioning-server");
    assert_eq!(
        document["readings"],
        json!({ "upgrade_no_server": "provisioning-server" })
    );
    let mut scope = Scope::default();
    scope.readings.set("upgrade_no_server", "error").unwrap();
    let document = as_json(&explain(&ExplainRequest {
        kind: ExplainKind::Upgrade,
        text,
        phone: &ModelPhone::default(),
        scope: &scope,
        secrets: Secrets::Masked,
        at: None,
    }));
    assert_eq!(document["outcome"], "error");
    assert_eq!(document["error"]["code"], "no-server");
    assert_eq!(document["url"], Value::Null);
    assert_eq!(
        document["readings"],
        json!({ "upgrade_no_server": "error" })
    );
}

//= R-TRIG-1 type=test
#[test]
fn a_blank_or_commented_trigger_is_unset() {
    let outcome = |text, phone: &ModelPhone| {
        as_json(&run(ExplainKind::Trigger, text, phone))["outcome"].clone()
    };
    let mut phone = ModelPhone::default();
    for text in ["", " \t\r\n", "#1 eq 1"] {
        assert_eq!(outcome(text, &phone), "skip", "{text}");
    }
    phone.set_parameter("GPP_A", "#");
    assert_eq!(outcome("$A", &phone), "error");
    assert_eq!(outcome("1 eq 1", &phone), "true");
}

#[test]
fn an_action_url_as_trigger_follows_its_reading() {
    let text = "http://10.0.0.1/admin/resync?://tftp://10.0.0.1:69/$PRVST.cfg";
    let document = as_json(&run(ExplainKind::Trigger, text, &ModelPhone::default()));
    assert_eq!(document["outcome"], "error");
    assert_eq!(
        document["readings"],
        json!({ "trigger_url_value": "error" })
    );
    let mut scope = Scope::default();
    scope
        .readings
        .set("trigger_url_value", "resync-once")
        .unwrap();
    let document = as_json(&explain(&ExplainRequest {
        kind: ExplainKind::Trigger,
        text,
        phone: &ModelPhone::default(),
        scope: &scope,
        secrets: Secrets::Masked,
        at: None,
    }));
    assert_eq!(document["kind"], "trigger");
    assert_eq!(document["url"], "tftp://10.0.0.1:69/-1.cfg");
    assert_eq!(
        document["readings"],
        json!({ "trigger_url_value": "resync-once" })
    );
}

//= R-ASSIGN-4 type=test
#[test]
fn assignments_that_cannot_be_applied_are_shown_with_the_reason() {
    let explanation = profile("(Profil_Rule = \"x\"; Provision_Enable = \"maybe\"; a = \"1\")!");
    assert_eq!(explanation.assignments.len(), 3);
    let reasons: Vec<(bool, String)> = explanation
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Assignment { applied, why, .. } => {
                Some((*applied, why.clone().unwrap_or_default()))
            }
            Step::Macro(_)
            | Step::Alternative { .. }
            | Step::Comparison { .. }
            | Step::Delay { .. } => None,
        })
        .collect();
    assert!(
        !reasons[0].0 && reasons[0].1.contains("Profile_Rule"),
        "{reasons:?}"
    );
    assert!(!reasons[1].0 && !reasons[1].1.is_empty(), "{reasons:?}");
    assert_eq!(reasons[2], (true, String::new()));
}

#[test]
fn every_alternative_has_a_verdict() {
    let verdicts = |text| -> Vec<Verdict> {
        let steps = profile(text).steps;
        steps
            .into_iter()
            .filter_map(|step| match step {
                Step::Alternative { verdict, .. } => Some(verdict),
                Step::Macro(_)
                | Step::Comparison { .. }
                | Step::Assignment { .. }
                | Step::Delay { .. } => None,
            })
            .collect()
    };
    use Verdict::{Failed, False, NotReached, Selected};
    assert_eq!(
        verdicts("(1 eq 2)? /a | /b | /c"),
        [False, Selected, NotReached]
    );
    assert_eq!(
        verdicts("(1 eq 2)? /a | (\"x\" lt \"y\")? /b | /c"),
        [False, Failed, NotReached]
    );
    assert_eq!(verdicts("/a b"), []);
}

//= R-RULE-9 type=test
//= R-OPT-8 type=test
#[test]
fn what_deserves_a_look_is_a_warning() {
    let codes = |text| -> Vec<&str> { profile(text).warnings.iter().map(|w| w.code).collect() };
    assert_eq!(codes("/a | /b"), ["unreachable"]);
    assert_eq!(codes("[--srv] tftp://h/a"), ["srv-with-tftp"]);
    assert_eq!(codes("[--srv] http://h/a"), [""; 0]);
}

//= R-MACRO-21 type=test
//= R-MACRO-22 type=test
#[test]
fn a_phone_that_has_just_started_has_the_documented_values() {
    let phone = ModelPhone::default();
    let expanded = |text| expand(text, &phone, &Scope::default(), Secrets::Masked).expanded;
    assert_eq!(
        expanded("$PRVTMR,$UPGTMR,$REGTMR1,$REGTMR2,$PRVST,$UPGST"),
        "0,0,0,0,1,1"
    );
    assert_eq!(
        expanded("<$SCHEME$METH$SERV$SERVIP$PORT$PATH$ERR$IP$EXTIP$UID1$A>"),
        "<>"
    );
    assert_eq!(
        expanded("$CCERT $UPGCOND $MAC"),
        "Not Installed true 00:0e:08:01:23:45"
    );
    for (cause, prvst) in [
        ("boot", "0"),
        ("periodic", "1"),
        ("retry", "2"),
        ("explicit", "-1"),
    ] {
        let cause: Cause = cause.parse().unwrap();
        assert_eq!(cause.prvst(), prvst);
    }
}

#[test]
fn values_come_from_parameters_and_from_what_is_given() {
    let mut phone = ModelPhone::default();
    phone.set_parameter("GPP_A", "a");
    phone.set_parameter("User_ID_2_", "1002");
    phone.set_parameter("GPP_SB", "sb");
    phone.set_macro("ERR", "OK").unwrap();
    phone.set_macro("SA", "sa").unwrap();
    assert!(phone.set_macro("NOPE", "x").is_err());
    assert_eq!(
        expand("$A$UID2$ERR", &phone, &Scope::default(), Secrets::Masked).expanded,
        "a1002OK"
    );
    assert_eq!(
        (phone.secret(0), phone.secret(1), phone.secret(2)),
        ("sa", "sb", "")
    );
    let origins: Vec<String> = expand(
        "$A$UID2$ERR$MA$PRVST$UPGST$B$XX$SB",
        &phone,
        &Scope::default(),
        Secrets::Masked,
    )
    .macros
    .into_iter()
    .map(|m| m.origin)
    .collect();
    assert_eq!(
        origins,
        [
            "parameter GPP_A",
            "parameter User_ID_2_",
            "given",
            "identity",
            "cause periodic",
            "state",
            "unset",
            "unknown",
            "parameter GPP_SB"
        ]
    );
    assert_eq!(phone.origin(MacroName::Secret(0)).to_string(), "given");
}

//= R-SCHED-2 type=test
//= R-SCHED-6 type=test
#[test]
fn a_schedule_shows_its_delays_up_to_a_zero() {
    let phone = ModelPhone::default();
    let shown = |text| {
        let document = as_json(&run(ExplainKind::Schedule, text, &phone));
        let delays: Vec<String> = document["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| format!("{}-{} {} {}", d["min"], d["max"], d["repeats"], d["stops"]))
            .collect();
        (
            document["outcome"].as_str().unwrap().to_owned(),
            delays.join(", "),
        )
    };
    let check = |text, outcome: &str, delays: &str| {
        assert_eq!(
            shown(text),
            (outcome.to_owned(), delays.to_owned()),
            "{text}"
        );
    };
    check("", "skip", "");
    check("0", "nothing", "0-0 false true");
    check(
        "600,1200+30",
        "true",
        "600-600 false false, 1200-1230 true false",
    );
    check("600,0,5", "true", "600-600 false false, 0-0 false true");
    check("$MA", "error", "");
    let document = as_json(&run(ExplainKind::Schedule, "600,,300", &phone));
    assert_eq!(document["error"]["offset"], 4);
    let document = as_json(&run(ExplainKind::Schedule, "0", &phone));
    assert_eq!(document["readings"], json!({ "error_retry_zero": "never" }));
}
