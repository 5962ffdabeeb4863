//! What an expansion keeps beside its text, and bounds that hold for every text.

use onhook_macros::{
    Expanded, Insertion, MacroName, MacroSource, SecretSlot, Substring, Template, expand_to_string,
};
use proptest::prelude::*;

/// A phone whose GPP_A is `A-value`, GPP_B holds references, and MPWD is `pw`.
struct Phone;

impl MacroSource for Phone {
    fn push_value(&self, name: MacroName, out: &mut String) {
        assert!(
            !matches!(name, MacroName::Secret(_)),
            "secrets are never asked for"
        );
        match name.text() {
            "A" => out.push_str("A-value"),
            "B" => out.push_str("$SA$A$$%s"),
            "C" => out.push_str("aé€z"),
            "MPWD" => out.push_str("pw"),
            "MA" => out.push_str("000e08012345"),
            _ => {}
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(expand_to_string(text, &Phone), expected);
}

//= R-MACRO-12 type=test
#[test]
fn a_number_too_large_is_past_the_end() {
    check("<$(A:99999999999999999999999)>", "<>");
    check("<$(A:18446744073709551616)>", "<>");
    check("<$(A:2:99999999999999999999999)>", "<value>");
    check("<$(C:1:2)>", "<é€>");
}

//= R-MACRO-14 type=test
#[test]
fn a_malformed_reference_stays_and_what_is_inside_it_expands() {
    for text in [
        "$(A",
        "$()",
        "$(:1)",
        "$( A)",
        "$(A )",
        "$(A:1",
        "$(A:+1)",
        "$(A::1)",
        "$(A:1:)",
        "$(A:1:x)",
        "$(A:1:2:3)",
        "$(A:1:2:)",
        "$(A_B)",
        "$(Aé)",
        "$(",
        "$",
        "$é",
        "%$",
        "$_A",
    ] {
        check(text, text);
    }
    check("$(A:$A)", "$(A:A-value)");
    check("$(A $(A:0:1)", "$(A A");
    check("$($$A)", "$($A)");
    check("$$$A", "$A-value");
    check("$$(A)", "$(A)");
}

//= R-MACRO-16 type=test
#[test]
fn quotes_and_brackets_protect_nothing() {
    check(
        "\"$A\" [$A] ($A) {$A}",
        "\"A-value\" [A-value] (A-value) {A-value}",
    );
}

//= R-MACRO-4 type=test
#[test]
fn inserted_text_is_never_scanned() {
    check("$B", "$SA$A$$%s");
    check("$(B:0:3)", "$SA");
    // A body template is expanded by compiling the text of the register: one level.
    check(&expand_to_string("$B", &Phone), "$SAA-value$%s");
}

//= R-MACRO-17 type=test
//= R-MACRO-19 type=test
#[test]
fn a_secret_reference_stays_as_written_and_is_listed() {
    let mut out = Expanded::new();
    Template::compile("$A$SA $(SD:1:3)$SAx$$SB$(SE)$B").expand(&Phone, &mut out);
    assert_eq!(out.text(), "A-value$SA $(SD:1:3)$SAx$SB$(SE)$SA$A$$%s");
    assert_eq!(
        out.slots(),
        [
            SecretSlot {
                range: 7..10,
                register: 0,
                substring: Substring::WHOLE
            },
            SecretSlot {
                range: 11..20,
                register: 3,
                substring: Substring {
                    start: 1,
                    length: Some(3)
                }
            },
        ]
    );
}

//= R-MACRO-20 type=test
//= R-MACRO-23 type=test
#[test]
fn a_message_takes_the_operation_word_and_hides_passwords() {
    let mut out = Expanded::new();
    Template::compile_message("%s %%s %d $B $MPWD $(MPWD:0:1) $SA $A%s%")
        .expand_message(&Phone, "resync", &mut out);
    assert_eq!(
        out.text(),
        "resync %resync %d $SA$A$$%s *** *** $SA A-valueresync%"
    );
    assert_eq!(out.slots(), []);
    Template::compile("%s $MPWD").expand(&Phone, &mut out);
    assert_eq!(out.text(), "%s pw");
}

//= R-MACRO-23 type=test
#[test]
fn only_a_template_of_white_space_is_blank() {
    assert!(Template::compile_message(" \t\r\n").is_blank());
    assert!(Template::compile_message("").is_blank());
    assert!(!Template::compile_message("$D").is_blank());
}

#[test]
fn a_template_names_its_macros_and_the_unknown_ones() {
    let template = Template::compile("$STRANGE$A$$B$(QQ:1)$SB$A");
    assert_eq!(
        template.macros().collect::<Vec<_>>(),
        [MacroName::Gpp(0), MacroName::Secret(1), MacroName::Gpp(0)]
    );
    assert_eq!(template.secrets().collect::<Vec<_>>(), [(1, 20..23)]);
    assert_eq!(template.unknown().collect::<Vec<_>>(), [0..8, 13..20]);
}

#[test]
fn the_source_map_joins_references_and_values() {
    let mut out = Expanded::new();
    Template::compile("x$A/$D$(MA:6)").expand(&Phone, &mut out);
    assert_eq!(out.text(), "xA-value/012345");
    assert_eq!(
        out.insertions(),
        [
            Insertion {
                name: MacroName::Gpp(0),
                part: Substring::WHOLE,
                source: 1..3,
                output: 1..8
            },
            Insertion {
                name: MacroName::Gpp(3),
                part: Substring::WHOLE,
                source: 4..6,
                output: 9..9
            },
            Insertion {
                name: MacroName::Ma,
                part: Substring {
                    start: 6,
                    length: None
                },
                source: 6..13,
                output: 9..15
            },
        ]
    );
}

#[test]
fn debug_output_hides_the_texts() {
    let template = Template::compile("canary $A");
    let mut out = Expanded::new();
    template.expand(&Phone, &mut out);
    let shown = format!("{template:?} {out:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("A-value"),
        "{shown}"
    );
    assert!(
        shown.contains("Template { bytes: 9, pieces: 2") && shown.contains("Expanded { bytes: 14"),
        "{shown}"
    );
}

#[test]
fn a_place_in_the_expanded_text_is_found_by_the_slice() {
    let mut out = Expanded::new();
    Template::compile("x$A").expand(&Phone, &mut out);
    assert_eq!(out.range_of(&out.text()[1..4]), Some(1..4));
    assert_eq!(out.range_of(out.text()), Some(0..8));
    assert_eq!(out.range_of(&out.text()[8..]), Some(8..8));
    let elsewhere = "xA-value".to_owned();
    assert_eq!(out.range_of(&elsewhere), None);
    assert_eq!(out.range_of(Template::compile("x").text()), None);
}

#[test]
fn what_a_macro_put_there_is_known_byte_by_byte() {
    let mut out = Expanded::new();
    Template::compile("x$MPWD$A$D.").expand(&Phone, &mut out);
    assert_eq!(out.text(), "xpwA-value.");
    let of = |name, range| out.comes_from(name, &range);
    assert!(of(MacroName::MPwd, 0..2) && of(MacroName::MPwd, 2..3) && of(MacroName::MPwd, 0..11));
    assert!(!of(MacroName::MPwd, 0..1) && !of(MacroName::MPwd, 3..11));
    assert!(!of(MacroName::MPwd, 2..2) && !of(MacroName::Gpp(1), 0..11));
    assert!(
        !of(MacroName::Gpp(3), 0..11),
        "an empty value put nothing there"
    );
    assert!(of(MacroName::Gpp(0), 9..10) && !of(MacroName::Gpp(0), 10..11));
}

#[test]
fn a_template_keeps_its_text_and_names_are_written_without_the_sign() {
    assert_eq!(Template::compile("x$A $$").text(), "x$A $$");
    assert_eq!(MacroName::RegTmr(2).to_string(), "REGTMR2");
}

#[test]
fn buffers_are_reused() {
    let template = Template::compile("$A $MA $SA $(C:1:2)");
    let mut out = Expanded::new();
    template.expand(&Phone, &mut out);
    let before = (
        out.text().as_ptr(),
        out.slots().as_ptr(),
        out.insertions().as_ptr(),
    );
    for _ in 0..10 {
        template.expand(&Phone, &mut out);
    }
    assert_eq!(
        before,
        (
            out.text().as_ptr(),
            out.slots().as_ptr(),
            out.insertions().as_ptr()
        )
    );
}

/// Texts dense in the characters that matter.
fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "$", "(", ")", ":", "A", "SA", "MA", "0", "3", "x", " ", "é", "%s", "_",
        ]),
        0..24,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_source_map_accounts_for_every_byte(text in texts()) {
        let template = Template::compile(&text);
        let mut out = Expanded::new();
        template.expand(&Phone, &mut out);
        let (mut source, mut output) = (0, 0);
        for insertion in out.insertions() {
            // Between two insertions texts agree but for `$$`, which lost one character each.
            let from = &text[source..insertion.source.start];
            let to = &out.text()[output..insertion.output.start];
            prop_assert_eq!(from.replace("$$", "$"), to);
            prop_assert!(text[insertion.source.clone()].starts_with('$'));
            source = insertion.source.end;
            output = insertion.output.end;
        }
        for slot in out.slots() {
            let written = &out.text()[slot.range.clone()];
            prop_assert!(written.starts_with("$S") || written.starts_with("$(S"));
        }
    }

    #[test]
    fn a_text_without_dollar_is_copied(text in "[^$]*") {
        prop_assert_eq!(expand_to_string(&text, &Phone), text);
    }

    #[test]
    fn any_text_expands(text in any::<String>()) {
        let _ = expand_to_string(&text, &Phone);
        let mut out = Expanded::new();
        Template::compile_message(&text).expand_message(&Phone, "upgrade", &mut out);
        prop_assert!(out.slots().is_empty());
    }
}
