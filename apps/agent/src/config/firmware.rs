//! `[firmware]`: slots for loads, and whose loads count.

use std::path::PathBuf;

use super::given::Given;

/// What a phone upgrades with.
pub(crate) struct FirmwareSetting {
    /// The file of the keys whose loads count.
    pub(crate) keys: PathBuf,
    /// Files or block devices.
    pub(crate) slots: [PathBuf; 2],
    /// The folder of the boot record.
    pub(crate) dir: PathBuf,
    /// The most that a file may grow to, in bytes.
    pub(crate) capacity: Option<u64>,
    /// The slot that runs, if the boot record does not say it: `a` or `b`.
    pub(crate) running: Option<String>,
    /// A program that tells another boot loader.
    pub(crate) hook: Option<PathBuf>,
}

impl FirmwareSetting {
    /// The value of a key, as it is shown.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        let [a, b] = &self.slots;
        let path = |path: &PathBuf| path.display().to_string();
        match key {
            "keys" => Some(path(&self.keys)),
            "slot_a" => Some(path(a)),
            "slot_b" => Some(path(b)),
            "dir" => Some(path(&self.dir)),
            "capacity" => self.capacity.map(|bytes| bytes.to_string()),
            "running" => self.running.clone(),
            "hook" => self.hook.as_ref().map(path),
            _ => None,
        }
    }
}

/// Reads it; `None` of a phone without slots. `state` is the state directory.
///
/// # Errors
/// A value has another form or is missing, or this program cannot do what it says.
pub(super) fn firmware(
    given: &Given,
    state: &std::path::Path,
) -> anyhow::Result<Option<FirmwareSetting>> {
    const SECTION: &str = "firmware";
    if given.source(SECTION).is_none() {
        return Ok(None);
    }
    if cfg!(not(feature = "firmware")) {
        let why = "upgrades are left out of this program: remove it, or build it with the feature firmware";
        return Err(given.wrong(SECTION, why));
    }
    let path = |key: &str| given.text(key).map(PathBuf::from);
    let need = |key: &str, why: &str| {
        let found = path(key).filter(|path| !path.as_os_str().is_empty());
        found.ok_or_else(|| given.wrong(SECTION, format!("{key} is missing: {why}")))
    };
    let slot = "write a file or a block device for each of firmware.slot_a and firmware.slot_b";
    let slots = [
        need("firmware.slot_a", slot)?,
        need("firmware.slot_b", slot)?,
    ];
    let [a, b] = &slots;
    if a == b {
        return Err(given.wrong(
            "firmware.slot_b",
            "it is slot_a too: a load that runs would be written over",
        ));
    }
    let running = given.text("firmware.running");
    if running.is_some_and(|slot| !matches!(slot, "a" | "b")) {
        return Err(given.wrong("firmware.running", "write a or b"));
    }
    Ok(Some(FirmwareSetting {
        keys: need(
            "firmware.keys",
            "write a file with the public keys of those whose loads count",
        )?,
        dir: path("firmware.dir").unwrap_or_else(|| state.join("firmware")),
        capacity: given.parse("firmware.capacity")?,
        running: running.map(str::to_owned),
        hook: path("firmware.hook"),
        slots,
    }))
}
