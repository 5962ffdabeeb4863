//! Arbitrary, changed and cut files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use std::collections::BTreeMap;

use common::{OneKey, check_error, plain, read, read_with_key, values};
use onhook_crypto::{Digest, encrypt};
use onhook_profile::decode;
use proptest::prelude::*;
use quick_xml::events::Event;

const GOOD: &str = "<?xml version=\"1.0\"?>\n<!-- c -->\n<device>\n<flat-profile>\n<GPP_A ua=\"na\"> a &amp; b&#33;\r\n</GPP_A>\n\
    <Unknown x='1'><y/></Unknown>\n<GPP_B/><Resync_Periodic>60</Resync_Periodic><GPP_C><![CDATA[<>]]></GPP_C>\n</flat-profile>\n</device>\n";

fn words() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<flat-profile>",
        "</flat-profile>",
        "<flat-profile/>",
        "<GPP_A>",
        "</GPP_A>",
        "<GPP_A",
        "<GPP_B/>",
        "<x>",
        "</x>",
        " ua=\"rw\"",
        " ua='",
        ">",
        "/>",
        "<",
        "&",
        "&amp;",
        "&#",
        "&#x",
        "65;",
        "<!--",
        "-->",
        "--",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<!DOCTYPE",
        "\r",
        "\n",
        "\r\n",
        "\0",
        "\u{feff}",
        "\u{e9}",
        "\u{ffff}",
        "text",
        " ",
        "\"",
        "'",
        "=",
    ])
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = read_with_key(&bytes, "k");
        let _ = read([&[0x1f, 0x8b, 8], &bytes[..]].concat());
        let _ = read([b"<flat-profile>", &bytes[..]].concat());
        let _ = read([b"Salted__", &bytes[..]].concat());
    }

    #[test]
    fn arbitrary_markup_never_panics(parts in prop::collection::vec(words(), 0..40), wrapped: bool) {
        let inside = parts.concat();
        let file = if wrapped { format!("<flat-profile>{inside}</flat-profile>") } else { inside };
        if let Ok(decoded) = read(&file) {
            for warning in decoded.diagnostics.iter() {
                prop_assert!(warning.line >= 1 && warning.column >= 1);
                prop_assert!(!warning.message(&common::scope()).is_empty());
            }
        }
    }

    #[test]
    fn a_changed_profile_never_panics(at in 0..GOOD.len(), byte: u8, length in 0_usize..4) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, [byte]);
        let _ = read(&bytes);
        let _ = read_with_key(encrypt(&bytes, b"k", Digest::Md5, [1; 8]), "k");
    }

    #[test]
    fn small_limits_never_panic(depth in 0_usize..4, attributes in 0_usize..3, element_text in 0_usize..9, ratio in 0_usize..3) {
        let mut spec = plain();
        spec.limits.depth = depth;
        spec.limits.attributes = attributes;
        spec.limits.element_text = element_text;
        spec.limits.ratio = ratio;
        spec.limits.inflated_bytes = element_text * 100;
        let _ = decode(GOOD.as_bytes().to_vec(), &spec, &OneKey(Vec::new()));
    }

    #[test]
    fn well_formed_profiles_are_read_as_a_general_parser_reads_them(elements in prop::collection::vec(element(), 0..12)) {
        let file = format!("<?xml version='1.0'?><w><flat-profile a=\"1\">{}</flat-profile></w>", elements.concat());
        let decoded = read(&file).unwrap();
        prop_assert_eq!(values(&decoded), by_quick_xml(&file), "{}", file);
    }
}

/// An element that XML allows, with some text in it.
fn element() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["GPP_A", "GPP_B", "GPP_C", "Dial_Plan_1_", "No_Such"]);
    let attributes = prop::sample::select(vec![
        "",
        " ua=\"na\"",
        " um='y' group = \"a&amp;b>\"",
        "\n x='&#65;'\t",
    ]);
    let part = prop::sample::select(vec![
        "a",
        "b c",
        " ",
        "\n",
        "\t",
        "&amp;",
        "&lt;",
        "&gt;",
        "&quot;",
        "&apos;",
        "&#65;",
        "&#x42;",
        "<!-- c > d -->",
        "<![CDATA[<&>]]>",
        "<?p i?>",
        "\u{e9}",
        "]",
        ">",
        "'",
        "\"",
    ]);
    (name, attributes, prop::collection::vec(part, 0..8)).prop_map(|(name, attributes, parts)| {
        format!("<{name}{attributes}>{}</{name} >", parts.concat())
    })
}

