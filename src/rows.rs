//! A row of plain items, all at their default until somebody changes them through a shared reference. It only grows; readers index
//! it without a lock. As in `append`, chunks of doubling size keep every item where it is.

use std::sync::atomic::{AtomicU32, Ordering};

use once_cell::race::OnceBox;

const FIRST_CHUNK: usize = 16;
const CHUNKS: usize = 13;

/// The row. Holds at most [`Rows::CAPACITY`] items.
pub struct Rows<T> {
    chunks: [OnceBox<Vec<T>>; CHUNKS],
    len: AtomicU32,
}

impl<T: Default> Rows<T> {
    /// As many as an `AppendList` has.
    pub const CAPACITY: usize = FIRST_CHUNK * ((1 << CHUNKS) - 1);

    /// No item yet.
    pub fn new() -> Self {
        Self { chunks: [const { OnceBox::new() }; CHUNKS], len: AtomicU32::new(0) }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire) as usize
    }

    /// The item at `index`, if the row was grown that far.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len() {
            return None;
        }
        let chunk = (index / FIRST_CHUNK + 1).ilog2() as usize;
        self.chunks.get(chunk)?.get()?.get(index - FIRST_CHUNK * ((1 << chunk) - 1))
    }

    /// Makes room for `len` items. One writer at a time (the caller sees to that).
    pub fn grow(&self, len: usize) {
        let len = len.min(Self::CAPACITY);
        for chunk in 0..CHUNKS {
            if FIRST_CHUNK * ((1 << chunk) - 1) >= len {
                break;
            }
            self.chunks[chunk].get_or_init(|| Box::new((0..FIRST_CHUNK << chunk).map(|_| T::default()).collect()));
        }
        self.len.fetch_max(len as u32, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn items_keep_their_place_while_the_row_grows() {
        let rows: Rows<AtomicUsize> = Rows::new();
        assert!(rows.get(0).is_none());
        rows.grow(1);
        assert!(rows.get(1).is_none(), "room that nobody asked for");
        let first: *const AtomicUsize = rows.get(0).unwrap();
        rows.grow(5000);
        for index in 0..5000 {
            assert_eq!(rows.get(index).unwrap().swap(index, Ordering::Relaxed), 0);
        }
        rows.grow(10);
        assert_eq!((rows.len(), rows.get(0).map(std::ptr::from_ref)), (5000, Some(first)));
        assert!((0..5000).all(|index| rows.get(index).unwrap().load(Ordering::Relaxed) == index));
        assert!(rows.get(usize::MAX - FIRST_CHUNK).is_none());
    }

    #[test]
    fn a_row_ends_at_its_capacity() {
        let rows: Rows<()> = Rows::new();
        rows.grow(usize::MAX);
        assert_eq!(rows.len(), Rows::<()>::CAPACITY);
        assert!(rows.get(Rows::<()>::CAPACITY - 1).is_some() && rows.get(Rows::<()>::CAPACITY).is_none());
    }
}
