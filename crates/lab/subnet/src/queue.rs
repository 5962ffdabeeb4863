//! What is to happen, in its order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Times in microseconds since the beginning.
pub(crate) type Micros = u64;

struct Entry<T> {
    at: Micros,
    number: u64,
    item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// A queue in which equal times keep the order in which they were put in.
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    number: u64,
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            number: 0,
        }
    }

    pub(crate) fn push(&mut self, at: Micros, item: T) {
        self.number += 1;
        let number = self.number;
        self.heap.push(Reverse(Entry { at, number, item }));
    }

    pub(crate) fn pop(&mut self) -> Option<(Micros, T)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.item))
    }
}
