//! What pages submit.

use axum::http::StatusCode;
use onhook_params::UserAccess;

use crate::phone::Phone;

const PROVISIONING: &str = "/admin/advanced/voice/provisioning";

//= R-WEB-14 type=test
#[tokio::test]
async fn v_164_a_page_is_stored_at_once_and_only_what_changed() {
    let pages = Phone::new().with("GPP_B", "same").pages();
    let fields = "Resync_Random_Delay=3&Resync_At__HHmm_=1800&Resync_At_Random_Delay=666&\
                  Resync_Periodic=3665&Profile_Rule=http%3A%2F%2F10.74.121.56%2Fa.xml&GPP_B=same&\
                  Provision_Enable=Yes";
    let got = pages.submit(PROVISIONING, PROVISIONING, fields).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    assert_eq!(got.headers["location"], format!("{PROVISIONING}?done=1"));
    assert_eq!(
        pages.notes().await,
        [
            "Page submit Resync_Random_Delay=3 Resync_At__HHmm_=1800 Resync_At_Random_Delay=666 \
             Resync_Periodic=3665 Profile_Rule=http://10.74.121.56/a.xml"
        ]
    );
}

#[tokio::test]
async fn a_page_without_changes_asks_for_nothing() {
    let pages = Phone::new().pages();
    let fields = "Resync_Periodic=3600&Profile_Rule=%2F%24PSN.xml";
    let got = pages.submit(PROVISIONING, PROVISIONING, fields).await;
    assert_eq!(got.headers["location"], format!("{PROVISIONING}?done=0"));
    assert_eq!(pages.notes().await, [""; 0]);
}

//= R-WEB-14 type=test
#[tokio::test]
async fn one_bad_field_refuses_the_page_with_words() {
    for (field, words) in [
        ("Resync_Random_Delay=65536", "Resync_Random_Delay: "),
        ("Resync_Random_Delay=x", "Resync_Random_Delay: "),
        ("Provision_Enable=Maybe", "Provision_Enable: "),
        ("No_Such_Field=1", "No_Such_Field: there is no such field"),
        ("GPP_SA=1", "GPP_SA: there is no such field"),
        ("GPP_A.clear=1", "GPP_A: there is no such field"),
    ] {
        let pages = Phone::new().pages();
        let fields = format!("GPP_A=kept&{field}");
        let got = pages.submit(PROVISIONING, PROVISIONING, &fields).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(got.text().contains(words), "{field}");
        assert!(
            got.text().contains("value=\"kept\""),
            "what was written stays"
        );
        assert_eq!(pages.notes().await, [""; 0], "nothing is applied");
    }
}

//= R-SEC-1 type=test
#[tokio::test]
async fn secrets_are_written_and_never_read() {
    let phone = Phone::new()
        .with("Password_1_", "canary-1")
        .with("Profile_Rule", "[--key canary-2] http://h/a");
    let pages = phone.pages();
    let page = "/admin/advanced/voice/ext-1";
    for (page, fields, asked) in [
        (page, "Password_1_=", None),
        (page, "Password_1_=new", Some("Page submit Password_1_=new")),
        (
            page,
            "Password_1_=&Password_1_.clear=1",
            Some("Page submit Password_1_="),
        ),
        (
            PROVISIONING,
            "Profile_Rule=%5B--key+***%5D+http%3A%2F%2Fh%2Fa",
            None,
        ),
    ] {
        let before = pages.notes().await.len();
        let got = pages.submit(page, page, fields).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{fields}");
        assert_eq!(pages.notes().await.get(before).map(String::as_str), asked);
    }
    let half = "Profile_Rule=%5B--key+***%5D+http%3A%2F%2Fh%2Fb";
    let got = pages.submit(PROVISIONING, PROVISIONING, half).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!got.text().contains("canary"));
    let wrong = "Password_1_=canary-3&No_Such=1";
    let got = pages.submit(page, page, wrong).await;
    assert!(
        !got.text().contains("canary"),
        "what was written is not sent back"
    );
}

//= R-WEB-11 type=test
//= R-UA-1 type=test
#[tokio::test]
async fn the_user_account_changes_what_is_read_and_write_and_sees_the_rest_or_not() {
    let phone = Phone::new()
        .with_right("Station_Name", UserAccess::Rw)
        .with_right("Voice_Mail_Number", UserAccess::Ro)
        .with_right("Silent_Ring_Duration", UserAccess::Na);
    let pages = phone.pages();
    let page = "/voice/phone";
    let shown = pages.get(page).await;
    let text = shown.text();
    assert!(text.contains("<input id=\"Station_Name\""));
    assert!(text.contains("<output id=\"Voice_Mail_Number\""));
    assert!(!text.contains("Silent_Ring_Duration"));
    for (field, status) in [
        ("Station_Name=x", StatusCode::SEE_OTHER),
        ("Voice_Mail_Number=1", StatusCode::UNPROCESSABLE_ENTITY),
        ("Silent_Ring_Duration=1", StatusCode::UNPROCESSABLE_ENTITY),
        ("Profile_Rule=http://h/a", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(
            pages.submit(page, page, field).await.status,
            status,
            "{field}"
        );
    }
    assert_eq!(pages.notes().await, ["Page submit Station_Name=x"]);
    let got = pages
        .submit(
            "/admin/voice/phone",
            "/admin/voice/phone",
            "Silent_Ring_Duration=1",
        )
        .await;
    assert_eq!(
        got.status,
        StatusCode::SEE_OTHER,
        "the Admin account is never limited"
    );
}
