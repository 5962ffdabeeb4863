//! Texts of profiles and what is stored for them.

mod support;
mod types;

use onhook_device::{Family, Release};
use onhook_params::{BadValue, ParamId, Scope, known};
use proptest::prelude::*;

use support::{MPP, check, check_bad, check_kept, stored};

#[test]
//= R-TYP-2 type=test
fn yes_and_no_get_their_canonical_spelling() {
    for text in ["yes", "YES", "Yes", "yEs"] {
        check("Provision_Enable", text, "Yes");
    }
    check("Provision_Enable", "nO", "No");
    check_bad(
        "Provision_Enable",
        &["1", "0", "true", "false", "y", "yes.", "\"\"", "ye\u{17f}"],
    );
}

#[test]
//= R-TYP-1 type=test
fn an_inferred_type_corrects_the_spelling_and_refuses_nothing() {
    check("Enable_VLAN", "yes", "Yes");
    check("Enable_VLAN", "NO", "No");
    check_kept("Enable_VLAN", &["Yes", "1", "maybe"]);
    check("PRT_Upload_Method", "put", "PUT");
    check_kept("PRT_Upload_Method", &["PATCH"]);
    check_kept("Primary_DNS", &["10.1.2.100", "10.1.2.256", "dns"]);
    check_kept("VLAN_ID", &["5", "-1", "five"]);
    check_kept("Work_Days", &["Monday|Tuesday", "Funday"]);
    check("VLAN_ID", "\"\"", "");
}

#[test]
//= R-TYP-3 type=test
fn a_choice_gets_its_published_spelling() {
    check("SIP_Transport_1_", "tls", "TLS");
    check("Syslog_Identifier", "none", "None");
    check("Syslog_Identifier", "$ma", "$MA");
    check("Syslog_Identifier", "$Mac", "$MAC");
    check("Time_Zone", "gmt+05:45", "GMT+05:45");
    check_bad("SIP_Transport_1_", &["SCTP", "T LS", "\"\"", "UDP,TCP"]);
    check_bad("Time_Zone", &["GMT+05:46", "UTC"]);
}

#[test]
fn a_default_outside_the_published_choices_is_a_value() {
    check("Share_Ext_1_", "No", "No");
    check("Share_Ext_1_", "no", "No");
    check("Share_Ext_1_", "SHARED", "shared");
    check_bad("Share_Ext_1_", &["Yes"]);
}

#[test]
fn choices_that_the_registry_cuts_wrongly_are_taken_whole() {
    let spa = Scope::new(Family::Spa, Release::R11_3);
    for (name, text, expected) in [
        ("SIP_Debug_Option_1_", "FULL", Ok("full")),
        (
            "SIP_Debug_Option_1_",
            "1-line excl. opt|ntfy|reg",
            Ok("1-line excl. OPT|NTFY|REG"),
        ),
        ("SIP_Debug_Option_1_", "2-line", Err("bad-value")),
        ("FXS_Port_Impedance", "270+750||150nF", Ok("270+750||150nF")),
        ("FXS_Port_Impedance", "500", Err("bad-value")),
    ] {
        let id = ParamId::lookup(name, &spa).unwrap();
        let stored = id.canonical(text, &spa);
        assert_eq!(
            stored.as_deref().map_err(BadValue::code),
            expected,
            "{name} given {text}"
        );
    }
}

#[test]
fn a_choice_without_a_published_list_takes_any_text() {
    check_kept("Extension_2_", &["1", "Disabled", "x"]);
    check("Extension_2_", "", "2");
}

