//! A browser at the pages of a real phone.
#![cfg(test)]

use std::net::TcpListener;
use std::process::Command;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use onhook_tests::{Agent, Peer, Reply, Site, tool, until};
use serde_json::json;

/// A phone with pages, and a browser before them.
struct Desk {
    agent: Agent,
    phone: Peer,
    site: Site,
    driver: Peer,
    port: u16,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Desk {
    /// `None` where no browser is installed.
    fn new(password: &str) -> Option<Self> {
        let chromedriver = tool("chromedriver")?;
        tool("chromium")?;
        let mut agent = Agent::new().unwrap();
        agent.set_variable("ONHOOK__WEB__LISTEN", "127.0.0.1:0");
        agent.set_variable("ONHOOK__DEVICE__RELEASE", "10.4");
        let site = Site::start().unwrap();
        for (name, value) in [
            ("Profile_Rule", ""),
            ("Resync_Random_Delay", "0"),
            ("GPP_SA", "canary-sa"),
            ("Password_1_", "canary-pw"),
            ("Admin_Password", password),
        ] {
            let ended = agent.run(&["params", "set", name, value]).unwrap();
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        let phone = agent.start(&["run"]).unwrap();
        let port = free_port();
        let mut command = Command::new(chromedriver);
        command.arg(format!("--port={port}"));
        let mut driver = Peer::start(&mut command).unwrap();
        driver
            .line(|line| line.contains("started successfully"))
            .unwrap();
        Some(Self {
            agent,
            phone,
            site,
            driver,
            port,
        })
    }

    /// Where the pages are.
    fn address(&self) -> String {
        let address = until("the pages", || {
            let status = self.agent.status().ok()?;
            status["listen"]["web"].as_str().map(str::to_owned)
        });
        address.unwrap()
    }

    fn value(&self, name: &str) -> String {
        let ended = self.agent.run(&["params", "get", name]).unwrap();
        ended.out.trim().to_owned()
    }

    async fn browser(&self) -> Client {
        let mut wanted = serde_json::Map::new();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1000,1400",
        ];
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": args }));
        ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap()
    }

    fn leave(self) {
        self.driver.kill().unwrap();
        self.phone.kill().unwrap();
    }
}

async fn follow(browser: &Client, words: &str) {
    let link = browser.find(Locator::LinkText(words)).await.unwrap();
    link.click().await.unwrap();
}

async fn fill(browser: &Client, name: &str, value: &str) {
    let field = browser.find(Locator::Id(name)).await.unwrap();
    if field.tag_name().await.unwrap() == "select" {
        field.select_by_label(value).await.unwrap();
    } else {
        field.clear().await.unwrap();
        field.send_keys(value).await.unwrap();
    }
}

async fn assert_no_canary(browser: &Client) {
    let source = browser.source().await.unwrap();
    assert!(!source.contains("canary"), "{source}");
}

/// What the article on 10.4 fills in, in its order.
const WALK: [(&str, &str); 14] = [
    ("Provision_Enable", "Yes"),
    ("Resync_On_Reset", "Yes"),
    ("Resync_Random_Delay", "3"),
    ("Resync_At__HHmm_", "1800"),
    ("Resync_At_Random_Delay", "666"),
    ("Resync_Periodic", "3665"),
    ("Resync_Error_Retry_Delay", "3601"),
    ("Forced_Resync_Delay", "14401"),
    ("Resync_From_SIP", "Yes"),
    ("Resync_Fails_On_FNF", "No"),
    ("Profile_Rule_B", ""),
    ("DHCP_Option_To_Use", "160,159,66,150"),
    ("User_Configurable_Resync", "No"),
    (
        "Log_Request_Msg",
        "$PN $MAC Requesting %s $SCHEME://$SERVIP:$PORT$PATH",
    ),
];

//= R-WEB-14 type=test
//= R-WEB-17 type=test
#[test]
fn v_164_the_walk_of_the_article_ends_in_a_resync() {
    let Some(desk) = Desk::new("") else {
        return;
    };
    let profile = "<flat-profile><GPP_A>it came</GPP_A></flat-profile>";
    desk.site
        .put("/p.xml", Reply::Body(profile.as_bytes().to_vec()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = desk.browser().await;
        let address = desk.address();
        browser.goto(&format!("http://{address}/")).await.unwrap();
        for words in ["Admin Login", "Advanced", "Voice", "Provisioning"] {
            follow(&browser, words).await;
            assert_no_canary(&browser).await;
        }
        for (name, value) in WALK {
            fill(&browser, name, value).await;
        }
        fill(&browser, "Profile_Rule", "http://wrong/").await;
        let undo = browser
            .find(Locator::XPath("//button[text()='Undo All Changes']"))
            .await
            .unwrap();
        undo.click().await.unwrap();
        let rule = browser.find(Locator::Id("Profile_Rule")).await.unwrap();
        assert_eq!(rule.prop("value").await.unwrap().as_deref(), Some(""));
        for (name, value) in WALK {
            fill(&browser, name, value).await;
        }
        fill(&browser, "Profile_Rule", &desk.site.url("/p.xml")).await;
        if let Some(place) = std::env::var_os("ONHOOK_SCREENSHOTS") {
            let place = std::path::PathBuf::from(place);
            std::fs::write(
                place.join("web-provisioning.png"),
                browser.screenshot().await.unwrap(),
            )
            .unwrap();
        }
        let button = browser.find(Locator::Id("submit")).await.unwrap();
        assert_eq!(button.text().await.unwrap(), "Submit All Changes");
        button.click().await.unwrap();
        let note = browser
            .wait()
            .for_element(Locator::Css(".note"))
            .await
            .unwrap();
        assert!(note.text().await.unwrap().contains("stored"));
        until("the resync after the restart", || {
            (desk.value("GPP_A") == "it came").then_some(())
        })
        .unwrap();
        browser
            .goto(&format!("http://{address}/admin/advanced/info/status"))
            .await
            .unwrap();
        let source = browser.source().await.unwrap();
        assert!(
            source.contains("/p.xml") && source.contains("Provisioning"),
            "{source}"
        );
        assert_no_canary(&browser).await;
        if let Some(place) = std::env::var_os("ONHOOK_SCREENSHOTS") {
            let place = std::path::PathBuf::from(place);
            std::fs::write(
                place.join("web-status.png"),
                browser.screenshot().await.unwrap(),
            )
            .unwrap();
        }
        browser.close().await.unwrap();
    });
    for (name, value) in WALK {
        assert_eq!(desk.value(name), value, "{name}");
    }
    assert!(desk.site.asked().iter().any(|asked| asked.path == "/p.xml"));
    desk.leave();
}

//= R-WEB-13 type=test
#[test]
fn a_page_of_another_site_and_its_pictures_start_nothing() {
    let Some(desk) = Desk::new("") else {
        return;
    };
    let address = desk.address();
    let page = format!(
        "<!doctype html><title>evil</title><img src='http://{address}/admin/resync?http://evil/a'>\
         <img src='http://{address}/admin/reboot'><iframe src='http://{address}/admin/reboot'></iframe>\
         <form id=f method=post action='http://{address}/admin/do/reboot'><input name=token value=x></form>\
         <a id=link href='http://{address}/admin/reboot'>click</a>"
    );
    desk.site.put("/evil.html", Reply::Body(page.into_bytes()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = desk.browser().await;
        let evil = desk
            .site
            .url("/evil.html")
            .replace("127.0.0.1", "localhost");
        browser.goto(&evil).await.unwrap();
        browser
            .find(Locator::Id("link"))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        let source = browser.source().await.unwrap();
        assert!(source.contains("nothing was done"), "{source}");
        browser.goto(&evil).await.unwrap();
        browser
            .execute("document.getElementById('f').submit()", vec![])
            .await
            .unwrap();
        browser.close().await.unwrap();
    });
    let status = desk.agent.status().unwrap();
    assert_eq!(status["history"], json!([]), "{status:#}");
    assert_eq!(
        status["last"]["cause"]
            .as_str()
            .filter(|cause| *cause == "explicit"),
        None
    );
    desk.leave();
}

//= R-WEB-1 type=test
#[test]
fn the_password_of_the_phone_opens_its_pages_and_no_other_does() {
    let Some(desk) = Desk::new("canary-Admin1") else {
        return;
    };
    let address = desk.address();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = desk.browser().await;
        for (password, opens) in [("wrong", false), ("canary-Admin1", true)] {
            let url = format!("http://admin:{password}@{address}/admin/advanced/voice/system");
            browser.goto(&url).await.unwrap();
            let source = browser.source().await.unwrap();
            assert_eq!(source.contains("Submit All Changes"), opens, "{source}");
            assert_no_canary(&browser).await;
        }
        browser.close().await.unwrap();
    });
    desk.leave();
}

