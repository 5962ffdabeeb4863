//! The bounds of a transfer.

use std::time::Duration;

/// Bounds that hold for every transfer, besides those of its request (R-HTTP-16, R-HTTP-17).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest wait for a connection to one address.
    pub connect: Duration,
    /// Longest wait for the end of a TLS handshake.
    pub handshake: Duration,
    /// Longest time without a byte in either direction.
    pub idle: Duration,
    /// Largest status line and header block of an answer, in bytes.
    pub header_block: usize,
    /// Longest line of a header block, in bytes.
    pub header_line: usize,
    /// Redirects followed in one transfer.
    pub redirects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            //= R-HTTP-17
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            //= R-HTTP-16
            header_block: 16 * 1024,
            header_line: 8 * 1024,
            //= R-HTTP-5
            redirects: 5,
        }
    }
}
