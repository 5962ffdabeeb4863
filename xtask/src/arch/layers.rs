//! Which crate may use which.

use crate::report::Problem;
use crate::workspace::{Edge, EdgeKind, Package, Workspace};

/// Domain crates by folder, lowest rank first.
const DOMAIN_RANKS: [&[&str]; 6] = [
    &["device"],
    &["schedule"],
    &["params", "macros", "conditions", "crypto", "fetch"],
    &["rules", "profile", "triggers"],
    &["resync", "upgrade", "report", "discovery"],
    &["phone"],
];

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layer {
    /// Pure decisions, with a rank.
    Domain { rank: usize },
    /// One technology each.
    Adapter,
    /// What the harness is made of.
    Lab,
    /// Fakes and contract suites.
    Testkit,
    /// Programs.
    App,
    /// This program.
    Xtask,
    /// End-to-end tests.
    Tests,
}

impl Layer {
    /// Whether the crate is pure.
    pub(super) const fn is_domain(self) -> bool {
        matches!(self, Self::Domain { .. })
    }
}

/// The layer of a folder, or why it has none.
pub(super) fn layer_of(folder: &str) -> Result<Layer, String> {
    let parts: Vec<&str> = folder.split('/').collect();
    match parts.as_slice() {
        ["crates", "domain", name] => match rank_of(name) {
            Some(rank) => Ok(Layer::Domain { rank }),
            None => Err(format!(
                "the domain crate `{name}` has no rank; add it to the table of xtask/src/arch/layers.rs"
            )),
        },
        ["crates", "adapters", _] => Ok(Layer::Adapter),
        ["crates", "lab", _] => Ok(Layer::Lab),
        ["crates", "testkit"] => Ok(Layer::Testkit),
        ["apps", _] => Ok(Layer::App),
        ["xtask"] => Ok(Layer::Xtask),
        ["tests"] => Ok(Layer::Tests),
        _ => Err(format!("the folder `{folder}` belongs to no layer")),
    }
}

fn rank_of(name: &str) -> Option<usize> {
    DOMAIN_RANKS.iter().position(|names| names.contains(&name))
}

/// Checks folders, names and the edges between crates of the workspace.
pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in &workspace.packages {
        if let Err(message) = layer_of(&package.folder) {
            problems.push(Problem::at(&package.manifest(), message));
        }
        let expected = expected_name(&package.folder);
        if package.name != expected {
            let message = format!("package `{}` must be called `{expected}`", package.name);
            problems.push(Problem::at(&package.manifest(), message));
        }
    }
    for edge in &workspace.edges {
        let (Some(from), Some(to)) = (workspace.package(&edge.from), workspace.package(&edge.to))
        else {
            continue;
        };
        if let Some(message) = refusal(edge, from, to) {
            problems.push(Problem::at(&from.manifest(), message));
        }
    }
    problems
}

fn expected_name(folder: &str) -> String {
    match folder.rsplit('/').next() {
        Some("xtask") | None => "xtask".to_owned(),
        Some(last) => format!("onhook-{last}"),
    }
}

/// Why an edge is wrong, if it is.
fn refusal(edge: &Edge, from: &Package, to: &Package) -> Option<String> {
    let (Ok(upper), Ok(lower)) = (layer_of(&from.folder), layer_of(&to.folder)) else {
        return None; // reported for the package itself
    };
    let name = &to.name;
    let table = edge.kind.table();
    let reason = match (upper, lower) {
        (_, Layer::App) => "nothing depends on a program",
        (_, Layer::Xtask | Layer::Tests) => "nothing depends on it",
        (_, Layer::Testkit) if edge.kind == EdgeKind::Dev => return None,
        (_, Layer::Testkit) => "testkit is a dev-dependency only",
        (Layer::Domain { rank: a }, Layer::Domain { rank: b }) if a > b => return None,
        (Layer::Domain { .. }, Layer::Domain { .. }) => {
            "inside domain only a higher rank uses a lower one"
        }
        (Layer::Domain { .. }, Layer::Adapter | Layer::Lab) => "domain uses domain only",
        (Layer::Adapter, Layer::Adapter) => "adapters never use each other or the driver",
        (Layer::Adapter, Layer::Lab) => "adapters use domain only",
        (Layer::Testkit, Layer::Adapter | Layer::Lab) => "testkit uses domain only",
        (Layer::Adapter | Layer::Testkit, Layer::Domain { .. })
        | (Layer::Lab, Layer::Domain { .. } | Layer::Adapter | Layer::Lab)
        | (
            Layer::App | Layer::Xtask | Layer::Tests,
            Layer::Domain { .. } | Layer::Adapter | Layer::Lab,
        ) => return None,
    };
    Some(format!("`{name}` in {table}: {reason}"))
}
