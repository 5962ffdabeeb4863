//! Tests of thresholds.

use proptest::prelude::*;

use onhook_figures::{Threshold, ThresholdError};

use crate::Report;
use crate::report::tests::report;

fn read(text: &str) -> Result<Threshold, ThresholdError> {
    Threshold::read::<Report>(text)
}

fn judge(text: &str, report: &Report) -> (bool, String) {
    read(text).unwrap().judge(report)
}

#[test]
fn each_measure_is_judged_by_its_limit() {
    let mut told = report(1, &[(0, 10_000), (0, 20_000), (1, 30_000), (2, 40_000)]);
    told.totals.unfinished = 1;
    for (text, holds) in [
        ("p50<=21ms", true),
        ("p50<20ms", false),
        ("p99.9 < 0.05s", true),
        ("max>39000us", true),
        ("mean<26ms", true),
        ("late-p99<1ms", true),
        ("failures<=1", true),
        ("failures<1", false),
        ("failures<=25%", true),
        ("failures<25%", false),
        ("unfinished<=0", false),
        ("unfinished<=20%", true),
        ("max<0.001m", true),
        ("max<0.00001h", false),
        ("rate>=0.4", true),
        ("rate>0.4", false),
    ] {
        assert_eq!(judge(text, &told).0, holds, "{text}");
    }
    assert_eq!(judge("failures<25%", &told).1, "25.00 %");
    assert!(Threshold::no_failures().judge(&report(1, &[(0, 1)])).0);
    assert!(!Threshold::no_failures().judge(&told).0);
}

#[test]
fn without_a_resync_nothing_is_good() {
    let nothing = report(1, &[]);
    for text in ["p99<1s", "failures<=100%", "late-p50<1s", "mean<1s"] {
        assert_eq!(judge(text, &nothing), (false, "no resync ended".to_owned()));
    }
    assert!(judge("unfinished<=0", &nothing).0);
    assert!(!judge("rate>0", &nothing).0);
}

#[test]
fn what_is_no_threshold_says_why() {
    for (text, says) in [
        ("", "neither < nor >"),
        ("p99=5ms", "neither < nor >"),
        ("q99<5ms", "`q99` is none of"),
        ("p101<5ms", "`p101` is none of"),
        ("p-1<5ms", "is none of"),
        ("pinf<5ms", "is none of"),
        ("p99<5", "write us, ms, s, m or h"),
        ("sync-p99<5s", "`sync-p99` is none of"),
        ("p99<ms", "does not begin with a number"),
        ("p99<1e3ms", "does not begin with a number"),
        ("failures<1ms", "neither a number"),
        ("rate>5%", "no number of resyncs a second"),
        ("p99<<5ms", "does not begin with a number"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}|p[0-9.]{0,6}[<>]=?[0-9.]{0,6}(us|ms|s|%)?") {
        if let Ok(threshold) = read(&text) {
            prop_assert_eq!(threshold.to_string(), text);
        }
    }
}
