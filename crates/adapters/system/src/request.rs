//! Requests as they go over the control socket.

use std::fmt;
use std::net::IpAddr;

use onhook_device::{Secret, SipError};
use onhook_phone::{Ask, ClientCertificate, LineUse, Origin, Registration};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// One request as it goes over the socket.
///
/// Read by hand: what serde makes for a tagged enum is ten times as large.
#[derive(Serialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum ControlRequest {
    /// Run the configured rules, or the given one alone.
    Resync {
        /// The rule; may hold a key.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// Whether somebody asks at the menu of the phone: User_Configurable_Resync counts, and a rule becomes Profile_Rule.
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
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Upgrade the firmware when all lines are idle.
    Upgrade {
        /// The URL of a load, or a rule; may hold a password. Without it Upgrade_Rule says where from.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// Report the configuration as Report_Rule says.
    Report {},
    /// Report a problem to the place that PRT_Upload_Rule names.
    ReportProblem {},
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
    /// A request of SIP failed on a line.
    SipError {
        /// Number of the line, from 1.
        line: u8,
        /// How: a status, or an internal code.
        #[serde(serialize_with = "as_text")]
        code: SipError,
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
    /// Tell whether the phone may talk to a server.
    MayUse {
        /// Its name or address.
        server: String,
    },
    /// Tell how things are.
    Status {},
    /// Tell what happens from now on, a line each, until the asker hangs up.
    Events {},
}

fn as_text<S: Serializer>(text: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(text)
}

/// Whether a line is in use, as it goes over the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
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

impl ControlRequest {
    /// What is asked of the phone; `None` if it need not be asked.
    pub(crate) fn into_ask(self) -> Option<Ask> {
        Some(match self {
            Self::Resync { rule, .. } => {
                Ask::Resync(rule.map(|rule| Secret::new(rule.into_bytes())))
            }
            Self::Set { name, value } => Ask::Set {
                name,
                value: Secret::new(value.into_bytes()),
            },
            Self::UpdateCa { url } => Ask::UpdateCa(url.map(|url| Secret::new(url.into_bytes()))),
            Self::Upgrade { url } => Ask::Upgrade(url.map(|url| Secret::new(url.into_bytes()))),
            Self::Report {} => Ask::Report,
            Self::ReportProblem {} => Ask::ReportProblem,
            Self::FactoryReset {} => Ask::FactoryReset,
            Self::Reboot {} => Ask::Restart,
            Self::Restart {} => Ask::RestartWarm,
            Self::Line { line, line_use } => Ask::Line(line, line_use.into()),
            Self::Registration { line, registration } => {
                Ask::Registration(line, registration.into())
            }
            Self::ExternalAddress { address } => Ask::ExternalAddress(address),
            Self::LogIn { user, password } => Ask::LogIn {
                user,
                password: Secret::new(password.into_bytes()),
            },
            Self::LogOut {} => Ask::LogOut,
            Self::InstallCertificate { certificate, key } => {
                Ask::InstallCertificate(ClientCertificate {
                    certificate,
                    key: Secret::new(key.into_bytes()),
                })
            }
            Self::RemoveCertificate {} => Ask::RemoveCertificate,
            Self::SipError { line, code } => Ask::SipError(line, code),
            Self::MayUse { server } => Ask::MayUse(server),
            Self::Status {} => Ask::Status,
            Self::Events {} => return None,
        })
    }
}

impl ControlRequest {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no request: where to look. Nothing of the line is repeated, as it may hold a secret.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        let mut fields: Fields = serde_json::from_slice(line)
            .map_err(|error| format!("not a request: see column {} of the line", error.column()))?;
        let request = fields.request();
        let request = request.map_err(|name| format!("not a request: see `{name}`"))?;
        match fields.0.is_empty() {
            true => Ok(request),
            false => Err("not a request: one of its fields does not belong there".to_owned()),
        }
    }
}

/// The fields of a request that nobody has looked at yet.
struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Once)
    }
}

