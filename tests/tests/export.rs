//! What a phone holds, as a file and for people.
#![cfg(test)]

use onhook_tests::{Agent, Reply, Site};
use serde_json::{Value, json};

const PROFILE: &str = "<flat-profile>
  <GPP_A ua=\"rw\">a &lt; b &amp; c</GPP_A>
  <GPP_B/>
  <GPP_C></GPP_C>
  <Resync_Periodic>7200+60</Resync_Periodic>
  <Log_Success_Msg></Log_Success_Msg>
  <Profile_Rule_B>http://h/b?x=1&amp;y=2</Profile_Rule_B>
  <Profile_Rule_C>[--key canary-rule] http://h/c</Profile_Rule_C>
  <GPP_SA>canary-sa</GPP_SA>
  <Admin_Password ua=\"na\">canary-Pw1</Admin_Password>
  <Station_Name ua=\"ro\" preserve-value=\"y\">Front d\u{e9}sk</Station_Name>
</flat-profile>";

struct Bench {
    agent: Agent,
    site: Site,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            agent: Agent::new().unwrap(),
            site: Site::start().unwrap(),
        };
        bench.take(PROFILE);
        bench
    }

    #[track_caller]
    fn take(&self, profile: &str) {
        self.site
            .put("/p.xml", Reply::Body(profile.as_bytes().to_vec()));
        let (ended, document) = self.agent.resync(&self.site.url("/p.xml")).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
        assert_eq!(document["warnings"], json!([]), "{document:#}");
    }

    #[track_caller]
    fn said(&self, args: &[&str]) -> String {
        let ended = self.agent.run(args).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.out.contains("canary") && !ended.err.contains("canary"));
        ended.out
    }
}

//= R-SEC-3 type=test
#[test]
fn an_export_brings_everything_back_but_secrets() {
    let bench = Bench::new();
    let whole = bench.said(&["params", "export"]);
    let changed = bench.said(&["params", "export", "--changed"]);
    assert_eq!(
        changed,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <flat-profile>\n  \
         <!-- Provisioning: Configuration Profile -->\n  \
         <Resync_Periodic ua=\"na\">7200+60</Resync_Periodic>\n  \
         <Profile_Rule_B ua=\"na\">http://h/b?x=1&amp;y=2</Profile_Rule_B>\n  \
         <Profile_Rule_C ua=\"na\"/> <!-- Profile_Rule_C is secret -->\n  \
         <Log_Success_Msg ua=\"na\"></Log_Success_Msg>\n  \
         <!-- Provisioning: General Purpose Parameters -->\n  \
         <GPP_A ua=\"rw\">a &lt; b &amp; c</GPP_A>\n  \
         <GPP_SA ua=\"na\"/> <!-- GPP_SA is secret -->\n  \
         <!-- System: System Configuration -->\n  \
         <Admin_Password ua=\"na\"/> <!-- Admin_Password is secret -->\n  \
         <!-- Phone: General -->\n  \
         <Station_Name ua=\"ro\">Front d\u{e9}sk</Station_Name>\n\
         </flat-profile>\n"
    );
    for export in [whole, changed] {
        bench.said(&["params", "reset"]);
        assert_eq!(bench.agent.changed().unwrap(), onhook_tests::Content::new());
        bench.take(&export);
        let again = bench.said(&["params", "export"]);
        let hidden = "  <!-- Profile_Rule_C is secret -->\n";
        assert!(!again.contains(hidden), "a secret is not brought back");
        let values: Value = serde_json::from_str(&bench.said(&[
            "params",
            "export",
            "--format",
            "json",
            "--changed",
        ]))
        .unwrap();
        assert_eq!(
            values["values"],
            json!({
                "GPP_A": "a < b & c",
                "Log_Success_Msg": "",
                "Profile_Rule_B": "http://h/b?x=1&y=2",
                "Resync_Periodic": "7200+60",
                "Station_Name": "Front d\u{e9}sk",
            })
        );
        assert_eq!(values["ua"]["GPP_A"], "rw");
        assert_eq!(values["secrets"], json!([]));
    }
}

#[test]
fn an_export_keeps_the_secrets_of_the_phone_that_reads_it() {
    let bench = Bench::new();
    let export = bench.said(&["params", "export"]);
    bench.take(&export);
    let document: Value =
        serde_json::from_str(&bench.said(&["params", "export", "--format", "json"])).unwrap();
    assert_eq!(
        document["secrets"],
        json!(["Profile_Rule_C", "GPP_SA", "Admin_Password"])
    );
}

#[test]
fn a_list_says_what_is_known_of_each_parameter() {
    let bench = Bench::new();
    bench.said(&["params", "set", "GPP_D", "mine"]);
    let section = "General Purpose Parameters";
    let long = bench.said(&[
        "params",
        "list",
        "--section",
        section,
        "--long",
        "--changed",
    ]);
    assert_eq!(
        long,
        "Provisioning: General Purpose Parameters\n  \
         GPP_A = a < b & c\n      \
         str: a text; factory value empty; from profile; User rw\n  \
         GPP_D = mine\n      \
         str: a text; factory value empty; from user; User na\n  \
         GPP_SA = ***\n      \
         str: a text; factory value empty; from profile; User na\n"
    );
    let ended = bench
        .agent
        .run(&["params", "set", "Resync_Random_Delay", "70000"])
        .unwrap();
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("a number from 0 to 65535"), "{ended:?}");
}
