//! The least capacity of a server that bears a storm.

use onhook_figures::{Threshold, span};
use serde::Serialize;

use crate::report::VERSION;
use crate::storm::{Progress, Storm, StormError};
use crate::text::columns;
use crate::{Report, Scenario};

/// How near the capacity is that does not do: 2 %.
const NEAR: f64 = 1.02;
/// Most storms that are played for one search.
const TRIES: usize = 40;
/// Capacities beyond are those of no server, in answers a second.
const BOUNDS: (f64, f64) = (0.01, 1e9);

/// What a search came to.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Capacity {
    /// `onhook.storm-capacity/1`
    pub schema: &'static str,
    /// Of the program that simulated.
    pub version: &'static str,
    /// Phones of each storm.
    pub phones: u32,
    /// Virtual days.
    pub days: u32,
    /// Seed of all storms.
    pub seed: u64,
    /// What was simulated, without secrets; its capacity is another one each time.
    pub scenario: Scenario,
    /// What has to hold.
    pub thresholds: Vec<String>,
    /// What the answer holds under.
    pub assumptions: Vec<String>,
    /// Whether somebody ended it early.
    pub interrupted: bool,
    /// The least capacity found for which all holds, in answers a second; from there on all that were tried do. `None` if there is none.
    pub least: Option<f64>,
    /// The greatest capacity below it that was tried, and does not do.
    pub too_little: Option<f64>,
    /// Answers under way at once at the least capacity, each taking the latency of an idle server.
    pub at_once: Option<f64>,
    /// Whether more capacity was never worse among those tried.
    pub monotonic: bool,
    /// The storms that were played, by capacity; 0 stands for a server without bounds.
    pub tried: Vec<Tried>,
}

/// One storm of a search.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tried {
    /// Answers a second; 0 for a server without bounds.
    pub capacity: f64,
    /// Whether all thresholds hold.
    pub good: bool,
    /// What each threshold found.
    pub found: Vec<String>,
    /// Latencies in microseconds.
    pub p50_us: u64,
    /// The same for 99 of a hundred.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
    /// Most requests that waited for their turn.
    pub most_waiting: u64,
    /// Resyncs that failed.
    pub failed: u64,
}

impl Tried {
    fn of(capacity: f64, report: &Report, thresholds: &[Threshold]) -> Self {
        let judged: Vec<_> = thresholds.iter().map(|each| each.judge(report)).collect();
        Self {
            capacity,
            good: judged.iter().all(|(holds, _)| *holds),
            found: judged.into_iter().map(|(_, found)| found).collect(),
            p50_us: report.latency.percentile(50.0),
            p99_us: report.latency.percentile(99.0),
            max_us: report.latency.percentile(100.0),
            most_waiting: report.most_waiting().map_or(0, |(_, most)| most),
            failed: report.totals.ended().1,
        }
    }
}

/// The storms played so far.
struct Search<'s> {
    storm: &'s Storm,
    thresholds: &'s [Threshold],
    threads: usize,
    progress: &'s Progress,
    tried: Vec<Tried>,
}

/// Somebody does not want to wait, or a storm cannot be played.
enum End {
    Stopped,
    Failed(StormError),
}

