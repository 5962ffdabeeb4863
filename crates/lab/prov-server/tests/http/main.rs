//! The server on loopback, with clients that write raw bytes.
#![cfg(test)]

mod common;
mod files;
mod protocol;
mod stopping;
mod syslog;
mod tftp;
mod tls;
