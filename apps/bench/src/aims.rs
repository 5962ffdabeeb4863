//! What is aimed at, in one table, and whether a run has found it.

use serde::Serialize;
use serde_json::Value;

use crate::report::{Benchmark, Side};
use crate::{commit, engine, firmware, fleet, language, pipeline, stages, tftp, virtually, web};

/// One figure that is aimed at.
pub(crate) struct Aim {
    /// What it is of.
    what: &'static str,
    /// The benchmark that measures it.
    benchmark: &'static str,
    measure: Measure,
    wanted: Wanted,
}

/// How a figure comes out of the result of a benchmark.
#[derive(Clone, Copy)]
enum Measure {
    /// How many times as fast a side is as a peer, or as the fastest of all.
    Speed(&'static str, Option<&'static str>),
    /// The time of the processor that a side takes, for each second of a peer, or of the one that takes least.
    Processor(&'static str, Option<&'static str>),
    /// Units of work a second.
    Rate(&'static str),
    /// Seconds for a unit of work.
    Seconds(&'static str),
    /// A count.
    Count(&'static str),
    /// A count for each unit of another.
    CountFor(&'static str, &'static str),
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}
use Measure::{Count, CountFor, Processor, Rate, Seconds, Speed};
use Wanted::{AtLeast, AtMost};

const fn aim(what: &'static str, benchmark: &'static str, measure: Measure, wanted: Wanted) -> Aim {
    Aim {
        what,
        benchmark,
        measure,
        wanted,
    }
}

/// KiB in 2 GB.
const TWO_GB: f64 = 2e9 / 1024.0;

/// All of them, in the order of the catalog.
#[rustfmt::skip]
pub(crate) const AIMS: [Aim; 38] = [
    aim("a load of 64 MiB beside curl, sha256sum and sync: speed", firmware::NAME, Speed(firmware::OURS, None), AtLeast(1.0)),
    aim("memory of the agent meanwhile, KiB", firmware::NAME, Count("peak_kib"), AtMost(16e6 / 1024.0)),
    aim("a rule of four alternatives: seconds", language::RULE, Seconds(language::OURS), AtMost(3e-6)),
    aim("its allocations", language::RULE, Count("allocations"), AtMost(0.0)),
    aim("a condition: seconds", language::CONDITION, Seconds(language::OURS), AtMost(200e-9)),
    aim("its allocations", language::CONDITION, Count("allocations"), AtMost(0.0)),
    aim("inputs to the engine a second and core", engine::NAME, Rate(engine::OURS), AtLeast(2e6)),
    aim("a profile to a delta beside three processes: speed", pipeline::NAME, Speed(pipeline::INSIDE, Some("shell pipeline")), AtLeast(12.0)),
    aim("the same beside a C program: speed", pipeline::NAME, Speed(pipeline::INSIDE, Some("C program")), AtLeast(2.0)),
    aim("profiles a second and core", pipeline::NAME, Rate(pipeline::INSIDE), AtLeast(2000.0)),
    aim("peak heap for each byte of XML", pipeline::NAME, CountFor("peak_heap_bytes", "xml_bytes"), AtMost(2.0)),
    aim("XML of 5 MB beside libxml2: speed", stages::XML, Speed(stages::OURS, Some("libxml2 reader")), AtLeast(2.5)),
    aim("the same beside expat: speed", stages::XML, Speed(stages::OURS, Some("expat")), AtLeast(2.0)),
    aim("AES-256-CBC beside libcrypto: speed", stages::AES, Speed(stages::OURS, None), AtLeast(0.8)),
    aim("inflating beside zlib: speed", stages::INFLATE, Speed(stages::OURS, None), AtLeast(1.5)),
    aim("a commit of 1,000 parameters: bytes for each byte of the file", commit::ALL.name, CountFor("written/ours", "file_bytes"), AtMost(1.1)),
    aim("its flushes", commit::ALL.name, Count("syncs"), AtMost(2.0)),
    aim("TFTP, blocks of 512, beside the best peer: speed", tftp::BY_512.name, Speed(tftp::OURS, None), AtLeast(1.0)),
    aim("processor a block", tftp::BY_512.name, Processor(tftp::OURS, None), AtMost(1.0)),
    aim("TFTP, blocks of 1,428: speed", tftp::BY_1428.name, Speed(tftp::OURS, None), AtLeast(1.0)),
    aim("processor a block", tftp::BY_1428.name, Processor(tftp::OURS, None), AtMost(1.0)),
    aim("TFTP, windows of 16, beside atftp: speed", tftp::WINDOW_16.name, Speed(tftp::OURS, Some("atftp")), AtLeast(1.25)),
    aim("processor a block", tftp::WINDOW_16.name, Processor(tftp::OURS, Some("atftp")), AtMost(0.6)),
    aim("both ends ours: speed", tftp::WINDOW_16.name, Speed(tftp::PAIR, Some("atftp")), AtLeast(2.0)),
    aim("TFTP, windows of 64, beside atftp: speed", tftp::WINDOW_64.name, Speed(tftp::OURS, Some("atftp")), AtLeast(1.25)),
    aim("processor a block", tftp::WINDOW_64.name, Processor(tftp::OURS, Some("atftp")), AtMost(0.6)),
    aim("both ends ours: speed", tftp::WINDOW_64.name, Speed(tftp::PAIR, Some("atftp")), AtLeast(2.0)),
    aim("TFTP, 1 % lost, beside the best peer: speed", tftp::LOSS.name, Speed(tftp::OURS, None), AtLeast(1.0)),
    aim("HTTP, a connection for each file, beside wrk: speed", web::HTTP, Speed(web::OURS, None), AtLeast(0.5)),
    aim("full handshakes of TLS beside `openssl s_time`: speed", web::TLS, Speed(web::OURS, None), AtLeast(0.9)),
    aim("a fleet, one file for all: resyncs a second", fleet::SHARED.name, Rate(fleet::OURS), AtLeast(8000.0)),
    aim("a fleet, a file and a key each: resyncs a second", fleet::OWN.name, Rate(fleet::OURS), AtLeast(3500.0)),
    aim("1,000,000 phones for a day: seconds", virtually::DAY.name, Seconds(virtually::OURS), AtMost(40.0)),
    aim("its memory, KiB", virtually::DAY.name, Count("peak_kib"), AtMost(TWO_GB)),
    aim("1,000,000 phones for a week: seconds", virtually::WEEK.name, Seconds(virtually::OURS), AtMost(300.0)),
    aim("its memory, KiB", virtually::WEEK.name, Count("peak_kib"), AtMost(TWO_GB)),
    aim("200 phones that share a load: loads that the server sends", virtually::SUBNET, Count("loads"), AtMost(1.2)),
    aim("how many times sooner all have it", virtually::SUBNET, CountFor("alone_ms", "sharing_ms"), AtLeast(20.0)),
];

/// What a run says of an aim.
#[derive(Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    benchmark: &'static str,
    #[serde(flatten)]
    wanted: Wanted,
    /// `None` if it was not measured.
    found: Option<f64>,
    pub(crate) verdict: Verdict,
}

/// Whether an aim is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Met,
    NotMet,
    NotMeasured,
}

impl Verdict {
    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NotMeasured => "not measured",
        }
    }
}

