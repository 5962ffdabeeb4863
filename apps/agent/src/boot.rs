//! Building one phone from configuration and store.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use onhook_device::Secret;
use onhook_discovery::{HeldOption, Learned, Management, Skipped, choose, orders};
use onhook_driver::{Observer, Phones, Places, Ports, Reactor, TrustPorts, restore};
use onhook_fetch::port::Fetch;
use onhook_fetch::{Account, IpMode};
use onhook_flash_store::FlashStore;
use onhook_http::Directory;
use onhook_params::port::{ConfigStore, StoreError, StoreErrorKind};
use onhook_params::{Secrecy, known};
use onhook_phone::port::{StateStore, TrustStore};
use onhook_phone::{
    CaSource, Discovered, Fact, HeldCa, Input, Means, Model, Phone, PhoneSetup, Shared,
    StateRecord, TrustRecord,
};
use onhook_schedule::port::{Clock, Entropy};
use onhook_syslog::Syslog;
use onhook_system::{OsEntropy, RealClock};
use zeroize::Zeroizing;

use crate::config::{Config, OptionsFrom};
use crate::failure::World;
use crate::known::{Known, copy};
use crate::log_server::Redirected;
use crate::names::{Names, domain_of};
use crate::network::Wishes;
use crate::transports::Transports;

/// The phone's number in the reactor of this program.
pub(crate) const PHONE: u32 = 0;

/// The control socket of a state directory.
pub(crate) fn control_path(config: &Config) -> PathBuf {
    config.state_dir.join("control.sock")
}

/// Opens the store for writing.
pub(crate) fn open(config: &Config) -> Result<FlashStore, StoreError> {
    let store = FlashStore::open(&config.state_dir, config.scope)?;
    let others_may_write = |meta: std::fs::Metadata| meta.permissions().mode() & 0o022 != 0;
    if std::fs::metadata(&config.state_dir).is_ok_and(others_may_write) {
        let dir = config.state_dir.display();
        tracing::warn!("others may change {dir}: run chmod go-w on it");
    }
    Ok(store)
}

/// Whether somebody else uses the store.
pub(crate) fn is_locked(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Locked
}

/// What is built for one life of the phone.
pub(crate) struct Life {
    pub(crate) reactor: Reactor,
    pub(crate) syslog: Arc<Syslog>,
    names: Arc<Names>,
    /// What the phone was made from, for its journal.
    #[cfg(feature = "journal")]
    pub(crate) setup: PhoneSetup,
}

impl Life {
    /// What the parameters of the phone say of options.
    pub(crate) fn wishes(&self) -> Wishes {
        let phones = &self.reactor.phones;
        let phone = phones.phone(PHONE);
        phone.map_or_else(Wishes::default, |phone| wishes(phone, &phones.shared))
    }

    /// What options say.
    ///
    /// # Errors
    /// One that stands in the configuration cannot be used.
    pub(crate) fn discovered(
        &mut self,
        config: &Config,
        learned: &Learned,
    ) -> anyhow::Result<Option<Discovered>> {
        let wishes = self.wishes();
        discovered(config, learned, &wishes, &mut self.reactor.phones.shared)
    }

    /// Tells the phone what the network says.
    ///
    /// # Errors
    /// An option that stands in the configuration cannot be used.
    pub(crate) fn tell_network(
        &mut self,
        config: &Config,
        learned: &Learned,
    ) -> anyhow::Result<()> {
        let server = self.discovered(config, learned)?;
        self.tell_places(config, learned);
        self.reactor.queue(PHONE, Input::OptionsLearned(server));
        //= R-DHCP-11
        if config.identity.ip.is_none() && learned.address.is_some() {
            let address = Fact::Address(learned.address);
            self.reactor.queue(PHONE, Input::Fact(address));
        }
        Ok(())
    }

    /// Tells whom the phone asks for names, and where it may find its server beyond the options.
    pub(crate) fn tell_places(&mut self, config: &Config, learned: &Learned) {
        if !cfg!(feature = "dns") {
            return;
        }
        self.names.ask(config, learned);
        //= R-DNS-3
        let domain = domain_of(config, learned);
        let values = &mut self.reactor.phones.shared.values;
        let means = Means {
            domain: domain.and_then(|domain| values.intern(&domain, Secrecy::Plain)),
            directory: config.directory.is_some(),
        };
        self.reactor.queue(PHONE, Input::Fact(Fact::Means(means)));
    }
}

