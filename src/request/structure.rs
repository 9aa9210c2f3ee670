//! Finds what gives JSON text its structure, 64 bytes at a time: the brackets and the beginnings of strings, none of them inside a
//! string.

use super::block::{BLOCK, Masks};

/// Positions in a block, one bit each; bit 0 is the first byte.
pub(super) struct Structure {
    pub opens: u64,
    pub closes: u64,
    /// The quotes that begin a string.
    pub string_starts: u64,
}

/// What one block leaves to know for the next.
#[derive(Default)]
pub(super) struct StringState {
    /// All ones inside a string, else zero.
    in_string: u64,
    /// 1 if the last byte was a backslash that escapes the next one, else 0.
    escapes_next: u64,
}

impl StringState {
    /// The structure of the next block, which `text` begins with; behind the end of the text there is none.
    #[inline]
    pub fn structure_of(&mut self, text: &[u8]) -> Structure {
        match text.first_chunk::<BLOCK>() {
            Some(block) => self.structure_of_block(block),
            None => {
                let mut block = [b' '; BLOCK];
                block[..text.len()].copy_from_slice(text);
                self.structure_of_block(&block)
            }
        }
    }

    #[inline]
    fn structure_of_block(&mut self, block: &[u8; BLOCK]) -> Structure {
        let masks = Masks::of(block);
        let quotes = masks.quotes & !self.escaped(masks.backslashes);
        // From each quote that begins a string to before the one that ends it.
        let inside = parity_up_to(quotes) ^ self.in_string;
        self.in_string = (inside >> (BLOCK - 1)).wrapping_neg();
        Structure { opens: masks.opens & !inside, closes: masks.closes & !inside, string_starts: quotes & inside }
    }

    /// The bytes that are escaped: those behind a row of backslashes of odd length.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = backslashes & !self.escapes_next;
        let starts = backslashes & !(backslashes << 1);
        // Added to a row's start, the row turns into the one bit behind it, which is odd or even as the length says.
        let (behind_even_starts, _) = backslashes.overflowing_add(starts & EVEN);
        let (behind_odd_starts, runs_on) = backslashes.overflowing_add(starts & !EVEN);
        let escaped = ((behind_even_starts & !EVEN) | (behind_odd_starts & EVEN)) & !backslashes;
        let escaped = escaped | self.escapes_next;
        self.escapes_next = u64::from(runs_on);
        escaped
    }
}

/// Bit `i` tells whether an odd number of bits is set in `0..=i`: with quotes, whether byte `i` belongs to a string.
#[inline]
fn parity_up_to(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
