//! Action URLs.

use axum::http::StatusCode;
use onhook_device::{Family, Release};
use onhook_params::Scope;

use crate::phone::Phone;

//= R-WEB-3 type=test
//= R-WEB-4 type=test
//= R-WEB-6 type=test
//= R-WEB-7 type=test
//= R-TLS-8 type=test
#[tokio::test]
async fn v_149_to_163_actions_answer_at_once_and_ask_the_phone() {
    for (target, words, asked) in [
        ("/admin/resync", "will resync when idle", "Page resync -"),
        ("/admin/resync?", "will resync when idle", "Page resync -"),
        (
            "/admin/resync?/a.xml",
            "will resync when idle",
            "Page resync tftp://192.168.1.9/a.xml",
        ),
        (
            "/resync?tftp://192.168.1.200/basic.txt",
            "will resync when idle",
            "Page resync tftp://192.168.1.200/basic.txt",
        ),
        (
            "/admin/resync?%5B--uid+admin+--pwd+555%5Dhttp://h/p?mac=$MA",
            "will resync when idle",
            "Page resync [--uid admin --pwd 555]http://h/p?mac=$MA",
        ),
        (
            "/admin/resync?http://h/p?a=1&b=2",
            "will resync when idle",
            "Page resync http://h/p?a=1&b=2",
        ),
        (
            "/admin/updateca?http://h/ca.pem",
            "will fetch the custom CA when idle",
            "Page updateca http://h/ca.pem",
        ),
        ("/admin/reboot", "will reboot when idle", "Control Restart"),
    ] {
        let mut phone = Phone::new();
        phone.open = true;
        let pages = phone.pages();
        let got = pages.ask(target).from("192.168.1.9:5000").get().await;
        assert_eq!(got.status, StatusCode::OK, "{target}");
        assert!(
            got.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(got.text().contains(words), "{target}");
        assert_eq!(pages.notes().await, [asked], "{target}");
    }
}

//= R-WEB-6 type=test
//= R-WEB-1 type=test
#[tokio::test]
async fn v_154_and_155_a_closed_gate_answers_403_and_nothing_happens() {
    for (name, target) in [
        ("Provision_Enable", "/admin/resync"),
        ("Provision_Enable", "/admin/resync?http://h/a"),
        ("Upgrade_Enable", "/admin/upgrade?http://h/x.loads"),
        ("Enable_Direct_Action_Url", "/admin/reboot"),
        ("Enable_Direct_Action_Url", "/admin/cfg.xml"),
        ("Enable_Direct_Action_Url", "/admin/updateca"),
        ("Enable_Web_Admin_Access", "/admin/reboot"),
        ("Enable_Web_Admin_Access", "/admin/info/status"),
    ] {
        let pages = Phone::new().with(name, "No").pages();
        let got = pages.get(target).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{target}");
        assert!(got.text().contains(name), "{target}");
        assert_eq!(pages.notes().await, [""; 0]);
    }
    let pages = Phone::new().with("Enable_Web_Admin_Access", "No").pages();
    assert_eq!(pages.get("/info/status").await.status, StatusCode::OK);
}

//= R-WEB-15 type=test
#[tokio::test]
async fn in_the_older_family_both_enables_gate_a_resync() {
    for (family, status) in [
        (Family::Spa, StatusCode::FORBIDDEN),
        (Family::Mpp, StatusCode::OK),
    ] {
        let scope = Scope::new(family, Release::R11_3);
        let phone = Phone::in_scope(scope).with("Upgrade_Enable", "No");
        let got = phone.pages().get("/admin/resync").await;
        assert_eq!(got.status, status, "{family:?}");
    }
}

//= R-WEB-2 type=test
#[tokio::test]
async fn v_153_credentials_at_the_end_of_a_url_open_it() {
    let pages = Phone::new().with("Admin_Password", "pw").pages();
    let target = "/admin/resync?http://h/my.xml&xuser=admin&xpassword=";
    let got = pages.get(&format!("{target}wrong")).await;
    assert_eq!(got.status, StatusCode::UNAUTHORIZED);
    assert_eq!(pages.notes().await, [""; 0]);
    let got = pages.get(&format!("{target}pw")).await;
    assert_eq!(got.status, StatusCode::OK);
    assert_eq!(pages.notes().await, ["Page resync http://h/my.xml"]);
}

//= R-WEB-11 type=test
#[tokio::test]
async fn the_user_account_may_not_act() {
    let phone = Phone::new().with("Admin_Password", "pw");
    let pages = phone.with("User_Password", "Uw1!uuuu").pages();
    let credentials = "&xuser=user&xpassword=Uw1!uuuu";
    for target in [
        "/admin/reboot",
        "/admin/resync",
        "/admin/cfg.xml",
        "/admin/log.tar",
    ] {
        let got = pages.get(&format!("{target}{credentials}")).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{target}");
    }
    assert_eq!(pages.notes().await, [""; 0]);
}

//= R-WEB-8 type=test
#[tokio::test]
async fn v_157_the_configuration_masks_what_is_secret() {
    let phone = Phone::new()
        .with("Password_1_", "canary-1")
        .with("GPP_SA", "canary-2")
        .with("IKM_HTTP_Encrypt_Content", "canary-3")
        .with("Profile_Rule", "[--key canary-4] http://h/<a>?b&c")
        .with("XML_Directory_Service_URL", "http://u:canary-5@h/d")
        .with("GPP_A", "shown");
    let pages = phone.pages();
    for tab in ["phone", "system", "provisioning"] {
        let page = pages.get(&format!("/admin/advanced/voice/{tab}")).await;
        assert!(!page.text().contains("canary"), "{tab}");
    }
    let got = pages.get("/admin/cfg.xml").await;
    let text = got.text();
    assert!(!text.contains("canary"));
    assert!(!text.contains("GPP_SA") && !text.contains("IKM_HTTP"));
    for line in [
        ">*************</Password_1_>",
        "[--key *************] http://h/&lt;a&gt;?b&amp;c</Profile_Rule>",
        ">shown</GPP_A>",
        ">http://u:*************@h/d</XML_Directory_Service_URL>",
        ">/$PSN.xml</Profile_Rule_X>",
    ] {
        let is_there = text.contains(line);
        assert_eq!(is_there, !line.ends_with("_X>"), "{line}");
    }
}

#[tokio::test]
async fn a_profile_can_be_sent() {
    let pages = Phone::new().with("Admin_Password", "pw").pages();
    let target = "/admin/config.xml&xuser=admin&xpassword=pw";
    let profile = "<flat-profile><GPP_A>x</GPP_A><Nothing>1</Nothing></flat-profile>";
    let got = pages.post(target, profile).get().await;
    assert_eq!(got.status, StatusCode::OK);
    assert_eq!(pages.notes().await, ["Page submit GPP_A=x"]);
    let got = pages.post(target, "<flat-profile><GPP_A>").get().await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    assert_eq!(pages.notes().await.len(), 1);
}

#[tokio::test]
async fn snapshots_are_what_they_say() {
    let mut phone = Phone::new();
    phone.status.history = vec![
        ("Provisioning", Some(onhook_testkit::sim::MIDNIGHT)),
        ("RC", None),
    ];
    let pages = phone.pages();
    pages.feed.tell("{\"event\":\"resync.done\"}");
    let got = pages.get("/status.xml").await;
    assert!(
        got.text()
            .contains("<Reboot_Reason_1>[11/23/26 00:00:00] Provisioning</Reboot_Reason_1>")
    );
    assert!(
        got.text()
            .contains("<Reboot_Reason_2>[] RC</Reboot_Reason_2>")
    );
    let got = pages.get("/admin/log.tar").await;
    assert_eq!(got.headers["content-type"], "application/x-tar");
    let holds = |text: &str| {
        got.body
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("events.jsonl") && holds("{\"event\":\"resync.done\"}") && holds("<status>"));
    assert_eq!(
        pages.get("/admin/screendump.bmp").await.status,
        StatusCode::NOT_FOUND
    );
}
