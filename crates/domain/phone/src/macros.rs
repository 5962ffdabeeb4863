//! The values of macros, as this phone knows them.

use std::fmt::Write as _;

use onhook_device::{Now, Outcome};
use onhook_macros::{Expanded, MacroName, MacroSource};
use onhook_params::{Values, View, known};

use crate::phone::Cx;
use crate::request::Request;
use crate::{Model, Phone, Shared, Told};

/// Looks macros up for one expansion.
pub(crate) struct PhoneMacros<'a> {
    pub(crate) phone: &'a Phone,
    pub(crate) model: &'a Model,
    pub(crate) view: View<'a>,
    pub(crate) now: Now,
    /// The request that SCHEME, SERV, SERVIP, PORT and PATH describe.
    pub(crate) request: Option<&'a Request>,
    /// What ERR says.
    pub(crate) told: Option<Told>,
    /// What PRVST says.
    pub(crate) prvst: i8,
    /// What MPWD says.
    pub(crate) password: Password,
}

impl<'a> PhoneMacros<'a> {
    /// What is shown or sent outside a request; `None` of a phone without a model.
    pub(crate) fn shown(phone: &'a Phone, shared: &'a Shared, now: Now) -> Option<Self> {
        Some(Self {
            phone,
            model: phone.model(shared)?,
            view: phone.view(shared)?,
            now,
            request: None,
            told: phone.result,
            prvst: phone.resync.cause().prvst(),
            password: Password::Mask,
        })
    }
}

/// What becomes of the password of extension mobility.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Password {
    /// Its value: in rules only, which keep it out of everything that is shown.
    Value,
    /// `***`: wherever the expanded text is shown or sent.
    Mask,
}

impl Phone {
    /// Expands a text that the parameters of the phone hold; `None` if there is none.
    pub(crate) fn expand(
        &self,
        text: impl for<'v> FnOnce(View<'v>) -> Option<&'v str>,
        request: Option<&Request>,
        password: Password,
        expanded: &mut Expanded,
        cx: &mut Cx<'_>,
    ) -> Option<()> {
        let Shared {
            values,
            bases,
            models,
            templates,
            ..
        } = &mut *cx.shared;
        let model = models.get(self.model)?;
        let view = View {
            values,
            bases,
            scope: &model.scope,
        };
        let source = PhoneMacros {
            phone: self,
            model,
            view,
            now: cx.now,
            request,
            told: self.result,
            prvst: self.resync.cause().prvst(),
            password,
        };
        templates.get(text(view)?)?.expand(&source, expanded);
        Some(())
    }
}

impl MacroSource for PhoneMacros<'_> {
    fn push_value(&self, name: MacroName, out: &mut String) {
        let values = self.view.values;
        match name {
            MacroName::Gpp(n) => {
                if let Some(id) = known::GPP.get(usize::from(n)) {
                    out.push_str(self.phone.params.text(*id, self.view));
                }
            }
            MacroName::Uid(n) => {
                if let Some(id) = known::user_id(n) {
                    out.push_str(self.phone.params.text(id, self.view));
                }
            }
            MacroName::Ma => self.phone.mac.push_lower(out),
            MacroName::Mau => self.phone.mac.push_upper(out),
            MacroName::Mac => self.phone.mac.push_colons(out),
            MacroName::Pn => out.push_str(&self.model.product_name),
            MacroName::Psn => out.push_str(&self.model.series),
            MacroName::Sn => out.push_str(self.phone.serial.map_or("", |id| values.text(id))),
            MacroName::Ccert => out.push_str(if self.phone.client_certificate {
                "Installed"
            } else {
                "Not Installed"
            }),
            MacroName::Ip => out.push_str(self.phone.ip.map_or("", |id| values.text(id))),
            MacroName::ExtIp => {
                out.push_str(self.phone.external_ip().map_or("", |id| values.text(id)));
            }
            MacroName::SwVer => out.push_str(&self.model.software_version),
            MacroName::HwVer => out.push_str(&self.model.hardware_version),
            MacroName::PrvSt => push(out, Some(self.prvst)),
            MacroName::PrvTmr => {
                let since = self.phone.resync.last_attempt();
                push(out, Some(self.now.mono.secs_since(since)));
            }
            MacroName::UpgTmr => {
                let since = self.phone.last_upgrade();
                push(out, Some(self.now.mono.secs_since(since)));
            }
            MacroName::UpgSt => push(out, Some(self.phone.upgrade_stage().upgst())),
            MacroName::UpgErr => push_upgrade_error(self.phone, self.model, values, out),
            MacroName::RegTmr(line) => {
                push(out, Some(self.phone.unregistered_s(line, self.now.mono)));
            }
            MacroName::UpgCond => out.push_str("true"),
            //= R-MACRO-21
            //= R-LOG-7
            MacroName::Scheme => push(out, self.request.map(|request| request.scheme)),
            MacroName::Serv => push(out, self.request.map(|request| values.text(request.host))),
            MacroName::ServIp => match self.request {
                //= R-HTTP-20
                Some(Request { ip: Some(ip), .. }) => push(out, Some(ip)),
                Some(request) => out.push_str(values.text(request.host)),
                None => {}
            },
            MacroName::Port => push(out, self.request.map(|request| request.port)),
            MacroName::Path => push(out, self.request.map(|request| values.text(request.path))),
            MacroName::Err => push_told(self.told, values, out),
            MacroName::Ems => push(out, self.phone.mobility().status.map(|id| values.text(id))),
            MacroName::MUid => push(out, self.phone.mobility().user.map(|id| values.text(id))),
            //= R-MACRO-20
            MacroName::MPwd => push(
                out,
                self.phone
                    .mobility()
                    .password
                    .map(|id| match self.password {
                        Password::Value => values.expose(id),
                        Password::Mask => values.text(id),
                    }),
            ),
            // Never asked for secrets; the rest has no value: licences are none of ours.
            MacroName::Secret(_) | MacroName::OrigType | MacroName::AuthStatus => {}
        }
    }
}

/// The value of `$UPGERR`.
pub(crate) fn push_upgrade_error(phone: &Phone, model: &Model, values: &Values, out: &mut String) {
    match phone.upgrade_error() {
        // After a restart the version that runs is that of the new load.
        Some(Told {
            outcome: Outcome::Upgraded,
            said: None,
        }) => out.push_str(&model.software_version),
        told => push_told(told, values, out),
    }
}

/// The text of a result, and what the server said to it.
fn push_told(told: Option<Told>, values: &Values, out: &mut String) {
    let Some(told) = told else {
        return;
    };
    let before = out.len();
    told.outcome.push_err_text(out);
    if let Some(said) = told.said {
        if out.len() > before {
            out.push_str(": ");
        }
        out.push_str(values.text(said));
    }
}

fn push(out: &mut String, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        // Writing to a String cannot fail.
        let _ = write!(out, "{value}");
    }
}