#[test]
//= D-XML-2 type=test
fn an_empty_text_is_empty_or_restores_the_factory_value() {
    for (name, default) in [
        ("Provision_Enable", "Yes"),
        ("Resync_Periodic", "3600"),
        ("Forced_Resync_Delay", "14400"),
        ("Syslog_Identifier", "None"),
        ("Web_Server_Port", "80"),
        ("SIP_T1", ".5"),
        ("VLAN_ID", known::VLAN_ID.default(&MPP)),
    ] {
        check(name, "", default);
    }
    for name in [
        "GPP_A",
        "Profile_Rule",
        "Profile_Rule_B",
        "Upgrade_Rule",
        "Log_Request_Msg",
        "DHCP_Option_To_Use",
        "Dial_Plan_1_",
        "Daylight_Saving_Time_Rule",
        "Work_Days",
        "Resync_Trigger_1",
        "Primary_DNS",
        "Syslog_Server",
        "MIC_Cert_Refresh_Rule",
        "User_ID_1_",
        "Downgrade_Rev_Limit",
        "Dial_Tone",
    ] {
        check(name, "", "");
        check(name, "\"\"", "");
    }
    check_kept("GPP_A", &["\"\"\"", "\" \"", "\""]);
}

#[test]
fn a_message_says_what_is_allowed() {
    for (name, text, message) in [
        (
            "Provision_Enable",
            "1",
            "`1` is no value of Provision_Enable: write Yes or No",
        ),
        (
            "Max_Forward",
            "0",
            "`0` is no value of Max_Forward: write a number from 1 to 255, decimal or 0x hexadecimal",
        ),
        (
            "Date_Format",
            "d\n",
            "`d\\n` is no value of Date_Format: write one of `month/day`, `day/month`",
        ),
        (
            "Resync_At__HHmm_",
            "959",
            "`959` is no value of Resync_At__HHmm_: write four digits from 0000 to 2359, or 2400",
        ),
    ] {
        assert_eq!(stored(name, text).unwrap_err().to_string(), message);
    }
    let long = stored("Proxy_Host", &"h".repeat(256))
        .unwrap_err()
        .to_string();
    assert!(
        long.contains("at most 255 characters") && long.len() < 200,
        "{long}"
    );
    let choices = stored("Time_Zone", "x").unwrap_err().to_string();
    assert!(
        choices.ends_with("`GMT-02:00`, `GMT-01:00`, `GMT`, `GMT+01:00` and 20 more")
            || choices.ends_with("and 22 more"),
        "{choices}"
    );
}

#[test]
//= R-SEC-3 type=test
fn a_message_never_quotes_what_may_be_secret() {
    let error = stored("User_Password", "k3y").unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(
            !text.contains("k3y") && text.contains("User_Password"),
            "{text}"
        );
    }
    let canary = "xk3y".repeat(2000);
    for id in ParamId::all(&MPP).filter(|id| id.pattern().secret || id.pattern().may_hold_secret) {
        if let Err(error) = id.canonical(&canary, &MPP) {
            assert!(!format!("{error:?} {error}").contains("k3y"), "{id:?}");
        }
    }
}

proptest! {
    #[test]
    //= R-APP-6 type=test
    fn no_text_panics_and_what_is_stored_stays_stored(raw in 0..ParamId::COUNT, text in "\\PC{0,30}|[0-9x+,./:;()*@=-]{0,20}") {
        let id = ParamId::from_raw(u16::try_from(raw).unwrap()).unwrap();
        match id.canonical(&text, &MPP) {
            Ok(stored) => prop_assert_eq!(id.canonical(&stored, &MPP), Ok(if stored.is_empty() && !id.pattern().kind.is_string_like() {
                id.default(&MPP).into()
            } else {
                stored.clone()
            })),
            Err(error) => {
                prop_assert!(id.pattern().enforced, "{}", error);
                prop_assert!(!text.is_empty());
            }
        }
    }

    #[test]
    fn every_unsigned_number_in_range_is_taken_in_both_spellings(n in 0_u32..200_000) {
        let fits = n <= 65_535;
        prop_assert_eq!(stored("Forced_Resync_Delay", &n.to_string()).is_ok(), fits);
        prop_assert_eq!(stored("Forced_Resync_Delay", &format!("{n:#x}")).is_ok(), fits);
        prop_assert_eq!(stored("Resync_At__HHmm_", &format!("{n:04}")).is_ok(), n == 2400 || n < 2400 && n % 100 < 60);
    }
}
