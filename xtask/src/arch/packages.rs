//! Which foreign package may be used where.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::layers::{Layer, layer_of};
use crate::report::Problem;
use crate::workspace::{Edge, EdgeKind, Package, Workspace};

/// Crates that speak HTTP, by folder.
const HTTP_CRATES: [&str; 3] = [
    "crates/adapters/http",
    "crates/adapters/web",
    "crates/lab/prov-server",
];
/// The crate that knows ciphers, by folder.
const CRYPTO_CRATE: &str = "crates/domain/crypto";
/// The crate that asks name servers.
const NAMES_CRATE: &str = "crates/adapters/dns";

/// What no domain crate may reach, not even through others.
const NEVER_UNDER_DOMAIN: [&str; 7] = [
    "tokio",
    "mio",
    "socket2",
    "hyper",
    "rustls",
    "getrandom",
    "tracing-subscriber",
];

/// What the default build may not contain: a second TLS provider, which no crate would choose on purpose.
const NEVER_BY_DEFAULT: [&str; 2] = ["aws-lc-rs", "aws-lc-sys"];

/// Where a package belongs.
enum Place {
    /// Anywhere but domain, in every table of the manifest.
    OutsideDomain,
    /// Anywhere but the code of domain; its tests may use it.
    OutsideDomainCode,
    /// The crates that speak HTTP.
    Http,
    /// The crate with the ciphers.
    Crypto,
    /// The crate that asks name servers.
    Names,
    /// The programs.
    Apps,
    /// The programs, this program and the end-to-end tests.
    Programs,
    /// The programs and this program.
    CommandLines,
    /// The crate with the doubles.
    Testkit,
    /// This program.
    Xtask,
}

const PLACES: [(&str, Place); 25] = [
    ("tokio", Place::OutsideDomain),
    ("tempfile", Place::OutsideDomainCode),
    ("serde", Place::OutsideDomainCode),
    ("serde_json", Place::OutsideDomainCode),
    ("toml", Place::OutsideDomainCode),
    ("annotate-snippets", Place::OutsideDomain),
    ("tracing", Place::OutsideDomain),
    ("rand", Place::OutsideDomain),
    ("hyper", Place::Http),
    ("hyper-util", Place::Http),
    ("hyper-rustls", Place::Http),
    ("http", Place::Http),
    ("http-body-util", Place::Http),
    ("rustls", Place::Http),
    ("tokio-rustls", Place::Http),
    ("rcgen", Place::Http),
    ("aes", Place::Crypto),
    ("cbc", Place::Crypto),
    ("hickory-resolver", Place::Names),
    ("config", Place::Apps),
    ("tracing-subscriber", Place::Apps),
    ("anyhow", Place::Programs),
    ("clap", Place::CommandLines),
    ("mockall", Place::Testkit),
    ("xshell", Place::Xtask),
];

/// Checks direct dependencies against the table, and what stands below domain.
pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let mut problems = Vec::new();
    for edge in &workspace.edges {
        let Some(package) = workspace.package(&edge.from) else {
            continue;
        };
        if let Some(reason) = refusal(edge, package) {
            let message = format!("`{}` in {}: {reason}", edge.to, edge.kind.table());
            problems.push(Problem::at(&package.manifest(), message));
        }
    }
    problems.extend(below_domain(workspace));
    problems.extend(second_provider(workspace));
    problems
}

/// Who brings a second TLS provider into the default build.
fn second_provider(workspace: &Workspace) -> impl Iterator<Item = Problem> {
    let unwanted = |edge: &&Edge| NEVER_BY_DEFAULT.contains(&edge.to.as_str());
    workspace.edges.iter().filter(unwanted).map(|edge| {
        let (from, to) = (&edge.from, &edge.to);
        let place = workspace
            .package(from)
            .map_or_else(|| "Cargo.toml".to_owned(), Package::manifest);
        let message = format!(
            "`{from}` brings `{to}` into the default build; use it with `default-features = false`"
        );
        Problem::at(&place, message)
    })
}

fn refusal(edge: &Edge, package: &Package) -> Option<&'static str> {
    let place = PLACES
        .iter()
        .find_map(|(name, place)| (*name == edge.to).then_some(place))?;
    let layer = layer_of(&package.folder).ok()?;
    let folder = package.folder.as_str();
    let (allowed, reason) = match place {
        Place::OutsideDomain => (!layer.is_domain(), "domain is pure"),
        Place::OutsideDomainCode => (
            !layer.is_domain() || edge.kind == EdgeKind::Dev,
            "domain uses it in tests only",
        ),
        Place::Http => (
            HTTP_CRATES.contains(&folder)
                // A browser is driven over HTTP.
                || (layer == Layer::Tests && edge.kind == EdgeKind::Dev && edge.to == "hyper-util"),
            "belongs where HTTP is spoken: http, web, prov-server",
        ),
        Place::Crypto => (folder == CRYPTO_CRATE, "belongs in onhook-crypto"),
        Place::Names => (folder == NAMES_CRATE, "belongs in onhook-dns"),
        Place::Apps => (layer == Layer::App, "belongs in apps"),
        Place::Programs => (
            matches!(layer, Layer::App | Layer::Xtask | Layer::Tests),
            "belongs in apps, xtask and tests; libraries use thiserror",
        ),
        Place::CommandLines => (
            matches!(layer, Layer::App | Layer::Xtask),
            "belongs in apps and xtask",
        ),
        Place::Testkit => (layer == Layer::Testkit, "belongs in onhook-testkit"),
        Place::Xtask => (layer == Layer::Xtask, "belongs in xtask"),
    };
    (!allowed).then_some(reason)
}

/// Follows `[dependencies]` from each domain crate through foreign packages.
fn below_domain(workspace: &Workspace) -> Vec<Problem> {
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in workspace
        .edges
        .iter()
        .filter(|e| e.kind == EdgeKind::Normal)
    {
        uses.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut problems = Vec::new();
    for package in &workspace.packages {
        if !layer_of(&package.folder).is_ok_and(Layer::is_domain) {
            continue;
        }
        for path in forbidden_paths(&uses, &package.name) {
            let message = format!("domain must not reach it: {}", path.join(" -> "));
            problems.push(Problem::at(&package.manifest(), message));
        }
    }
    problems
}

/// Shortest ways of two steps and more from a package to a forbidden one.
fn forbidden_paths<'a>(
    uses: &BTreeMap<&'a str, Vec<&'a str>>,
    start: &'a str,
) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([start]);
    let mut queue = VecDeque::from([vec![start]]);
    while let Some(path) = queue.pop_front() {
        let last = path.last().copied().unwrap_or(start);
        for next in uses.get(last).into_iter().flatten() {
            if !seen.insert(*next) {
                continue;
            }
            let mut longer = path.clone();
            longer.push(*next);
            if NEVER_UNDER_DOMAIN.contains(next) {
                found.push(longer);
            } else {
                queue.push_back(longer);
            }
        }
    }
    found.retain(|path| path.len() > 2 || !listed(path));
    found
}

/// Whether the table of places already speaks about the direct dependency at the end of the path.
fn listed(path: &[&str]) -> bool {
    path.last()
        .is_some_and(|name| PLACES.iter().any(|(known, _)| known == name))
}
