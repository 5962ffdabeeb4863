//! One request as the phone remembers it.

use std::net::IpAddr;

use onhook_fetch::Scheme;
use onhook_params::{ValueId, Values};

use crate::Phone;
use crate::phone::Cx;

/// A request by ids: what the macros SCHEME, SERV, SERVIP, PORT and PATH describe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Scheme.
    pub scheme: Scheme,
    /// Port, 1..=65535.
    pub port: u16,
    /// Host as written, without brackets.
    pub host: ValueId,
    /// Whether SRV records say where the host is (R-DNS-2).
    pub srv: bool,
    /// Path with query as written; a secret if a password is in it.
    pub path: ValueId,
    /// The address contacted first, once it is known.
    pub ip: Option<IpAddr>,
    /// The pass phrase of `--key`, a secret.
    pub key: Option<ValueId>,
    /// The user name of `--uid`, a secret.
    pub user: Option<ValueId>,
    /// The password of `--pwd`, a secret.
    pub password: Option<ValueId>,
    /// The alias map of `--alias`, as the register holds it.
    pub aliases: Option<ValueId>,
    /// The body of `--post`, a secret; `None` asks with GET.
    pub body: Option<ValueId>,
}

impl Request {
    fn texts(&self) -> impl Iterator<Item = ValueId> {
        [
            Some(self.host),
            Some(self.path),
            self.key,
            self.user,
            self.password,
            self.aliases,
            self.body,
        ]
        .into_iter()
        .flatten()
    }

    /// Whether it has credentials that its transport does not know.
    pub(crate) fn is_tftp_with_credentials(&self) -> bool {
        self.scheme == Scheme::Tftp && (self.user.is_some() || self.password.is_some())
    }

    pub(crate) fn retain(&self, values: &mut Values) {
        for id in self.texts() {
            values.retain(id);
        }
    }

    pub(crate) fn release(&self, values: &mut Values) {
        for id in self.texts() {
            values.release(id);
        }
    }
}

impl Phone {
    /// Makes a request the one that macros describe; its texts' uses pass to the phone.
    pub(crate) fn put_request(&mut self, request: Request, cx: &mut Cx<'_>) {
        match &mut self.request {
            Some(place) => std::mem::replace(&mut **place, request).release(&mut cx.shared.values),
            None => self.request = Some(Box::new(request)),
        }
    }
}
