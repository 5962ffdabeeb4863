//! The matrix: each peer with each of its cases.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use onhook_tests::network::Network;

use crate::arguments::Arguments;
use crate::case::{Case, Does, Pace};
use crate::document::{self, Part};
use crate::group::go_on;
use crate::peers::{self, Peer, Rights};
use crate::report::{Row, Verdict, Visit, counts, line, say};
use crate::stage::{Serving, Shelf, Stage};
use crate::tools::Tools;

/// Visits all peers that are asked for, two at a time, and tells what came of it.
///
/// # Errors
/// Nothing can be made to serve, or the run is interrupted.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shelf = Shelf::new()?;
    let wanted: Vec<&'static Peer> = peers::ALL
        .into_iter()
        .filter(|peer| arguments.wants(peer))
        .collect();
    let next = Mutex::new(wanted.iter().enumerate());
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let peer = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((at, peer)) = peer else {
                        return;
                    };
                    let visit = visit(peer, &shelf, arguments.pace);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((at, visit));
                }
            });
        }
    });
    go_on()?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let visits: Vec<Visit> = done.into_iter().map(|(_, visit)| visit).collect();
    let [passed, failed, skipped] = counts(&visits);
    say(&format!(
        "interop: {passed} passed, {failed} failed, {skipped} skipped"
    ));
    if let Some(file) = &arguments.document {
        document::write(file, Part::Servers, &crate::report::document(&visits))?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Does all cases of one peer, each told when it is done.
fn visit(peer: &'static Peer, shelf: &Shelf, pace: Pace) -> Visit {
    let Some(program) = Tools::find(peer.program) else {
        let why = Verdict::Skip(format!("{} is not installed", peer.program));
        return told(Visit::without(peer, String::new(), &why));
    };
    let version = Tools::version(&program, peer.version);
    let lacks = match peer.rights {
        Rights::Anyone => None,
        Rights::Root => (!nix::unistd::geteuid().is_root()).then_some("root"),
        Rights::Namespaces => {
            (!Network::is_possible()).then_some("network namespaces, and so root")
        }
    };
    if let Some(lacks) = lacks {
        let why = Verdict::Skip(format!("{} needs {lacks}", peer.program));
        return told(Visit::without(peer, version, &why));
    }
    let start = || start(peer, shelf, &program);
    let (stage, serving) = match start() {
        Ok(started) => started,
        Err(error) => {
            let why = Verdict::Fail(format!("it does not start: {error:#}"));
            return told(Visit::without(peer, version, &why));
        }
    };
    let mut visit = Visit {
        peer: peer.name,
        version,
        rows: Vec::new(),
    };
    for case in peer.cases.iter().copied().flatten() {
        let began = Instant::now();
        let verdict = if case.pace == Pace::Slow && pace == Pace::Quick {
            Verdict::Skip("slow".to_owned())
        } else if matches!(case.does, Does::Killed { .. }) {
            // A server of its own dies.
            judge(start().and_then(|(stage, serving)| case.run(&stage, &serving)))
        } else {
            judge(case.run(&stage, &serving))
        };
        if go_on().is_err() {
            break;
        }
        let row = row(case, verdict, began.elapsed());
        say(&line(&visit, &row));
        visit.rows.push(row);
    }
    visit
}

/// Starts a peer, anew if somebody else was quicker to take a port that was free.
fn start(peer: &Peer, shelf: &Shelf, program: &Path) -> anyhow::Result<(Stage, Serving)> {
    let start = || {
        let stage = Stage::new(shelf)?;
        let serving = (peer.start)(&stage, program)?;
        Ok((stage, serving))
    };
    let again = |_| {
        go_on()?;
        start()
    };
    start().or_else(again).or_else(again)
}

fn judge(result: anyhow::Result<()>) -> Verdict {
    match result {
        Ok(()) => Verdict::Pass,
        Err(error) => Verdict::Fail(format!("{error:#}")),
    }
}

fn row(case: &Case, verdict: Verdict, took: Duration) -> Row {
    Row {
        case: case.name,
        expected: case.expected(),
        verdict,
        took,
    }
}

/// Tells a visit that did not take place.
fn told(visit: Visit) -> Visit {
    for row in &visit.rows {
        say(&line(&visit, row));
    }
    visit
}
