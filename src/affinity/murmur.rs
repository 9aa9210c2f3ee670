//! MurmurHash3 x64_128 with seed 0, of which the first half counts (Appleby's public-domain algorithm), fed piece by piece.
//!
//! Two readings of the last, incomplete block are in use. The official Alternator clients hash keys for affinity with the textbook's
//! unsigned bytes; Cassandra, and ScyllaDB's partitioner with it, extends the sign of each. They differ from a byte of 0x80 up.

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;
const BLOCK: usize = 16;

/// How the bytes of the last, incomplete block are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// As numbers from 0 to 255.
    Unsigned,
    /// As numbers from -128 to 127, their sign extended.
    SignExtended,
}

/// A hash under way.
#[derive(Clone, Debug)]
pub struct Murmur3 {
    h1: u64,
    h2: u64,
    block: [u8; BLOCK],
    held: usize,
    length: u64,
}

impl Murmur3 {
    /// The hash of nothing yet.
    #[inline]
    pub fn new() -> Murmur3 {
        Murmur3 { h1: 0, h2: 0, block: [0; BLOCK], held: 0, length: 0 }
    }

    /// Adds bytes.
    #[inline]
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        while !bytes.is_empty() {
            let taken = bytes.len().min(BLOCK - self.held);
            self.block[self.held..self.held + taken].copy_from_slice(&bytes[..taken]);
            self.held += taken;
            bytes = &bytes[taken..];
            if self.held == BLOCK {
                self.mix();
                self.held = 0;
            }
        }
    }

    /// The unsigned hash of a byte and what follows it, without going through a buffer: several times faster for keys.
    #[inline]
    pub fn of_prefixed(prefix: u8, bytes: &[u8]) -> i64 {
        let mut hash = Murmur3 { length: bytes.len() as u64 + 1, ..Murmur3::new() };
        let shifted = |[low, high]: [u64; 2]| [low << 8 | u64::from(prefix), high << 8 | low >> 56];
        let Some((head, rest)) = bytes.split_first_chunk::<{ BLOCK - 1 }>() else {
            hash.mix_tail(shifted(partial_words(bytes)));
            return hash.finalised();
        };
        hash.block[0] = prefix;
        hash.block[1..].copy_from_slice(head);
        hash.mix();
        let (blocks, tail) = rest.as_chunks::<BLOCK>();
        for block in blocks {
            hash.block = *block;
            hash.mix();
        }
        hash.mix_tail(partial_words(tail));
        hash.finalised()
    }

    #[inline]
    fn mix(&mut self) {
        let [k1, k2] = words(&self.block);
        self.h1 ^= k1.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
        self.h1 = self.h1.rotate_left(27).wrapping_add(self.h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        self.h2 ^= k2.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
        self.h2 = self.h2.rotate_left(31).wrapping_add(self.h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }

    /// The first half of the hash, as the signed number that all clients and the server make of it.
    #[inline]
    pub fn finish(mut self, tail: Tail) -> i64 {
        if self.held > 0 {
            let [k1, k2] = match tail {
                Tail::Unsigned => {
                    self.block[self.held..].fill(0);
                    words(&self.block)
                }
                Tail::SignExtended => sign_extended_words(&self.block[..self.held]),
            };
            self.mix_tail([k1, k2]);
        }
        self.finalised()
    }

    #[inline]
    fn mix_tail(&mut self, [k1, k2]: [u64; 2]) {
        self.h2 ^= k2.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
        self.h1 ^= k1.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    }

    #[inline]
    fn finalised(mut self) -> i64 {
        self.h1 ^= self.length;
        self.h2 ^= self.length;
        self.h1 = self.h1.wrapping_add(self.h2);
        self.h2 = self.h2.wrapping_add(self.h1);
        let (h1, h2) = (finalised(self.h1), finalised(self.h2));
        h1.wrapping_add(h2) as i64
    }
}

fn words(block: &[u8; BLOCK]) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *block;
    [u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes([i, j, k, l, m, n, o, p])]
}

/// Up to 15 bytes as two numbers, the bytes behind them as zeroes.
#[inline]
fn partial_words(bytes: &[u8]) -> [u64; 2] {
    match bytes.split_first_chunk::<8>() {
        Some((first, rest)) => [u64::from_le_bytes(*first), partial_word(rest)],
        None => [partial_word(bytes), 0],
    }
}

/// Up to 8 bytes as a number: two reads that may overlap where there are four or more, three bytes of which some may be the same where
/// there are fewer.
#[inline]
fn partial_word(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (len - 4));
    }
    let at = |index: usize| bytes.get(index).map_or(0, |byte| u64::from(*byte) << (8 * index));
    at(0) | at(len / 2) | at(len.saturating_sub(1))
}

fn sign_extended_words(bytes: &[u8]) -> [u64; 2] {
    let mut words = [0u64; 2];
    for (position, byte) in bytes.iter().enumerate() {
        // The sign reaches into the higher bytes, where the exclusive or meets the bytes that belong there.
        words[position / 8] ^= ((*byte as i8) as u64) << (8 * (position % 8));
    }
    words
}

fn finalised(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8], tail: Tail) -> i64 {
        let mut whole = Murmur3::new();
        whole.update(bytes);
        whole.finish(tail)
    }

    #[test]
    fn pieces_hash_as_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        for cut in 0..64 {
            let mut pieces = Murmur3::new();
            pieces.update(&bytes[..cut]);
            for byte in &bytes[cut..80] {
                pieces.update(&[*byte]);
            }
            assert_eq!(pieces.finish(Tail::Unsigned), hash(&bytes[..80], Tail::Unsigned));
        }
    }

    /// The one row of `murmur3_h1` in tests/vectors/official_clients.json that no key and no token shows.
    #[test]
    fn high_bytes_of_the_tail_hash_as_in_the_official_clients() {
        assert_eq!(hash(&[0xff, 0x80, 0x7f, 0x00], Tail::Unsigned), 3_749_441_285_707_731_724);
    }

    #[test]
    fn a_prefix_hashes_as_the_first_of_the_bytes() {
        let bytes: Vec<u8> = (0..100).map(|i| (i * 37 + 11) as u8).collect();
        for length in 0..100 {
            assert_eq!(Murmur3::of_prefixed(bytes[0], &bytes[1..=length]), hash(&bytes[..=length], Tail::Unsigned), "{length}");
        }
    }

    #[test]
    fn the_two_tails_differ_from_0x80_up_alone() {
        for length in 0..40 {
            let low = vec![0x7f; length];
            assert_eq!(hash(&low, Tail::Unsigned), hash(&low, Tail::SignExtended));
            let high = vec![0x80; length];
            assert_eq!(hash(&high, Tail::Unsigned) == hash(&high, Tail::SignExtended), length % 16 == 0, "{length}");
        }
    }
}