impl Search<'_> {
    /// Whether a capacity does; each is played once.
    fn does(&mut self, capacity: f64) -> Result<bool, End> {
        let known = self.tried.iter().find(|tried| tried.capacity == capacity);
        if let Some(tried) = known {
            return Ok(tried.good);
        }
        if self.tried.len() >= TRIES {
            return Err(End::Stopped);
        }
        let storm = Storm {
            scenario: Scenario {
                capacity,
                ..self.storm.scenario.clone()
            },
            ..self.storm.clone()
        };
        let report = storm
            .run(None, self.threads, self.progress)
            .map_err(End::Failed)?;
        if report.interrupted {
            return Err(End::Stopped);
        }
        let tried = Tried::of(capacity, &report, self.thresholds);
        let good = tried.good;
        self.tried.push(tried);
        Ok(good)
    }

    /// Where to begin: what a server without bounds is asked for in its busiest second, or minute.
    fn demand(&mut self) -> Result<Option<f64>, End> {
        let unbounded = Storm {
            scenario: Scenario {
                capacity: 0.0,
                ..self.storm.scenario.clone()
            },
            ..self.storm.clone()
        };
        let report = unbounded
            .run(None, self.threads, self.progress)
            .map_err(End::Failed)?;
        if report.interrupted {
            return Err(End::Stopped);
        }
        let tried = Tried::of(0.0, &report, self.thresholds);
        let good = tried.good;
        self.tried.push(tried);
        let most = |series: &crate::Series| {
            let most = series.peak(&series.requests).map_or(0, |(_, most)| most);
            most as f64 / series.slot_s.max(1) as f64
        };
        let demand = most(&report.minutes).max(most(&report.seconds));
        Ok(good.then(|| rounded(demand.clamp(1.0, BOUNDS.1))))
    }

    /// Finds one capacity that does and one a little below that does not, and looks at some beyond both.
    fn search(&mut self) -> Result<(), End> {
        // What a server without bounds does not bear none bears.
        let Some(demand) = self.demand()? else {
            return Ok(());
        };
        let (mut enough, mut too_little) = (None, None);
        let mut at = demand;
        loop {
            match self.does(at)? {
                true => enough = Some(at),
                false => too_little = Some(at),
            }
            at = match (enough, too_little) {
                (Some(enough), Some(little)) if enough / little <= NEAR => break,
                (Some(enough), Some(little)) => {
                    let between = rounded((enough * little).sqrt());
                    match between > little && between < enough {
                        true => between,
                        false => break,
                    }
                }
                (Some(enough), None) => enough / 4.0,
                (None, _) => at * 2.0,
            };
            at = rounded(at);
            if !(BOUNDS.0..=BOUNDS.1).contains(&at) {
                break;
            }
        }
        for beyond in [1.5, 4.0] {
            if let Some(enough) = enough {
                self.does(rounded(enough * beyond))?;
            }
            if let Some(little) = too_little {
                self.does(rounded(little / beyond))?;
            }
        }
        Ok(())
    }
}

/// A capacity that people can read: four digits count.
fn rounded(capacity: f64) -> f64 {
    let unit = 10_f64.powf(capacity.log10().floor() - 3.0);
    let rounded = (capacity / unit).round() * unit;
    // What dividing and multiplying left behind the digits.
    (rounded * 1e6).round() / 1e6
}

impl Capacity {
    /// Plays the same storm to servers of several capacities. What has to hold are thresholds of a storm.
    ///
    /// # Errors
    /// The storm cannot be simulated.
    pub fn find(
        storm: &Storm,
        thresholds: &[Threshold],
        threads: usize,
        progress: &Progress,
    ) -> Result<Self, StormError> {
        let mut search = Search {
            storm,
            thresholds,
            threads,
            progress,
            tried: Vec::new(),
        };
        let interrupted = match search.search() {
            Ok(()) => false,
            Err(End::Stopped) => true,
            Err(End::Failed(error)) => return Err(error),
        };
        Ok(Self::of(storm, thresholds, search.tried, interrupted))
    }

    fn of(
        storm: &Storm,
        thresholds: &[Threshold],
        mut tried: Vec<Tried>,
        interrupted: bool,
    ) -> Self {
        // A server without bounds is the greatest.
        let order = |tried: &Tried| match tried.capacity > 0.0 {
            true => tried.capacity,
            false => f64::INFINITY,
        };
        tried.sort_by(|a, b| order(a).total_cmp(&order(b)));
        let bad = tried.iter().rposition(|tried| !tried.good);
        let from = bad.map_or(0, |place| place + 1);
        let first_good = tried.iter().position(|tried| tried.good);
        let bounded = |tried: &Tried| Some(tried.capacity).filter(|capacity| *capacity > 0.0);
        let least = tried.get(from).and_then(bounded);
        Self {
            schema: "onhook.storm-capacity/1",
            version: VERSION,
            phones: storm.phones,
            days: storm.days,
            seed: storm.seed,
            scenario: storm.scenario.shown(),
            thresholds: thresholds.iter().map(ToString::to_string).collect(),
            assumptions: assumptions(storm),
            interrupted,
            least,
            too_little: bad.and_then(|place| tried.get(place)).and_then(bounded),
            at_once: least.map(|least| {
                let at_once = least * f64::from(storm.scenario.latency_ms) / 1000.0;
                (at_once * 1000.0).round() / 1000.0
            }),
            monotonic: first_good.is_none_or(|first| first >= from),
            tried,
        }
    }