impl Finding {
    /// What was wanted, in words.
    pub(crate) fn wanted(&self) -> String {
        match self.wanted {
            AtLeast(least) => format!("at least {}", figure(least)),
            AtMost(most) => format!("at most {}", figure(most)),
        }
    }

    /// What was found, in words.
    pub(crate) fn found(&self) -> String {
        self.found.map_or_else(|| "-".to_owned(), figure)
    }
}

/// What benchmarks say of all that is aimed at in them.
pub(crate) fn findings(benchmarks: &[Benchmark]) -> Vec<Finding> {
    let of = |benchmark: &Benchmark| {
        let aims = AIMS.iter().filter(|aim| aim.benchmark == benchmark.name);
        let findings = aims.map(|aim| aim.judge(benchmark));
        findings.collect::<Vec<_>>()
    };
    benchmarks.iter().flat_map(of).collect()
}

impl Aim {
    fn judge(&self, benchmark: &Benchmark) -> Finding {
        let found = self.measure.of(benchmark).filter(|found| found.is_finite());
        let verdict = match (found, self.wanted) {
            (None, _) => Verdict::NotMeasured,
            (Some(found), AtLeast(least)) if found >= least => Verdict::Met,
            (Some(found), AtMost(most)) if found <= most => Verdict::Met,
            (Some(_), _) => Verdict::NotMet,
        };
        Finding {
            what: self.what,
            benchmark: self.benchmark,
            wanted: self.wanted,
            found,
            verdict,
        }
    }
}

impl Measure {
    fn of(self, benchmark: &Benchmark) -> Option<f64> {
        let side = |name: &str| benchmark.sides.iter().find(|side| side.name == name);
        let count = |path: &str| {
            let mut value = &benchmark.counts;
            for name in path.split('/') {
                value = value.get(name)?;
            }
            Value::as_f64(value)
        };
        match self {
            Speed(ours, peer) => {
                let ours = side(ours)?;
                let theirs = best(benchmark, ours, peer, |peer| Some(peer.timing()?.median_s))?;
                Some(theirs / ours.timing.median_s)
            }
            Processor(ours, peer) => {
                let ours = side(ours)?;
                let theirs = best(benchmark, ours, peer, |peer| Some(peer.cpu()?.median_s))?;
                Some(ours.cpu.as_ref()?.median_s / theirs)
            }
            Rate(ours) => Some(1.0 / side(ours)?.timing.median_s),
            Seconds(ours) => Some(side(ours)?.timing.median_s),
            Count(path) => count(path),
            CountFor(of, each) => Some(count(of)? / count(each)?),
        }
    }
}

