//! The page of a phone with its parameters.

use std::collections::BTreeMap;

use onhook_crypto::port::NoSecrets;
use onhook_params::Scope;
use onhook_profile::{DecodeSpec, decode};

use crate::dut::Halt;
use crate::dut::web::Sent;

/// The values that a page shows, by element name.
pub(super) fn read(url: &str, scope: &Scope) -> Result<BTreeMap<String, String>, Halt> {
    let broken = |why: String| Halt::Broken(format!("--cfg-url: {why}"));
    let (server, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.find('/').map(|at| rest.split_at(at)))
        .filter(|(server, _)| !server.contains('@'))
        .ok_or_else(|| broken("write http://HOST/PATH, without a password".to_owned()))?;
    let sent = Sent {
        target: path,
        ..Sent::default()
    };
    let heard = sent.to(server).map_err(|error| broken(error.to_string()))?;
    if heard.status() != Some(200) {
        let status = heard.first();
        return Err(broken(format!("the phone answers `{status}`")));
    }
    let spec = DecodeSpec {
        scope: *scope,
        ..DecodeSpec::default()
    };
    let decoded = decode(heard.body, &spec, &NoSecrets)
        .map_err(|error| broken(format!("this is no page of parameters: {error}")))?;
    let setting = |setting: onhook_params::Setting<'_>| {
        Some((setting.id.name().to_string(), setting.value?.to_owned()))
    };
    Ok(decoded.delta.iter().filter_map(setting).collect())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
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
