//! The function that fuzzing feeds, fed with chance.

use onhook_peer::fuzz::peer;
use onhook_schedule::{Purpose, draw};

#[test]
fn no_bytes_break_a_phone() {
    for seed in 0..400 {
        let bytes: Vec<u8> = (0..300)
            .flat_map(|n| draw(seed, Purpose::Sharing, n).to_be_bytes())
            .collect();
        peer(&bytes);
    }
}
