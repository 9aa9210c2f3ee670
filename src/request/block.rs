//! Looks at many bytes at once: which of the next 64 are quotes, backslashes or brackets, and where a string stops.
//!
//! Plain integer code on fixed-size blocks: it needs no CPU feature, and compilers make vector instructions of the comparisons.

/// How many bytes one look takes in, and so how many bits a mask has.
pub(super) const BLOCK: usize = 64;

const WORD: usize = size_of::<u64>();
const ONES: u64 = u64::from_le_bytes([1; WORD]);
const HIGH_BITS: u64 = u64::from_le_bytes([0x80; WORD]);

/// The bytes of a block that matter to nesting, one bit each; bit 0 is the first byte.
pub(super) struct Masks {
    pub quotes: u64,
    pub backslashes: u64,
    pub opens: u64,
    pub closes: u64,
}

impl Masks {
    #[inline]
    pub fn of(block: &[u8; BLOCK]) -> Self {
        // To look for a backslash takes less than a mask, and most blocks have none.
        let has_backslash = block.iter().fold(false, |found, &byte| found | (byte == b'\\'));
        // Bit 5 is all that tells `[` from `{` and `]` from `}`.
        Self {
            quotes: mask(block, |byte| byte == b'"'),
            backslashes: if has_backslash { mask(block, |byte| byte == b'\\') } else { 0 },
            opens: mask(block, |byte| byte | 0x20 == b'{'),
            closes: mask(block, |byte| byte | 0x20 == b'}'),
        }
    }
}

#[inline]
fn mask(block: &[u8; BLOCK], is_wanted: impl Fn(u8) -> bool) -> u64 {
    let flags = block.map(|byte| u8::from(is_wanted(byte)));
    let (words, _) = flags.as_chunks::<WORD>();
    let mut mask = 0;
    for (index, word) in words.iter().enumerate() {
        // Moves the flag of byte `i`, at bit `8 i`, to bit `56 + i`; no two products meet, so nothing carries.
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= gathered << (index * WORD);
    }
    mask
}

/// The index of the first quote or backslash, or the length if there is none.
#[inline]
pub(super) fn string_stop(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let stops = zero_bytes(word ^ (ONES * u64::from(b'"'))) | zero_bytes(word ^ (ONES * u64::from(b'\\')));
        if stops != 0 {
            return index * WORD + stops.trailing_zeros() as usize / 8;
        }
    }
    let stop = rest.iter().position(|&byte| byte == b'"' || byte == b'\\');
    text.len() - rest.len() + stop.unwrap_or(rest.len())
}

/// The high bit of each zero byte. A borrow can mark bytes above a zero byte too, so only the lowest mark is sure.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}
