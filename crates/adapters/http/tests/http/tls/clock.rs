//! Dates of certificates, with a clock and without.

use std::sync::{Arc, Mutex};

use onhook_device::TlsFailure;
use onhook_fetch::{ErrorKind, FetchError};
use onhook_http::{NameCheck, Tls, TrustTime, TrustedTime};

use super::{Authority, Leaf, NOW, Secure, ask, fails, get, hello};

const CHAIN: ErrorKind = ErrorKind::Tls(TlsFailure::Chain);

/// A clock that notes what was accepted without one.
struct Noting {
    time: TrustTime,
    accepted: Mutex<Vec<String>>,
}

impl TrustedTime for Noting {
    fn now(&self) -> TrustTime {
        self.time
    }

    fn accepted_with_unset_clock(&self, server: &str) {
        self.accepted.lock().unwrap().push(server.to_owned());
    }
}

/// The result, and how often a certificate was accepted with an unset clock.
async fn visit(
    secure: Secure,
    root: &Authority,
    time: TrustTime,
) -> (Result<(), FetchError>, usize) {
    let server = secure.serve(hello()).await;
    let clock = Arc::new(Noting {
        time,
        accepted: Mutex::default(),
    });
    let phone = Tls::new(root.anchors(), NameCheck::UrlHost, clock.clone()).unwrap();
    let result = get(&Arc::new(phone), &ask(&server, "prov.test")).await;
    let accepted = clock.accepted.lock().unwrap().clone();
    for noted in &accepted {
        assert_eq!(*noted, format!("prov.test:{}", server.address.port()));
    }
    (result.map(drop), accepted.len())
}

fn valid(years: (i32, i32)) -> (Authority, Secure) {
    let root = Authority::new("root");
    let leaf = Leaf {
        years,
        ..Leaf::server(&["prov.test"])
    };
    let secure = Secure::new(&root, &leaf);
    (root, secure)
}

//= R-TLS-7 type=test
#[tokio::test]
async fn with_a_clock_both_dates_count() {
    let (root, secure) = valid((2020, 2026));
    let (result, noted) = visit(secure, &root, TrustTime::Known(NOW)).await;
    fails(
        result,
        CHAIN,
        &[
            "expired at 2026-01-01 00:00:00 UTC",
            "for the phone it is 2026-05-28",
            "renew",
        ],
    );
    assert_eq!(noted, 0);
    let (root, secure) = valid((2027, 2030));
    let (result, _) = visit(secure, &root, TrustTime::Known(NOW)).await;
    fails(
        result,
        CHAIN,
        &["valid from 2027-01-01 00:00:00 UTC on", "check the clocks"],
    );
    let (root, secure) = valid((2026, 2027));
    let (result, noted) = visit(secure, &root, TrustTime::Known(NOW)).await;
    result.unwrap();
    assert_eq!(noted, 0);
}

//= R-TLS-7 type=test
//= V-114 type=test
#[tokio::test]
async fn without_a_clock_a_certificate_of_the_future_is_accepted_and_noted() {
    for years in [(2026, 2027), (2027, 2028)] {
        let (root, secure) = valid(years);
        let (result, noted) = visit(secure, &root, TrustTime::Floor(NOW)).await;
        result.unwrap();
        assert_eq!(noted, 1);
    }
    // The certificate above begins later than the one below, and both after the floor.
    let root = Authority::new("root");
    let middle = root.below("middle", (2028, 2040));
    let leaf = Leaf {
        years: (2027, 2030),
        ..Leaf::server(&["prov.test"])
    };
    let secure = Secure::with(middle.issue(&leaf).with(&middle));
    let (result, noted) = visit(secure, &root, TrustTime::Floor(NOW)).await;
    result.unwrap();
    assert_eq!(noted, 1);
}

//= R-TLS-7 type=test
#[tokio::test]
async fn without_a_clock_a_certificate_that_ended_before_the_floor_is_refused() {
    let (root, secure) = valid((2020, 2026));
    let (result, noted) = visit(secure, &root, TrustTime::Floor(NOW)).await;
    fails(result, CHAIN, &["expired at 2026-01-01"]);
    assert_eq!(noted, 0);
    // At no moment were both valid.
    let root = Authority::new("root");
    let middle = root.below("middle", (2031, 2040));
    let leaf = Leaf::server(&["prov.test"]);
    let secure = Secure::with(middle.issue(&leaf).with(&middle));
    let (result, noted) = visit(secure, &root, TrustTime::Floor(NOW)).await;
    fails(result, CHAIN, &[]);
    assert_eq!(noted, 0);
}
