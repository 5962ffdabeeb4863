//! What no profile can tell: the external address, the client certificate, extension mobility.
#![cfg(test)]

use onhook_params::Secrecy;
use onhook_phone::{Fact, Input, Mobility, Notice, RuleFault};
use onhook_testkit::sim::{Served, Sim};

const CANARY: &str = "CANARY-4711";

fn phone(rule: &str) -> Sim {
    Sim::new(|_, _| Served::empty())
        .with("Resync_Random_Delay", "0")
        .with(
            "Log_Request_Msg",
            "$PATH [$EXTIP][$CCERT][$EMS][$MUID][$MPWD]",
        )
        .with("Log_Success_Msg", "")
        .with("Log_Failure_Msg", "failed: $ERR $MPWD")
        .with("Profile_Rule", rule)
}

fn log_in(sim: &mut Sim) {
    let mut text = |text, secrecy| sim.shared.values.intern(text, secrecy);
    let mobility = Mobility {
        status: text("mobile", Secrecy::Plain),
        user: text("4711", Secrecy::Plain),
        password: text(CANARY, Secrecy::Secret),
    };
    sim.handle(Input::Fact(Fact::Mobility(mobility)));
}

//= R-MACRO-11 type=test
//= R-MACRO-20 type=test
#[test]
fn facts_are_empty_until_they_are_told_and_the_password_is_never_shown() {
    let mut sim = phone("http://h/x").booted();
    log_in(&mut sim);
    let address = Some([203, 0, 113, 7].into());
    sim.handle(Input::Fact(Fact::ExternalAddress(address)));
    sim.handle(Input::Fact(Fact::ClientCertificate(true)));
    sim.run_for(3600);
    sim.handle(Input::Fact(Fact::ExternalAddress(None)));
    sim.handle(Input::Fact(Fact::ClientCertificate(false)));
    sim.handle(Input::Fact(Fact::Mobility(Mobility::default())));
    sim.run_for(3600);
    assert_eq!(
        sim.message_texts(),
        [
            "/x [][Not Installed][][][***]",
            "/x [203.0.113.7][Installed][mobile][4711][***]",
            "/x [][Not Installed][][][***]",
        ]
    );
    assert!(!sim.trace.contains(CANARY));
}

//= R-MACRO-20 type=test
#[test]
fn a_rule_may_use_the_password_where_nobody_sees_it() {
    for (rule, url) in [
        ("[--key $MPWD] http://h/x", Some("http://h:80/x")),
        (
            "(\"$MPWD\" eq \"CANARY-4711\")? http://h/yes | http://h/no",
            Some("http://h:80/yes"),
        ),
        ("http://h/$MUID/$MPWD.xml", Some("http://h:80/***")),
        ("http://h/x?pin=$(MPWD:0:3)", Some("http://h:80/***")),
        ("http://$MPWD/x", None),
        ("http://h.$MPWD.net/x", None),
    ] {
        let mut sim = phone("").booted();
        log_in(&mut sim);
        sim.set("Profile_Rule", rule);
        sim.run_for(3600);
        let urls: Vec<_> = sim
            .requests
            .iter()
            .map(|(_, url, _)| url.as_str())
            .collect();
        assert_eq!(urls.last().copied(), url, "{rule}");
        let told = sim.notices.iter().any(|notice| {
            matches!(
                notice,
                Notice::RuleFault(_, RuleFault::PasswordShown { .. })
            )
        });
        assert_eq!(told, url.is_none(), "{rule}");
        let said = sim.message_texts().join("\n");
        assert!(
            !said.contains(CANARY) && !said.contains("CAN"),
            "{rule}: {said}"
        );
        assert!(!sim.trace.contains(CANARY), "{rule}");
    }
}

//= R-MACRO-20 type=test
#[test]
fn an_assignment_may_put_the_password_into_secret_parameters_only() {
    let mut sim = phone("").booted();
    log_in(&mut sim);
    let rule = "(GPP_A = \"$MPWD\" ; GPP_B = \"x\" ; GPP_SA = \"$MPWD\")! http://h/x";
    sim.set("Profile_Rule", rule);
    sim.run_for(3600);
    assert_eq!(
        (sim.value("GPP_A"), sim.value("GPP_B")),
        (String::new(), "x".to_owned())
    );
    assert!(!sim.trace.contains(CANARY));
}