/// Builds a phone that has not booted.
pub(crate) async fn build(
    config: &Config,
    store: &Arc<FlashStore>,
    transports: &Transports,
    known: &Known,
    observer: Box<dyn Observer>,
) -> anyhow::Result<Life> {
    let clock: Arc<dyn Clock> = Arc::new(
        RealClock::start(&config.time_zone)
            .map_err(|error| config.wrong("device.time_zone", error))?,
    );
    let seed = OsEntropy::default().seed();
    let mut phones = Phones::new(Shared::with_seed(seed));
    let stored = store.load().await.map_err(damaged)?;
    let params = restore(stored, &mut phones.shared);
    let record = match store.load_state().await.map_err(damaged)? {
        Some(bytes) => StateRecord::decode(&bytes, &mut phones.shared.values)?,
        None => StateRecord::default(),
    };
    let model = phones.shared.add_model(Model {
        idle_settle_s: config.idle_settle_s,
        ca_over: config.ca_over,
        pin_server: config.pin_server,
        ..Model::of(&config.identity, config.scope)
    });
    let serial = phones
        .shared
        .values
        .intern(&config.identity.serial, Secrecy::Plain);
    let ip = config.identity.ip.and_then(|ip| {
        let values = &mut phones.shared.values;
        values.intern(&ip.to_string(), Secrecy::Plain)
    });
    let setup = PhoneSetup {
        index: PHONE,
        model,
        mac: config.identity.mac,
        serial,
        ip,
        external_ip: None,
        client_certificate: known.now().client_certificate,
        seed,
    };
    let phone = Phone::new(&setup, params);
    transports
        .names
        .restrict(wishes(&phone, &phones.shared).mode);
    let (transport, format) = config.syslog;
    let names = Arc::clone(&transports.names);
    let syslog = Arc::new(Syslog::with(names as _, transport, format));
    let ports = Ports {
        fetch: transports.fetchers.clone(),
        upload: transports.uploaders.clone(),
        places: places(config, transports),
        config: Arc::clone(store) as Arc<dyn ConfigStore>,
        state: Arc::clone(store) as Arc<dyn StateStore>,
        log: Arc::new(Redirected {
            inner: Arc::clone(&syslog),
            server: transports.log_server.clone(),
        }),
    };
    let rule = ca_rule(&phone, &phones.shared);
    let index = phones.add(phone, ports, record);
    if let Some(account) = &config.account {
        let account = Account {
            user: Secret::from(account.user.as_str()),
            password: copy(&account.password),
        };
        phones.set_up_account(index, account);
    }
    if let Some((ports, record)) = custom_ca(store, transports, &rule).await {
        phones.keep_trust(index, ports, record);
    }
    let mut reactor = Reactor::new(phones, clock, observer);
    tell(&mut reactor, index, known)?;
    Ok(Life {
        reactor,
        syslog,
        names: Arc::clone(&transports.names),
        #[cfg(feature = "journal")]
        setup,
    })
}

/// Tells a phone what no profile can tell.
pub(crate) fn tell(reactor: &mut Reactor, phone: u32, known: &Known) -> anyhow::Result<()> {
    let facts = known.now();
    let mobility = &facts.mobility;
    let mobility = reactor
        .mobility(&mobility.status, &mobility.user, &mobility.password)
        .map_err(|why| anyhow::anyhow!("mobility: {why}"))?;
    for fact in [
        Fact::ExternalAddress(facts.external_ip),
        Fact::ClientCertificate(facts.client_certificate),
        Fact::Mobility(mobility),
    ] {
        reactor.queue(phone, Input::Fact(fact));
    }
    Ok(())
}

/// Who is asked for a server while the phone is out of the box.
fn places(config: &Config, transports: &Transports) -> Places {
    if !cfg!(feature = "dns") {
        return Places::default();
    }
    let over = |(host, port): &(String, u16)| {
        let https: Arc<dyn Fetch> = transports.fetchers.https.clone()?;
        Some(Arc::new(Directory::new(https, host.clone(), *port)) as _)
    };
    Places {
        names: Some(Arc::clone(&transports.names) as _),
        //= R-OOB-1
        directory: config.directory.as_ref().and_then(over),
    }
}

