//! Where each parameter stands on the pages: tabs, sections, rows.

use onhook_device::{Family, Release};
use onhook_params::{ParamId, Scope, known};

/// A tab under Voice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tab {
    /// A tab of the registry.
    Named(&'static str),
    /// One extension, from 1.
    Ext(u16),
    /// What the registry puts on no tab.
    More,
}

/// Extensions that a phone may have.
const EXTENSIONS: u16 = 16;

/// Whether a view is the short one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// Tabs that people at the phone know.
    Basic,
    /// All tabs.
    Advanced,
}

//= R-WEB-17
/// The tabs in their order.
pub(crate) fn tabs(depth: Depth) -> Vec<Tab> {
    let named = |names: &[&'static str]| names.iter().map(|name| Tab::Named(name)).collect();
    let mut tabs: Vec<Tab> = match depth {
        Depth::Basic => named(&["System", "Phone", "User"]),
        Depth::Advanced => named(&["System", "SIP", "Provisioning", "Regional", "Phone", "User"]),
    };
    tabs.extend((1..=EXTENSIONS).map(Tab::Ext));
    if depth == Depth::Advanced {
        tabs.extend([Tab::Named("Att Console"), Tab::Named("TR-069"), Tab::More]);
    }
    tabs
}

impl Tab {
    /// The words of the page.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Named(name) => name.to_owned(),
            Self::Ext(n) => format!("Ext {n}"),
            Self::More => "More".to_owned(),
        }
    }

    /// The last part of its path.
    pub(crate) fn slug(self) -> String {
        self.title().to_ascii_lowercase().replace(' ', "-")
    }

    /// Whether a parameter stands on it.
    fn holds(self, id: ParamId) -> bool {
        let pattern = id.pattern();
        let is_ext = pattern.tab() == Some("Ext");
        match self {
            Self::Ext(n) => is_ext && (id.index() == Some(n) || (n == 1 && id.index().is_none())),
            Self::Named(name) => pattern.tab() == Some(name),
            Self::More => pattern.tab().is_none(),
        }
    }
}

/// Parameters under one heading.
pub(crate) struct Section {
    pub(crate) title: String,
    /// Those that share a row stand together.
    pub(crate) rows: Vec<Vec<ParamId>>,
}

//= R-WEB-17
/// What stands first on Voice > Provisioning: sections, and rows in their order.
const PROVISIONING: [(&str, &[&[ParamId]]); 2] = [
    (
        "Configuration Profile",
        &[
            &[known::PROVISION_ENABLE, known::RESYNC_ON_RESET],
            &[known::RESYNC_RANDOM_DELAY, known::RESYNC_AT_HHMM],
            &[known::RESYNC_AT_RANDOM_DELAY, known::RESYNC_PERIODIC],
            &[known::RESYNC_ERROR_RETRY_DELAY, known::FORCED_RESYNC_DELAY],
            &[known::RESYNC_FROM_SIP, known::RESYNC_AFTER_UPGRADE_ATTEMPT],
            &[known::RESYNC_TRIGGER_1],
            &[known::RESYNC_TRIGGER_2],
            &[known::RESYNC_FAILS_ON_FNF],
            &[known::PROFILE_RULE],
            &[known::PROFILE_RULE_B],
            &[known::PROFILE_RULE_C],
            &[known::PROFILE_RULE_D],
            &[known::DHCP_OPTION_TO_USE],
            &[known::LOG_REQUEST_MSG],
            &[known::LOG_SUCCESS_MSG],
            &[known::LOG_FAILURE_MSG],
            &[known::USER_CONFIGURABLE_RESYNC],
        ],
    ),
    (
        "Firmware Upgrade",
        &[
            &[known::UPGRADE_ENABLE],
            &[known::UPGRADE_ERROR_RETRY_DELAY],
            &[known::UPGRADE_RULE],
            &[known::LOG_UPGRADE_REQUEST_MSG],
            &[known::LOG_UPGRADE_SUCCESS_MSG],
            &[known::LOG_UPGRADE_FAILURE_MSG],
            &[known::PEER_FIRMWARE_SHARING],
            &[known::PEER_FIRMWARE_SHARING_LOG_SERVER],
        ],
    ),
];

/// Whether a page may hold a parameter at all.
pub(crate) fn is_on_pages(id: ParamId, scope: &Scope) -> bool {
    let pattern = id.pattern();
    let newer = scope.release == Release::R10_4
        && scope.family == Family::Mpp
        && id == known::RESYNC_AFTER_UPGRADE_ATTEMPT;
    pattern.web_visible && !known::GPP_SECRET.contains(&id) && !newer
}

/// The sections of a tab with all parameters that a scope knows.
pub(crate) fn sections(tab: Tab, scope: &Scope) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let provisioning = tab == Tab::Named("Provisioning");
    let all = || ParamId::all(scope).filter(move |id| tab.holds(*id) && is_on_pages(*id, scope));
    if provisioning {
        for (title, rows) in PROVISIONING {
            let rows = rows.iter().map(|row| {
                let on_page =
                    |id: &ParamId| id.pattern().is_known_in(scope) && is_on_pages(*id, scope);
                row.iter().copied().filter(on_page).collect::<Vec<_>>()
            });
            sections.push(Section {
                title: title.to_owned(),
                rows: rows.filter(|row| !row.is_empty()).collect(),
            });
        }
        // Registers come third, whatever stands between in the registry.
        sections.push(Section {
            title: "General Purpose Parameters".to_owned(),
            rows: known::GPP.iter().map(|id| vec![*id]).collect(),
        });
    }
    let placed: Vec<ParamId> = sections.iter().flat_map(|s| s.rows.concat()).collect();
    for id in all().filter(|id| !placed.contains(id)) {
        let title = id.pattern().section().unwrap_or("General");
        match sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.rows.push(vec![id]),
            None => sections.push(Section {
                title: title.to_owned(),
                rows: vec![vec![id]],
            }),
        }
    }
    sections
}

/// The field name of a parameter.
pub(crate) fn label(id: ParamId, scope: &Scope) -> String {
    let pattern = id.pattern();
    let index = id.index().map(|n| n.to_string()).unwrap_or_default();
    if let Some(label) = pattern.label_in(scope.release) {
        return label.replace("{n}", &index);
    }
    let mut name = String::new();
    id.push_name(&mut name);
    if pattern.tab() == Some("Ext") {
        let end = format!("_{index}_");
        name = name.strip_suffix(&end).map_or(name.clone(), str::to_owned);
    }
    name.replace("__", " (")
        .trim_end_matches('_')
        .replace('_', " ")
        + if name.contains("__") { ")" } else { "" }
}
