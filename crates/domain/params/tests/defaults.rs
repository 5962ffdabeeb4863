//! Factory values by family, release and reading.

use onhook_device::{
    DhcpOptionList, ErrorRetryDefault, Family, LogTemplates, ProfileRuleDefault, Release,
};
use onhook_params::{ParamId, Scope, known};

const MPP: Scope = Scope::new(Family::Mpp, Release::R11_3);
const MPP_10_4: Scope = Scope::new(Family::Mpp, Release::R10_4);
const SPA: Scope = Scope::new(Family::Spa, Release::R11_3);
const SPA_10_4: Scope = Scope::new(Family::Spa, Release::R10_4);

fn default(name: &str, scope: &Scope) -> Option<&'static str> {
    ParamId::lookup(name, scope).map(|id| id.default(scope))
}

const CHAPTER: [&str; 3] = [
    "$PN $MAC -- Requesting %s $SCHEME://$SERVIP:$PORT$PATH",
    "$PN $MAC -- Successful %s $SCHEME://$SERVIP:$PORT$PATH -- $ERR",
    "$PN $MAC -- Resync failed: $ERR",
];
const SCREENS: [&str; 3] = [
    "$PN $MAC Requesting %s $SCHEME://$SERVIP:$PORT$PATH",
    "$PN $MAC Successful %s $SCHEME://$SERVIP:$PORT$PATH $ERR",
    "$PN $MAC %s failed: $ERR",
];

/// Name, and the factory value in MPP 11.3, MPP 10.4 and SPA; `None` where the name is unknown.
fn page() -> impl IntoIterator<Item = (&'static str, [Option<&'static str>; 3])> {
    let same = |name, value| (name, [Some(value); 3]);
    [
        same("Provision_Enable", "Yes"),
        same("Resync_On_Reset", "Yes"),
        same("Resync_Random_Delay", "2"),
        same("Resync_At__HHmm_", ""),
        same("Resync_At_Random_Delay", "600"),
        same("Resync_Periodic", "3600"),
        same("Resync_Error_Retry_Delay", "3600"),
        same("Forced_Resync_Delay", "14400"),
        same("Resync_From_SIP", "Yes"),
        same("Resync_After_Upgrade_Attempt", "Yes"),
        same("Resync_Trigger_1", ""),
        same("Resync_Trigger_2", ""),
        same("Resync_Fails_On_FNF", "Yes"),
        (
            "Profile_Rule",
            [Some("/$PSN.xml"), Some("/$PSN.xml"), Some("/spa$PSN.cfg")],
        ),
        same("Profile_Rule_B", ""),
        same("Profile_Rule_C", ""),
        same("Profile_Rule_D", ""),
        (
            "DHCP_Option_To_Use",
            [
                Some("66,160,159,150,60,43,125"),
                Some("160,159,66,150"),
                Some("66,160,159,150"),
            ],
        ),
        (
            "Resync_DHCP_Option_To_Use",
            [None, Some("160,159,66,150"), None],
        ),
        (
            "Log_Request_Msg",
            [Some(CHAPTER[0]), Some(SCREENS[0]), None],
        ),
        (
            "Log_Success_Msg",
            [Some(CHAPTER[1]), Some(SCREENS[1]), None],
        ),
        (
            "Log_Failure_Msg",
            [Some(CHAPTER[2]), Some(SCREENS[2]), None],
        ),
        (
            "Log_Resync_Request_Msg",
            [
                None,
                None,
                Some("$PN $MAC -- Requesting resync $SCHEME://$SERVIP:$PORT$PATH"),
            ],
        ),
        (
            "Log_Resync_Success_Msg",
            [
                None,
                None,
                Some("$PN $MAC -- Successful resync $SCHEME://$SERVIP:$PORT$PATH"),
            ],
        ),
        (
            "Log_Resync_Failure_Msg",
            [None, None, Some("$PN $MAC -- Resync failed: $ERR")],
        ),
        same("User_Configurable_Resync", "Yes"),
        same("Upgrade_Enable", "Yes"),
        same("Upgrade_Error_Retry_Delay", "3600"),
        same("Upgrade_Rule", ""),
        same("GPP_A", ""),
        same("GPP_SD", ""),
    ]
}

