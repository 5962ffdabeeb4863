//! Bills of materials: which crates a program is made of, as CycloneDX 1.5.
//!
//! `cargo tree` says which crates are in the program, with its features and for both targets; those that only build or
//! test it are left out, and so are macros, which end with the compiler. `cargo metadata` says what each of them is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dist::release::{Release, said};

/// What `cargo metadata` says of the workspace and of all that it uses.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Metadata {
    /// The version of a crate of this workspace.
    ///
    /// # Errors
    /// There is no such crate.
    pub(crate) fn version_of(&self, name: &str) -> Result<String> {
        let package = self.packages.iter().find(|package| package.name == name);
        Ok(package
            .with_context(|| format!("no crate {name}"))?
            .version
            .clone())
    }
}

/// Asks cargo about the workspace.
///
/// # Errors
/// Cargo cannot answer.
pub(crate) fn metadata(root: &Path, target: &str) -> Result<Metadata> {
    let words = [
        "metadata",
        "--locked",
        "--format-version=1",
        "--filter-platform",
        target,
    ];
    serde_json::from_str(&said(root, "cargo", &words)?).context("reading cargo metadata")
}

/// One crate of a program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) version: String,
    /// SPDX expression.
    pub(crate) license: String,
    description: Option<String>,
    repository: Option<String>,
    /// Digest of what the registry gives; crates of this workspace have none.
    checksum: Option<String>,
    /// Folder with the sources.
    pub(crate) folder: PathBuf,
    /// Names and versions of the crates that it uses.
    uses: BTreeSet<(String, String)>,
}

impl Component {
    /// Whether it comes from the registry.
    pub(crate) const fn is_foreign(&self) -> bool {
        self.checksum.is_some()
    }

    /// The package URL; a crate of this workspace is in no registry, so that it has none.
    fn purl(&self) -> Option<String> {
        self.is_foreign().then(|| {
            format!(
                "pkg:cargo/{}@{}",
                self.name,
                self.version.replace('+', "%2B")
            )
        })
    }

    fn reference(&self) -> String {
        reference(&self.name, &self.version)
    }

    fn json(&self, kind: &str) -> Value {
        let mut value = json!({
            "type": kind,
            "bom-ref": self.reference(),
            "name": self.name,
            "version": self.version,
            "licenses": [{ "expression": self.license }],
        });
        let mut set = |key: &str, content: Value| {
            if let Some(fields) = value.as_object_mut() {
                fields.insert(key.to_owned(), content);
            }
        };
        if let Some(text) = &self.description {
            let text: Vec<&str> = text.split_whitespace().collect();
            set("description", text.join(" ").into());
        }
        if let Some(digest) = &self.checksum {
            set("hashes", json!([{ "alg": "SHA-256", "content": digest }]));
        }
        if let Some(purl) = self.purl() {
            set("purl", purl.into());
        }
        if let Some(url) = &self.repository {
            set("externalReferences", json!([{ "type": "vcs", "url": url }]));
        }
        value
    }
}

fn reference(name: &str, version: &str) -> String {
    format!("{name}@{version}")
}

/// What one program is made of.
pub(crate) struct Bill {
    /// Its name, and that of its crate.
    pub(crate) program: String,
    /// The program itself, then its crates by name and version.
    pub(crate) components: Vec<Component>,
}

impl Bill {
    /// Asks cargo what a program is made of.
    ///
    /// # Errors
    /// Cargo cannot answer, or a crate says no licence.
    pub(crate) fn of(root: &Path, release: &Release, program: &str) -> Result<Self> {
        let fixed = release.static_target();
        let tree = [
            ["tree", "--locked", "--package", program].as_slice(),
            &["--edges", "normal,no-proc-macro"],
            &["--target", &release.target, "--target", &fixed],
            &["--prefix", "none", "--format", "{p}"],
        ]
        .concat();
        let members = members(&said(root, "cargo", &tree)?)?;
        let metadata = metadata(root, &release.target)?;
        let lock = fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")?;
        Self::from(program, &members, &metadata, &lock)
    }

