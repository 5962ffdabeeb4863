//! What a service manager is told (sd_notify).

use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use onhook_tests::{Agent, DEADLINE, Reply, signal};

use crate::{Bench, FILE, event};

/// A service manager that only listens.
pub(crate) struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    /// Every further command of the agent finds it in its environment.
    pub(crate) fn of(agent: &mut Agent) -> Self {
        let path = agent.place("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        agent.set_variable("NOTIFY_SOCKET", path.to_str().unwrap());
        Self { socket }
    }

    /// The lines of the next message.
    #[track_caller]
    pub(crate) fn next(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap();
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits for a message with this line; gives all lines up to it.
    #[track_caller]
    pub(crate) fn told(&self, wanted: &str) -> Vec<String> {
        let end = Instant::now() + DEADLINE;
        let mut lines = Vec::new();
        while !lines.iter().any(|line| line == wanted) {
            assert!(Instant::now() < end, "{wanted} is not among {lines:?}");
            lines.extend(self.next());
        }
        lines
    }

    /// What has come and was not taken yet.
    fn rest(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).unwrap();
        let mut buffer = [0; 4096];
        let mut rest = Vec::new();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            rest.extend(
                String::from_utf8_lossy(&buffer[..length])
                    .lines()
                    .map(str::to_owned),
            );
        }
        rest
    }
}

#[test]
fn readiness_comes_when_the_phone_can_be_asked_and_the_end_is_announced() {
    let mut bench = Bench::new();
    bench.serve(&[("GPP_A", "x")]);
    let manager = Manager::of(&mut bench.agent);
    let mut running = bench.run();
    assert_eq!(manager.next(), ["READY=1"]);
    bench.status();
    event(&mut running, "resync.report");
    manager.told("STATUS=resync running");
    manager.told("STATUS=last resync: OK");
    signal("TERM", running.id()).unwrap();
    let ended = running.end().unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(manager.rest(), ["STOPPING=1"]);
    assert!(ended.err.contains("the agent ends"), "{ended:?}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_never_ready() {
    let mut bench = Bench::new();
    let manager = Manager::of(&mut bench.agent);
    bench.agent.configure("[syslog]\nsevrer = \"x\"\n").unwrap();
    let ended = bench.run().end().unwrap();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(manager.rest(), [""; 0]);
}

#[test]
fn the_watchdog_is_fed_also_while_a_server_is_silent() {
    let mut bench = Bench::new();
    bench.site.put(FILE, Reply::Silence);
    let manager = Manager::of(&mut bench.agent);
    bench.agent.set_variable("WATCHDOG_USEC", "100000");
    let running = bench.run();
    bench.site.await_asked(1).unwrap();
    for _ in 0..5 {
        manager.told("WATCHDOG=1");
    }
    assert_eq!(bench.site.asked().len(), 1);
    drop(running);
}

#[test]
fn a_watchdog_of_another_process_is_left_alone() {
    let mut bench = Bench::new();
    bench.serve(&[]);
    let manager = Manager::of(&mut bench.agent);
    bench.agent.set_variable("WATCHDOG_USEC", "1000");
    bench.agent.set_variable("WATCHDOG_PID", "1");
    let mut running = bench.run();
    event(&mut running, "resync.report");
    signal("TERM", running.id()).unwrap();
    let said = manager.told("STOPPING=1");
    assert!(
        !said.iter().any(|line| line.starts_with("WATCHDOG")),
        "{said:?}"
    );
}

#[test]
fn a_manager_that_has_gone_does_not_disturb_the_phone() {
    let mut bench = Bench::new();
    bench.serve(&[("GPP_A", "x")]);
    drop(Manager::of(&mut bench.agent));
    let mut running = bench.run();
    event(&mut running, "resync.report");
    assert_eq!(bench.get("GPP_A"), "x");
}
