//! Reports of problems: what is in them, and how they are handed over.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use onhook_fetch::{ErrorKind, Method};
use onhook_phone::Answer;
use onhook_testkit::fake::{Handed, UploadAnswer};
use tar::Archive;

use crate::world::{Home, Life, refused};

const URL: &str = "http://h:80/prt";

fn home() -> Home {
    Home::new()
        .serving("<GPP_B>from the profile</GPP_B><GPP_SB>canary-served</GPP_SB>")
        .with("Report_To_Server", "On Local Change")
        .with("PRT_Upload_Rule", "http://h/prt")
        .with(
            "Profile_Rule_B",
            "[--key canary-key --uid u --pwd canary-pwd] http://h/other",
        )
        .with("GPP_A", "plain")
        .with("GPP_SA", "canary-register")
        .with("User_Password", "canary-password")
        .with("Password_1_", "canary-line")
        .with("User_ID_1_", "4711")
}

async fn reported(home: &Home) -> Life {
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(life.say("problem-report").await, Some(Answer::Done));
    life
}

/// How the only report was handed over, and its body.
#[track_caller]
fn taken(home: &Home) -> (Handed, Vec<u8>) {
    let mut taken = home.upload.taken();
    assert_eq!(taken.len(), 1);
    let (url, body) = taken.pop().unwrap();
    assert_eq!(url, URL);
    (home.upload.handed().pop().unwrap(), body)
}

