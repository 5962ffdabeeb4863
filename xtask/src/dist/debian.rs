//! Debian packages: what is in them, and their control files. dpkg-deb packs them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::dist::notices;
use crate::dist::programs::Linkage;
use crate::dist::release::Release;
use crate::dist::sbom::Bill;
use crate::dist::staging::{Staging, files, gzip};

/// Scripts of dpkg that a package may have.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];
/// Folders of completions: of `cargo xtask manuals`, and of Debian.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions"),
    ("zsh", "zsh/vendor-completions"),
    ("fish", "fish/vendor_completions.d"),
];
/// Documents of each package, from the root of the workspace.
const DOCUMENTS: [(&str, &[&str]); 2] = [
    (
        "onhook-agent",
        &[
            "docs/guide-integrator.md",
            "docs/operating.md",
            "docs/control-socket.md",
            "docs/loads.md",
            "docs/pages.md",
            "docs/peer-sharing.md",
            "docs/readings.md",
            "docs/sizes.md",
            "docs/storage.md",
            "docs/agent.toml",
            "docs/examples/integrator.py",
        ],
    ),
    (
        "onhook-harness",
        &[
            "docs/guide-operator.md",
            "docs/guide-lab.md",
            "docs/faults.md",
            "docs/fleet.md",
            "docs/storm.md",
            "docs/scale-out.md",
            "docs/interop.md",
            "docs/peer-sharing.md",
            "docs/readings.md",
            "docs/scenarios.md",
        ],
    ),
];
/// The table of conformance, which the harness runs.
const CONFORMANCE: (&str, &str) = ("tests/conformance", "usr/share/onhook-harness/conformance");

/// Makes the package of a program.
///
/// # Errors
/// A file is missing, or a tool of Debian fails.
pub(crate) fn package(
    root: &Path,
    release: &Release,
    bill: &Bill,
    (program, linkage): (&Path, Linkage),
    work: &Path,
    out: &Path,
) -> Result<()> {
    let name = bill.program.as_str();
    let mut tree = Staging::new(&work.join("deb").join(name))?;
    let bytes = fs::read(program).with_context(|| format!("reading {}", program.display()))?;
    tree.put(&format!("usr/bin/{name}"), 0o755, &bytes)?;
    for (path, content) in manuals(&work.join("manuals"), name)? {
        tree.put(&format!("usr/share/{path}"), 0o644, &content)?;
    }
    documents(root, release, bill, &mut tree)?;
    let overrides = read(root, &format!("dist/debian/{name}.lintian-overrides"))?;
    tree.put(
        &format!("usr/share/lintian/overrides/{name}"),
        0o644,
        &overrides,
    )?;
    if name == "onhook-agent" {
        agent(root, &mut tree)?;
    } else {
        for file in files(&root.join(CONFORMANCE.0))? {
            let content = read(root, &format!("{}/{file}", CONFORMANCE.0))?;
            tree.put(&format!("{}/{file}", CONFORMANCE.1), 0o644, &content)?;
        }
    }
    let libraries = match linkage {
        Linkage::Static => String::new(),
        Linkage::Dynamic => libraries(&tree, &format!("usr/bin/{name}"), work)?,
    };
    control(root, release, name, &libraries, &mut tree)?;
    pack(&tree, release, name, out)
}

/// The unit, and the configuration.
fn agent(root: &Path, tree: &mut Staging) -> Result<()> {
    let unit = read(root, "dist/onhook-agent.service")?;
    tree.put("usr/lib/systemd/system/onhook-agent.service", 0o644, &unit)?;
    // Until the script that follows has let the user of the agent read it, nobody but root does.
    let config = read(root, "docs/agent.toml")?;
    tree.put("etc/onhook/agent.toml", 0o640, &config)?;
    tree.put("DEBIAN/conffiles", 0o644, b"/etc/onhook/agent.toml\n")
}

/// Manual pages, compressed, and completions of a program, by paths below `share/`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn manuals(folder: &Path, program: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for name in files(&folder.join("man1"))? {
        // `onhook-agent.1`, `onhook-agent-run.1`
        let belongs = name
            .strip_prefix(program)
            .is_some_and(|rest| rest.starts_with(['.', '-']));
        if belongs {
            let page = fs::read(folder.join("man1").join(&name))?;
            found.push((format!("man/man1/{name}.gz"), gzip(&page)?));
        }
    }
    ensure!(!found.is_empty(), "{program} has no manual pages");
    for (shell, place) in COMPLETIONS {
        for name in files(&folder.join(shell))? {
            let stem = name.trim_start_matches('_');
            let stem = stem.split_once('.').map_or(stem, |(stem, _)| stem);
            if stem == program {
                let script = fs::read(folder.join(shell).join(&name))?;
                // bash-completion looks for the name of the command alone.
                let name = name.trim_end_matches(".bash");
                found.push((format!("{place}/{name}"), script));
            }
        }
    }
    Ok(found)
}

/// Licences, changelog, bill of materials, and what is there to read.
fn documents(root: &Path, release: &Release, bill: &Bill, tree: &mut Staging) -> Result<()> {
    let name = bill.program.as_str();
    let folder = format!("usr/share/doc/{name}");
    let mut put =
        |path: &str, content: &[u8]| tree.put(&format!("{folder}/{path}"), 0o644, content);
    put("copyright", &read(root, "dist/debian/copyright")?)?;
    put("changelog.gz", &gzip(changelog(release, name).as_bytes())?)?;
    put("NEWS.gz", &gzip(&read(root, "CHANGELOG.md")?)?)?;
    put(
        "third-party.txt.gz",
        &gzip(notices::text(bill)?.as_bytes())?,
    )?;
    put("sbom.cdx.json.gz", &gzip(bill.json(release).as_bytes())?)?;
    for (_, paths) in DOCUMENTS.iter().filter(|(program, _)| *program == name) {
        for path in *paths {
            let content = read(root, path)?;
            put(path.trim_start_matches("docs/"), &content)?;
            for picture in pictures(&String::from_utf8_lossy(&content)) {
                put(picture, &read(root, &format!("docs/{picture}"))?)?;
            }
        }
    }
    Ok(())
}

