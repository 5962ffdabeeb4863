//! The vault of a task passes the contract suite.
#![cfg(test)]

use std::sync::Arc;

use onhook_crypto::port::KeyVault;
use onhook_device::{Secret, SecretRef};
use onhook_driver::TaskVault;
use onhook_testkit::contract::{self, KeyVaultFixture};

/// Fills a new vault for each question, as each task gets its own.
#[derive(Default)]
struct Tasks(Vec<Vec<u8>>);

impl Tasks {
    fn fill(&self) -> TaskVault {
        let mut vault = TaskVault::default();
        for (number, bytes) in (1..).zip(&self.0) {
            vault.insert(SecretRef(number), Secret::new(bytes.clone()));
        }
        vault
    }
}

impl KeyVaultFixture for Tasks {
    fn vault(&self) -> Arc<dyn KeyVault> {
        Arc::new(self.fill())
    }

    fn put(&mut self, bytes: &[u8]) -> SecretRef {
        self.0.push(bytes.to_vec());
        SecretRef(u32::try_from(self.0.len()).unwrap())
    }

    fn unknown(&self) -> SecretRef {
        SecretRef(0)
    }

    fn printed(&self) -> String {
        format!("{:?}", self.fill())
    }
}

#[test]
fn the_vault_of_a_task_keeps_the_contract() {
    contract::key_vault(&mut Tasks::default());
}

#[test]
fn a_secret_put_under_a_handle_again_replaces_the_first() {
    let mut vault = TaskVault::default();
    vault.insert(SecretRef(7), Secret::from("old"));
    vault.insert(SecretRef(7), Secret::from("new"));
    let mut lent = Vec::new();
    vault
        .with_secret(SecretRef(7), &mut |bytes| lent.push(bytes.to_vec()))
        .unwrap();
    assert_eq!(lent, [b"new".to_vec()]);
}
