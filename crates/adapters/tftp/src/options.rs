//! Options: what is asked for, what is answered (RFC 2347, 2348, 2349, 7440).

use std::time::Duration;

use crate::packet::{Malformed, option_ack_header, string};

/// Smallest block size (RFC 2348).
pub(crate) const SMALLEST_BLOCK: u16 = 8;
/// Largest block size (RFC 2348).
pub(crate) const LARGEST_BLOCK: u16 = 65_464;
/// Block size without the option (RFC 1350).
pub(crate) const DEFAULT_BLOCK: u16 = 512;

/// The options of a packet: pairs of strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options<'p>(&'p [u8]);

impl<'p> Options<'p> {
    /// Checks that the bytes are pairs of strings, the name not empty.
    pub(crate) fn parse(bytes: &'p [u8]) -> Result<Self, Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (name, after) = string(rest).ok_or(Malformed::Strings)?;
            let (_, after) = string(after).ok_or(Malformed::Strings)?;
            if name.is_empty() {
                return Err(Malformed::Strings);
            }
            rest = after;
        }
        Ok(Self(bytes))
    }

    /// The pairs in their order.
    pub fn iter(self) -> impl Iterator<Item = (&'p [u8], &'p [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, after) = string(rest)?;
            let (value, after) = string(after)?;
            rest = after;
            Some((name, value))
        })
    }
}

/// The options that have a meaning here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    TransferSize,
    BlockSize,
    Timeout,
    WindowSize,
}

impl Known {
    const ALL: [(Self, &'static str); 4] = [
        (Self::TransferSize, "tsize"),
        (Self::BlockSize, "blksize"),
        (Self::Timeout, "timeout"),
        (Self::WindowSize, "windowsize"),
    ];

    //= R-TFTP-7
    fn of(name: &[u8]) -> Option<(Self, &'static str)> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| name.eq_ignore_ascii_case(known.as_bytes()))
    }
}

/// What a reader asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Largest block size, in bytes.
    pub block_size: u16,
    /// The server's wait before it repeats a packet, in seconds.
    pub timeout_s: u8,
    /// Largest window, in blocks; 1 is not asked for.
    pub window: u16,
}

impl Default for Offer {
    /// What a phone asks for when it fetches a profile.
    fn default() -> Self {
        //= R-TFTP-6
        Self {
            block_size: 1428,
            timeout_s: 2,
            window: 1,
        }
    }
}

impl Offer {
    /// What a phone asks for when it fetches firmware.
    #[must_use]
    pub const fn firmware() -> Self {
        //= R-TFTP-6
        Self {
            block_size: 1428,
            timeout_s: 2,
            window: 4,
        }
    }

    /// Appends the options to a request; `size` is that of a body to write, 0 for a file to read (RFC 2349).
    pub(crate) fn write(&self, size: u64, out: &mut Vec<u8>) {
        push(out, "tsize", size);
        push(out, "blksize", u64::from(self.block_size));
        push(out, "timeout", u64::from(self.timeout_s));
        if self.window > 1 {
            push(out, "windowsize", u64::from(self.window));
        }
    }

    /// What an OACK agrees to; `None` if it holds what was not asked for, twice the same, or a bad value.
    pub(crate) fn accept(&self, options: Options<'_>) -> Option<Agreed> {
        let mut agreed = Agreed::default();
        let mut seen = [false; Known::ALL.len()];
        for (name, value) in options.iter() {
            //= R-TFTP-7
            let (known, _) = Known::of(name)?;
            let seen = seen.get_mut(known as usize)?;
            if std::mem::replace(seen, true) {
                return None;
            }
            let value = decimal(value)?;
            match known {
                Known::TransferSize => agreed.size = Some(value),
                //= R-TFTP-10
                Known::BlockSize => {
                    agreed.block_size = within(value, SMALLEST_BLOCK, self.block_size)?;
                }
                //= R-TFTP-11
                Known::Timeout if value == u64::from(self.timeout_s) => {}
                Known::Timeout => return None,
                //= R-TFTP-12
                Known::WindowSize if self.window > 1 => {
                    agreed.window = within(value, 1, self.window)?;
                }
                Known::WindowSize => return None,
            }
        }
        Some(agreed)
    }
}

/// What both sides go by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed {
    /// Bytes of a block; a shorter one is the last.
    pub block_size: u16,
    /// Blocks sent before an acknowledgement is waited for.
    pub window: u16,
    /// Bytes of the file, if they were told.
    pub size: Option<u64>,
    /// The sender's first wait, if it was agreed on.
    pub timeout: Option<Duration>,
}

impl Default for Agreed {
    /// What holds without options.
    fn default() -> Self {
        //= R-TFTP-8
        Self {
            block_size: DEFAULT_BLOCK,
            window: 1,
            size: None,
            timeout: None,
        }
    }
}

/// What a server is willing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerOptions {
    /// Largest block size, in bytes.
    pub block_size: u16,
    /// Largest window, in blocks.
    pub window: u16,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            block_size: LARGEST_BLOCK,
            window: 64,
        }
    }
}

impl ServerOptions {
    /// Writes the OACK to the options of a request, in their order; `out` stays empty if none is understood.
    ///
    /// `size` is that of the file to read; `None` repeats what a writer says of the file to come (RFC 2349).
    /// An option with a value that it cannot have is passed over, as RFC 2347 allows.
    pub fn answer(&self, options: Options<'_>, size: Option<u64>, out: &mut Vec<u8>) -> Agreed {
        let mut agreed = Agreed::default();
        let mut seen = [false; Known::ALL.len()];
        out.clear();
        for (name, value) in options.iter() {
            let Some(((known, word), value)) = Known::of(name).zip(decimal(value)) else {
                continue;
            };
            let Some(seen) = seen.get_mut(known as usize).filter(|seen| !**seen) else {
                continue;
            };
            let answered = match known {
                Known::TransferSize => {
                    agreed.size = Some(size.unwrap_or(value));
                    agreed.size
                }
                Known::BlockSize => at_least(value, SMALLEST_BLOCK).map(|asked| {
                    agreed.block_size = asked.min(self.block_size);
                    u64::from(agreed.block_size)
                }),
                Known::Timeout => within(value, 1, 255).map(|seconds| {
                    agreed.timeout = Some(Duration::from_secs(u64::from(seconds)));
                    u64::from(seconds)
                }),
                Known::WindowSize => at_least(value, 1).map(|asked| {
                    agreed.window = asked.min(self.window);
                    u64::from(agreed.window)
                }),
            };
            let Some(answered) = answered else { continue };
            *seen = true;
            if out.is_empty() {
                option_ack_header(out);
            }
            push(out, word, answered);
        }
        agreed
    }
}

fn push(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.extend_from_slice(value.to_string().as_bytes());
    out.push(0);
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

fn within(value: u64, least: u16, most: u16) -> Option<u16> {
    u16::try_from(value)
        .ok()
        .filter(|value| (least..=most).contains(value))
}

/// A value above what fits counts as the largest that does.
fn at_least(value: u64, least: u16) -> Option<u16> {
    (value >= u64::from(least)).then(|| u16::try_from(value).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
