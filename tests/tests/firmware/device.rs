//! A phone with slots, its boot loader, and loads for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use onhook_ed25519::SigningKey;
use onhook_tests::{Agent, Peer, until};
use onhook_upgrade::{Draft, DraftComponent, Hasher, Signature, signed};
use serde_json::Value;

/// What runs when the phone comes out of the factory.
pub(crate) const FACTORY: &str = "sip88xx.11-3-2MPP0001-609";
pub(crate) const ONE: &str = "sip88xx.12-0-1MPP0001-100";
pub(crate) const TWO: &str = "sip88xx.12-0-2MPP0001-7";
/// The size of a block.
pub(crate) const BLOCK: u32 = 4096;

/// A phone from the factory, which trusts one key.
pub(crate) struct Device {
    pub(crate) agent: Agent,
    pub(crate) key: SigningKey,
}

impl Device {
    /// `more` goes into `[firmware]` of its configuration, `params` into its flash.
    pub(crate) fn new(more: &str, params: &[(&str, &str)]) -> Self {
        let agent = Agent::new().unwrap();
        let (key, _) = SigningKey::generate().unwrap();
        fs::write(agent.place("keys.pem"), key.public().to_pem()).unwrap();
        fs::create_dir(agent.place("scratch")).unwrap();
        let at = |name: &str| agent.place(name).display().to_string();
        let text = format!(
            "[firmware]\nkeys = \"{}\"\nslot_a = \"{}\"\nslot_b = \"{}\"\ndir = \"{}\"\n{more}",
            at("keys.pem"),
            at("a.img"),
            at("b.img"),
            at("firmware")
        );
        agent.configure(&text).unwrap();
        let device = Self { agent, key };
        fs::write(device.agent.place("factory"), start(FACTORY)).unwrap();
        let rights = fs::Permissions::from_mode(0o755);
        fs::set_permissions(device.agent.place("factory"), rights).unwrap();
        for (name, value) in [("Resync_Random_Delay", "0"), ("Profile_Rule", "")]
            .iter()
            .chain(params)
        {
            let ended = device.agent.run(&["params", "set", name, value]).unwrap();
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        device
    }

    /// Power comes on: the boot loader starts what is to come up.
    pub(crate) fn power_on(&self) -> Peer {
        let run = self.agent.command(&["run", "--events", "-"]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_onhook-boot-loader"));
        for place in ["firmware", "a.img", "b.img", "scratch", "factory"] {
            command.arg(self.agent.place(place));
        }
        command
            .arg(run.get_program())
            .args(run.get_args())
            .env_clear()
            .envs(
                run.get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null());
        Peer::start(&mut command).unwrap()
    }

    /// The status once it is as wanted.
    #[track_caller]
    pub(crate) fn status(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(what, || {
            self.agent.status().ok().filter(|status| wanted(status))
        })
        .unwrap()
    }

    /// Waits until the load that runs is known to come up.
    #[track_caller]
    pub(crate) fn confirmed(&self) -> Value {
        self.status("the load is confirmed", |status| {
            status["upgrade"]["on_trial"] == false
        })
    }

    /// Asks for a load by its URL and gives `$UPGERR` of the attempt, which has to fail.
    #[track_caller]
    pub(crate) fn fails(&self, peer: &mut Peer, url: &str) -> String {
        let ended = self.agent.run(&["ctl", "upgrade", url]).unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        peer.line(|line| line.contains("\"upgrade.done\"")).unwrap();
        self.agent.status().unwrap()["upgrade"]["err"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Signs a draft with the key that the phone trusts.
    pub(crate) fn sign(&self, draft: &Draft) -> String {
        sign(&self.key, draft)
    }

    /// The file of a slot.
    pub(crate) fn slot(&self, name: &str) -> PathBuf {
        self.agent.place(&format!("{name}.img"))
    }
}

pub(crate) fn sign(key: &SigningKey, draft: &Draft) -> String {
    let message = draft.text().unwrap();
    let signature = Signature {
        key: key.public().id(),
        bytes: key.sign(message.as_bytes()),
    };
    signed(&message, &signature)
}

/// The program of a load: it says who it is, and becomes the agent.
pub(crate) fn start(name: &str) -> String {
    format!("#!/bin/sh\nONHOOK__DEVICE__SOFTWARE_VERSION={name} exec \"$@\"\n")
}

/// A file of some size that differs from load to load.
pub(crate) fn rootfs(name: &str, size: usize) -> Vec<u8> {
    let seed: usize = name.bytes().map(usize::from).sum();
    (0..size)
        .map(|n| (n / 3 + n * n % 239 + seed) as u8)
        .collect()
}

fn component(name: &str, bytes: &[u8], block_size: u32) -> DraftComponent {
    let mut hasher = Hasher::new(block_size);
    hasher.update(bytes);
    hasher.finish(name.to_owned())
}

/// A load with a program and another file.
pub(crate) fn draft(name: &str, start: &str, rootfs: &[u8]) -> Draft {
    draft_of_blocks(name, start, rootfs, BLOCK)
}

pub(crate) fn draft_of_blocks(name: &str, start: &str, rootfs: &[u8], block_size: u32) -> Draft {
    let (family, version) = name.split_once('.').unwrap();
    Draft {
        name: name.to_owned(),
        family: family.to_owned(),
        version: version.to_owned(),
        counter: 0,
        block_size,
        components: vec![
            component("start", start.as_bytes(), block_size),
            component("rootfs.img", rootfs, block_size),
        ],
    }
}
