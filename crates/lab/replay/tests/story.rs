//! Journals that older programs wrote, told by this one: each `NAME.journal` has its story in `NAME.txt`.
//!
//! `UPDATE_GOLDEN=1` rewrites the stories. A journal is never rewritten: it has to replay for ever.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use onhook_replay::Teller;

#[expect(
    clippy::disallowed_methods,
    reason = "it says whether the stories are written anew"
)]
#[test]
fn journals_of_older_programs_are_told_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut told = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "journal")
        {
            continue;
        }
        let mut teller = Teller::default();
        let mut story = String::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let told = teller.line(line).unwrap();
            writeln!(story, "{:.3} {}", told.t, told.what).unwrap();
            for sentence in &told.then {
                writeln!(story, "    {sentence}").unwrap();
            }
            assert_eq!(told.difference, None, "{}:{}", path.display(), told.line);
        }
        assert!(teller.summary().is_same());
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &story).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(story, expected, "set UPDATE_GOLDEN=1 to accept");
        told += 1;
    }
    assert!(told > 0);
}
