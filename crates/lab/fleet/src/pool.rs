//! Reading files beside the reactor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use async_trait::async_trait;
use onhook_crypto::sha256;
use onhook_device::Outcome;
use onhook_driver::{Decoder, File, Read};
use onhook_params::Scope;
use onhook_profile::Decoded;
use tokio::sync::{Semaphore, oneshot};

/// How many files are remembered; then the table starts anew.
const REMEMBERED: usize = 4096;
/// How many of them with what they come to.
const KEPT: usize = 48;
/// Files that wait for a thread, for each thread.
const QUEUE: usize = 16;

/// What decides what a file comes to: digests of body, key and keying material, the alias map, the scope.
type Name = ([u8; 32], [u8; 32], String, Scope, bool);

#[derive(Default)]
struct Known {
    seen: HashMap<Name, Option<Arc<Decoded>>>,
    kept: usize,
}

/// A fixed number of threads, and the profiles that came more than once.
pub(crate) struct Pool {
    jobs: mpsc::SyncSender<(File, oneshot::Sender<Read>)>,
    room: Semaphore,
    known: Mutex<Known>,
}

impl Pool {
    /// Starts threads; they end when the pool is dropped.
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel::<(File, oneshot::Sender<Read>)>(threads * QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            let work = move || {
                loop {
                    let job = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok((file, reply)) = job else { return };
                    // Whoever asked may have given up.
                    let _ = reply.send(file.read());
                }
            };
            thread::Builder::new()
                .name(format!("read-{number}"))
                .spawn(work)?;
        }
        Ok(Self {
            jobs,
            room: Semaphore::new(threads * QUEUE),
            known: Mutex::default(),
        })
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names a file; none of its secrets can be had from the name but by guessing, and it stays in memory.
fn name(file: &File) -> Name {
    let mut secrets = Vec::new();
    for secret in [&file.key, &file.ikm] {
        let bytes = secret.as_ref().map_or(&b""[..], |secret| secret.expose());
        secrets.extend((bytes.len() as u64).to_be_bytes());
        secrets.extend(bytes);
    }
    let secrets = zeroize::Zeroizing::new(secrets);
    (
        sha256(&file.body),
        sha256(&secrets),
        file.aliases.clone(),
        file.scope,
        file.aes128gcm,
    )
}

#[async_trait]
impl Decoder for Pool {
    async fn decode(&self, file: File) -> Read {
        let failed = || {
            let why = "the program failed in the middle of reading a file: please report this";
            Err((Outcome::Internal, why.to_owned()))
        };
        let name = name(&file);
        if let Some(Some(decoded)) = self.known().seen.get(&name) {
            return Ok(Arc::clone(decoded));
        }
        let Ok(_room) = self.room.acquire().await else {
            return failed();
        };
        // Somebody who waited for a thread before may have had the same file.
        if let Some(Some(decoded)) = self.known().seen.get(&name) {
            return Ok(Arc::clone(decoded));
        }
        let (reply, answer) = oneshot::channel();
        // There is room: permits are as many as places.
        if self.jobs.try_send((file, reply)).is_err() {
            return failed();
        }
        let Ok(read) = answer.await else {
            return failed();
        };
        let decoded = read?;
        let mut known = self.known();
        match known.seen.get(&name) {
            Some(Some(other)) => return Ok(Arc::clone(other)),
            // The second time: it is worth keeping.
            Some(None) if known.kept < KEPT => {
                known.kept += 1;
                known.seen.insert(name, Some(Arc::clone(&decoded)));
            }
            Some(None) => {}
            None => {
                if known.seen.len() >= REMEMBERED {
                    *known = Known::default();
                }
                known.seen.insert(name, None);
            }
        }
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests;
