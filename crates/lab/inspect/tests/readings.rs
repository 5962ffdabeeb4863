//! Every reading, with every one of its values: what a phone does that others do not.
//!
//! A reading without a row here, or a value whose row says the same as another one's, fails.

use std::collections::BTreeMap;

use onhook_crypto::port::NoSecrets;
use onhook_device::{ErrorRetryDefault, Family, Outcome, Readings, Release};
use onhook_discovery::{DhcpOption, Space, Value, choose};
use onhook_fetch::{SrvRecord, srv_order};
use onhook_inspect::{ExplainKind, ExplainRequest, ModelPhone, Secrets, explain};
use onhook_params::{ParamId, Scope};
use onhook_phone::LineUse;
use onhook_profile::{DecodeSpec, decode};
use onhook_testkit::sim::{Served, Sim};

fn sim(scope: Scope, script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::of(scope, 1, script)
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Random_Delay", "0")
        .with("Resync_Periodic", "0")
}

fn fails(_: &str, _: u64) -> Served {
    Served::Fails(Outcome::Connect)
}

fn works(_: &str, _: u64) -> Served {
    Served::one("GPP_A", "x")
}

/// The seconds at which a phone asked, within a time.
fn asked(mut sim: Sim, seconds: u64) -> String {
    sim.run_for(seconds);
    format!("asked at {:?}", sim.request_seconds())
}

#[expect(clippy::too_many_lines, reason = "one row for each reading")]
/// What a phone does under a reading.
fn behaviour(name: &str, scope: Scope) -> String {
    let texts = |name: &str| ParamId::lookup(name, &scope).map(|id| id.default(&scope));
    match name {
        "random_delay_unit_s" => {
            let mut sim = sim(scope, works).with("Resync_Random_Delay", "100");
            sim.boot();
            let (_, at) = sim.phone.timer().unwrap_or_else(|| panic!("it waits"));
            format!("waits {} s", at.as_secs())
        }
        "error_retry_zero" => {
            let sim = sim(scope, fails).with("Resync_Error_Retry_Delay", "0");
            asked(sim.booted(), 3)
        }
        "zero_retry_keeps_periodic" => {
            // The second resync fails.
            let script = |_: &str, at: u64| match at {
                600..700 => Served::Fails(Outcome::Connect),
                _ => Served::one("GPP_A", "x"),
            };
            let sim = sim(scope, script)
                .with("Resync_Error_Retry_Delay", "0")
                .with("Resync_Periodic", "600");
            asked(sim.booted(), 1800)
        }
        "dhcp_options_default" => {
            let order = texts("DHCP_Option_To_Use").unwrap_or("");
            let option = |code, value| DhcpOption {
                space: Space::V4,
                code,
                value: Value::Text(value),
            };
            let options = [option(66, "a"), option(160, "b"), option(60, "tftp://c")];
            let wins = |options: &[_]| choose(order, "", options, |_| {}).map(|c| c.code);
            format!("{:?}, then {:?}", wins(&options), wins(&options[2..]))
        }
        "log_templates" => {
            let mut sim = sim(scope, fails);
            sim.boot();
            sim.message_texts().join("; ")
        }
        "trigger_url_value" => {
            let url = "http://x/admin/resync?http://h/once";
            let mut sim = sim(scope, works).with("Resync_On_Reset", "No").booted();
            sim.set("Resync_Trigger_1", url);
            asked(sim, 100)
        }
        "forced_resync" => {
            let mut sim = sim(scope, works)
                .with("Forced_Resync_Delay", "100")
                .with("Resync_Periodic", "600")
                .booted();
            sim.line(1, LineUse::Busy);
            sim.run_for(1000);
            sim.line(1, LineUse::Idle);
            asked(sim, 200)
        }
        "triggers" => {
            let with = |trigger| {
                let sim = sim(scope, works)
                    .with("Resync_Trigger_1", trigger)
                    .with("Resync_Periodic", "150");
                asked(sim.booted(), 200)
            };
            format!("true: {}; false: {}", with("1 eq 1"), with("1 eq 2"))
        }
        "upgrade_no_server" => {
            let phone = ModelPhone::default();
            let explanation = explain(&ExplainRequest {
                kind: ExplainKind::Upgrade,
                text: "/load.img",
                phone: &phone,
                scope: &scope,
                secrets: Secrets::Masked,
                at: None,
            });
            explanation.outcome.name().to_owned()
        }
        "empty_element" => {
            let spec = DecodeSpec {
                scope,
                ..DecodeSpec::default()
            };
            let file = b"<flat-profile><GPP_A/></flat-profile>";
            let decoded = decode(file.to_vec(), &spec, &NoSecrets).ok();
            format!("sets {:?}", decoded.map(|decoded| decoded.delta.len()))
        }
        "profile_rule_default" => texts("Profile_Rule").unwrap_or("").to_owned(),
        "error_retry_default" => {
            let sim = sim(scope, fails);
            asked(sim.booted(), 4000)
        }
        "srv_weight_mode" => {
            let record = |weight, target: &str| SrvRecord {
                priority: 0,
                weight,
                port: 443,
                target: target.to_owned(),
            };
            let sim = sim(scope, works).with("Profile_Rule", "[--srv] https://h/p");
            let asked = sim.booted().services_asked;
            let first = asked.first().and_then(|service| {
                let records = vec![record(65_535, "heavy"), record(1, "light")];
                let mut servers = srv_order(records, service.mode, service.seed).into_iter();
                Some(servers.next()?.target)
            });
            format!("asks {} first", first.unwrap_or_default())
        }
        other => panic!("no row for the reading {other}"),
    }
}

