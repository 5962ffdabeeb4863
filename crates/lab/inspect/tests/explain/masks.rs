//! No key, password or secret register leaves an explanation unless it is asked for.

use onhook_inspect::{ExplainKind, ExplainRequest, ModelPhone, Secrets, Style, expand, explain};
use onhook_params::Scope;
use proptest::prelude::*;

/// A phone whose secret registers, GPP_K, GPP_B and MPWD hold recognisable values.
fn phone() -> ModelPhone {
    let mut phone = ModelPhone::default();
    for name in ["GPP_SA", "GPP_SB", "GPP_SC", "GPP_SD", "GPP_K"] {
        phone.set_parameter(name, "canary");
    }
    phone.set_parameter("GPP_B", "canary]canary \"canary");
    phone.set_parameter("GPP_O", "[--key canary]");
    phone.set_macro("MPWD", "canary").unwrap();
    phone
}

/// Everything that is printed about a text.
fn printed(kind: ExplainKind, text: &str, secrets: Secrets) -> String {
    let phone = phone();
    let explanation = explain(&ExplainRequest {
        kind,
        text,
        phone: &phone,
        scope: &Scope::default(),
        secrets,
        at: None,
    });
    let expansion = expand(text, &phone, &Scope::default(), secrets);
    format!(
        "{}\n{}\n{explanation:?}\n{}\n{}\n{phone:?}",
        explanation.render(Style::Plain),
        serde_json::to_string(&explanation).unwrap(),
        expansion.render(),
        serde_json::to_string(&expansion).unwrap(),
    )
}

//= R-SEC-3 type=test
//= R-MACRO-20 type=test
#[test]
fn keys_and_passwords_are_masked_in_valid_and_broken_rules() {
    for text in [
        "[--key canary --pwd \"canary\" --uid u] http://h/a",
        "[--key \"canary canary\"] http://h/a",
        "[--key $SA --pwd $(SB:0:9) --uid $SC] http://h/a",
        "[--key $K] http://h/a",
        "[--key x --key $K] http://h/a",
        "[--key $B] http://h/a",
        "[--key \"$B\"] http://h/a",
        "[--key canary canary] http://h/a",
        "[--key canary http://h/a",
        "[--key \"canary http://h/a",
        "[--keycanary] http://h/a",
        "$O http://h/a",
        "$O http://h/a b",
        "(1 eq 2)? [--key canary] http://h/a | [--pwd canary] http://h/b",
        "(\"$MPWD\" eq \"x\")? http://$MPWD/$MPWD | [--uid $MPWD] http://h/b",
        "(a = \"$MPWD\"; Admin_Password = \"canary\"; GPP_SA = \"canary\")! /a",
        "(Admin_Password = \"canary\" /a",
        "$SA $(SB) http://h/$SC",
    ] {
        for kind in [
            ExplainKind::Profile,
            ExplainKind::Upgrade,
            ExplainKind::Trigger,
        ] {
            let shown = printed(kind, text, Secrets::Masked);
            assert!(!shown.contains("canary"), "{text}\n{shown}");
        }
        let shown = printed(ExplainKind::Profile, text, Secrets::Shown);
        assert!(
            shown.contains("canary") || text.starts_with("$SA"),
            "{text}\n{shown}"
        );
    }
}

//= R-SEC-3 type=test
#[test]
fn an_error_points_at_the_masked_text() {
    let phone = phone();
    let explanation = explain(&ExplainRequest {
        kind: ExplainKind::Profile,
        text: "[--key canary] http://h:0/a",
        phone: &phone,
        scope: &Scope::default(),
        secrets: Secrets::Masked,
        at: None,
    });
    assert_eq!(explanation.expanded, "[--key ***] http://h:0/a");
    let error = explanation.error.as_ref().unwrap();
    assert_eq!(
        (error.code, &explanation.expanded[error.offset..]),
        ("bad-port", "0/a")
    );
    let caret = explanation.render(Style::Plain);
    let lines: Vec<&str> = caret.lines().collect();
    let source = lines
        .iter()
        .position(|line| line.contains("| [--key ***]"))
        .unwrap();
    assert_eq!(
        lines[source].find(":0/a").map(|i| i + 1),
        lines[source + 1].find('^')
    );
}

proptest! {
    #[test]
    fn no_text_panics_and_offsets_stay_inside(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", "?", "!", "[", "]", "|", "#", "\"", ";", "=", " ", "a", "1", "eq", "/a", "http://h/x",
                "--key", "--pwd", "$SA", "$B", "$O", "$MPWD", "é", "\n", "\u{1}", "$SWVER", "and", "GPP_SA",
            ]),
            0..16,
        ),
    ) {
        let text = tokens.concat();
        let phone = phone();
        for kind in [ExplainKind::Profile, ExplainKind::Upgrade, ExplainKind::Trigger] {
            for secrets in [Secrets::Masked, Secrets::Shown] {
                let explanation = explain(&ExplainRequest {
                    kind,
                    text: &text,
                    phone: &phone,
                    scope: &Scope::default(),
                    secrets,
                    at: None,
                });
                let rendered = explanation.render(Style::Plain);
                prop_assert!(rendered.contains("outcome: "), "{rendered}");
                if let Some(error) = &explanation.error {
                    prop_assert!(explanation.expanded.is_char_boundary(error.offset));
                }
            }
        }
    }
}
