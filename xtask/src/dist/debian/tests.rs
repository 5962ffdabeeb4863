use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::workspace::root;

fn release() -> Release {
    Release {
        version: "1.2.3".to_owned(),
        revision: String::new(),
        epoch: 1_795_000_000,
        rust: "1.95.0".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        maintainer: "Somebody <somebody@example.org>".to_owned(),
        target_folder: PathBuf::new(),
    }
}

/// A tree with a file; `order` and the modes outside make no difference.
fn tree(folder: &Path, order: [&str; 2]) -> Staging {
    let mut tree = Staging::new(&folder.join("tree")).unwrap();
    for name in order {
        tree.put(&format!("usr/share/onhook/{name}"), 0o644, name.as_bytes())
            .unwrap();
    }
    tree
}

#[test]
fn the_control_files_have_what_dpkg_wants_and_no_place_is_left_open() {
    let folder = tempfile::tempdir().unwrap();
    for name in crate::dist::PROGRAMS {
        let mut tree = tree(&folder.path().join(name), ["a", "b"]);
        control(
            &root().unwrap(),
            &release(),
            name,
            "libc6 (>= 2.34)",
            &mut tree,
        )
        .unwrap();
        let text = fs::read_to_string(tree.folder().join("DEBIAN/control")).unwrap();
        for line in [
            &format!("Package: {name}"),
            "Version: 1.2.3",
            "Architecture: amd64",
            "Maintainer: Somebody <somebody@example.org>",
            "Installed-Size: 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        let depends = text.lines().find(|line| line.starts_with("Depends: "));
        assert!(depends.unwrap().ends_with("libc6 (>= 2.34)"), "{text}");
        let sums = fs::read_to_string(tree.folder().join("DEBIAN/md5sums")).unwrap();
        assert_eq!(
            sums,
            "0cc175b9c0f1b6a831c399e269772661  usr/share/onhook/a\n\
             92eb5ffee6ae2fec3ad71c777531578f  usr/share/onhook/b\n"
        );
        for script in SCRIPTS {
            let file = tree.folder().join("DEBIAN").join(script);
            if let Ok(meta) = file.metadata() {
                assert_eq!(meta.permissions().mode() & 0o777, 0o755, "{script}");
            }
        }
    }
    assert!(
        folder
            .path()
            .join("onhook-agent/tree/DEBIAN/postrm")
            .is_file()
    );
    let text = filled("A: b, ${x}\nC: ${x}\nD: e:f\n", &[("x", "")]).unwrap();
    assert_eq!(text, "A: b\nD: e:f\n");
    let error = filled("${version} ${else}", &[("version", "1")]).unwrap_err();
    assert!(error.to_string().contains("${else}"), "{error}");
}

#[test]
fn scripts_of_dpkg_are_valid_and_never_need_a_running_systemd() {
    let folder = root().unwrap().join("dist/debian");
    let mut count = 0;
    for name in files(&folder).unwrap() {
        if !SCRIPTS.iter().any(|script| name.ends_with(script)) {
            continue;
        }
        count += 1;
        let file = folder.join(&name);
        let parsed = Command::new("sh").arg("-n").arg(&file).status().unwrap();
        assert!(parsed.success(), "{name}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.lines().any(|line| line == "set -e"), "{name}");
        let mut guarded = false;
        for line in text.lines() {
            guarded |= line.contains("[ -d /run/systemd/system ]");
            let calls = line.contains("systemctl") || line.contains("deb-systemd-invoke");
            assert!(!calls || guarded, "{name}: {line}");
        }
    }
    assert_eq!(count, 3);
}

#[test]
fn a_package_has_the_same_bytes_whenever_and_wherever_it_is_made() {
    if !crate::dist::tools::is_there("dpkg-deb") {
        crate::say::line("skipped: dpkg-deb is not installed");
        return;
    }
    let made = |order: [&str; 2]| {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = tree(folder.path(), order);
        control(
            &root().unwrap(),
            &release(),
            "onhook-harness",
            "libc6",
            &mut tree,
        )
        .unwrap();
        pack(&tree, &release(), "onhook-harness", folder.path()).unwrap();
        let deb = fs::read(folder.path().join("onhook-harness_1.2.3_amd64.deb")).unwrap();
        let archive = folder.path().join("tree.tar.gz");
        tree.pack("tree", 1_795_000_000, &archive).unwrap();
        (deb, fs::read(archive).unwrap())
    };
    let (deb, archive) = made(["a", "b"]);
    let (other_deb, other_archive) = made(["b", "a"]);
    assert!(deb == other_deb, "two packages of the same files differ");
    assert!(
        archive == other_archive,
        "two archives of the same files differ"
    );
}

#[test]
fn pages_and_completions_go_where_debian_looks_for_them() {
    let folder = tempfile::tempdir().unwrap();
    crate::manuals::write(folder.path()).unwrap();
    for program in crate::dist::PROGRAMS {
        let found: Vec<String> = manuals(folder.path(), program)
            .unwrap()
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        for wanted in [
            format!("man/man1/{program}.1.gz"),
            format!("bash-completion/completions/{program}"),
            format!("zsh/vendor-completions/_{program}"),
            format!("fish/vendor_completions.d/{program}.fish"),
        ] {
            assert!(found.contains(&wanted), "{wanted}: {found:?}");
        }
        let foreign = found.iter().find(|path| !path.contains(program));
        assert_eq!(foreign, None);
    }
    assert!(manuals(folder.path(), "onhook-a").is_err());
}

#[test]
fn documents_that_are_packed_are_there_with_their_pictures() {
    let root = root().unwrap();
    for (_, paths) in DOCUMENTS {
        for path in paths {
            let content = read(&root, path).unwrap();
            for picture in pictures(&String::from_utf8_lossy(&content)) {
                read(&root, &format!("docs/{picture}")).unwrap();
            }
        }
    }
    assert_eq!(
        pictures("a ![one](p/a.svg) ![](b.png) [no](c.png) ![far](https://x/d.png)"),
        ["p/a.svg", "b.png"]
    );
}

#[test]
fn the_changelog_is_one_that_debian_reads() {
    assert_eq!(
        changelog(&release(), "onhook-agent"),
        "onhook-agent (1.2.3) unstable; urgency=medium\n\n  * NEWS.gz tells what is new.\n\n \
         -- Somebody <somebody@example.org>  Wed, 18 Nov 2026 11:06:40 +0000\n"
    );
}
