//! A phone that is killed again and again while it upgrades itself from one load to the other: it comes up each time.

use std::fs;
use std::time::Duration;

use onhook_tests::{Lab, Peer};
use onhook_upgrade::{BootRecord, Held};

use crate::device::{Device, ONE, TWO, draft, rootfs, start};

const THREE: &str = "sip88xx.12-0-3MPP0001-1";
const LOADS: [&str; 3] = [ONE, TWO, THREE];

/// How often it is killed; `ONHOOK_KILLS` asks for more.
fn kills() -> u32 {
    std::env::var("ONHOOK_KILLS").map_or(25, |text| text.parse().unwrap())
}

/// A number below `below`, from a small generator (splitmix64).
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

/// Which load came up, if it says so in this time.
fn comes_up(peer: &mut Peer, within: Duration) -> Option<String> {
    peer.line_within(within, |line| line.starts_with("boot "))
        .ok()
}

//= R-FW-8 type=test
//= R-FW-9 type=test
#[test]
fn a_phone_that_is_killed_at_any_moment_comes_up() {
    let lab = Lab::start(&[]).unwrap();
    let url = |name: &str| lab.url("http", &format!("{name}/{name}.loads")).unwrap();
    // For ever from one to the next, none of which is in the other slot. Another text lets what was given up be tried again.
    let rule = |round: u32| {
        format!(
            "($SWVER eq {ONE})? {}?{round} | ($SWVER eq {TWO})? {} | ($SWVER ne {ONE})? {}",
            url(TWO),
            url(THREE),
            url(ONE)
        )
    };
    // It does not look for peers first, which takes longer than it lives here.
    let params = [
        ("Upgrade_Error_Retry_Delay", "1"),
        ("Peer_Firmware_Sharing", "No"),
    ];
    let device = Device::new("", &params);
    let size = 2 << 20;
    for name in LOADS {
        fs::create_dir(lab.place("www").join(name)).unwrap();
        let rootfs = rootfs(name, size);
        let manifest = device.sign(&draft(name, &start(name), &rootfs));
        lab.put(&format!("{name}/{name}.loads"), manifest).unwrap();
        lab.put(&format!("{name}/start"), start(name)).unwrap();
        lab.put(&format!("{name}/rootfs.img"), rootfs).unwrap();
    }
    let (mut chance, mut killed, mut ended, mut loads) = (1, 0, 0, [0_u32; 4]);
    let new = |loads: &[u32; 4]| loads[1] + loads[2] + loads[3];
    // A slow machine gets less far between two kills.
    while killed < kills() || (new(&loads) == 0 && killed < 20 * kills()) {
        let set = device
            .agent
            .run(&["params", "set", "Upgrade_Rule", &rule(killed + ended)])
            .unwrap();
        assert_eq!(set.code, Some(0), "{set:?}");
        let mut peer = device.power_on();
        let boot = comes_up(&mut peer, Duration::from_secs(30));
        let boot = boot.unwrap_or_else(|| panic!("it does not come up after {killed} kills"));
        let names = ["factory", ONE, TWO, THREE];
        let which = names.iter().position(|name| boot.ends_with(name)).unwrap();
        loads[which] += 1;
        // The image itself has started: its program answers.
        peer.line(|line| line.contains("\"event\"")).unwrap();
        let moment = Duration::from_millis(draw(&mut chance, 150));
        // Nobody says anything like this: only the time passes, or the phone ends for another load.
        let _ = peer.line_within(moment, |line| line == "never");
        if peer.has_ended().unwrap() {
            ended += 1;
        } else {
            peer.kill().unwrap();
            killed += 1;
        }
        let record = fs::read(device.agent.place("firmware/boot")).unwrap_or_default();
        if let Ok(record) = BootRecord::decode(&record) {
            let good = record.held(record.good);
            assert!(
                matches!(good, Held::Whole(_)) || boot.ends_with("factory") || loads[0] > 0,
                "{record:?}"
            );
        }
    }
    println!(
        "killed {killed} times, ended {ended} times; {loads:?} boots of the factory's load and of each other one"
    );
    assert!(new(&loads) > 0, "nothing was ever upgraded: {loads:?}");
    let more = kills() > 100;
    assert!(!more || loads.iter().all(|count| *count > 0), "{loads:?}");
}
