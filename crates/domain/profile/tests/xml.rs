//! The rules of elements, tags and attributes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use common::{check, check_corrupt, check_error, check_file, plain, read};
use onhook_device::EmptyElement;
use onhook_profile::decode;

//= R-XML-1 type=test
//= R-XML-3 type=test
#[test]
fn each_element_sets_one_parameter_to_its_text() {
    check(
        "<Resync_At__HHmm_>0300</Resync_At__HHmm_><Dial_Plan_2_>(x.)</Dial_Plan_2_><G722.2_Codec_Name>AMR</G722.2_Codec_Name>",
        &[
            ("Resync_At__HHmm_", "0300"),
            ("Dial_Plan_2_", "(x.)"),
            ("G722.2_Codec_Name", "AMR"),
        ],
        &[],
    );
}

//= R-XML-2 type=test
#[test]
fn a_profile_is_found_inside_any_wrappers_and_their_other_children_are_ignored() {
    check_file(
        "<device a='1'>x<GPP_B>no</GPP_B><top><flat-profile><GPP_A>1</GPP_A></flat-profile></top><GPP_C>no</GPP_C></device>",
        &[("GPP_A", "1")],
        &[],
    );
}

//= R-XML-4 type=test
#[test]
fn names_differ_in_case() {
    check("<gpp_a>1</gpp_a>", &[], &["unknown:gpp_a"]);
    check_error(
        "<FLAT-PROFILE></FLAT-PROFILE>",
        "no-flat-profile",
        Some((1, 1)),
    );
    check_error("\n <a><b/></a>", "no-flat-profile", Some((2, 2)));
    check_error(
        "<?xml version='1.0'?><!-- nothing else -->",
        "no-flat-profile",
        Some((1, 1)),
    );
}

//= R-XML-5 type=test
#[test]
fn unknown_elements_and_processing_instructions_are_ignored_anywhere() {
    check_file(
        "<?xml version=\"1.0\"?><?a?><flat-profile><?b <x> ?><No_Such><?c?></No_Such><GPP_A>1<?d ?>2</GPP_A></flat-profile><?e?>",
        &[("GPP_A", "12")],
        &["unknown:No_Such"],
    );
}

//= R-XML-6 type=test
#[test]
fn every_start_tag_needs_its_end_tag() {
    check_corrupt("<GPP_A>1</GPP_B>", (2, 9));
    check_corrupt("<GPP_A>1</gpp_a>", (2, 9));
    check_corrupt("<GPP_A>1</GPP_AB>", (2, 9));
    check_corrupt("<GPP_A>1</GPP_>", (2, 9));
    check_corrupt("<GPP_A>1</ GPP_A>", (2, 9));
    check_corrupt("<GPP_A>1</GPP_A x>", (2, 9));
    check_corrupt("</GPP_A>", (2, 1));
    check_error("<flat-profile><GPP_A>1</GPP_A>", "corrupt", Some((1, 1)));
    check_error("<flat-profile>\n<GPP_A>1", "corrupt", Some((2, 1)));
    check_error("<flat-profile/></flat-profile>", "corrupt", Some((1, 16)));
    check("<GPP_A>1</GPP_A \n>", &[("GPP_A", "1")], &[]);
    let error = read("<flat-profile>\n<GPP_A>1\n</flat-profile>").unwrap_err();
    assert!(error.to_string().contains("opened in line 2"), "{error}");
}

//= R-XML-7 type=test
//= D-XML-1 type=test
#[test]
fn an_empty_tag_keeps_the_value_or_clears_it_as_the_reading_says() {
    let file =
        "<flat-profile><GPP_A/><Speed_Dial_2_Name ua=\"rw\"/><Provision_Enable/></flat-profile>";
    check_file(file, &[], &[]);
    let mut spec = plain();
    spec.scope.readings.empty_element = EmptyElement::Clear;
    let cleared = decode(file.as_bytes().to_vec(), &spec, &common::OneKey(Vec::new())).unwrap();
    let expected = [
        ("GPP_A", ""),
        ("Provision_Enable", "Yes"),
        ("Speed_Dial_2_Name", ""),
    ];
    assert_eq!(
        common::values(&cleared),
        expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into()
    );
    assert_eq!(
        common::rights(&cleared),
        [("Speed_Dial_2_Name".to_owned(), "rw")].into()
    );
}

