use super::*;

fn facts(list: &[(&str, &str)]) -> Facts {
    list.iter()
        .map(|(path, fact)| ((*path).to_owned(), (*fact).to_owned()))
        .collect()
}

#[test]
fn whatever_a_purged_package_leaves_is_noticed() {
    let before = facts(&[("etc", "755"), ("etc/passwd", "644 one"), ("usr", "755")]);
    assert!(differences(&before, &before).is_empty());
    let after = facts(&[
        ("etc", "755"),
        ("etc/onhook", "755"),
        ("etc/passwd", "644 two"),
    ]);
    assert_eq!(
        differences(&before, &after),
        [
            "/etc/onhook is new: 755",
            "/etc/passwd was 644 one and is 644 two",
            "/usr is gone"
        ]
    );
}

#[test]
fn a_folder_without_packages_says_what_to_run() {
    let place = tempfile::tempdir().unwrap();
    let error = run(place.path(), place.path()).unwrap_err().to_string();
    assert!(
        error.contains("no package of onhook-agent; run `cargo xtask dist` first"),
        "{error}"
    );
}

#[test]
fn a_recipe_that_copies_what_is_not_there_fails() {
    let place = tempfile::tempdir().unwrap();
    // Without static programs there is nothing to make images of.
    folder::recipe(place.path()).unwrap();
    fs::write(
        place.path().join("Containerfile"),
        "FROM scratch\nCOPY static/x /x\n",
    )
    .unwrap();
    let error = folder::recipe(place.path()).unwrap_err().to_string();
    assert!(
        error.contains("copies static/x, which is not in"),
        "{error}"
    );
}
