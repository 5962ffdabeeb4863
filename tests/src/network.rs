//! Two network namespaces with a wire between them: a phone, and the DHCP server that it boots from.
//!
//! The tests of `tests/tests/dhcp` and the rows of `onhook-interop` about DHCP are made of the same parts.

mod acts;
mod offer;
mod offer6;
mod servers;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::agent::Agent;
use crate::content::profile;

pub use acts::{
    asks_over_ipv6, gives_up_an_ended_lease, goes_on_alone, is_known_by_its_class,
    is_known_by_its_class_over_ipv6, provisioned_by, restarts_with_another_address,
};
pub use offer::{Offer, SAID, Said};
pub use offer6::{FORMS, Form6, Offer6};

use offer::{NAMED, URL};

/// The side of the phone.
pub const PHONE: &str = "p";
/// The side of the servers.
pub const SERVER: &str = "s";
/// Options of a phone whose interface somebody else configures.
pub const OPTIONS_ALONE: &str = "source = \"dhcp\"\ninterface = \"phone0\"\n";
/// The profiles that a server gives: one by the name of the product, one by the address.
const PROFILES: [&str; 2] = ["8841-3PCC.xml", NAMED];

/// Configures an interface as the script of udhcpc does.
const HOOK: &str = "case \"$1\" in\n\
                    bound|renew) ip addr flush dev \"$interface\"; ip addr add \"$ip/$mask\" dev \"$interface\" ;;\n\
                    deconfig) ip addr flush dev \"$interface\" ;;\n\
                    esac\n";

/// A network of one server, 192.0.2.1 and 2001:db8::1, and one phone, whose interface is `phone0`.
pub struct Network {
    name: String,
    home: TempDir,
}

impl Network {
    /// A network, which goes when this is dropped.
    ///
    /// # Errors
    /// Namespaces cannot be made here, which takes root and the program `ip`.
    pub fn new() -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        // A process id would not do: other sets of processes share the names.
        let name = home.path().file_name().context("no name")?;
        let name = format!("onhook{}", name.to_string_lossy());
        let network = Self { name, home };
        for side in [SERVER, PHONE] {
            ip(&["netns", "add", &network.space(side)])?;
        }
        network.build()?;
        Ok(network)
    }

    /// Whether networks can be made here.
    #[must_use]
    pub fn is_possible() -> bool {
        Self::new().is_ok()
    }

    fn build(&self) -> anyhow::Result<()> {
        let (server, phone) = (self.space(SERVER), self.space(PHONE));
        ip(&[
            "link", "add", "server0", "netns", &server, "type", "veth", "peer", "name", "phone0",
            "netns", &phone,
        ])?;
        let v6 = ["2001:db8::1/64", "dev", "server0", "nodad"];
        for address in [&["192.0.2.1/24", "dev", "server0"][..], &v6] {
            ip(&[&["-n", &server, "addr", "add"], address].concat())?;
        }
        for (side, device) in [(SERVER, "server0"), (PHONE, "phone0")] {
            // Nobody else has the address, and a server of DHCPv6 takes it when it starts or never.
            self.switch_off(side, &format!("ipv6/conf/{device}/accept_dad"))?;
            let space = &self.space(side);
            for device in ["lo", device] {
                ip(&["-n", space, "link", "set", device, "up"])?;
            }
        }
        // Answers to a phone without an address must not be dropped.
        for of in ["all", "phone0"] {
            self.switch_off(PHONE, &format!("ipv4/conf/{of}/rp_filter"))?;
        }
        let files = self.files();
        fs::create_dir(&files)?;
        for name in PROFILES {
            fs::write(files.join(name), profile([("GPP_A", name)]))?;
        }
        // The server may give up its rights.
        fs::set_permissions(self.home.path(), fs::Permissions::from_mode(0o755))?;
        self.script("hook", HOOK)?;
        Ok(())
    }

    /// Sets a setting of the kernel to 0 on a side.
    fn switch_off(&self, side: &str, setting: &str) -> anyhow::Result<()> {
        let mut command = self.command(side, Path::new("sh"));
        let set = format!("echo 0 > /proc/sys/net/{setting}");
        let done = command.args(["-c", &set]).output()?;
        ensure!(done.status.success(), "{setting}: {done:?}");
        Ok(())
    }

    fn space(&self, side: &str) -> String {
        format!("{}-{side}", self.name)
    }

    /// A place for a file of the test.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The folder that the servers give.
    fn files(&self) -> PathBuf {
        self.place("tftp")
    }

    /// What a command line begins with that runs on a side.
    #[must_use]
    pub fn inside(&self, side: &str) -> Vec<OsString> {
        let space = self.space(side);
        ["ip", "netns", "exec", &space].map(OsString::from).to_vec()
    }

    /// A command that runs on a side.
    #[must_use]
    pub fn command(&self, side: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.space(side)])
            .arg(program);
        command
    }

    /// Writes a script.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn script(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.place(name);
        fs::write(&path, format!("#!/bin/sh\n{text}"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    /// The program that configures the interface of the phone.
    #[must_use]
    pub fn hook(&self) -> PathBuf {
        self.place("hook")
    }

    /// Options for a phone that configures its interface.
    #[must_use]
    pub fn own_lease(&self) -> String {
        format!("{OPTIONS_ALONE}hook = {:?}\n", self.hook())
    }

    /// A phone that has never run; `options` is its section of that name.
    ///
    /// # Errors
    /// The program cannot be built, or its configuration not be written.
    pub fn phone(&self, options: &str) -> anyhow::Result<Agent> {
        let mut agent = Agent::new()?;
        agent.configure(&format!(
            "[options]\n{options}[tftp]\nlocal_ports = \"ephemeral\"\n"
        ))?;
        agent.run_under(self.inside(PHONE));
        Ok(agent)
    }

    /// Gives the phone an address by hand.
    ///
    /// # Errors
    /// It is none, or the phone has it.
    pub fn give(&self, address: &str) -> anyhow::Result<()> {
        let space = self.space(PHONE);
        let mut words = vec!["-n", &space, "addr", "add", address, "dev", "phone0"];
        if address.contains(':') {
            words.push("nodad");
        }
        ip(&words)
    }

    /// Takes the addresses of IPv4 of the phone away.
    ///
    /// # Errors
    /// The interface is gone.
    pub fn clear_phone(&self) -> anyhow::Result<()> {
        let space = self.space(PHONE);
        ip(&["-4", "-n", &space, "addr", "flush", "dev", "phone0"])
    }

    /// The addresses of IPv4 of the phone, as `ip` shows them.
    ///
    /// # Errors
    /// The interface is gone.
    pub fn addresses(&self) -> anyhow::Result<String> {
        let space = self.space(PHONE);
        let words = ["-n", &space, "-4", "-o", "addr", "show", "dev", "phone0"];
        let shown = Command::new("ip").args(words).output()?;
        ensure!(shown.status.success(), "{shown:?}");
        Ok(String::from_utf8(shown.stdout)?)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for side in [SERVER, PHONE] {
            // One that was never made is as good.
            ip(&["netns", "del", &self.space(side)]).ok();
        }
    }
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    let done = Command::new("ip").args(words).output().context("ip")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "ip {}: {said}", words.join(" "));
    Ok(())
}
