//! Alias maps: what an entry is, what is left out, which entry an element takes.
#![cfg(test)]

mod common;

use std::fmt::Write;

use common::{read_as, rights, values, warnings};
use onhook_profile::AliasMap;
use proptest::prelude::*;

/// The entries as `path>parameter`, then the errors as `!code@offset`.
fn line(text: &str) -> String {
    let map = AliasMap::parse(text);
    let mut line = String::new();
    for alias in map.entries() {
        let _ = write!(line, "{}>{} ", alias.path, alias.parameter);
        assert!(text[alias.path_offset..].starts_with(alias.path));
        assert!(text[alias.parameter_offset..].starts_with(alias.parameter));
    }
    for error in map.errors() {
        let _ = write!(line, "!{}@{} ", error.code(), error.offset());
    }
    line.trim_end().to_owned()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(line(text), expected, "{text:?}");
}

//= R-ALIAS-1 type=test
//= R-ALI-1 type=test
#[test]
fn an_entry_joins_a_path_and_a_parameter() {
    check(
        "/CPE/SIP-Credentials/name = /flat-profile/Auth_ID_1_ ;\r\n\t/CPE/SIP-Credentials/pwd=/flat-profile/Password_1_",
        "CPE/SIP-Credentials/name>Auth_ID_1_ CPE/SIP-Credentials/pwd>Password_1_",
    );
    check("", "");
    check(" ; ;\n", "");
    check("/a=/flat-profile/B;", "a>B");
    check(
        "/ns:a.b-c_1=/flat-profile/No_Such_Thing",
        "ns:a.b-c_1>No_Such_Thing",
    );
    check("/$MA=/flat-profile/B", "!alias-bad-path@1");
}

//= R-ALIAS-5 type=test
#[test]
fn a_bad_entry_is_left_out_and_told() {
    check(
        "a=/flat-profile/B; /c=/flat-profile/D",
        "c>D !alias-bad-path@0",
    );
    check("/=/flat-profile/B", "!alias-bad-path@1");
    check("/a/=/flat-profile/B", "!alias-bad-path@3");
    check("/a//b=/flat-profile/B", "!alias-bad-path@3");
    check("/1a=/flat-profile/B", "!alias-bad-path@1");
    check("/a b=/flat-profile/B", "!alias-missing-equals@3");
    check("/a", "!alias-missing-equals@2");
    check("/a /flat-profile/B", "!alias-missing-equals@3");
    check("/a=", "!alias-bad-path@3");
    check("/a=B", "!alias-bad-path@3");
    check("/a=/flat-profile", "!alias-not-flat-profile@3");
    check("/a = /flat-profile/B/C", "!alias-not-flat-profile@5");
    check("/a=/Flat-Profile/B", "!alias-not-flat-profile@3");
    check("/a=/flat-profile/B x", "!alias-trailing-text@19");
    check("/a=/flat-profile/B=/c", "!alias-trailing-text@18");
    check(";/a=/flat-profile/B;x;", "a>B !alias-bad-path@20");
}

//= R-ALIAS-3 type=test
//= R-ALI-5 type=test
#[test]
fn thirty_entries_count_and_bad_ones_with_them() {
    let good = "/a=/flat-profile/B;";
    let map = |text: &str| {
        let map = AliasMap::parse(text);
        (map.entries().len(), map.errors().len())
    };
    assert_eq!(map(&good.repeat(30)), (30, 0));
    assert_eq!(map(&good.repeat(31)), (30, 1));
    assert_eq!(map(&good.repeat(500)), (30, 1));
    assert_eq!(map(&format!("x;;;{}", good.repeat(29))), (29, 1));
    let text = format!("x;;;{}", good.repeat(30));
    assert_eq!(map(&text), (29, 2));
    let last = *AliasMap::parse(&text).errors().last().unwrap();
    assert_eq!(last.code().name(), "alias-too-many");
    assert_eq!(last.offset(), text.len() - good.len());
}

//= R-ALIAS-2 type=test
//= R-ALIAS-3 type=test
//= R-ALI-3 type=test
#[test]
fn a_path_is_the_end_of_the_ancestry_and_the_first_entry_wins() {
    let map = AliasMap::parse(
        "/name=/flat-profile/A; /SIP/name=/flat-profile/B; /auth=/flat-profile/C; /CPE/SIP/id=/flat-profile/D",
    );
    let find = |path: &str| {
        let ancestry: Vec<_> = path.split('/').collect();
        map.find(&ancestry, |_| true).map(|alias| alias.parameter)
    };
    assert_eq!(find("name"), Some("A"));
    assert_eq!(
        find("CPE/SIP/name"),
        Some("A"),
        "the first, not the longest"
    );
    assert_eq!(find("x/y/z/auth"), Some("C"));
    assert_eq!(find("x/CPE/SIP/id"), Some("D"));
    for none in [
        "CPE/id",
        "SIP/id",
        "CPE/SIP/x/id",
        "auth/x",
        "Name",
        "xname",
        "",
    ] {
        assert_eq!(find(none), None, "{none}");
    }
    // An entry whose parameter does not exist is no match.
    let found = map.find(&["SIP", "name"], |alias| alias.parameter != "A");
    assert_eq!(found.unwrap().parameter, "B");
}

