//! What the network says of the phone. It outlives restarts of the phone.

#[cfg(feature = "dhcp")]
use anyhow::anyhow;
use onhook_dhcp::FixedOptions;
#[cfg(feature = "dhcp")]
use onhook_dhcp::{
    Client, Client6, DhcpSocket, DhcpSource, Hook, LeaseFile, Want, Who, address_of,
};
use onhook_discovery::port::{News, OptionSource};
use onhook_discovery::{Learned, Management};
#[cfg(feature = "dhcp")]
use onhook_discovery::{class_id, host_name};
use onhook_fetch::IpMode;
#[cfg(feature = "dhcp")]
use onhook_schedule::port::Entropy;
#[cfg(feature = "dhcp")]
use onhook_system::OsEntropy;

use crate::config::{Config, OptionsFrom};
#[cfg(feature = "dhcp")]
use crate::failure::World;

/// What parameters say of how options are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wishes {
    /// DHCP_Option_To_Use and DHCPv6_Option_To_Use.
    pub(crate) orders: [String; 2],
    /// IP_Mode.
    pub(crate) mode: IpMode,
    /// Enable_TR-069.
    pub(crate) management: Management,
}

/// The source of options, and what it has told last.
pub(crate) struct Network {
    source: Box<dyn OptionSource>,
    learned: Learned,
    /// Whether it has told anything.
    heard: bool,
    /// Whether it may tell more.
    open: bool,
}

impl Network {
    /// Opens the source of a configuration.
    ///
    /// # Errors
    /// The interface does not exist, or cannot be listened at.
    pub(crate) fn open(config: &Config, wishes: &Wishes) -> anyhow::Result<Self> {
        let source: Box<dyn OptionSource> = match &config.options_from {
            OptionsFrom::Static => Box::new(FixedOptions::new(config.fixed_options())),
            #[cfg(feature = "dhcp")]
            OptionsFrom::LeaseFile {
                path,
                format,
                interface,
            } => Box::new(LeaseFile::new(path.clone(), *format, interface.clone())),
            #[cfg(feature = "dhcp")]
            OptionsFrom::Dhcp {
                interface,
                hook,
                vendor_class,
            } => {
                let hook = hook.clone();
                let hook = hook.map(|program| Hook::new(program, interface.clone()));
                let class = vendor_class.clone();
                let class = class.unwrap_or_else(|| class_id(&config.identity, wishes.management));
                Box::new(asking(config, wishes, interface, hook, class)?)
            }
        };
        let _ = wishes;
        Ok(Self {
            source,
            learned: Learned::default(),
            heard: false,
            open: true,
        })
    }

    /// Waits until something was told for the first time, at most as long as the port says.
    pub(crate) async fn first(&mut self) {
        while !self.heard && self.open {
            self.hear().await;
        }
    }

    /// Waits for the next news; for ever if there will be none.
    pub(crate) async fn next(&mut self) {
        self.hear().await;
        if !self.open {
            std::future::pending().await
        }
    }

    async fn hear(&mut self) {
        if !self.open {
            return;
        }
        match self.source.next().await {
            Some(News::Learned(learned)) => self.learned = learned,
            Some(News::Nothing) => self.learned = Learned::default(),
            None => self.open = false,
        }
        self.heard = true;
    }

    /// What the network says now.
    pub(crate) const fn learned(&self) -> &Learned {
        &self.learned
    }

    /// What counts once the configuration is the new one: options that stand there count at once, another source at the next start.
    pub(crate) fn after_reload(&self, old: &Config, new: &Config) -> Learned {
        let fixed = |config: &Config| config.options_from == OptionsFrom::Static;
        if fixed(old) && fixed(new) {
            return new.fixed_options();
        }
        self.learned.clone()
    }

    /// Takes what counts from now on.
    pub(crate) fn keep(&mut self, learned: Learned) {
        self.learned = learned;
    }
}

/// The clients of DHCP on an interface: with a lease of its own if there is a program that configures it.
#[cfg(feature = "dhcp")]
fn asking(
    config: &Config,
    wishes: &Wishes,
    interface: &str,
    hook: Option<Hook>,
    class: String,
) -> anyhow::Result<DhcpSource> {
    let failed = |error: onhook_dhcp::SocketError| {
        let world = World(error.to_string());
        anyhow!(error).context(world)
    };
    let identity = &config.identity;
    let seed = OsEntropy::default().seed();
    let [v4, v6] = &wishes.orders;
    let mut source = DhcpSource::new();
    //= R-DHCP-15
    if wishes.mode != IpMode::V6 {
        let who = Who {
            mac: identity.mac,
            class: class.clone(),
            host_name: host_name(identity),
        };
        let wire = DhcpSocket::v4(interface).map_err(failed)?;
        let want = match hook {
            Some(_) => Want::Lease,
            None => Want::Options,
        };
        let client = Client::new(who, want, v4, seed, source.now());
        source = source.with_v4(client, wire);
        source = match hook {
            Some(hook) => source.with_hook(hook),
            None => {
                let interface = interface.to_owned();
                source.with_watch(Box::new(move || address_of(&interface)))
            }
        };
    }
    if wishes.mode != IpMode::V4 {
        let client = Client6::new(identity.mac, &class, v6, seed, source.now());
        match DhcpSocket::v6(interface) {
            Ok(wire) => source = source.with_v6(client, wire),
            Err(error) if wishes.mode == IpMode::V6 => return Err(failed(error)),
            // A host without IPv6 is an ordinary one.
            Err(error) => tracing::debug!("no options of IPv6 are asked for: {error}"),
        }
    }
    Ok(source)
}
