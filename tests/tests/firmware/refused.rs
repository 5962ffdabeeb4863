//! Loads that are not what they should be: each is named by its `$UPGERR`, and nothing else changes.

use std::fmt::Write as _;
use std::fs;

use onhook_ed25519::SigningKey;
use onhook_tests::{Peer, Reply, Site};
use onhook_upgrade::{Draft, MANIFEST_LIMIT, Signature, signed};

use crate::device::{BLOCK, Device, ONE, TWO, draft, rootfs, sign, start};

const SIZE: usize = 5 * BLOCK as usize + 100;

/// A phone that runs, and its server with a good load.
struct Lab {
    device: Device,
    site: Site,
    peer: Peer,
    rootfs: Vec<u8>,
}

impl Lab {
    fn new(more: &str) -> Self {
        let limit = ("Downgrade_Rev_Limit", "sip88xx.11-0-1MPP0001-1");
        let device = Device::new(more, &[limit]);
        let site = Site::start().unwrap();
        let mut peer = device.power_on();
        peer.line(|line| line.contains("\"event\"")).unwrap();
        device.status("the phone is up", |status| status["state"] != "off");
        let lab = Self {
            device,
            site,
            peer,
            rootfs: rootfs(ONE, SIZE),
        };
        lab.restore();
        lab
    }

    /// Puts the good load there.
    fn restore(&self) {
        let draft = self.draft();
        self.put("", self.device.sign(&draft).as_bytes());
        self.site
            .put("/fw/start", Reply::Body(start(ONE).into_bytes()));
        self.component(&self.rootfs);
    }

    /// Asks for a load that is good.
    fn takes(&mut self, name: &str) {
        let url = self.site.url(&format!("/fw/{name}.loads"));
        self.device.agent.run(&["ctl", "upgrade", &url]).unwrap();
        let done = self
            .peer
            .line(|line| line.contains("\"upgrade.done\""))
            .unwrap();
        assert!(done.contains("A.upgraded"), "{done}");
    }

    fn draft(&self) -> Draft {
        draft(ONE, &start(ONE), &self.rootfs)
    }

    /// Puts a manifest under a name, that of the load if it is empty.
    fn put(&self, name: &str, text: &[u8]) {
        let name = if name.is_empty() { ONE } else { name };
        self.site
            .put(&format!("/fw/{name}.loads"), Reply::Body(text.to_vec()));
    }

    fn component(&self, bytes: &[u8]) {
        self.site.put("/fw/rootfs.img", Reply::Body(bytes.to_vec()));
    }

    #[track_caller]
    fn fails(&mut self, name: &str, err: &str) {
        let name = if name.is_empty() { ONE } else { name };
        let url = self.site.url(&format!("/fw/{name}.loads"));
        let found = self.device.fails(&mut self.peer, &url);
        assert_eq!(found, err);
        let status = self.device.agent.status().unwrap();
        let [a, b] = [&status["slots"][0], &status["slots"][1]];
        assert_eq!((&a["running"], &a["good"]), (&true.into(), &true.into()));
        assert_ne!(b["state"], "whole");
    }
}

//= R-FW-7 type=test
//= R-FW-8 type=test
//= R-FW-11 type=test
//= R-FW-10 type=test
#[test]
fn manifests_that_nobody_trusted_has_signed_for_this_phone_are_refused() {
    let mut lab = Lab::new("");
    let (stranger, _) = SigningKey::generate().unwrap();
    lab.put("", sign(&stranger, &lab.draft()).as_bytes());
    lab.fails("", "signature invalid");
    let good = lab.device.sign(&lab.draft());
    lab.put("", good.replace("counter 0", "counter 1").as_bytes());
    lab.fails("", "signature invalid");
    lab.put("", &good.as_bytes()[..good.len() - 1]);
    lab.fails("", "signature invalid");
    lab.put("", b"<html>please log in</html>");
    lab.fails("", "signature invalid");
    lab.put("", lab.draft().text().unwrap().as_bytes());
    lab.fails("", "signature invalid");
    lab.put(TWO, good.as_bytes());
    lab.fails(TWO, "signature invalid");
    let limit = usize::try_from(MANIFEST_LIMIT).unwrap();
    lab.put("", &vec![b'\n'; limit + 1]);
    lab.fails("", "file too large");

    let own = |family: &str, version: &str| {
        let draft = Draft {
            name: "lab".to_owned(),
            family: family.to_owned(),
            version: version.to_owned(),
            ..lab.draft()
        };
        lab.device.sign(&draft)
    };
    let (other, old) = (
        own("sip78xx", "12-0-1MPP0001-100"),
        own("sip88xx", "10-9-9MPP0001-1"),
    );
    lab.put("lab", other.as_bytes());
    lab.fails("lab", "wrong model");
    lab.put("lab", old.as_bytes());
    lab.fails("lab", "version below limit");
    let asked = lab.site.asked();
    assert!(
        asked.iter().all(|asked| asked.path.ends_with(".loads")),
        "{asked:?}"
    );
    assert!(!lab.device.slot("b").exists(), "nothing was written");
}