/// The least that a peer took, or one of them, of those that are compared with a side.
fn best(
    benchmark: &Benchmark,
    ours: &Side,
    name: Option<&str>,
    taken: impl Fn(&crate::report::Peer) -> Option<f64>,
) -> Option<f64> {
    let peers = benchmark.peers.iter();
    let peers = peers.filter(|peer| peer.against == ours.name);
    let peers = peers.filter(|peer| name.is_none_or(|name| peer.name == name));
    peers.filter_map(taken).min_by(f64::total_cmp)
}

/// Four figures of a number.
pub(crate) fn figure(number: f64) -> String {
    let size = number.abs();
    match number {
        _ if size == 0.0 => "0".to_owned(),
        _ if size < 1e-6 => format!("{:.3}e-9", number * 1e9),
        _ if size < 1e-3 => format!("{:.3}e-6", number * 1e6),
        _ if size < 1.0 => format!("{number:.3}"),
        _ if size < 100.0 => format!("{number:.2}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ENTRIES;
    use crate::measure::Timing;
    use crate::report::Peer;
    use serde_json::json;

    fn timing(seconds: f64) -> Timing {
        Timing::of(vec![seconds])
    }

    fn benchmark() -> Benchmark {
        let ours = timing(2.0);
        let peer = |name, seconds, cpu| {
            let peer = Peer::new(name, "", "ours", &ours, Ok(timing(seconds)));
            peer.with_cpu(Some(timing(cpu)))
        };
        let absent = Peer::new("absent", "", "ours", &ours, Err("no".to_owned()));
        let other = Peer::new("fast", "", "elsewhere", &ours, Ok(timing(0.1)));
        Benchmark {
            name: "b",
            about: "",
            counts: json!({ "heap": 30, "written": { "ours": 15 } }),
            line: String::new(),
            peers: vec![
                peer("slow", 9.0, 1.0),
                peer("quick", 3.0, 4.0),
                absent,
                other,
            ],
            sides: vec![Side {
                name: "ours",
                about: "",
                timing: ours.clone(),
                cpu: Some(timing(0.5)),
            }],
        }
    }

    #[test]
    fn figures_come_from_sides_peers_and_counts() {
        for (measure, found) in [
            (Speed("ours", None), Some(1.5)),
            (Speed("ours", Some("slow")), Some(4.5)),
            (Speed("ours", Some("absent")), None),
            (Speed("theirs", None), None),
            (Processor("ours", None), Some(0.5)),
            (Processor("ours", Some("quick")), Some(0.125)),
            (Rate("ours"), Some(0.5)),
            (Seconds("ours"), Some(2.0)),
            (Count("heap"), Some(30.0)),
            (Count("nothing"), None),
            (CountFor("heap", "written/ours"), Some(2.0)),
        ] {
            assert_eq!(measure.of(&benchmark()), found);
        }
    }

    #[test]
    fn an_aim_is_met_at_its_bound_and_not_beyond() {
        let verdict = |wanted| {
            aim("", "b", Seconds("ours"), wanted)
                .judge(&benchmark())
                .verdict
        };
        assert_eq!(verdict(AtLeast(2.0)), Verdict::Met);
        assert_eq!(verdict(AtLeast(2.01)), Verdict::NotMet);
        assert_eq!(verdict(AtMost(2.0)), Verdict::Met);
        assert_eq!(verdict(AtMost(1.99)), Verdict::NotMet);
        let unmeasured = aim("", "b", Seconds("theirs"), AtMost(9.0));
        assert_eq!(unmeasured.judge(&benchmark()).verdict, Verdict::NotMeasured);
    }

    #[test]
    fn each_aim_belongs_to_a_benchmark_and_stands_in_its_order() {
        let place = |name: &str| ENTRIES.iter().position(|entry| entry.name == name);
        let places: Vec<_> = AIMS
            .iter()
            .map(|aim| place(aim.benchmark).unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn numbers_have_four_figures() {
        for (number, words) in [
            (0.0, "0"),
            (1.64e-7, "164.000e-9"),
            (2.2e-6, "2.200e-6"),
            (0.54, "0.540"),
            (1.054, "1.05"),
            (8137.2, "8137"),
        ] {
            assert_eq!(figure(number), words);
        }
    }
}
