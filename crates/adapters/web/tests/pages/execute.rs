//! Objects that are sent to be executed.

use axum::http::StatusCode;

use crate::phone::Phone;

const PATH: &str = "/CGI/Execute";
const FAR: &str = "192.168.1.9:5000";

fn object(url: &str) -> String {
    format!("<CiscoIPPhoneExecute><ExecuteItem URL=\"{url}\"/></CiscoIPPhoneExecute>")
}

fn phone(mode: &str) -> Phone {
    let phone = Phone::new().with("CISCO_XML_EXE_Enable", "Yes");
    phone.with("CISCO_XML_EXE_Auth_Mode", mode)
}

//= R-WEB-12 type=test
#[tokio::test]
async fn v_162_an_object_of_whoever_may_send_it_asks_for_a_resync() {
    for (url, asked) in [
        ("Resync:[http://h/a.xml]", "Page resync http://h/a.xml"),
        ("Resync:[/a.xml]", "Page resync tftp://192.168.1.9/a.xml"),
        ("Resync:", "Page resync -"),
    ] {
        let pages = phone("Trusted").pages();
        let got = pages.post(PATH, &object(url)).from(FAR).get().await;
        assert_eq!(got.status, StatusCode::OK, "{url}");
        assert!(got.text().contains("Status=\"0\""), "{}", got.text());
        assert_eq!(pages.notes().await, [asked]);
    }
    let pages = phone("Trusted").pages();
    let form = "x=1&XML=%3CCiscoIPPhoneExecute%3E%3CExecuteItem+URL%3D%22Resync%3A%22%2F%3E%3C%2FCiscoIPPhoneExecute%3E";
    let got = pages.post(PATH, form).from(FAR).get().await;
    assert_eq!(got.status, StatusCode::OK);
    assert_eq!(pages.notes().await, ["Page resync -"]);
}

//= R-WEB-12 type=test
#[tokio::test]
async fn nobody_else_and_nothing_else_does() {
    let resync = object("Resync:");
    for (phone, from, body, status) in [
        (Phone::new(), "127.0.0.1:1", resync.as_str(), 403),
        (phone("Trusted"), FAR, "<x/>", 400),
        (phone("Trusted"), FAR, "a=b", 400),
        (phone("Trusted"), FAR, &object("Resync:a&#10;b"), 400),
        (phone("Trusted"), FAR, &object("Key:Headset"), 501),
        (
            phone("Trusted").with("Provision_Enable", "No"),
            FAR,
            &resync,
            403,
        ),
        (phone("Local Credential"), FAR, &resync, 403),
        (phone("?"), FAR, &resync, 403),
        (
            phone("Local Credential").with("User_Password", "Uw1!uuuu"),
            "127.0.0.1:1",
            &resync,
            401,
        ),
        (phone("Remote Credential"), FAR, &resync, 403),
        (
            phone("Remote Credential").with("XML_Password", "pw"),
            "127.0.0.1:1",
            &resync,
            401,
        ),
    ] {
        let pages = phone.pages();
        let got = pages.post(PATH, body).from(from).get().await;
        assert_eq!(got.status.as_u16(), status, "{body}: {}", got.text());
        assert_eq!(pages.notes().await, [""; 0]);
    }
    let pages = phone("Trusted").pages();
    assert_eq!(pages.get(PATH).await.status.as_u16(), 405);
    let evil = pages.post(PATH, &resync).header("origin", "http://evil");
    assert_eq!(evil.get().await.status.as_u16(), 403);
    assert_eq!(pages.notes().await, [""; 0]);
}

//= R-WEB-12 type=test
#[tokio::test]
async fn each_mode_has_a_password_of_its_own() {
    for (mode, name, password) in [
        ("Local Credential", "user", "Uw1!uuuu"),
        ("Local Credential", "admin", "Aw1!aaaa"),
        ("Remote Credential", "push", "Xw1!xxxx"),
    ] {
        let all = [
            ("user", "Uw1!uuuu"),
            ("admin", "Aw1!aaaa"),
            ("push", "Xw1!xxxx"),
        ];
        for (user, word) in all {
            let opens =
                (name, password) == (user, word) || (mode == "Local Credential" && user != "push");
            let phone = phone(mode)
                .with("User_Password", "Uw1!uuuu")
                .with("Admin_Password", "Aw1!aaaa")
                .with("XML_User_Name", "push")
                .with("XML_Password", "Xw1!xxxx");
            let pages = phone.pages();
            let target = format!("{PATH}&xuser={user}&xpassword={word}");
            let got = pages.post(&target, &object("Resync:")).get().await;
            let status = if opens { 200 } else { 401 };
            assert_eq!(got.status.as_u16(), status, "{mode}: {user}");
        }
    }
}
