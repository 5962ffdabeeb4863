//! When the user is asked to set the profile account up.
#![cfg(test)]

use onhook_device::Outcome;
use onhook_phone::{Fact, Input, Notice};
use onhook_testkit::sim::{Served, Sim};

fn phone(rule: &str) -> Sim {
    Sim::new(|_, _| Served::Fails(Outcome::Auth))
        .with("Resync_Random_Delay", "0")
        .with("Resync_Error_Retry_Delay", "60")
        .with("Profile_Rule", rule)
}

fn asked(sim: &Sim) -> usize {
    let wanted = |notice: &&Notice| **notice == Notice::AccountWanted;
    sim.notices.iter().filter(wanted).count()
}

//= R-HTTP-8 type=test
// V-093
#[test]
fn the_first_resync_after_a_boot_asks_for_an_account_and_no_later_one() {
    let mut sim = phone("http://h/x").booted();
    assert_eq!(asked(&sim), 1);
    sim.run_for(300);
    assert!(sim.requests.len() > 2);
    assert_eq!(asked(&sim), 1);
    sim.power_cycle();
    sim.run_for(10);
    assert_eq!(asked(&sim), 2);
}

//= R-HTTP-8 type=test
#[test]
fn credentials_an_account_or_a_switch_keep_the_user_in_peace() {
    for rule in ["[--uid u --pwd p] http://h/x", "[--pwd p] http://h/x"] {
        let sim = phone(rule).booted();
        assert_eq!((sim.requests.len(), asked(&sim)), (1, 0), "{rule}");
    }
    let sim = phone("http://h/x")
        .with("Profile_Authentication_Type", "Disabled")
        .booted();
    assert_eq!((sim.requests.len(), asked(&sim)), (1, 0));
    let mut sim = phone("http://h/x")
        .with("Resync_Random_Delay", "5")
        .booted();
    sim.handle(Input::Fact(Fact::Account(true)));
    sim.run_for(10);
    assert_eq!((sim.requests.len(), asked(&sim)), (1, 0));
    let mut sim = Sim::new(|_, _| Served::Fails(Outcome::HttpStatus(403)))
        .with("Resync_Random_Delay", "0")
        .with("Profile_Rule", "http://h/x")
        .booted();
    sim.run_for(10);
    assert_eq!((sim.requests.len(), asked(&sim)), (1, 0));
}