//= R-URL-10 type=test
#[test]
//= D-6 type=test
//= D-23 type=test
fn the_configuration_profile_page_starts_with_the_documented_values() {
    for (name, values) in page() {
        let scopes = [&MPP, &MPP_10_4, &SPA];
        assert_eq!(scopes.map(|scope| default(name, scope)), values, "{name}");
        assert_eq!(
            default(name, &SPA_10_4),
            values[2],
            "{name}: a SPA phone knows no releases"
        );
    }
}

#[test]
fn a_reading_wins_over_the_release() {
    let mut scope = MPP;
    scope.readings.log_templates = LogTemplates::Screens;
    scope.readings.dhcp_options_default = DhcpOptionList::Spa;
    assert_eq!(
        known::LOG_FAILURE_MSG.default(&scope),
        "$PN $MAC %s failed: $ERR"
    );
    assert_eq!(known::DHCP_OPTION_TO_USE.default(&scope), "66,160,159,150");
    scope.readings.profile_rule_default = ProfileRuleDefault::SpaSeries;
    scope.readings.error_retry_default = ErrorRetryDefault::Doubling;
    assert_eq!(known::PROFILE_RULE.default(&scope), "/spa$PSN.cfg");
    assert_eq!(
        known::RESYNC_ERROR_RETRY_DELAY.default(&scope),
        "60,120,240,480,960,1920,3840,7680,15360,30720,61440,86400"
    );
    scope.release = Release::R10_4;
    scope.readings.log_templates = LogTemplates::Chapter;
    scope.readings.dhcp_options_default = DhcpOptionList::Long;
    assert_eq!(
        known::LOG_FAILURE_MSG.default(&scope),
        "$PN $MAC -- Resync failed: $ERR"
    );
    assert_eq!(
        known::DHCP_OPTION_TO_USE.default(&scope),
        "66,160,159,150,60,43,125"
    );
    let mut spa = SPA;
    spa.readings.dhcp_options_default = DhcpOptionList::Article;
    spa.readings.log_templates = LogTemplates::Screens;
    assert_eq!(known::DHCP_OPTION_TO_USE.default(&spa), "160,159,66,150");
    assert_eq!(
        known::log_failure(&spa).default(&spa),
        "$PN $MAC -- Resync failed: $ERR"
    );
}

#[test]
fn a_line_key_starts_with_the_extension_of_its_number() {
    for scope in [&MPP, &MPP_10_4, &SPA] {
        assert_eq!(default("Extension_1_", scope), Some("1"));
        assert_eq!(default("Extension_12_", scope), Some("12"));
    }
}

#[test]
fn a_parameter_without_a_known_default_starts_empty() {
    assert_eq!(default("CDC_Server_1_", &MPP), Some(""));
    assert_eq!(default("Unit_1_Extension_1_", &MPP), Some(""));
}

#[test]
fn the_unit_of_the_random_delay_follows_its_reading() {
    let pattern = known::RESYNC_RANDOM_DELAY.pattern();
    assert_eq!(
        [&MPP, &MPP_10_4, &SPA].map(|s| pattern.unit_in(s)),
        [Some("s"), Some("20 s"), Some("20 s")]
    );
    assert_eq!(known::RESYNC_PERIODIC.pattern().unit_in(&SPA), Some("s"));
}

#[test]
fn every_default_is_stored_as_it_is() {
    for scope in [&MPP, &MPP_10_4, &SPA] {
        for id in ParamId::all(scope) {
            let default = id.default(scope);
            assert_eq!(
                id.canonical(default, scope).as_deref(),
                Ok(default),
                "{id:?}"
            );
        }
    }
}
