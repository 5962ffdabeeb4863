//! A server and a raw client.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use onhook_device::Outcome;
use onhook_fetch::{FetchError, Request, Scheme};
use onhook_prov_server::{Access, Config, Events, Running, Server, ServerEvent};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server of a scratch directory.
pub(crate) struct Lab {
    pub(crate) dir: TempDir,
    pub(crate) running: Running,
    pub(crate) events: Events,
}

/// An answer, taken apart.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Lab {
    /// Serves `root/` of a scratch directory; `change` may alter the configuration.
    pub(crate) async fn with(change: impl FnOnce(&Path, &mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let mut config = Config::local(&root);
        change(dir.path(), &mut config);
        let mut running = Server::start(config).await.unwrap();
        let events = running.events();
        Self {
            dir,
            running,
            events,
        }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join("root").join(name), content).unwrap();
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.running.http_addr().unwrap())
            .await
            .unwrap()
    }

    /// Sends bytes on a new connection and reads until the server closes it.
    pub(crate) async fn exchange(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }

    /// GET of a target on its own connection.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.exchange(format!(
            "GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        ))
        .await
    }

    /// The next request in the log.
    pub(crate) async fn access(&mut self) -> Access {
        match self.events.next().await {
            Some(ServerEvent::Request(access)) => access,
            other => panic!("{other:?}"),
        }
    }

    /// The fault that is told next, as its line without the time and the client.
    pub(crate) async fn fault(&mut self) -> String {
        match self.events.next().await {
            Some(ServerEvent::Fault(injected)) => {
                let line = injected.to_string();
                line.splitn(3, ' ').last().unwrap().to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Where HTTP, HTTPS or TFTP listens, whichever there is.
    pub(crate) fn address(&self) -> SocketAddr {
        let running = &self.running;
        let web = running.http_addr().or(running.https_addr());
        web.or(running.tftp_addr()).unwrap()
    }
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or_else(|| {
                panic!("no head in {:?}", String::from_utf8_lossy(bytes));
            });
        let head = String::from_utf8(bytes[..end].to_vec())
            .unwrap()
            .to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            (key == name).then_some(value)
        })
    }
}

/// What a phone asks for.
pub(crate) fn request(scheme: Scheme, port: u16, path: &str) -> Request {
    Request {
        scheme,
        host: "127.0.0.1".into(),
        port,
        path: path.into(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: "Cisco-CP-8841-3PCC/11.3 (000e08012345)".into(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 1 << 20,
        timeout: Duration::from_secs(60),
    }
}

/// The text of a failure in `$ERR` (transports.md 12.4).
pub(crate) fn err_text(error: &FetchError) -> String {
    let mut text = String::new();
    Outcome::from(error.kind()).push_err_text(&mut text);
    text
}