/// What a phone does under each value; chance decides for the one reading that is not here.
fn expected() -> BTreeMap<(&'static str, &'static str), &'static str> {
    let doubling = ErrorRetryDefault::DOUBLING;
    BTreeMap::from([
        (("error_retry_zero", "never"), "asked at [0]"),
        (("error_retry_zero", "immediate"), "asked at [0, 1, 2, 3]"),
        (
            ("zero_retry_keeps_periodic", "true"),
            "asked at [0, 600, 1200, 1800]",
        ),
        (("zero_retry_keeps_periodic", "false"), "asked at [0, 600]"),
        (
            ("dhcp_options_default", "66,160,159,150,60,43,125"),
            "Some(66), then Some(60)",
        ),
        (
            ("dhcp_options_default", "160,159,66,150"),
            "Some(160), then None",
        ),
        (
            ("dhcp_options_default", "66,160,159,150"),
            "Some(66), then None",
        ),
        (
            ("log_templates", "chapter"),
            "CP-8841-3PCC 00:0e:08:01:23:45 -- Requesting resync http://192.0.2.1:80/p; \
             CP-8841-3PCC 00:0e:08:01:23:45 -- Resync failed: connect failed",
        ),
        (
            ("log_templates", "screens"),
            "CP-8841-3PCC 00:0e:08:01:23:45 Requesting resync http://192.0.2.1:80/p; \
             CP-8841-3PCC 00:0e:08:01:23:45 resync failed: connect failed",
        ),
        (("trigger_url_value", "error"), "asked at []"),
        (("trigger_url_value", "resync-once"), "asked at [0]"),
        // A hundred idle seconds behind the call, or a hundred seconds in it.
        (("forced_resync", "idle-countdown"), "asked at [0, 1100]"),
        (("forced_resync", "max-wait"), "asked at [0, 700]"),
        // A true one starts resyncs a minute apart, or lets the scheduled ones pass; a false one does nothing, or holds all back.
        (
            ("triggers", "fire"),
            "true: asked at [0, 60, 120, 180]; false: asked at [0, 150]",
        ),
        (
            ("triggers", "gate"),
            "true: asked at [0, 150]; false: asked at []",
        ),
        (("upgrade_no_server", "provisioning-server"), "fetch"),
        (("upgrade_no_server", "error"), "error"),
        (("empty_element", "keep"), "sets Some(0)"),
        (("empty_element", "clear"), "sets Some(1)"),
        (("profile_rule_default", "/$PSN.xml"), "/$PSN.xml"),
        (("profile_rule_default", "/spa$PSN.cfg"), "/spa$PSN.cfg"),
        (("error_retry_default", "3600"), "asked at [0, 3600]"),
        (
            ("error_retry_default", doubling),
            "asked at [0, 60, 180, 420, 900, 1860, 3780]",
        ),
        (("srv_weight_mode", "rfc2782"), "asks heavy first"),
        (("srv_weight_mode", "low_first"), "asks light first"),
    ])
}

