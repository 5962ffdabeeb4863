//! The obligations of [`CustomTrust`].

use std::sync::Arc;

use async_trait::async_trait;
use onhook_fetch::port::CustomTrust;

use super::success;

/// Trust with two authorities that it does not believe yet.
#[async_trait]
pub trait CustomTrustFixture: Send {
    /// What is under test; always the same.
    fn trust(&self) -> Arc<dyn CustomTrust>;

    /// The common name of authority 0 or 1.
    fn name(&self, authority: usize) -> String;

    /// Its certificate in DER.
    fn der(&self, authority: usize) -> Vec<u8>;

    /// The same in PEM.
    fn pem(&self, authority: usize) -> String;

    /// Whether a server that it has issued a certificate for is believed now.
    async fn believes(&mut self, authority: usize) -> bool;
}

/// Checks trust against every obligation of the port.
pub async fn custom_trust(fixture: &mut dyn CustomTrustFixture) {
    pem_and_der_are_read(fixture);
    anything_else_is_refused_as_a_whole(fixture);
    assert_eq!(
        believed(fixture).await,
        [false, false],
        "a file was only read"
    );
    exactly_what_was_read_is_believed(fixture).await;
    what_cannot_be_believed_changes_nothing(fixture).await;
}

async fn believed(fixture: &mut dyn CustomTrustFixture) -> [bool; 2] {
    [fixture.believes(0).await, fixture.believes(1).await]
}

fn pem_and_der_are_read(fixture: &dyn CustomTrustFixture) {
    let trust = fixture.trust();
    let [(a, pem_a), (b, pem_b)] = [0, 1].map(|n| (fixture.der(n), fixture.pem(n)));
    let both = format!("a comment\n{pem_a}\n{pem_b}");
    let print = |der: &[u8]| success("a certificate", trust.read(der)).fingerprint;
    assert_ne!(print(&a), print(&b), "two certificates look the same");
    for (file, first, der) in [
        (pem_a.as_bytes(), 0, vec![a.clone()]),
        (a.as_slice(), 0, vec![a.clone()]),
        (both.as_bytes(), 0, vec![a.clone(), b.clone()]),
        (pem_b.as_bytes(), 1, vec![b]),
    ] {
        let read = success("a file of certificates", trust.read(file));
        assert_eq!(read.der, der);
        assert_eq!(read.name, fixture.name(first));
        assert_eq!(Some(read.fingerprint), der.first().map(|der| print(der)));
    }
}

fn anything_else_is_refused_as_a_whole(fixture: &dyn CustomTrustFixture) {
    let trust = fixture.trust();
    let (der, pem) = (fixture.der(0), fixture.pem(0));
    let longer = [der.as_slice(), b"x"].concat();
    let two = [der.as_slice(), &fixture.der(1)].concat();
    let damaged = format!("{pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let shorter = der.get(..der.len() - 1).unwrap_or_default();
    for file in [
        b"".as_slice(),
        b"<html>no certificate</html>",
        &[0xff; 100],
        &longer,
        &two,
        shorter,
        damaged.as_bytes(),
    ] {
        let Err(error) = trust.read(file) else {
            panic!("{file:?} was read");
        };
        assert!(!error.to_string().is_empty());
    }
}

async fn exactly_what_was_read_is_believed(fixture: &mut dyn CustomTrustFixture) {
    let trust = fixture.trust();
    let (a, b) = (fixture.der(0), fixture.der(1));
    for (der, expected) in [
        (vec![a.clone()], [true, false]),
        (vec![b.clone()], [false, true]),
        (vec![a, b], [true, true]),
        (Vec::new(), [false, false]),
    ] {
        success("good certificates", trust.believe(&der));
        assert_eq!(believed(fixture).await, expected);
    }
}

async fn what_cannot_be_believed_changes_nothing(fixture: &mut dyn CustomTrustFixture) {
    let trust = fixture.trust();
    let der = fixture.der(0);
    success("a good certificate", trust.believe(&[der]));
    let bad = [fixture.der(1), b"no certificate".to_vec()];
    assert!(trust.believe(&bad).is_err());
    assert_eq!(believed(fixture).await, [true, false]);
}
