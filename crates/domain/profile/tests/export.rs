//! Exports, which a phone reads again.
#![cfg(test)]

mod common;

use onhook_device::{EmptyElement, Family, Release};
use onhook_params::{
    Bases, Entry, Mark, ParamId, ParamSet, Scope, UserAccess, Values, View, intern, secrecy,
};
use onhook_profile::{DecodeSpec, Exported, decode, export};
use proptest::prelude::*;

use common::{OneKey, check_file};

/// What one phone holds.
struct Held {
    values: Values,
    bases: Bases,
    params: ParamSet,
    scope: Scope,
}

impl Held {
    fn factory(scope: Scope) -> Self {
        Self {
            values: Values::default(),
            bases: Bases::default(),
            params: ParamSet::default(),
            scope,
        }
    }

    fn change(&mut self, wanted: &[Entry]) {
        let view = View {
            values: &self.values,
            bases: &self.bases,
            scope: &self.scope,
        };
        let mut changes = Vec::new();
        self.params.changes(wanted, view, &mut changes);
        self.params.apply(&changes, &mut self.values);
    }

    /// Sets a value if the parameter takes it, and a right.
    fn set(&mut self, id: ParamId, value: &str, access: Option<UserAccess>) {
        let value = onhook_params::entered(value);
        let value = id.canonical(&value, &self.scope).ok();
        let value = value.and_then(|text| self.values.intern(&text, secrecy(id)));
        self.change(&[Entry {
            id,
            access,
            mark: Mark::None,
            value,
        }]);
    }

    fn export(&self) -> String {
        let view = View {
            values: &self.values,
            bases: &self.bases,
            scope: &self.scope,
        };
        let parameters = ParamId::all(&self.scope).map(|id| Exported {
            id,
            value: (!id.pattern().secret).then(|| self.params.text(id, view)),
            access: self.params.access(id, view),
        });
        export(parameters, &self.scope)
    }

    fn import(&mut self, xml: &str) -> usize {
        let spec = DecodeSpec {
            scope: self.scope,
            ..DecodeSpec::default()
        };
        let decoded = decode(xml.as_bytes().to_vec(), &spec, &OneKey(Vec::new())).unwrap();
        let wanted = intern(&decoded.delta, &mut self.values);
        self.change(&wanted);
        decoded.diagnostics.len()
    }

    /// What differs from the factory state and is no secret.
    fn own(&self) -> Vec<(ParamId, Option<UserAccess>, Option<String>)> {
        let plain = |entry: &&Entry| !entry.id.pattern().secret;
        let text = |entry: &Entry| Some(self.values.expose(entry.value?).to_owned());
        let own = self.params.own().iter().filter(plain);
        own.map(|entry| (entry.id, entry.access, text(entry)))
            .collect()
    }
}

#[test]
fn an_export_shows_the_page_and_hides_secrets() {
    let id = |name| ParamId::lookup(name, &Scope::default()).unwrap();
    let parameters = |secret| {
        [
            Exported {
                id: id("GPP_A"),
                value: Some("a<b> & \"c\""),
                access: Some(UserAccess::Rw),
            },
            Exported {
                id: id("GPP_B"),
                value: Some(""),
                access: None,
            },
            Exported {
                id: id("GPP_SA"),
                value: None,
                access: secret,
            },
        ]
    };
    let scope = Scope::default();
    let xml = export(parameters(Some(UserAccess::Na)), &scope);
    assert_eq!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <flat-profile>\n  \
         <!-- Provisioning: General Purpose Parameters -->\n  \
         <GPP_A ua=\"rw\">a&lt;b&gt; &amp; \"c\"</GPP_A>\n  \
         <GPP_B></GPP_B>\n  \
         <GPP_SA ua=\"na\"/> <!-- GPP_SA is secret -->\n\
         </flat-profile>\n"
    );
    check_file(&xml, &[("GPP_A", "a<b> & \"c\""), ("GPP_B", "")], &[]);
    let hidden = "  <!-- GPP_SA is secret -->\n";
    assert!(export(parameters(None), &scope).contains(hidden));
    // Where `<Name/>` empties a value, even the right is left out.
    let mut clearing = scope;
    clearing.readings.empty_element = EmptyElement::Clear;
    assert!(export(parameters(Some(UserAccess::Na)), &clearing).contains(hidden));
}

#[test]
fn an_empty_value_of_a_kind_that_an_empty_text_resets_stays_empty() {
    let scope = Scope::default();
    let id = ParamId::lookup("Line_Enable_4_", &scope).unwrap();
    let mut held = Held::factory(scope);
    held.set(id, "\"\"", None);
    assert_eq!(held.own(), [(id, None, Some(String::new()))]);
    let mut after = Held::factory(scope);
    after.import(&held.export());
    assert_eq!(after.own(), held.own());
}

#[test]
fn the_factory_state_exports_as_itself() {
    for scope in [
        Scope::new(Family::Mpp, Release::R11_3),
        Scope::new(Family::Mpp, Release::R10_4),
        Scope::new(Family::Spa, Release::R11_3),
    ] {
        let mut held = Held::factory(scope);
        assert_eq!(held.import(&Held::factory(scope).export()), 0);
        assert_eq!(held.own(), []);
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,20}",
        "\\PC{0,12}",
        Just(String::new()),
        Just("\"\"".to_owned()),
        Just("Yes".to_owned()),
        Just("no".to_owned()),
        (0..70_000_u32).prop_map(|n| n.to_string()),
        Just("a\r\nb\tc ]]> <!-- & &amp; &#0;".to_owned()),
    ]
}

fn access() -> impl Strategy<Value = Option<UserAccess>> {
    prop::sample::select(vec![
        None,
        Some(UserAccess::Na),
        Some(UserAccess::Ro),
        Some(UserAccess::Rw),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn export_factory_reset_and_import_give_the_same_set(
        settings in prop::collection::vec((0..ParamId::COUNT as u16, value(), access()), 0..60),
        spa: bool,
    ) {
        let family = if spa { Family::Spa } else { Family::Mpp };
        let scope = Scope::new(family, Release::R11_3);
        let all: Vec<ParamId> = ParamId::all(&scope).collect();
        let mut before = Held::factory(scope);
        for (raw, value, access) in &settings {
            let id = all[usize::from(*raw) % all.len()];
            before.set(id, value, *access);
        }
        let xml = before.export();
        let mut after = Held::factory(scope);
        prop_assert_eq!(after.import(&xml), 0);
        prop_assert_eq!(after.own(), before.own());
        prop_assert_eq!(after.export(), xml);
    }
}
