//! Profiles from the servers that operators run.
#![cfg(test)]

mod apache;
mod fleets;
mod nginx;
mod proxies;
mod python;
mod rsyslog;
mod tftp;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use onhook_tests::{Agent, Content, Digest, WRONG_KEY, encrypt, profile, tool, try_out};

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
    let Some(openssl) = tool("openssl") else {
        return;
    };
    for (digest, name) in [(Digest::Md5, "md5.cfg"), (Digest::Sha256, "sha256.cfg")] {
        let sealed = encrypt(&openssl, KEY, digest, profile(small()).as_bytes()).unwrap();
        fs::write(folder.join(name), sealed).unwrap();
    }
}

const KEY: &str = "correct horse";

/// Sends throwaway phones with the right key, a wrong one and none, and asks for a file that is not there.
#[track_caller]
fn try_all(base: &str, options: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let key = |name: &str, text: &str| {
        let file = home.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (right, wrong) = (key("right", KEY), key("wrong", WRONG_KEY));
    for (file, key, expected) in [
        ("md5.cfg", Some(&right), ("good", "salted-md5")),
        (
            "sha256.cfg",
            Some(&right),
            ("good-with-advice", "salted-sha256"),
        ),
        ("md5.cfg", Some(&wrong), ("wrong-key", "")),
        ("sha256.cfg", Some(&wrong), ("wrong-key", "")),
        ("md5.cfg", None, ("no-key", "")),
        ("small.xml", Some(&right), ("not-encrypted", "")),
        ("missing.cfg", None, ("not-found", "")),
    ] {
        let url = format!("{base}/{file}");
        let mut args = vec![url.as_str()];
        args.extend(options);
        args.extend(key.iter().flat_map(|key| ["--key-file", key.as_str()]));
        let (ended, document) = try_out(&args).unwrap();
        let (code, container) = expected;
        assert_eq!(document["verdict"]["code"], code, "{document:#}");
        assert_eq!(
            ended.code,
            Some(i32::from(!code.starts_with("good"))),
            "{ended:?}"
        );
        if !container.is_empty() {
            assert_eq!(document["resync"]["rules"][0]["container"], container);
            assert_eq!(document["resync"]["changes"]["GPP_A"], "from a real server");
        }
        assert!(!ended.out.contains(KEY), "{document:#}");
    }
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