//= R-FW-7 type=test
#[test]
fn names_that_lead_elsewhere_are_never_asked_for() {
    let mut lab = Lab::new("");
    let good = lab.draft().text().unwrap();
    for name in [
        "../other",
        "..",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "a%2fb",
        "http://x",
    ] {
        let message = good.replace("rootfs.img", name);
        let signature = Signature {
            key: lab.device.key.public().id(),
            bytes: lab.device.key.sign(message.as_bytes()),
        };
        lab.put("", signed(&message, &signature).as_bytes());
        lab.fails("", "signature invalid");
    }
    assert!(
        lab.site
            .asked()
            .iter()
            .all(|asked| asked.path.ends_with(".loads"))
    );
}

//= R-FW-8 type=test
//= R-FW-15 type=test
#[test]
fn components_that_are_not_what_was_signed_are_refused() {
    let mut lab = Lab::new("");
    for at in [0, BLOCK as usize, SIZE - 1] {
        let mut wrong = lab.rootfs.clone();
        wrong[at] ^= 1;
        lab.component(&wrong);
        lab.fails("", "signature invalid");
    }
    lab.component(&lab.rootfs[..SIZE - 1]);
    lab.fails("", "http_get failed");
    lab.component(&[lab.rootfs.as_slice(), b"x"].concat());
    lab.fails("", "file too large");
    lab.site.put("/fw/rootfs.img", Reply::Status(404, ""));
    lab.fails("", "file not found");
    lab.site.put("/fw/rootfs.img", Reply::Status(503, ""));
    lab.fails("", "http status 503");
    let mut log = String::new();
    for asked in lab.site.asked() {
        let _ = writeln!(log, "{}", asked.path);
    }
    assert!(log.contains("/fw/rootfs.img"), "{log}");
    // In the end the good load comes, and is taken.
    lab.restore();
    lab.takes(ONE);
}

//= R-FW-8 type=test
#[test]
fn a_load_that_has_no_room_is_refused_before_anything_is_written() {
    let mut lab = Lab::new("capacity = 20480\n");
    lab.fails("", "flash error");
    assert!(!lab.device.slot("b").exists(), "nothing was written");
    let small = draft(ONE, &start(ONE), b"x");
    lab.put("", lab.device.sign(&small).as_bytes());
    lab.component(b"x");
    lab.takes(ONE);
}

//= R-FW-10 type=test
#[test]
fn no_load_with_a_lower_counter_than_a_confirmed_one_is_taken() {
    let mut lab = Lab::new("");
    let with = |name: &str, counter| Draft {
        counter,
        ..draft(name, &start(name), b"x")
    };
    lab.put("", lab.device.sign(&with(ONE, 3)).as_bytes());
    lab.component(b"x");
    lab.takes(ONE);
    lab.peer = {
        let old = std::mem::replace(&mut lab.peer, lab.device.power_on());
        old.end().unwrap();
        lab.device.power_on()
    };
    lab.peer.line(|line| line.contains("\"event\"")).unwrap();
    let status = lab.device.confirmed();
    assert_eq!(status["upgrade"]["floor"], 3);
    for (counter, err) in [(2, "version below limit"), (3, TWO)] {
        lab.put(TWO, lab.device.sign(&with(TWO, counter)).as_bytes());
        lab.site
            .put("/fw/start", Reply::Body(start(TWO).into_bytes()));
        if counter == 2 {
            assert_eq!(
                lab.device
                    .fails(&mut lab.peer, &lab.site.url(&format!("/fw/{TWO}.loads"))),
                err
            );
        } else {
            lab.takes(TWO);
        }
    }
}

/// What is configured has to be usable.
#[test]
fn a_configuration_without_keys_or_slots_is_refused_with_words() {
    let device = Device::new("", &[]);
    let text = fs::read_to_string(device.agent.place("agent.toml")).unwrap();
    for (from, to, why) in [
        ("keys = ", "hook = ", "firmware.keys is missing"),
        ("slot_b = ", "hook = ", "firmware.slot_b is missing"),
        ("b.img", "a.img", "would be written over"),
        ("keys.pem", "none.pem", "cannot be read"),
        ("keys.pem", "factory", "no public key"),
    ] {
        device.agent.configure(&text.replace(from, to)).unwrap();
        let ended = device.agent.run(&["run"]).unwrap();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(why), "{}", ended.err);
        assert!(ended.err.contains("firmware"), "{}", ended.err);
    }
}

#[test]
fn a_phone_whose_boot_record_is_damaged_comes_up_and_upgrades_nothing() {
    for more in ["", "running = \"a\"\n"] {
        let device = Device::new(more, &[]);
        fs::create_dir(device.agent.place("firmware")).unwrap();
        fs::write(device.agent.place("firmware/boot"), "no record").unwrap();
        let mut peer = device.agent.boot().unwrap();
        let ended = device
            .agent
            .run(&["ctl", "upgrade", "http://h/x.loads"])
            .unwrap();
        assert!(ended.err.contains("no slots for firmware"), "{ended:?}");
        assert_eq!(
            device.agent.status().unwrap()["slots"],
            serde_json::json!([])
        );
        assert!(!peer.has_ended().unwrap());
        let ended = peer.kill().unwrap();
        assert!(
            ended.err.contains("the boot record is damaged"),
            "{ended:?}"
        );
    }
}
