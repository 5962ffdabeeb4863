//! Reading files for the phones of a thread.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use onhook_crypto::sha256;
use onhook_device::Outcome;
use onhook_driver::{Decoder, File, Read};
use onhook_params::Scope;
use onhook_profile::{Decoded, Template};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// How many files are remembered as seen; then the table starts anew.
const SEEN: usize = 65_536;
/// How many are kept with what they come to.
const KEPT: usize = 48;
/// Largest file that is kept, in bytes.
const LARGEST: usize = 1 << 20;
/// Bytes at either end of a file that go into its mark.
const ENDS: usize = 256;
/// Largest file that is read by the thread of the phones, in bytes: handing it to another one costs as much as reading a small one.
const HERE: usize = 64 << 10;

/// A file that came more than once, with everything that decides what it comes to.
struct Kept {
    body: Zeroizing<Vec<u8>>,
    /// SHA-256 of key and keying material.
    secrets: [u8; 32],
    aliases: String,
    scope: Scope,
    aes128gcm: bool,
    decoded: Arc<Decoded>,
}

#[derive(Default)]
struct Known {
    /// Marks of files; another file may have the same one, and is kept too early then.
    seen: HashSet<u64>,
    kept: HashMap<u64, Vec<Kept>>,
    /// Files in `kept`.
    files: usize,
}

/// Reads small files at once and large ones on a thread beside, one at a time; and keeps the profiles that came more than once.
pub(crate) struct Reader {
    beside: Semaphore,
    known: Mutex<Known>,
    /// Of the files read here, since the first one came: phones of a fleet have one scope.
    template: Mutex<Option<Template>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            beside: Semaphore::new(1),
            known: Mutex::default(),
            template: Mutex::default(),
        }
    }
}

impl Reader {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a file on this thread.
    fn read_here(&self, file: File) -> Read {
        let template = self.template.lock();
        let mut template = template.unwrap_or_else(PoisonError::into_inner);
        let template = template.get_or_insert_with(|| Template::new(file.scope));
        file.read_like(template)
    }
}

/// Reads a file on a thread of its own.
async fn read_beside(file: File) -> Read {
    let read = spawn_blocking(|| file.read()).await;
    read.unwrap_or_else(|_lost| {
        let why = "the program failed in the middle of reading a file: please report this";
        Err((Outcome::Internal, why.to_owned()))
    })
}

/// Cheap to compute; files that are compared have the same one.
fn mark(file: &File) -> u64 {
    let mut hasher = DefaultHasher::new();
    let body = &file.body;
    hasher.write_usize(body.len());
    hasher.write(body.get(..ENDS).unwrap_or(body));
    hasher.write(
        body.len()
            .checked_sub(ENDS)
            .map_or(&[], |from| body.get(from..).unwrap_or(&[])),
    );
    hasher.finish()
}

/// No secret can be had from it but by guessing, and it stays in memory.
fn secrets(file: &File) -> [u8; 32] {
    let mut secrets = Zeroizing::new(Vec::new());
    for secret in [&file.key, &file.ikm] {
        let bytes = secret.as_ref().map_or(&b""[..], |secret| secret.expose());
        secrets.extend((bytes.len() as u64).to_be_bytes());
        secrets.extend(bytes);
    }
    sha256(&secrets)
}

impl Known {
    /// What a file comes to that was kept: it is the same to the last byte.
    fn find(&self, mark: u64, secrets: &[u8; 32], file: &File) -> Option<Arc<Decoded>> {
        let same = |kept: &&Kept| {
            (&kept.secrets, &kept.aliases, kept.scope, kept.aes128gcm)
                == (secrets, &file.aliases, file.scope, file.aes128gcm)
                && *kept.body == file.body
        };
        let kept = self.kept.get(&mark)?.iter().find(same)?;
        Some(Arc::clone(&kept.decoded))
    }

    /// Notes that a file came; whether it is worth a copy, because one like it came before.
    fn note(&mut self, mark: u64, bytes: usize) -> bool {
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        !self.seen.insert(mark) && bytes <= LARGEST && self.files < KEPT
    }

    /// Keeps a file, unless one like it was kept meanwhile; what both come to.
    fn keep(&mut self, mark: u64, new: Kept) -> Arc<Decoded> {
        let alike = self.kept.entry(mark).or_default();
        let same = |old: &&Kept| {
            (&old.secrets, &old.aliases, old.scope, old.aes128gcm)
                == (&new.secrets, &new.aliases, new.scope, new.aes128gcm)
                && old.body == new.body
        };
        if let Some(old) = alike.iter().find(same) {
            return Arc::clone(&old.decoded);
        }
        let decoded = Arc::clone(&new.decoded);
        alike.push(new);
        self.files += 1;
        decoded
    }
}

#[async_trait]
impl Decoder for Reader {
    async fn decode(&self, file: File) -> Read {
        let (mark, secrets) = (mark(&file), secrets(&file));
        if let Some(decoded) = self.known().find(mark, &secrets, &file) {
            return Ok(decoded);
        }
        let large = file.body.len() > HERE;
        let _place = match large {
            true => self.beside.acquire().await.ok(),
            false => None,
        };
        // Somebody who waited before may have had the same file.
        if large && let Some(decoded) = self.known().find(mark, &secrets, &file) {
            return Ok(decoded);
        }
        let copy = self
            .known()
            .note(mark, file.body.len())
            .then(|| (Zeroizing::new(file.body.clone()), file.aliases.clone()));
        let (scope, aes128gcm) = (file.scope, file.aes128gcm);
        let read = match large {
            true => read_beside(file).await,
            false => self.read_here(file),
        };
        let decoded = read?;
        if let Some((body, aliases)) = copy {
            let kept = Kept {
                body,
                secrets,
                aliases,
                scope,
                aes128gcm,
                decoded: Arc::clone(&decoded),
            };
            return Ok(self.known().keep(mark, kept));
        }
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests;
