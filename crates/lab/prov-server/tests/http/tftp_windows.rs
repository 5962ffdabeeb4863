//! Long files in windows, which the server sends in runs and the transport takes in pieces.

use std::net::SocketAddr;
use std::sync::Arc;

use onhook_fetch::Scheme;
use onhook_fetch::port::Fetch as _;
use onhook_testkit::fake::{FakeResolver, RecordingSink};
use onhook_tftp::{LocalPorts, Offer, TftpFetch};

use crate::common::{Lab, request};

async fn lab(fault: Option<&str>) -> Lab {
    let lab = Lab::with(|_, config| {
        config.http = None;
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.faults = fault.iter().map(|fault| fault.parse().unwrap()).collect();
        config.seed = 3;
    })
    .await;
    lab.write("a", file());
    lab
}

/// Not a multiple of any block size, and longer than any run.
fn file() -> Vec<u8> {
    (0..700_001_u32).map(|n| (n * 31 % 251) as u8).collect()
}

async fn get(lab: &Lab, block_size: u16, window: u16) -> Vec<u8> {
    let mut sink = RecordingSink::default();
    let request = request(Scheme::Tftp, lab.address().port(), "/a");
    let offer = Offer {
        block_size,
        window,
        ..Offer::default()
    };
    let resolver = Arc::new(FakeResolver::new());
    let fetch = TftpFetch::with_offer(resolver, LocalPorts::ephemeral(), offer);
    fetch.get(&request, &mut sink).await.unwrap();
    sink.body
}

//= R-TFTP-12 type=test
#[tokio::test]
async fn a_long_file_arrives_as_it_is_whatever_the_blocks_and_windows() {
    let lab = lab(None).await;
    // Runs that end in the middle of a window, blocks longer than the packets of a network, and a whole datagram for a block.
    for block_size in [512, 1428, 8192, 65_464] {
        for window in [1, 2, 4, 16, 64] {
            let body = get(&lab, block_size, window).await;
            assert!(body == file(), "{block_size} {window}");
        }
    }
}

//= R-TFTP-12 type=test
//= R-TFTP-13 type=test
#[tokio::test]
async fn packets_that_come_twice_or_late_change_nothing_in_a_window() {
    for fault in ["duplicate=10%", "reorder=2%"] {
        let lab = lab(Some(fault)).await;
        for window in [4, 16] {
            assert!(get(&lab, 1428, window).await == file(), "{fault} {window}");
        }
    }
}
