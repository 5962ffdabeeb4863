//! What a manifest may say, and what is refused.

use onhook_device::Outcome;
use onhook_upgrade::{
    Digest, Draft, LARGEST_COMPONENT, LARGEST_LOAD, Load, LoadFault, MANIFEST_LIMIT, Manifest,
    Wanted,
};
use proptest::prelude::*;

use crate::{BLOCK, Signatures, component, content, draft, load, manifest};

const WANTED: Wanted<'_> = Wanted {
    path: "/fw/sip88xx.12-0-1MPP0001-100.loads?token",
    running: "sip88xx.11-3-2MPP0001-609",
    limit: "",
    floor: 3,
};

fn two() -> Draft {
    draft(vec![
        component("kernel.img", &content(1, 10_000)),
        component("rootfs.img", &content(2, 8192)),
    ])
}

#[test]
fn blocks_are_numbered_through_all_components_and_lie_at_multiples_of_their_size() {
    let load = load(two().components);
    let manifest = load.manifest();
    let found: Vec<_> = manifest
        .blocks()
        .map(|block| (block.component, block.offset, block.length))
        .collect();
    assert_eq!(
        found,
        [
            (0, 0, 4096),
            (0, 4096, 4096),
            (0, 8192, 1808),
            (1, 0, 4096),
            (1, 4096, 4096)
        ]
    );
    assert_eq!(manifest.block_count(), 5);
    assert_eq!(manifest.block(5), None);
    assert_eq!((manifest.size(), manifest.extent()), (18_192, 5 * 4096));
    assert_eq!(manifest.place(3), 3 * 4096);
    assert!(manifest.is_block(2, &content(1, 10_000)[8192..]));
    assert!(!manifest.is_block(2, &content(1, 10_000)[8191..]));
    let text = crate::manifest(&two());
    assert_eq!(
        manifest.identity,
        Digest(onhook_crypto::sha256(text.as_bytes()))
    );
}

//= R-FW-7 type=test
//= R-FW-10 type=test
//= R-FW-11 type=test
#[test]
fn a_load_is_taken_only_as_what_it_was_signed_as() {
    let text = manifest(&two());
    let read = |wanted: Wanted<'_>| Load::read(text.as_bytes(), &Signatures, &wanted);
    assert!(read(WANTED).is_ok());
    let outcome = |wanted| read(wanted).unwrap_err().outcome();
    let path = "/fw/sip88xx.12-0-2MPP0001-1.loads";
    assert_eq!(
        outcome(Wanted { path, ..WANTED }),
        Outcome::Signature,
        "another name"
    );
    let running = "sip78xx.11-3-2MPP0001-609";
    assert_eq!(outcome(Wanted { running, ..WANTED }), Outcome::WrongModel);
    let limit = "sip88xx.12-0-2MPP0001-1";
    assert_eq!(outcome(Wanted { limit, ..WANTED }), Outcome::BelowLimit);
    assert_eq!(outcome(Wanted { floor: 4, ..WANTED }), Outcome::BelowLimit);
    // What the load itself says has to be comparable, unlike the words of its name.
    let changed = |change: &dyn Fn(&mut Draft)| {
        let mut draft = two();
        change(&mut draft);
        let text = manifest(&draft);
        let limit = "sip88xx.11-0-1MPP0001-1";
        let read = Load::read(text.as_bytes(), &Signatures, &Wanted { limit, ..WANTED });
        read.map_err(|fault| fault.outcome()).err()
    };
    assert_eq!(changed(&|_| ()), None);
    let foreign = changed(&|draft| "ata191".clone_into(&mut draft.family));
    assert_eq!(foreign, Some(Outcome::WrongModel));
    let unclear = changed(&|draft| "newest".clone_into(&mut draft.version));
    assert_eq!(unclear, Some(Outcome::BelowLimit));
}

//= R-FW-7 type=test
//= R-FW-8 type=test
#[test]
fn a_manifest_with_any_other_byte_is_none_that_was_signed() {
    let text = manifest(&two());
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let fault = Load::read(&bytes, &Signatures, &WANTED).unwrap_err();
        assert_eq!(fault.outcome(), Outcome::Signature, "byte {at}: {fault}");
    }
    for length in 0..text.len() {
        let fault = Load::read(&text.as_bytes()[..length], &Signatures, &WANTED).unwrap_err();
        assert_eq!(
            fault.outcome(),
            Outcome::Signature,
            "{length} bytes: {fault}"
        );
    }
    let unsigned = two().text().unwrap();
    let fault = Load::read(unsigned.as_bytes(), &Signatures, &WANTED);
    assert_eq!(fault, Err(LoadFault::Unsigned));
}

#[track_caller]
fn refused(change: impl FnOnce(&str) -> String, why: &str) {
    let text = change(&manifest(&two()));
    let bad = Manifest::parse(text.as_bytes()).unwrap_err();
    assert!(bad.to_string().contains(why), "{bad}");
}

