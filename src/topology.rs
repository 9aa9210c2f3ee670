//! The list that requests are routed over: immutable snapshots, published without a lock and read without one.
//!
//! A snapshot is a row of words: tier, sizes, all ids, usable ids, those beyond, ids in the order for keys, and their weights where keys
//! choose by weight. Four buffers hold the last four snapshots; the generation word says which is current (`generation % 4`) and doubles as the
//! change signal of the C ABI. A reader takes the generation, reads from its buffer and looks again: only if three or more publications fell into its few nanoseconds may the buffer have been
//! rewritten, and it reads anew. So readers take no lock, allocate nothing and never wait for a writer, not even for one that
//! stopped half-way or vanished in a fork; all is atomics, and no memory is ever reclaimed under a reader. A sequence lock over
//! several buffers; its fences follow Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012).
//! tests/model explores what threads can see of it.

use once_cell::race::OnceBox;

use crate::atomics::{AtomicU32, AtomicU64, Ordering, SNAPSHOTS as BUFFERS, fence};
use crate::node::NodeId;

const CHUNK: usize = 256;
/// Words before the ids: tier, the lengths of the four lists, and whether the nodes are under strain.
const HEAD: usize = 6;

/// The most nodes a list may have.
pub const MOST_NODES: usize = 4096;

const CHUNKS: usize = (HEAD + 6 * MOST_NODES).div_ceil(CHUNK);

/// What is published: which tier of the scope chain is in use, its nodes in URL order, and those of them not set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Position in the scope chain.
    pub tier: usize,
    /// All nodes, sorted by URL text.
    pub all: Vec<NodeId>,
    /// The nodes to be chosen first; never empty unless `all` is. Not only of `all` when most of those are set aside.
    pub usable: Vec<NodeId>,
    /// Further nodes that may be chosen as well.
    pub beyond: Vec<NodeId>,
    /// Whether half of the nodes are set aside.
    pub strained: bool,
    /// The nodes that keys choose among, set aside or not, in the order that all clients agree on.
    pub keyed: Vec<NodeId>,
    /// A number of its own for each of `keyed`, or nothing where keys choose by place.
    pub weights: Vec<u64>,
}

struct Buffer([OnceBox<[AtomicU32; CHUNK]>; CHUNKS]);

impl Buffer {
    #[inline]
    fn word(&self, index: usize) -> u32 {
        match self.0.get(index / CHUNK).and_then(OnceBox::get) {
            Some(chunk) => chunk[index % CHUNK].load(Ordering::Relaxed),
            None => 0,
        }
    }

    fn set_word(&self, index: usize, word: u32) {
        let chunk = self.0[index / CHUNK].get_or_init(|| Box::new(std::array::from_fn(|_| AtomicU32::new(0))));
        chunk[index % CHUNK].store(word, Ordering::Relaxed);
    }
}

/// Publishes listings and lends them to readers.
pub struct Topology {
    generation: AtomicU64,
    buffers: [Buffer; BUFFERS],
}

impl Topology {
    /// An empty list, generation 0.
    pub fn new() -> Topology {
        Topology { generation: AtomicU64::new(0), buffers: [const { Buffer([const { OnceBox::new() }; CHUNKS]) }; BUFFERS] }
    }

    /// The word that moves with every publication.
    pub fn generation(&self) -> &AtomicU64 {
        &self.generation
    }

    /// Runs `look` on the current snapshot and returns what it says. `look` may run more than once and must not care.
    #[inline]
    pub fn read<R>(&self, mut look: impl FnMut(&Snapshot<'_>) -> R) -> R {
        loop {
            let generation = self.generation.load(Ordering::Acquire);
            let buffer = &self.buffers[generation as usize % BUFFERS];
            let result = look(&Snapshot::of(buffer));
            fence(Ordering::Acquire);
            // The writer of generation g + 4 starts only after g + 3 is out, so below that the buffer was ours throughout.
            if self.generation.load(Ordering::Relaxed).wrapping_sub(generation) < BUFFERS as u64 - 1 {
                return result;
            }
        }
    }

    /// Makes the listing current. One writer at a time (the caller sees to that).
    pub fn publish(&self, listing: &Listing) {
        let next = self.generation.load(Ordering::Relaxed) + 1;
        let buffer = &self.buffers[next as usize % BUFFERS];
        let all = &listing.all[..listing.all.len().min(MOST_NODES)];
        let usable = &listing.usable[..listing.usable.len().min(MOST_NODES)];
        let beyond = &listing.beyond[..listing.beyond.len().min(MOST_NODES)];
        let keyed = &listing.keyed[..listing.keyed.len().min(MOST_NODES)];
        // Pairs with the reader's fence: who sees a word below also sees the generation that was current before it.
        fence(Ordering::Release);
        buffer.set_word(0, listing.tier as u32);
        buffer.set_word(1, all.len() as u32);
        buffer.set_word(2, usable.len() as u32);
        buffer.set_word(3, keyed.len() as u32);
        buffer.set_word(4, beyond.len() as u32);
        buffer.set_word(5, u32::from(listing.strained));
        for (offset, id) in all.iter().chain(usable).chain(beyond).chain(keyed).enumerate() {
            buffer.set_word(HEAD + offset, *id);
        }
        let behind = HEAD + all.len() + usable.len() + beyond.len() + keyed.len();
        for (place, weight) in listing.weights.iter().take(keyed.len()).enumerate() {
            buffer.set_word(behind + 2 * place, *weight as u32);
            buffer.set_word(behind + 2 * place + 1, (*weight >> 32) as u32);
        }
        self.generation.store(next, Ordering::Release);
    }

    /// A copy of the current snapshot, without the weights, which follow from the rest.
    pub fn listing(&self) -> Listing {
        self.read(|snapshot| Listing {
            tier: snapshot.tier(),
            all: (0..snapshot.all()).map(|i| snapshot.node(i)).collect(),
            usable: (0..snapshot.usable()).map(|i| snapshot.usable_node(i)).collect(),
            beyond: (0..snapshot.beyond()).map(|i| snapshot.beyond_node(i)).collect(),
            strained: snapshot.strained(),
            keyed: (0..snapshot.keyed()).map(|i| snapshot.keyed_node(i)).collect(),
            weights: Vec::new(),
        })
    }
}

/// A look at one snapshot; valid only within [`Topology::read`].
pub struct Snapshot<'a> {
    buffer: &'a Buffer,
    all: u32,
    usable: u32,
    beyond: u32,
    keyed: u32,
}

