//! Building one phone from configuration and store.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use onhook_discovery::{DhcpOption, Skipped, Space, Value, choose};
use onhook_driver::{Observer, Phones, Places, Ports, Reactor, TrustPorts, restore};
use onhook_fetch::IpMode;
use onhook_fetch::port::Fetch;
use onhook_flash_store::FlashStore;
use onhook_http::Directory;
use onhook_params::port::{ConfigStore, StoreError, StoreErrorKind};
use onhook_params::{ParamId, Secrecy, known};
use onhook_phone::port::{StateStore, TrustStore};
use onhook_phone::{
    CaSource, Discovered, Fact, HeldCa, Input, Means, Model, Phone, PhoneSetup, Shared,
    StateRecord, TrustRecord,
};
use onhook_schedule::port::{Clock, Entropy};
use onhook_syslog::Syslog;
use onhook_system::{OsEntropy, RealClock};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::failure::World;
use crate::known::Known;
use crate::log_server::Redirected;
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
    /// What the phone was made from, for its journal.
    #[cfg(feature = "journal")]
    pub(crate) setup: PhoneSetup,
}

impl Life {
    /// What the options of a configuration say.
    pub(crate) fn discovered(&mut self, config: &Config) -> anyhow::Result<Option<Discovered>> {
        let phones = &mut self.reactor.phones;
        let phone = phones.phone(PHONE);
        let order = phone.map_or(String::new(), |phone| option_order(phone, &phones.shared));
        discovered(config, &order, &mut phones.shared)
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
    let order = option_order(&phone, &phones.shared);
    let server = discovered(config, &order, &mut phones.shared)?;
    transports.names.restrict(ip_mode(&phone, &phones.shared));
    let syslog = Arc::new(Syslog::start(Arc::clone(&transports.names) as _));
    let ports = Ports {
        fetch: transports.fetchers.clone(),
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
    if let Some((ports, record)) = custom_ca(store, transports, &rule).await {
        phones.keep_trust(index, ports, record);
    }
    let mut reactor = Reactor::new(phones, clock, observer);
    reactor.queue(index, Input::OptionsLearned(server));
    tell(&mut reactor, index, known)?;
    if !config.dns.domain.is_empty() || config.directory.is_some() {
        tell_means(&mut reactor, index, config);
    }
    Ok(Life {
        reactor,
        syslog,
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

/// Tells a phone what it may ask beyond its options.
pub(crate) fn tell_means(reactor: &mut Reactor, phone: u32, config: &Config) {
    if !cfg!(feature = "dns") {
        return;
    }
    let domain = Some(&*config.dns.domain).filter(|domain| !domain.is_empty());
    let values = &mut reactor.phones.shared.values;
    let means = Means {
        domain: domain.and_then(|domain| values.intern(domain, Secrecy::Plain)),
        directory: config.directory.is_some(),
    };
    reactor.queue(phone, Input::Fact(Fact::Means(means)));
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

/// IP_Mode, which not every family has.
fn ip_mode(phone: &Phone, shared: &Shared) -> IpMode {
    phone.view(shared).map_or(IpMode::Dual, |view| {
        let id = ParamId::lookup("IP_Mode", view.scope);
        IpMode::of(id.map_or("", |id| phone.params().text(id, view)))
    })
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

/// DHCP_Option_To_Use.
fn option_order(phone: &Phone, shared: &Shared) -> String {
    let view = phone.view(shared);
    let text = view.map(|view| phone.params().text(known::DHCP_OPTION_TO_USE, view));
    text.unwrap_or_default().to_owned()
}

/// What the first usable static option says, in the order of DHCP_Option_To_Use.
///
/// # Errors
/// One before it cannot be used. A class identifier may be one, as servers send it.
fn discovered(
    config: &Config,
    order: &str,
    shared: &mut Shared,
) -> anyhow::Result<Option<Discovered>> {
    const CLASS: u16 = 60;
    let options = config.options.iter().filter(|(_, value)| !value.is_empty());
    let options: Vec<DhcpOption<'_>> = options
        .filter_map(|(number, value)| {
            Some(DhcpOption {
                space: Space::V4,
                code: number.parse().ok()?,
                value: Value::Text(value),
            })
        })
        .collect();
    let mut wrong = None;
    let choice = choose(order, "", &options, |skipped| {
        if skipped.code == CLASS {
            tracing::warn!("options.static.60 is not used: {}", skipped.why);
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
    Ok(choice.and_then(|choice| Discovered::intern(&choice.found, &mut shared.values)))
}