//= R-FW-7 type=test
#[test]
fn names_are_plain_and_occur_once() {
    let long = "x".repeat(97);
    for name in [
        "",
        ".hidden",
        "..",
        "a..b",
        "../kernel.img",
        "a/b",
        "a\\b",
        "a b",
        "a\tb",
        "-a",
        "a%2fb",
        &long,
    ] {
        let why = if name == "a b" { "a component has" } else { "" };
        refused(
            |text| text.replace("component kernel.img", &format!("component {name}")),
            why,
        );
        refused(
            |text| text.replacen("name sip88xx.", &format!("name {name}/"), 1),
            "a name has",
        );
    }
    refused(
        |text| text.replace("component rootfs.img", "component KERNEL.img"),
        "the same name",
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (from, to, why) in [
        ("onhook-load 1", "onhook-load 2", "the first line"),
        ("counter 3", "counter -3", "security counter"),
        ("counter 3", "counter 4294967296", "security counter"),
        ("counter 3", "counter 03", "security counter"),
        ("block 4096", "block 4095", "a power of two"),
        ("block 4096", "block 2048", "a power of two"),
        ("block 4096", "block 2097152", "a power of two"),
        ("kernel.img 10000", "kernel.img 0", "from 1"),
        ("kernel.img 10000", "kernel.img 8192", "a component has"),
        ("kernel.img 10000", "kernel.img 12289", "64 hex digits"),
        (
            "kernel.img 10000",
            "kernel.img 18446744073709551615",
            "256 MiB",
        ),
        (
            "kernel.img 10000",
            "kernel.img 18446744073709551616",
            "from 1",
        ),
        ("\nsignature", "\n\nsignature", "a component has"),
        ("\nsignature", "\nsignature x", "a signature has"),
        ("onhook-load 1\n", "onhook-load 1\r\n", "the first line"),
        ("rootfs", "r\u{f6}\u{f6}tfs", "ASCII"),
    ] {
        refused(|text| text.replacen(from, to, 1), why);
    }
    refused(|text| format!("{text}\n"), "behind the signature");
    refused(
        |text| text.split_inclusive('\n').take(6).collect(),
        "no component",
    );
    let many: Vec<_> = (0..65).map(|n| component(&format!("c{n}"), b"x")).collect();
    assert!(
        draft(many)
            .text()
            .unwrap_err()
            .to_string()
            .contains("more than 64")
    );
}

/// A manifest whose components have these sizes, with as many digests as they need.
fn announces(sizes: &[u64]) -> String {
    let digest = "0".repeat(64);
    let mut text =
        "onhook-load 1\nname a\nfamily b\nversion c\ncounter 0\nblock 1048576\n".to_owned();
    for (n, size) in sizes.iter().enumerate() {
        text += &format!("component c{n} {size} {digest}\n");
        text += &format!("{digest}\n").repeat(usize::try_from(size.div_ceil(1 << 20)).unwrap());
    }
    text
}

//= R-HTTP-16 type=test
#[test]
fn a_component_and_a_load_have_a_largest_size() {
    let whole = vec![LARGEST_COMPONENT; 16];
    assert_eq!(whole.iter().sum::<u64>(), LARGEST_LOAD);
    let (manifest, _) = Manifest::parse(announces(&whole).as_bytes()).unwrap();
    assert_eq!(manifest.size(), LARGEST_LOAD);
    let over = [LARGEST_COMPONENT + 1];
    let more: Vec<_> = whole.into_iter().chain([1]).collect();
    for (sizes, why) in [(&over[..], "256 MiB"), (&more, "4 GiB")] {
        let bad = Manifest::parse(announces(sizes).as_bytes()).unwrap_err();
        assert!(bad.to_string().contains(why), "{bad}");
        assert_eq!(LoadFault::Manifest(bad).outcome(), Outcome::TooLarge);
    }
    let other = Manifest::parse(b"onhook-load 2\n").unwrap_err();
    assert_eq!(LoadFault::Manifest(other).outcome(), Outcome::Signature);
}

/// A short text that announces a great deal costs no more than its own length.
#[test]
fn a_bomb_ends_at_its_own_length() {
    let head = "onhook-load 1\nname a\nfamily b\nversion c\ncounter 0\nblock 4096\n";
    let digest = "0".repeat(64);
    let bomb = format!("{head}component x {LARGEST_COMPONENT} {digest}\n{digest}\n");
    assert!(
        Manifest::parse(bomb.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("line 8")
    );
    let limit = usize::try_from(MANIFEST_LIMIT).unwrap();
    let long = vec![b'\n'; limit + 1];
    assert!(
        Manifest::parse(&long)
            .unwrap_err()
            .to_string()
            .contains("1 MiB")
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Manifest::parse(&bytes);
    }

    #[test]
    fn what_is_written_is_read(sizes in proptest::collection::vec(1_usize..20_000, 1..5), counter in any::<u32>()) {
        let components = sizes.iter().enumerate();
        let components = components.map(|(n, size)| component(&format!("c{n}"), &content(n as u8, *size)));
        let draft = Draft { counter, ..draft(components.collect()) };
        let text = draft.text().unwrap();
        let (manifest, signature) = Manifest::parse(text.as_bytes()).unwrap();
        prop_assert!(signature.is_none());
        prop_assert_eq!(manifest.counter, counter);
        prop_assert_eq!(manifest.size(), sizes.iter().map(|size| *size as u64).sum::<u64>());
        let lengths: u64 = manifest.blocks().map(|block| u64::from(block.length)).sum();
        prop_assert_eq!(lengths, manifest.size());
        for block in manifest.blocks() {
            prop_assert!(block.length <= BLOCK);
        }
    }
}