#[test]
fn every_reading_does_what_its_values_say() {
    let expected = expected();
    for reading in Readings::all() {
        let mut seen: Vec<String> = Vec::new();
        for value in &reading.values {
            let mut scope = Scope::new(Family::Mpp, Release::R11_3);
            let set = scope.readings.set(reading.name, value);
            assert_eq!(set, Ok(()), "{} = {value}", reading.name);
            let does = behaviour(reading.name, scope);
            assert!(!seen.contains(&does), "{} = {value}: {does}", reading.name);
            if let Some(expected) = expected.get(&(reading.name, *value)) {
                assert_eq!(does, *expected, "{} = {value}", reading.name);
            } else {
                assert_eq!(reading.name, "random_delay_unit_s", "no row for {value}");
            }
            seen.push(does);
        }
        // The one row that chance decides: the same draw, in units of 1 and of 20 seconds.
        if reading.name == "random_delay_unit_s" {
            let waits = |text: &String| -> u64 {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                digits.parse().unwrap_or(0)
            };
            let (one, twenty) = (waits(&seen[0]), waits(&seen[1]));
            assert!(
                (20 * one..20 * (one + 1)).contains(&twenty) && one > 0,
                "{seen:?}"
            );
        }
    }
}

/// The table of `docs/readings.md`.
fn page() -> String {
    let mut page = String::from(
        "# Readings\n\nWhere the manuals contradict each other, a key of `[readings]` in the configuration, or `--reading KEY=VALUE` of \
         the tools, says which\nof them counts. An absent key follows the release, and the family `spa` has some values of its own.\n\n\
         | key | decides | values |\n|---|---|---|\n",
    );
    let presets = [
        ("11.3", Readings::preset(Family::Mpp, Release::R11_3)),
        ("10.4", Readings::preset(Family::Mpp, Release::R10_4)),
        ("spa", Readings::preset(Family::Spa, Release::R11_3)),
    ];
    for reading in Readings::all() {
        let values = reading.values.iter().map(|value| {
            let of: Vec<&str> = presets
                .iter()
                .filter(|(_, readings)| readings.word(reading.name) == Ok(*value))
                .map(|(preset, _)| *preset)
                .collect();
            match of.is_empty() {
                true => format!("`{value}`"),
                false => format!("`{value}` ({})", of.join(", ")),
            }
        });
        let values: Vec<String> = values.collect();
        let values = values.join("<br>");
        page.push_str(&format!(
            "| `{}` | {} | {values} |\n",
            reading.name, reading.about
        ));
    }
    page
}

#[expect(
    clippy::disallowed_methods,
    reason = "it says whether the page is written anew"
)]
#[test]
fn the_page_of_readings_is_that_of_the_registry() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let path = format!("{root}/docs/readings.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(there, page(), "write it anew with UPDATE_GOLDEN=1");
    // The configuration that shows every key shows these, each with its first value.
    let configuration = std::fs::read_to_string(format!("{root}/docs/agent.toml")).unwrap();
    for reading in Readings::all() {
        let first = reading.values[0];
        let bare = format!("# {} = {first} ", reading.name);
        let quoted = format!("# {} = \"{first}\"", reading.name);
        let shown = configuration.contains(&bare) || configuration.contains(&quoted);
        assert!(shown, "docs/agent.toml does not show {quoted}");
    }
}
