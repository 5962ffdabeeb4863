//! The rules of text and characters.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use common::{check, check_corrupt, check_error, check_file};

//= R-XML-8 type=test
#[test]
fn nothing_or_white_space_between_tags_is_the_empty_text() {
    for text in [
        "",
        " \t\r\n",
        "\"\"",
        " &quot;\" ",
        "<!-- none -->",
        "<![CDATA[]]>",
        "&#32;&#10;",
    ] {
        check(&format!("<GPP_A>{text}</GPP_A>"), &[("GPP_A", "")], &[]);
    }
    check(
        "<Provision_Enable>\"\"</Provision_Enable>",
        &[],
        &["bad-value:Provision_Enable"],
    );
    check(
        "<Provision_Enable> </Provision_Enable>",
        &[("Provision_Enable", "Yes")],
        &[],
    );
}

//= R-XML-9 type=test
#[test]
fn white_space_is_removed_at_the_ends_only() {
    check("<GPP_A>\t a \t b\r\n</GPP_A>", &[("GPP_A", "a \t b")], &[]);
    check(
        "<GPP_A>\u{a0}a\u{2003}</GPP_A>",
        &[("GPP_A", "\u{a0}a\u{2003}")],
        &[],
    );
    check(
        "<GPP_A> <!-- c --> a <!-- c --> </GPP_A>",
        &[("GPP_A", "a")],
        &[],
    );
}

//= R-XML-10 type=test
//= D-XML-4 type=test
#[test]
fn every_line_end_inside_a_value_is_one_space() {
    check(
        "<GPP_A>a\r\nb\rc\nd\n\re</GPP_A>",
        &[("GPP_A", "a b c d  e")],
        &[],
    );
    check(
        "<GPP_A>a&#13;&#10;b&#13;\nc&#xA;d</GPP_A>",
        &[("GPP_A", "a b c d")],
        &[],
    );
    check(
        "<GPP_A><![CDATA[\r\na\r\n]]>b</GPP_A>",
        &[("GPP_A", "a b")],
        &[],
    );
    check(
        "<GPP_A>\r\n a&amp;\r\nb \r\n</GPP_A>",
        &[("GPP_A", "a& b")],
        &[],
    );
}

//= R-XML-11 type=test
#[test]
fn escapes_are_decoded_once() {
    check(
        "<GPP_A>&lt;&gt;&apos;&quot;&amp;lt;&amp;#65;</GPP_A>",
        &[("GPP_A", "<>'\"&lt;&#65;")],
        &[],
    );
}

//= R-XML-12 type=test
#[test]
fn character_references_are_decoded_and_forbidden_characters_are_corrupt() {
    check(
        "<GPP_A>&#65;&#x42;&#x0063;&#xe9;&#x1F600;&#9;|</GPP_A>",
        &[("GPP_A", "ABc\u{e9}\u{1F600}\t|")],
        &[],
    );
    for number in [
        "0",
        "1",
        "x1F",
        "xD800",
        "xFFFE",
        "xFFFF",
        "x110000",
        "99999999999999999999",
    ] {
        check_corrupt(&format!("<GPP_A>a&#{number};</GPP_A>"), (2, 9));
        check_corrupt(&format!("<No_Such>a&#{number};</No_Such>"), (2, 11));
    }
}

//= D-XML-5 type=test
#[test]
fn a_bare_ampersand_is_text_and_an_unknown_entity_is_corrupt_wherever_it_stands() {
    for bare in [
        "&", "&&", "& b;", "&;", "&#;", "&#x;", "&#X41;", "&#x41", "&amp", "&a=b;", "&1;", "&-;",
        "&#65 ;",
    ] {
        check(
            &format!("<GPP_A>a{bare}</GPP_A>"),
            &[("GPP_A", &format!("a{bare}"))],
            &["bare-ampersand"],
        );
    }
    check(
        "<GPP_A>&amp;&&amp;</GPP_A>",
        &[("GPP_A", "&&&")],
        &["bare-ampersand"],
    );
    check(
        "<GPP_A ua='&na'>1</GPP_A> & ",
        &[("GPP_A", "1")],
        &["bad-ua:GPP_A", "bare-ampersand", "bare-ampersand"],
    );
    check_corrupt("<GPP_A>a&nbsp;</GPP_A>", (2, 9));
    check_corrupt("<GPP_A>a&AMP;</GPP_A>", (2, 9));
    check_corrupt("<GPP_A>a&\u{e9}t\u{e9};</GPP_A>", (2, 9));
    check_corrupt("<GPP_A x='&no;'>a</GPP_A>", (2, 11));
    check_corrupt("<No_Such x='&no;'><b>&no;</b></No_Such>", (2, 13));
    check_corrupt("<No_Such><b>&no;</b></No_Such>", (2, 13));
    check_corrupt("&no;", (2, 1));
    check_error("<a>&no;<flat-profile/></a>", "corrupt", Some((1, 4)));
    check_error("<flat-profile/>&no;", "corrupt", Some((1, 16)));
}

//= D-XML-10 type=test
#[test]
fn cdata_is_text() {
    check(
        "<GPP_A>a<![CDATA[<b> & ]] > &amp;]]>c</GPP_A>",
        &[("GPP_A", "a<b> & ]] > &amp;c")],
        &[],
    );
    check_corrupt("<GPP_A><![CDATA[a</GPP_A>", (2, 8));
}

//= R-ENC-1 type=test
#[test]
fn files_are_utf_8_whatever_the_header_says() {
    check_file(
        "\u{feff}<?xml encoding='x'?><flat-profile><GPP_A>\u{e9}</GPP_A></flat-profile>",
        &[("GPP_A", "\u{e9}")],
        &[],
    );
    check_error("\u{feff}<a>", "corrupt", Some((1, 1)));
    let utf16: Vec<u8> = "\u{feff}<flat-profile/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check_error(utf16, "corrupt", Some((1, 1)));
    let utf16: Vec<u8> = "\u{feff}<flat-profile/>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    check_error(utf16, "corrupt", Some((1, 1)));
}

//= R-ENC-2 type=test
#[test]
fn other_characters_are_kept_and_bad_bytes_are_corrupt() {
    check(
        "<GPP_A>Zo\u{eb} \u{1F600}\u{ffef}\u{85}\u{7f}</GPP_A>",
        &[("GPP_A", "Zo\u{eb} \u{1F600}\u{ffef}\u{85}\u{7f}")],
        &[],
    );
    check_error(
        b"<flat-profile>\n<GPP_A>\xe9</GPP_A></flat-profile>",
        "corrupt",
        Some((2, 8)),
    );
    check_error(b"<flat-profile/>\n\n \xff", "corrupt", Some((3, 2)));
    for control in ['\0', '\x1b', '\x0b', '\x0c', '\u{fffe}', '\u{ffff}'] {
        check_corrupt(&format!("<GPP_A>a{control}</GPP_A>"), (2, 9));
        check_corrupt(&format!("{control}"), (2, 1));
        check_corrupt(&format!("<?{control}?>"), (2, 3));
        check_corrupt(&format!("<GPP_A><![CDATA[{control}]]></GPP_A>"), (2, 17));
        check_corrupt(&format!("<No_Such a='{control}'/>"), (2, 13));
    }
}
