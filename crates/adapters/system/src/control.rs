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
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::followers::Followers;
use crate::request::ControlRequest;

/// Longest request line in bytes.
const LINE_LIMIT: u64 = 64 * 1024;

/// Askers served at once; more wait.
const ASKERS: usize = 16;

/// How long an asker may take for a line.
const QUIET: Duration = Duration::from_secs(5);

/// What is answered when nobody more can follow.
const ENOUGH: &str = if cfg!(feature = "events") {
    "as many as can follow do so already: end one of them"
} else {
    "this program shows its events to nobody at the control socket: use `run --events`"
};

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
    pub fn bind(path: &Path, spell: Spell, followers: Followers) -> Result<Self, ControlError> {
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
        let desk = Desk {
            owner,
            asker,
            spell,
            followers,
        };
        tasks.spawn(listen(listener, desk));
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

/// What it takes to serve an asker.
#[derive(Clone)]
struct Desk {
    /// Who may ask, besides root.
    owner: u32,
    asker: mpsc::Sender<Asked>,
    spell: Spell,
    followers: Followers,
}

async fn listen(listener: UnixListener, desk: Desk) {
    let mut askers = JoinSet::new();
    loop {
        while askers.try_join_next().is_some() {}
        if askers.len() >= ASKERS {
            askers.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                askers.spawn(desk.clone().serve(stream));
            }
            Err(error) => {
                // Out of descriptors, most likely: the next attempt may find one.
                tracing::warn!("the control socket could not accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Desk {
    /// Serves one asker until it hangs up.
    async fn serve(self, stream: UnixStream) {
        let allowed = stream
            .peer_cred()
            .is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0);
        let (reader, mut writer) = stream.into_split();
        if !allowed {
            tracing::warn!("another user was refused at the control socket");
            return;
        }
        let mut reader = BufReader::new(reader);
        // An asker that says nothing gives its place to others.
        while let Ok(Ok(Some(line))) = timeout(QUIET, read_line(&mut reader)).await {
            let (answer, follower) = match Self::read(&line) {
                Err(why) => (self.refuse(why), None),
                Ok(ControlRequest::Events {}) => match self.followers.join() {
                    Some(follower) => ((self.spell)(&Answer::Done), Some(follower)),
                    None => (self.refuse(ENOUGH.to_owned()), None),
                },
                Ok(request) => match self.answer(request).await {
                    Some(answer) => (answer, None),
                    None => return,
                },
            };
            let written = writer.write_all(format!("{answer}\n").as_bytes()).await;
            if written.is_err() {
                return;
            }
            if let Some(follower) = follower {
                return follower.serve(&mut reader, &mut writer).await;
            }
        }
    }

    fn read(line: &Line) -> Result<ControlRequest, String> {
        match line {
            Line::Whole(line) => ControlRequest::read(line),
            Line::Unusable => Err(format!(
                "a request is one line of at most {LINE_LIMIT} bytes"
            )),
        }
    }

    fn refuse(&self, why: String) -> String {
        (self.spell)(&Answer::Refused(why))
    }

    /// The answer of the phone; `None` if it has gone.
    async fn answer(&self, request: ControlRequest) -> Option<String> {
        let (sender, receiver) = oneshot::channel();
        let asked = Asked {
            origin: request.origin(),
            ask: request.into_ask()?,
            reply: Box::new(LineReply(sender)),
        };
        self.asker.send(asked).await.ok()?;
        receiver.await.ok().map(|answer| (self.spell)(&answer))
    }
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
    Conversation::begin(path, request).await?.line().await
}

/// What a running agent says to one request, line by line; dropping it hangs up.
pub struct Conversation {
    path: PathBuf,
    reader: BufReader<OwnedReadHalf>,
    _writer: OwnedWriteHalf,
}

impl Conversation {
    /// Sends a request.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn begin(path: &Path, request: &ControlRequest) -> Result<Self, ControlError> {
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
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(reader),
            _writer: writer,
        })
    }

    /// The next line, without its end; may be cancelled only to hang up.
    ///
    /// # Errors
    /// The agent ended.
    pub async fn line(&mut self) -> Result<String, ControlError> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).await;
        read.map_err(|source| ControlError::Io {
            path: self.path.clone(),
            source,
        })?;
        match line.strip_suffix('\n') {
            Some(whole) => Ok(whole.to_owned()),
            None => Err(ControlError::NoAnswer),
        }
    }
}
