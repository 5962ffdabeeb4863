//! Bounds on what a file may cost.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use common::{check_error, plain, read, warnings};
use onhook_profile::{DecodeSpec, Diagnostics, decode};

//= R-GZ-4 type=test
#[test]
fn depth_attributes_and_text_are_limited() {
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!(
            "{}<flat-profile/>{}",
            "<a>".repeat(inner),
            "</a>".repeat(inner)
        )
    };
    assert!(read(nested(32)).is_ok());
    check_error(nested(33), "corrupt", Some((1, 97)));
    let attributes = |count: usize| {
        let list: String = (0..count).map(|n| format!(" a{n}='1'")).collect();
        format!("<flat-profile{list}/>")
    };
    assert!(read(attributes(32)).is_ok());
    assert_eq!(read(attributes(33)).unwrap_err().code().as_str(), "corrupt");
    for name in ["GPP_A", "No_Such"] {
        let text = |bytes: usize| {
            format!(
                "<flat-profile><{name}>{}</{name}></flat-profile>",
                "x".repeat(bytes)
            )
        };
        assert!(read(text(65_536)).is_ok());
        assert_eq!(read(text(65_537)).unwrap_err().code().as_str(), "corrupt");
        let parts = format!("{}<!-- c -->", "&#65;".repeat(8_192)).repeat(8);
        assert!(
            read(format!(
                "<flat-profile><{name}>{parts}</{name}></flat-profile>"
            ))
            .is_ok()
        );
        let error = read(format!(
            "<flat-profile><{name}>{parts}x</{name}></flat-profile>"
        ))
        .unwrap_err();
        assert_eq!(error.code().as_str(), "corrupt");
    }
}

#[test]
fn text_is_counted_from_one_tag_to_the_next() {
    let text = "x".repeat(65_536);
    for tag in ["<No_Such/>", "<GPP_A/>", "<GPP_A></GPP_A>"] {
        let file = |more: &str| format!("<flat-profile>{text}{tag}{text}{more}</flat-profile>");
        assert!(read(file("")).is_ok(), "{tag}");
        check_error(file("x"), "corrupt", Some((1, 65_551 + tag.len() as u32)));
    }
}

#[test]
fn limits_can_be_set() {
    let mut spec = plain();
    spec.limits.depth = 1;
    let file = b"<flat-profile><GPP_A>1</GPP_A></flat-profile>".to_vec();
    assert!(decode(file.clone(), &spec, &common::OneKey(Vec::new())).is_err());
    spec.limits.depth = 2;
    spec.limits.element_text = 0;
    assert!(decode(file.clone(), &spec, &common::OneKey(Vec::new())).is_err());
    spec.limits.element_text = 1;
    assert!(decode(file, &DecodeSpec { ..spec }, &common::OneKey(Vec::new())).is_ok());
}

#[test]
fn warnings_say_where_they_belong_and_only_the_first_thousand_are_kept() {
    let file = format!(
        "<flat-profile>\n <A/>\n{}</flat-profile>",
        "<B/>".repeat(5_000)
    );
    let decoded = read(file).unwrap();
    assert_eq!(decoded.diagnostics.len(), 5_001);
    assert_eq!(decoded.diagnostics.dropped(), 5_001 - Diagnostics::LIMIT);
    assert_eq!(warnings(&decoded).len(), Diagnostics::LIMIT);
    let places: Vec<_> = decoded
        .diagnostics
        .iter()
        .map(|warning| (warning.line, warning.column))
        .collect();
    assert_eq!(places[..3], [(2, 2), (3, 1), (3, 5)]);
    let long = "L".repeat(300);
    let decoded = read(format!("<flat-profile><{long}/></flat-profile>")).unwrap();
    assert_eq!(warnings(&decoded), [format!("unknown:{}", &long[..128])]);
}