/// Opens the page of provisioning as admin.
async fn provisioning(browser: &Client, address: &str) {
    let url = format!("http://{address}/admin/advanced/voice/provisioning");
    browser.goto(&url).await.unwrap();
}

async fn submit(browser: &Client) -> String {
    let button = browser.find(Locator::Id("submit")).await.unwrap();
    button.click().await.unwrap();
    let note = Locator::Css(".note");
    let note = browser.wait().for_element(note).await.unwrap();
    note.text().await.unwrap()
}

//= R-WEB-14 type=test
#[test]
fn v_164_step_12_an_action_url_in_a_trigger_resyncs_once_for_each_value() {
    let Some(desk) = Desk::new("") else {
        return;
    };
    for name in ["one", "two"] {
        let profile = format!("<flat-profile><GPP_A>{name}</GPP_A></flat-profile>");
        let path = format!("/{name}.xml");
        desk.site.put(&path, Reply::Body(profile.into_bytes()));
    }
    let asked = |path: &str| {
        let asked = desk.site.asked();
        asked.iter().filter(|asked| asked.path == path).count()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let browser = desk.browser().await;
        let address = desk.address();
        for name in ["one", "two"] {
            let rule = desk.site.url(&format!("/{name}.xml"));
            let url = format!("http://{address}/admin/resync?{rule}");
            provisioning(&browser, &address).await;
            fill(&browser, "Resync_Trigger_1", &url).await;
            assert!(submit(&browser).await.contains("stored"));
            until("the resync of the trigger", || {
                (desk.value("GPP_A") == name).then_some(())
            })
            .unwrap();
            assert_eq!(desk.value("Resync_Trigger_1"), url);
            // The same value again is no new one.
            provisioning(&browser, &address).await;
            fill(&browser, "Resync_Trigger_1", &url).await;
            assert_eq!(submit(&browser).await, "Nothing changed.");
        }
        assert_no_canary(&browser).await;
        browser.close().await.unwrap();
    });
    assert_eq!((asked("/one.xml"), asked("/two.xml")), (1, 1));
    assert_eq!(desk.value("Profile_Rule"), "");
    desk.leave();
}
