//! The server on loopback, with clients that write raw bytes.
#![cfg(test)]

mod common;
mod faults;
mod files;
mod parts;
mod protocol;
mod stopping;
mod syslog;
mod tftp;
mod tftp_faults;
mod tftp_uploads;
mod tftp_windows;
mod tls;
mod tls_faults;
