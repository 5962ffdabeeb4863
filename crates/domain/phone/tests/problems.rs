//! Reports of problems (transports.md section 11).

use onhook_device::{Family, MonoTime, Now, Outcome, WallTime};
use onhook_fetch::Method;
use onhook_params::Scope;
use onhook_phone::problem::ProblemForm;
use onhook_phone::{Content, LineUse, Notice, Origin, ReportNotice, RuleFault, Why};
use onhook_testkit::sim::{Served, Sim};

const URL: &str = "http://h:80/prt";

/// A phone that resyncs once at boot, and whose server takes everything.
fn phone() -> Sim {
    serving(Served::empty)
}

fn serving(report: fn() -> Served) -> Sim {
    Sim::new(move |url, _| match url.contains("/prt") {
        true => report(),
        false => Served::empty(),
    })
    .with("Profile_Rule", "http://h/p")
    .with("Resync_Random_Delay", "0")
    .with("Resync_Periodic", "0")
    .with("Report_To_Server", "On Local Change")
    .with("PRT_Upload_Rule", "http://h/prt")
}

fn sent(sim: &Sim) -> Vec<(u64, &str, Content)> {
    let reports = sim.reports.iter();
    reports
        .map(|sent| (sent.second, &*sent.url, sent.content))
        .collect()
}

fn told(sim: &Sim) -> Vec<ReportNotice> {
    let mut told = Vec::new();
    for notice in &sim.notices {
        if let Notice::ProblemReport(notice) = notice {
            told.push(*notice);
        }
    }
    told
}

/// Asks for a report, lets it end, and gives the messages of that time.
fn ask(sim: &mut Sim) -> Vec<String> {
    sim.run_for(60);
    let before = sim.messages.len();
    sim.ask_problem_report(Origin::Control);
    sim.run_for(60);
    let said = sim.messages.iter().skip(before);
    said.map(|(_, text)| text.clone()).collect()
}

/// What accompanies a report at half past nine.
fn form_of(sim: &Sim) -> ProblemForm {
    let wall = WallTime {
        unix_s: 1_795_944_607,
        offset_s: 3600,
    };
    let now = Now {
        mono: MonoTime::from_secs(5),
        wall: Some(wall),
    };
    ProblemForm::of(&sim.phone, &sim.shared, now)
}

//= R-PRT-1 type=test
//= R-PRT-3 type=test
//= R-SIP-16 type=test
#[test]
fn v_146_whoever_asks_gets_one_report_of_a_problem() {
    for origin in [Origin::Sip, Origin::Control] {
        let mut sim = phone().booted();
        sim.run_for(60);
        assert_eq!(sent(&sim), []);
        let start = sim.second();
        sim.ask_problem_report(origin);
        sim.run_for(100_000);
        assert_eq!(sent(&sim), [(start, URL, Content::Problem)]);
        let told = told(&sim);
        assert!(
            matches!(
                told[..],
                [
                    ReportNotice::Started(Why::Asked),
                    ReportNotice::Sending(Content::Problem, _),
                    ReportNotice::Done(Outcome::Applied),
                ]
            ),
            "{told:?}"
        );
    }
}

//= R-PRT-3 type=test
#[test]
fn a_report_that_fails_is_told_and_not_sent_again() {
    let mut sim = serving(|| Served::Fails(Outcome::HttpStatus(500))).booted();
    let said = ask(&mut sim);
    sim.run_for(100_000);
    assert_eq!(sent(&sim).len(), 1);
    let failed = ReportNotice::Done(Outcome::HttpStatus(500));
    assert_eq!(told(&sim).last(), Some(&failed));
    assert_eq!(said.len(), 2, "request and failure: {said:?}");
    assert!(said[0].contains("problem report"), "{said:?}");
    assert!(said[1].contains("500"), "{said:?}");
}

//= R-PRT-3 type=test
#[test]
fn without_a_usable_place_a_report_fails_where_people_see_it() {
    for rule in ["", "  ", "( \"$PN\" eq \"none\" )? http://h/prt"] {
        let mut sim = phone().with("PRT_Upload_Rule", rule).booted();
        let said = ask(&mut sim);
        assert_eq!(told(&sim), [ReportNotice::Nothing], "{rule:?}");
        assert_eq!(said.len(), 1, "{rule:?}: {said:?}");
        assert_eq!(sent(&sim), [], "{rule:?}");
    }
    for rule in [
        "ftp://h/prt",
        "http://h:99999/prt",
        "http://h/prt http://h/prt2",
        "[--delta] http://h/prt",
        "[--status] http://h/prt",
        "[--key k] http://h/prt",
        "[--post a] http://h/prt",
    ] {
        let mut sim = phone().with("PRT_Upload_Rule", rule).booted();
        let said = ask(&mut sim);
        let told = told(&sim);
        assert!(
            matches!(
                told[..],
                [
                    ReportNotice::Started(Why::Asked),
                    ReportNotice::Fault(_),
                    ReportNotice::Done(_)
                ]
            ),
            "{rule:?}: {told:?}"
        );
        assert!(!told.contains(&ReportNotice::Done(Outcome::Applied)));
        assert_eq!(said.len(), 1, "{rule:?}: {said:?}");
        assert_eq!(sent(&sim), [], "{rule:?}");
    }
    let mut sim = phone().with("PRT_Upload_Rule", "[--key k] http://h/prt");
    sim = sim.booted();
    sim.ask_problem_report(Origin::Control);
    assert!(told(&sim).contains(&ReportNotice::Fault(RuleFault::Unsupported("--key"))));
}

