//! Every source keeps the contract of the port.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use onhook_dhcp::{Client, DhcpSource, FixedOptions, Format, LeaseFile, Want};
use onhook_discovery::port::OptionSource;
use onhook_discovery::{HeldOption, HeldValue, Learned};
use onhook_testkit::contract::{self, OptionSourceFixture, SourceKind};
use tempfile::TempDir;

use crate::server::{FakeWire, LIST, Server, who};

struct Fixed;

#[async_trait]
impl OptionSourceFixture for Fixed {
    async fn open(&mut self, says: Option<&Learned>) -> Box<dyn OptionSource> {
        Box::new(FixedOptions::new(says.cloned().unwrap_or_default()))
    }

    async fn say(&mut self, _: Option<&Learned>) {
        panic!("what is fixed never changes");
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Once
    }
}

#[tokio::test(start_paused = true)]
async fn fixed_options_keep_the_contract() {
    contract::option_source(&mut Fixed).await;
}

/// A client of DHCPv4 and its server.
struct Asking {
    server: Arc<Mutex<Server>>,
    want: Want,
    lose: usize,
}

#[async_trait]
impl OptionSourceFixture for Asking {
    async fn open(&mut self, says: Option<&Learned>) -> Box<dyn OptionSource> {
        let mut server = Server::new(says);
        server.lose = self.lose;
        self.server = Arc::new(Mutex::new(server));
        let source = DhcpSource::new();
        let client = Client::new(who(), self.want, LIST, 7, source.now());
        let source = source.with_v4(client, FakeWire::new(self.server.clone()));
        let server = self.server.clone();
        // Somebody else configures what the server would have given.
        let mut last = None;
        let watch = move || {
            if let Some(says) = &server.lock().unwrap().says {
                last = says.address;
            }
            match last {
                Some(IpAddr::V4(address)) => Some(address),
                Some(IpAddr::V6(_)) | None => None,
            }
        };
        match self.want {
            Want::Lease => Box::new(source),
            Want::Options => Box::new(source.with_watch(Box::new(watch))),
        }
    }

    async fn say(&mut self, says: Option<&Learned>) {
        self.server.lock().unwrap().says = says.cloned();
    }

    fn kind(&self) -> SourceKind {
        match self.want {
            Want::Lease => SourceKind::Follows,
            Want::Options => SourceKind::Remembers,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_for_options_alone_keeps_the_contract() {
    for lose in [0, 4, 3] {
        let server = Arc::new(Mutex::new(Server::new(None)));
        let want = Want::Options;
        contract::option_source(&mut Asking { server, want, lose }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_lease_keeps_the_contract() {
    for lose in [0, 4, 3] {
        let server = Arc::new(Mutex::new(Server::new(None)));
        let want = Want::Lease;
        contract::option_source(&mut Asking { server, want, lose }).await;
    }
}

/// Lease files, and the spelling of each client.
struct Written {
    folder: TempDir,
    format: Format,
}

impl Written {
    fn path(&self) -> PathBuf {
        self.folder.path().join("lease")
    }

    fn write(&self, says: Option<&Learned>) {
        let Some(says) = says else {
            let _ = fs::remove_file(self.path());
            return;
        };
        let text = match self.format {
            Format::Networkd => networkd(says),
            Format::Dhclient => dhclient(says),
            Format::Udhcpc => udhcpc(says),
        };
        fs::write(self.folder.path().join("new"), text).unwrap();
        fs::rename(self.folder.path().join("new"), self.path()).unwrap();
    }
}

fn bytes(option: &HeldOption) -> &[u8] {
    match &option.value {
        HeldValue::Wire(bytes) => bytes,
        HeldValue::Text(_) => panic!("the suite says what comes in packets"),
    }
}

fn hex(bytes: &[u8], between: &str) -> String {
    let pairs = bytes.iter().map(|byte| format!("{byte:02x}"));
    pairs.collect::<Vec<_>>().join(between)
}

fn networkd(says: &Learned) -> String {
    let mut text = format!(
        "# This is private data.\nADDRESS={}\nT1=300\n",
        says.address.unwrap()
    );
    for option in &says.options {
        match option.code {
            43 => text += &format!("VENDOR_SPECIFIC={}\n", hex(bytes(option), "")),
            code => text += &format!("OPTION_{code}={}\n", hex(bytes(option), "")),
        }
    }
    text
}

fn udhcpc(says: &Learned) -> String {
    let mut text = format!(
        "interface='eth0'\nip='{}'\nPATH=/bin\n",
        says.address.unwrap()
    );
    for option in &says.options {
        text += &format!("opt{}='{}'\n", option.code, hex(bytes(option), ""));
    }
    text
}

fn dhclient(says: &Learned) -> String {
    let mut text = format!(
        "default-duid \"\\000\\001\";\nlease {{\n  interface \"eth0\";\n  fixed-address {};\n",
        says.address.unwrap()
    );
    for option in &says.options {
        let value = bytes(option);
        match option.code {
            43 => {
                text += &format!(
                    "  option vendor-encapsulated-options {};\n",
                    hex(value, ":")
                )
            }
            160 => {
                let url = String::from_utf8(value.to_vec()).unwrap();
                text += &format!("  option unknown-160 \"{url}\";\n");
            }
            code => text += &format!("  option unknown-{code} {};\n", hex(value, ":")),
        }
    }
    text + "  renew 1 2026/11/30 01:02:03;\n}\n"
}

#[async_trait]
impl OptionSourceFixture for Written {
    async fn open(&mut self, says: Option<&Learned>) -> Box<dyn OptionSource> {
        self.write(says);
        let interface = match self.format {
            Format::Networkd => None,
            Format::Dhclient | Format::Udhcpc => Some("eth0".to_owned()),
        };
        Box::new(LeaseFile::new(self.path(), self.format, interface))
    }

    async fn say(&mut self, says: Option<&Learned>) {
        self.write(says);
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Follows
    }
}

//= R-DHCP-11 type=test
#[tokio::test(start_paused = true)]
async fn lease_files_of_every_format_keep_the_contract() {
    for format in [Format::Networkd, Format::Dhclient, Format::Udhcpc] {
        let folder = tempfile::tempdir().unwrap();
        contract::option_source(&mut Written { folder, format }).await;
    }
}
