//! Requests as they go over the control socket.

use std::net::IpAddr;

use onhook_device::Secret;
use onhook_phone::{Ask, ClientCertificate, LineUse};
use serde::{Deserialize, Serialize};

/// One request as it goes over the socket.
#[derive(Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ControlRequest {
    /// Run the configured rules, or the given one alone.
    Resync {
        /// The rule; may hold a key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// Set a parameter.
    Set {
        /// Element name.
        name: String,
        /// Text.
        value: String,
    },
    /// Return to the factory state.
    FactoryReset {},
    /// Restart when all lines are idle.
    Reboot {},
    /// A line became idle or busy.
    Line {
        /// Number, from 1.
        line: u8,
        /// What it became.
        #[serde(rename = "use")]
        line_use: WireLineUse,
    },
    /// The external address became known, or is not known any more.
    ExternalAddress {
        /// The address.
        address: Option<IpAddr>,
    },
    /// A user logged in to extension mobility.
    LogIn {
        /// Who.
        user: String,
        /// The password.
        password: String,
    },
    /// The user of extension mobility logged out.
    LogOut {},
    /// A client certificate was installed.
    InstallCertificate {
        /// Certificates, PEM.
        certificate: String,
        /// Private key, PEM.
        key: String,
    },
    /// The client certificate was removed.
    RemoveCertificate {},
    /// Tell how things are.
    Status {},
}

/// Whether a line is in use, as it goes over the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireLineUse {
    /// No call.
    Idle,
    /// Anything else.
    Busy,
}

impl From<WireLineUse> for LineUse {
    fn from(line_use: WireLineUse) -> Self {
        match line_use {
            WireLineUse::Idle => Self::Idle,
            WireLineUse::Busy => Self::Busy,
        }
    }
}

impl From<ControlRequest> for Ask {
    fn from(request: ControlRequest) -> Self {
        match request {
            ControlRequest::Resync { rule } => {
                Self::Resync(rule.map(|rule| Secret::new(rule.into_bytes())))
            }
            ControlRequest::Set { name, value } => Self::Set {
                name,
                value: Secret::new(value.into_bytes()),
            },
            ControlRequest::FactoryReset {} => Self::FactoryReset,
            ControlRequest::Reboot {} => Self::Restart,
            ControlRequest::Line { line, line_use } => Self::Line(line, line_use.into()),
            ControlRequest::ExternalAddress { address } => Self::ExternalAddress(address),
            ControlRequest::LogIn { user, password } => Self::LogIn {
                user,
                password: Secret::new(password.into_bytes()),
            },
            ControlRequest::LogOut {} => Self::LogOut,
            ControlRequest::InstallCertificate { certificate, key } => {
                Self::InstallCertificate(ClientCertificate {
                    certificate,
                    key: Secret::new(key.into_bytes()),
                })
            }
            ControlRequest::RemoveCertificate {} => Self::RemoveCertificate,
            ControlRequest::Status {} => Self::Status,
        }
    }
}
