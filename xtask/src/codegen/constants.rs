//! Which parameters code names, and how.

use super::source::{Entry, concrete};

/// The tabs of the administration page whose elements get a constant each.
const TABS: [&str; 2] = ["Provisioning", "System"];

/// More elements that get a constant.
const MORE: [&str; 9] = [
    "Log_Resync_Request_Msg",
    "Log_Resync_Success_Msg",
    "Log_Resync_Failure_Msg",
    "Time_Zone",
    "Daylight_Saving_Time_Rule",
    "Daylight_Saving_Time_Enable",
    "Device_Config_Version",
    "IP_Mode",
    "Enable_TR-069",
];

/// Rows of elements whose first one gets a constant.
const ROWS: [&str; 1] = ["User_ID_{n}_"];

/// The constant of an entry whose first parameter has the id `base` and the index `first`, as Rust source.
pub(super) fn constant(entry: &Entry, base: u16, first: u8) -> Option<String> {
    is_named(entry).then(|| {
        let element = concrete(&entry.element, 1, first);
        let name = capitals(&element);
        format!(
            "    /// `{element}`\n    pub const {name}: ParamId = ParamId::from_table({base});\n"
        )
    })
}

fn is_named(entry: &Entry) -> bool {
    let tab = entry.tab.as_deref().unwrap_or_default();
    ROWS.contains(&entry.element.as_str())
        || !entry.element.contains('{')
            && entry.same_as.is_none()
            && (MORE.contains(&entry.element.as_str())
                || TABS.contains(&tab) && entry.families.iter().any(|f| f == "mpp"))
}

/// `Resync_At__HHmm_` becomes `RESYNC_AT_HHMM`.
fn capitals(element: &str) -> String {
    let words: Vec<_> = element
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    words.join("_").to_ascii_uppercase()
}
