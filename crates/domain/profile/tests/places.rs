//! Where values stand in a document.
#![cfg(test)]

mod common;

use onhook_params::Scope;
use onhook_profile::{Limits, Places};
use proptest::prelude::*;

/// Each value with the place of its byte `mark`, or of its first byte.
fn check(document: &str, expected: &[(&str, &str, u32, u32)]) {
    let places = Places::find(document.as_bytes(), &Scope::default(), Limits::default());
    let mut positions = places.positions();
    let found: Vec<_> = places
        .all()
        .iter()
        .map(|place| {
            let (line, column) = place.locate(place.value().find('!').unwrap_or(0), &mut positions);
            (
                place.id.name().to_string(),
                place.value().to_owned(),
                line,
                column,
            )
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value, line, column)| {
            ((*name).to_owned(), (*value).to_owned(), *line, *column)
        })
        .collect();
    assert_eq!(found, expected, "{document}");
}

#[test]
fn places_are_lines_and_columns_of_the_file() {
    check(
        "<flat-profile>\n  <GPP_A>a!b</GPP_A>\n  <GPP_B> é! </GPP_B>\n</flat-profile>",
        &[("GPP_A", "a!b", 2, 11), ("GPP_B", "é!", 3, 12)],
    );
    check(
        "<flat-profile><GPP_A>&lt;&#33;&amp;x!</GPP_A><GPP_B>a&!b</GPP_B></flat-profile>",
        &[("GPP_A", "<!&x!", 1, 26), ("GPP_B", "a&!b", 1, 55)],
    );
    check(
        "<flat-profile><GPP_A>\r\n\r\n a\r\nb\nc!</GPP_A></flat-profile>",
        &[("GPP_A", "a b c!", 5, 2)],
    );
    check(
        "<flat-profile><GPP_A><!-- x -->a<!-- y --><![CDATA[<!]]></GPP_A></flat-profile>",
        &[("GPP_A", "a<!", 1, 53)],
    );
    check(
        "\u{feff}<flat-profile><GPP_A>!</GPP_A><GPP_A/><GPP_A></GPP_A></flat-profile>",
        &[("GPP_A", "!", 1, 22), ("GPP_A", "", 1, 39)],
    );
}

#[test]
fn what_sets_nothing_has_no_place() {
    check(
        "<x><GPP_A>a</GPP_A><flat-profile><No_Such><GPP_A>b</GPP_A></No_Such><GPP_B>c<i/>d</GPP_B>\
         <GPP_C>!</GPP_C></flat-profile><flat-profile><GPP_D>!</GPP_D></flat-profile></x>",
        &[("GPP_C", "!", 1, 97), ("GPP_D", "!", 1, 142)],
    );
    check(
        "<flat-profile><GPP_A>!</GPP_A><GPP_B>&no;</GPP_B>",
        &[("GPP_A", "!", 1, 22)],
    );
    check("", &[]);
}

/// What decoding says of the same document: the last value of each parameter.
fn decoded(document: &str) -> Option<Vec<(String, String)>> {
    let vault = common::OneKey(Vec::new());
    let spec = onhook_profile::DecodeSpec::default();
    let decoded = onhook_profile::decode(document.into(), &spec, &vault).ok()?;
    let values = decoded.delta.iter();
    Some(
        values
            .map(|s| (s.id.name().to_string(), s.value.unwrap_or("").to_owned()))
            .collect(),
    )
}

proptest! {
    // Both read the same document in the same way.
    #[test]
    fn places_and_decoding_agree(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "<GPP_A>", "</GPP_A>", "<GPP_B>", "</GPP_B>", "<No_Such>", "</No_Such>", "<GPP_C/>", "a", " ", "\r\n",
                "&lt;", "&#x41;", "&", "<![CDATA[<&]]>", "<!-- c -->", "é", "<GPP_A>x</GPP_A>", "<GPP_B>\ty&gt;\n</GPP_B>",
            ]),
            0..12,
        )
    ) {
        let document = format!("<flat-profile>{}</flat-profile>", parts.concat());
        if let Some(values) = decoded(&document) {
            let places = Places::find(document.as_bytes(), &Scope::default(), Limits::default());
            for (name, value) in values {
                let last = places.all().iter().rfind(|place| place.id.name().to_string() == name);
                prop_assert_eq!(last.map(|place| place.value().to_owned()), Some(value), "{}", document);
            }
        }
    }
}
