//! The stream of Go's `math/rand` (an additive lagged Fibonacci generator of 607 words, Mitchell and Reeds), which the official
//! clients draw their query plans from, without its state.
//!
//! Seeding fills word `i` from three steps of a multiplicative generator modulo 2^31 - 1 that has run for `21 + 3i` steps: a word can
//! be had alone, by one multiplication with a power that depends on `i` only. Draw `k` (from 1 up) adds the words `334 - k` and
//! `607 - k`, and up to `k = 273` no earlier draw has changed either. So a draw costs six multiplications instead of 1841 for
//! seeding. For later draws, which hardly any plan needs, there is the generator with all its words, on the stack.

use super::go_rand_words::COOKED;

const WORDS: usize = 607;
const TAP: usize = 273;
const MODULUS: u64 = (1 << 31) - 1;
const FACTOR: u64 = 48_271;
/// Steps that the multiplicative generator runs before the first word.
const WARM_UP: u64 = 21;

/// `FACTOR` to the power `WARM_UP + 3 * i`, for each word `i`.
static POWERS: [u32; WORDS] = {
    let mut powers = [0u32; WORDS];
    let mut power = 1u64;
    let mut step = 0;
    while step < WARM_UP {
        power = power * FACTOR % MODULUS;
        step += 1;
    }
    let mut word = 0;
    while word < WORDS {
        powers[word] = power as u32;
        power = power * FACTOR % MODULUS * FACTOR % MODULUS * FACTOR % MODULUS;
        word += 1;
    }
    powers
};

/// A stream from its start, without state: good for the first 273 draws.
#[derive(Clone, Debug)]
pub struct GoRand {
    seed: u64,
    draws: usize,
}

impl GoRand {
    /// The stream of `rand.New(rand.NewSource(seed))`.
    #[inline]
    pub fn new(seed: i64) -> GoRand {
        let seed = match seed.rem_euclid(MODULUS as i64) {
            0 => 89_482_311,
            seed => seed as u64,
        };
        GoRand { seed, draws: 0 }
    }

    /// Word `i` as seeding leaves it.
    #[inline]
    fn seeded_word(&self, i: usize) -> u64 {
        let first = reduced(self.seed * u64::from(POWERS[i]));
        let second = reduced(first * FACTOR);
        let third = reduced(second * FACTOR);
        (first << 40) ^ (second << 20) ^ third ^ COOKED[i]
    }

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.draws += 1;
        (self.draws <= TAP).then(|| self.seeded_word(334 - self.draws).wrapping_add(self.seeded_word(WORDS - self.draws)))
    }

    /// `Intn(bound)` for a bound from 1 to 2^31 - 1; `None` when the draws without state are used up.
    #[inline]
    pub fn below(&mut self, bound: u32) -> Option<u32> {
        bounded(bound, || self.next())
    }

    /// The same stream from its start, with Go's own state: for any number of draws.
    pub fn seeded(seed: i64) -> SeededGoRand {
        let stream = GoRand::new(seed);
        SeededGoRand { words: std::array::from_fn(|i| stream.seeded_word(i)), draws: 0 }
    }
}

/// The stream with Go's own state of 607 words.
pub struct SeededGoRand {
    words: [u64; WORDS],
    draws: usize,
}

impl SeededGoRand {
    fn next(&mut self) -> u64 {
        self.draws += 1;
        step(&mut self.words, self.draws)
    }

    /// `Intn(bound)` for a bound from 1 to 2^31 - 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        bounded(bound, || Some(self.next())).unwrap_or(0)
    }
}

/// Go's `Intn` over a source of 64 bits: the upper 31 of the lower 63, drawn again where the remainder would not be even.
#[inline]
fn bounded(bound: u32, mut next: impl FnMut() -> Option<u64>) -> Option<u32> {
    let mut next_31 = || Some(((next()? & (u64::MAX >> 1)) >> 32) as u32);
    let bound = bound.max(1);
    if bound.is_power_of_two() {
        return Some(next_31()? & (bound - 1));
    }
    const LARGEST: u32 = (1 << 31) - 1;
    loop {
        let drawn = next_31()?;
        // Go refuses what lies above LARGEST - 2^31 % bound: most draws are accepted without that division.
        if drawn <= LARGEST - bound || drawn <= LARGEST - (1 << 31) % bound {
            return Some(drawn % bound);
        }
    }
}

