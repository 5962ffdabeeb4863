//! `dhclient.leases` (dhclient.leases(5)): blocks of statements, of which the last one is in force.

use std::net::Ipv4Addr;

use onhook_discovery::Learned;

use super::{LeaseError, put};

/// One piece of a statement.
#[derive(Debug)]
enum Token<'t> {
    /// A run of characters without white space and signs.
    Word(&'t str),
    /// A text in quotes, its escapes resolved.
    Text(Vec<u8>),
    Comma,
    End,
    Open,
    Close,
}

/// Reads the last finished lease (of an interface).
pub(super) fn parse(text: &str, interface: Option<&str>) -> Result<Option<Learned>, LeaseError> {
    let mut tokens = Tokens {
        text,
        at: 0,
        line: 1,
    };
    let mut statement: Vec<Token<'_>> = Vec::new();
    let mut lease: Option<Block> = None;
    let mut depth = 0_u32;
    let mut last = None;
    while let Some(token) = tokens.next() {
        match token {
            Token::Open => {
                let begins = matches!(statement.as_slice(), [Token::Word("lease")]);
                if depth == 0 && begins {
                    lease = Some(Block::default());
                }
                depth = depth.saturating_add(1);
                statement.clear();
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                statement.clear();
                if depth == 0
                    && let Some(block) = lease.take()
                    && (interface.is_none() || block.interface.as_deref() == interface)
                {
                    last = Some(block.learned);
                }
            }
            Token::End => {
                if let (1, Some(block)) = (depth, &mut lease) {
                    let line = tokens.line;
                    block
                        .take(&statement)
                        .map_err(|why| LeaseError { line, why })?;
                }
                statement.clear();
            }
            token @ (Token::Word(_) | Token::Text(_) | Token::Comma) => statement.push(token),
        }
    }
    Ok(last)
}

/// A lease.
#[derive(Default)]
struct Block {
    interface: Option<String>,
    learned: Learned,
}

impl Block {
    fn take(&mut self, statement: &[Token<'_>]) -> Result<(), &'static str> {
        match statement {
            [Token::Word("interface"), Token::Text(name)] => {
                self.interface = Some(String::from_utf8_lossy(name).into_owned());
            }
            [Token::Word("fixed-address"), Token::Word(address)] => {
                let address = address.parse().map_err(|_| "its address is none")?;
                self.learned.address = Some(address);
            }
            [Token::Word("option"), Token::Word(name), value @ ..] => {
                if let Some(code) = number(name) {
                    put(&mut self.learned, code, octets(value)?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The number of an option: those that name servers by their name, others as `unknown-150` or `option-150`.
fn number(name: &str) -> Option<u16> {
    match name {
        "domain-name-servers" => Some(6),
        "domain-name" => Some(15),
        "tftp-server-name" => Some(66),
        "vendor-class-identifier" => Some(60),
        "vendor-encapsulated-options" => Some(43),
        "vivso" => Some(125),
        name => {
            let (_, number) = name
                .rsplit_once("unknown-")
                .or_else(|| name.rsplit_once("option-"))?;
            number.parse().ok()
        }
    }
}

/// Texts, addresses and octets joined by colons, with commas between them.
fn octets(value: &[Token<'_>]) -> Result<Vec<u8>, &'static str> {
    const WRONG: &str = "its value is no text, address or octets";
    let mut out = Vec::new();
    for token in value {
        match token {
            Token::Text(text) => out.extend(text),
            Token::Comma => {}
            Token::Word(word) => match word.parse::<Ipv4Addr>() {
                Ok(address) => out.extend(address.octets()),
                Err(_) => {
                    for digits in word.split(':') {
                        let octet = u8::from_str_radix(digits, 16).map_err(|_| WRONG)?;
                        out.push(octet);
                    }
                }
            },
            Token::End | Token::Open | Token::Close => return Err(WRONG),
        }
    }
    Ok(out)
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Tokens<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    /// The next token; `None` at the end, which may lie inside of a text.
    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let start = self.at;
            match self.step()? {
                b'#' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                b'{' => return Some(Token::Open),
                b'}' => return Some(Token::Close),
                b';' => return Some(Token::End),
                b',' => return Some(Token::Comma),
                b'"' => return self.quoted(),
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    let sign = |byte: u8| {
                        byte.is_ascii_whitespace()
                            || matches!(byte, b'{' | b'}' | b';' | b',' | b'"')
                    };
                    while self.peek().is_some_and(|byte| !sign(byte)) {
                        self.at += 1;
                    }
                    return Some(Token::Word(self.text.get(start..self.at)?));
                }
            }
        }
    }

    /// A text; `\"` and `\\` stand for themselves, `\ooo` for an octet.
    fn quoted(&mut self) -> Option<Token<'t>> {
        let mut text = Vec::new();
        loop {
            match self.step()? {
                b'"' => return Some(Token::Text(text)),
                b'\\' => {
                    let byte = self.step()?;
                    let octal = |byte: u8| char::from(byte).to_digit(8);
                    let Some(mut octet) = octal(byte) else {
                        text.push(byte);
                        continue;
                    };
                    for _ in 0..2 {
                        let Some(digit) = self.peek().and_then(octal) else {
                            break;
                        };
                        self.at += 1;
                        octet = octet * 8 + digit;
                    }
                    text.push((octet & 0xff) as u8);
                }
                byte => text.push(byte),
            }
        }
    }
}
