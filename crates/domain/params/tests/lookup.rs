//! Element names and the parameters they stand for.

use std::collections::{BTreeMap, HashSet};

use onhook_device::{Family, Release};
use onhook_params::{ParamId, Scope, UserAccess, known};
use proptest::prelude::*;

const SCOPES: [Scope; 4] = [
    Scope::new(Family::Mpp, Release::R11_3),
    Scope::new(Family::Mpp, Release::R10_4),
    Scope::new(Family::Spa, Release::R11_3),
    Scope::new(Family::Spa, Release::R10_4),
];
const MPP: Scope = SCOPES[0];
const MPP_10_4: Scope = SCOPES[1];
const SPA: Scope = SCOPES[2];

/// The registry as data, read without the generator.
fn registry() -> Vec<toml::Table> {
    let text = include_str!("../../../../docs/spec/parameters.toml");
    let Ok(document) = text.parse::<toml::Table>() else {
        panic!("the registry is no TOML");
    };
    let entries = document.get("parameter").and_then(toml::Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table)
        .cloned()
        .collect()
}

fn number(entry: &toml::Table, field: &str) -> Option<i64> {
    entry.get(field)?.as_integer()
}

/// Every concrete name of an entry.
fn names(entry: &toml::Table) -> Vec<String> {
    let element = entry["element"].as_str().unwrap_or_default();
    if !element.contains('{') {
        return vec![element.to_owned()];
    }
    let first = number(entry, "index_min").unwrap_or(1);
    let last = number(entry, "index_max").unwrap_or(16);
    let units = number(entry, "unit_max").unwrap_or(1);
    let mut names = Vec::new();
    for u in 1..=units {
        for n in first..=last {
            let n = n.to_string();
            names.push(
                element
                    .replace("{u}", &u.to_string())
                    .replace("{k}", &n)
                    .replace("{n}", &n),
            );
        }
    }
    names
}

fn strings<'t>(entry: &'t toml::Table, field: &str) -> Option<Vec<&'t str>> {
    let list = entry.get(field)?.as_array()?;
    Some(list.iter().filter_map(toml::Value::as_str).collect())
}

fn is_in_scope(entry: &toml::Table, scope: &Scope) -> bool {
    let families = strings(entry, "families").unwrap_or_default();
    let family = match scope.family {
        Family::Mpp => families.contains(&"mpp"),
        Family::Spa => families.contains(&"spa") || families.contains(&"ata"),
    };
    let release = strings(entry, "releases").is_none_or(|r| r.contains(&scope.release.name()));
    family && release
}

#[test]
//= R-XML-3 type=test
fn every_name_of_the_registry_is_found_in_its_families_and_releases_only() {
    let mut found = 0;
    for entry in registry() {
        for name in names(&entry) {
            for scope in &SCOPES {
                let id = ParamId::lookup(&name, scope);
                assert_eq!(
                    id.is_some(),
                    is_in_scope(&entry, scope),
                    "{name} in {scope:?}"
                );
                found += usize::from(id.is_some());
            }
        }
    }
    assert!(found > 12_000, "{found}");
}

#[test]
fn every_parameter_of_a_scope_is_found_by_its_own_name() {
    for scope in &SCOPES {
        let mut seen = HashSet::new();
        let mut last = None;
        for id in ParamId::all(scope) {
            let mut name = String::new();
            id.push_name(&mut name);
            assert_eq!(ParamId::lookup(&name, scope), Some(id), "{name}");
            assert_eq!(id.name().to_string(), name);
            assert_eq!(format!("{id:?}"), name);
            assert_eq!(ParamId::from_raw(id.raw()), Some(id));
            assert!(last < Some(id), "{name} is out of order");
            last = Some(id);
            assert!(seen.insert(name));
        }
        assert!(seen.len() > 2_900, "{}", seen.len());
    }
    assert_eq!(
        ParamId::from_raw(u16::try_from(ParamId::COUNT).unwrap()),
        None
    );
}

#[test]
//= R-XML-4 type=test
fn names_differ_in_case_and_in_every_character() {
    for name in [
        "",
        "_",
        "gpp_a",
        "GPP_a",
        "GPP_A ",
        "GPP_Q",
        "User_ID",
        "User_ID_",
        "User_ID__",
        "User_ID_1",
        "user_id_1_",
        "User_ID_0_",
        "User_ID_00_",
        "User_ID_01_",
        "User_ID_17_",
        "User_ID_1__",
        "User_ID_+1_",
        "User_ID_{n}_",
        "User_ID_\u{661}_",
        "User_ID_99999999999_",
        "Phone-UI-user-mode",
        "Unit_0_Key_1_",
        "Unit_4_Key_1_",
        "Unit_1_Key_41_",
        "Unit_1_Key_0_",
        "Unit_01_Key_1_",
        "Unit_1_Key_01_",
        "Unit_1_Key_1",
        "Unit__Key_1_",
        "Ring0",
        "Ring13",
        "Ring{n}",
        "Resync_At_HHmm_",
        "Enable_802_1X_Authentication",
    ] {
        assert_eq!(ParamId::lookup(name, &MPP), None, "{name}");
    }
    for name in [
        "User_ID_1_",
        "User_ID_16_",
        "Unit_1_Key_1_",
        "Unit_3_Key_40_",
        "Ring1",
        "Ring12",
        "PSK_1",
        "Phone-UI-User-Mode",
        "Enable_802.1X_Authentication",
        "G722.2_Codec_Name",
        "Speed_Dial_2_Name",
        "Speed_Dial_9_Name",
        "Resync_At__HHmm_",
        "Unit_2_Line_Label_2_",
    ] {
        let id = ParamId::lookup(name, &MPP).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(id.name().to_string(), name);
    }
    assert_eq!(ParamId::lookup("Speed_Dial_1_Name", &MPP), None);
}

