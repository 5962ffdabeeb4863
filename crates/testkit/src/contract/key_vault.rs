//! The obligations of [`KeyVault`].

use std::sync::Arc;

use onhook_crypto::port::{KeyVault, UnknownSecret};
use onhook_device::SecretRef;

use super::success;

/// A vault that secrets can be put into.
pub trait KeyVaultFixture {
    /// The vault under test.
    fn vault(&self) -> Arc<dyn KeyVault>;

    /// Puts a secret into the vault.
    fn put(&mut self, bytes: &[u8]) -> SecretRef;

    /// A handle that names nothing in the vault.
    fn unknown(&self) -> SecretRef;

    /// Everything that the vault prints about itself.
    fn printed(&self) -> String;
}

/// Checks a vault against every obligation of the port.
pub fn key_vault(fixture: &mut dyn KeyVaultFixture) {
    exactly_the_stored_bytes_are_lent_once(fixture);
    an_unknown_handle_is_an_error(fixture);
    nothing_printed_holds_a_secret(fixture);
}

fn exactly_the_stored_bytes_are_lent_once(fixture: &mut dyn KeyVaultFixture) {
    let secrets: [&[u8]; 4] = [b"first", b"", b"\x00\xff not text", b"second"];
    let handles = secrets.map(|bytes| fixture.put(bytes));
    let vault = fixture.vault();
    for (secret, expected) in handles.into_iter().zip(secrets) {
        let mut lent = Vec::new();
        let result = vault.with_secret(secret, &mut |bytes| lent.push(bytes.to_vec()));
        success("a known handle", result);
        assert_eq!(lent, [expected]);
    }
}

fn an_unknown_handle_is_an_error(fixture: &mut dyn KeyVaultFixture) {
    let unknown = fixture.unknown();
    let mut calls = 0;
    let result = fixture.vault().with_secret(unknown, &mut |_| calls += 1);
    assert_eq!(result, Err(UnknownSecret(unknown)));
    assert_eq!(calls, 0, "nothing is lent for an unknown handle");
}

fn nothing_printed_holds_a_secret(fixture: &mut dyn KeyVaultFixture) {
    let secret = fixture.put(b"canary-7f3a");
    let printed = fixture.printed();
    let bytes = format!("{:?}", b"canary-7f3a");
    assert!(
        !printed.contains("canary-7f3a") && !printed.contains(&bytes),
        "{printed}"
    );
    assert!(
        !format!("{secret:?}").contains("canary"),
        "the handle shows its secret"
    );
}