impl<'a> Snapshot<'a> {
    #[inline]
    fn of(buffer: &'a Buffer) -> Self {
        // A buffer that is being rewritten shows any mixture of words: bounded here, so that a look ends soon and is then repeated.
        let size = |word| buffer.word(word).min(MOST_NODES as u32);
        Snapshot { buffer, all: size(1), usable: size(2), keyed: size(3), beyond: size(4) }
    }

    /// Position in the scope chain.
    pub fn tier(&self) -> usize {
        self.buffer.word(0) as usize
    }

    /// How many nodes there are.
    #[inline]
    pub fn all(&self) -> u32 {
        self.all
    }

    /// Whether half of the nodes are set aside.
    pub fn strained(&self) -> bool {
        self.buffer.word(5) != 0
    }

    /// How many nodes are to be chosen first.
    #[inline]
    pub fn usable(&self) -> u32 {
        self.usable
    }

    /// The node at that position of the URL order; `index < all()`.
    #[inline]
    pub fn node(&self, index: u32) -> NodeId {
        self.buffer.word(HEAD + index as usize)
    }

    /// The node at that position among those to be chosen first; `index < usable()`.
    #[inline]
    pub fn usable_node(&self, index: u32) -> NodeId {
        self.buffer.word(HEAD + self.all as usize + index as usize)
    }

    /// How many further nodes may be chosen as well.
    #[inline]
    pub fn beyond(&self) -> u32 {
        self.beyond
    }

    /// The node at that position among the further ones; `index < beyond()`.
    #[inline]
    pub fn beyond_node(&self, index: u32) -> NodeId {
        self.buffer.word(HEAD + (self.all + self.usable + index) as usize)
    }

    /// How many nodes keys choose among.
    #[inline]
    pub fn keyed(&self) -> u32 {
        self.keyed
    }

    /// The node at that position of the order for keys; `index < keyed()`.
    #[inline]
    pub fn keyed_node(&self, index: u32) -> NodeId {
        self.buffer.word(HEAD + (self.all + self.usable + self.beyond + index) as usize)
    }

    /// The weight of the node at that position of the order for keys, where weights were published; `index < keyed()`.
    #[inline]
    pub fn weight(&self, index: u32) -> u64 {
        let at = HEAD + (self.all + self.usable + self.beyond + self.keyed + 2 * index) as usize;
        u64::from(self.buffer.word(at)) | u64::from(self.buffer.word(at + 1)) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn listing(tier: usize, ids: std::ops::Range<u32>) -> Listing {
        Listing {
            tier,
            all: ids.clone().collect(),
            usable: ids.clone().filter(|id| id % 3 != 0).collect(),
            beyond: ids.clone().filter(|id| id % 5 == 0).collect(),
            strained: tier % 2 == 1,
            keyed: ids.rev().collect(),
            weights: Vec::new(),
        }
    }

    #[test]
    fn what_is_published_is_read() {
        let topology = Topology::new();
        assert_eq!(topology.listing(), Listing::default());
        for count in [1, 3, 100, 4096, 2] {
            let published = listing(count as usize % 5, 7..7 + count);
            topology.publish(&published);
            assert_eq!(topology.listing(), published);
        }
        assert_eq!(topology.generation().load(Ordering::Relaxed), 5);
    }

    #[test]
    fn weights_are_read_as_published() {
        let topology = Topology::new();
        let weights: Vec<u64> = (0..300).map(|i| u64::MAX / (i + 1)).collect();
        topology.publish(&Listing { weights: weights.clone(), ..listing(0, 0..300) });
        assert_eq!(topology.read(|s| (0..s.keyed()).map(|i| s.weight(i)).collect::<Vec<u64>>()), weights);
    }

    #[test]
    fn a_list_beyond_the_bound_is_cut() {
        let topology = Topology::new();
        topology.publish(&listing(0, 0..5000));
        assert_eq!(topology.listing().all.len(), MOST_NODES);
    }

    #[test]
    fn readers_never_see_a_mixture() {
        let topology = Topology::new();
        let stop = AtomicBool::new(false);
        let publications = if cfg!(miri) { 60 } else { 200_000 };
        topology.publish(&Listing {
            all: vec![0; 8],
            usable: vec![0; 8],
            beyond: vec![0; 8],
            keyed: vec![0; 8],
            ..Listing::default()
        });
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let seen = topology.listing();
                        let mark = seen.tier as u32;
                        assert!(
                            seen.all.iter().chain(&seen.usable).chain(&seen.beyond).chain(&seen.keyed).all(|id| *id == mark),
                            "{seen:?}"
                        );
                        assert_eq!(seen.all.len(), 8 + mark as usize % 5);
                    }
                });
            }
            for mark in 1..publications {
                let ids = vec![mark; 8 + mark as usize % 5];
                topology.publish(&Listing {
                    tier: mark as usize,
                    all: ids.clone(),
                    usable: ids.clone(),
                    beyond: ids.clone(),
                    keyed: ids,
                    ..Listing::default()
                });
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
