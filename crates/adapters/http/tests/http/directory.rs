//! The directory passes the contract suite of its port.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::Mac;
use onhook_discovery::port::{Caller, Redirector};
use onhook_fetch::ErrorKind;
use onhook_http::Directory;
use onhook_testkit::contract::{self, RedirectorFixture, Says};
use onhook_testkit::fake::{FakeFetch, FetchAnswer};

const URL: &str = "https://dir.example:8443/?mac=000e08012345&model=CP-8841-3PCC";

#[derive(Default)]
struct Over(Arc<FakeFetch>);

fn directory(fetch: &Arc<FakeFetch>) -> Directory {
    Directory::new(Arc::clone(fetch) as _, "dir.example".to_owned(), 8443)
}

#[async_trait]
impl RedirectorFixture for Over {
    async fn directory(&mut self, says: Says<'_>) -> Arc<dyn Redirector> {
        self.0 = Arc::default();
        match says {
            Says::Text(text) => self.0.answer(URL, text),
            Says::Nothing => self.0.answer(URL, FetchAnswer::Fails(ErrorKind::Connect)),
        }
        Arc::new(directory(&self.0))
    }

    fn asked(&self) -> String {
        self.0
            .asked()
            .pop()
            .map_or(String::new(), |asked| asked.url)
    }
}

//= R-OOB-1 type=test
//= R-OOB-6 type=test
#[tokio::test]
async fn a_directory_over_https_keeps_the_contract() {
    contract::redirector(&mut Over::default()).await;
}

fn caller(model: &str, allowed_domains: &str) -> Caller {
    Caller {
        mac: Mac([0x00, 0x0e, 0x08, 0x01, 0x23, 0x45]),
        model: model.to_owned(),
        user_agent: "agent".to_owned(),
        allowed_domains: allowed_domains.to_owned(),
    }
}

//= R-DOM-1 type=test
#[tokio::test]
async fn a_directory_that_is_not_allowed_is_not_asked() {
    let fetch = Arc::default();
    let refused = directory(&fetch)
        .redirect(&caller("m", "example.com"))
        .await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("Restricted_Access_Domains"), "{why}");
    assert!(fetch.asked().is_empty());
}

#[tokio::test]
async fn what_a_model_is_called_stays_one_part_of_the_question() {
    let fetch: Arc<FakeFetch> = Arc::default();
    fetch.answer(
        "https://dir.example:8443/?mac=000e08012345&model=a%26b%20%C3%BC",
        "",
    );
    let answer = directory(&fetch).redirect(&caller("a&b \u{fc}", "")).await;
    assert_eq!(answer.unwrap(), None);
    assert_eq!(fetch.asked()[0].user_agent, "agent");
}
