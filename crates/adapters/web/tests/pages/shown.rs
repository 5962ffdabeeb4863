//! What pages show.

use axum::http::StatusCode;
use onhook_device::{Family, Outcome, Release};
use onhook_params::Scope;
use onhook_phone::report::{ResyncReport, RuleReport};
use onhook_phone::{Cause, RuleSlot, TimerKind};

use crate::phone::Phone;

/// The words of the labels of a page, in order.
fn labels(text: &str) -> Vec<&str> {
    let form = text.split_once("<form id=\"fields\"").unwrap().1;
    form.split("<label for=\"")
        .skip(1)
        .filter_map(|label| {
            let behind = label.split_once("\">")?.1;
            behind.split_once(":</label>").map(|(words, _)| words)
        })
        .filter(|words| words.len() < 60)
        .collect()
}

/// The value of a field, or its chosen word.
fn value<'t>(text: &'t str, name: &str) -> &'t str {
    let behind = text.split_once(&format!("id=\"{name}\" ")).unwrap().1;
    let tag = behind.split_once("</").unwrap().0;
    match tag.split_once("<option selected>") {
        Some((_, word)) => word.split_once('<').map_or(word, |(word, _)| word),
        None => {
            tag.split_once("value=\"")
                .unwrap()
                .1
                .split_once('"')
                .unwrap()
                .0
        }
    }
}

/// The labels of Configuration Profile, but for the option list.
const CONFIGURATION: [&str; 21] = [
    "Provision Enable",
    "Resync On Reset",
    "Resync Random Delay",
    "Resync At (HHmm)",
    "Resync At Random Delay",
    "Resync Periodic",
    "Resync Error Retry Delay",
    "Forced Resync Delay",
    "Resync From SIP",
    "Resync After Upgrade Attempt",
    "Resync Trigger 1",
    "Resync Trigger 2",
    "Resync Fails On FNF",
    "Profile Rule",
    "Profile Rule B",
    "Profile Rule C",
    "Profile Rule D",
    "Log Request Msg",
    "Log Success Msg",
    "Log Failure Msg",
    "User Configurable Resync",
];

/// Those of Firmware Upgrade.
const UPGRADE: [&str; 8] = [
    "Upgrade Enable",
    "Upgrade Error Retry Delay",
    "Upgrade Rule",
    "Log Upgrade Request Msg",
    "Log Upgrade Success Msg",
    "Log Upgrade Failure Msg",
    "Peer Firmware Sharing",
    "Peer Firmware Sharing Log Server",
];

//= R-WEB-17 type=test
#[tokio::test]
async fn v_165_the_provisioning_page_has_its_fields_in_order_in_both_releases() {
    for (release, option, after_upgrade) in [
        (Release::R11_3, "DHCP Option To Use", true),
        (Release::R10_4, "Resync DHCP Option To Use", false),
    ] {
        let scope = Scope::new(Family::Mpp, release);
        let pages = Phone::in_scope(scope).pages();
        let got = pages.get("/admin/advanced/voice/provisioning").await;
        let text = got.text();
        let mut expected: Vec<&str> = CONFIGURATION.to_vec();
        expected.insert(17, option);
        expected.retain(|label| after_upgrade || *label != "Resync After Upgrade Attempt");
        let shown = labels(text);
        assert_eq!(shown[..expected.len()], expected);
        let at = shown
            .iter()
            .position(|label| *label == "Upgrade Enable")
            .unwrap();
        assert_eq!(shown[at..at + UPGRADE.len()], UPGRADE);
        let registers: Vec<String> = ('A'..='P').map(|c| format!("GPP {c}")).collect();
        let at = shown.iter().position(|label| *label == "GPP A").unwrap();
        assert_eq!(shown[at..at + 16], registers);
        assert!(!text.contains("GPP_S"));
        let legends: Vec<_> = text
            .split("<legend>")
            .skip(1)
            .map(|part| part.split_once('<').unwrap().0)
            .collect();
        assert_eq!(
            legends[..3],
            [
                "Configuration Profile",
                "Firmware Upgrade",
                "General Purpose Parameters"
            ]
        );
        for (name, default) in [
            ("Provision_Enable", "Yes"),
            ("Resync_Random_Delay", "2"),
            ("Resync_Periodic", "3600"),
            ("Forced_Resync_Delay", "14400"),
        ] {
            assert_eq!(value(text, name), default, "{name}");
        }
        // Yes/No lists are lists, the others text.
        assert!(text.matches("<select").count() >= 7);
        assert!(text.contains("<input id=\"Resync_Trigger_1\""));
        let two = text.split("<div class=\"row\">").nth(1).unwrap();
        assert!(two.contains("Provision_Enable") && two.contains("Resync_On_Reset"));
        assert!(
            text.contains(">Submit All Changes</button>")
                && text.contains(">Undo All Changes</button>")
        );
    }
}

