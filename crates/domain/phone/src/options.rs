//! What the options of a rule stand for: secrets, an alias map, a body.

use onhook_fetch::Service;
use onhook_params::{Secrecy, Value, ValueId, known};
use onhook_rules::{Argument, Piece};
use onhook_schedule::{Purpose, draw};

use crate::macros::Password;
use crate::phone::Cx;
use crate::{OpId, Phone, Request, Shared};

impl Phone {
    /// Binds an option argument as one opaque secret; `None` if it is missing or empty.
    pub(crate) fn bind(
        &self,
        argument: Option<&Argument<'_>>,
        shared: &mut Shared,
    ) -> Option<ValueId> {
        let argument = argument?;
        let mut text = std::mem::take(&mut shared.secret_text);
        text.clear();
        if let Some(view) = self.view(shared) {
            for piece in argument.pieces() {
                match piece {
                    Piece::Text(literal) => text.push_str(literal),
                    //= R-MACRO-19
                    Piece::Secret {
                        register,
                        substring,
                    } => {
                        let value = known::GPP_SECRET
                            .get(usize::from(register))
                            .and_then(|id| match self.params.value(*id, view) {
                                Value::Secret(value) => Some(view.values.expose(value)),
                                Value::Plain(_) => None,
                            })
                            .unwrap_or("");
                        text.push_str(substring.apply(value));
                    }
                }
            }
        }
        //= R-OPT-6
        let bound = if text.is_empty() {
            None
        } else {
            shared.values.intern(&text, Secrecy::Secret)
        };
        shared.secret_text = text;
        bound
    }

    /// How the servers that SRV records name are put into order for a request; `None` if it asks for no such records.
    #[must_use]
    pub fn service(&self, op: OpId, request: &Request, shared: &Shared) -> Option<Service> {
        //= R-DNS-4
        let model = self.model(shared).filter(|_| request.srv)?;
        Some(Service {
            mode: model.scope.readings.srv_weight_mode,
            seed: draw(self.resync.seed(), Purpose::Srv, u64::from(op.number())),
        })
    }

    /// The value of IKM_HTTP_Encrypt_Content, a secret; `None` if it is empty.
    #[must_use]
    pub fn ikm(&self, shared: &Shared) -> Option<ValueId> {
        //= R-GCM-2
        match self
            .params
            .value(known::IKM_HTTP_ENCRYPT_CONTENT, self.view(shared)?)
        {
            Value::Secret(value) => Some(value),
            Value::Plain(_) => None,
        }
    }

    /// The alias map in a register, not expanded; `None` if it is empty. Like the URL it is that of before the
    /// assignments of the rule.
    pub(crate) fn alias_map(&self, register: u8, shared: &mut Shared) -> Option<ValueId> {
        //= R-ALI-1
        let id = known::GPP.get(usize::from(register)).copied()?;
        let view = self.view(shared)?;
        let text = self.params.text(id, view).to_owned();
        if text.is_empty() {
            return None;
        }
        shared.values.intern(&text, Secrecy::Plain)
    }

    /// The body of a POST: the text of a register, expanded once with the request that carries it. It may hold
    /// anything, so it is a secret.
    pub(crate) fn body(&self, register: u8, request: &Request, cx: &mut Cx<'_>) -> Option<ValueId> {
        let id = known::GPP.get(usize::from(register)).copied()?;
        let mut expanded = cx.shared.expanded.take().unwrap_or_default();
        //= R-POST-1
        //= R-ASSIGN-3
        let body = self
            .expand(
                |view| Some(self.params.text(id, view)),
                Some(request),
                Password::Value,
                &mut expanded,
                cx,
            )
            .and_then(|()| {
                let values = &mut cx.shared.values;
                values.intern(expanded.text(), Secrecy::Secret)
            });
        cx.shared.expanded = Some(expanded);
        body
    }
}
