//! The slots of the program, the loads that its server has for them, and the boot loader that brings them up.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use onhook_ed25519::{SigningKey, TrustedKeys};
use onhook_slots::{BootLoader, Places, Slots};
use onhook_upgrade::port::FirmwareSlots as _;
use onhook_upgrade::{Draft, Hasher, Load, Signature, Slot, load_name, signed};
use tokio::runtime::Builder;

use super::process::quoted;
use crate::dut::Halt;
use crate::language::{Content, Given, LoadSpec};

/// Bytes of a block.
const BLOCK: u32 = 4096;

/// A load as a server has it.
pub(super) struct Made {
    /// The manifest.
    pub(super) manifest: String,
    /// Where its one component is.
    pub(super) component: String,
}

/// Two slots in files, and what is told of them.
pub(super) struct Firmware {
    places: Places,
    loader: BootLoader,
    /// Whether a load that is on trial comes up.
    boots: bool,
    /// Whom the phone trusts, and somebody else.
    keys: [SigningKey; 2],
    /// The load that the phone comes with.
    factory: String,
    /// Paths of components.
    components: BTreeSet<String>,
}

fn broken(error: impl Display) -> Halt {
    Halt::Broken(format!("the slots of the phone: {error}"))
}

impl Firmware {
    /// Slots in a folder; `None` for a phone without.
    pub(super) fn new(given: &Given, home: &Path) -> Result<Option<Self>, Halt> {
        let Some(slots) = &given.slots else {
            return Ok(None);
        };
        let places = Places {
            folder: home.join("firmware"),
            a: home.join("a.img"),
            b: home.join("b.img"),
            capacity: None,
        };
        let key = || SigningKey::generate().map(|(key, _)| key).map_err(broken);
        let firmware = Self {
            loader: BootLoader::open(places.clone()).map_err(broken)?,
            places,
            boots: slots.boots,
            keys: [key()?, key()?],
            factory: given.identity.software_version.clone(),
            components: BTreeSet::new(),
        };
        let [trusted, _] = &firmware.keys;
        fs::write(home.join("keys.pem"), trusted.public().to_pem()).map_err(broken)?;
        if let Some(other) = &slots.other {
            firmware.fill(other)?;
        }
        Ok(Some(firmware))
    }

    /// Puts a load into the slot that does not run, as an upgrade before would have.
    fn fill(&self, name: &str) -> Result<(), Halt> {
        let text = "a load that is there";
        let manifest = self.sign(name, &LoadSpec::default(), ("there.img", text))?;
        let [trusted, _] = &self.keys;
        let keys = TrustedKeys::new([trusted.public()]);
        let load = Arc::new(Load::trusted(manifest.as_bytes(), &keys).map_err(broken)?);
        let runtime = Builder::new_current_thread().build().map_err(broken)?;
        let slots = Slots::open(self.places.clone(), None, None).map_err(broken)?;
        let written = runtime.block_on(async {
            slots.begin(&load).await?;
            slots.write(0, text.as_bytes().to_vec()).await?;
            slots.finish().await
        });
        written.map_err(broken)
    }

    /// The load that a file of the scenario stands for; `None` for a file that is none.
    pub(super) fn made(&mut self, path: &str, content: &Content) -> Result<Option<Made>, Halt> {
        let usual = LoadSpec::default();
        let spec = match &content.load {
            Some(spec) => spec,
            None if path.ends_with(".loads") => &usual,
            None => return Ok(None),
        };
        let name = load_name(path);
        let file = format!("{name}.img");
        let manifest = self.sign(name, spec, (&file, &content.text))?;
        let folder = path.rfind('/').and_then(|slash| path.get(..=slash));
        let component = format!("{}{file}", folder.unwrap_or("/"));
        self.components.insert(component.clone());
        Ok(Some(Made {
            manifest,
            component,
        }))
    }

    /// The manifest of a load with one component.
    fn sign(
        &self,
        name: &str,
        spec: &LoadSpec,
        (file, text): (&str, &str),
    ) -> Result<String, Halt> {
        let name = spec.name.as_deref().unwrap_or(name);
        let (family, version) = name.split_once('.').unwrap_or((name, "0"));
        let mut hasher = Hasher::new(BLOCK);
        hasher.update(text.as_bytes());
        let draft = Draft {
            name: name.to_owned(),
            family: spec.family.as_deref().unwrap_or(family).to_owned(),
            version: version.to_owned(),
            counter: spec.counter,
            block_size: BLOCK,
            components: vec![hasher.finish(file.to_owned())],
        };
        let message = draft.text().map_err(broken)?;
        let [trusted, stranger] = &self.keys;
        let key = if spec.stranger { stranger } else { trusted };
        let signature = Signature {
            key: key.public().id(),
            bytes: key.sign(message.as_bytes()),
        };
        Ok(signed(&message, &signature))
    }

    /// Whether a path is that of a component, whose requests belong to those of its load.
    pub(super) fn is_component(&self, path: &str) -> bool {
        self.components.contains(path)
    }

    /// Counts a boot, and gives the name of the load that comes up in it.
    pub(super) fn boot(&self) -> Result<String, Halt> {
        let mut start = self.loader.next().map_err(broken)?;
        while !self.boots && start.slot != Slot::A {
            // It has come up, and ended before it did anything.
            start = self.loader.next().map_err(broken)?;
        }
        Ok(start
            .load
            .map_or_else(|| self.factory.clone(), |load| load.name))
    }

    /// What the configuration says of them. The phone shares with nobody: its ports are its own.
    pub(super) fn config(&self, home: &Path) -> Result<String, Halt> {
        let Places { folder, a, b, .. } = &self.places;
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(broken)?;
        let blocks = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(broken)?;
        let udp = datagrams.local_addr().map_err(broken)?.port();
        let tcp = blocks.local_addr().map_err(broken)?.port();
        let mut text = "[firmware]\n".to_owned();
        for (key, path) in [
            ("keys", &home.join("keys.pem")),
            ("slot_a", a),
            ("slot_b", b),
            ("dir", folder),
        ] {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{key} = {}", quoted(&path.display()));
        }
        let _ = writeln!(
            text,
            "[peer_sharing]\naddress = \"127.0.0.1\"\npeers = \"127.0.0.1\"\nudp_port = {udp}\ntcp_ports = \"{tcp}\""
        );
        Ok(text)
    }
}
