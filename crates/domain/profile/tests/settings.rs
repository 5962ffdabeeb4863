//! What elements set: values, user rights, repeats.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that fails"
)]

mod common;

use std::collections::BTreeMap;

use common::{check, read, rights, scope, values, warnings};

//= R-APP-2 type=test
#[test]
fn the_last_valid_occurrence_wins_for_value_and_right_apart() {
    check(
        "<GPP_A>1</GPP_A><GPP_A>2</GPP_A>",
        &[("GPP_A", "2")],
        &["duplicate:GPP_A"],
    );
    check(
        "<Resync_Periodic>60</Resync_Periodic><Resync_Periodic>soon</Resync_Periodic>",
        &[("Resync_Periodic", "60")],
        &["bad-value:Resync_Periodic"],
    );
    let decoded = read(
        "<flat-profile><GPP_A ua='ro'>1</GPP_A><GPP_A>2</GPP_A><GPP_A/><GPP_A ua='rw'/><GPP_A ua='no'>3</GPP_A></flat-profile>",
    )
    .unwrap();
    assert_eq!(
        values(&decoded),
        [("GPP_A".to_owned(), "3".to_owned())].into()
    );
    assert_eq!(rights(&decoded), [("GPP_A".to_owned(), "rw")].into());
}

//= R-APP-5 type=test
#[test]
fn a_file_with_a_fault_at_its_end_gives_nothing() {
    assert!(read("<flat-profile><GPP_A>1</GPP_A></flat-profile").is_err());
    assert!(read("<flat-profile><GPP_A>1</GPP_A></flat-profile></x>").is_err());
}

//= R-APP-6 type=test
#[test]
fn a_bad_value_is_dropped_but_its_right_and_the_rest_are_kept() {
    let decoded = read(
        "<flat-profile><Provision_Enable ua='ro'>maybe</Provision_Enable><GPP_A>1</GPP_A></flat-profile>",
    )
    .unwrap();
    assert_eq!(
        values(&decoded),
        [("GPP_A".to_owned(), "1".to_owned())].into()
    );
    assert_eq!(
        rights(&decoded),
        [("Provision_Enable".to_owned(), "ro")].into()
    );
    assert_eq!(warnings(&decoded), ["bad-value:Provision_Enable"]);
}

//= R-APP-8 type=test
#[test]
fn macros_are_stored_as_written() {
    check(
        "<GPP_A>$MA$(GPP_B:1:2)$$</GPP_A>",
        &[("GPP_A", "$MA$(GPP_B:1:2)$$")],
        &[],
    );
}

//= R-UA-1 type=test
//= R-UA-4 type=test
//= D-UA-2 type=test
#[test]
fn three_rights_exist_and_others_are_warned_of() {
    for right in ["na", "ro", "rw"] {
        let decoded = read(format!(
            "<flat-profile><GPP_A ua=\"{right}\">1</GPP_A></flat-profile>"
        ))
        .unwrap();
        assert_eq!(rights(&decoded), [("GPP_A".to_owned(), right)].into());
        assert!(decoded.diagnostics.is_empty());
    }
    let decoded = read("<flat-profile><GPP_A ua='&#114;&#x77;'/></flat-profile>").unwrap();
    assert_eq!(rights(&decoded), [("GPP_A".to_owned(), "rw")].into());
    for right in ["", "y", "RW", " rw ", "rw ", "r", "rwx", "&#x20;rw"] {
        check(
            &format!("<GPP_A ua='{right}'>1</GPP_A>"),
            &[("GPP_A", "1")],
            &["bad-ua:GPP_A"],
        );
    }
}

//= R-UA-2 type=test
//= D-UA-1 type=test
#[test]
fn without_the_attribute_the_right_is_not_set() {
    let decoded = read("<flat-profile><GPP_A>1</GPP_A></flat-profile>").unwrap();
    assert!(rights(&decoded).is_empty());
    assert!(decoded.delta.iter().all(|setting| setting.access.is_none()));
}

//= R-UA-5 type=test
#[test]
fn preserve_value_counts_only_beside_a_valid_right() {
    let preserve = |attributes: &str| {
        let decoded = read(format!(
            "<flat-profile><GPP_A {attributes}>1</GPP_A></flat-profile>"
        ))
        .unwrap();
        decoded
            .delta
            .iter()
            .map(|setting| setting.preserve)
            .collect::<Vec<_>>()
    };
    assert_eq!(preserve("ua='rw' preserve-value='y'"), [true]);
    assert_eq!(preserve("preserve-value='y' ua='na'"), [true]);
    assert_eq!(preserve("ua='rw' preserve-value='n'"), [false]);
    assert_eq!(preserve("ua='rw' preserve-value='Y'"), [false]);
    assert_eq!(preserve("ua='rw'"), [false]);
    assert_eq!(preserve("preserve-value='y'"), [false]);
    assert_eq!(preserve("ua='y' preserve-value='y'"), [false]);
}

//= R-SEC-1 type=test
#[test]
fn no_message_or_debug_text_shows_a_secret_value() {
    let decoded = read(
        "<flat-profile><User_Password ua='canary'>canarycanarycanary&</User_Password>\n<GPP_SA>canary</GPP_SA>\
         <Password_1_>canary</Password_1_><No_Such>canary</No_Such></flat-profile>",
    )
    .unwrap();
    assert!(!decoded.diagnostics.is_empty());
    let mut shown = format!("{decoded:?}");
    for warning in decoded.diagnostics.iter() {
        shown += &warning.message(&scope());
    }
    assert!(!shown.contains("canary"), "{shown}");
    let error = read("<flat-profile><GPP_SA>canary</canary></flat-profile>").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn messages_name_the_nearest_parameter_and_what_to_do() {
    let decoded = read(
        "<flat-profile><Phone-UI-user-mode>Yes</Phone-UI-user-mode><GPP_A ua='x'>1&2</GPP_A>\
         <Provision_Enable>1</Provision_Enable><GPP_B><c/></GPP_B><GPP_A>2</GPP_A><!-- -- --></flat-profile>",
    )
    .unwrap();
    let messages: Vec<String> = decoded
        .diagnostics
        .iter()
        .map(|warning| warning.message(&scope()))
        .collect();
    let parts = [
        "Phone-UI-User-Mode",
        "ua=\"na\"",
        "&amp;",
        "Yes",
        "GPP_B holds other elements",
        "last element",
        "--",
    ];
    assert_eq!(messages.len(), parts.len(), "{messages:?}");
    for (message, part) in messages.iter().zip(parts) {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn values_that_outgrow_the_first_buffers_are_all_there() {
    let names: Vec<String> = (1..=16).map(|n| format!("Display_Name_{n}_")).collect();
    let long = "v".repeat(5_000);
    let mut file = String::from("<flat-profile><GPP_B ua='ro'>first</GPP_B>");
    for round in 0..3 {
        for name in &names {
            file += &format!("<{name} ua='rw'>{long}{round}</{name}>");
        }
    }
    file += "<GPP_A ua='na'/><GPP_B/></flat-profile>";
    let decoded = read(file).unwrap();
    let mut expected: BTreeMap<String, String> = names
        .iter()
        .map(|name| (name.clone(), format!("{long}2")))
        .collect();
    expected.insert("GPP_B".to_owned(), "first".to_owned());
    assert_eq!(values(&decoded), expected);
    assert_eq!(rights(&decoded).len(), 18);
    assert_eq!(warnings(&decoded).len(), 32);
}
