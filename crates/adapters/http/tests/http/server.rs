//! A server that plays scripts: one for each connection, whatever it is asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_fetch::{Request, Scheme};
use onhook_http::{HttpFetch, Limits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens after the bytes of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    /// The connection is closed in order.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing, until the client closes.
    Hold,
    /// What is left of the body is read, and then the connection is closed.
    Listen,
    /// What is left of the body is read, and the connection stays open until the client closes it.
    Keep,
    /// The connection is closed without a last word of TLS.
    #[cfg(feature = "_tls")]
    Cut,
    /// These bytes follow below TLS, and then nothing.
    #[cfg(feature = "_tls")]
    Garble(&'static [u8]),
}

pub(crate) type Script = (Vec<u8>, Then);

/// The script of an answer with a body and its length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Script {
    let length = body.len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    (bytes, Then::Close)
}

/// A connection on which HTTP is spoken.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Line for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

/// Makes a line of a connection.
#[async_trait]
pub(crate) trait Open: Send + Sync + 'static {
    async fn open(&self, stream: TcpStream) -> io::Result<Box<dyn Line>>;
}

/// HTTP without anything in between.
struct Plain;

#[async_trait]
impl Open for Plain {
    async fn open(&self, stream: TcpStream) -> io::Result<Box<dyn Line>> {
        Ok(Box::new(stream))
    }
}

/// A running server; it ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) contacts: Arc<AtomicUsize>,
    heard: Arc<Heard>,
    ended: Arc<Notify>,
}

/// What clients have said so far.
#[derive(Default)]
struct Heard {
    /// Requests whose bodies have come as far as is waited for.
    asked: Mutex<Vec<String>>,
    /// The bodies that came whole.
    bodies: Mutex<Vec<Vec<u8>>>,
}

/// So much of a body is waited for before the script is played.
pub(crate) const WHOLE: usize = usize::MAX;

impl Server {
    pub(crate) async fn start(scripts: Vec<Script>) -> Self {
        Self::at("127.0.0.1:0", scripts).await.unwrap()
    }

    pub(crate) async fn at(address: &str, scripts: Vec<Script>) -> io::Result<Self> {
        Self::over(Plain, address, scripts, WHOLE).await
    }

    /// Plays the scripts after so many bytes of a body, or all of it.
    pub(crate) async fn after(enough: usize, scripts: Vec<Script>) -> Self {
        let started = Self::over(Plain, "127.0.0.1:0", scripts, enough).await;
        started.unwrap()
    }

    /// Plays the last script again when there are more connections than scripts.
    pub(crate) async fn over(
        open: impl Open,
        address: &str,
        scripts: Vec<Script>,
        enough: usize,
    ) -> io::Result<Self> {
        let open = Arc::new(open);
        let listener = TcpListener::bind(address).await?;
        let server = Self {
            address: listener.local_addr()?,
            contacts: Arc::default(),
            heard: Arc::default(),
            ended: Arc::default(),
        };
        let (contacts, heard, ended) = (
            server.contacts.clone(),
            server.heard.clone(),
            server.ended.clone(),
        );
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let n = contacts.fetch_add(1, Ordering::SeqCst);
                let script = scripts.get(n).or(scripts.last()).cloned();
                let (open, heard, ended) = (open.clone(), heard.clone(), ended.clone());
                tokio::spawn(async move {
                    if let Ok(line) = open.open(stream).await {
                        let script = script.unwrap_or((Vec::new(), Then::Close));
                        play(line, script, enough, &heard).await;
                    }
                    ended.notify_one();
                });
            }
        });
        Ok(server)
    }

    /// A request to this server by address.
    pub(crate) fn request(&self, path: &str) -> Request {
        request(&self.address.ip().to_string(), self.address.port(), path)
    }

    /// The header blocks of the requests so far, each with the body that it announces.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.heard.asked.lock().unwrap().clone()
    }

    /// The bodies that have come whole.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        self.heard.bodies.lock().unwrap().clone()
    }

    /// Returns once a connection has ended at this side.
    pub(crate) fn ended(&self) -> Arc<Notify> {
        self.ended.clone()
    }
}

async fn play(mut stream: Box<dyn Line>, (bytes, then): Script, enough: usize, heard: &Heard) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let mut text = String::from_utf8(head).unwrap();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length.min(enough)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    text.push_str(&String::from_utf8_lossy(&body));
    heard.asked.lock().unwrap().push(text);
    if body.len() == length {
        heard.bodies.lock().unwrap().push(body.clone());
    }
    // The client may close at any moment; that is what some tests are about.
    let _ = stream.write_all(&bytes).await;
    match then {
        Then::Close => {
            let _ = stream.shutdown().await;
        }
        Then::Reset => {
            stream.tcp().set_zero_linger().unwrap();
            return;
        }
        #[cfg(feature = "_tls")]
        Then::Cut => return,
        #[cfg(feature = "_tls")]
        Then::Garble(bytes) => {
            stream.flush().await.unwrap();
            assert_eq!(stream.tcp().try_write(bytes).unwrap(), bytes.len());
        }
        Then::Hold => {}
        Then::Listen | Then::Keep => {
            let mut rest = vec![0; length - body.len()];
            if stream.read_exact(&mut rest).await.is_ok() {
                body.extend(rest);
                heard.bodies.lock().unwrap().push(body);
            }
            if matches!(then, Then::Listen) {
                return;
            }
        }
    }
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
}

pub(crate) fn request(host: &str, port: u16, path: &str) -> Request {
    Request {
        scheme: Scheme::Http,
        host: host.into(),
        port,
        path: path.into(),
        proxy: None,
        service: None,
        allowed_domains: String::new(),
        user_agent: "Cisco-CP-8841-3PCC/11.3.2 (000e08aabbcc)".into(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 64 * 1024,
        timeout: Duration::from_secs(10),
    }
}

/// Gives every name the same addresses; a name ending in `.invalid` has none.
pub(crate) struct Fixed(pub(crate) Vec<IpAddr>);

#[async_trait]
impl Resolver for Fixed {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(literal) = host.parse() {
            return Ok(vec![literal]);
        }
        if host.ends_with(".invalid") || self.0.is_empty() {
            return Err(ResolveError::NoAddress(None));
        }
        Ok(self.0.clone())
    }
}

/// A transport for which every name is 127.0.0.1.
pub(crate) fn transport(limits: Limits) -> HttpFetch {
    HttpFetch::with_limits(
        Arc::new(Fixed(vec![IpAddr::from([127, 0, 0, 1])])),
        1,
        limits,
    )
}