/// The files of an archive, by name.
fn unpacked(archive: &[u8]) -> BTreeMap<String, String> {
    let mut archive = Archive::new(GzDecoder::new(archive));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

/// The parts of a form: the head and the content of each.
fn parts(handed: &Handed, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let boundary = handed
        .content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let find = |from: usize, what: &[u8]| {
        let rest = body.get(from..).unwrap();
        rest.windows(what.len())
            .position(|part| part == what)
            .map(|at| from + at)
    };
    let opening = format!("--{boundary}\r\n");
    let between = format!("\r\n--{boundary}");
    assert!(body.starts_with(opening.as_bytes()));
    let mut parts = Vec::new();
    let mut at = opening.len();
    while let Some(end) = find(at, between.as_bytes()) {
        let head = find(at, b"\r\n\r\n").unwrap();
        let text = String::from_utf8(body[at..head].to_vec()).unwrap();
        parts.push((text, body[head + 4..end].to_vec()));
        at = end + between.len() + 2;
    }
    assert!(body.ends_with(format!("{between}--\r\n").as_bytes()));
    parts
}

//= R-PRT-2 type=test
//= R-PRT-1 type=test
#[tokio::test(start_paused = true)]
async fn v_228_a_post_is_a_form_with_four_parts() {
    let home = home().with("Station_Display_Name", "Reception");
    reported(&home).await;
    let (handed, body) = taken(&home);
    assert_eq!((handed.method, handed.aes128gcm), (Method::Post, false));
    let parts = parts(&handed, &body);
    let texts: Vec<(&str, &str)> = parts
        .iter()
        .take(3)
        .map(|(head, text)| (head.as_str(), std::str::from_utf8(text).unwrap()))
        .collect();
    assert_eq!(
        texts,
        [
            (
                "Content-Disposition: form-data; name=\"devicename\"",
                "SEP000E00000000"
            ),
            ("Content-Disposition: form-data; name=\"serialno\"", "SN1"),
            (
                "Content-Disposition: form-data; name=\"username\"",
                "Reception"
            ),
        ]
    );
    let (head, archive) = &parts[3];
    assert!(
        head.starts_with("Content-Disposition: form-data; name=\"prt_file\"; filename=\"probrep-"),
        "{head}"
    );
    assert!(head.contains(".tar.gz\"\r\n"), "{head}");
    assert_eq!(parts.len(), 4);
    assert_eq!(unpacked(archive).len(), 4);
}

//= R-PRT-2 type=test
#[tokio::test(start_paused = true)]
async fn without_a_name_of_the_station_the_user_is_that_of_the_line() {
    let home = home();
    reported(&home).await;
    let (handed, body) = taken(&home);
    assert_eq!(parts(&handed, &body)[2].1, b"4711");
}

//= R-PRT-1 type=test
//= R-PRT-2 type=test
//= R-RPT-7 type=test
#[tokio::test(start_paused = true)]
async fn a_put_is_the_archive_alone_and_nothing_in_it_is_secret() {
    let home = home()
        .with("PRT_Upload_Method", "PUT")
        .with("PRT_HTTP_Header", "X-Key")
        .with("PRT_HTTP_Header_Value", "canary-1");
    reported(&home).await;
    let (handed, body) = taken(&home);
    assert_eq!(handed.method, Method::Put);
    assert_eq!(handed.content_type, "application/gzip");
    assert_eq!(
        handed.header,
        Some(("X-Key".to_owned(), "canary-1".to_owned()))
    );
    let files = unpacked(&body);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "configuration.xml",
            "last-resync.txt",
            "messages.txt",
            "status.xml"
        ]
    );
    let configuration = &files["configuration.xml"];
    assert!(configuration.contains("<GPP_A ua=\"na\">plain</GPP_A>"));
    assert!(
        configuration.contains("from the profile"),
        "{}",
        files["last-resync.txt"]
    );
    assert!(files["status.xml"].contains("<Serial_Number>SN1</Serial_Number>"));
    let resync = &files["last-resync.txt"];
    assert!(resync.contains("cause: boot\n"), "{resync}");
    assert!(resync.contains("changed: GPP_B\n"), "{resync}");
    let messages = &files["messages.txt"];
    assert!(messages.contains("Successful resync"), "{messages}");
    for (name, text) in &files {
        assert!(!text.contains("canary"), "{name}: {text}");
        assert!(!text.is_empty(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_messages_are_the_last_hundred() {
    let home = home().with("PRT_Upload_Method", "PUT");
    let mut life = home.booted().await;
    for _ in 0..120 {
        life.say("resync http://h/p").await;
    }
    assert_eq!(life.say("problem-report").await, Some(Answer::Done));
    let messages = &unpacked(&taken(&home).1)["messages.txt"];
    assert_eq!(messages.lines().count(), 100);
}

//= R-PRT-3 type=test
#[tokio::test(start_paused = true)]
async fn whoever_asked_is_told_why_nothing_arrived() {
    let home = home();
    let mut life = home.booted().await;
    life.run_for(100).await;
    home.upload
        .answer_next(URL, UploadAnswer::Fails(ErrorKind::HttpStatus(500)));
    let why = refused(life.say("problem-report").await);
    assert!(why.contains(URL), "{why}");
    life.run_for(100_000).await;
    assert_eq!(home.upload.handed().len(), 1, "one attempt");
    for (rule, expected) in [
        ("", "PRT_Upload_Rule is empty"),
        ("ftp://h/prt", "PRT_Upload_Rule"),
        ("https://h/prt", "cannot send reports by https"),
    ] {
        let home = Home::new().with("PRT_Upload_Rule", rule);
        let mut life = home.booted().await;
        life.run_for(100).await;
        let why = refused(life.say("problem-report").await);
        assert!(why.contains(expected), "{rule:?}: {why}");
        assert!(home.upload.handed().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_is_none_is_told_and_nothing_is_sent() {
    let home = home()
        .with("PRT_HTTP_Header", "Host")
        .with("PRT_HTTP_Header_Value", "canary");
    let mut life = home.booted().await;
    life.run_for(100).await;
    let why = refused(life.say("problem-report").await);
    assert!(
        why.contains("PRT_HTTP_Header") && !why.contains("canary"),
        "{why}"
    );
    assert!(home.upload.handed().is_empty());
}
