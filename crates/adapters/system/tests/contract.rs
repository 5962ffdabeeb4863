//! Time, chance, names and the control socket pass the contract suites, and the socket keeps strangers and garbage out.
#![cfg(test)]

#[path = "system/control.rs"]
mod control;
#[path = "system/line.rs"]
mod line;
#[path = "system/peer.rs"]
mod peer;
#[path = "system/time.rs"]
mod time;

use std::sync::Arc;

use async_trait::async_trait;
use onhook_phone::port::CommandSource;
use onhook_phone::{Ask, LineUse, Registration};
use onhook_schedule::port::Entropy;
use onhook_system::{ControlRequest, OsEntropy, SystemResolver, WireLineUse, WireRegistration};
use onhook_testkit::contract::{
    self, Asker, CommandSourceFixture, EntropyFixture, ResolverFixture,
};

use line::{Line, Place};

struct Knocking(Place);

#[async_trait]
impl CommandSourceFixture for Knocking {
    async fn open(&mut self) -> Box<dyn CommandSource> {
        Box::new(self.0.bind())
    }

    async fn asker(&mut self) -> Box<dyn Asker> {
        Box::new(self.0.line().await)
    }

    fn no_requests(&self) -> Vec<Vec<u8>> {
        let lines: [&[u8]; 15] = [
            b"",
            b"hello",
            b"{}",
            b"[]",
            b"{\"ask\":\"sing\"}",
            b"{\"ask\":\"Status\"}",
            b"{\"ask\":\"status\",\"loud\":true}",
            b"{\"ask\":\"set\",\"name\":\"GPP_A\"}",
            b"{\"ask\":\"resync\",\"rule\":5}",
            b"{\"ask\":\"status\"} {\"ask\":\"status\"}",
            b"{\"ask\":\"status\"",
            b"{\"ask\":\"line\",\"line\":256,\"use\":\"busy\"}",
            b"{\"ask\":\"line\",\"line\":1,\"use\":\"broken\"}",
            b"{\"ask\":\"external-address\",\"address\":\"192.0.2\"}",
            b"{\"ask\":\"set\",\"name\":\"GPP_A\",\"value\":\"\xff\"}",
        ];
        let deep = "[".repeat(60_000).into_bytes();
        lines
            .into_iter()
            .map(<[u8]>::to_vec)
            .chain([deep])
            .collect()
    }
}

/// The request that stands for a question on the wire.
fn wire(ask: Ask) -> ControlRequest {
    let text = |secret: onhook_device::Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
    match ask {
        Ask::Resync(rule) => ControlRequest::Resync {
            rule: rule.map(text),
            menu: false,
        },
        Ask::UpdateCa(rule) => ControlRequest::UpdateCa {
            url: rule.map(text),
        },
        Ask::Set { name, value } => ControlRequest::Set {
            name,
            value: text(value),
        },
        Ask::Report => ControlRequest::Report {},
        Ask::ReportProblem => ControlRequest::ReportProblem {},
        Ask::FactoryReset => ControlRequest::FactoryReset {},
        Ask::Restart => ControlRequest::Reboot {},
        Ask::RestartWarm => ControlRequest::Restart {},
        Ask::Line(line, line_use) => ControlRequest::Line {
            line,
            line_use: match line_use {
                LineUse::Idle => WireLineUse::Idle,
                LineUse::Busy => WireLineUse::Busy,
                LineUse::Emergency => WireLineUse::Emergency,
            },
        },
        Ask::Registration(line, registration) => ControlRequest::Registration {
            line,
            registration: match registration {
                Registration::Disabled => WireRegistration::Disabled,
                Registration::Registered => WireRegistration::Registered,
                Registration::Unregistered => WireRegistration::Unregistered,
            },
        },
        Ask::ExternalAddress(address) => ControlRequest::ExternalAddress { address },
        Ask::LogIn { user, password } => ControlRequest::LogIn {
            user,
            password: text(password),
        },
        Ask::LogOut => ControlRequest::LogOut {},
        Ask::InstallCertificate(pair) => ControlRequest::InstallCertificate {
            certificate: pair.certificate,
            key: text(pair.key),
        },
        Ask::SipError(line, code) => ControlRequest::SipError { line, code },
        Ask::RemoveCertificate => ControlRequest::RemoveCertificate {},
        Ask::MayUse(server) => ControlRequest::MayUse { server },
        Ask::Status => ControlRequest::Status {},
        Ask::Submit(_) | Ask::Upgrade(_) | Ask::Look | Ask::SipAccess => {
            panic!("nobody outside asks for it")
        }
    }
}

#[async_trait]
impl Asker for Line {
    async fn ask(&mut self, ask: Ask) {
        let line = serde_json::to_string(&wire(ask)).unwrap();
        self.write(format!("{line}\n").as_bytes()).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.write(&[bytes, b"\n"].concat()).await;
    }

    async fn answer(&mut self) -> Option<String> {
        self.read().await
    }
}

#[tokio::test]
async fn the_control_socket_keeps_the_contract() {
    contract::command_source(&mut Knocking(Place::new())).await;
}

struct Seeding;

impl EntropyFixture for Seeding {
    fn boot(&mut self) -> Arc<dyn Entropy> {
        Arc::new(OsEntropy::default())
    }

    fn configured(&self) -> Option<u64> {
        None
    }
}

#[test]
fn the_entropy_of_the_system_keeps_the_contract() {
    contract::entropy(&mut Seeding);
}

struct Hosts;

impl ResolverFixture for Hosts {
    fn resolver(&self) -> Arc<dyn onhook_fetch::port::Resolver> {
        Arc::new(SystemResolver)
    }

    /// The addresses of `localhost` are those that the system itself gives.
    fn known(&self) -> (String, Vec<std::net::IpAddr>) {
        use std::net::ToSocketAddrs as _;
        let mut addresses = Vec::new();
        for address in ("localhost", 0).to_socket_addrs().unwrap() {
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        ("localhost".to_owned(), addresses)
    }

    /// A label of 64 letters, which no name server is asked about.
    fn unknown(&self) -> String {
        format!("{}.invalid", "a".repeat(64))
    }

    fn services(&self) -> Option<(String, Vec<onhook_fetch::SrvRecord>)> {
        None
    }

    /// The names of the system are what they are.
    fn turn(&mut self, _address: std::net::IpAddr) -> bool {
        false
    }
}

#[tokio::test]
async fn the_resolver_of_the_system_keeps_the_contract() {
    contract::resolver(&mut Hosts).await;
}
