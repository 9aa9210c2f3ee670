//! A list that only grows: readers index it without a lock, and what they got stays where it is until the list is dropped.
//!
//! Items live in chunks of doubling size, so growth moves nothing. One writer at a time (the caller sees to that); a writer that
//! vanished in a fork leaves at worst an item that was set but not counted, which the next writer takes over.

use std::sync::atomic::{AtomicU32, Ordering};

use once_cell::race::OnceBox;

const FIRST_CHUNK: usize = 16;
const CHUNKS: usize = 13;

/// The list. Holds at most [`AppendList::CAPACITY`] items.
pub struct AppendList<T> {
    chunks: [OnceBox<Vec<OnceBox<T>>>; CHUNKS],
    len: AtomicU32,
}

impl<T> AppendList<T> {
    /// The bound that keeps hostile input from filling the memory.
    pub const CAPACITY: usize = FIRST_CHUNK * ((1 << CHUNKS) - 1);

    /// An empty list.
    pub fn new() -> Self {
        Self { chunks: [const { OnceBox::new() }; CHUNKS], len: AtomicU32::new(0) }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire) as usize
    }

    /// The item at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        let (chunk, offset) = place(index);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    /// Adds the item that `make` makes for its index behind the others, and tells the index; `None` when the list is full.
    pub fn push_with(&self, make: impl Fn(usize) -> T) -> Option<usize> {
        loop {
            let index = self.len();
            if index >= Self::CAPACITY {
                return None;
            }
            let (chunk, offset) = place(index);
            let slots = self.chunks[chunk].get_or_init(|| Box::new((0..FIRST_CHUNK << chunk).map(|_| OnceBox::new()).collect()));
            let set = slots[offset].set(Box::new(make(index)));
            self.len.store(index as u32 + 1, Ordering::Release);
            if set.is_ok() {
                return Some(index);
            } // else an item that a vanished writer had set: counted now
        }
    }

    /// The items, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).map_while(|index| self.get(index))
    }
}

/// Chunk and offset of an index: chunk `k` starts at `FIRST_CHUNK * (2^k - 1)`.
fn place(index: usize) -> (usize, usize) {
    let chunk = (index / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, index - FIRST_CHUNK * ((1 << chunk) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_place_while_the_list_grows() {
        let list = AppendList::new();
        assert!(list.get(0).is_none());
        list.push_with(|index| index);
        let first: *const usize = list.get(0).unwrap();
        for value in 1..5000 {
            assert_eq!(list.push_with(|index| index), Some(value));
        }
        assert_eq!(list.get(0).map(std::ptr::from_ref), Some(first));
        assert!(list.iter().copied().eq(0..5000));
        assert!(list.get(5000).is_none());
        assert!(list.get(usize::MAX - FIRST_CHUNK).is_none());
    }

    #[test]
    fn a_full_list_refuses() {
        let list = AppendList::new();
        for _ in 0..AppendList::<()>::CAPACITY {
            assert!(list.push_with(|_| ()).is_some());
        }
        assert_eq!(list.push_with(|_| ()), None);
    }
}