/// The remainder by 2^31 - 1 of a product of two remainders: the upper bits count as much as the lower ones.
#[inline]
fn reduced(product: u64) -> u64 {
    let folded = (product & MODULUS) + (product >> 31);
    let folded = (folded & MODULUS) + (folded >> 31);
    if folded >= MODULUS { folded - MODULUS } else { folded }
}

/// One draw of the generator itself; both places run backwards through the words, round and round.
fn step(words: &mut [u64; WORDS], draw: usize) -> u64 {
    let tap = (WORDS - draw % WORDS) % WORDS;
    let feed = (WORDS + 334 - draw % WORDS) % WORDS;
    words[feed] = words[feed].wrapping_add(words[tap]);
    words[feed]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Go's generator as its source describes it: all words seeded one after the other.
    struct Plain {
        words: Vec<u64>,
        tap: usize,
        feed: usize,
    }

    impl Plain {
        fn new(seed: i64) -> Plain {
            let mut x = seed % MODULUS as i64;
            if x < 0 {
                x += MODULUS as i64;
            }
            let mut x = if x == 0 { 89_482_311 } else { x as u64 };
            let mut next = || {
                x = x * FACTOR % MODULUS;
                x
            };
            for _ in 0..20 {
                next();
            }
            let words = (0..WORDS).map(|i| (next() << 40) ^ (next() << 20) ^ next() ^ COOKED[i]).collect();
            Plain { words, tap: 0, feed: WORDS - TAP }
        }

        fn next(&mut self) -> u64 {
            self.tap = if self.tap == 0 { WORDS - 1 } else { self.tap - 1 };
            self.feed = if self.feed == 0 { WORDS - 1 } else { self.feed - 1 };
            self.words[self.feed] = self.words[self.feed].wrapping_add(self.words[self.tap]);
            self.words[self.feed]
        }

        fn below(&mut self, n: u32) -> u32 {
            let mut int31 = || ((self.next() << 1 >> 1) >> 32) as u32;
            if n & (n - 1) == 0 {
                return int31() & (n - 1);
            }
            let most = (1u32 << 31) - 1 - (1u32 << 31) % n;
            let mut v = int31();
            while v > most {
                v = int31();
            }
            v % n
        }
    }

    #[test]
    fn each_draw_equals_that_of_the_seeded_generator() {
        let mut seeds = Rng::new(1);
        let edges = [0, 1, -1, i64::MIN, i64::MAX, MODULUS as i64, -(MODULUS as i64), 1 << 31];
        for seed in edges.into_iter().chain((0..200).map(|_| seeds.next() as i64)) {
            let (mut short, mut state, mut plain) = (GoRand::new(seed), GoRand::seeded(seed), Plain::new(seed));
            for draw in 1..2000 {
                let wanted = plain.next();
                assert_eq!(state.next(), wanted, "seed {seed}, draw {draw}");
                assert_eq!(short.next(), (draw <= TAP).then_some(wanted), "seed {seed}, draw {draw}");
            }
        }
    }

    #[test]
    fn bounded_draws_equal_for_100_000_seeds_and_each_bound_to_300() {
        let mut seeds = Rng::new(2);
        for round in 0..100_000u32 {
            let seed = seeds.next() as i64;
            // As in a plan: bounds that fall from n, drawn from one stream; the whole plan for some seeds.
            let n = round % 300 + 1;
            let draws = if round < 3000 { n.min(250) } else { n.min(3) };
            let (mut short, mut plain) = (GoRand::new(seed), Plain::new(seed));
            for taken in 0..draws {
                assert_eq!(short.below(n - taken), Some(plain.below(n - taken)), "seed {seed}, n {n}, draw {taken}");
            }
        }
    }

    #[test]
    fn rejected_draws_are_drawn_again() {
        let mut rejected = 0;
        for seed in 0..300 {
            // Bounds above 2^30 reject nearly half of all draws.
            let bound = (1 << 30) + 1;
            let (mut short, mut plain) = (GoRand::new(seed), Plain::new(seed));
            for _ in 0..10 {
                assert_eq!(short.below(bound), Some(plain.below(bound)));
            }
            rejected += short.draws - 10;
        }
        assert!(rejected > 1000, "{rejected}");
    }
}
