//! What the end-to-end tests share: the programs, the tools, and the other ends of the wire.
//!
//! An [`Agent`] runs the real `onhook-agent` on a state directory of its own. A [`Site`] is a web server that can
//! misbehave on purpose, a [`Relay`] a stretch of network that does, a [`Lab`] the server of the lab, a [`Sink`] takes
//! syslog messages, [`strace`] tells what a program did to its files, and [`tool`] finds foreign programs or says that
//! a test is skipped. A [`Peer`] is any child process; it is killed by its id when it is dropped, and every wait for
//! it has an end. A [`network::Network`] is one of their own for a phone and its DHCP server.
//!
//! Deliberately unknown here: what the programs should do (the tests say that), and everything inside them. Only the
//! helper programs `onhook-kill-victim` and `onhook-boot-loader` are wired from the crates of the workspace.

mod agent;
mod authority;
mod content;
mod crypt;
mod lab;
pub mod network;
mod peer;
mod programs;
mod relay;
mod schema;
mod sink;
mod site;
mod strace;
pub mod tftp_site;
mod tools;

pub use agent::{Agent, Files, files, replay};
pub use authority::{Authority, EC};
pub use content::{Content, lettered, profile};
pub use crypt::{Digest, WRONG_KEY, encrypt, gzip};
pub use lab::{Lab, fleet, try_out};
pub use peer::{DEADLINE, Ended, Peer, signal, until, until_within};
pub use programs::program;
pub use relay::{After, Harm, Relay};
pub use schema::violations;
pub use sink::{Datagram, Sink};
pub use site::{Asked, Reply, Site};
pub use strace::{Strace, Touched, strace};
pub use tools::{skip, tool};