//= R-PRT-3 type=test
#[test]
fn a_phone_that_has_not_booted_reports_no_problem() {
    let mut sim = phone();
    sim.ask_problem_report(Origin::Control);
    assert_eq!(told(&sim), [ReportNotice::NotBooted]);
}

//= R-PRT-1 type=test
#[test]
fn the_timer_sends_reports_by_itself() {
    for (timer, expected) in [
        ("", &[][..]),
        ("0", &[]),
        ("1", &[900, 1800, 2700]),
        ("20", &[1200, 2400]),
        ("1440", &[]),
    ] {
        let mut sim = phone().with("PRT_Max_Timer", timer).booted();
        sim.run_for(3000);
        let seconds: Vec<u64> = sent(&sim).iter().map(|(second, ..)| *second).collect();
        assert_eq!(seconds, expected, "{timer:?}");
        let started = told(&sim).into_iter().next();
        assert!(matches!(
            started,
            None | Some(ReportNotice::Started(Why::Period))
        ));
    }
}

//= R-PRT-1 type=test
#[test]
fn the_timer_counts_from_when_it_was_set() {
    let mut sim = phone().booted();
    sim.run_for(100);
    let start = sim.second();
    sim.set_by(Origin::Control, "PRT_Max_Timer", "15");
    sim.run_for(1000);
    assert_eq!(sent(&sim), [(start + 900, URL, Content::Problem)]);
    sim.set_by(Origin::Control, "PRT_Max_Timer", "0");
    sim.run_for(100_000);
    assert_eq!(sent(&sim).len(), 1);
}

#[test]
fn one_transfer_at_a_time_and_calls_do_not_matter() {
    let mut sim = phone().with("Report_Rule", "http://h/report").booted();
    sim.run_for(10);
    sim.fetch_s = 30;
    sim.resync();
    sim.ask_problem_report(Origin::Control);
    assert_eq!(sent(&sim), [], "the resync comes first");
    sim.run_for(40);
    assert_eq!(sent(&sim).len(), 1);
    sim.run_for(40);
    sim.line(1, LineUse::Busy);
    sim.ask_problem_report(Origin::Control);
    assert_eq!(sent(&sim).len(), 2);
    sim.ask_report(Origin::Control);
    assert_eq!(sent(&sim).len(), 2, "a report waits for the other");
    sim.run_for(100);
    let kinds: Vec<Content> = sent(&sim).iter().map(|(.., content)| *content).collect();
    assert_eq!(kinds, [Content::Problem, Content::Problem, Content::Full]);
}

//= R-PRT-2 type=test
//= R-PRT-1 type=test
#[test]
fn v_228_a_report_says_whose_it_is() {
    let sim = phone()
        .with("User_ID_1_", "4711")
        .with("PRT_HTTP_Header", "X-Key")
        .with("PRT_HTTP_Header_Value", "k")
        .booted();
    let form = form_of(&sim);
    assert!(form.device_name.starts_with("SEP"), "{form:?}");
    assert_eq!(form.device_name.len(), 15);
    assert_eq!((&*form.user, form.method), ("4711", Method::Post));
    assert_eq!(form.file, "probrep-20261129-103007.tar.gz");
    let sim = phone()
        .with("User_ID_1_", "4711")
        .with("Station_Display_Name", "Reception")
        .with("PRT_Upload_Method", "PUT")
        .with("PRT_Name", "prt-$MA-$GPP_SA/x")
        .with("GPP_SA", "canary")
        .booted();
    let form = form_of(&sim);
    assert_eq!((&*form.user, form.method), ("Reception", Method::Put));
    assert!(form.file.starts_with("prt-") && form.file.ends_with("_x.tar.gz"));
    assert!(!format!("{form:?}").contains("canary"), "{form:?}");
}

//= R-PRT-1 type=test
#[test]
fn the_older_dialect_has_no_reports_of_problems() {
    let scope = Scope {
        family: Family::Spa,
        ..Scope::default()
    };
    let mut sim = Sim::of(scope, 1, |_, _| Served::empty()).booted();
    sim.ask_problem_report(Origin::Control);
    assert_eq!(told(&sim), [ReportNotice::Nothing]);
}
