//! Profiles that hurt the phone that takes them: it does what is documented, and never more.

use onhook_phone::Notice;
use onhook_testkit::sim::{Served, Sim};

const DAY: u64 = 86_400;

fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script)
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/p")
}

//= R-SCHED-14 type=test
#[test]
fn a_profile_that_disables_provisioning_is_the_last_one() {
    let mut sim = phone(|_, _| Served::one("Provision_Enable", "No")).booted();
    assert_eq!(sim.value("Provision_Enable"), "No");
    sim.run_for(30 * DAY);
    sim.resync();
    sim.resync_with("http://h/other");
    sim.power_cycle();
    sim.run_for(30 * DAY);
    assert_eq!((sim.requests.len(), sim.commits, sim.restarts), (1, 1, 0));
    // Only somebody at the phone can undo it.
    sim.set("Provision_Enable", "Yes");
    sim.resync();
    assert_eq!(sim.requests.len(), 2);
}

//= R-RULE-7 type=test
#[test]
fn a_profile_with_a_wrong_rule_leaves_a_phone_that_retries_and_can_be_told_better() {
    for (rule, asked) in [
        ("[--key http://h/p", false),
        ("( $PRVST ge 0 http://h/p", false),
        ("http://wrong/p", true),
    ] {
        let mut sim = phone(move |url, _| match url {
            "http://h:80/p" => Served::one("Profile_Rule", rule),
            "http://wrong:80/p" => Served::Fails(onhook_device::Outcome::Fnf),
            _ => Served::one("Profile_Rule", "http://h/good"),
        })
        .with("Resync_Periodic", "3600")
        .with("Resync_Error_Retry_Delay", "60,600")
        .booted();
        assert_eq!(
            (sim.value("Profile_Rule"), sim.commits),
            (rule.to_owned(), 1)
        );
        sim.run_for(3600 + 60 + 600);
        let failures = sim
            .message_texts()
            .iter()
            .filter(|text| text.contains("failed"))
            .count();
        assert_eq!(failures, 3, "{rule}: {:?}", sim.messages);
        assert_eq!(sim.requests.len(), if asked { 4 } else { 1 }, "{rule}");
        assert_eq!(
            (sim.commits, sim.restarts),
            (1, 0),
            "a failed rule changes nothing"
        );
        sim.resync_with("http://h/repair");
        assert_eq!(sim.value("Profile_Rule"), "http://h/good", "{rule}");
    }
}

//= R-SM-20 type=test
//= R-RBT-2 type=test
#[test]
fn a_value_that_needs_a_restart_restarts_once_for_each_time_it_really_changes() {
    // Always the same value: one restart for ever.
    let mut sim = phone(|_, _| Served::one("Web_Server_Port", "8080"))
        .with("Resync_Periodic", "3600")
        .booted();
    for _ in 0..5 {
        sim.power_cycle();
        sim.run_for(3600);
    }
    assert_eq!((sim.restarts, sim.commits), (1, 1));
    // Another value each time: one restart for each resync, and the boot after it does not resync.
    let mut port = 8000;
    let mut sim = phone(move |_, _| {
        port += 1;
        Served::one("Web_Server_Port", &port.to_string())
    })
    .with("Resync_Periodic", "3600")
    .booted();
    for hours in 1..=5 {
        sim.power_cycle();
        assert_eq!(
            (sim.requests.len(), sim.restarts),
            (hours, u32::try_from(hours).unwrap())
        );
        sim.run_for(3600);
    }
}

//= R-SM-28 type=test
#[test]
fn a_profile_that_restarts_the_phone_again_and_again_does_so_three_times() {
    let loops = |notices: &[Notice]| {
        let is_loop = |notice: &&Notice| matches!(notice, Notice::RestartLoop);
        notices.iter().filter(is_loop).count()
    };
    // Two rules that set one parameter to different values: every resync wants a restart.
    let flipping = |period: &str| {
        phone(|url, _| match url {
            "http://h:80/p" => Served::one("Web_Server_Port", "8081"),
            _ => Served::one("Web_Server_Port", "8082"),
        })
        .with("Profile_Rule_B", "http://h/q")
        .with("Resync_Periodic", period)
    };
    let mut sim = flipping("290").booted();
    for restarts in 1..=3 {
        assert_eq!((sim.restarts, loops(&sim.notices)), (restarts, 0));
        sim.power_cycle();
        sim.run_for(290);
    }
    for resyncs in 1..=3 {
        assert_eq!((sim.restarts, loops(&sim.notices)), (3, resyncs));
        assert_eq!(sim.value("Web_Server_Port"), "8082", "it is applied");
        sim.run_for(290);
    }
    // Three restarts that are further apart are none of a loop.
    let mut sim = flipping("301").booted();
    for restarts in 1..=6 {
        assert_eq!((sim.restarts, loops(&sim.notices)), (restarts, 0));
        sim.power_cycle();
        sim.run_for(301);
    }
}

//= R-SM-28 type=test
#[test]
fn another_profile_and_another_restart_end_the_row() {
    let mut port = 8000;
    let mut sim = phone(move |_, _| {
        port += 1;
        Served::one("Web_Server_Port", &port.to_string())
    })
    .with("Resync_Periodic", "60")
    .booted();
    for restarts in 1..=6 {
        assert_eq!(sim.restarts, restarts, "each profile is another one");
        sim.power_cycle();
        sim.run_for(60);
    }
    let mut sim = phone(|url, _| match url {
        "http://h:80/p" => Served::one("Web_Server_Port", "8081"),
        _ => Served::one("Web_Server_Port", "8082"),
    })
    .with("Profile_Rule_B", "http://h/q")
    .with("Resync_Periodic", "60")
    .booted();
    sim.set("Resync_On_Reset", "No");
    for restarts in 1..=6 {
        assert_eq!(sim.restarts, restarts);
        sim.power_cycle();
        if restarts % 2 == 0 {
            // Somebody pulls the plug in between.
            sim.power_cycle();
        }
        sim.run_for(60);
    }
}
