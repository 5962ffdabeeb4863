//! Trials against a server that a test scripts, in virtual time.
#![cfg(test)]

use std::sync::Arc;

use onhook_device::{Identity, Secret, WallTime};
use onhook_driver::Fetchers;
use onhook_fetch::ErrorKind;
use onhook_params::port::StoredParam;
use onhook_params::{ParamId, Scope};
use onhook_testkit::fake::{FakeClock, FakeFetch, FetchAnswer};
use onhook_trial::{Ended, Setting, Start, Trial, TrialError, Verdict, run};
use zeroize::Zeroizing;

const PROFILE: &str = "<flat-profile><GPP_B>b</GPP_B><No_Such/></flat-profile>";
const URL: &str = "http://h:80/a.xml";

fn trial(rule: &str, start: Start) -> Trial {
    Trial {
        identity: Identity::default(),
        scope: Scope::default(),
        params: Vec::new(),
        rule: Zeroizing::new(rule.to_owned()),
        options: Vec::new(),
        start,
        began: None,
        seed: 1,
    }
}

fn param(name: &str, value: &str) -> StoredParam {
    StoredParam {
        id: ParamId::lookup(name, &Scope::default()).unwrap(),
        value: Some(Zeroizing::new(value.to_owned())),
        access: None,
        user_set: false,
    }
}

async fn play(trial: Trial, fetch: &Arc<FakeFetch>) -> Result<Ended, TrialError> {
    let fetchers = Fetchers {
        http: Some(fetch.clone()),
        https: Some(fetch.clone()),
        tftp: Some(fetch.clone()),
    };
    let clock = Arc::new(FakeClock::new());
    run(trial, fetchers, clock, std::future::pending()).await
}

fn asked(fetch: &FakeFetch) -> Vec<String> {
    fetch.asked().into_iter().map(|asked| asked.url).collect()
}

fn judge(ended: &Ended, key: Option<&str>) -> Verdict {
    let key = key.map(Secret::from);
    let setting = Setting {
        scope: &Scope::default(),
        key: key.as_ref(),
        trusts: false,
    };
    Verdict::of(&ended.report, ended.last.as_ref(), &setting)
}