/// The pictures that a document shows, by paths from its folder: `![words](path)`.
fn pictures(text: &str) -> Vec<&str> {
    text.split("![")
        .skip(1)
        .filter_map(|rest| rest.split_once("](")?.1.split_once(')'))
        .map(|(path, _)| path)
        .filter(|path| !path.contains("://"))
        .collect()
}

/// What Debian's tools read as the version; the changes themselves are in NEWS.
fn changelog(release: &Release, name: &str) -> String {
    format!(
        "{name} ({}) unstable; urgency=medium\n\n  * NEWS.gz tells what is new.\n\n -- {}  {}\n",
        release.version,
        release.maintainer,
        release.long_time()
    )
}

/// What a program needs of the libraries of the system, as Depends says it.
fn libraries(tree: &Staging, program: &str, work: &Path) -> Result<String> {
    let place = work.join("libraries");
    fs::create_dir_all(place.join("debian"))?;
    // dpkg-shlibdeps wants to stand beside the sources of a package.
    fs::write(
        place.join("debian/control"),
        "Source: onhook\n\nPackage: onhook\nArchitecture: any\n",
    )?;
    let output = Command::new("dpkg-shlibdeps")
        .arg("-O")
        .arg(tree.folder().join(program))
        .current_dir(&place)
        .output()
        .context("starting dpkg-shlibdeps")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let libraries = text.trim().strip_prefix("shlibs:Depends=");
    ensure!(
        output.status.success(),
        "dpkg-shlibdeps: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(libraries
        .context("dpkg-shlibdeps names no library")?
        .to_owned())
}

/// The control file, the scripts and the sums.
fn control(
    root: &Path,
    release: &Release,
    name: &str,
    libraries: &str,
    tree: &mut Staging,
) -> Result<()> {
    let template = read(root, &format!("dist/debian/{name}.control"))?;
    let template = String::from_utf8(template).context("a control file is no text")?;
    let size = installed_kilobytes(tree.folder())?.to_string();
    let text = filled(
        &template,
        &[
            ("version", &release.version),
            ("architecture", release.architecture()?),
            ("maintainer", &release.maintainer),
            ("size", &size),
            ("libraries", libraries),
        ],
    )?;
    tree.put("DEBIAN/control", 0o644, text.as_bytes())?;
    for script in SCRIPTS {
        let path = root.join("dist/debian").join(format!("{name}.{script}"));
        if path.is_file() {
            tree.put(&format!("DEBIAN/{script}"), 0o755, &fs::read(path)?)?;
        }
    }
    let sums = sums(tree.folder())?;
    tree.put("DEBIAN/md5sums", 0o644, &sums)
}

/// A template with values in place of `${name}`; a list that ends up empty is left out with its field.
///
/// # Errors
/// A place is left over.
fn filled(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    let left = text
        .split_once("${")
        .and_then(|(_, rest)| rest.split_once('}'));
    if let Some((name, _)) = left {
        anyhow::bail!("nobody says what ${{{name}}} of a control file is");
    }
    let lines = text.lines().map(|line| line.trim_end_matches([',', ' ']));
    let kept = lines.filter(|line| !line.ends_with(':'));
    Ok(kept.map(|line| format!("{line}\n")).collect())
}

/// The files that get installed, without those for dpkg.
fn installed(folder: &Path) -> Result<Vec<String>> {
    let mut names = files(folder)?;
    names.retain(|name| !name.starts_with("DEBIAN/"));
    Ok(names)
}

/// Each file in whole kilobytes.
fn installed_kilobytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for name in installed(folder)? {
        sum += fs::metadata(folder.join(name))?.len().div_ceil(1024);
    }
    Ok(sum)
}

/// The sums by which dpkg notices changed files; configuration is left to whoever edits it.
fn sums(folder: &Path) -> Result<Vec<u8>> {
    let mut names = installed(folder)?;
    names.retain(|name| !name.starts_with("etc/"));
    let output = Command::new("md5sum")
        .args(&names)
        .current_dir(folder)
        .output()
        .context("starting md5sum")?;
    ensure!(
        output.status.success(),
        "md5sum: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

/// Packs a tree, the same bytes for the same files.
fn pack(tree: &Staging, release: &Release, name: &str, out: &Path) -> Result<()> {
    let file = out.join(format!(
        "{name}_{}_{}.deb",
        release.version,
        release.architecture()?
    ));
    let output = Command::new("dpkg-deb")
        // More threads would cut the data into other blocks.
        .args(["--root-owner-group", "-Zxz", "--threads-max=1", "--build"])
        .arg(tree.folder())
        .arg(&file)
        .env("SOURCE_DATE_EPOCH", release.epoch.to_string())
        .output()
        .context("starting dpkg-deb")?;
    ensure!(
        output.status.success(),
        "dpkg-deb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn read(root: &Path, path: &str) -> Result<Vec<u8>> {
    fs::read(root.join(path)).with_context(|| format!("reading {path}"))
}

#[cfg(test)]
mod tests;
