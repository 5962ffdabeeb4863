//! The pages as templates.

mod fields;
mod status;

use askama::Template;

pub(crate) use fields::{FieldPage, sections_of};
pub(crate) use status::{DownloadPage, StatusPage};

use crate::form::Faults;
use crate::layout::{Depth, Tab};
use crate::login::Role;

/// What every page has around it.
pub(crate) struct Frame {
    /// The title.
    pub(crate) title: String,
    /// Where its links begin: empty, `/advanced`, `/admin` or `/admin/advanced`.
    pub(crate) base: &'static str,
    pub(crate) role: Role,
    pub(crate) depth: Depth,
    /// Product name and MAC address.
    pub(crate) phone: String,
    /// Whether accounts without a password are open to everybody.
    pub(crate) open: bool,
    /// The top tab.
    pub(crate) top: &'static str,
    /// Tabs below it: path, words, whether it is this page.
    pub(crate) tabs: Vec<(String, String, bool)>,
    /// The proof that forms of this page carry.
    pub(crate) token: String,
}

impl Frame {
    fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    fn is_advanced(&self) -> bool {
        self.depth == Depth::Advanced
    }

    /// The same page for the other account.
    fn other_login(&self) -> &'static str {
        match self.role {
            Role::User => "/admin/info/status",
            Role::Admin => "/info/status",
        }
    }

    /// The other view of this account.
    fn other_view(&self) -> &'static str {
        match (self.role, self.depth) {
            (Role::User, Depth::Basic) => "/advanced/info/status",
            (Role::User, Depth::Advanced) => "/info/status",
            (Role::Admin, Depth::Basic) => "/admin/advanced/info/status",
            (Role::Admin, Depth::Advanced) => "/admin/info/status",
        }
    }

    /// Tabs of Info.
    pub(crate) fn with_info(mut self, this: &str) -> Self {
        self.top = "Info";
        self.tabs = [
            ("status", "Status"),
            ("download-status", "Download Status"),
            ("debug-info", "Debug Info"),
        ]
        .map(|(slug, title)| {
            let path = format!("{}/info/{slug}", self.base);
            (path, title.to_owned(), slug == this)
        })
        .into();
        self
    }

    /// Tabs of Voice.
    pub(crate) fn with_voice(mut self, tabs: &[Tab], this: Tab) -> Self {
        self.top = "Voice";
        let tab = |tab: &Tab| {
            let path = format!("{}/voice/{}", self.base, tab.slug());
            (path, tab.title(), *tab == this)
        };
        self.tabs = tabs.iter().map(tab).collect();
        self
    }
}

/// Words for people.
#[derive(Template)]
#[template(path = "words.html")]
pub(crate) struct WordsPage<'p> {
    pub(crate) frame: &'p Frame,
    pub(crate) paragraphs: Vec<String>,
}

/// Snapshots to be fetched.
#[derive(Template)]
#[template(path = "debug.html")]
pub(crate) struct DebugPage<'p> {
    pub(crate) frame: &'p Frame,
}

/// The fault of a field, if it has one.
fn fault<'f>(faults: &'f Faults, name: &str) -> &'f str {
    faults.get(name).map_or("", String::as_str)
}
