//! Which files are served.

use std::os::unix::fs::{PermissionsExt, symlink};

use onhook_prov_server::Note;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::Lab;

#[tokio::test]
async fn a_file_is_served_whole_with_its_length() {
    let mut lab = Lab::new().await;
    lab.write("phone.xml", "<flat-profile/>");
    let answer = lab.get("/phone.xml?mac=000e08012345").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, b"<flat-profile/>");
    assert_eq!(answer.header("content-length"), Some("15"));
    assert_eq!(answer.header("content-type"), Some("text/xml"));
    let access = lab.access().await;
    assert_eq!(
        access.target.as_deref(),
        Some("/phone.xml?mac=000e08012345")
    );
    assert_eq!(
        (access.status, access.bytes, access.note),
        (Some(200), 15, None)
    );
}

#[tokio::test]
async fn every_name_but_xml_is_a_stream_of_octets() {
    let lab = Lab::new().await;
    for name in ["a.cfg", "a.XML.gz", "noext", ".hidden"] {
        lab.write(name, "x");
        let answer = lab.get(&format!("/{name}")).await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/octet-stream"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_empty_file_is_an_answer_of_length_zero() {
    let mut lab = Lab::new().await;
    lab.write("empty", "");
    let answer = lab.get("/empty").await;
    assert_eq!(
        (
            answer.status,
            answer.header("content-length"),
            answer.body.len()
        ),
        (200, Some("0"), 0)
    );
    assert_eq!(lab.access().await.note, None);
}

#[tokio::test]
async fn attempts_to_leave_the_root_get_nothing() {
    let mut lab = Lab::new().await;
    std::fs::write(lab.dir.path().join("secret"), "outside").unwrap();
    symlink("../secret", lab.dir.path().join("root/link")).unwrap();
    symlink("..", lab.dir.path().join("root/up")).unwrap();
    for (target, status, note) in [
        ("/../secret", 400, Note::ParentInPath),
        ("/a/../../secret", 400, Note::ParentInPath),
        ("/%2e%2e/secret", 400, Note::ParentInPath),
        ("/%2E%2E%2Fsecret", 400, Note::ParentInPath),
        ("/..%2fsecret", 400, Note::ParentInPath),
        ("/..%5csecret", 400, Note::BackslashInPath),
        ("/%252e%252e/secret", 404, Note::NoFile),
        ("/%c0%ae%c0%ae/secret", 404, Note::NoFile),
        ("//secret", 404, Note::NoFile),
        ("/link", 404, Note::OutsideRoot),
        ("/up/secret", 404, Note::OutsideRoot),
        ("/%00", 400, Note::NulInPath),
        ("http://h/../secret", 400, Note::ParentInPath),
    ] {
        let answer = lab.get(target).await;
        assert_eq!(answer.status, status, "{target}");
        assert!(
            !answer.body.windows(7).any(|window| window == b"outside"),
            "{target}"
        );
        assert_eq!(lab.access().await.note, Some(note), "{target}");
    }
}

#[tokio::test]
async fn directories_and_other_things_are_not_found() {
    let mut lab = Lab::new().await;
    std::fs::create_dir(lab.dir.path().join("root/sub")).unwrap();
    lab.write("sub/a", "x");
    let _socket =
        std::os::unix::net::UnixListener::bind(lab.dir.path().join("root/socket")).unwrap();
    for (target, note) in [
        ("/", Note::Directory),
        ("/sub", Note::Directory),
        ("/sub/", Note::Directory),
        ("/sub/a/", Note::Directory),
        ("/socket", Note::NotAFile),
        ("/missing", Note::NoFile),
    ] {
        assert_eq!(lab.get(target).await.status, 404, "{target}");
        assert_eq!(lab.access().await.note, Some(note), "{target}");
    }
    assert_eq!(lab.get("/sub/a").await.status, 200);
}

#[tokio::test]
async fn a_file_without_read_permission_is_forbidden() {
    let lab = Lab::new().await;
    lab.write("a", "x");
    let path = lab.dir.path().join("root/a");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    // The superuser reads it all the same.
    let expected = if std::fs::read(&path).is_ok() {
        200
    } else {
        403
    };
    assert_eq!(lab.get("/a").await.status, expected);
}

#[tokio::test]
async fn a_large_file_arrives_whole_in_pieces() {
    let mut lab = Lab::new().await;
    let len = 50_000_000_u64;
    let file = std::fs::File::create(lab.dir.path().join("root/load")).unwrap();
    file.set_len(len).unwrap();
    let mut stream = lab.connect().await;
    stream
        .write_all(b"GET /load HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut taken = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        let got = stream.read(&mut piece).await.unwrap();
        if got == 0 {
            break;
        }
        taken += got as u64;
    }
    assert!(taken > len && taken < len + 1_000, "{taken}");
    let access = lab.access().await;
    assert_eq!((access.bytes, access.note), (len, None));
}

#[tokio::test]
async fn a_file_that_is_replaced_is_served_in_one_version_or_the_other() {
    let lab = Lab::new().await;
    let root = lab.dir.path().join("root");
    let versions = [vec![b'a'; 200_000], vec![b'b'; 150_000]];
    lab.write("a", &versions[0]);
    for round in 0..40 {
        let mut stream = lab.connect().await;
        stream.write_all(b"GET /a HTTP/1.0\r\n\r\n").await.unwrap();
        let mut bytes = vec![0; 1_000];
        stream.read_exact(&mut bytes).await.unwrap();
        // The answer is under way; now the name gets another file.
        std::fs::write(root.join("new"), &versions[(round + 1) % 2]).unwrap();
        std::fs::rename(root.join("new"), root.join("a")).unwrap();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answer = crate::common::Answer::parse(&bytes);
        assert!(
            answer.body == versions[round % 2],
            "round {round}: {} bytes",
            answer.body.len()
        );
    }
}

#[tokio::test]
async fn a_file_that_shrinks_under_way_cuts_the_connection() {
    let mut lab = Lab::new().await;
    // Larger than all socket buffers together, so that the server has to wait for the client.
    let len = 64_000_000;
    let file = std::fs::File::create(lab.dir.path().join("root/a")).unwrap();
    file.set_len(len).unwrap();
    let mut stream = lab.connect().await;
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = vec![0; 1_000];
    stream.read_exact(&mut bytes).await.unwrap();
    file.set_len(10).unwrap();
    let mut rest = Vec::new();
    // Ends early, cleanly or with a reset: fewer bytes than promised either way.
    let _ = stream.read_to_end(&mut rest).await;
    assert!((rest.len() as u64) < len);
    let access = lab.access().await;
    assert_eq!(
        (access.status, access.note),
        (Some(200), Some(Note::Shrunk))
    );
}