/// Reads fields, each once.
struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = map.next_entry()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field comes twice"));
            }
        }
        Ok(Fields(fields))
    }
}

impl Fields {
    /// Takes those of a request.
    ///
    /// # Errors
    /// The name of one that is missing, or holds something else than it should.
    fn request(&mut self) -> Result<ControlRequest, &'static str> {
        let ask = self.text("ask")?;
        let request = match ask.as_str() {
            "resync" => ControlRequest::Resync {
                rule: self.perhaps("rule")?,
                menu: match self.0.remove("menu") {
                    None => false,
                    Some(Value::Bool(menu)) => menu,
                    Some(_) => return Err("menu"),
                },
            },
            "set" => ControlRequest::Set {
                name: self.text("name")?,
                value: self.text("value")?,
            },
            "update-ca" => ControlRequest::UpdateCa {
                url: self.perhaps("url")?,
            },
            "upgrade" => ControlRequest::Upgrade {
                url: self.perhaps("url")?,
            },
            "report" => ControlRequest::Report {},
            "report-problem" => ControlRequest::ReportProblem {},
            "factory-reset" => ControlRequest::FactoryReset {},
            "reboot" => ControlRequest::Reboot {},
            "restart" => ControlRequest::Restart {},
            "line" => ControlRequest::Line {
                line: self.line()?,
                line_use: match self.text("use")?.as_str() {
                    "idle" => WireLineUse::Idle,
                    "busy" => WireLineUse::Busy,
                    "emergency" => WireLineUse::Emergency,
                    _ => return Err("use"),
                },
            },
            "registration" => ControlRequest::Registration {
                line: self.line()?,
                registration: match self.text("registration")?.as_str() {
                    "disabled" => WireRegistration::Disabled,
                    "registered" => WireRegistration::Registered,
                    "unregistered" => WireRegistration::Unregistered,
                    _ => {
                        return Err("registration");
                    }
                },
            },
            "sip-error" => ControlRequest::SipError {
                line: self.line()?,
                code: self.text("code")?.parse().map_err(|_no_code| "code")?,
            },
            "external-address" => {
                let address = self.perhaps("address")?.map(|text| text.parse());
                let address = address.transpose();
                ControlRequest::ExternalAddress {
                    address: address.map_err(|_| "address")?,
                }
            }
            "log-in" => ControlRequest::LogIn {
                user: self.text("user")?,
                password: self.text("password")?,
            },
            "log-out" => ControlRequest::LogOut {},
            "install-certificate" => ControlRequest::InstallCertificate {
                certificate: self.text("certificate")?,
                key: self.text("key")?,
            },
            "remove-certificate" => ControlRequest::RemoveCertificate {},
            "may-use" => ControlRequest::MayUse {
                server: self.text("server")?,
            },
            "status" => ControlRequest::Status {},
            "events" => ControlRequest::Events {},
            _ => return Err("ask"),
        };
        Ok(request)
    }

    /// Takes a text that may be absent or null.
    fn perhaps(&mut self, name: &'static str) -> Result<Option<String>, &'static str> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(name),
        }
    }

    /// Takes a text.
    fn text(&mut self, name: &'static str) -> Result<String, &'static str> {
        self.perhaps(name)?.ok_or(name)
    }

    /// Takes the number of a line.
    fn line(&mut self) -> Result<u8, &'static str> {
        let number = self.0.remove("line").as_ref().and_then(Value::as_u64);
        let number = number.and_then(|number| number.try_into().ok());
        number.ok_or("line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ControlRequest, String> {
        ControlRequest::read(text.as_bytes())
    }

    /// One of each kind, and more where a field has several forms.
    fn requests() -> Vec<ControlRequest> {
        let text = String::from;
        vec![
            ControlRequest::Resync {
                rule: None,
                menu: false,
            },
            ControlRequest::Resync {
                rule: Some(text("http://h/a")),
                menu: true,
            },
            ControlRequest::Set {
                name: text("GPP_A"),
                value: text("x"),
            },
            ControlRequest::UpdateCa { url: None },
            ControlRequest::UpdateCa {
                url: Some(text("http://h/ca.pem")),
            },
            ControlRequest::Upgrade {
                url: Some(text("http://h/x.loads")),
            },
            ControlRequest::Report {},
            ControlRequest::ReportProblem {},
            ControlRequest::SipError {
                line: 2,
                code: SipError::Internal(7),
            },
            ControlRequest::SipError {
                line: 16,
                code: SipError::Status(404),
            },
            ControlRequest::Events {},
            ControlRequest::MayUse {
                server: text("sip.example"),
            },
            ControlRequest::FactoryReset {},
            ControlRequest::Reboot {},
            ControlRequest::Restart {},
            ControlRequest::Line {
                line: 255,
                line_use: WireLineUse::Idle,
            },
            ControlRequest::Line {
                line: 1,
                line_use: WireLineUse::Busy,
            },
            ControlRequest::Line {
                line: 16,
                line_use: WireLineUse::Emergency,
            },
            ControlRequest::Registration {
                line: 1,
                registration: WireRegistration::Disabled,
            },
            ControlRequest::Registration {
                line: 1,
                registration: WireRegistration::Registered,
            },
            ControlRequest::Registration {
                line: 1,
                registration: WireRegistration::Unregistered,
            },
            ControlRequest::ExternalAddress { address: None },
            ControlRequest::ExternalAddress {
                address: Some([203, 0, 113, 7].into()),
            },
            ControlRequest::LogIn {
                user: text("4711"),
                password: text("p"),
            },
            ControlRequest::LogOut {},
            ControlRequest::InstallCertificate {
                certificate: text("c"),
                key: text("k"),
            },
            ControlRequest::RemoveCertificate {},
            ControlRequest::Status {},
        ]
    }

    #[test]
    fn what_is_written_is_read_again() {
        for request in requests() {
            let written = serde_json::to_string(&request).unwrap();
            let again = read(&written).unwrap_or_else(|why| panic!("{written}: {why}"));
            assert_eq!(serde_json::to_string(&again).unwrap(), written);
        }
        let brief = read(r#"{"ask":"resync"}"#).unwrap();
        assert!(matches!(
            brief,
            ControlRequest::Resync {
                rule: None,
                menu: false
            }
        ));
    }

    #[test]
    fn what_is_no_request_is_refused_without_its_values() {
        for (text, why) in [
            ("", "see column 0 of the line"),
            ("{4711}", "see column 2 of the line"),
            ("[]", "see column 0 of the line"),
            (
                r#"{"ask":"status","ask":"status"}"#,
                "see column 31 of the line",
            ),
            ("{}", "see `ask`"),
            (r#"{"ask":"4711"}"#, "see `ask`"),
            (r#"{"ask":"status","4711":"x"}"#, "does not belong there"),
            (r#"{"ask":"set","name":"x"}"#, "see `value`"),
            (r#"{"ask":"set","name":"x","value":4711}"#, "see `value`"),
            (r#"{"ask":"resync","menu":"4711"}"#, "see `menu`"),
            (r#"{"ask":"line","line":256,"use":"idle"}"#, "see `line`"),
            (r#"{"ask":"line","line":-1,"use":"idle"}"#, "see `line`"),
            (r#"{"ask":"line","line":1,"use":"4711"}"#, "see `use`"),
            (
                r#"{"ask":"registration","line":1,"registration":"4711"}"#,
                "see `registration`",
            ),
            (
                r#"{"ask":"sip-error","line":1,"code":"4711"}"#,
                "see `code`",
            ),
            (
                r#"{"ask":"external-address","address":"4711"}"#,
                "see `address`",
            ),
        ] {
            let Err(said) = read(text) else {
                panic!("{text}")
            };
            assert!(said.contains(why), "{text}: {said}");
            assert!(!said.contains("4711"), "{text}: {said}");
        }
    }
}
