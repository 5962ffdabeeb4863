//! The workspace as the checks see it: packages, dependency edges, texts.
//!
//! The checks are functions over this plain value, so a test builds a small workspace in memory.

mod load;

use std::collections::BTreeMap;

pub(crate) use load::{load, root};

/// One crate of the workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Package {
    /// Name in its manifest.
    pub(crate) name: String,
    /// Folder from the root, with `/` between the parts.
    pub(crate) folder: String,
}

impl Package {
    /// Path of the manifest from the root.
    pub(crate) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// Which table of the manifest an edge comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum EdgeKind {
    /// `[dependencies]`.
    Normal,
    /// `[build-dependencies]`.
    Build,
    /// `[dev-dependencies]`.
    Dev,
}

impl EdgeKind {
    /// The table of the manifest.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Normal => "[dependencies]",
            Self::Build => "[build-dependencies]",
            Self::Dev => "[dev-dependencies]",
        }
    }
}

/// One resolved dependency, also between foreign packages.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Edge {
    /// Package that depends.
    pub(crate) from: String,
    /// Package depended on.
    pub(crate) to: String,
    /// Where it is declared.
    pub(crate) kind: EdgeKind,
}

/// Everything the checks read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Workspace {
    /// The crates of the workspace.
    pub(crate) packages: Vec<Package>,
    /// Resolved dependencies of every package, foreign ones included.
    pub(crate) edges: Vec<Edge>,
    /// Text files by path from the root.
    pub(crate) sources: BTreeMap<String, String>,
}

impl Workspace {
    /// The package of that name, if it is a crate of the workspace.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|p| p.name == name)
    }

    /// The text of a file, if it exists.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.sources.get(path).map(String::as_str)
    }

    /// Rust files whose path starts with a prefix, in order of path.
    pub(crate) fn rust_under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.sources
            .iter()
            .filter(move |(path, _)| path.starts_with(prefix) && path.ends_with(".rs"))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}
