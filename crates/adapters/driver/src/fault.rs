//! What is wrong with a rule, in words.

use onhook_phone::{CaSource, RuleFault};

/// What the rule of a custom CA is called.
pub(crate) const fn ca_rule(source: CaSource) -> &'static str {
    match source {
        CaSource::Rule => "Custom_CA_Rule",
        CaSource::Request => "the rule of the request",
    }
}

/// Says what is wrong with a rule and what to do.
pub(crate) fn explain(name: &str, fault: &RuleFault) -> String {
    match fault {
        RuleFault::Syntax {
            code,
            offset,
            expected,
        } => format!(
            "{name}: {} at byte {offset} of the expanded rule: expected {expected}; \
             `onhook-harness explain` shows the place",
            code.name()
        ),
        RuleFault::NoServer => format!(
            "{name} names no server and the options name none: write one into the rule, or set option 66"
        ),
        RuleFault::ServerNotAllowed => format!(
            "{name}: the server is not listed in Restricted_Access_Domains, so nothing was sent"
        ),
        RuleFault::CaOverPlain => format!(
            "{name}: a custom CA may come over https only (security.ca_over): write https://, or allow any"
        ),
        RuleFault::SrvOverTftp => format!(
            "{name}: --srv looks up HTTP and HTTPS servers only; leave it out, or write http:// or https://"
        ),
        RuleFault::CredentialsUnused => {
            format!("{name}: TFTP knows no user names and passwords; --uid and --pwd are not used")
        }
        RuleFault::ProxyNameless => {
            format!(
                "{name}: Proxy_Mode is Manual and Proxy_Host empty, so no proxy is used; write its host, or set Off"
            )
        }
        RuleFault::Unsupported(option) => {
            format!("{name}: this program cannot carry out `{option}` yet")
        }
        RuleFault::Assignment { offset } => format!(
            "{name}: the assignment at byte {offset} of the expanded rule names an unknown parameter \
             or gives it a value that it cannot have; it is left out"
        ),
        RuleFault::PasswordShown { offset } => format!(
            "{name}: byte {offset} of the expanded rule would show the password of extension mobility ($MPWD): \
             use it in --key, --uid, --pwd, in conditions, in the path of a URL, or for a secret parameter"
        ),
    }
}
