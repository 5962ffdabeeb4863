//! The corpora of the fuzz targets, replayed.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use onhook_dhcp::fuzz::{dhcp, dhcp6, lease};
use onhook_dns::fuzz::names;
use onhook_flash_store::fuzz::store;
use onhook_http::fuzz::answer;
use onhook_peer::fuzz::peer;
use onhook_sip::fuzz::sip;
use onhook_testkit::fuzz::{TARGETS, Target};
use onhook_tftp::fuzz::tftp;

fn corpora() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus"))
}

type Feed = fn(&[u8]);

/// The targets of the domain, and those of adapters.
fn targets() -> impl Iterator<Item = Target> {
    let adapters: [(_, Feed); 13] = [
        ("store", store),
        ("tftp", tftp),
        ("answer", answer),
        ("dhcp", dhcp),
        ("dhcp6", dhcp6),
        ("lease", lease),
        ("names", names),
        ("sip", sip),
        ("control", onhook_system::fuzz::control),
        ("peer", peer),
        ("web_action", onhook_web::fuzz::web_action),
        ("web_form", onhook_web::fuzz::web_form),
        ("web_authorization", onhook_web::fuzz::web_authorization),
    ];
    let adapters = adapters.map(|(name, feed)| Target { name, feed });
    TARGETS.into_iter().chain(adapters)
}

#[test]
fn every_committed_input_is_survived() {
    for target in targets() {
        let folder = corpora().join(target.name);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            (target.feed)(&fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 20, "{}: {inputs} inputs", folder.display());
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let names: BTreeSet<_> = targets().map(|target| target.name.to_owned()).collect();
    let folders = fs::read_dir(corpora()).unwrap();
    let folders: BTreeSet<_> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, names);
    for name in names {
        let program = corpora().join(format!("../fuzz_targets/{name}.rs"));
        let text = fs::read_to_string(&program).unwrap();
        assert!(text.contains(&format!("fuzz::{name}(")), "{name}");
    }
}
