//! What a page submits: all of it is good, or nothing is stored.

use std::collections::BTreeMap;

use onhook_params::{Delta, DeltaBuilder, ParamId, Setting, UserAccess, entered};
use onhook_phone::Look;
use onhook_rules::masked;
use zeroize::Zeroizing;

use crate::encoding::{Field, fields};
use crate::layout::is_on_pages;
use crate::login::Role;

/// Most fields of a form.
pub(crate) const FIELDS: usize = 4000;

/// The field that proves where a form comes from.
pub(crate) const TOKEN: &str = "token";
/// What empties a secret: the name of its field and this.
const CLEAR: &str = ".clear";

/// What a form says.
pub(crate) struct Submitted {
    /// The proof of where it comes from.
    pub(crate) token: String,
    pairs: Vec<Field>,
}

/// Why nothing is stored, by field; the field of what belongs to none is empty.
pub(crate) type Faults = BTreeMap<String, String>;

impl Submitted {
    /// Reads a form; `None` if it is none.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        // What is more than a form can have is not even read.
        let pairs: Option<Vec<Field>> = fields(body).take(FIELDS + 1).collect();
        let mut pairs = pairs.filter(|pairs| pairs.len() <= FIELDS)?;
        let at = pairs.iter().position(|(name, _)| name.as_str() == TOKEN)?;
        let (_, token) = pairs.remove(at);
        Some(Self {
            token: token.as_str().to_owned(),
            pairs,
        })
    }

    /// How many fields there are besides the proof.
    pub(crate) const fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The text of a field, the first of several.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(given, _)| given.as_str() == name);
        found.map(|(_, value)| value.as_str())
    }

    //= R-WEB-14
    /// What changes.
    ///
    /// # Errors
    /// A field is unknown, may not be changed or holds what it may not: then nothing changes.
    pub(crate) fn changes(&self, look: &Look, role: Role) -> Result<Delta, Faults> {
        let mut faults = Faults::new();
        let mut delta = DeltaBuilder::with_capacity(self.pairs.len(), 256);
        for (name, text) in &self.pairs {
            let (plain, clears) = match name.strip_suffix(CLEAR) {
                Some(plain) => (plain, true),
                None => (name.as_str(), false),
            };
            match change(plain, text, clears, look, role) {
                Ok(None) => {}
                Ok(Some((id, value))) => {
                    delta.push(Setting {
                        id,
                        value: Some(&value),
                        access: None,
                        preserve: false,
                    });
                }
                Err(why) => {
                    faults.insert(plain.to_owned(), why);
                }
            }
        }
        match faults.is_empty() {
            true => Ok(delta.finish()),
            false => Err(faults),
        }
    }
}

/// What one field changes; `None` if nothing.
fn change(
    name: &str,
    text: &str,
    clears: bool,
    look: &Look,
    role: Role,
) -> Result<Option<(ParamId, Zeroizing<String>)>, String> {
    let scope = &look.scope;
    let id = ParamId::lookup(name, scope).filter(|id| is_on_pages(*id, scope));
    let Some(id) = id else {
        return Err("there is no such field: load the page again".to_owned());
    };
    let secret = id.pattern().secret;
    let value = entered(text);
    let unchanged = match (secret, clears) {
        // What is not written stays.
        (true, false) => value.is_empty(),
        (true, true) => false,
        (false, true) => return Err("there is no such field: load the page again".to_owned()),
        (false, false) => value.as_str() == look.text(id),
    };
    if unchanged {
        return Ok(None);
    }
    //= R-WEB-11
    //= R-UA-1
    if role == Role::User && look.access(id) != Some(UserAccess::Rw) {
        return Err("the User account may not change this".to_owned());
    }
    if clears {
        return Ok(Some((id, Zeroizing::new(String::new()))));
    }
    if look.hides(id) && !secret && value.contains("***") {
        return Err("`***` stands for a key or password: write it again".to_owned());
    }
    let canonical = id.canonical(&value, scope);
    let canonical = canonical.map_err(|bad| masked(&bad.to_string()))?;
    Ok(Some((id, Zeroizing::new(canonical.into_owned()))))
}
