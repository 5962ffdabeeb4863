//! `storm` and `merge`.

use crate::common::run;
use crate::schema;

const SCENARIO: &str = "
capacity = 100.0
failures = 0.05
outages = [{ from_s = 36000, to_s = 37800 }]
[params]
Profile_Rule = 'http://prov.example/$MA.xml'
Resync_Periodic = '36000+1000'
Resync_Error_Retry_Delay = '60,300'
";

#[test]
fn a_storm_is_the_sum_of_its_shards() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let scenario = place("storm.toml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let storm = |extra: &[&str]| {
        let mut args = vec![
            "storm",
            "--phones",
            "10050",
            "--days",
            "1",
            "--scenario",
            &scenario,
        ];
        args.extend(extra);
        let ended = run(&args);
        assert_eq!(ended.status, 0, "{ended:?}");
        ended
    };
    let whole = place("whole.json");
    let said = storm(&["--out", &whole]);
    assert!(
        said.text()
            .starts_with("10050 phones, 1 days, seed 1: cells 2 of 2\n"),
        "{said:?}"
    );
    for part in ["1/3", "2/3", "3/3"] {
        let out = place(&part.replace('/', "of"));
        let said = storm(&["--shard", part, "--out", &out]);
        assert!(said.text().contains("a part of the storm"), "{said:?}");
    }
    let (one, two, three) = (place("1of3"), place("2of3"), place("3of3"));
    let merged = run(&["merge", &three, &one, &two, "--out", "-"]);
    let content = std::fs::read_to_string(&whole).unwrap();
    assert_eq!(merged.text(), content);
    let document = schema::checked(&content, "storm");
    assert_eq!(document["totals"]["phones"], 10_050);
    assert_ne!(
        document["totals"]["ended"]["C.connect"], 0,
        "the outage shows"
    );
    let twice = run(&["merge", &one, &one]);
    assert_eq!(twice.status, 2);
    assert!(
        twice
            .stderr
            .contains("has cell 0, which one before it has too"),
        "{twice:?}"
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("storm.toml").display().to_string();
    for (text, says) in [
        ("capacity = 'many'", "TOML parse error at line 1, column 12"),
        (
            "[params]\nNo_Such = '1'",
            "params.No_Such: no phone of this kind",
        ),
        ("failures = 2.0", "failures is 2: write a part from 0 to 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        let ended = run(&["storm", "--phones", "1", "--scenario", &file]);
        assert_eq!(ended.status, 2);
        assert!(
            ended.stderr.contains(says) && ended.stderr.contains("storm.toml"),
            "{ended:?}"
        );
    }
    for (args, says) in [
        (
            &["storm", "--shard", "3/2"][..],
            "write I/N with I from 1 to N",
        ),
        (&["storm", "--days", "0"], "0 is not in 1..=3660"),
        (&["merge", "/no/such.json"], "cannot read /no/such.json"),
        (&["merge", &file], "is no report of a storm"),
    ] {
        let ended = run(args);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains(says), "{ended:?}");
    }
}
