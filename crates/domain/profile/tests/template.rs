//! Files that are read by the light of others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use common::{OneKey, plain, scope, values, warnings};
use onhook_device::{EmptyElement, Family, Release};
use onhook_params::{ParamId, Scope, UserAccess};
use onhook_profile::{
    DecodeError, DecodeSpec, Decoded, Diagnostics, Limits, Template, decode, decode_like,
};
use proptest::prelude::*;

type Set = Vec<(ParamId, Option<String>, Option<UserAccess>, bool)>;

/// Everything that a file comes to.
fn told(read: Result<Decoded, DecodeError>) -> Result<(Set, Diagnostics), DecodeError> {
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
        " ua=\"a>b\"",
        " ua=\"\u{e9}/>\"",
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
        "><![CDATA[<&>]]></",
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
        let profile = prop::collection::vec(prop::sample::select(children), 0..6);
        let profile = profile
            .prop_map(|children| format!("<flat-profile>{}</flat-profile>", children.concat()));
        let file =
            (any::<bool>(), prop::collection::vec(profile, 1..3)).prop_map(|(mark, profiles)| {
                let mark = if mark { "\u{feff}" } else { "" };
                format!("{mark}<device>{}</device>", profiles.concat())
            });
        prop::collection::vec(file, 1..6)
    })
}

/// How a file is read; mostly as those before.
fn spec() -> impl Strategy<Value = DecodeSpec<'static>> {
    let limits = prop_oneof![
        3 => Just(Limits::default()),
        1 => (1_usize..5, 0_usize..3, 1_usize..9).prop_map(|(depth, attributes, element_text)| Limits {
            depth,
            attributes,
            element_text,
            ..Limits::default()
        }),
    ];
    let mut clears = scope();
    clears.readings.empty_element = EmptyElement::Clear;
    let scope = prop_oneof![
        5 => Just(scope()),
        1 => Just(clears),
        1 => Just(Scope::new(Family::Spa, Release::R10_4)),
    ];
    let aliases =
        prop_oneof![4 => Just(""), 1 => Just("/device/flat-profile/GPP_A = /flat-profile/GPP_C")];
    (limits, scope, aliases).prop_map(|(limits, scope, aliases)| DecodeSpec {
        limits,
        scope,
        aliases,
        ..plain()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_a_file_comes_to_does_not_depend_on_those_before(
        files in files(),
        specs in prop::collection::vec(spec(), 6),
        clears: bool,
    ) {
        let mut first = scope();
        if clears {
            first.readings.empty_element = EmptyElement::Clear;
        }
        let mut template = Template::new(first);
        for (file, spec) in files.iter().zip(&specs) {
            let expected = told(alone(file, spec));
            prop_assert_eq!(told(like(file, spec, &mut template)), expected, "{:?} {:?}", files, specs);
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

#[test]
fn text_is_counted_from_a_tag_that_came_before_too() {
    let mut spec = plain();
    spec.limits.element_text = 5;
    let mut template = Template::new(spec.scope);
    for _ in 0..2 {
        for text in ["12345", "123456"] {
            let file = format!("<flat-profile>12345<GPP_A/>{text}<GPP_B/></flat-profile>");
            let read = like(&file, &spec, &mut template);
            assert_eq!(read.is_ok(), text.len() == 5, "{file}");
        }
    }
}

#[test]
fn another_name_of_a_parameter_stays_one() {
    // A name that finds a parameter of another name, in the scope that has both.
    let scopes = [Family::Mpp, Family::Spa]
        .into_iter()
        .flat_map(|family| [Release::R11_3, Release::R10_4].map(|r| Scope::new(family, r)));
    let all = || (0..=u16::MAX).map_while(ParamId::from_raw);
    let mut others = scopes.flat_map(|scope| {
        all().filter_map(move |id| {
            let name = id.name().to_string();
            let meant = ParamId::lookup(&name, &scope)?.name().to_string();
            (meant != name).then_some((scope, name, meant))
        })
    });
    let (scope, name, meant) = others.next().unwrap();
    let spec = DecodeSpec { scope, ..plain() };
    let mut template = Template::new(scope);
    for _ in 0..2 {
        let file = format!("<flat-profile><{name}>a</{name}><{name}>b</{name}></flat-profile>");
        let decoded = like(&file, &spec, &mut template).unwrap();
        assert_eq!(values(&decoded), [(meant.clone(), "b".to_owned())].into());
        assert_eq!(warnings(&decoded), [format!("duplicate:{name}")]);
    }
}
