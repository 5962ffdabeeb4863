//! Block numbers on the wire, which have 16 bits, and the count of blocks, which has not.

/// What follows block number 65535.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrap {
    /// 0, as most do.
    ToZero,
    /// 1.
    ToOne,
}

impl Wrap {
    /// The number on the wire of a block; 1 is the first, 0 stands for the options.
    pub(crate) const fn number(self, block: u64) -> u16 {
        let number = match self {
            Self::ToZero => block % 65_536,
            Self::ToOne => match block.checked_sub(1) {
                None => 0,
                Some(before) => before % 65_535 + 1,
            },
        };
        // Both remainders fit.
        number as u16
    }
}

/// Counts blocks that come in order and learns how their numbers wrap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sequence {
    /// The block that is due, from 1.
    next: u64,
    /// `None` until the numbers have wrapped.
    wrap: Option<Wrap>,
}

impl Sequence {
    pub(crate) const fn new() -> Self {
        Self {
            next: 1,
            wrap: None,
        }
    }

    /// Takes a number; whether it is that of the block that is due.
    pub(crate) fn take(&mut self, number: u16) -> bool {
        //= R-TFTP-14
        let wrap = match (self.wrap, self.next, number) {
            (None, 65_536, 0) => Some(Wrap::ToZero),
            (None, 65_536, 1) => Some(Wrap::ToOne),
            (wrap, _, _) => wrap,
        };
        if wrap.unwrap_or(Wrap::ToZero).number(self.next) != number {
            return false;
        }
        self.wrap = wrap;
        self.next += 1;
        true
    }

    /// The number of the last block taken; 0 before the first.
    pub(crate) fn last(&self) -> u16 {
        self.wrap
            .unwrap_or(Wrap::ToZero)
            .number(self.next.saturating_sub(1))
    }

    /// Whether a block has been taken.
    pub(crate) const fn has_begun(&self) -> bool {
        self.next > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(next: u64) -> Sequence {
        Sequence { next, wrap: None }
    }

    //= R-TFTP-14 type=test
    #[test]
    fn numbers_wrap_to_0_or_to_1_and_the_first_wrap_decides() {
        for (first, second, other) in [(0, 1, 2), (1, 2, 0)] {
            let mut sequence = at(65_535);
            assert!(sequence.take(65_535));
            assert!(!sequence.take(65_535));
            assert!(!sequence.take(2));
            assert!(sequence.take(first));
            assert_eq!(sequence.last(), first);
            assert!(!sequence.take(other));
            assert!(sequence.take(second));
            // The second wrap is like the first.
            sequence.next += 65_534 - u64::from(second) - 1;
            assert!(sequence.take(65_535 - 1));
            assert!(sequence.take(65_535));
            assert!(!sequence.take(1 - first));
            assert!(sequence.take(first));
        }
    }

    #[test]
    fn blocks_come_one_after_the_other() {
        let mut sequence = Sequence::new();
        assert!(!sequence.has_begun());
        assert_eq!(sequence.last(), 0);
        for number in [0, 2, 65_535] {
            assert!(!sequence.take(number));
        }
        assert!(sequence.take(1));
        assert!(!sequence.take(1));
        assert!(sequence.take(2));
        assert_eq!(sequence.last(), 2);
    }
}