/// The values of a profile as quick-xml sees them.
fn by_quick_xml(file: &str) -> BTreeMap<String, String> {
    let mut reader = quick_xml::Reader::from_str(file);
    let (mut found, mut path) = (BTreeMap::new(), Vec::new());
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                text.clear();
            }
            Event::End(_) => {
                let name = path.pop().unwrap();
                if path.len() == 2 && name != "No_Such" {
                    let value = text.replace('\n', " ").trim_matches([' ', '\t']).to_owned();
                    found.insert(
                        name,
                        if value == "\"\"" {
                            String::new()
                        } else {
                            value
                        },
                    );
                }
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(name) => match &*name {
                "amp" => text.push('&'),
                "lt" => text.push('<'),
                "gt" => text.push('>'),
                "quot" => text.push('"'),
                "apos" => text.push('\''),
                _ => text.push(name.resolve_char_ref().unwrap().unwrap()),
            },
            Event::Eof => return found,
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

//= R-XML-6 type=test
#[test]
fn a_profile_cut_at_any_byte_is_an_error_until_its_root_is_closed() {
    let whole = values(&read(GOOD).unwrap());
    assert_eq!(whole.len(), 3);
    let closed = GOOD.trim_end().len();
    for len in 0..closed {
        assert!(read(&GOOD.as_bytes()[..len]).is_err(), "{len}");
    }
    for len in closed..=GOOD.len() {
        assert_eq!(values(&read(&GOOD.as_bytes()[..len]).unwrap()), whole);
    }
}

#[test]
fn an_encrypted_profile_cut_at_any_byte_is_an_error() {
    let file = encrypt(GOOD.as_bytes(), b"k", Digest::Sha256, [1; 8]);
    for len in 0..file.len() {
        assert!(read_with_key(&file[..len], "k").is_err(), "{len}");
    }
}

#[test]
fn a_large_file_of_nonsense_stays_cheap() {
    let deep = "<a>".repeat(200_000);
    check_error(deep, "corrupt", Some((1, 97)));
    let ampersands = format!(
        "<flat-profile><No_Such>{}</No_Such></flat-profile>",
        "&a".repeat(30_000)
    );
    assert_eq!(read(ampersands).unwrap().diagnostics.len(), 2);
    let unknown = format!("<flat-profile>{}</flat-profile>", "<b/>".repeat(500_000));
    assert_eq!(read(unknown).unwrap().diagnostics.len(), 500_000);
}

#[test]
fn a_hundred_thousand_elements_cost_what_they_set() {
    let elements: String = (0..100_000)
        .zip("ABCDEFGHIJKLMNOP".chars().cycle())
        .map(|(n, register)| format!("<GPP_{register}>{n}</GPP_{register}>"))
        .collect();
    let file = format!("<flat-profile>{elements}</flat-profile>");
    let decoded = read(file).unwrap();
    let last: Vec<_> = values(&decoded).into_values().collect();
    let expected: Vec<_> = (99_984..100_000).map(|n| n.to_string()).collect();
    assert_eq!(last, expected);
}

//= R-GZ-4 type=test
#[test]
fn floods_end_with_an_error_at_the_limit() {
    let name = "flat-profile";
    for (what, file) in [
        (
            "a megabyte of text",
            format!("<{name}><GPP_A>{}</GPP_A></{name}>", "x".repeat(1 << 20)),
        ),
        (
            "a megabyte of text that is skipped",
            format!("<{name}><No>{}</No></{name}>", "x".repeat(1 << 20)),
        ),
        (
            "a hundred thousand attributes",
            format!(
                "<{name}><GPP_A {}/></{name}>",
                (0..100_000)
                    .map(|n| format!("a{n}='1' "))
                    .collect::<String>()
            ),
        ),
        (
            "entities of entities",
            format!("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><{name}>&b;</{name}>"),
        ),
        ("a megabyte without an end", "<".repeat(1 << 20)),
    ] {
        assert_eq!(read(file).unwrap_err().code().as_str(), "corrupt", "{what}");
    }
    let mut latin = b"<flat-profile><GPP_A>caf".to_vec();
    latin.push(0xe9);
    latin.extend(b"</GPP_A></flat-profile>");
    assert_eq!(read(latin).unwrap_err().code().as_str(), "corrupt");
}
