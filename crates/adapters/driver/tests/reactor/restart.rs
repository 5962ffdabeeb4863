//! Restarts that a profile wants.

use std::sync::Arc;
use std::time::Duration;

use onhook_device::Outcome;
use onhook_driver::Exit;
use onhook_phone::{Boot, Cause, Command, Input, LineUse, Origin, RebootReason};

use crate::diary::Seen;
use crate::transports::SlowState;
use crate::world::{Home, profile, resynced};

//= R-SM-20 type=test
#[tokio::test(start_paused = true)]
async fn a_changed_parameter_that_needs_it_restarts_the_phone_once() {
    let home = Home::new().serving("<Web_Server_Port>8080</Web_Server_Port>");
    let mut life = home.booted().await;
    assert_eq!(life.run_for(60).await, Exit::Restart);
    let report = life.report();
    assert!(report.reboot);
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!((report.flash_writes, report.state_writes), (1, 2));
    let record = home.record();
    assert_eq!(record.restarting, Some(RebootReason::Provisioning));
    assert!(record.provisioned);
    let restarts = life.diary.all();
    let restarts = restarts
        .iter()
        .filter(|(_, _, s)| matches!(s, Seen::Restart));
    assert_eq!(restarts.count(), 1);
    // The next life neither resyncs at boot nor restarts again.
    let mut life = home.booted().await;
    assert_eq!(life.run_for(3599).await, Exit::Shutdown);
    assert_eq!(home.record().restarting, None);
    assert_eq!(life.requests(), []);
    let status = life.status().await;
    assert_eq!(status.history, [("Provisioning", None)]);
    assert_eq!(life.run_for(10).await, Exit::Shutdown);
    let report = life.report();
    assert_eq!((report.cause, report.reboot), (Cause::Periodic, false));
}

#[tokio::test(start_paused = true)]
async fn the_report_of_a_restart_is_handed_out_before_the_life_ends() {
    let home = Home::new().serving("<GPP_A>1</GPP_A>");
    let mut life = home.booted().await;
    life.run_for(10).await;
    let body = profile("<Web_Server_Port>8080</Web_Server_Port>");
    home.fetch.answer("http://h:80/p", body.as_str());
    // Provisioned already, so no other write holds the report back.
    let report = resynced(life.say("resync").await);
    assert!(report.reboot);
    assert_eq!((report.flash_writes, report.state_writes), (1, 1));
    let exit = match life.ended {
        Some(exit) => exit,
        None => life.run_for(10).await,
    };
    assert_eq!(exit, Exit::Restart);
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_the_writes_of_its_phone() {
    let mut home = Home::new().serving("<Web_Server_Port>8080</Web_Server_Port>");
    home.state_port = Arc::new(SlowState {
        inner: home.state.clone(),
        takes: Duration::from_secs(5),
    });
    let mut life = home.life(1).await;
    // In the foreground the record has no reason, so the restart does not wait for one.
    life.reactor.boot(Boot::Foreground);
    let resync = Input::Command(Origin::Control, Command::Resync);
    life.reactor.queue(0, resync);
    assert_eq!(life.run_for(4).await, Exit::Shutdown);
    assert!(!home.record().provisioned);
    assert_eq!(life.run_for(60).await, Exit::Restart);
    assert!(home.record().provisioned);
    assert_eq!(home.record().restarting, None);
    let report = life.reactor.phones.last_report(0).unwrap();
    assert!(report.reboot, "the operator is told");
    assert_eq!(report.state_writes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_idle_lines() {
    let mut home = Home::new().serving("<Web_Server_Port>8080</Web_Server_Port>");
    home.state_port = Arc::new(SlowState {
        inner: home.state.clone(),
        takes: Duration::from_secs(5),
    });
    let mut life = home.booted().await;
    life.run_for(2).await;
    life.reactor.queue(0, Input::Line(1, LineUse::Busy));
    assert_eq!(life.run_for(600).await, Exit::Shutdown);
    life.reactor.queue(0, Input::Line(1, LineUse::Idle));
    assert_eq!(life.run_for(60).await, Exit::Restart);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_value_restarts_nothing() {
    let home = Home::new()
        .with("Web_Server_Port", "8080")
        .serving("<Web_Server_Port>8080</Web_Server_Port>");
    let mut life = home.booted().await;
    assert_eq!(life.run_for(4000).await, Exit::Shutdown);
    assert!(life.reports().iter().all(|report| !report.reboot));
}

#[tokio::test(start_paused = true)]
async fn a_power_cut_in_the_commit_leaves_the_old_profile_and_a_phone_that_boots() {
    use onhook_testkit::fake::Cut;

    let home = Home::new()
        .with("GPP_A", "old")
        .serving("<GPP_A>new</GPP_A>");
    home.config.power().cut_at_write(1, Cut::Before);
    home.booted().await.run_for(1).await;
    home.config.power().restore();
    assert_eq!(home.stored("GPP_A"), None);
    let mut life = home.booted().await;
    assert_eq!(life.value("GPP_A"), "old");
    life.run_for(1).await;
    assert_eq!(home.stored("GPP_A").as_deref(), Some("new"));
}
