//! Go's `math/rand` as its users know it: all 607 words are seeded, then drawn from.

use crate::go_rand_words::COOKED;

const WORDS: usize = 607;
const TAP: usize = 273;

/// `rand.New(rand.NewSource(seed))`
pub struct GoRand {
    words: Vec<u64>,
    tap: usize,
    feed: usize,
}

impl GoRand {
    /// Seeds every word.
    pub fn new(seed: i64) -> GoRand {
        const MODULUS: i64 = (1 << 31) - 1;
        let mut x = match seed.rem_euclid(MODULUS) {
            0 => 89_482_311,
            x => x,
        };
        let mut step = || {
            x = x * 48_271 % MODULUS;
            x as u64
        };
        for _ in 0..20 {
            step();
        }
        let words = (0..WORDS).map(|i| (step() << 40) ^ (step() << 20) ^ step() ^ COOKED[i]).collect();
        GoRand { words, tap: 0, feed: WORDS - TAP }
    }

    fn uint64(&mut self) -> u64 {
        self.tap = (self.tap + WORDS - 1) % WORDS;
        self.feed = (self.feed + WORDS - 1) % WORDS;
        self.words[self.feed] = self.words[self.feed].wrapping_add(self.words[self.tap]);
        self.words[self.feed]
    }

    /// `Intn(n)` for an `n` from 1 to 2^31 - 1.
    pub fn below(&mut self, n: usize) -> usize {
        const VALUES: usize = 1 << 31;
        loop {
            let drawn = (self.uint64() & (u64::MAX >> 1)) as usize >> 32;
            if n.is_power_of_two() {
                return drawn & (n - 1);
            }
            if drawn < VALUES - VALUES % n {
                return drawn % n;
            }
        }
    }
}
