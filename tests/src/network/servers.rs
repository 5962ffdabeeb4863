//! The servers of the network, each of them at 192.0.2.1.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::offer::{ELSEWHERE, V6};
use super::{Network, Offer, Offer6, SERVER};
use crate::authority::Authority;
use crate::peer::{Peer, until};
use crate::programs::program;

impl Network {
    /// dnsmasq with leases, files and more options.
    ///
    /// # Errors
    /// It does not start.
    pub fn dnsmasq(
        &self,
        dnsmasq: &Path,
        offer: &Offer<'_>,
        more: &[&str],
    ) -> anyhow::Result<Peer> {
        let leases = self.place("dnsmasq.leases");
        // A former lease would be given again.
        fs::remove_file(&leases).ok();
        let mut command = self.command(SERVER, dnsmasq);
        command
            .args(["--no-daemon", "--conf-file=/dev/null", "--port=0"])
            .args(["--user=root", "--interface=server0", "--bind-interfaces"])
            .args(["--dhcp-authoritative", "--no-ping", "--enable-tftp"])
            .arg(format!("--dhcp-leasefile={}", leases.display()))
            .arg(format!("--tftp-root={}", self.files().display()))
            .args(offer.dnsmasq())
            .args(more);
        listening(Peer::start(&mut command)?, "udp", "0043")
    }

    /// The same for phones of IPv6, which nothing that IPv4 is told leads to a profile.
    ///
    /// # Errors
    /// It does not start.
    pub fn dnsmasq6(&self, dnsmasq: &Path) -> anyhow::Result<Peer> {
        self.dnsmasq(dnsmasq, &Offer::new(160, ELSEWHERE), &V6)
    }

    /// The lab as a TFTP server.
    ///
    /// # Errors
    /// It cannot be built or does not start.
    pub fn tftp(&self) -> anyhow::Result<Peer> {
        self.tftp_at("192.0.2.1:69")
    }

    /// The same for phones of IPv6.
    ///
    /// # Errors
    /// It cannot be built or does not start.
    pub fn tftp6(&self) -> anyhow::Result<Peer> {
        self.tftp_at("[2001:db8::1]:69")
    }

    fn tftp_at(&self, address: &str) -> anyhow::Result<Peer> {
        let mut command = self.command(SERVER, &program("onhook-harness")?);
        command
            .args(["serve", "--json", "--tftp", address, "--root"])
            .arg(self.files())
            .stdin(Stdio::null());
        let mut server = Peer::start(&mut command)?;
        server.line(|line| line.contains("\"listening\""))?;
        Ok(server)
    }

    /// Kea; files are not its business.
    ///
    /// # Errors
    /// It does not start.
    pub fn kea(&self, kea: &Path, offer: &Offer<'_>) -> anyhow::Result<Peer> {
        let text = offer.kea(&flex_option().unwrap_or_default());
        self.run_kea(kea, &text, "DHCP4_STARTED")
    }

    /// Kea for phones of IPv6.
    ///
    /// # Errors
    /// It does not start.
    pub fn kea6(&self, kea: &Path, offer: &Offer6<'_>) -> anyhow::Result<Peer> {
        self.run_kea(kea, &offer.kea(), "DHCP6_STARTED")
    }

    fn run_kea(&self, kea: &Path, text: &str, started: &str) -> anyhow::Result<Peer> {
        let config = self.place("kea.json");
        fs::write(&config, text)?;
        let home = self.home.path();
        let mut command = self.command(SERVER, kea);
        command
            .arg("-c")
            .arg(config)
            .env("KEA_PIDFILE_DIR", home)
            .env("KEA_LOCKFILE_DIR", home);
        let mut server = Peer::start(&mut command)?;
        server.line(|line| line.contains(started))?;
        Ok(server)
    }

    /// nginx, which gives the same files over HTTP and HTTPS; its certificate is `server` of the authority.
    ///
    /// # Errors
    /// It does not start.
    pub fn nginx(&self, nginx: &Path, authority: &Authority) -> anyhow::Result<Peer> {
        let (certificate, key) = (authority.path("server.pem"), authority.path("server.key"));
        let text = format!(
            "daemon off; master_process off; user root; pid nginx.pid; events {{ }}\n\
             http {{\naccess_log off; root {:?};\n\
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             ssl_certificate {certificate:?}; ssl_certificate_key {key:?};\n\
             server {{ listen 192.0.2.1:80; listen 192.0.2.1:443 ssl; }}\n}}\n",
            self.files()
        );
        let config = self.place("nginx.conf");
        fs::write(&config, text)?;
        let mut command = self.command(SERVER, nginx);
        command
            .arg("-p")
            .arg(self.home.path())
            .arg("-c")
            .arg(config);
        listening(Peer::start(command.args(["-e", "stderr"]))?, "tcp", "01BB")
    }

    /// rsyslogd, which writes what it hears into `messages`.
    ///
    /// # Errors
    /// It does not start.
    pub fn rsyslogd(&self, rsyslogd: &Path) -> anyhow::Result<Peer> {
        let home = self.home.path();
        let text = format!(
            "global(workDirectory={home:?})\nmodule(load=\"imudp\")\n\
             template(name=\"raw\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             ruleset(name=\"phones\") {{ action(type=\"omfile\" file={:?} template=\"raw\") }}\n\
             input(type=\"imudp\" address=\"192.0.2.1\" port=\"514\" ruleset=\"phones\")\n",
            self.place("messages"),
        );
        let config = self.place("rsyslog.conf");
        fs::write(&config, text)?;
        let mut command: Command = self.command(SERVER, rsyslogd);
        command.args(["-n", "-i", "NONE", "-f"]).arg(config);
        listening(Peer::start(&mut command)?, "udp", "0202")
    }
}

/// The library of Kea that writes options freely, below the folder of the architecture.
fn flex_option() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    folders
        .map(|folder| folder.path().join("kea/hooks/libdhcp_flex_option.so"))
        .find(|file| file.is_file())
}

/// A server once it listens at a port of its namespace, in hexadecimal digits.
fn listening(server: Peer, protocol: &str, port: &str) -> anyhow::Result<Peer> {
    let table = format!("/proc/{}/net/{protocol}", server.id());
    let wanted = format!(":{port} ");
    until("a server that listens", || {
        let text = fs::read_to_string(&table).ok()?;
        text.contains(&wanted).then_some(())
    })?;
    Ok(server)
}
