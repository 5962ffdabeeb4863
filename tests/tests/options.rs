//! The options of a rule, from the register to the server and back.
#![cfg(test)]

use onhook_tests::{Agent, Reply, Site, profile};
use serde_json::json;

/// A document of another make, with a profile of ours inside.
const CUSTOMER: &str = "<customer-account>
  <SIP-number> 17775551234</SIP-number>
  <SIP-password> canary-5128</SIP-password>
  <other><GPP_F>not ours</GPP_F></other>
  <flat-profile><GPP_E>ours</GPP_E></flat-profile>
</customer-account>
";

//= R-ALIAS-1 type=test
//= R-ALIAS-4 type=test
//= R-POST-1 type=test
//= R-ALI-6 type=test
#[test]
fn a_document_of_another_make_is_asked_for_with_a_body_and_sets_parameters() {
    let (agent, site) = (Agent::new().unwrap(), Site::start().unwrap());
    let map = "/customer-account/SIP-number = /flat-profile/User_ID_1_ ;\n\
               /SIP-password = /flat-profile/Password_1_; no entry;\n\
               /SIP-number = /flat-profile/Nothing";
    let registers = profile([
        ("GPP_A", map),
        ("GPP_B", "mac=$MA&user=$C&url=$SCHEME:$PATH"),
        ("GPP_C", "before"),
    ]);
    site.put("/a.xml", Reply::Body(registers.into()));
    agent.resync(&site.url("/a.xml")).unwrap();

    site.put("/c.xml", Reply::Body(CUSTOMER.into()));
    let rule = format!("(c=\"after\")![--alias a --post b]{}", site.url("/c.xml"));
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["rules"][0]["outcome"], "A.applied", "{document:#}");
    let changes = document["changes"].as_object().unwrap();
    let names: Vec<_> = changes.keys().map(String::as_str).collect();
    assert_eq!(names, ["GPP_C", "GPP_E", "Password_1_", "User_ID_1_"]);
    assert_eq!(changes["User_ID_1_"], json!("17775551234"));

    let asked = site.asked();
    assert_eq!(
        asked
            .iter()
            .map(|asked| asked.method.as_str())
            .collect::<Vec<_>>(),
        ["GET", "POST"]
    );
    let body = String::from_utf8(asked[1].body.clone()).unwrap();
    assert!(body.ends_with("&user=after&url=http:/c.xml"), "{body}");
    assert!(body.starts_with("mac=0"), "{body}");
    for said in [&ended.out, &ended.err] {
        assert!(!said.contains("canary"), "{said}");
    }
}

//= R-ALI-4 type=test
#[test]
fn a_document_that_no_alias_matches_changes_nothing() {
    let (agent, site) = (Agent::new().unwrap(), Site::start().unwrap());
    site.put("/c.xml", Reply::Body("<a><b>1</b></a>".into()));
    let rule = format!("[--alias a]{}", site.url("/c.xml"));
    let (ended, document) = agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(document["flash_writes"], 0);
    assert_eq!(document["err"], "parse failed", "{document:#}");
}
