//! The control socket: one JSON object a line, one answer a line.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Asked, Reply};
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::request::ControlRequest;

/// Longest request line in bytes.
const LINE_LIMIT: u64 = 64 * 1024;

/// Askers served at once; more wait.
const ASKERS: usize = 16;

/// How long an asker may take for a line.
const QUIET: Duration = Duration::from_secs(5);

/// How long nobody is accepted after an attempt failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the control socket cannot be used.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Nobody listens.
    #[error("no agent listens on {}: start `onhook-agent run`, or name its state directory", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The socket cannot be made or used.
    #[error("the control socket {} cannot be used: check the directory and its permissions", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The agent ended before it answered.
    #[error("the agent ended before it answered")]
    NoAnswer,
}

/// Turns an answer into one line of JSON.
pub type Spell = fn(&Answer) -> String;

/// Listens on a Unix socket that only its owner may use.
pub struct ControlSocket {
    asked: mpsc::Receiver<Asked>,
    path: PathBuf,
    _tasks: JoinSet<()>,
}

impl ControlSocket {
    /// Listens on `path`; a socket left behind by a process that died is replaced.
    ///
    /// The caller holds the lock of the directory, so no living process uses the path.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn bind(path: &Path, spell: Spell) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Io {
            path: path.to_owned(),
            source,
        };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).map_err(failed)?);
        let (asker, asked) = mpsc::channel(ASKERS);
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, owner, asker, spell));
        Ok(Self {
            asked,
            path: path.to_owned(),
            _tasks: tasks,
        })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // A socket that stays is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[async_trait]
impl CommandSource for ControlSocket {
    async fn next(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }
}

async fn listen(listener: UnixListener, owner: u32, asker: mpsc::Sender<Asked>, spell: Spell) {
    let mut askers = JoinSet::new();
    loop {
        while askers.try_join_next().is_some() {}
        if askers.len() >= ASKERS {
            askers.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                askers.spawn(serve(stream, owner, asker.clone(), spell));
            }
            Err(error) => {
                // Out of descriptors, most likely: the next attempt may find one.
                tracing::warn!("the control socket could not accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one asker until it hangs up.
async fn serve(stream: UnixStream, owner: u32, asker: mpsc::Sender<Asked>, spell: Spell) {
    let allowed = stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0);
    let (reader, mut writer) = stream.into_split();
    if !allowed {
        tracing::warn!("another user was refused at the control socket");
        return;
    }
    let mut reader = BufReader::new(reader);
    // An asker that says nothing gives its place to others.
    while let Ok(Ok(Some(line))) = timeout(QUIET, read_line(&mut reader)).await {
        let answer = match line {
            Line::Whole(line) => match answer(&line, &asker, spell).await {
                Some(answer) => answer,
                None => return,
            },
            Line::Unusable => refuse(spell),
        };
        let written = writer.write_all(format!("{answer}\n").as_bytes()).await;
        if written.is_err() {
            return;
        }
    }
}

fn refuse(spell: Spell) -> String {
    let why = format!("a request is one line of at most {LINE_LIMIT} bytes");
    spell(&Answer::Refused(why))
}

/// What an asker sent up to a line end.
enum Line {
    Whole(Vec<u8>),
    /// Too long, or without its end.
    Unusable,
}

/// Reads one line; `None` when the asker has hung up.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let read = (&mut *reader)
        .take(LINE_LIMIT)
        .read_until(b'\n', &mut line)
        .await?;
    if read == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        return Ok(Some(Line::Whole(line)));
    }
    // An asker reads its answer only when it has sent everything.
    skip_line(reader).await?;
    Ok(Some(Line::Unusable))
}

/// Passes over the rest of a line without keeping it.
async fn skip_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
    loop {
        let bytes = reader.fill_buf().await?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let done = end.is_some() || bytes.is_empty();
        let passed = end.map_or(bytes.len(), |at| at + 1);
        reader.consume(passed);
        if done {
            return Ok(());
        }
    }
}

/// The answer to one line; `None` if the phone has gone.
async fn answer(line: &[u8], asker: &mpsc::Sender<Asked>, spell: Spell) -> Option<String> {
    let request = match ControlRequest::read(line) {
        Ok(request) => request,
        Err(why) => return Some(spell(&Answer::Refused(why))),
    };
    let (sender, receiver) = oneshot::channel();
    let asked = Asked {
        origin: request.origin(),
        ask: request.into(),
        reply: Box::new(LineReply(sender)),
    };
    asker.send(asked).await.ok()?;
    receiver.await.ok().map(|answer| spell(&answer))
}

struct LineReply(oneshot::Sender<Answer>);

impl Reply for LineReply {
    fn answer(self: Box<Self>, answer: Answer) {
        // The asker may have hung up.
        let _ = self.0.send(answer);
    }
}

/// Asks a running agent and returns its answer, one line of JSON without the line end.
///
/// # Errors
/// Nobody listens, or the agent ends before it answers.
pub async fn ask(path: &Path, request: &ControlRequest) -> Result<String, ControlError> {
    let failed = |source| ControlError::Io {
        path: path.to_owned(),
        source,
    };
    let stream = UnixStream::connect(path).await.map_err(|source| {
        let nobody = [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused];
        if nobody.contains(&source.kind()) {
            ControlError::NotRunning {
                path: path.to_owned(),
                source,
            }
        } else {
            failed(source)
        }
    })?;
    let (reader, mut writer) = stream.into_split();
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    writer.write_all(&line).await.map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(reader)
        .read_line(&mut answer)
        .await
        .map_err(failed)?;
    match answer.strip_suffix('\n') {
        Some(whole) => Ok(whole.to_owned()),
        None => Err(ControlError::NoAnswer),
    }
}
