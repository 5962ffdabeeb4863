//! Requests as they go over the control socket.

use std::net::IpAddr;

use onhook_device::Secret;
use onhook_phone::{Ask, ClientCertificate, LineUse, Origin, Registration};
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
        /// Whether somebody asks at the menu of the phone: User_Configurable_Resync counts, and a rule becomes Profile_Rule.
        #[serde(default)]
        menu: bool,
    },
    /// Set a parameter.
    Set {
        /// Element name.
        name: String,
        /// Text.
        value: String,
    },
    /// Fetch the custom CA.
    UpdateCa {
        /// The URL, or a rule; may hold a password. Without it Custom_CA_Rule says where from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Report the configuration as Report_Rule says.
    Report {},
    /// Return to the factory state.
    FactoryReset {},
    /// Restart when all lines are idle.
    Reboot {},
    /// Restart SIP and services, without a boot, when all lines are idle.
    Restart {},
    /// A line became idle or busy.
    Line {
        /// Number, from 1.
        line: u8,
        /// What it became.
        #[serde(rename = "use")]
        line_use: WireLineUse,
    },
    /// A line stands otherwise with its registrar.
    Registration {
        /// Number of the line, from 1.
        line: u8,
        /// How.
        registration: WireRegistration,
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
    /// An emergency call.
    Emergency,
}

/// How a line stands with its registrar, as it goes over the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireRegistration {
    /// The line is not enabled.
    Disabled,
    /// It is registered.
    Registered,
    /// It is enabled and not registered.
    Unregistered,
}

impl From<WireRegistration> for Registration {
    fn from(registration: WireRegistration) -> Self {
        match registration {
            WireRegistration::Disabled => Self::Disabled,
            WireRegistration::Registered => Self::Registered,
            WireRegistration::Unregistered => Self::Unregistered,
        }
    }
}

impl From<WireLineUse> for LineUse {
    fn from(line_use: WireLineUse) -> Self {
        match line_use {
            WireLineUse::Idle => Self::Idle,
            WireLineUse::Busy => Self::Busy,
            WireLineUse::Emergency => Self::Emergency,
        }
    }
}

impl ControlRequest {
    /// By which way it came.
    pub(crate) const fn origin(&self) -> Origin {
        if let Self::Resync { menu: true, .. } = self {
            Origin::Screen
        } else {
            Origin::Control
        }
    }
}

impl From<ControlRequest> for Ask {
    fn from(request: ControlRequest) -> Self {
        match request {
            ControlRequest::Resync { rule, .. } => {
                Self::Resync(rule.map(|rule| Secret::new(rule.into_bytes())))
            }
            ControlRequest::Set { name, value } => Self::Set {
                name,
                value: Secret::new(value.into_bytes()),
            },
            ControlRequest::UpdateCa { url } => {
                Self::UpdateCa(url.map(|url| Secret::new(url.into_bytes())))
            }
            ControlRequest::Report {} => Self::Report,
            ControlRequest::FactoryReset {} => Self::FactoryReset,
            ControlRequest::Reboot {} => Self::Restart,
            ControlRequest::Restart {} => Self::RestartWarm,
            ControlRequest::Line { line, line_use } => Self::Line(line, line_use.into()),
            ControlRequest::Registration { line, registration } => {
                Self::Registration(line, registration.into())
            }
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
