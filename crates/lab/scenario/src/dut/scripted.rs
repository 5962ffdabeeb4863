//! The server of the virtual phone: files, and faults as what they lead to.

use std::collections::BTreeMap;
use std::time::Duration;

use onhook_device::{Outcome, TlsFailure};
use onhook_fetch::Scheme;

use crate::language::{Coding, Content, Fault, Glob, LoadSpec, TlsFault};

/// How long a phone waits for a server that says nothing (R-HTTP-17, R-TFTP-15).
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes instead of a profile.
const PAGE: &str = "<html><body><h1>It works</h1></body></html>";

/// The answer to one request.
pub(super) struct Answer {
    pub(super) after: Duration,
    /// Whether the name of the server can be resolved.
    pub(super) found: bool,
    /// Whether the server hears of the request.
    pub(super) heard: bool,
    pub(super) body: Result<Body, Outcome>,
}

impl Answer {
    /// What comes of a request that nobody hears.
    pub(super) const fn unheard(outcome: Outcome) -> Self {
        Self {
            after: Duration::ZERO,
            found: false,
            heard: false,
            body: Err(outcome),
        }
    }
}

/// What is sent.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) aes128gcm: bool,
    /// What its manifest says, if it is a load.
    pub(super) load: LoadSpec,
    /// Whether it is something else than the file.
    pub(super) is_spoilt: bool,
}

/// Files and faults, changed at run time.
pub(super) struct Scripted {
    pub(super) files: BTreeMap<String, Content>,
    /// In the order in which they were switched on; the last one that fits counts.
    pub(super) faults: Vec<(Glob, Fault)>,
}

impl Scripted {
    /// What is answered to a request; `place` fills in addresses.
    pub(super) fn answer(
        &self,
        scheme: Scheme,
        url: &str,
        path: &str,
        place: impl Fn(&str) -> String,
    ) -> Answer {
        let fits = |(glob, fault): &&(Glob, Fault)| {
            let glob = Glob::new(place(glob.as_str()));
            (glob.fits(path) || glob.fits(url)) && concerns(fault, scheme)
        };
        let fault = self.faults.iter().rev().find(fits).map(|(_, fault)| fault);
        let mut answer = Answer {
            after: Duration::ZERO,
            found: fault != Some(&Fault::Dns),
            heard: !matches!(fault, Some(Fault::Dns | Fault::Refused | Fault::Tls(_))),
            body: self.file(scheme, url, path, fault, &place),
        };
        match fault {
            Some(Fault::Silent | Fault::Stall) => answer.after = PATIENCE,
            Some(Fault::Delay(span)) => answer.after = *span,
            Some(_) | None => {}
        }
        answer
    }

    fn file(
        &self,
        scheme: Scheme,
        url: &str,
        path: &str,
        fault: Option<&Fault>,
        place: impl Fn(&str) -> String,
    ) -> Result<Body, Outcome> {
        let plain = |text: &str| {
            Ok(Body {
                bytes: text.as_bytes().to_vec(),
                aes128gcm: false,
                load: LoadSpec::default(),
                is_spoilt: true,
            })
        };
        match fault {
            Some(Fault::Page) => return plain(PAGE),
            Some(Fault::Empty) => return plain(""),
            Some(fault) => {
                if let Some(outcome) = outcome(fault, scheme) {
                    return Err(outcome);
                }
            }
            None => {}
        }
        let bare = path.split('?').next().unwrap_or(path);
        let file = [url, path, bare]
            .iter()
            .find_map(|key| self.files.get(*key))
            .ok_or(Outcome::Fnf)?;
        let mut file = file.clone();
        if fault == Some(&Fault::WrongKey) {
            file.coding = match file.coding {
                Coding::Records { ikm } => Coding::Records {
                    ikm: format!("not {ikm}"),
                },
                Coding::Plain | Coding::Cbc { .. } => Coding::Cbc {
                    key: "a key that no rule has".to_owned(),
                    digest: onhook_crypto::Digest::Sha256,
                },
            };
        }
        Ok(Body {
            bytes: file.bytes(&place(&file.text)),
            aes128gcm: file.is_records(),
            load: file.load.unwrap_or_default(),
            is_spoilt: fault == Some(&Fault::WrongKey),
        })
    }
}

/// What a fault leads to; `None` if a file comes nevertheless.
const fn outcome(fault: &Fault, scheme: Scheme) -> Option<Outcome> {
    Some(match fault {
        Fault::Status(404) | Fault::Error(1) => Outcome::Fnf,
        Fault::Status(401) => Outcome::Auth,
        Fault::Status(407) => Outcome::ProxyAuth,
        Fault::Status(status) => Outcome::HttpStatus(*status),
        Fault::Error(code) => Outcome::Tftp(*code),
        Fault::Silent => Outcome::TftpTimeout,
        Fault::Stall => match scheme {
            Scheme::Tftp => Outcome::TftpTimeout,
            Scheme::Http | Scheme::Https => Outcome::Timeout,
        },
        Fault::Drop | Fault::Reset => Outcome::HttpProtocol,
        Fault::RedirectLoop => Outcome::Redirects,
        Fault::Truncate(_) => Outcome::Truncated,
        Fault::Tls(TlsFault::Expired | TlsFault::NotYetValid | TlsFault::SelfSigned) => {
            Outcome::Tls(TlsFailure::Chain)
        }
        Fault::Tls(TlsFault::WrongName) => Outcome::Tls(TlsFailure::Name),
        Fault::Tls(TlsFault::Drop | TlsFault::Alert) => Outcome::Tls(TlsFailure::Handshake),
        Fault::Refused => Outcome::Connect,
        Fault::Dns => Outcome::Dns,
        Fault::WrongKey | Fault::Page | Fault::Empty | Fault::Delay(_) | Fault::Wire(_) => {
            return None;
        }
    })
}

/// Whether a fault has a meaning for requests of a scheme.
const fn concerns(fault: &Fault, scheme: Scheme) -> bool {
    match fault {
        Fault::Status(_) | Fault::Drop | Fault::Reset | Fault::RedirectLoop => {
            !matches!(scheme, Scheme::Tftp)
        }
        Fault::Error(_) | Fault::Silent => matches!(scheme, Scheme::Tftp),
        Fault::Tls(_) => matches!(scheme, Scheme::Https),
        Fault::Stall
        | Fault::Truncate(_)
        | Fault::WrongKey
        | Fault::Page
        | Fault::Empty
        | Fault::Delay(_)
        | Fault::Refused
        | Fault::Dns => true,
        // Nothing in virtual time has packets.
        Fault::Wire(_) => false,
    }
}
