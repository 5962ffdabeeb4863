//! `[peer_sharing]`: where phones of the subnet pass firmware on.

use std::net::Ipv4Addr;

use super::given::Given;

/// Where a phone shares; the parameters say whether it does.
pub(crate) struct SharingSetting {
    /// Its own address; `None` for that of the interface with the way out.
    pub(crate) address: Option<Ipv4Addr>,
    /// The port for datagrams.
    pub(crate) udp_port: u16,
    /// The ports for blocks, at least one.
    pub(crate) tcp_ports: Vec<u16>,
    /// Whom datagrams go to; none for the multicast group.
    pub(crate) peers: Vec<Ipv4Addr>,
}

impl Default for SharingSetting {
    /// The documented ports: UDP 4051, TCP 4051 and TCP 6970.
    fn default() -> Self {
        Self {
            address: None,
            udp_port: 4051,
            tcp_ports: vec![4051, 6970],
            peers: Vec::new(),
        }
    }
}

impl SharingSetting {
    /// Reads it.
    ///
    /// # Errors
    /// A value has another form.
    pub(super) fn read(given: &Given) -> anyhow::Result<Self> {
        let mut setting = Self::default();
        let list = |key: &'static str| {
            let text = given.text(key).unwrap_or_default().trim();
            let all = text.split(',').map(str::trim);
            all.filter(|word| !word.is_empty())
        };
        setting.address = given.parse("peer_sharing.address")?;
        if let Some(port) = given.parse("peer_sharing.udp_port")? {
            setting.udp_port = port;
        }
        const TCP: &str = "peer_sharing.tcp_ports";
        if given.source(TCP).is_some() {
            let ports = list(TCP).map(str::parse).collect::<Result<Vec<u16>, _>>();
            setting.tcp_ports =
                ports.map_err(|_| given.wrong(TCP, "write ports such as 4051, 6970"))?;
        }
        if setting.udp_port == 0 {
            return Err(given.wrong("peer_sharing.udp_port", "write a port from 1 to 65535"));
        }
        if setting.tcp_ports.is_empty() || setting.tcp_ports.contains(&0) {
            return Err(given.wrong(TCP, "write at least one port, each from 1 to 65535"));
        }
        const PEERS: &str = "peer_sharing.peers";
        let peers = list(PEERS).map(str::parse).collect::<Result<Vec<_>, _>>();
        setting.peers = peers
            .map_err(|_| given.wrong(PEERS, "write addresses such as 192.0.2.7, 192.0.2.8"))?;
        Ok(setting)
    }

    /// The value of a key, as it is shown.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        let join = |words: Vec<String>| words.join(", ");
        match key {
            "address" => self.address.map(|address| address.to_string()),
            "udp_port" => Some(self.udp_port.to_string()),
            "tcp_ports" => Some(join(self.tcp_ports.iter().map(u16::to_string).collect())),
            "peers" if self.peers.is_empty() => None,
            "peers" => Some(join(self.peers.iter().map(Ipv4Addr::to_string).collect())),
            _ => None,
        }
    }
}
