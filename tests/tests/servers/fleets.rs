//! Fleets at the servers that operators run: every phone asks for a file of its own.

use std::fs;
use std::path::Path;

use onhook_tests::{fleet, profile};
use serde_json::Value;

/// Phones of a fleet.
pub(crate) const PHONES: u32 = 200;

/// Puts a profile for each phone into a folder that a server gives.
#[track_caller]
pub(crate) fn own_files(folder: &Path) {
    for index in 0..PHONES {
        let name = folder.join(format!("000e08{index:06x}.xml"));
        fs::write(name, profile([("GPP_A", index.to_string())])).unwrap();
    }
}

/// The document of a fleet that asks for its files below a URL, and ends with this status.
#[track_caller]
pub(crate) fn played(base: &str, more: &[&str], status: i32) -> Value {
    let phones = PHONES.to_string();
    let rule = format!("{base}/$MA.xml");
    let args = [
        &["--phones", &phones, "--rule", &rule][..],
        &["--set", "Resync_Random_Delay=0", "--at-once", "20"],
        more,
    ];
    let (ended, document) = fleet(&args.concat()).unwrap();
    assert_eq!(ended.code, Some(status), "{ended:?}");
    document
}

/// Every phone takes its own file.
#[track_caller]
pub(crate) fn provisioned(base: &str, more: &[&str]) {
    let document = played(base, more, 0);
    let totals = &document["totals"];
    for what in ["phones", "provisioned", "succeeded", "files", "booted"] {
        assert_eq!(totals[what], PHONES, "{what}: {document:#}");
    }
    assert_eq!(document["outcomes"]["A.applied"], PHONES);
    let sizes: usize = (0..PHONES)
        .map(|index| profile([("GPP_A", index.to_string())]).len())
        .sum();
    assert_eq!(totals["bytes"], sizes, "each of them whole");
}
