//! Reports of the configuration (transports.md section 11, rules.md 7).

use onhook_device::{Family, Outcome};
use onhook_params::Scope;
use onhook_phone::{Command, Content, Input, LineUse, Notice, Origin, ReportNotice, Why};
use onhook_testkit::sim::{Served, Sim};

const REPORT: &str = "http://h:80/report";

/// A phone that resyncs once at boot, and whose server takes everything.
fn phone() -> Sim {
    serving(Served::empty)
}

fn serving(report: fn() -> Served) -> Sim {
    Sim::new(move |url, _| match url.contains("report") {
        true => report(),
        false => Served::empty(),
    })
    .with("Profile_Rule", "http://h/p")
    .with("Resync_Random_Delay", "0")
    .with("Resync_Periodic", "0")
}

/// A phone that has booted with this rule, and reports what changes at it.
fn watching(rule: &str) -> Sim {
    phone()
        .with("Report_Rule", rule)
        .with("Report_To_Server", "On Local Change")
        .booted()
}

fn sent(sim: &Sim) -> Vec<(u64, &str)> {
    let reports = sim.reports.iter();
    reports.map(|sent| (sent.second, &*sent.url)).collect()
}

fn told(sim: &Sim) -> Vec<ReportNotice> {
    let mut told = Vec::new();
    for notice in &sim.notices {
        if let Notice::Report(notice) = notice {
            told.push(*notice);
        }
    }
    told
}

fn changed(sim: &Sim, n: usize) -> Vec<&str> {
    let sent = sim.reports.iter().skip(n).take(1);
    sent.flat_map(|sent| &sent.changed)
        .map(String::as_str)
        .collect()
}

//= R-RPT-4 type=test
//= R-RPT-5 type=test
//= R-REPORT-5 type=test
#[test]
fn on_request_a_report_follows_the_restart_and_every_request() {
    let mut sim = phone().with("Report_Rule", "http://h/report").booted();
    sim.run_for(60);
    assert_eq!(sent(&sim).len(), 1, "after the resync of the boot");
    assert_eq!(sim.reports[0].content, Content::Full);
    assert!(told(&sim).contains(&ReportNotice::Started(Why::Restarted)));
    for origin in [Origin::Sip, Origin::Control] {
        sim.ask_report(origin);
        sim.run_for(10);
    }
    assert_eq!(sent(&sim).len(), 3);
    sim.run_for(100_000);
    assert_eq!(sent(&sim).len(), 3, "nothing comes by itself");
}

//= R-RPT-5 type=test
#[test]
fn the_report_of_a_restart_comes_after_the_resync() {
    let mut sim = phone()
        .with("Resync_Random_Delay", "600")
        .with("Report_Rule", "http://h/report")
        .booted();
    sim.run_for(1000);
    let at = |what: &str| sim.trace.find(what);
    let (done, report) = (at("ResyncDone"), at(" Report("));
    assert!(done.is_some() && done < report, "{}", sim.trace);
}

//= R-RPT-5 type=test
//= R-REPORT-6 type=test
#[test]
fn v_143_a_failed_report_is_not_sent_again() {
    let mut sim = serving(|| Served::Fails(Outcome::HttpStatus(500)))
        .with("Report_Rule", "http://h/report")
        .with("Report_To_Server", "On Local Change")
        .booted();
    sim.run_for(10);
    assert!(sim.reports.is_empty());
    sim.ask_report(Origin::Sip);
    sim.run_for(100_000);
    assert_eq!(sent(&sim).len(), 1);
    let done = told(&sim).last().copied();
    assert_eq!(done, Some(ReportNotice::Done(Outcome::HttpStatus(500))));
}

//= R-RPT-4 type=test
#[test]
fn v_216_a_period_is_brought_into_its_range() {
    let mut sim = phone()
        .with("Report_Rule", "http://h/report")
        .with("Report_To_Server", "Periodically")
        .with("Periodic_Upload_To_Server", "600")
        .booted();
    sim.run_for(1900);
    let seconds: Vec<u64> = sent(&sim).iter().map(|(second, _)| *second).collect();
    assert_eq!(seconds, [600, 1200, 1800]);
}

//= R-RPT-8 type=test
#[test]
fn v_217_local_changes_are_reported_once_after_the_delay() {
    let mut sim = phone()
        .with("Report_Rule", "[--delta] http://h/report")
        .with("Report_To_Server", "On Local Change")
        .with("Upload_Delay_On_Local_Change", "60")
        .booted();
    sim.run_for(100);
    let start = sim.second();
    sim.set_by(Origin::Screen, "GPP_A", "one");
    sim.run_for(30);
    sim.set_by(Origin::Screen, "GPP_B", "two");
    sim.run_for(1000);
    assert_eq!(sent(&sim), [(start + 60, REPORT)]);
    assert_eq!(changed(&sim, 0), ["GPP_A", "GPP_B"]);
}

