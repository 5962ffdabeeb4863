//! Nonces and tokens: what the phone has said itself, known again without a list of it.

use std::collections::VecDeque;

use onhook_crypto::sha256;
use onhook_device::Secret;

use crate::encoding::hex_of;

/// How long a nonce counts, in seconds.
const LIFE_S: u64 = 300;

/// Nonces whose counts are remembered.
const REMEMBERED: usize = 256;

/// Bytes of a seal, in digits.
const SEAL: usize = 32;

/// What a nonce is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Worth {
    /// It counts, and this count is new.
    Good,
    /// It is too old, or its count was used before.
    Stale,
    /// It was never said.
    Foreign,
}

/// Says nonces and remembers which counts of them were used.
pub(crate) struct Nonces {
    key: Secret,
    said: u64,
    /// The highest count of a nonce, and which of the 64 up to it were used.
    used: VecDeque<(String, u64, u64)>,
    /// The last nonce that was forgotten: it and those before it count no more.
    forgotten: u64,
}

impl Nonces {
    pub(crate) const fn new(key: Secret) -> Self {
        Self {
            key,
            said: 0,
            used: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// A new nonce.
    pub(crate) fn say(&mut self, now_s: u64) -> String {
        self.said = self.said.wrapping_add(1);
        let plain = format!("{now_s:x}.{:x}", self.said);
        let seal = self.seal("nonce", &plain);
        format!("{plain}.{seal}")
    }

    /// What a nonce is worth, without using its count.
    pub(crate) fn worth(&self, nonce: &str, count: u64, now_s: u64) -> Worth {
        let Some((plain, seal)) = nonce.rsplit_once('.') else {
            return Worth::Foreign;
        };
        let expected = Secret::from(self.seal("nonce", plain).as_str());
        if !expected.matches(seal.as_bytes()) {
            return Worth::Foreign;
        }
        let (said_s, number) = numbers(plain);
        let used = self.used.iter().find(|(known, ..)| known == nonce);
        let forgotten = used.is_none() && number <= self.forgotten;
        if forgotten || now_s.saturating_sub(said_s) > LIFE_S {
            return Worth::Stale;
        }
        let is_new = count != 0
            && used.is_none_or(|(_, highest, window)| match highest.checked_sub(count) {
                None => true,
                Some(back @ 0..64) => window >> back & 1 == 0,
                Some(_) => false,
            });
        if is_new { Worth::Good } else { Worth::Stale }
    }

    /// Uses a count of a nonce; browsers send several at once, in any order.
    pub(crate) fn spend(&mut self, nonce: &str, count: u64) {
        let known = self.used.iter_mut().find(|(known, ..)| known == nonce);
        if let Some((_, highest, window)) = known {
            match count.checked_sub(*highest) {
                Some(ahead) => {
                    *window = u32::try_from(ahead)
                        .ok()
                        .and_then(|ahead| window.checked_shl(ahead))
                        .unwrap_or(0)
                        | 1;
                    *highest = count;
                }
                None => *window |= 1_u64.checked_shl((*highest - count) as u32).unwrap_or(0),
            }
            return;
        }
        if self.used.len() >= REMEMBERED {
            let oldest = self.used.pop_front();
            let number = oldest.map_or(0, |(nonce, ..)| numbers(&nonce).1);
            self.forgotten = self.forgotten.max(number);
        }
        self.used.push_back((nonce.to_owned(), count, 1));
    }

    /// What only this phone can say of a text.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> String {
        let inner = sha256(
            &[
                self.key.expose(),
                purpose.as_bytes(),
                b"\0",
                text.as_bytes(),
            ]
            .concat(),
        );
        let outer = sha256(&[self.key.expose(), inner.as_slice()].concat());
        let mut seal = hex_of(&outer);
        seal.truncate(SEAL);
        seal
    }
}

/// When a nonce was said, and which one it is.
fn numbers(nonce: &str) -> (u64, u64) {
    let mut parts = nonce
        .split('.')
        .map(|part| u64::from_str_radix(part, 16).unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_for_its_time_and_each_count_once() {
        let mut nonces = Nonces::new(Secret::from("0123456789abcdef"));
        let nonce = nonces.say(1000);
        for count in [1, 3, 2, 66] {
            assert_eq!(nonces.worth(&nonce, count, 1300), Worth::Good, "{count}");
            nonces.spend(&nonce, count);
            assert_eq!(nonces.worth(&nonce, count, 1300), Worth::Stale, "{count}");
        }
        assert_eq!(nonces.worth(&nonce, 4, 1300), Worth::Good);
        assert_eq!(nonces.worth(&nonce, 2, 1300), Worth::Stale, "too far back");
        assert_eq!(nonces.worth(&nonce, 0, 1300), Worth::Stale);
        assert_eq!(nonces.worth(&nonce, 70, 1301), Worth::Stale);
        assert_ne!(nonces.say(1000), nonce);
    }

    #[test]
    fn nonces_of_others_are_foreign() {
        let mut nonces = Nonces::new(Secret::from("0123456789abcdef"));
        let mut others = Nonces::new(Secret::from("another key of ours"));
        let nonce = others.say(5);
        for foreign in [
            nonce.as_str(),
            "",
            "5.1.00",
            &nonces.say(5).replace("5.", "6."),
        ] {
            assert_eq!(nonces.worth(foreign, 1, 5), Worth::Foreign, "{foreign}");
        }
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut nonces = Nonces::new(Secret::from("0123456789abcdef"));
        let first = nonces.say(0);
        nonces.spend(&first, 1);
        for _ in 0..10 * REMEMBERED {
            let nonce = nonces.say(0);
            nonces.spend(&nonce, 1);
        }
        assert_eq!(nonces.used.len(), REMEMBERED);
        assert_eq!(nonces.worth(&first, 1, 0), Worth::Stale, "it is forgotten");
    }
}
