//! A web server that gives what a test tells it to give, also when that is wrong.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context;

use crate::peer::{DEADLINE, until};

/// Serves one reply for each path, on a free port of loopback; other paths are not found.
pub struct Site {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    replies: Mutex<HashMap<String, Reply>>,
    asked: Mutex<Vec<Asked>>,
    /// Connections that stay open without an answer.
    held: Mutex<Vec<TcpStream>>,
    over: AtomicBool,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The credentials as sent.
    pub authorization: Option<String>,
    /// The body, which a GET has none of.
    pub body: Vec<u8>,
    /// The first byte that is wanted, if not all of them are.
    pub from: Option<usize>,
    /// The version that the rest is wanted of.
    pub version: Option<String>,
}

/// What a path gives.
#[derive(Clone)]
pub enum Reply {
    /// A whole answer of status 200.
    Body(Vec<u8>),
    /// A whole answer of status 200 with `Content-Encoding: aes128gcm`.
    Records(Vec<u8>),
    /// A status with a few more header lines and a short text.
    Status(u16, &'static str),
    /// An answer that announces so many bytes more than it gives.
    Short(Vec<u8>, usize),
    /// An answer without announced length that ends with the connection.
    Endless(Vec<u8>),
    /// Bytes that are no HTTP.
    Raw(&'static [u8]),
    /// Status 401 unless there are credentials, then the body.
    Guarded(Vec<u8>),
    /// An answer that stops in the middle and never goes on.
    Stalled(Vec<u8>),
    /// No answer at all.
    Silence,
    /// A file of this version that is given in parts, and of each part so many bytes at most, after which the connection ends.
    Parts(Vec<u8>, &'static str, usize),
}

impl Site {
    /// Starts to listen.
    ///
    /// # Errors
    /// No socket is to be had.
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner::default());
        let own = Arc::clone(&inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.over.load(Ordering::Relaxed) {
                    return;
                }
                let inner = Arc::clone(&own);
                // A client that goes away is no fault of the server.
                thread::spawn(move || inner.serve(stream).ok());
            }
        });
        Ok(Self { address, inner })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Gives a path its reply.
    pub fn put(&self, path: &str, reply: Reply) {
        lock(&self.inner.replies).insert(path.to_owned(), reply);
    }

    /// The requests so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.inner.asked).clone()
    }

    /// Waits until so many requests have come.
    ///
    /// # Errors
    /// The deadline passes.
    pub fn await_asked(&self, count: usize) -> anyhow::Result<()> {
        until(&format!("{count} requests"), || {
            (lock(&self.inner.asked).len() >= count).then_some(())
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.inner.over.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
        lock(&self.inner.held).clear();
    }
}

impl Inner {
    fn serve(&self, mut stream: TcpStream) -> anyhow::Result<()> {
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        let asked = read_request(&stream)?;
        let reply = lock(&self.replies).get(&asked.path).cloned();
        let known = asked.authorization.is_some();
        let (from, version) = (asked.from, asked.version.clone());
        lock(&self.asked).push(asked);
        match reply {
            None => status(&mut stream, 404, ""),
            Some(Reply::Body(body)) => whole(&mut stream, &body, 0),
            Some(Reply::Records(body)) => coded(&mut stream, &body),
            Some(Reply::Short(body, missing)) => whole(&mut stream, &body, missing),
            Some(Reply::Guarded(body)) if known => whole(&mut stream, &body, 0),
            Some(Reply::Guarded(_)) => status(
                &mut stream,
                401,
                "WWW-Authenticate: Basic realm=\"phones\"\r\n",
            ),
            Some(Reply::Status(code, headers)) => status(&mut stream, code, headers),
            Some(Reply::Endless(body)) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                Ok(stream.write_all(&body)?)
            }
            Some(Reply::Raw(bytes)) => Ok(stream.write_all(bytes)?),
            Some(Reply::Stalled(body)) => {
                whole(&mut stream, &body, 1)?;
                lock(&self.held).push(stream);
                Ok(())
            }
            Some(Reply::Parts(body, own, most)) => {
                // Another version is given from its first byte on.
                let same = version.is_none_or(|version| version == format!("\"{own}\""));
                let from = from.filter(|_| same).unwrap_or(0).min(body.len());
                part(&mut stream, &body, (from, own, most))
            }
            Some(Reply::Silence) => {
                lock(&self.held).push(stream);
                Ok(())
            }
        }
    }
}

fn read_request(stream: &TcpStream) -> anyhow::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let method = words.next().context("no request line")?;
    let path = words.next().context("no path")?;
    let (mut authorization, mut length) = (None, 0);
    let (mut from, mut version) = (None, None);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("authorization") {
                authorization = Some(value.trim().to_owned());
            }
            if name.eq_ignore_ascii_case("range") {
                let range = value.trim().strip_prefix("bytes=");
                from = range.and_then(|range| range.strip_suffix('-')?.parse().ok());
            }
            if name.eq_ignore_ascii_case("if-range") {
                version = Some(value.trim().to_owned());
            }
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Asked {
        method,
        path,
        authorization,
        body,
        from,
        version,
    })
}

/// A part of a file, or the whole from its first byte on; it ends early if it is longer than `most`.
fn part(
    stream: &mut TcpStream,
    body: &[u8],
    (from, version, most): (usize, &str, usize),
) -> anyhow::Result<()> {
    let rest = body.get(from..).unwrap_or_default();
    let head = match from {
        0 => "HTTP/1.1 200 OK\r\n".to_owned(),
        _ => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{}\r\n",
            body.len() - 1,
            body.len()
        ),
    };
    let length = rest.len();
    write!(
        stream,
        "{head}ETag: \"{version}\"\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    let (now, _) = rest.split_at(most.min(length));
    Ok(stream.write_all(now)?)
}

fn whole(stream: &mut TcpStream, body: &[u8], missing: usize) -> anyhow::Result<()> {
    let length = body.len() + missing;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    Ok(stream.write_all(body)?)
}

fn coded(stream: &mut TcpStream, body: &[u8]) -> anyhow::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Encoding: aes128gcm\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    Ok(stream.write_all(body)?)
}

fn status(stream: &mut TcpStream, code: u16, headers: &str) -> anyhow::Result<()> {
    let body = "<html><body>no profile here</body></html>";
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {code} Some reason\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
