//! The program that configures an interface by a lease.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::machine::Lease;
use crate::packet::{Options, code};

/// How long the program may take.
const LONGEST: Duration = Duration::from_secs(10);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Where the program finds others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that is called as udhcpc calls its script: with one word, and the lease in its environment.
#[derive(Clone, Debug)]
pub struct Hook {
    program: PathBuf,
    interface: String,
}

/// What the program is called for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// The lease has another address than before, or is the first.
    Bound,
    /// The lease was renewed.
    Renew,
    /// There is no lease any more.
    Deconfig,
}

impl Reason {
    const fn word(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Renew => "renew",
            Self::Deconfig => "deconfig",
        }
    }
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    until: Instant,
}

impl Hook {
    /// A program for an interface.
    #[must_use]
    pub const fn new(program: PathBuf, interface: String) -> Self {
        Self { program, interface }
    }

    /// Starts the program; `None` if it cannot be started, which is told.
    pub(crate) fn start(&self, reason: Reason, lease: Option<&Lease>) -> Option<Running> {
        let mut command = Command::new(&self.program);
        command
            .arg(reason.word())
            // The agent's own may hold passwords.
            .env_clear()
            .env("PATH", PATH)
            .env("interface", &self.interface)
            .envs(variables(lease))
            // What the agent prints may be read by a program.
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        match command.spawn() {
            Ok(child) => Some(Running {
                child,
                until: Instant::now() + LONGEST,
            }),
            Err(error) => {
                let program = self.program.display();
                tracing::error!(
                    "the interface is not configured: {program} cannot be started ({error})"
                );
                None
            }
        }
    }
}

impl Running {
    /// Waits for the end of the program, and ends one that takes too long.
    pub(crate) async fn end(&mut self) {
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < self.until => sleep(LOOK).await,
                Ok(None) => {
                    tracing::error!(
                        "the program that configures the interface did not end and is killed"
                    );
                    // It may have ended just now.
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    return;
                }
                Ok(Some(status)) if status.success() => return,
                Ok(Some(status)) => {
                    tracing::error!("the program that configures the interface failed: {status}");
                    return;
                }
                Err(error) => {
                    tracing::error!("the program that configures the interface is lost: {error}");
                    return;
                }
            }
        }
    }
}

/// The lease as udhcpc spells it.
fn variables(lease: Option<&Lease>) -> Vec<(&'static str, String)> {
    let Some(lease) = lease else {
        return Vec::new();
    };
    let addresses = |code| addresses(&lease.all, code);
    let mut variables = vec![
        ("ip", lease.address.as_ref().map(IpAddr::to_string)),
        ("subnet", addresses(code::MASK)),
        ("mask", prefix(&lease.all).map(|bits| bits.to_string())),
        ("router", addresses(code::ROUTER)),
        ("dns", addresses(code::DNS)),
        (
            "domain",
            lease.all.get(&code::DOMAIN).and_then(|name| domain(name)),
        ),
        ("serverid", addresses(code::SERVER)),
        ("lease", seconds(&lease.all)),
    ];
    let mut out = Vec::new();
    for (name, value) in variables.drain(..) {
        out.extend(value.map(|value| (name, value)));
    }
    out
}

fn addresses(options: &Options, code: u8) -> Option<String> {
    let (addresses, _) = options.get(&code)?.as_chunks::<4>();
    let addresses = addresses
        .iter()
        .map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}"));
    Some(addresses.collect::<Vec<_>>().join(" "))
}

fn prefix(options: &Options) -> Option<u32> {
    let mask = options.get(&code::MASK)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*mask).leading_ones())
}

fn seconds(options: &Options) -> Option<String> {
    let seconds = options.get(&code::LEASE)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*seconds).to_string())
}

/// A domain as a script may use it without quotes: a server could write anything else into it.
fn domain(name: &[u8]) -> Option<String> {
    let end = name.iter().rposition(|byte| *byte != 0)? + 1;
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.bytes().all(plain).then(|| name.to_owned())
}
