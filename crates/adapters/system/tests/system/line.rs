//! A folder with a control socket, and connections to it.

use std::path::PathBuf;
use std::time::Duration;

use onhook_phone::Answer;
use onhook_phone::port::CommandSource;
use onhook_system::{ControlSocket, Followers};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// Spells answers so that a test can read them.
pub(crate) fn spell(answer: &Answer) -> String {
    match answer {
        Answer::Done => "done".to_owned(),
        Answer::Delayed(delay) => format!("delayed: {}", delay.name()),
        Answer::Refused(why) => format!("refused: {why}"),
        Answer::Resync(_) | Answer::Status(_) | Answer::SipAccess(_) | Answer::Look(_) => {
            "a report".to_owned()
        }
    }
}

/// Followers that nobody tells anything.
pub(crate) fn nobody() -> Followers {
    Followers::new(|_, missed| format!("missed {missed}"))
}

/// A folder for a control socket, which goes when this is dropped.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder().join("control.sock")
    }

    pub(crate) fn bind(&self) -> ControlSocket {
        ControlSocket::bind(&self.socket(), spell, nobody()).unwrap()
    }

    pub(crate) async fn line(&self) -> Line {
        let stream = UnixStream::connect(self.socket()).await.unwrap();
        let (reader, writer) = stream.into_split();
        Line {
            reader: BufReader::new(reader),
            writer,
        }
    }
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection to a control socket.
pub(crate) struct Line {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Line {
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
    }

    /// Says that nothing more comes, and still listens.
    pub(crate) async fn end(&mut self) {
        self.writer.shutdown().await.unwrap();
    }

    /// The next line, or `None` when the other side has hung up.
    pub(crate) async fn read(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, self.reader.read_line(&mut line));
        let Ok(read) = read.await else {
            panic!("no answer came within {PATIENCE:?}");
        };
        match read {
            Ok(n) if n > 0 => Some(line.trim_end_matches('\n').to_owned()),
            Ok(_) | Err(_) => None,
        }
    }
}

/// Answers one request with `Done`, after a look at it.
pub(crate) async fn answer_one(source: &mut ControlSocket) -> onhook_phone::Ask {
    let asked = tokio::time::timeout(PATIENCE, source.next()).await;
    let asked = asked.unwrap().unwrap();
    asked.reply.answer(Answer::Done);
    asked.ask
}

/// Sends a status request and checks that it is the next one to be handed over.
pub(crate) async fn assert_nothing_waits(place: &Place, source: &mut ControlSocket) {
    let mut line = place.line().await;
    line.write(b"{\"ask\":\"status\"}\n").await;
    let ask = answer_one(source).await;
    assert!(matches!(ask, onhook_phone::Ask::Status), "{ask:?}");
    assert_eq!(line.read().await.as_deref(), Some("done"));
}
