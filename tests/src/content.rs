//! Profiles.

use std::collections::BTreeMap;

/// Indexed parameters that take any text.
const FAMILIES: [(&str, &str); 18] = [
    ("Display_Name_", "_"),
    ("Auth_ID_", "_"),
    ("Mailbox_ID_", "_"),
    ("Short_Name_", "_"),
    ("Extended_Function_", "_"),
    ("Caller_ID_Map_", "_"),
    ("SIP_URI_", "_"),
    ("Emergency_Number_", "_"),
    ("Shared_User_ID_", "_"),
    ("Proxy_", "_"),
    ("Outbound_Proxy_", "_"),
    ("Alternate_Proxy_", "_"),
    ("Alternate_Outbound_Proxy_", "_"),
    ("Reversed_Auth_Realm_", "_"),
    ("Auth_Page_Realm_", "_"),
    ("Conference_Bridge_URL_", "_"),
    ("Voice_Mail_Server_", "_"),
    ("Login_User_ID_", "_"),
];

/// Parameters with their values, by name.
pub type Content = BTreeMap<String, String>;

/// A profile of 197 parameters whose values are `letter` and a number; one of them makes the phone restart.
#[must_use]
pub fn lettered(letter: char) -> Content {
    let general = ('A'..='P').map(|gpp| format!("GPP_{gpp}"));
    let indexed = FAMILIES
        .iter()
        .flat_map(|(head, tail)| (1..=10).map(move |n| format!("{head}{n}{tail}")));
    general
        .chain(indexed)
        .chain(["DHCP_VLAN_Option".to_owned()])
        .enumerate()
        .map(|(n, name)| (name, format!("{letter}{n}")))
        .collect()
}

/// The text of a profile.
#[must_use]
pub fn profile<N: AsRef<str>, V: AsRef<str>>(values: impl IntoIterator<Item = (N, V)>) -> String {
    let mut text = String::from("<flat-profile>\n");
    for (name, value) in values {
        let (name, value) = (name.as_ref(), value.as_ref());
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        text.push_str(&format!("  <{name}>{value}</{name}>\n"));
    }
    text.push_str("</flat-profile>\n");
    text
}
