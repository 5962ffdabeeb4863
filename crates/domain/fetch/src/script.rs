//! What a file of proxy configuration (PAC) says.

/// The way to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// Without a proxy.
    Direct,
    /// Through the proxy at this host, without brackets, and port.
    Proxy(String, u16),
}

/// Evaluates `FindProxyForURL` of a file.
pub trait ProxyScript: Send + Sync + 'static {
    /// The way to a host for a URL; `None` if the file cannot be evaluated or names no way that HTTP can go.
    fn way(&self, file: &str, url: &str, host: &str) -> Option<Way>;
}

/// Evaluates only files whose function returns one constant, whatever it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConstantScript;

impl ProxyScript for ConstantScript {
    fn way(&self, file: &str, _url: &str, _host: &str) -> Option<Way> {
        //= R-PROXY-4
        let text = without_comments(file)?;
        let rest = text.trim().strip_prefix("function")?.trim_start();
        let rest = rest.strip_prefix("FindProxyForURL")?.trim_start();
        let (arguments, rest) = rest.strip_prefix('(')?.split_once(')')?;
        let is_name = |name: &str| {
            let name = name.trim();
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if !arguments.split(',').all(is_name) {
            return None;
        }
        let body = rest.trim_start().strip_prefix('{')?;
        let body = body.trim_end().strip_suffix('}')?.trim();
        let value = body.strip_prefix("return")?.trim_start();
        let value = value.strip_suffix(';').unwrap_or(value).trim_end();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        if inner.contains([quote, '\\', '\n']) {
            return None;
        }
        inner.split(';').find_map(way)
    }
}

/// The first entry that HTTP can go decides.
fn way(entry: &str) -> Option<Way> {
    let entry = entry.trim();
    if entry.eq_ignore_ascii_case("DIRECT") {
        return Some(Way::Direct);
    }
    let (kind, server) = entry.split_once(char::is_whitespace)?;
    if !["PROXY", "HTTP"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(kind))
    {
        return None;
    }
    let (host, port) = server.trim().rsplit_once(':')?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let host = bare.unwrap_or(host);
    (!host.is_empty()).then(|| Way::Proxy(host.to_owned(), port))
}

/// The text without comments; `None` if one does not end.
fn without_comments(file: &str) -> Option<String> {
    let mut out = String::with_capacity(file.len());
    let mut rest = file;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let next = match (quote, c) {
            (None, '/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            (None, '/') if rest.starts_with("/*") => rest.find("*/")? + 2,
            _ => {
                match (quote, c) {
                    (None, '"' | '\'') => quote = Some(c),
                    (Some(open), c) if open == c => quote = None,
                    _ => {}
                }
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(next..)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(file: &str) -> Option<Way> {
        ConstantScript.way(file, "http://h/x", "h")
    }

    fn proxy(host: &str, port: u16) -> Option<Way> {
        Some(Way::Proxy(host.to_owned(), port))
    }

    //= R-PROXY-4 type=test
    #[test]
    fn a_constant_is_understood_and_nothing_else() {
        let constant = |value: &str| {
            format!(
                "// made by hand\nfunction FindProxyForURL(url, host) {{ /* all */ return \"{value}\"; }}\n"
            )
        };
        for (value, found) in [
            ("DIRECT", Some(Way::Direct)),
            ("direct", Some(Way::Direct)),
            ("PROXY p.example:3128", proxy("p.example", 3128)),
            ("PROXY p:8080; DIRECT", proxy("p", 8080)),
            (
                "SOCKS s:1080; PROXY [2001:db8::1]:3128",
                proxy("2001:db8::1", 3128),
            ),
            ("HTTP p:80", proxy("p", 80)),
            ("SOCKS s:1080", None),
            ("PROXY p", None),
            ("PROXY p:0", None),
            ("PROXY p:70000", None),
            ("", None),
        ] {
            assert_eq!(way(&constant(value)), found, "{value}");
        }
        let one_line = "function FindProxyForURL(url,host){return 'PROXY p://x:1'}";
        assert_eq!(way(one_line), proxy("p://x", 1));
        for file in [
            "function FindProxyForURL(url, host) { if (isPlainHostName(host)) return \"DIRECT\"; return \"PROXY p:1\"; }",
            "function FindProxyForURL(url, host) { return \"PROXY p:1\" + host; }",
            "function FindProxyForURL(url, host) { return host; }",
            "var p = 1; function FindProxyForURL(url, host) { return \"DIRECT\"; }",
            "function other(url, host) { return \"DIRECT\"; }",
            "function FindProxyForURL(url, host) { return \"DIRECT\"; } /* no end",
            "<html>",
            "",
        ] {
            assert_eq!(way(file), None, "{file}");
        }
    }
}
