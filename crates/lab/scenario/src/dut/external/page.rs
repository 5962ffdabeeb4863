//! The page of a phone with its parameters.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use onhook_crypto::port::NoSecrets;
use onhook_params::Scope;
use onhook_profile::{DecodeSpec, decode};

use crate::dut::Halt;

/// How long a page may take to connect, and to send the next piece.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest page.
const LIMIT: u64 = 5 << 20;

/// The values that a page shows, by element name.
pub(super) fn read(url: &str, scope: &Scope) -> Result<BTreeMap<String, String>, Halt> {
    let broken = |why: String| Halt::Broken(format!("--cfg-url: {why}"));
    let (server, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.find('/').map(|at| rest.split_at(at)))
        .filter(|(server, _)| !server.contains('@'))
        .ok_or_else(|| broken("write http://HOST/PATH, without a password".to_owned()))?;
    let answer = get(server, path).map_err(|error| broken(error.to_string()))?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.map_or(answer.len(), |at| at + 4));
    let head = String::from_utf8_lossy(head);
    if head.split(' ').nth(1) != Some("200") {
        let status = head.lines().next().unwrap_or_default();
        return Err(broken(format!("the phone answers `{status}`")));
    }
    let spec = DecodeSpec {
        scope: *scope,
        ..DecodeSpec::default()
    };
    let decoded = decode(body.to_vec(), &spec, &NoSecrets)
        .map_err(|error| broken(format!("this is no page of parameters: {error}")))?;
    let setting = |setting: onhook_params::Setting<'_>| {
        Some((setting.id.name().to_string(), setting.value?.to_owned()))
    };
    Ok(decoded.delta.iter().filter_map(setting).collect())
}

/// The whole answer to a request that closes its connection.
fn get(server: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let server = match server.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => server.to_owned(),
        Some(_) | None => format!("{server}:80"),
    };
    let nobody = || std::io::Error::other("the name has no address");
    let address = server.to_socket_addrs()?.next().ok_or_else(nobody)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {server}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request, and gives the URL for it.
    fn phone(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/admin/cfg.xml", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /admin/cfg.xml HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        url
    }

    #[test]
    fn the_values_of_a_page_are_read() {
        let url = phone(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n\
             <flat-profile><GPP_A ua=\"na\">x</GPP_A><Resync_Periodic>60</Resync_Periodic></flat-profile>",
        );
        let values = read(&url, &Scope::default()).unwrap();
        assert_eq!(values["GPP_A"], "x");
        assert_eq!(values["Resync_Periodic"], "60");
    }

    #[test]
    fn what_is_no_page_is_told() {
        let scope = Scope::default();
        for (url, why) in [
            (
                phone("HTTP/1.1 401 Unauthorized\r\n\r\n"),
                "401 Unauthorized",
            ),
            (
                phone("HTTP/1.1 200 OK\r\n\r\nhello"),
                "no page of parameters",
            ),
            (phone(""), "the phone answers ``"),
            ("https://h/x".to_owned(), "write http://HOST/PATH"),
            ("http://u:p@h/x".to_owned(), "without a password"),
        ] {
            let Err(Halt::Broken(said)) = read(&url, &scope) else {
                panic!("{url} can be read");
            };
            assert!(said.contains(why), "{said}");
        }
    }
}
