//! Manifests of loads, and boot records.

use onhook_upgrade::{
    BLOCK_SIZES, BootRecord, LARGEST_LOAD, LONGEST_NAME, MOST_COMPONENTS, Manifest,
};

/// Reads a manifest: what is read keeps every bound, its blocks cover its components, and a record is read as it was written.
pub fn manifest(bytes: &[u8]) {
    if let Ok(record) = BootRecord::decode(bytes) {
        let again = BootRecord::decode(record.encode().as_bytes());
        assert_eq!(again.as_ref(), Ok(&record));
    }
    let Ok((manifest, signed)) = Manifest::parse(bytes) else {
        return;
    };
    let components = manifest.components();
    assert!((1..=MOST_COMPONENTS).contains(&components.len()));
    assert!(manifest.size() <= LARGEST_LOAD);
    let (smallest, largest) = BLOCK_SIZES;
    assert!((smallest..=largest).contains(&manifest.block_size));
    assert!(
        manifest.block_count() as usize <= bytes.len() / 65,
        "each block has a line"
    );
    let names = components.iter().map(|component| &component.name);
    for name in names.chain([&manifest.name, &manifest.family, &manifest.version]) {
        assert!((1..=LONGEST_NAME).contains(&name.len()));
        assert!(
            !name.starts_with('.')
                && !name.contains("..")
                && !name.contains(['/', '\\', ' ', '%', ':'])
        );
    }
    let mut covered = vec![0_u64; components.len()];
    for block in manifest.blocks() {
        let Some(at) = covered.get_mut(usize::from(block.component)) else {
            panic!("a block of no component");
        };
        assert_eq!(*at, block.offset, "blocks follow each other");
        assert!((1..=manifest.block_size).contains(&block.length));
        *at += u64::from(block.length);
    }
    let sizes: Vec<_> = components.iter().map(|component| component.size).collect();
    assert_eq!(covered, sizes);
    assert!(manifest.block(manifest.block_count()).is_none());
    if let Some(signed) = signed {
        assert!(bytes.starts_with(signed.message) && signed.message.ends_with(b"\n"));
    }
}
