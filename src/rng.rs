//! Random numbers for choices that need to be even and cheap, not secret: SplitMix64 (Steele, Lea, Flood 2014), one stream a thread.
//!
//! A stream is seeded at a thread's first use, without allocation or syscall, and again in a forked child, so that pre-forked
//! workers do not walk the nodes in lock-step.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fork;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A stream that depends on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of this process that no other thread has.
    fn for_thread() -> Self {
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let mut seed = Self(fork::process_seed() ^ STREAMS.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
        Self(seed.next())
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound` (0 when `bound` is 0). Uneven by at most 2^-32, which no count of requests shows.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A factor within `1 - spread ..= 1 + spread`.
    pub fn jitter(&mut self, spread: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        1.0 - spread + 2.0 * spread * unit
    }

    /// Puts the items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let chosen = self.below(end as u32 + 1) as usize;
            items.swap(end, chosen);
        }
    }
}

struct Stream {
    generation: Cell<u64>,
    state: Cell<u64>,
}

thread_local! {
    static STREAM: Stream = const { Stream { generation: Cell::new(0), state: Cell::new(0) } };
}

/// Lends this thread's stream.
#[inline]
pub fn with_thread_rng<R>(body: impl FnOnce(&mut Rng) -> R) -> R {
    STREAM.with(|stream| {
        let generation = fork::generation();
        let mut rng = if stream.generation.get() == generation {
            Rng(stream.state.get())
        } else {
            stream.generation.set(generation);
            Rng::for_thread()
        };
        let result = body(&mut rng);
        stream.state.set(rng.0);
        result
    })
}

/// Makes this thread's stream follow from `seed` alone, from now on and until a fork: for simulations and tests that have to come out
/// the same each time. Everything that is made of random numbers on this thread then does: choices, jitter, where round robin starts.
/// Other threads are not touched. Not for programs that serve: clients with one seed choose in step.
pub fn seed_thread(seed: u64) {
    STREAM.with(|stream| {
        stream.generation.set(fork::generation());
        stream.state.set(seed);
    });
}

/// A small number that spreads threads over shards: the same for a thread's whole life.
#[inline]
pub fn thread_shard() -> usize {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static SHARD: Cell<u64> = const { Cell::new(0) };
    }
    SHARD.with(|shard| {
        if shard.get() == 0 {
            shard.set(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        shard.get() as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_its_seed_alone() {
        // The reference outputs of SplitMix64 for seed 1234567.
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn choices_are_even() {
        let mut rng = Rng::new(7);
        let mut counts = [0u32; 9];
        for _ in 0..90_000 {
            counts[rng.below(9) as usize] += 1;
        }
        let chi_square: f64 = counts.iter().map(|c| (f64::from(*c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_square < 26.1, "chi-square {chi_square} of 8 degrees, p < 0.001: {counts:?}");
    }

    #[test]
    fn jitter_stays_within_its_spread() {
        let mut rng = Rng::new(3);
        for _ in 0..1000 {
            let factor = rng.jitter(0.1);
            assert!((0.9..=1.1).contains(&factor));
        }
    }

    #[test]
    fn threads_have_streams_of_their_own() {
        let here = with_thread_rng(Rng::next);
        let there = std::thread::spawn(|| with_thread_rng(Rng::next)).join().unwrap();
        assert_ne!(here, there);
    }

    #[test]
    fn a_seeded_thread_repeats_itself() {
        let draw = |seed| {
            seed_thread(seed);
            [(); 3].map(|()| with_thread_rng(Rng::next))
        };
        let first = draw(1_234_567);
        assert_eq!(first, draw(1_234_567));
        assert_eq!(first[0], Rng::new(1_234_567).next());
        assert_ne!(first, draw(1_234_568));
    }

    #[test]
    fn shuffle_keeps_the_items() {
        let mut items: Vec<u32> = (0..50).collect();
        Rng::new(1).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
