//! Files that are no profiles, and profiles with mistakes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use onhook_tests::{Digest, Reply, encrypt, profile, tool};

use super::{Bench, Failure, good};

const KEY: &str = "SecretPhrase1234";

fn zip(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    for piece in pieces {
        out.write_all(&piece).unwrap();
    }
    out.finish().unwrap()
}

#[test]
fn encrypted_files_and_keys_that_do_not_fit_are_refused() {
    let Some(openssl) = tool("openssl") else {
        return;
    };
    let bench = Bench::new();
    let plain = profile([("GPP_A", "new")]);
    let failure = |says| Failure {
        outcome: "B.corrupt",
        err: "decrypt failed",
        says,
    };
    for digest in [Digest::Md5, Digest::Sha256] {
        let whole = encrypt(&openssl, KEY, digest, plain.as_bytes()).unwrap();
        let body = || Reply::Body(whole.clone());
        bench.refuses(body(), Some("OtherPhrase5678"), &failure(&["key", "check"]));
        bench.refuses(body(), None, &failure(&["encrypted", "[--key KEY] URL"]));
        let cut = Reply::Body(whole[..whole.len() - 5].to_vec());
        bench.refuses(cut, Some(KEY), &failure(&["cut", "16"]));
        let block = Reply::Body(whole[..whole.len() - 16].to_vec());
        bench.refuses(block, Some(KEY), &failure(&["key"]));
    }
    let body = Reply::Body(plain.into());
    bench.refuses(body, Some(KEY), &failure(&["not encrypted", "--key"]));
}

#[test]
fn files_that_inflate_past_the_limits_are_refused() {
    let bench = Bench::new();
    let refused = |file: Vec<u8>, limit: usize| {
        let limit = limit.to_string();
        let failure = Failure {
            outcome: "B.corrupt",
            err: "file too large",
            says: &["inflates", &limit, "limit"],
        };
        bench.refuses(Reply::Body(file), None, &failure);
    };
    // 40 MiB from 180 KB, past the allowed ratio.
    let blanks = zip((0..40).map(|_| vec![b' '; 1 << 20]));
    let limit = blanks.len() * 200;
    assert!(limit < 32 << 20, "{limit}");
    refused(blanks, limit);
    // 40 MB from less than 1 MB, within the ratio.
    let mut state = 1_u64;
    let lines = (0..200_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("{state:016x}{:184}", "").into_bytes()
    });
    let large = zip(lines);
    assert!(
        large.len() * 200 > 40 << 20 && large.len() < 5 << 20,
        "{}",
        large.len()
    );
    refused(large, 32 << 20);
}

#[test]
fn damaged_gzip_files_are_refused() {
    let bench = Bench::new();
    let whole = zip(std::iter::once(profile(good()).into_bytes()));
    let failure = |says| Failure {
        outcome: "B.corrupt",
        err: "decompress failed",
        says,
    };
    let cut = whole[..whole.len() - 3].to_vec();
    bench.refuses(
        Reply::Body(cut),
        None,
        &failure(&["gzip", "cut short", "compress it again"]),
    );
    let mut broken = whole;
    let crc = broken.len() - 8;
    broken[crc] ^= 1;
    bench.refuses(Reply::Body(broken), None, &failure(&["gzip", "checksum"]));
}

#[test]
fn malformed_xml_is_refused_with_line_and_column() {
    let bench = Bench::new();
    for (text, says) in [
        (
            "<flat-profile>\n  <GPP_A>x</GPP_B>\n</flat-profile>",
            &["line 2, column 11", "end tag"][..],
        ),
        (
            "<flat-profile>\n<GPP_A>new</GPP_A>\n<GPP_B>x</GPP_B>\n",
            &["line 1, column 1", "never closed"],
        ),
        (
            "<flat-profile><GPP_A>&nope;</GPP_A></flat-profile>",
            &["line 1, column 22", "entity"],
        ),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]><flat-profile/>",
            &["line 1, column 1", "DOCTYPE"],
        ),
        (
            "<!-- x --><html><body>Welcome</body></html>",
            &["<flat-profile>", "web page"],
        ),
        ("just text\n", &["neither XML nor gzip", "server"]),
    ] {
        let failure = Failure {
            outcome: "B.corrupt",
            err: "parse failed",
            says,
        };
        bench.refuses(Reply::Body(text.into()), None, &failure);
    }
}

#[test]
fn empty_files_are_refused() {
    let bench = Bench::new();
    for text in ["", " \r\n\n", "\u{feff}"] {
        let failure = Failure {
            outcome: "B.corrupt",
            err: "empty file",
            says: &["empty", "check what the server sends"],
        };
        bench.refuses(Reply::Body(text.into()), None, &failure);
    }
}

#[test]
fn unknown_elements_are_told_with_place_and_nearest_name_and_the_rest_is_applied() {
    let bench = Bench::new();
    let text = "<flat-profile>\n<GPP_B>new</GPP_B>\n  <Resync_Periodc>60</Resync_Periodc>\n</flat-profile>";
    bench.put("/typo.xml", text);
    let rule = bench.site.url("/typo.xml");
    let (ended, document) = bench.agent.resync(&rule).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["outcome"], "applied");
    assert_eq!(document["changes"], serde_json::json!({ "GPP_B": "new" }));
    assert_eq!(document["warnings"].as_array().unwrap().len(), 1);
    let warning = &document["warnings"][0];
    assert_eq!(warning["code"], "unknown");
    assert_eq!(warning["subject"], "Resync_Periodc");
    assert_eq!(
        (&warning["line"], &warning["column"]),
        (&3.into(), &3.into())
    );
    let message = warning["message"].as_str().unwrap();
    assert!(message.contains("Resync_Periodic"), "{message}");

    // The same for people.
    let ended = bench.agent.run(&["resync", &rule]).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let line = ended.out.lines().find(|line| line.contains("warning"));
    let line = line.unwrap();
    assert!(line.contains("line 3, column 3"), "{line}");
    assert!(line.contains("Resync_Periodic"), "{line}");
}

#[test]
fn bad_values_are_told_with_what_is_allowed_and_the_old_value_stays() {
    let bench = Bench::new();
    let values = [
        ("GPP_B", "new"),
        ("Resync_Periodic", "soon"),
        ("Provision_Enable", "maybe"),
    ];
    bench.put("/values.xml", profile(values));
    let (ended, document) = bench.agent.resync(&bench.site.url("/values.xml")).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(document["outcome"], "applied");
    assert_eq!(document["changes"], serde_json::json!({ "GPP_B": "new" }));
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{document:#}");
    for (warning, (subject, line, says)) in warnings.iter().zip([
        ("Resync_Periodic", 3, "seconds"),
        ("Provision_Enable", 4, "Yes"),
    ]) {
        assert_eq!(warning["code"], "bad-value");
        assert_eq!(warning["subject"], subject);
        assert_eq!(warning["line"], line);
        let message = warning["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let mut expected = good();
    expected.insert("GPP_B".to_owned(), "new".to_owned());
    //= R-APP-6 type=test
    assert_eq!(bench.agent.changed().unwrap(), expected);
}
