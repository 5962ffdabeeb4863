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
    assert!(twice.stderr.contains("1of3: report 2"), "{twice:?}");
    // Of another seed, or another program, is another storm.
    let other = place("other");
    storm(&["--shard", "2/3", "--seed", "2", "--out", &other]);
    let newer = place("newer");
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let changed = std::fs::read_to_string(&two).unwrap();
    std::fs::write(&newer, changed.replace(&version, "\"version\": \"99.0.0\"")).unwrap();
    let damaged = place("damaged");
    std::fs::write(&damaged, &changed[..changed.len() / 2]).unwrap();
    for (file, says) in [
        (&other, "seed differs"),
        (&newer, "version of the program differs"),
        (&damaged, "is no report of a storm or a fleet"),
    ] {
        let refused = run(&["merge", &one, file]);
        assert_eq!(refused.status, 2);
        assert!(refused.stderr.contains(says), "{refused:?}");
        assert!(refused.stderr.contains(file.as_str()), "{refused:?}");
    }
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
        (
            &["storm", "--set", "Profile_Rule=( $MA eq "],
            "Profile_Rule: no phone can use this",
        ),
        (&["storm", "--set", "Profile_Rule=( $MA eq "], "  | ^"),
        (
            &["storm", "--set", "Resync_Periodc=60"],
            "did you mean `Resync_Periodic`?",
        ),
        (
            &["storm", "--set", "latency_ms=x"],
            "latency_ms: `x` is no such number",
        ),
        (
            &["storm", "--compare", "a:Profile_Rule=(", "--compare", "b:"],
            "Profile_Rule of a: no phone can use this",
        ),
        (
            &["storm", "--compare", "a:No_Such=1"],
            "a: params.No_Such: no phone",
        ),
        (&["storm", "--compare", "a"], "write NAME:KEY=VALUE"),
        (
            &["storm", "--compare", "a:", "--shard", "1/2"],
            "cannot be used with",
        ),
        (&["storm", "--find-capacity"], "--threshold"),
        (&["storm", "--cell", "0"], "--cell"),
        (
            &["storm", "--threshold", "late-p99<5s"],
            "`late-p99` is none of pN, max, mean, sync-pN",
        ),
        (
            &["storm", "--params", "/no/such.xml"],
            "cannot read /no/such.xml",
        ),
        (
            &["storm", "--shard", "env:NO_SUCH_INDEX/2"],
            "no environment variable NO_SUCH_INDEX",
        ),
        (
            &["storm", "--out", "/no/such/storm.json"],
            "cannot write /no/such/storm.json",
        ),
    ] {
        let ended = run(args);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains(says), "{ended:?}");
    }
}

#[test]
fn settings_are_compared_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("compared.html").display().to_string();
    let args = [
        "storm",
        "--phones",
        "600",
        "--set",
        "capacity=10",
        "--set",
        "Resync_Periodic=50000",
        "--compare",
        "short:Resync_Random_Delay=2",
        "--compare",
        "long:Resync_Random_Delay=600",
        "--compare",
        "long:Resync_Error_Retry_Delay=900",
    ];
    let more = ["--html", &page, "--threshold", "failures<=0"];
    let ended = run(&[&args[..], &more].concat());
    assert_eq!(ended.status, 1, "{ended:?}");
    let lines: Vec<&str> = ended.text().lines().collect();
    assert_eq!(lines[0], "600 phones, 1 days, seed 1, the same for each");
    let names: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(names, ["short", "long"]);
    let judged = lines.iter().find(|line| line.starts_with("failures<=0"));
    let judged = judged.unwrap();
    assert!(
        judged.contains("FAILED (") && judged.contains("holds (0)"),
        "{judged}"
    );
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("<th scope=col>short<th scope=col>long"));
    let document = run(&[&args[..], &["--json"]].concat());
    assert_eq!(document.status, 0);
    let document = document.document("storm-compare");
    assert_eq!(document["runs"][0]["name"], "short");
    assert_eq!(
        document["runs"][1]["changes"]["Resync_Error_Retry_Delay"],
        "900"
    );
    let waiting = |run: usize| -> u64 {
        let waiting = document["runs"][run]["report"]["seconds"]["waiting"].as_array();
        waiting
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap())
            .max()
            .unwrap()
    };
    assert!(waiting(0) > 300, "{}", waiting(0));
    assert!(waiting(1) < 30, "{}", waiting(1));
}

