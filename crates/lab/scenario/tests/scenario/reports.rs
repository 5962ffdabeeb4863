//! Reports are well-formed, and hold what they should.

use onhook_scenario::{Report, report};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::common::GIVEN;

/// Rows of every verdict, with texts that XML does not like.
fn mixed() -> Report {
    let text = format!(
        r#"
        [[scenario]]
        id = "good"
        title = "a < b & \"c\" \u0001"
        rules = ["R-SM-4"]
        step = [
          {{ do = "boot" }},
          {{ expect = "request" }},
          {{ do = "fault", fault = "status=503" }},
          {{ do = "resync" }},
          {{ do = "wait", for = "1h" }},
          {{ do = "power-cycle" }},
        ]
        [[scenario]]
        id = "bad"
        step = [{{ do = "boot" }}, {{ expect = "syslog", text = "<&>" }}]
        [[scenario]]
        id = "later"
        pending = "<SIP>"
        step = [{{ do = "boot" }}]
        [[scenario]]
        id = "touch"
        dut = ["external"]
        step = [{{ do = "boot" }}]
        [given]
        {}"#,
        GIVEN.replace("given.", "")
    );
    crate::common::report(&text).unwrap()
}

/// The names of all elements; the text has to be well-formed.
#[track_caller]
fn elements(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut names = Vec::new();
    let mut depth = 0_i32;
    loop {
        let event = reader.read_event().unwrap();
        if event == Event::Eof {
            break;
        }
        depth += i32::from(matches!(event, Event::Start(_)));
        depth -= i32::from(matches!(event, Event::End(_)));
        if let Event::Start(start) | Event::Empty(start) = event {
            for attribute in start.attributes() {
                attribute.unwrap();
            }
            names.push(start.name().as_ref().to_owned());
        }
    }
    assert_eq!(depth, 0);
    names
}

fn count(names: &[String], wanted: &str) -> usize {
    names.iter().filter(|name| *name == wanted).count()
}

#[test]
fn junit_is_well_formed_and_counts() {
    let text = report::junit(&mixed());
    let names = elements(&text);
    assert_eq!(count(&names, "testcase"), 4, "{text}");
    assert_eq!(count(&names, "failure"), 1);
    assert_eq!(count(&names, "skipped"), 2);
    let head = "<testsuite name=\"onhook\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"3600.000\">";
    assert!(text.contains(head), "{text}");
    assert!(!text.contains('\u{1}'), "{text}");
    assert!(text.contains("pending: &lt;SIP&gt;"), "{text}");
}

#[test]
fn the_page_is_well_formed_and_shows_requests_timers_and_restarts() {
    let mut rows = mixed();
    rows.rows[1].replay = Some("onhook-harness replay a&b".to_owned());
    let text = report::html(&rows);
    let page = text.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let names = elements(page);
    assert_eq!(count(&names, "details"), 4);
    assert_eq!(count(&names, "svg"), 2);
    for part in [
        "class=\"request\"",
        "class=\"timer\"",
        "class=\"power\"",
        "class=\"bad\"",
        "class=\"message\"",
        "GET http://prov.example/p.xml ($PRVST 0)",
        "a resync starts: the phone has started",
        "<code>onhook-harness replay a&amp;b</code>",
        "<details class=\"fail\" open=\"open\">",
        "1 passed, 1 failed, 1 skipped, 1 need a handset. Seed 1.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Nothing is fetched from anywhere.
    assert!(!page.contains("src=") && !page.contains("href="));
}

#[test]
fn the_terminal_is_told_everything_about_a_row_that_failed() {
    let rows = mixed();
    let text = report::row(&rows.rows[1], rows.seed);
    for part in [
        "fail          bad  [virtual]\n    t.toml:",
        "step 2, line ",
        "expect a syslog message `<&>`: nothing came until 0s; seen: the message",
        "failed  expect a syslog message `<&>`",
        "what the phone did, and why:",
        "seed: 1\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(
        report::ending(&rows),
        "1 passed, 1 failed, 1 skipped, 1 need a handset\n"
    );
}
