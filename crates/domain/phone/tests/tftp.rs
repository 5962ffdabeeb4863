//! What a phone tells of TFTP.
#![cfg(test)]

use onhook_device::Outcome;
use onhook_phone::{Notice, RuleFault, RuleSlot};
use onhook_testkit::sim::{Served, Sim};

fn phone(rule: &str, script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60")
        .with("Log_Request_Msg", "")
        .with("Log_Failure_Msg", "failed: $ERR")
        .with("Log_Success_Msg", "done: $ERR")
        .with("Profile_Rule", rule)
}

//= R-TFTP-19 type=test
#[test]
fn the_words_of_the_server_stand_in_err_until_the_next_request() {
    let mut answers = vec![
        Served::empty(),
        Served::Says(Outcome::Tftp(3), ""),
        Served::Says(Outcome::Tftp(2), "Access violation"),
    ];
    let mut sim = phone("h/x", move |_, _| answers.pop().unwrap_or(Served::empty())).booted();
    sim.run_for(200);
    assert_eq!(
        sim.message_texts(),
        [
            "failed: tftp error 2: Access violation",
            "failed: tftp error 3: ",
            "done: OK",
        ]
    );
    let texts = sim.shared.values.len();
    sim.shared.sweep();
    assert!(sim.shared.values.len() <= texts);
}

#[test]
fn words_of_a_file_that_is_accepted_as_missing_are_nowhere() {
    let sim = phone("h/x", |_, _| Served::Fails(Outcome::Fnf))
        .with("Resync_Fails_On_FNF", "No")
        .booted();
    assert_eq!(sim.message_texts(), ["done: file not found (accepted)"]);
}

//= R-TFTP-21 type=test
#[test]
fn credentials_are_left_out_with_a_word() {
    let unused = Notice::RuleFault(RuleSlot::A, RuleFault::CredentialsUnused);
    for (rule, told) in [
        ("[--uid u --pwd p] tftp://h/x", true),
        ("[--pwd p] h/x", true),
        ("[--key k] tftp://h/x", false),
        ("[--uid u --pwd p] http://h/x", false),
    ] {
        let sim = phone(rule, |_, _| Served::empty()).booted();
        assert_eq!(sim.requests.len(), 1, "{rule}");
        assert_eq!(sim.notices.contains(&unused), told, "{rule}");
        assert_eq!(sim.message_texts(), ["done: OK"], "{rule}");
    }
}

//= R-TFTP-21 type=test
#[test]
fn srv_over_tftp_fails_with_the_documented_words_before_any_request() {
    // V-072
    for rule in ["[--srv] tftp://h/x", "[--srv] h/x"] {
        let sim = phone(rule, |_, _| Served::empty()).booted();
        assert!(sim.requests.is_empty());
        assert_eq!(
            sim.message_texts(),
            ["failed: Error - TFTP Scheme not supported in SRV lookups"]
        );
    }
}
