//! What the phone knows of itself and no profile can tell. It outlives restarts of the phone, not of the program.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Ask, Asked, ClientCertificate, Mobility, Reply};

use crate::certificate::Presented;
use crate::config::{Config, MobilitySetting};

/// The facts as they are now: those of the configuration until somebody changes them.
pub(crate) struct Facts {
    pub(crate) external_ip: Option<IpAddr>,
    pub(crate) client_certificate: bool,
    pub(crate) mobility: MobilitySetting,
}

/// The facts, shared by those who learn them and those who build a phone.
#[derive(Clone)]
pub(crate) struct Known(Arc<Mutex<Facts>>);

impl Facts {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            external_ip: config.identity.external_ip,
            client_certificate: config.tls.client.is_some(),
            mobility: config.mobility.copy(),
        }
    }
}

impl Known {
    pub(crate) fn of(config: &Config) -> Self {
        Self(Arc::new(Mutex::new(Facts::of(config))))
    }

    pub(crate) fn now(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens to what is asked for, and keeps the facts in it.
pub(crate) struct Attentive<S> {
    pub(crate) source: S,
    pub(crate) known: Known,
    pub(crate) presented: Presented,
    /// Where the phone listens.
    pub(crate) listen: Vec<(&'static str, SocketAddr)>,
}

#[async_trait]
impl<S: CommandSource> CommandSource for Attentive<S> {
    async fn next(&mut self) -> Option<Asked> {
        loop {
            let asked = self.source.next().await?;
            match self.heed(&asked.ask) {
                Ok(()) => return Some(self.informed(asked)),
                Err(why) => asked.reply.answer(Answer::Refused(why)),
            }
        }
    }
}

impl<S> Attentive<S> {
    /// Keeps a fact; why not, if it cannot be one.
    fn heed(&self, ask: &Ask) -> Result<(), String> {
        match ask {
            Ask::ExternalAddress(address) => self.known.now().external_ip = *address,
            Ask::LogIn { user, password } => {
                self.known.now().mobility =
                    MobilitySetting::of(Mobility::LOGGED_IN, user, password);
            }
            Ask::LogOut => self.known.now().mobility = MobilitySetting::nobody(),
            Ask::InstallCertificate(pair) => self.install(pair)?,
            Ask::RemoveCertificate => {
                self.presented.remove();
                self.known.now().client_certificate = false;
            }
            Ask::Resync(_)
            | Ask::Set { .. }
            | Ask::Submit(_)
            | Ask::Upgrade(_)
            | Ask::Look
            | Ask::UpdateCa(_)
            | Ask::Report
            | Ask::ReportProblem
            | Ask::SipError(..)
            | Ask::FactoryReset
            | Ask::Restart
            | Ask::RestartWarm
            | Ask::Line(..)
            | Ask::Registration(..)
            | Ask::MayUse(_)
            | Ask::Status
            | Ask::SipAccess => {}
        }
        Ok(())
    }

    /// Lets an answer tell where the phone listens.
    fn informed(&self, asked: Asked) -> Asked {
        if !matches!(asked.ask, Ask::Status) || self.listen.is_empty() {
            return asked;
        }
        let (listen, inner) = (self.listen.clone(), asked.reply);
        let reply = Box::new(Informed { listen, inner });
        Asked { reply, ..asked }
    }

    fn install(&self, pair: &ClientCertificate) -> Result<(), String> {
        self.presented.install(pair)?;
        self.known.now().client_certificate = true;
        Ok(())
    }
}

/// Adds to a status where the phone listens.
struct Informed {
    listen: Vec<(&'static str, SocketAddr)>,
    inner: Box<dyn Reply>,
}

impl Reply for Informed {
    fn answer(self: Box<Self>, mut answer: Answer) {
        if let Answer::Status(status) = &mut answer {
            status.listen = self.listen;
        }
        self.inner.answer(answer);
    }
}

/// A second copy of a secret, for another owner that wipes it.
pub(crate) fn copy(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}
