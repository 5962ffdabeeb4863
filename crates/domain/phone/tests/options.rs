//! Options of a rule that take a register.
#![cfg(test)]

use onhook_testkit::sim::{Served, Sim};

/// A phone that boots without random delay.
fn phone(script: impl FnMut(&str, u64) -> Served + 'static) -> Sim {
    Sim::new(script).with("Resync_Random_Delay", "0")
}

//= R-POST-1 type=test
//= R-ASSIGN-3 type=test
//= R-MACRO-4 type=test
// V-097
#[test]
fn a_body_is_expanded_once_with_its_request_and_after_the_assignments() {
    let mut sim = phone(|_, _| Served::empty())
        .with("GPP_A", "$SCHEME $SERV:$PORT$PATH $B $C $SA $MA $PRVST")
        .with("GPP_B", "old")
        .with("GPP_C", "$MA")
        .with("GPP_SA", "secret")
        .with("Profile_Rule", "(b = \"new $B\")! [--post a] http://h/x?$B")
        .booted();
    assert_eq!(
        sim.last_body.as_deref(),
        Some("http h:80/x?old new old $MA $SA 000e08012345 0")
    );
    assert_eq!(sim.requests.len(), 1);
    sim.set("Profile_Rule", "http://h/y");
    sim.resync();
    sim.run_for(0);
    assert_eq!((sim.requests.len(), sim.last_body), (2, None));
}

//= R-POST-1 type=test
#[test]
fn an_empty_register_posts_an_empty_body() {
    let sim = phone(|_, _| Served::empty())
        .with("Profile_Rule", "[--post p] http://h/x")
        .booted();
    assert_eq!(sim.last_body.as_deref(), Some(""));
}

//= R-ALIAS-1 type=test
//= R-ALI-1 type=test
//= R-ALI-6 type=test
#[test]
fn an_alias_map_goes_with_the_request_as_it_is_written() {
    let map = "/a/b = /flat-profile/GPP_B; $MA";
    let sim = phone(|_, _| Served::empty())
        .with("GPP_C", map)
        .with("Profile_Rule", "[--alias c --key k --post d] http://h/x")
        .booted();
    assert_eq!(sim.last_aliases.as_deref(), Some(map));
    assert_eq!(sim.last_key.as_deref(), Some("k"));
    assert_eq!(sim.last_body.as_deref(), Some(""));
    let sim = phone(|_, _| Served::empty())
        .with("Profile_Rule", "[--alias c] http://h/x")
        .booted();
    assert_eq!((sim.requests.len(), sim.last_aliases), (1, None));
}
