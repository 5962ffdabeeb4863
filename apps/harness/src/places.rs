//! Where the report of a run goes: a document, a page, and words.

use std::ffi::OsString;

use crate::failure::note;
use crate::output::{self, Readers};

/// Where the result of a run goes.
pub(crate) struct Places<'a> {
    pub(crate) out: Option<&'a OsString>,
    pub(crate) html: Option<&'a OsString>,
    pub(crate) json: bool,
}

impl Places<'_> {
    /// Makes sure that files can be written, before anything long begins.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut places = self.out.iter().chain(self.html.iter());
        places.try_for_each(|place| output::check(place))
    }

    /// Whether the document itself goes to standard output.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.json || self.out.is_some_and(|out| out == "-")
    }

    /// Writes whatever can be written: a file that cannot is told at the end, and takes nothing else away.
    pub(crate) fn write(
        &self,
        json: impl Fn() -> serde_json::Result<String>,
        page: impl Fn() -> String,
        text: impl Fn() -> String,
    ) -> anyhow::Result<()> {
        let out = self.out.map_or(Ok(()), |out| {
            output::write(out, json()?.as_bytes(), Readers::Everybody)
        });
        let html = self.html.map_or(Ok(()), |html| {
            output::write(html, page().as_bytes(), Readers::Everybody)
        });
        if self.json {
            output::print(&json()?)?;
        } else if !self.is_for_programs() {
            output::print(&text())?;
        }
        match (out, html) {
            (Err(first), Err(second)) => {
                note(&format!("error: {second:#}"));
                Err(first)
            }
            (out, html) => out.and(html),
        }
    }
}
