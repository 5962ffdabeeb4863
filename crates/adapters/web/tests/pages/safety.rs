//! What nobody else may do.

use axum::http::StatusCode;

use crate::phone::{Pages, Phone};

const ACTIONS: [&str; 4] = [
    "/admin/resync?http://evil/a",
    "/admin/reboot",
    "/admin/cfg.xml",
    "/admin/events",
];

//= R-WEB-13 type=test
#[tokio::test]
async fn pages_of_other_sites_start_nothing() {
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("referer", "http://evil.example/127.0.0.1:80"),
    ] {
        let pages = Phone::new().pages();
        for target in ACTIONS {
            let got = pages.ask(target).header(name, value).get().await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{name} {target}");
        }
        let got = pages
            .post("/admin/voice/user", "token=x")
            .header(name, value);
        assert_eq!(got.get().await.status, StatusCode::FORBIDDEN);
        assert_eq!(pages.notes().await, [""; 0]);
    }
    let pages = Phone::new().pages();
    let typed = pages.ask("/admin/reboot").header("sec-fetch-site", "none");
    assert_eq!(typed.get().await.status, StatusCode::OK);
}

//= R-WEB-13 type=test
#[tokio::test]
async fn a_name_that_was_bound_anew_reaches_nothing() {
    let pages = Phone::new().pages();
    for host in ["evil.example", "127.0.0.1.nip.example", "192.0.2.1", ""] {
        for target in ACTIONS.iter().chain(&["/", "/style.css"]) {
            let got = pages.ask(target).header("host", host).get().await;
            assert_eq!(got.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
    }
    for host in ["phone.example:80", "localhost:80"] {
        assert_eq!(
            pages.ask("/").header("host", host).get().await.status,
            StatusCode::OK
        );
    }
    assert_eq!(pages.notes().await, [""; 0]);
}

//= R-WEB-13 type=test
#[tokio::test]
async fn a_form_counts_only_with_the_token_of_its_session() {
    let pages = Phone::new().pages();
    let shown = pages.get("/admin/advanced/voice/provisioning").await;
    let other = pages.get("/admin/advanced/voice/provisioning").await;
    let (token, cookie) = (shown.token(), shown.cookie());
    assert_ne!(token, other.token(), "each session has its own");
    assert!(
        shown.headers["set-cookie"]
            .to_str()
            .unwrap()
            .ends_with("; HttpOnly; SameSite=Strict")
    );
    for (token, cookie) in [
        (None, Some(&cookie)),
        (Some(""), Some(&cookie)),
        (Some(other.token().as_str()), Some(&cookie)),
        (Some(token.as_str()), None),
    ] {
        for (target, field) in [
            ("/admin/advanced/voice/provisioning", "GPP_A=x"),
            ("/admin/do/reboot", ""),
        ] {
            let token = token.map_or(String::new(), |token| format!("token={token}&"));
            let mut asker = pages.post(target, &format!("{token}{field}"));
            if let Some(cookie) = cookie {
                asker = asker.header("cookie", cookie);
            }
            assert_eq!(asker.get().await.status, StatusCode::FORBIDDEN, "{token}");
        }
    }
    assert_eq!(pages.notes().await, [""; 0]);
    let body = format!("token={token}");
    let right = pages
        .post("/admin/do/reboot", &body)
        .header("cookie", &cookie);
    assert_eq!(right.get().await.status, StatusCode::SEE_OTHER);
    assert_eq!(pages.notes().await, ["Control Restart"]);
}

//= R-WEB-1 type=test
#[tokio::test]
async fn strangers_get_a_challenge_or_nothing() {
    let far = "192.0.2.9:5000";
    let refused = |pages: Pages, status: StatusCode| async move {
        for target in [
            "/admin/reboot",
            "/admin/info/status",
            "/admin/cfg.xml",
            "/admin/events",
        ] {
            let got = pages.ask(target).from(far).get().await;
            assert_eq!(got.status, status, "{target}");
            assert!(got.body.len() < 200, "it says nothing of the phone");
        }
        assert_eq!(pages.notes().await, [""; 0]);
    };
    refused(Phone::new().pages(), StatusCode::FORBIDDEN).await;
    let phone = || Phone::new().with("Admin_Password", "pw");
    refused(phone().pages(), StatusCode::UNAUTHORIZED).await;
    let got = phone().pages().ask("/admin").from(far).get().await;
    let challenges: Vec<_> = got.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(challenges.len(), 2);
    assert!(
        challenges[0]
            .to_str()
            .unwrap()
            .starts_with("Digest realm=\"Onhook admin\"")
    );
}

//= R-WEB-13 type=test
#[tokio::test]
async fn wrong_passwords_end_in_waiting() {
    let pages = Phone::new().with("Admin_Password", "pw").pages();
    let mut last = StatusCode::OK;
    for _ in 0..6 {
        let got = pages.get("/admin/reboot&xuser=admin&xpassword=wrong").await;
        last = got.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let got = pages.get("/admin/reboot&xuser=admin&xpassword=pw").await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(got.headers["retry-after"], "30");
    assert_eq!(pages.notes().await, [""; 0]);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_strict() {
    let pages = Phone::new().pages();
    for target in [
        "/",
        "/admin",
        "/style.css",
        "/nope",
        "/admin/cfg.xml",
        "/admin/reboot",
    ] {
        let got = pages.get(target).await;
        let policy = got.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
        assert_eq!(got.headers["x-content-type-options"], "nosniff");
        assert_eq!(got.headers["cache-control"], "no-store");
    }
    for target in [
        "/",
        "/admin/advanced/info/status",
        "/admin/advanced/voice/provisioning",
    ] {
        let text = pages.get(target).await;
        let text = text.text();
        for inline in ["<style", "style=\"", "onclick", "javascript:", "<script>"] {
            assert!(!text.contains(inline), "{inline} in {target}");
        }
    }
}

#[tokio::test]
async fn eight_may_follow_events_and_a_ninth_takes_the_place_of_one_who_goes() {
    let pages = Phone::new().pages();
    let follow = || pages.ask("/admin/events").open();
    let mut followers = Vec::new();
    for _ in 0..8 {
        followers.push(follow().await);
        assert_eq!(followers.last().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(follow().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    followers.pop();
    assert_eq!(follow().await.status(), StatusCode::OK);
}

//= R-WEB-13 type=test
#[tokio::test]
async fn bodies_and_methods_have_bounds() {
    let pages = Phone::new().pages();
    let large = "x".repeat((1 << 20) + 1);
    for target in ["/admin/voice/user", "/admin/do/reboot", "/admin/config.xml"] {
        let got = pages.post(target, &large).get().await;
        assert_eq!(got.status, StatusCode::PAYLOAD_TOO_LARGE, "{target}");
        let got = pages.post(target, &large).get_piece_by_piece().await;
        assert_eq!(got.status, StatusCode::PAYLOAD_TOO_LARGE, "{target}");
    }
    assert_eq!(pages.notes().await, [""; 0]);
}

//= R-WEB-1 type=test
//= R-WEB-13 type=test
#[tokio::test]
async fn an_action_below_another_path_is_no_action() {
    let targets = [
        "/reboot",
        "/resync?http://evil/a",
        "/cfg.xml",
        "/log.tar",
        "/config.xml",
        "/CGI/Execute",
    ];
    let profile = "<flat-profile><GPP_A>1</GPP_A></flat-profile>";
    for base in [
        "/advanced",
        "/admin/advanced",
        "/admin/admin",
        "/advanced/admin",
    ] {
        for target in targets.map(|target| format!("{base}{target}")) {
            let pages = Phone::new().pages();
            let asked = pages.ask(&target).header("sec-fetch-site", "cross-site");
            assert_eq!(asked.get().await.status, StatusCode::NOT_FOUND, "{target}");
            let posted = pages.post(&target, profile).get().await;
            assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED, "{target}");
            assert_eq!(pages.notes().await, [""; 0]);
        }
    }
}