//= R-XML-13 type=test
//= D-XML-6 type=test
#[test]
fn a_comment_ends_at_the_first_mark_and_vanishes() {
    check(
        "<GPP_A>a<!-- <b> & &no; -->b</GPP_A><!---->",
        &[("GPP_A", "ab")],
        &[],
    );
    check(
        "<!------ x ------><GPP_A>a</GPP_A>",
        &[("GPP_A", "a")],
        &["comment-double-hyphen"],
    );
    check(
        "<!-- x ---><GPP_A>a<!-- -- --></GPP_A>",
        &[("GPP_A", "a")],
        &["comment-double-hyphen"; 2],
    );
    check("<!--> <GPP_A>a</GPP_A> -->", &[], &[]);
    check_corrupt("<!-- no end", (2, 1));
    check_corrupt("<!-- \u{1} -->", (2, 6));
}

//= R-XML-14 type=test
#[test]
fn other_attributes_are_ignored() {
    check_file(
        "<flat-profile ua='na' device=\"a>b\"><GPP_A UA='ro' group = 'x' um=\"y\"\n>1</GPP_A></flat-profile>",
        &[("GPP_A", "1")],
        &[],
    );
}

//= R-XML-15 type=test
#[test]
fn only_direct_children_count_and_a_parameter_with_children_is_skipped_whole() {
    check(
        "<x><GPP_A>1</GPP_A><flat-profile><GPP_B>1</GPP_B></flat-profile></x>",
        &[],
        &["unknown:x"],
    );
    check(
        "<GPP_A ua='xx'>1<b/>2</GPP_A><GPP_B>3</GPP_B>",
        &[("GPP_B", "3")],
        &["nested:GPP_A"],
    );
    check(
        "<GPP_A ua='rw'>&amp;<b><c><b/></c></b></GPP_A><GPP_B>3</GPP_B>",
        &[("GPP_B", "3")],
        &["nested:GPP_A"],
    );
    check("<GPP_A><GPP_B>3</GPP_B></GPP_A>", &[], &["nested:GPP_A"]);
    let decoded = read("<flat-profile><GPP_A ua='rw'><b/></GPP_A></flat-profile>").unwrap();
    assert!(decoded.delta.is_empty());
}

//= R-XML-16 type=test
#[test]
fn text_between_parameters_and_around_the_root_is_ignored() {
    check_file(
        "<flat-profile># a <GPP_A>1</GPP_A> ]]> <![CDATA[<GPP_B>]]> </flat-profile> rest <![CDATA[x]]>",
        &[("GPP_A", "1")],
        &[],
    );
}

//= D-XML-8 type=test
#[test]
fn several_profiles_apply_in_order_and_one_inside_another_is_skipped() {
    check_file(
        "<flat-profile><GPP_A>1</GPP_A><GPP_B>1</GPP_B></flat-profile><x><flat-profile><GPP_A>2</GPP_A></flat-profile></x>",
        &[("GPP_A", "2"), ("GPP_B", "1")],
        &["duplicate:GPP_A"],
    );
    check(
        "<flat-profile><GPP_A>1</GPP_A></flat-profile>",
        &[],
        &["unknown:flat-profile"],
    );
}

//= D-XML-9 type=test
#[test]
fn declarations_are_refused() {
    check_error(
        "<!DOCTYPE flat-profile><flat-profile/>",
        "corrupt",
        Some((1, 1)),
    );
    check_error("<!doctype html><flat-profile/>", "corrupt", Some((1, 1)));
    check_corrupt("<!ELEMENT a>", (2, 1));
    check_corrupt("<![cdata[a]]>", (2, 1));
}

//= D-XML-7 type=test
//= R-UA-3 type=test
#[test]
fn attributes_need_straight_quotes_and_a_blank_before_them() {
    for tag in [
        "ua=na",
        "ua=\u{201d}na\u{201d}",
        "ua",
        "ua=",
        "=\"na\"",
        "a='1'b='2'",
        "ua=\"na'",
        "a='<'",
        "/ ",
        "a='\u{1}'",
    ] {
        let error = read(format!(
            "<flat-profile><GPP_A {tag}>1</GPP_A></flat-profile>"
        ))
        .unwrap_err();
        assert_eq!(error.code().as_str(), "corrupt", "{tag}");
    }
    check_corrupt("<GPP_A a='1' ua='na' a='1'>1</GPP_A>", (2, 22));
    check_corrupt("<No_Such a='1' a='1'/>", (2, 16));
}

#[test]
fn a_tag_needs_a_name() {
    for tag in [
        "< GPP_A>",
        "<>",
        "</>",
        "<1>",
        "<-a>",
        "<.a>",
        "<",
        "<GPP_A",
        "<GPP_A ua='na'",
        "<GPP_A /",
        "<a$b/>",
        "<?a",
        "<!",
    ] {
        let error = read(format!("<flat-profile>{tag}")).unwrap_err();
        assert_eq!(error.code().as_str(), "corrupt", "{tag}");
    }
}