    fn from(
        program: &str,
        members: &BTreeSet<(String, String)>,
        metadata: &Metadata,
        lock: &str,
    ) -> Result<Self> {
        let lock: Lock = toml::from_str(lock).context("reading Cargo.lock")?;
        let digests: BTreeMap<(String, String), String> = lock
            .package
            .into_iter()
            .filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?)))
            .collect();
        let keys: BTreeMap<&str, (String, String)> = metadata
            .packages
            .iter()
            .map(|package| (package.id.as_str(), package.key()))
            .collect();
        let mut components = Vec::new();
        for package in &metadata.packages {
            let key = package.key();
            if !members.contains(&key) {
                continue;
            }
            let node = metadata.resolve.nodes.iter().find(|n| n.id == package.id);
            let used = node.into_iter().flat_map(|node| &node.deps);
            let uses = used
                .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()))
                .filter_map(|edge| keys.get(edge.pkg.as_str()))
                .filter(|key| members.contains(key))
                .cloned()
                .collect();
            components.push(package.component(digests.get(&key).cloned(), uses)?);
        }
        components.sort();
        ensure!(
            components.len() == members.len(),
            "cargo tree and cargo metadata do not name the same crates of {program}"
        );
        Ok(Self {
            program: program.to_owned(),
            components,
        })
    }

    /// The document, the same for the same sources.
    pub(crate) fn json(&self, release: &Release) -> String {
        let crates = || self.components.iter();
        let own = crates().find(|component| component.name == self.program);
        let library = reference("std", &release.rust);
        let mut components: Vec<Value> = crates()
            .filter(|component| component.name != self.program)
            .map(|component| component.json("library"))
            .collect();
        components.push(json!({
            "type": "library",
            "bom-ref": library,
            "name": "std",
            "version": release.rust,
            "description": "Standard library of Rust",
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            "externalReferences": [{ "type": "vcs", "url": "https://github.com/rust-lang/rust" }],
        }));
        let mut dependencies: Vec<Value> = crates()
            .map(|component| {
                let used = component
                    .uses
                    .iter()
                    .map(|(name, version)| reference(name, version));
                let used: Vec<String> = used.chain([library.clone()]).collect();
                json!({ "ref": component.reference(), "dependsOn": used })
            })
            .collect();
        dependencies.push(json!({ "ref": library }));
        let document = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "timestamp": release.time(),
                "component": own.map(|component| component.json("application")),
                "properties": [
                    { "name": "onhook:revision", "value": release.revision },
                    { "name": "onhook:targets", "value": format!("{} {}", release.target, release.static_target()) },
                ],
            },
            "components": components,
            "dependencies": dependencies,
        });
        format!("{document:#}\n")
    }
}

impl Package {
    fn key(&self) -> (String, String) {
        (self.name.clone(), self.version.clone())
    }

    fn component(
        &self,
        checksum: Option<String>,
        uses: BTreeSet<(String, String)>,
    ) -> Result<Component> {
        let license = self
            .license
            .as_ref()
            .with_context(|| format!("{} {} says no licence", self.name, self.version))?;
        ensure!(
            self.source.is_none() || checksum.is_some(),
            "{} {} has no digest in Cargo.lock",
            self.name,
            self.version
        );
        Ok(Component {
            name: self.name.clone(),
            version: self.version.clone(),
            // The former way of writing a choice.
            license: license.replace(" / ", " OR ").replace('/', " OR "),
            description: self.description.clone(),
            repository: self.repository.clone(),
            checksum,
            folder: self
                .manifest_path
                .parent()
                .unwrap_or(Path::new("/"))
                .to_owned(),
            uses,
        })
    }
}

/// Names and versions from what `cargo tree` prints, one crate a line: `name v1.2.3 (where)`.
fn members(tree: &str) -> Result<BTreeSet<(String, String)>> {
    let mut members = BTreeSet::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (
            words.next(),
            words.next().and_then(|word| word.strip_prefix('v')),
        ) else {
            anyhow::bail!("cargo tree prints `{line}`, which is no crate");
        };
        members.insert((name.to_owned(), version.to_owned()));
    }
    Ok(members)
}

#[cfg(test)]
mod tests;