    /// The answer in one sentence.
    #[must_use]
    pub fn answer(&self) -> String {
        let wanted = self.thresholds.join(", ");
        match (self.least, self.too_little) {
            (None, _) if self.interrupted || self.tried.iter().any(|tried| tried.good) => {
                format!("no capacity was found for {wanted} before the search ended")
            }
            (None, _) => format!(
                "no capacity is enough for {wanted}: not even that of a server without bounds"
            ),
            (Some(least), Some(little)) => {
                format!("{least} answers a second are enough for {wanted}; {little} are not")
            }
            (Some(least), None) => {
                format!("{least} answers a second are enough for {wanted}; fewer were not tried")
            }
        }
    }

    /// Names above the columns, and the rows of a table.
    pub(crate) fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let mut head: Vec<String> = ["capacity", "p50", "p99", "max", "waiting", "failed"]
            .map(ToOwned::to_owned)
            .into();
        head.extend(self.thresholds.iter().cloned());
        head.push("enough".to_owned());
        let row = |tried: &Tried| {
            let capacity = match tried.capacity > 0.0 {
                true => tried.capacity.to_string(),
                false => "no bounds".to_owned(),
            };
            let mut row = vec![
                capacity,
                span(tried.p50_us),
                span(tried.p99_us),
                span(tried.max_us),
                tried.most_waiting.to_string(),
                tried.failed.to_string(),
            ];
            row.extend(tried.found.iter().cloned());
            row.push(if tried.good { "yes" } else { "no" }.to_owned());
            row
        };
        (head, self.tried.iter().map(row).collect())
    }

    /// The answer, what it holds under, and what was tried.
    #[must_use]
    pub fn text(&self) -> String {
        let (phones, days, seed) = (self.phones, self.days, self.seed);
        let mut out = format!(
            "{phones} phones, {days} days, seed {seed}\n{}\n",
            self.answer()
        );
        if let Some(at_once) = self.at_once {
            let latency = self.scenario.latency_ms;
            out += &format!("that is {at_once} answers under way at once, {latency} ms each\n");
        }
        out += match (self.interrupted, self.monotonic) {
            (true, _) => "interrupted: what follows is what was tried before\n",
            (false, true) => "more capacity was never worse among those tried\n",
            (false, false) => {
                "NOT MONOTONIC: a capacity that is enough has one above it that is not, so chance decides here; \
                 take the greater one, and look at other seeds\n"
            }
        };
        for assumption in &self.assumptions {
            out += &format!("assumed: {assumption}\n");
        }
        let (head, rows) = self.table();
        out + &columns(&head, &rows)
    }

    /// As JSON with a line end.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// What the model takes for granted, for this storm.
fn assumptions(storm: &Storm) -> Vec<String> {
    let (latency, timeout) = (storm.scenario.latency_ms, storm.scenario.timeout_ms);
    let mut all = vec![
        format!(
            "requests get their turn in the order in which they come, one every 1/capacity seconds, and their answer {latency} ms after it"
        ),
        format!(
            "a phone waits {timeout} ms; the server does no work for those who will have gone by their turn, which a real one may"
        ),
        format!("one draw of chance, seed {}", storm.seed),
    ];
    let cells = storm.phones.div_ceil(storm.cell.max(1));
    if cells > 1 {
        all.push(format!(
            "{cells} groups of phones have their even share of the server and queue there alone: a queue that a wave of requests makes is that of one server, \
             one that chance makes is up to {cells} times as long, so that the answer is on the safe side; --cell makes the groups larger"
        ));
    }
    all
}

#[cfg(test)]
mod tests;