const MAP: &str = "/CPE/name = /flat-profile/User_ID_1_ ; /auth=/flat-profile/Auth_ID_1_; /GPP_A=/flat-profile/GPP_B; \
    /deep=/flat-profile/GPP_C; /n=/flat-profile/Resync_Random_Delay; /x/flat-profile=/flat-profile/GPP_D";

/// What a document sets, and its warnings.
#[track_caller]
fn check_file(document: &str, expected: &[(&str, &str)], warned: &[&str]) {
    let decoded = read_as(MAP, document).unwrap();
    let found = values(&decoded);
    let found: Vec<_> = found
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected, "{document}");
    assert_eq!(warnings(&decoded), warned, "{document}");
}

//= R-ALI-2 type=test
//= R-ALI-4 type=test
//= R-ALIAS-2 type=test
//= R-ALIAS-4 type=test
#[test]
fn elements_of_other_documents_set_parameters() {
    check_file(
        "<CPE><name> 100 </name><x><auth>a&amp;b</auth></x><other>1</other></CPE>",
        &[("Auth_ID_1_", "a&b"), ("User_ID_1_", "100")],
        &[],
    );
    // Beside a flat-profile, which works as usual, its warnings too.
    check_file(
        "<CPE><name>1</name><flat-profile><GPP_P>p</GPP_P><No_Such>1</No_Such></flat-profile></CPE>",
        &[("GPP_P", "p"), ("User_ID_1_", "1")],
        &["unknown:No_Such"],
    );
    check_file("<CPE><name/></CPE>", &[], &[]);
}

//= R-ALI-4 type=test
//= R-ALIAS-4 type=test
#[test]
fn an_entry_matches_anywhere_and_before_anything_else() {
    // A parameter inside a flat-profile means what the map says.
    check_file(
        "<flat-profile><GPP_A>1</GPP_A></flat-profile>",
        &[("GPP_B", "1")],
        &[],
    );
    // So do elements inside of what is skipped: unknown elements, and parameters that hold elements.
    check_file(
        "<flat-profile><No_Such><deep>1</deep></No_Such></flat-profile>",
        &[("GPP_C", "1")],
        &["unknown:No_Such"],
    );
    check_file(
        "<flat-profile><GPP_P>x<deep>1</deep>y<deep>2</deep></GPP_P><GPP_O>o</GPP_O></flat-profile>",
        &[("GPP_C", "2"), ("GPP_O", "o")],
        &["nested:GPP_P", "duplicate:deep"],
    );
    check_file(
        "<x><flat-profile>1</flat-profile></x>",
        &[("GPP_D", "1")],
        &[],
    );
    // An aliased element with elements inside sets nothing, and those inside do.
    check_file(
        "<CPE><name>a<deep>1</deep></name></CPE>",
        &[("GPP_C", "1")],
        &["nested:name"],
    );
}

//= R-ALI-2 type=test
#[test]
fn an_aliased_element_follows_the_rules_for_values_and_rights() {
    let decoded = read_as(MAP, "<r><auth ua=\"rw\">x</auth><n>many</n></r>").unwrap();
    assert_eq!(
        values(&decoded).into_iter().collect::<Vec<_>>(),
        [("Auth_ID_1_".into(), "x".into())]
    );
    assert_eq!(
        rights(&decoded).into_iter().collect::<Vec<_>>(),
        [("Auth_ID_1_".into(), "rw")]
    );
    assert_eq!(warnings(&decoded), ["bad-value:n"]);
    // The last one counts, whether it came by the map or not.
    check_file(
        "<r><flat-profile><GPP_C>1</GPP_C></flat-profile><deep>2</deep></r>",
        &[("GPP_C", "2")],
        &["duplicate:deep"],
    );
}

//= R-ALI-4 type=test
//= R-ALIAS-5 type=test
#[test]
fn a_map_that_matches_nothing_makes_no_file_good() {
    let code = |map: &str| {
        let result = read_as(map, "<CPE><name>1</name></CPE>");
        result
            .map(|decoded| warnings(&decoded))
            .map_err(|error| error.code().as_str())
    };
    assert_eq!(code("/CPE/x=/flat-profile/GPP_A"), Err("no-flat-profile"));
    assert_eq!(code(""), Err("no-flat-profile"));
    // An entry without a parameter is no match, so the next one is.
    assert_eq!(
        code("/name=/flat-profile/No_Such; bad; /name=/flat-profile/GPP_A"),
        Ok(vec![
            "alias-entry".to_owned(),
            "alias-target:No_Such".to_owned()
        ])
    );
    assert_eq!(code("/name=/flat-profile/No_Such"), Err("no-flat-profile"));
}

proptest! {
    #[test]
    fn every_text_is_a_map(text in r#"[/=; a\n<$é-]{0,60}|(/[a-c]{1,3}){1,3} ?= ?/flat-profile/[A-C]{0,2}[;x]?"#) {
        let map = AliasMap::parse(&text);
        prop_assert!(map.entries().len() <= 30);
        prop_assert!(map.errors().iter().all(|e| text.is_char_boundary(e.offset())));
        // Whatever was read is read again from its own words.
        for alias in map.entries() {
            let again = format!("/{} = /flat-profile/{} ;", alias.path, alias.parameter);
            let again = AliasMap::parse(&again);
            prop_assert_eq!(again.entries().len(), 1);
            prop_assert_eq!(again.entries()[0].path, alias.path);
        }
    }
}
