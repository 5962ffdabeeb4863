//! Who may read what the phone leaves on the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use onhook_tests::signal;

use crate::{Bench, event};

#[test]
fn nobody_else_may_read_anything_whatever_the_umask() {
    let mut bench = Bench::new();
    fs::remove_dir_all(bench.agent.state()).unwrap();
    bench.serve(&[("GPP_A", "x")]);
    let under = ["sh", "-c", "umask 000; exec \"$0\" \"$@\""];
    bench.agent.run_under(under.map(Into::into).to_vec());
    bench.set("Resync_Random_Delay", "0");
    let events = bench.agent.place("events");
    let path = events.to_str().unwrap().to_owned();
    let running = bench.agent.start(&["run", "--events", &path]).unwrap();
    onhook_tests::until("a report", || {
        let text = fs::read_to_string(&events).ok()?;
        text.contains("resync.report").then_some(())
    })
    .unwrap();
    let state = bench.agent.state();
    let found = bench.agent.stored().unwrap();
    let expected = ["clock", "control.sock", "lock", "params.bin", "state.bin"];
    assert_eq!(found.keys().collect::<Vec<_>>(), expected);
    assert!(found.values().all(|mode| *mode == 0o600), "{found:?}");
    for (path, mode) in [(&state, 0o700), (&events, 0o600)] {
        let found = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(found, mode, "{}: {found:o}", path.display());
    }
    signal("TERM", running.id()).unwrap();
    assert_eq!(running.end().unwrap().code, Some(0));
}

#[test]
fn a_state_directory_that_others_may_change_is_warned_of() {
    for (mode, warned) in [(0o700, false), (0o755, false), (0o775, true), (0o707, true)] {
        let bench = Bench::new();
        bench.serve(&[]);
        let state = bench.agent.state();
        fs::set_permissions(&state, fs::Permissions::from_mode(mode)).unwrap();
        let mut running = bench.run();
        event(&mut running, "resync.report");
        signal("TERM", running.id()).unwrap();
        let log = running.end().unwrap().err;
        let says = format!(
            "others may change {}: run chmod go-w on it",
            state.display()
        );
        assert_eq!(log.contains(&says), warned, "{mode:o}: {log}");
    }
}
