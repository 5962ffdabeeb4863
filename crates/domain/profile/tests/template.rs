//! Files that are read by the light of others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use common::{OneKey, plain, values};
use onhook_device::{Family, Release};
use onhook_params::{ParamId, Scope, UserAccess};
use onhook_profile::{DecodeError, DecodeSpec, Decoded, Template, decode, decode_like};
use proptest::prelude::*;

type Set = Vec<(ParamId, Option<String>, Option<UserAccess>, bool)>;

/// Everything that a file comes to.
fn told(
    read: Result<Decoded, DecodeError>,
) -> Result<(Set, onhook_profile::Diagnostics), DecodeError> {
    let decoded = read?;
    let settings = decoded.delta.iter();
    let set = settings.map(|one| {
        let value = one.value.map(str::to_owned);
        (one.id, value, one.access, one.preserve)
    });
    Ok((set.collect(), decoded.diagnostics))
}

fn alone(file: &str, spec: &DecodeSpec<'_>) -> Result<Decoded, DecodeError> {
    decode(file.into(), spec, &OneKey(Vec::new()))
}

fn like(
    file: &str,
    spec: &DecodeSpec<'_>,
    template: &mut Template,
) -> Result<Decoded, DecodeError> {
    decode_like(file.into(), spec, &OneKey(Vec::new()), template)
}

/// A child of a profile in one of the forms that there are, good and bad.
fn child() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "GPP_A",
        "GPP_B",
        "Dial_Plan_1_",
        "Resync_Periodic",
        "No_Such",
    ]);
    let attributes = prop::sample::select(vec![
        "",
        "",
        " ua=\"na\"",
        " ua=\"rw\"",
        " ua=\"r&\"",
        " ua=\"\"",
        " ua='ro'",
        " preserve-value=\"y\"",
        " ua=\"na\" preserve-value=\"y\"",
        " group=\"a>b\"",
        " ua=\"na\" ua=\"na\"",
    ]);
    let rest = prop::sample::select(vec![
        "/>",
        ">1</",
        ">60</",
        "> a &amp; b\r\n</",
        "><x/></",
        "><GPP_B>2</GPP_B></",
        "><!-- c --></",
        ">",
        "></x></",
    ]);
    let behind = prop::sample::select(vec!["", "\n", " <!-- c --> ", "text", "&no;"]);
    (name, attributes, rest, behind).prop_map(|(name, attributes, rest, behind)| {
        let end = if rest.ends_with("</") {
            format!("{name}>")
        } else {
            String::new()
        };
        format!("<{name}{attributes}{rest}{end}{behind}")
    })
}

/// Profiles of the same few children in many orders, so that tags stand where they stood, and where they did not.
fn files() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(child(), 1..5).prop_flat_map(|children| {
        let file = prop::collection::vec(prop::sample::select(children), 0..6);
        let file =
            file.prop_map(|children| format!("<flat-profile>{}</flat-profile>", children.concat()));
        prop::collection::vec(file, 1..5)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_file_comes_to_does_not_depend_on_those_before(
        files in files(),
        aliased: bool,
        depth in 1_usize..4,
        attributes in 0_usize..3,
        element_text in prop::sample::select(vec![2_usize, 100]),
    ) {
        let spec = plain();
        let mut template = Template::new(spec.scope);
        for (number, file) in files.iter().enumerate() {
            // What one file was allowed must not be allowed to the next, nor what it meant be meant by that.
            let mut spec = spec;
            if number + 1 == files.len() {
                if aliased {
                    spec.aliases = "/flat-profile/GPP_A = /flat-profile/GPP_C";
                }
                spec.limits.depth = depth;
                spec.limits.attributes = attributes;
                spec.limits.element_text = element_text;
            }
            let expected = told(alone(file, &spec));
            prop_assert_eq!(told(like(file, &spec, &mut template)), expected, "{:?}", files);
        }
    }
}

#[test]
fn the_template_of_another_scope_is_left_alone() {
    let spa = Scope::new(Family::Spa, Release::R10_4);
    let mut template = Template::new(spa);
    let spec = DecodeSpec {
        scope: spa,
        ..plain()
    };
    // A name that only the older family has.
    let name = ParamId::all(&spa)
        .find(|id| ParamId::lookup(&id.name().to_string(), &plain().scope).is_none());
    let name = name.unwrap().name().to_string();
    let file = format!("<flat-profile><{name}>1</{name}></flat-profile>");
    for _ in 0..2 {
        assert_eq!(values(&like(&file, &spec, &mut template).unwrap()).len(), 1);
        assert_eq!(
            values(&like(&file, &plain(), &mut template).unwrap()).len(),
            0
        );
    }
}
