//! A server for phones.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::common::harness;

/// A server of a folder, ended when it is dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
}

impl Serving {
    pub(crate) fn start(root: &Path, extra: &[&str]) -> Self {
        let root = root.to_str().unwrap();
        let fixed = ["serve", "--json", "--http", "127.0.0.1:0", "--root", root];
        let mut child = harness(&[&fixed[..], extra].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let listening: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = listening["http"].as_str().unwrap().to_owned();
        // Nobody may stop reading what it says.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, address }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with a profile for each of so many phones.
pub(crate) fn site(phones: u32) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for index in 0..phones {
        let name = root.path().join(format!("000e08{index:06x}.xml"));
        std::fs::write(name, "<flat-profile><GPP_A>1</GPP_A></flat-profile>").unwrap();
    }
    root
}
