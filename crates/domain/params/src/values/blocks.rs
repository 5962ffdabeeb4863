//! A list that grows without moving what is in it.

/// Elements that lie together.
const BLOCK: usize = 1 << 12;

/// Elements by number, in blocks: a list of millions takes the next block where a vector would move all of them to new memory.
pub(super) struct Blocks<T>(Vec<Vec<T>>);

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Blocks<T> {
    pub(super) fn len(&self) -> usize {
        let last = self.0.last().map_or(0, Vec::len);
        self.0.len().saturating_sub(1) * BLOCK + last
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.0.get(number / BLOCK)?.get(number % BLOCK)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.0.get_mut(number / BLOCK)?.get_mut(number % BLOCK)
    }

    /// Adds an element behind the others.
    pub(super) fn push(&mut self, new: T) {
        if let Some(last) = self.0.last_mut()
            && last.len() < BLOCK
        {
            return last.push(new);
        }
        // The first one grows from nothing: there may never be many.
        let room = if self.0.is_empty() { 0 } else { BLOCK };
        let mut block = Vec::with_capacity(room);
        block.push(new);
        self.0.push(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_where_they_are() {
        let mut blocks = Blocks::default();
        assert_eq!((blocks.len(), blocks.get(0)), (0, None));
        for n in 0..BLOCK {
            assert_eq!(blocks.len(), n);
            blocks.push(n);
        }
        let first: *const usize = blocks.get(0).unwrap();
        for n in BLOCK..3 * BLOCK + 1 {
            assert_eq!(blocks.len(), n);
            blocks.push(n);
        }
        assert!(std::ptr::eq(first, blocks.get(0).unwrap()));
        assert!((0..=3 * BLOCK).all(|n| blocks.get(n) == Some(&n)));
        assert_eq!(blocks.get(3 * BLOCK + 1), None);
        *blocks.get_mut(BLOCK).unwrap() = 7;
        assert_eq!(blocks.get(BLOCK), Some(&7));
        assert!(blocks.0.iter().all(|block| block.capacity() == BLOCK));
    }
}
