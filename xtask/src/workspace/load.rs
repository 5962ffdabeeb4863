//! Reads the real workspace: `cargo metadata` and the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

use super::{Edge, EdgeKind, Package, Workspace};

/// File name endings that the checks read.
const TEXT_ENDINGS: [&str; 8] = ["rs", "toml", "md", "sh", "json", "jsonl", "txt", "service"];
/// Files without an ending that the checks read.
const TEXT_NAMES: [&str; 2] = ["run", ".gitignore"];
/// Folders of the root that hold nothing of ours.
const FOREIGN_FOLDERS: [&str; 2] = ["target", ".git"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetaPackage>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct MetaPackage {
    id: String,
    name: String,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
struct NodeDep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    kind: Option<String>,
}

/// The folder of the workspace's root manifest.
///
/// # Errors
/// This crate was moved out of the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask must stand in a folder of the workspace")
}

/// Reads the workspace at `root`.
///
/// # Errors
/// `cargo metadata` fails, or a file cannot be read.
pub(crate) fn load(root: &Path) -> Result<Workspace> {
    let json = metadata_json(root)?;
    let (packages, edges) = from_metadata(root, &json)?;
    let mut sources = BTreeMap::new();
    read_folder(root, root, &mut sources)?;
    Ok(Workspace {
        packages,
        edges,
        sources,
    })
}

fn metadata_json(root: &Path) -> Result<String> {
    let shell = Shell::new().context("opening a shell")?;
    shell.change_dir(root);
    let version = cmd!(shell, "rustc -vV")
        .quiet()
        .read()
        .context("asking rustc for the host")?;
    let Some(host) = version.lines().find_map(|l| l.strip_prefix("host: ")) else {
        bail!("`rustc -vV` names no host");
    };
    let offline = cmd!(
        shell,
        "cargo metadata --format-version 1 --filter-platform {host} --offline"
    )
    .quiet()
    .ignore_stderr()
    .read();
    if let Ok(json) = offline {
        return Ok(json);
    }
    cmd!(
        shell,
        "cargo metadata --format-version 1 --filter-platform {host}"
    )
    .quiet()
    .read()
    .context("running cargo metadata")
}

fn from_metadata(root: &Path, json: &str) -> Result<(Vec<Package>, Vec<Edge>)> {
    let meta: Metadata = serde_json::from_str(json).context("reading cargo metadata")?;
    let names: BTreeMap<&str, &str> = meta
        .packages
        .iter()
        .map(|p| (p.id.as_str(), p.name.as_str()))
        .collect();
    let mut packages = Vec::new();
    for package in &meta.packages {
        if !meta.workspace_members.contains(&package.id) {
            continue;
        }
        let folder = package
            .manifest_path
            .parent()
            .and_then(|p| p.strip_prefix(root).ok())
            .with_context(|| format!("{} is outside the workspace", package.name))?;
        packages.push(Package {
            name: package.name.clone(),
            folder: slashed(folder),
        });
    }
    packages.sort_by(|a, b| a.folder.cmp(&b.folder));

    let mut edges = BTreeSet::new();
    for node in &meta.resolve.nodes {
        let Some(from) = names.get(node.id.as_str()) else {
            continue;
        };
        for dep in &node.deps {
            let Some(to) = names.get(dep.pkg.as_str()) else {
                continue;
            };
            for dep_kind in &dep.dep_kinds {
                let kind = match dep_kind.kind.as_deref() {
                    None => EdgeKind::Normal,
                    Some("build") => EdgeKind::Build,
                    Some("dev") => EdgeKind::Dev,
                    Some(other) => bail!("cargo metadata names an unknown kind `{other}`"),
                };
                edges.insert(Edge {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    kind,
                });
            }
        }
    }
    Ok((packages, edges.into_iter().collect()))
}

fn read_folder(root: &Path, folder: &Path, into: &mut BTreeMap<String, String>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("reading folder {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("reading folder {}", folder.display()))?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry
            .file_type()
            .with_context(|| format!("reading {}", path.display()))?;
        if kind.is_dir() {
            let foreign = folder == root && FOREIGN_FOLDERS.contains(&name.as_ref());
            if !foreign {
                read_folder(root, &path, into)?;
            }
        } else if kind.is_file() && is_text(&path, &name) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue; // not UTF-8, or gone since the listing: nothing to check
            };
            into.insert(slashed(path.strip_prefix(root)?), text);
        }
    }
    Ok(())
}

fn is_text(path: &Path, name: &str) -> bool {
    TEXT_NAMES.contains(&name)
        || path
            .extension()
            .is_some_and(|e| TEXT_ENDINGS.iter().any(|known| e == *known))
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|p| p.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_gives_members_by_folder_and_edges_by_kind() {
        let json = r#"{
          "packages": [
            {"id": "a#1", "name": "onhook-a", "manifest_path": "/r/crates/domain/a/Cargo.toml"},
            {"id": "t#1", "name": "tokio", "manifest_path": "/registry/tokio/Cargo.toml"}
          ],
          "workspace_members": ["a#1"],
          "resolve": {"nodes": [
            {"id": "a#1", "deps": [{"pkg": "t#1", "dep_kinds": [{"kind": null}, {"kind": "dev"}]}]},
            {"id": "t#1", "deps": []}
          ]}
        }"#;
        let (packages, edges) = from_metadata(Path::new("/r"), json).unwrap();
        assert_eq!(
            packages,
            [Package {
                name: "onhook-a".to_owned(),
                folder: "crates/domain/a".to_owned()
            }]
        );
        let kinds: Vec<_> = edges.iter().map(|e| (e.to.as_str(), e.kind)).collect();
        assert_eq!(
            kinds,
            [("tokio", EdgeKind::Normal), ("tokio", EdgeKind::Dev)]
        );
    }

    #[test]
    fn an_unknown_dependency_kind_is_an_error() {
        let json = r#"{
          "packages": [{"id": "a", "name": "onhook-a", "manifest_path": "/r/a/Cargo.toml"}],
          "workspace_members": ["a"],
          "resolve": {"nodes": [{"id": "a", "deps": [{"pkg": "a", "dep_kinds": [{"kind": "odd"}]}]}]}
        }"#;
        let error = from_metadata(Path::new("/r"), json).unwrap_err();
        assert!(error.to_string().contains("odd"), "{error}");
    }

    #[test]
    fn reading_a_folder_leaves_out_build_results_and_binary_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, bytes) in [
            ("crates/a/src/lib.rs", b"//! A.".as_slice()),
            ("target/debug/out.rs", b"no"),
            ("crates/a/src/target/host.rs", b"//! Ours."),
            ("notes.md", b"\xff\xfe"),
            ("picture.png", b"png"),
            (".ci/run", b"#!/bin/bash"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut found = BTreeMap::new();
        read_folder(root, root, &mut found).unwrap();
        let paths: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                ".ci/run",
                "crates/a/src/lib.rs",
                "crates/a/src/target/host.rs"
            ]
        );
    }
}
