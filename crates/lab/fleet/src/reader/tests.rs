//! Tests of reading.

use onhook_device::{Family, Release, Secret};
use onhook_driver::{Decoder as _, File};
use onhook_params::ParamId;

use super::*;

fn file(text: &str, key: Option<&str>) -> File {
    File {
        body: format!("<flat-profile><GPP_A>{text}</GPP_A></flat-profile>").into_bytes(),
        key: key.map(Secret::from),
        ikm: None,
        aliases: String::new(),
        scope: Scope::default(),
        aes128gcm: false,
    }
}

#[tokio::test]
async fn a_file_that_comes_again_is_read_twice_and_then_kept() {
    let reader = Reader::default();
    let mut read = Vec::new();
    for _ in 0..4 {
        read.push(reader.decode(file("1", None)).await.unwrap());
    }
    assert!(!Arc::ptr_eq(&read[0], &read[1]));
    assert!(Arc::ptr_eq(&read[1], &read[2]));
    assert!(Arc::ptr_eq(&read[2], &read[3]));
    let sets = |decoded: &Decoded| -> Vec<_> {
        let settings = decoded.delta.iter();
        settings.map(|one| one.value.map(str::to_owned)).collect()
    };
    assert_eq!(sets(&read[0]), [Some("1".to_owned())]);
    assert_eq!(sets(&read[0]), sets(&read[3]));
}

#[tokio::test]
async fn the_same_bytes_with_another_key_or_map_are_another_file() {
    let reader = Reader::default();
    let plain = file("1", None).body;
    let body = onhook_crypto::encrypt(&plain, b"a", onhook_crypto::Digest::Sha256, *b"saltsalt");
    let keyed = |key| File {
        body: body.clone(),
        ..file("", Some(key))
    };
    for _ in 0..3 {
        assert!(reader.decode(keyed("a")).await.is_ok());
    }
    let (outcome, _) = reader.decode(keyed("b")).await.unwrap_err();
    assert_eq!(outcome, Outcome::DecryptFailed);
    let mapped = |aliases: &str| File {
        aliases: aliases.to_owned(),
        ..file("1", None)
    };
    let first = reader.decode(mapped("")).await.unwrap();
    let first_again = reader.decode(mapped("")).await.unwrap();
    let other = reader
        .decode(mapped("/x = /flat-profile/GPP_B"))
        .await
        .unwrap();
    assert_eq!((first.delta.len(), other.delta.len()), (1, 1));
    assert!(!Arc::ptr_eq(&first_again, &other));
}

#[tokio::test]
async fn phones_of_two_families_read_the_same_elements_each_in_its_own_way() {
    let reader = Reader::default();
    // A name that only the older family has.
    let spa = Scope::new(Family::Spa, Release::R10_4);
    let names = ParamId::all(&spa).map(|id| id.name().to_string());
    let mut names = names.filter(|name| ParamId::lookup(name, &Scope::default()).is_none());
    let name = names.next().unwrap();
    for value in 0..3 {
        let body = format!("<flat-profile><{name}>{value}</{name}></flat-profile>");
        let mut sets = Vec::new();
        for scope in [spa, Scope::default()] {
            let file = File {
                body: body.clone().into_bytes(),
                scope,
                ..file("", None)
            };
            sets.push(reader.decode(file).await.unwrap().delta.len());
        }
        assert_eq!(sets, [1, 0]);
    }
}

#[tokio::test]
async fn a_bad_file_fails_each_time_and_is_not_kept() {
    let reader = Reader::default();
    for _ in 0..3 {
        let mut bad = file("1", None);
        bad.body.truncate(20);
        let (outcome, message) = reader.decode(bad).await.unwrap_err();
        assert_eq!(outcome, Outcome::ParseFailed);
        assert!(!message.is_empty());
    }
}

#[tokio::test]
async fn files_that_are_read_beside_are_all_read() {
    let reader = Arc::new(Reader::default());
    let mut tasks = Vec::new();
    for number in 0..20 {
        let reader = Arc::clone(&reader);
        tasks.push(tokio::spawn(async move {
            let mut large = file(&number.to_string(), None);
            large.body.resize(HERE + 1, b' ');
            reader.decode(large).await.is_ok()
        }));
    }
    for task in tasks {
        assert!(task.await.unwrap());
    }
}