//= R-SCHED-13 type=test
#[tokio::test(start_paused = true)]
async fn each_cause_asks_the_server_once_and_no_wait_is_waited_for() {
    for (start, prvst) in [
        (Start::Boot, "0"),
        (Start::Periodic, "1"),
        (Start::Retry, "2"),
        (Start::Explicit, "-1"),
    ] {
        let fetch = Arc::new(FakeFetch::new());
        let url = format!("http://h:80/{prvst}.xml");
        fetch.answer(&url, PROFILE);
        let ended = play(trial("http://h/$PRVST.xml", start), &fetch)
            .await
            .unwrap();
        assert_eq!(asked(&fetch), [url]);
        assert_eq!(ended.report.cause.prvst().to_string(), prvst);
        assert_eq!(ended.report.changes, [("GPP_B".to_owned(), "b".to_owned())]);
        assert_eq!(ended.last.unwrap().body.as_slice(), PROFILE.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn parameters_options_and_the_date_count() {
    let fetch = Arc::new(FakeFetch::new());
    fetch.answer("http://h:8080/site/8841-3PCC.xml", PROFILE);
    let ended = play(
        Trial {
            params: vec![param("GPP_A", "site"), param("Resync_At__HHmm_", "0300")],
            options: vec![(66, "http://h:8080".to_owned())],
            began: Some(WallTime {
                unix_s: 1_764_320_400,
                offset_s: 0,
            }),
            ..trial("/$A/$PSN.xml", Start::Explicit)
        },
        &fetch,
    )
    .await
    .unwrap();
    assert!(ended.report.outcome.is_success(), "{:?}", ended.report);
    // 2025-11-28T09:00 to the next night, 03:00 and a window of 10 minutes.
    let (kind, in_s) = ended.report.next[0];
    assert_eq!(kind.name(), "daily");
    assert!((18 * 3600..=18 * 3600 + 600).contains(&in_s), "{in_s}");
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_never_asks_says_why() {
    let fetch = Arc::new(FakeFetch::new());
    for (name, value, start, expected) in [
        ("Provision_Enable", "No", Start::Boot, "Provision_Enable"),
        ("Resync_On_Reset", "No", Start::Boot, "Resync_On_Reset"),
        ("Resync_Periodic", "0", Start::Periodic, "Resync_Periodic"),
    ] {
        let refused = play(
            Trial {
                params: vec![param(name, value)],
                ..trial(URL, start)
            },
            &fetch,
        );
        let error = refused.await.err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(asked(&fetch).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_asks_nobody_for_any_rule() {
    for start in [Start::Periodic, Start::Retry] {
        let fetch = Arc::new(FakeFetch::new());
        fetch.answer(URL, PROFILE);
        fetch.answer("http://h:80/b.xml", PROFILE);
        let two = Trial {
            params: vec![param("Profile_Rule_B", "http://h/b.xml")],
            ..trial(URL, start)
        };
        let ended = play(two, &fetch).await.unwrap();
        assert!(ended.report.outcome.is_success());
        assert_eq!(asked(&fetch), [URL, "http://h:80/b.xml"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_asked_for_comes_at_once() {
    let fetch = Arc::new(FakeFetch::new());
    fetch.answer(URL, FetchAnswer::Stalls(Vec::new()));
    let fetchers = Fetchers {
        http: Some(fetch),
        ..Fetchers::default()
    };
    let clock = Arc::new(FakeClock::new());
    let ended = run(
        trial(URL, Start::Boot),
        fetchers,
        clock,
        std::future::ready(()),
    )
    .await;
    assert_eq!(ended.err(), Some(TrialError::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn a_verdict_names_what_is_in_the_way() {
    for (answer, code) in [
        (PROFILE.into(), "good-with-advice"),
        (FetchAnswer::Fails(ErrorKind::NotFound), "not-found"),
        (FetchAnswer::Fails(ErrorKind::Connect), "connection-refused"),
        (FetchAnswer::Fails(ErrorKind::Dns), "dns"),
        (FetchAnswer::Fails(ErrorKind::Timeout), "timeout"),
        (FetchAnswer::Fails(ErrorKind::TftpTimeout), "tftp-timeout"),
        (FetchAnswer::Fails(ErrorKind::Auth), "authentication"),
        (
            FetchAnswer::Fails(ErrorKind::HttpStatus(503)),
            "http-status",
        ),
        (FetchAnswer::Fails(ErrorKind::Redirects), "redirects"),
        (FetchAnswer::EndsEarly(b"<flat".to_vec()), "cut-off"),
        ("".into(), "empty-file"),
        ("<html>".into(), "html-page"),
        ("<flat-profile>".into(), "not-a-profile"),
        ("\x1f\u{8b}".into(), "not-a-profile"),
        ("Salted__12345678".into(), "no-key"),
    ] {
        let fetch = Arc::new(FakeFetch::new());
        fetch.answer(URL, answer);
        let ended = play(trial("http://h/a.xml", Start::Boot), &fetch)
            .await
            .unwrap();
        let verdict = judge(&ended, None);
        assert_eq!(verdict.code, code, "{verdict:?}");
        assert_eq!(verdict.provisioned, code.starts_with("good"));
        assert!(!verdict.advice.is_empty());
    }
    for (rule, code) in [
        ("(", "bad-rule"),
        ("gopher://h/x", "bad-rule"),
        ("/x", "no-server"),
        ("(0 eq 1)? http://h/a.xml", "nothing-to-fetch"),
    ] {
        let fetch = Arc::new(FakeFetch::new());
        let ended = play(trial(rule, Start::Boot), &fetch).await.unwrap();
        let verdict = judge(&ended, None);
        assert_eq!(
            (verdict.code, verdict.provisioned),
            (code, false),
            "{verdict:?}"
        );
        assert!(asked(&fetch).is_empty(), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_file_is_told_with_the_name_that_was_asked_for() {
    let fetch = Arc::new(FakeFetch::new());
    let ended = play(trial("http://h/$MA.xml", Start::Boot), &fetch)
        .await
        .unwrap();
    let verdict = judge(&ended, None);
    assert_eq!(verdict.advice[0], "asked for: http://h:80/000e08012345.xml");
    let accepting = Trial {
        params: vec![param("Resync_Fails_On_FNF", "No")],
        ..trial("http://h/$MA.xml", Start::Boot)
    };
    let ended = play(accepting, &fetch).await.unwrap();
    let verdict = judge(&ended, None);
    assert_eq!(
        (verdict.code, verdict.provisioned),
        ("not-found-accepted", false)
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_rule_is_not_judged_by_the_key_of_the_first() {
    let fetch = Arc::new(FakeFetch::new());
    fetch.answer(URL, PROFILE);
    fetch.answer("http://h:80/b.xml", "<other/>");
    let two = Trial {
        params: vec![param("Profile_Rule_B", "http://h/b.xml")],
        ..trial("http://h/a.xml", Start::Boot)
    };
    let ended = play(two, &fetch).await.unwrap();
    assert_eq!(judge(&ended, Some("k")).code, "not-a-profile");
}
