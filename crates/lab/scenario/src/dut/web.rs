//! Requests of HTTP to a phone, each on a connection of its own.

use std::io::{Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use onhook_crypto::auth::{Algorithm, Challenge, Login, elements};

/// How long a phone may take to connect, and to send the next piece.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer.
const LIMIT: u64 = 5 << 20;

/// A request.
#[derive(Default)]
pub(super) struct Sent<'s> {
    /// Path and query.
    pub(super) target: &'s str,
    /// Headers besides Host, or in its place.
    pub(super) headers: &'s [(String, String)],
    /// What is sent; `None` asks with GET.
    pub(super) body: Option<&'s str>,
}

/// An answer.
pub(super) struct Heard {
    head: String,
    pub(super) body: Vec<u8>,
}

impl Sent<'_> {
    const fn method(&self) -> &'static str {
        match self.body {
            Some(_) => "POST",
            None => "GET",
        }
    }

    /// Sends it to `HOST[:PORT]`, and the one connection ends with the answer.
    pub(super) fn to(&self, server: &str) -> Result<Heard> {
        self.with(server, "")
    }

    /// The same, and again with a login if it is challenged.
    pub(super) fn as_user(&self, server: &str, login: (&str, &str), seed: u64) -> Result<Heard> {
        let heard = self.to(server)?;
        let challenge = heard.challenge().filter(|_| heard.status() == Some(401));
        let Some(challenge) = challenge else {
            return Ok(heard);
        };
        let (user, password) = login;
        let login = Login {
            user: user.as_bytes(),
            password: password.as_bytes(),
        };
        let answer = challenge.answer(
            login,
            (self.method(), self.target),
            1,
            &format!("{seed:016x}"),
        );
        let answer = String::from_utf8_lossy(&answer);
        self.with(server, &format!("Authorization: {answer}\r\n"))
    }

    fn with(&self, server: &str, login: &str) -> Result<Heard> {
        let server = match server.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => server.to_owned(),
            Some(_) | None => format!("{server}:80"),
        };
        let nobody = || std::io::Error::other("the name has no address");
        let address = server.to_socket_addrs()?.next().ok_or_else(nobody)?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("host");
        let mut head = format!("{} {} HTTP/1.0\r\n", self.method(), self.target);
        if !self.headers.iter().any(named) {
            head.push_str(&format!("Host: {server}\r\n"));
        }
        for (name, value) in self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let body = self.body.unwrap_or_default();
        let request = format!("{head}{login}\r\n{body}");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LIMIT).read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let body = answer.split_off(end.map_or(answer.len(), |at| at + 4));
        let head = String::from_utf8_lossy(&answer).into_owned();
        Ok(Heard { head, body })
    }
}

impl Heard {
    /// The first line.
    pub(super) fn first(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// `None` if it is no answer of HTTP.
    pub(super) fn status(&self) -> Option<u16> {
        self.first().split(' ').nth(1)?.parse().ok()
    }

    /// The values of a header.
    pub(super) fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        let named = pairs.filter(move |(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim())
    }

    /// The best challenge that can be answered.
    fn challenge(&self) -> Option<Challenge> {
        let mut all = Vec::new();
        for value in self.values("www-authenticate") {
            all.extend(elements(value.as_bytes()).iter().filter_map(Challenge::of));
        }
        let strong = |challenge: &Challenge| challenge.algorithm == Some(Algorithm::Sha256);
        let at = all.iter().position(strong).unwrap_or(0);
        (at < all.len()).then(|| all.swap_remove(at))
    }
}