#[tokio::test]
async fn a_list_whose_choices_nobody_knows_is_a_field_to_write_in() {
    let pages = Phone::new().with("Extension_2_", "Disabled").pages();
    let page = pages.get("/admin/advanced/voice/phone").await;
    let text = page.text();
    assert_eq!(value(text, "Extension_2_"), "Disabled");
    assert!(!text.contains("One of ;"), "{text}");
    let (_, field) = text.split_once("id=\"Extension_2_\"").unwrap();
    let help = field.split_once("; default 2").unwrap().0;
    assert!(
        help.contains("A text") && !help.contains("<option"),
        "{help}"
    );
}

#[tokio::test]
async fn every_tab_shows_its_fields_and_finds_them() {
    let pages = Phone::new().pages();
    for (tab, name) in [
        ("system", "Enable_Web_Server"),
        ("sip", "SIP_T1"),
        ("regional", "Dial_Tone"),
        ("phone", "Station_Name"),
        ("user", "Time_Format"),
        ("ext-1", "Display_Name_1_"),
        ("ext-16", "Display_Name_16_"),
        ("att-console", "BLF_List_Feature_Options"),
        ("tr-069", "ACS_URL"),
        ("more", "Hold_Reminder_Timer"),
    ] {
        let path = format!("/admin/advanced/voice/{tab}");
        let got = pages.get(&path).await;
        assert_eq!(got.status, StatusCode::OK, "{tab}");
        assert!(got.text().contains(&format!("id=\"{name}\"")), "{name}");
        let found = pages
            .get(&format!("{path}?find={}", name.to_lowercase()))
            .await;
        assert!(
            found.text().contains(&format!("id=\"{name}\"")),
            "{name} is found"
        );
        assert!(found.body.len() < got.body.len());
    }
    let got = pages.get("/admin/advanced/voice/ext-2").await;
    assert!(!got.text().contains("Display_Name_1_") && !got.text().contains("Display_Name_12_"));
}

#[tokio::test]
async fn the_status_page_tells_the_last_resync_and_the_next() {
    let mut phone = Phone::new();
    phone.status.next = vec![(TimerKind::Periodic, 1234)];
    phone.status.history = vec![("User Triggered", Some(onhook_testkit::sim::MIDNIGHT))];
    phone.status.last = Some(ResyncReport {
        outcome: Outcome::Fnf,
        cause: Cause::Boot,
        rules: vec![RuleReport {
            slot: RuleSlot::A,
            url: Some("http://h:80/<b>.xml".to_owned()),
            server_ip: None,
            container: None,
            gzip: false,
            bytes: 0,
            outcome: Outcome::Fnf,
            said: None,
            changed: 0,
            ms: 1,
            message: Some("put the file there".to_owned()),
        }],
        changes: vec![("GPP_B".to_owned(), "changed-value".to_owned())],
        warnings: Vec::new(),
        flash_writes: 0,
        state_writes: 0,
        reboot: false,
        next: Vec::new(),
        messages: Vec::new(),
    });
    let pages = phone.pages();
    pages.feed.tell("{\"event\":\"resync.done\"}");
    for (target, is_admin) in [("/info/status", false), ("/admin/info/status", true)] {
        let got = pages.get(target).await;
        let text = got.text();
        for words in [
            "CP-8841-3PCC",
            "file not found",
            "http://h:80/&#60;b&#62;.xml",
            "put the file there",
            "data-countdown=\"1234\"",
            "[11/23/26 00:00:00] User Triggered",
        ] {
            assert!(text.contains(words), "{words}");
        }
        assert_eq!(
            text.contains("resync.done"),
            is_admin,
            "events are for the Admin account"
        );
        //= R-UA-1 type=test
        assert_eq!(text.contains("changed-value"), is_admin, "`ua` may hide it");
        assert_eq!(text.contains("/admin/do/resync"), is_admin);
    }
}

#[tokio::test]
async fn pages_name_their_languages_labels_and_places() {
    let pages = Phone::new().pages();
    let got = pages.get("/admin/advanced/voice/provisioning").await;
    let text = got.text();
    assert!(text.contains("<html lang=\"en\">") && text.contains("name=\"viewport\""));
    let ids = |tag: &str| {
        let tags = text.split(tag).skip(1);
        tags.filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag.to_owned()))
            .filter(|tag| !tag.contains("type=\"hidden\""))
            .collect::<Vec<_>>()
    };
    for tag in ids("<input ").iter().chain(&ids("<select ")) {
        let id = tag
            .split_once("id=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0;
        assert!(
            text.contains(&format!("<label for=\"{id}\"")),
            "{id} has a label"
        );
    }
}
