//! Profiles from the servers that operators run.
#![cfg(test)]

mod nginx;
mod tftp;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onhook_tests::{Agent, Content, profile};

/// Makes a folder that servers which gave up their rights can look into, with a small and a large profile.
#[track_caller]
fn fill(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for part in folder.ancestors().take(2) {
        fs::set_permissions(part, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.join("small.xml"), profile(small())).unwrap();
    let large = profile(large());
    fs::write(folder.join("large.xml"), &large).unwrap();
    let file = fs::File::create(folder.join("large.xml.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    gzip.write_all(large.as_bytes()).unwrap();
    gzip.finish().unwrap();
}

fn small() -> Content {
    [("GPP_A", "from a real server")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// About 9 KB in three parameters, so several blocks of TFTP.
fn large() -> Content {
    ["GPP_B", "GPP_C", "GPP_D"]
        .map(|name| (name.to_owned(), name.repeat(600)))
        .into()
}

/// Applies both files to a phone and misses a third.
#[track_caller]
fn check(agent: &Agent, base: &str) {
    let (ended, document) = agent.resync(&format!("{base}/small.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["outcome"], "applied", "{document:#}");
    assert_eq!(agent.changed().unwrap(), small());
    for file in ["large.xml", "large.xml.gz"] {
        let (ended, document) = agent.resync(&format!("{base}/{file}")).unwrap();
        assert_eq!(ended.code, Some(0), "{document:#}");
        assert_eq!(document["rules"][0]["gzip"], file.ends_with("gz"));
        let mut both = small();
        both.extend(large());
        assert_eq!(agent.changed().unwrap(), both);
    }
    let (ended, missing) = agent.resync(&format!("{base}/missing.xml")).unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(missing["err"], "file not found", "{missing:#}");
    let mut both = small();
    both.extend(large());
    assert_eq!(agent.changed().unwrap(), both);
}
