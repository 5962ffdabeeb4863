use super::*;
use crate::workspace;

fn recipe() -> String {
    fs::read_to_string(workspace::root().unwrap().join(image::RECIPE)).unwrap()
}

#[test]
fn the_recipe_copies_what_a_release_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Staging::new(folder.path()).unwrap();
    image::put(&workspace::root().unwrap(), &mut out).unwrap();
    for program in PROGRAMS {
        out.put(&format!("static/{program}"), 0o755, b"").unwrap();
    }
    out.put("image/licences/LICENSE-MIT", 0o644, b"").unwrap();
    let recipe = recipe();
    let copied = image::copied(&recipe);
    assert!(copied.len() > 6, "{copied:?}");
    for path in copied {
        assert!(folder.path().join(path).exists(), "{path}");
    }
    assert_eq!(
        image::copied("COPY --chown=0:0 a b /usr/\nRUN x\nCOPY c /d\n"),
        ["a", "b", "c"]
    );
}

#[test]
fn images_have_a_label_a_user_and_nothing_else_inside() {
    let recipe = recipe();
    for stage in recipe.split("\nFROM ").skip(1) {
        assert!(stage.starts_with("scratch AS "), "{stage}");
        for wanted in [
            "\nUSER 65532:65532\n",
            "org.opencontainers.image.licenses=\"MIT OR Apache-2.0\"",
            "org.opencontainers.image.revision=\"${REVISION}\"",
            "\nENTRYPOINT [\"/usr/bin/onhook-",
        ] {
            assert!(stage.contains(wanted), "{wanted} in {stage}");
        }
    }
    assert_eq!(recipe.matches("\nFROM ").count(), 2);
}

#[test]
fn sums_cover_all_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Staging::new(folder.path()).unwrap();
    out.put("b", 0o644, b"b").unwrap();
    out.put("a/c", 0o644, b"").unwrap();
    checksums(folder.path()).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a/c\n\
         3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b\n"
    );
}

#[test]
fn notices_give_each_text_once_with_all_crates_that_have_it() {
    let root = workspace::root().unwrap();
    let release = Release::of(&root).unwrap();
    let bill = Bill::of(&root, &release, "onhook-agent").unwrap();
    let text = notices::text(&bill).unwrap();
    for component in bill.components.iter().filter(|c| c.is_foreign()) {
        let line = format!(
            "{} {}: {}\n",
            component.name, component.version, component.license
        );
        assert!(text.contains(&line), "{line}");
    }
    assert!(!text.contains("onhook-phone"));
    let ring = text.split("\n\n").filter(|part| part.contains("ring 0."));
    assert!(ring.count() >= 2, "the licence of ring is missing");
}

#[test]
fn the_day_of_compiling_is_seen_in_a_program() {
    for (program, day) in [
        (
            &b"\0built on Nov 30 2026, 02:00:00"[..],
            Some("Nov 30 2026"),
        ),
        (b"Jan  1 2027", Some("Jan  1 2027")),
        (b"\xffNov Nov 30 2026", Some("Nov 30 2026")),
        // What messages and formats of dates have.
        (b"Mon, 30 Nov 2026 02:00:00 GMT", None),
        (b"Nov 30 02:00:00 host", None),
        (b"Jan  1 1970", None),
        (b"Now 30 2026", None),
        (b"Nov 3x 2026", None),
        (b"Nov 30 202", None),
        (b"", None),
    ] {
        assert_eq!(programs::day_of_compiling(program).as_deref(), day);
    }
}

#[test]
fn a_folder_of_somebody_else_is_never_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    clear(&out).unwrap();
    fs::create_dir(&out).unwrap();
    clear(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("letters.txt"), "dear").unwrap();
    let error = clear(&out).unwrap_err().to_string();
    assert!(error.contains("give a new folder"), "{error}");
    assert!(out.join("letters.txt").exists());
    fs::write(out.join("SHA256SUMS"), "").unwrap();
    clear(&out).unwrap();
    assert!(!out.exists());
}