/// Whether Provision_Enable lets the phone resync.
pub(crate) fn is_provisioning_enabled(phones: &Phones) -> bool {
    phones.phone(PHONE).is_some_and(|phone| {
        phone
            .view(&phones.shared)
            .is_some_and(|view| phone.params().is_yes(known::PROVISION_ENABLE, view))
    })
}

/// A store that cannot be read is not a question of usage.
fn damaged(error: StoreError) -> anyhow::Error {
    let world = World(error.to_string());
    anyhow::Error::new(error).context(world)
}

/// Custom_CA_Rule.
fn ca_rule(phone: &Phone, shared: &Shared) -> Zeroizing<String> {
    let view = phone.view(shared);
    let text = view.map(|view| phone.params().text(known::CUSTOM_CA_RULE, view));
    Zeroizing::new(text.unwrap_or_default().to_owned())
}

/// Believes the custom CA that an earlier life has stored; `None` if this program has no use for one.
///
/// A record that cannot be read is none: a phone has to come up, and fetches it again.
async fn custom_ca(
    store: &Arc<FlashStore>,
    transports: &Transports,
    rule: &str,
) -> Option<(TrustPorts, TrustRecord)> {
    let trust = transports.presented.trust()?;
    let loaded = store.load_trust().await.map_err(|error| error.to_string());
    let record = loaded.and_then(|bytes| match bytes {
        Some(bytes) => TrustRecord::decode(&bytes).map_err(|error| error.to_string()),
        None => Ok(TrustRecord::default()),
    });
    let mut record = record.unwrap_or_else(|error| {
        tracing::error!("{error}");
        TrustRecord::default()
    });
    //= R-TLS-8
    // Power failed between the end of its rule and its own.
    let orphan = |held: &HeldCa| held.source == CaSource::Rule && rule.trim().is_empty();
    if record.held.as_ref().is_some_and(orphan) {
        record = TrustRecord::default();
        if let Err(error) = store.reset_trust().await {
            tracing::error!("{error}");
        }
    }
    let held = record.held.as_ref();
    //= R-TLS-1
    if let Err(error) = trust.believe(held.map_or(&[], |held| &held.certificates)) {
        tracing::error!("the stored custom CA is not believed: {error}");
    }
    let store = Arc::clone(store) as Arc<dyn TrustStore>;
    Some((TrustPorts { store, trust }, record))
}

/// What parameters say of options.
fn wishes(phone: &Phone, shared: &Shared) -> Wishes {
    let Some(view) = phone.view(shared) else {
        return Wishes::default();
    };
    let text = |id| phone.params().text(id, view);
    let mode = IpMode::of(text(known::IP_MODE));
    let (v4, v6) = (known::DHCP_OPTION_TO_USE, known::DHCPV6_OPTION_TO_USE);
    Wishes {
        //= R-DHCP-15
        orders: orders(mode, text(v4), text(v6)).map(str::to_owned),
        mode,
        management: match phone.params().is_yes(known::ENABLE_TR_069, view) {
            true => Management::Tr069,
            false => Management::None,
        },
    }
}

/// What the first usable option says, in the order of DHCP_Option_To_Use.
///
/// # Errors
/// One before it stands in the configuration and cannot be used. A class identifier may be one, as servers send it.
fn discovered(
    config: &Config,
    learned: &Learned,
    wishes: &Wishes,
    shared: &mut Shared,
) -> anyhow::Result<Option<Discovered>> {
    const CLASS: u16 = 60;
    let fixed = config.options_from == OptionsFrom::Static;
    let options: Vec<_> = learned.options.iter().map(HeldOption::borrow).collect();
    let [v4, v6] = &wishes.orders;
    let mut wrong = None;
    let choice = choose(v4, v6, &options, |skipped| {
        if skipped.code == CLASS || !fixed {
            tracing::warn!("option {} is not used: {}", skipped.code, skipped.why);
        } else {
            wrong = wrong.or(Some(skipped));
        }
    });
    if let Some(Skipped { code, why, .. }) = wrong {
        let value = config.options.get(&code.to_string());
        let value = value.map_or("", String::as_str);
        let why = format!("`{value}` is no server ({why}): write a host, an address or a URL");
        return Err(config.wrong(&format!("options.static.{code}"), why));
    }
    if let Some(choice) = choice.as_ref().filter(|_| !fixed) {
        tracing::info!("option {} of the network names the server", choice.code);
    }
    Ok(choice.and_then(|choice| Discovered::intern(&choice.found, &mut shared.values)))
}
