//! Format 1 of the files.
//!
//! All numbers are little-endian. A file is: magic (4 bytes), version (u16), zero (u16), length of the content
//! (u32), content, CRC-32 of everything before it (u32). The content of a state file, and of that of the custom CA, is the record. That of a
//! parameter file is the number of entries (u32) and the entries in order of name; an entry is: length of the
//! name (u16), name, flags (u8), and, if flag 1 is set, length of the value (u32) and value. Flag 2 says that
//! the user set the value; the bits 0x0c hold the right of the user: none, na, ro, rw.

use std::collections::BTreeMap;

use onhook_params::UserAccess;
use zeroize::Zeroizing;

use crate::hook::StoredFile;

const VERSION: u16 = 1;
const HEADER: usize = 12;
const CHECKSUM: usize = 4;

const HAS_VALUE: u8 = 1;
const USER_SET: u8 = 2;
const ACCESS_SHIFT: u32 = 2;

/// What is stored under one element name; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) value: Option<Zeroizing<String>>,
    pub(crate) access: Option<UserAccess>,
    pub(crate) user_set: bool,
}

impl std::fmt::Debug for Held {
    /// Never shows the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("access", &self.access)
            .field("user_set", &self.user_set)
            .finish_non_exhaustive()
    }
}

/// What is stored, by element name.
pub(crate) type Entries = BTreeMap<String, Held>;

/// Where and how a file departs from the format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Damage {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
}

const fn magic(file: StoredFile) -> [u8; 4] {
    match file {
        StoredFile::Params => *b"OHPS",
        StoredFile::State => *b"OHST",
        StoredFile::Trust => *b"OHCA",
    }
}

/// Puts header and checksum around a content. `None` if it is too long for the format.
pub(crate) fn wrap(file: StoredFile, content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(content.len()).ok()?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEADER + content.len() + CHECKSUM));
    bytes.extend_from_slice(&magic(file));
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(content);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Some(bytes)
}

/// The content of a file whose header and checksum are right.
pub(crate) fn unwrap(file: StoredFile, bytes: &[u8]) -> Result<&[u8], Damage> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != magic(file) {
        return Err(damage(0, "this is no file of this store"));
    }
    if reader.u16()? != VERSION {
        return Err(damage(
            4,
            "its format is unknown, perhaps of a newer version of this program",
        ));
    }
    if reader.u16()? != 0 {
        return Err(damage(6, "reserved bytes are not zero"));
    }
    let length = reader.u32()? as usize;
    let content = reader.take(length)?;
    let covered = reader.at;
    let checksum = reader.u32()?;
    if reader.at != bytes.len() {
        return Err(damage(reader.at, "bytes follow the end"));
    }
    let computed = bytes.get(..covered).map(crc32fast::hash);
    if computed != Some(checksum) {
        return Err(damage(covered, "the checksum is wrong"));
    }
    Ok(content)
}

/// The content of a parameter file. `None` if it is too long for the format.
pub(crate) fn encode(entries: &Entries) -> Option<Zeroizing<Vec<u8>>> {
    let size = |(name, held): (&String, &Held)| {
        2 + name.len() + 1 + held.value.as_ref().map_or(0, |value| 4 + value.len())
    };
    let length = 4 + entries.iter().map(size).sum::<usize>();
    // Exactly as large as needed: a buffer that grows leaves copies of secrets behind.
    let mut content = Zeroizing::new(Vec::with_capacity(length));
    content.extend_from_slice(&u32::try_from(entries.len()).ok()?.to_le_bytes());
    for (name, held) in entries {
        content.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
        content.extend_from_slice(name.as_bytes());
        let access = match held.access {
            None => 0,
            Some(UserAccess::Na) => 1,
            Some(UserAccess::Ro) => 2,
            Some(UserAccess::Rw) => 3,
        };
        let has_value = if held.value.is_some() { HAS_VALUE } else { 0 };
        let user_set = if held.user_set { USER_SET } else { 0 };
        content.push(has_value | user_set | access << ACCESS_SHIFT);
        if let Some(value) = &held.value {
            content.extend_from_slice(&u32::try_from(value.len()).ok()?.to_le_bytes());
            content.extend_from_slice(value.as_bytes());
        }
    }
    Some(content)
}

/// The entries of a parameter file.
pub(crate) fn decode(bytes: &[u8]) -> Result<Entries, Damage> {
    unwrap(StoredFile::Params, bytes)?;
    let end = bytes.len().saturating_sub(CHECKSUM);
    let mut reader = Reader {
        bytes: bytes.get(..end).unwrap_or_default(),
        at: HEADER,
    };
    let count = reader.u32()?;
    let mut entries = Entries::new();
    for _ in 0..count {
        let at = reader.at;
        let length = reader.u16()?;
        let name = reader.text(usize::from(length))?.to_owned();
        let flags_at = reader.at;
        let flags = reader.u8()?;
        if flags >> 4 != 0 {
            return Err(damage(flags_at, "unknown flags"));
        }
        let value = if flags & HAS_VALUE == 0 {
            None
        } else {
            let length = reader.u32()?;
            Some(Zeroizing::new(reader.text(length as usize)?.to_owned()))
        };
        let access = match flags >> ACCESS_SHIFT {
            1 => Some(UserAccess::Na),
            2 => Some(UserAccess::Ro),
            3 => Some(UserAccess::Rw),
            _ => None,
        };
        let user_set = flags & USER_SET != 0;
        let held = Held {
            value,
            access,
            user_set,
        };
        if entries.insert(name, held).is_some() {
            return Err(damage(at, "a name stands there twice"));
        }
    }
    if reader.at != end {
        return Err(damage(reader.at, "bytes follow the last entry"));
    }
    Ok(entries)
}

const fn damage(offset: usize, what: &'static str) -> Damage {
    Damage { offset, what }
}

struct Reader<'r> {
    bytes: &'r [u8],
    at: usize,
}

impl<'r> Reader<'r> {
    fn take(&mut self, length: usize) -> Result<&'r [u8], Damage> {
        let taken = self
            .at
            .checked_add(length)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or(damage(self.bytes.len(), "it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let at = self.at;
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_| damage(at, "it ends too early"))
    }

    fn u8(&mut self) -> Result<u8, Damage> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, Damage> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Damage> {
        self.array().map(u32::from_le_bytes)
    }

    fn text(&mut self, length: usize) -> Result<&'r str, Damage> {
        let at = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|_| damage(at, "a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests;