#[test]
fn names_that_share_slot_and_tag_with_a_known_one_stay_unknown() {
    // Some of so many names agree with a known one in all bits that the table keeps of a hash.
    for i in 0..300_000 {
        assert_eq!(ParamId::lookup(&format!("GPP_A{i}"), &MPP), None, "{i}");
    }
}

#[test]
fn the_old_name_of_the_option_list_is_the_same_setting_in_10_4_only() {
    let old = "Resync_DHCP_Option_To_Use";
    assert_eq!(
        ParamId::lookup(old, &MPP_10_4),
        Some(known::DHCP_OPTION_TO_USE)
    );
    assert_eq!(
        ParamId::lookup("DHCP_Option_To_Use", &MPP_10_4),
        Some(known::DHCP_OPTION_TO_USE)
    );
    assert_eq!(ParamId::lookup(old, &MPP), None);
    assert_eq!(ParamId::lookup(old, &SPA), None);
    let label = |release| known::DHCP_OPTION_TO_USE.pattern().label_in(release);
    assert_eq!(label(Release::R10_4), Some("Resync DHCP Option To Use"));
    assert_eq!(label(Release::R11_3), Some("DHCP Option To Use"));
}

#[test]
fn families_have_their_own_names() {
    assert_eq!(ParamId::lookup("Log_Resync_Request_Msg", &MPP), None);
    assert_eq!(ParamId::lookup("Log_Request_Msg", &SPA), None);
    assert_eq!(
        ParamId::lookup("Log_Resync_Request_Msg", &SPA),
        Some(known::log_request(&SPA))
    );
    assert_eq!(
        ParamId::lookup("Log_Request_Msg", &MPP),
        Some(known::log_request(&MPP))
    );
    assert_eq!(
        ParamId::lookup("Log_Success_Msg", &MPP),
        Some(known::log_success(&MPP))
    );
    assert_eq!(
        ParamId::lookup("Log_Resync_Success_Msg", &SPA),
        Some(known::log_success(&SPA))
    );
    assert_eq!(
        ParamId::lookup("Log_Failure_Msg", &MPP),
        Some(known::log_failure(&MPP))
    );
    assert_eq!(
        ParamId::lookup("Log_Resync_Failure_Msg", &SPA),
        Some(known::log_failure(&SPA))
    );
    assert!(ParamId::lookup("GPP_SA", &SPA).is_some());
}

#[test]
fn constants_are_what_they_are_called() {
    let letters = "ABCDEFGHIJKLMNOP".chars();
    for (id, letter) in known::GPP.iter().zip(letters) {
        assert_eq!(id.name().to_string(), format!("GPP_{letter}"));
    }
    for (id, letter) in known::GPP_SECRET.iter().zip("ABCD".chars()) {
        assert_eq!(id.name().to_string(), format!("GPP_S{letter}"));
        assert!(id.pattern().secret && !id.pattern().in_report && !id.pattern().web_visible);
    }
    for (id, name) in [
        (known::PROVISION_ENABLE, "Provision_Enable"),
        (known::RESYNC_AT_HHMM, "Resync_At__HHmm_"),
        (known::PROFILE_RULES[0], "Profile_Rule"),
        (known::PROFILE_RULES[3], "Profile_Rule_D"),
        (known::RESYNC_TRIGGERS[1], "Resync_Trigger_2"),
        (known::RESYNC_FAILS_ON_FNF, "Resync_Fails_On_FNF"),
        (known::UPGRADE_RULE, "Upgrade_Rule"),
        (known::HTTP_USER_AGENT_NAME, "HTTP_User_Agent_Name"),
        (
            known::RESTRICTED_ACCESS_DOMAINS,
            "Restricted_Access_Domains",
        ),
        (known::IKM_HTTP_ENCRYPT_CONTENT, "IKM_HTTP_Encrypt_Content"),
        (known::SYSLOG_SERVER, "Syslog_Server"),
        (known::SYSLOG_IDENTIFIER, "Syslog_Identifier"),
        (known::TIME_ZONE, "Time_Zone"),
        (
            known::ENABLE_802_1X_AUTHENTICATION,
            "Enable_802.1X_Authentication",
        ),
        (known::user_id(1).unwrap(), "User_ID_1_"),
        (known::user_id(16).unwrap(), "User_ID_16_"),
    ] {
        assert_eq!(id.name().to_string(), name);
        assert_eq!(ParamId::lookup(name, &MPP), Some(id));
    }
    assert_eq!((known::user_id(0), known::user_id(17)), (None, None));
}

