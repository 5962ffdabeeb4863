//! The obligations of [`Redirector`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::Mac;
use onhook_discovery::port::{Caller, Redirector};

use super::{soon, success};

/// What a directory says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says<'a> {
    /// This text.
    Text(&'a str),
    /// Nothing: it cannot be reached.
    Nothing,
}

/// A directory of which the test decides what it says.
#[async_trait]
pub trait RedirectorFixture {
    /// The adapter under test, with a directory that says this from now on.
    async fn directory(&mut self, says: Says<'_>) -> Arc<dyn Redirector>;

    /// What the directory was last asked, in one text with the MAC address in lower case without colons.
    fn asked(&self) -> String;
}

/// Checks a directory against every obligation of the port.
pub async fn redirector(fixture: &mut dyn RedirectorFixture) {
    let caller = Caller {
        mac: Mac([0x00, 0x0e, 0x08, 0x01, 0x23, 0x45]),
        model: "CP-8841-3PCC".to_owned(),
        user_agent: "Cisco-CP-8841-3PCC/11.3.2 (000e08012345)".to_owned(),
        allowed_domains: String::new(),
    };
    for (said, url) in [
        (
            "https://cust.example/$MA.xml",
            Some("https://cust.example/$MA.xml"),
        ),
        (
            " \r\n[--key $SA] http://h/x \n",
            Some("[--key $SA] http://h/x"),
        ),
        ("", None),
        (" \r\n", None),
    ] {
        let directory = fixture.directory(Says::Text(said)).await;
        for _ in 0..2 {
            let answer = soon("an answer", directory.redirect(&caller)).await;
            assert_eq!(success("a good answer", answer).as_deref(), url, "{said:?}");
            let asked = fixture.asked();
            for part in ["000e08012345", "CP-8841-3PCC"] {
                assert!(asked.contains(part), "it is told {part}: {asked}");
            }
        }
    }
    for said in [
        Says::Text("hello"),
        Says::Text("/p.xml"),
        Says::Text("ftp://h/p.xml"),
        Says::Text("http://h/p.xml http://h/q.xml"),
        Says::Text("http://h/a\nhttp://h/b"),
        Says::Text("<flat-profile></flat-profile>"),
        Says::Nothing,
    ] {
        let directory = fixture.directory(said).await;
        let answer = soon("an answer", directory.redirect(&caller)).await;
        assert!(answer.is_err(), "{said:?} gave {answer:?}");
    }
}