#[test]
fn a_capacity_is_found_that_holds_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("capacity.html").display().to_string();
    let args = [
        "storm",
        "--phones",
        "300",
        "--set",
        "Resync_Periodic=0",
        "--find-capacity",
        "--threshold",
        "p99<500ms",
    ];
    let ended = run(&[&args[..], &["--html", &page]].concat());
    assert_eq!(ended.status, 0, "{ended:?}");
    let text = ended.text();
    assert!(
        text.contains(" answers a second are enough for p99<500ms; "),
        "{text}"
    );
    assert!(text.contains("more capacity was never worse"), "{text}");
    assert!(
        std::fs::read_to_string(&page)
            .unwrap()
            .contains("What was tried")
    );
    let document = run(&[&args[..], &["--json"]].concat()).document("storm-capacity");
    let (least, little) = (&document["least"], &document["too_little"]);
    assert!(
        least.as_f64().unwrap() < little.as_f64().unwrap() * 1.021,
        "{document}"
    );
    let groups = run(&[&args[..], &["--cell", "100", "--json"]].concat());
    let told = groups.document("storm-capacity")["assumptions"].to_string();
    assert!(told.contains("3 groups of phones"), "{told}");
    assert!(!document["assumptions"].to_string().contains("groups"));
    let none = [&args[..6], &["--threshold", "p50<1ms", "--json"]].concat();
    let none = run(&none);
    assert_eq!(none.status, 1, "there is none");
    assert_eq!(
        none.document("storm-capacity")["least"],
        serde_json::Value::Null
    );
}

#[test]
fn phones_start_with_the_page_of_a_real_one() {
    let folder = tempfile::tempdir().unwrap();
    let cfg = folder.path().join("cfg.xml");
    let xml = "<?xml version=\"1.0\"?>\n<flat-profile>\n<Profile_Rule ua=\"na\">/$MA.xml</Profile_Rule>\n\
        <Resync_Periodic ua=\"na\">40000</Resync_Periodic>\n<Future_Thing ua=\"na\">1</Future_Thing>\n\
        <GPP_SA ua=\"na\">t0ps3cr3t</GPP_SA>\n</flat-profile>\n";
    std::fs::write(&cfg, xml).unwrap();
    let cfg = cfg.to_str().unwrap();
    let args = [
        "storm",
        "--phones",
        "10",
        "--params",
        cfg,
        "--dhcp",
        "66=192.0.2.1",
    ];
    let ended = run(&args);
    assert_eq!(ended.status, 0, "{ended:?}");
    // At 0, 40,000 and 80,000 s.
    assert!(
        ended.text().contains("30 resyncs, 30 requests; 10 phones"),
        "{ended:?}"
    );
    for told in ["cfg.xml:5:1: Future_Thing", "warning[unknown]", "1 warning"] {
        assert!(ended.stderr.contains(told), "{told} {ended:?}");
    }
    let changed = run(&[&args[..], &["--set", "Resync_Periodic=0", "--json"]].concat());
    let document = changed.document("storm");
    assert_eq!(document["totals"]["requests"], 10);
    assert_eq!(document["scenario"]["params"]["GPP_SA"], "***");
    assert_eq!(document["scenario"]["params"]["Profile_Rule"], "/$MA.xml");
    std::fs::write(cfg, "<flat-profile>").unwrap();
    let broken = run(&args);
    assert_eq!(broken.status, 2);
    assert!(
        broken.stderr.contains("--params: a phone could not read"),
        "{broken:?}"
    );
}

#[test]
fn thresholds_decide_the_exit_status() {
    let args = ["storm", "--phones", "50", "--set", "Resync_Periodic=50000"];
    let good = run(&[
        &args[..],
        &["--threshold", "sync-max<5s", "--threshold", "p99<51ms"],
    ]
    .concat());
    assert_eq!(good.status, 0, "{good:?}");
    assert!(good.text().contains("sync-max<5s: holds ("), "{good:?}");
    let bad = run(&[&args[..], &["--threshold", "sync-p50<1ms", "--json"]].concat());
    assert_eq!(bad.status, 1);
    assert!(
        bad.stderr.contains("sync-p50<1ms does not hold: "),
        "{bad:?}"
    );
    bad.document("storm");
}

#[test]
fn a_disk_that_is_full_takes_nothing_else_away() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("storm.html").display().to_string();
    let args = ["storm", "--phones", "50", "--set", "Resync_Periodic=50000"];
    let full = run(&[&args[..], &["--out", "/dev/full", "--html", &page]].concat());
    assert_eq!(full.status, 2, "{full:?}");
    assert!(full.text().starts_with("50 phones, "), "{full:?}");
    assert!(
        full.stderr
            .contains("cannot write /dev/full: No space left on device"),
        "{full:?}"
    );
    assert!(std::fs::read_to_string(&page).unwrap().contains("<svg "));
    let both = run(&[&args[..], &["--out", "/dev/full", "--html", "/dev/full"]].concat());
    assert_eq!(both.stderr.matches("No space left").count(), 2, "{both:?}");
    let html = run(&[&args[..], &["--html", "/dev/full", "--out", &page]].concat());
    assert_eq!(html.status, 2);
    schema::checked(&std::fs::read_to_string(&page).unwrap(), "storm");
}