//= R-RPT-8 type=test
#[test]
fn what_a_resync_changes_is_no_local_change() {
    let mut sim = Sim::new(|url, second| match url.contains("report") {
        true => Served::empty(),
        false => Served::one("GPP_A", &second.to_string()),
    })
    .with("Profile_Rule", "http://h/p")
    .with("Resync_Periodic", "300")
    .with("Report_Rule", "http://h/report")
    .with("Report_To_Server", "On Local Change")
    .booted();
    sim.run_for(5000);
    assert_eq!(sent(&sim), []);
}

//= R-RPT-3 type=test
//= R-REPORT-2 type=test
#[test]
fn v_215_a_delta_holds_what_changed_since_the_last_report() {
    let mut sim = phone()
        .with("Report_Rule", "[--delta] http://h/report")
        .booted();
    sim.run_for(60);
    let first = sim.reports.len();
    for name in ["GPP_A", "GPP_B", "GPP_C"] {
        sim.set_by(Origin::Control, name, "1");
    }
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!(sim.reports[first].content, Content::Delta);
    assert_eq!(changed(&sim, first), ["GPP_A", "GPP_B", "GPP_C"]);
    sim.set_by(Origin::Control, "GPP_D", "1");
    // Changed, and changed back.
    sim.set_by(Origin::Control, "GPP_A", "2");
    sim.set_by(Origin::Control, "GPP_A", "1");
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!(changed(&sim, first + 1), ["GPP_D"]);
}

//= R-RPT-3 type=test
#[test]
fn a_delta_that_failed_is_told_again() {
    let mut sim = serving(|| Served::Fails(Outcome::Timeout))
        .with("Report_Rule", "[--delta] http://h/report")
        .booted();
    sim.run_for(60);
    sim.set_by(Origin::Control, "GPP_A", "1");
    for _ in 0..2 {
        sim.ask_report(Origin::Sip);
        sim.run_for(60);
    }
    let n = sim.reports.len();
    assert_eq!([changed(&sim, n - 2), changed(&sim, n - 1)], [["GPP_A"]; 2]);
}

/// Whoever did not get it has to get it with the next one.
//= R-RPT-3 type=test
#[test]
fn the_base_moves_when_every_report_that_tells_the_configuration_has_arrived() {
    let lost = |url: &str, _| match url.contains("lost") {
        true => Served::Fails(Outcome::Timeout),
        false => Served::empty(),
    };
    for (rule, moves) in [
        ("[--delta] http://h/a [--delta] http://h/b", true),
        ("[--delta] http://h/a [--delta] http://h/lost", false),
        ("[--delta] http://h/lost [--delta] http://h/b", false),
        ("[--status] http://h/lost [--delta] http://h/b", true),
        ("[--status] http://h/a [--delta] http://h/lost", false),
    ] {
        let mut sim = Sim::new(lost)
            .with("Report_Rule", rule)
            .with("Report_To_Server", "Periodically")
            .booted();
        sim.run_for(60);
        sim.set_by(Origin::Control, "GPP_A", "1");
        for _ in 0..2 {
            sim.ask_report(Origin::Sip);
            sim.run_for(60);
        }
        let again = if moves { vec![] } else { vec!["GPP_A"] };
        assert_eq!((sim.reports.len(), changed(&sim, 3)), (4, again), "{rule}");
    }
}

//= R-RPT-3 type=test
#[test]
fn what_comes_with_the_rule_is_reported_with_it() {
    let mut sim = Sim::new(|url, _| match url.contains("report") {
        true => Served::empty(),
        false => Served::Profile(vec![
            ("GPP_A", "1".to_owned()),
            ("Report_Rule", "[--delta] http://h/report".to_owned()),
        ]),
    })
    .with("Profile_Rule", "http://h/p")
    .with("Resync_Random_Delay", "0")
    .booted();
    sim.run_for(60);
    assert_eq!(sim.reports.len(), 0, "the restart was before the rule");
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!(changed(&sim, 0), ["GPP_A", "Report_Rule"]);
}

//= R-RPT-4 type=test
#[test]
fn another_schedule_counts_from_its_change() {
    let mut sim = watching("http://h/report");
    sim.run_for(100);
    let start = sim.second();
    sim.set_by(Origin::Control, "Report_To_Server", "Periodically");
    sim.run_for(3700);
    assert_eq!(sent(&sim), [(start + 3600, REPORT)]);
    sim.set_by(Origin::Control, "Report_Rule", "");
    sim.run_for(10_000);
    assert_eq!(sent(&sim).len(), 1, "there is no rule any more");
}

//= R-REPORT-2 type=test
#[test]
fn in_the_older_dialect_a_delta_counts_from_the_last_resync() {
    let scope = Scope {
        family: Family::Spa,
        ..Scope::default()
    };
    let mut sim = Sim::of(scope, 1, |_, _| Served::empty())
        .with("Profile_Rule", "http://h/p")
        .with("Resync_Periodic", "0")
        .with("Report_Rule", "[--delta] http://h/report")
        .booted();
    sim.run_for(60);
    sim.set_by(Origin::Control, "GPP_A", "1");
    for _ in 0..2 {
        sim.ask_report(Origin::Sip);
        sim.run_for(60);
    }
    let n = sim.reports.len();
    assert_eq!([changed(&sim, n - 2), changed(&sim, n - 1)], [["GPP_A"]; 2]);
    sim.resync();
    sim.run_for(60);
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!((sim.reports.len(), changed(&sim, n)), (n + 1, vec![]));
}