//= R-SEC-2 type=test
#[test]
fn registers_of_secrets_and_the_keying_material_are_on_no_page_and_in_no_report() {
    for id in known::GPP_SECRET
        .into_iter()
        .chain([known::IKM_HTTP_ENCRYPT_CONTENT])
    {
        let pattern = id.pattern();
        assert!(
            pattern.secret && !pattern.web_visible && !pattern.in_report,
            "{}",
            id.name()
        );
    }
}

#[test]
fn a_pattern_says_what_the_registry_says() {
    let flag = |entry: &toml::Table, field: &str, usual| {
        entry
            .get(field)
            .map_or(usual, |flag| flag.as_bool().unwrap())
    };
    for entry in registry() {
        let Some(id) = SCOPES.iter().find_map(|scope| {
            let name = names(&entry).remove(0);
            ParamId::lookup(&name, scope).filter(|_| !entry.contains_key("same_as"))
        }) else {
            assert!(entry.contains_key("same_as"));
            continue;
        };
        let pattern = id.pattern();
        let text = |field: &str| entry.get(field).map(|text| text.as_str().unwrap());
        assert_eq!(Some(pattern.element()), text("element"));
        assert_eq!(pattern.label(), text("label"));
        assert_eq!(pattern.tab(), text("tab"));
        assert_eq!(pattern.section(), text("section"));
        assert_eq!(pattern.unit(), text("unit"));
        assert_eq!(Some(pattern.kind.name()), text("kind"));
        assert_eq!(pattern.enforced, text("kind_basis") != Some("inferred"));
        assert_eq!(pattern.min().map(i64::from), number(&entry, "min"));
        assert_eq!(pattern.max().map(i64::from), number(&entry, "max"));
        assert_eq!(pattern.min_len().map(i64::from), number(&entry, "min_len"));
        assert_eq!(pattern.max_len().map(i64::from), number(&entry, "max_len"));
        assert_eq!(pattern.secret, flag(&entry, "secret", false));
        assert_eq!(
            pattern.may_hold_secret,
            flag(&entry, "may_hold_secret", false)
        );
        assert_eq!(pattern.in_report, flag(&entry, "in_report", true));
        assert_eq!(pattern.web_visible, flag(&entry, "web_visible", true));
        assert_eq!(pattern.reboot, flag(&entry, "reboot", false));
        assert_eq!(
            pattern.macro_expanded,
            flag(&entry, "macro_expanded", false)
        );
        let access = BTreeMap::from([
            ("na", UserAccess::Na),
            ("ro", UserAccess::Ro),
            ("rw", UserAccess::Rw),
        ]);
        assert_eq!(
            pattern.user_access,
            text("user_access").map(|word| access[word])
        );
        let families = pattern.families().collect::<Vec<_>>();
        assert_eq!(Some(families), strings(&entry, "families"));
        let values = strings(&entry, "values").unwrap_or_default();
        assert!(
            pattern.values().collect::<Vec<_>>().starts_with(&values),
            "{}",
            pattern.element()
        );
    }
}

#[test]
fn a_misspelt_name_has_a_near_one() {
    for (name, near) in [
        ("Profil_Rule", "Profile_Rule"),
        ("PROFILE_RULE", "Profile_Rule"),
        ("Phone-UI-user-mode", "Phone-UI-User-Mode"),
        ("Resync_At_HHmm_", "Resync_At__HHmm_"),
        ("Resync_Perodic", "Resync_Periodic"),
        ("User_ID_01_", "User_ID_1_"),
    ] {
        let id = ParamId::nearest(name, &MPP).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(id.name().to_string(), near);
    }
    for name in ["", "x", "router-configuration", &"x".repeat(100_000)] {
        assert_eq!(ParamId::nearest(name, &MPP), None);
    }
}

proptest! {
    #[test]
    fn any_text_is_a_name_only_if_it_is_exactly_that_name(text in "\\PC{0,40}|[A-Z][a-z]{1,8}(_[A-Za-z0-9]{1,6}){0,4}_?") {
        for scope in &SCOPES {
            if let Some(id) = ParamId::lookup(&text, scope) {
                prop_assert_eq!(id.name().to_string(), text.clone());
            }
        }
    }

    #[test]
    fn a_changed_name_is_another_name(raw in 0..ParamId::COUNT, at in 0_usize..50, byte in b' '..=b'~') {
        let id = ParamId::from_raw(u16::try_from(raw).unwrap()).unwrap();
        let mut name = id.name().to_string().into_bytes();
        let at = at % name.len();
        name[at] = byte;
        let name = String::from_utf8(name).unwrap();
        for scope in &SCOPES {
            if let Some(found) = ParamId::lookup(&name, scope).filter(|id| *id != known::DHCP_OPTION_TO_USE) {
                prop_assert_eq!(found.name().to_string(), name.clone());
            }
        }
        prop_assert!(ParamId::nearest(&name, &MPP).is_none_or(|near| near.name().to_string().len().abs_diff(name.len()) <= 3));
    }
}
