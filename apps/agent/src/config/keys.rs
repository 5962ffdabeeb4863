//! The keys, and what an unknown one may have meant.

use onhook_device::{Readings, suggest};

/// The DHCP options that may name a provisioning server, and those of name servers and the domain.
pub(super) const OPTIONS: [&str; 9] = ["66", "160", "159", "150", "60", "43", "125", "6", "15"];

/// Every key, by section. `options.static` holds option numbers.
pub(super) const KEYS: [(&str, &[&str]); 16] = [
    (
        "device",
        &[
            "mac",
            "product_name",
            "series",
            "serial",
            "software_version",
            "hardware_version",
            "family",
            "release",
            "time_zone",
            "idle_settle_s",
            "ip",
            "external_ip",
        ],
    ),
    ("state", &["dir"]),
    (
        "options",
        &[
            "source",
            "static",
            "path",
            "format",
            "interface",
            "hook",
            "vendor_class",
        ],
    ),
    ("dns", &["servers", "domain"]),
    ("directory", &["host"]),
    ("syslog", &["server", "transport", "format"]),
    (
        "tls",
        &["trust", "custom_ca", "client_certificate", "client_key"],
    ),
    (
        "security",
        &["ca_over", "pin_server", "notify_profile_needs_auth"],
    ),
    ("mobility", &["status", "user", "password", "password_file"]),
    ("tftp", &["local_ports", "strip_leading_slash"]),
    ("account", &["user", "password", "password_file"]),
    (
        "web",
        &[
            "listen",
            "host_names",
            "open",
            "protocol",
            "certificate",
            "key",
        ],
    ),
    ("sip", &["listen", "tls_listen", "check_sync_alias"]),
    (
        "firmware",
        &[
            "keys", "slot_a", "slot_b", "dir", "capacity", "running", "hook",
        ],
    ),
    (
        "peer_sharing",
        &["address", "udp_port", "tcp_ports", "peers"],
    ),
    ("readings", &Readings::NAMES),
];

/// What stands at a place of a configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text or a number.
    Scalar,
    /// More keys.
    Table,
    /// A list, a date or nothing.
    Other,
}

/// Whether a value may stand under this path; why not, if it may not.
pub(super) fn check(path: &[&str], shape: Shape) -> Result<(), String> {
    let Some((section, rest)) = path.split_first() else {
        return Ok(());
    };
    let Some((_, keys)) = KEYS.iter().find(|(name, _)| name == section) else {
        let known = KEYS.map(|(name, _)| name);
        let hint = suggest(section, &known);
        return Err(format!("unknown section `{section}`{hint}"));
    };
    let Some((key, rest)) = rest.split_first() else {
        return match shape {
            Shape::Table => Ok(()),
            Shape::Scalar | Shape::Other => {
                Err(format!("`{section}` is a section: write [{section}]"))
            }
        };
    };
    if !keys.contains(key) {
        let hint = suggest(key, keys);
        return Err(format!("unknown key `{section}.{key}`{hint}"));
    }
    let (name, takes_table) = (path.join("."), *key == "static");
    match (rest, shape) {
        ([], Shape::Table) if takes_table => Ok(()),
        ([], Shape::Scalar | Shape::Other) if takes_table => Err(format!(
            "`{name}` takes a table: write {key} = {{ \"66\" = \"192.0.2.10\" }}"
        )),
        ([number], _) if takes_table && !OPTIONS.contains(number) => Err(format!(
            "`{name}`: {number} is no option that the phone reads: use {}",
            OPTIONS.join(", ")
        )),
        ([_, _, ..], _) => Err(format!("`{name}` is too deep: no key stands there")),
        ([_], _) if !takes_table => Err(format!("`{name}` is too deep: no key stands there")),
        ([] | [_], Shape::Scalar) => Ok(()),
        ([] | [_], Shape::Table | Shape::Other) => Err(format!(
            "`{name}` takes a text: write it in quotes on one line"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_under_a_path_is_told() {
        for (path, shape, why) in [
            (&["device"][..], Shape::Table, None),
            (&["device", "mac"], Shape::Scalar, None),
            (&["options", "static"], Shape::Table, None),
            (&["options", "static", "66"], Shape::Scalar, None),
            (
                &["devise"],
                Shape::Table,
                Some("unknown section `devise`: did you mean `device`?"),
            ),
            (&["device"], Shape::Other, Some("write [device]")),
            (
                &["syslog", "sevrer"],
                Shape::Scalar,
                Some("unknown key `syslog.sevrer`: did you mean `server`?"),
            ),
            (
                &["syslog", "x"],
                Shape::Scalar,
                Some("`syslog.x`: known are server, transport, format"),
            ),
            (&["device", "mac"], Shape::Other, Some("takes a text")),
            (&["device", "mac"], Shape::Table, Some("takes a text")),
            (
                &["device", "mac", "x"],
                Shape::Scalar,
                Some("`device.mac.x` is too deep"),
            ),
            (
                &["options", "static"],
                Shape::Scalar,
                Some("takes a table: write static = {"),
            ),
            (
                &["options", "static", "67"],
                Shape::Scalar,
                Some("67 is no option"),
            ),
            (
                &["options", "static", "66"],
                Shape::Other,
                Some("takes a text"),
            ),
        ] {
            let found = check(path, shape).err();
            match why {
                None => assert_eq!(found, None, "{path:?}"),
                Some(why) => assert!(found.as_ref().is_some_and(|f| f.contains(why)), "{found:?}"),
            }
        }
    }
}