//= R-RPT-1 type=test
//= R-REPORT-1 type=test
#[test]
fn v_218_two_reports_are_sent_in_order() {
    let rule = "[--status] http://h/report-a; http://h/report-b";
    let mut sim = watching(rule);
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    let sent: Vec<_> = sim.reports.iter().map(|r| (&*r.url, r.content)).collect();
    assert_eq!(
        sent,
        [
            ("http://h:80/report-a", Content::Status),
            ("http://h:80/report-b", Content::Full)
        ]
    );
}

//= R-REPORT-1 type=test
#[test]
fn conditions_and_macros_are_those_of_rules() {
    let rule = "( \"$A\" eq \"go\" )? http://h/report?$A http://h/report-$PN";
    let mut sim = watching(rule);
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!(sim.reports.len(), 1);
    sim.set_by(Origin::Screen, "GPP_A", "go");
    sim.ask_report(Origin::Sip);
    sim.run_for(30);
    assert_eq!(sim.reports[1].url, "http://h:80/report?go");
    assert_eq!(sim.reports.len(), 3);
}

#[test]
fn a_rule_that_is_wrong_or_empty_says_so() {
    let mut sim = phone().booted();
    sim.ask_report(Origin::Sip);
    assert_eq!(told(&sim), [ReportNotice::Nothing]);
    let mut sim = watching("[--delta --status] http://h/report");
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert!(sim.reports.is_empty());
    assert!(matches!(
        told(&sim)[..],
        [
            ReportNotice::Started(Why::Asked),
            ReportNotice::Fault(_),
            ReportNotice::Done(_)
        ]
    ));
}

//= R-RAD-1 type=test
//= R-DOM-1 type=test
#[test]
fn a_report_goes_to_no_server_that_is_not_allowed_and_the_other_is_sent() {
    let rule = "http://other/report http://h/report";
    let mut sim = phone()
        .with("Report_Rule", rule)
        .with("Report_To_Server", "On Local Change")
        .with("Restricted_Access_Domains", "h")
        .booted();
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    assert_eq!(sim.reports.len(), 1);
    assert_eq!(sim.reports[0].url, REPORT);
}

/// Section 18, invariant 1.
#[test]
fn a_report_and_a_resync_wait_for_each_other() {
    let mut sim = watching("http://h/report");
    sim.run_for(60);
    sim.fetch_s = 50;
    let start = sim.second();
    sim.resync();
    sim.ask_report(Origin::Sip);
    sim.run_for(10);
    assert_eq!(sent(&sim), []);
    sim.run_for(50);
    assert_eq!(sent(&sim), [(start + 50, REPORT)]);
    sim.resync();
    sim.run_for(10);
    let requests = sim.requests.len();
    sim.run_for(100);
    assert_eq!(sim.requests.len(), requests + 1, "after the report");
}

#[test]
fn busy_lines_do_not_keep_a_report() {
    let mut sim = watching("http://h/report");
    sim.run_for(60);
    sim.line(1, LineUse::Busy);
    sim.ask_report(Origin::Sip);
    sim.run_for(10);
    assert_eq!(sim.reports.len(), 1);
}

/// Its base, and the change itself, would be forgotten.
#[test]
fn a_restart_waits_for_the_report_of_a_local_change() {
    let mut sim = watching("[--delta] http://h/report");
    sim.run_for(60);
    let restarts = sim.restarts;
    sim.fetch_s = 20;
    sim.set_by(Origin::Page, "GPP_A", "one");
    sim.input(Input::Command(Origin::Page, Command::Restart));
    sim.run_for(10);
    assert_eq!((sim.reports.len(), sim.restarts), (1, restarts));
    assert_eq!(changed(&sim, 0), ["GPP_A"]);
    sim.run_for(20);
    assert_eq!(sim.restarts, restarts + 1);
}

/// Section 18: what wants a restart gets it, though there was nothing to send.
#[test]
fn a_restart_goes_on_when_the_rule_names_no_report() {
    for rule in ["( 1 eq 2 )? http://h/report", "( $A eq x"] {
        let mut sim = watching(rule);
        sim.run_for(60);
        let restarts = sim.restarts;
        sim.set_by(Origin::Page, "GPP_A", "one");
        sim.input(Input::Command(Origin::Page, Command::Restart));
        sim.run_for(1);
        assert_eq!(
            (sim.reports.len(), sim.restarts),
            (0, restarts + 1),
            "{rule}"
        );
    }
}

//= R-LOG-3 type=test
#[test]
fn messages_say_report() {
    let mut sim = watching("http://h/report");
    sim.run_for(60);
    let before = sim.messages.len();
    sim.ask_report(Origin::Sip);
    sim.run_for(60);
    let said = &sim.message_texts()[before..];
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|text| text.contains("report")), "{said:?}");
}
