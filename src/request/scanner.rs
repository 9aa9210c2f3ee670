//! Walks JSON text from the front, without allocation and without recursion, in time linear in what it passes.
//!
//! What is not looked into is skipped by its strings and brackets alone: a body that a server would refuse may pass here, and the
//! route found for it is then of no consequence. What is looked into must be JSON, else [`Unreadable`].

use super::Unreadable;
use super::attribute::Object;
use super::block::{self, BLOCK, Masks};
use super::text::RawText;

/// A position in JSON text.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Stands before the first byte.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Hands each member of the object here to `member`, which must consume the value. Any other value is passed by.
    /// Tells whether it was an object.
    #[inline]
    pub fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, RawText<'a>) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        self.list(b'{', b'}', |scanner| {
            let name = scanner.string()?;
            scanner.take(b':')?;
            member(scanner, name)
        })
    }

    /// Calls `element` before each element of the array here; it must consume the element. Any other value is passed by.
    /// Tells whether it was an array.
    #[inline]
    pub fn elements(&mut self, element: impl FnMut(&mut Self) -> Result<(), Unreadable>) -> Result<bool, Unreadable> {
        self.list(b'[', b']', element)
    }

    /// The string here. Any other value is passed by.
    #[inline]
    pub fn text(&mut self) -> Result<Option<RawText<'a>>, Unreadable> {
        if self.peek()? == b'"' { self.string().map(Some) } else { self.skip().map(|_| None) }
    }

    /// The object here. Any other value is passed by.
    #[inline]
    pub fn object(&mut self) -> Result<Option<Object<'a>>, Unreadable> {
        let is_object = self.peek()? == b'{';
        self.skip().map(|value| is_object.then_some(Object(value)))
    }

    /// Passes the value here, whatever it is, and returns its text.
    #[inline]
    pub fn skip(&mut self) -> Result<&'a [u8], Unreadable> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => drop(self.string()?),
            b'{' | b'[' => {
                if self.skip_single_text().is_err() {
                    self.at = start;
                    self.skip_nested()?;
                }
            }
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.skip_scalar(),
            _ => return Err(Unreadable),
        }
        Ok(&self.text[start..self.at])
    }

    /// Nothing but white space may be left.
    pub fn end(&mut self) -> Result<(), Unreadable> {
        if self.peek().is_ok() { Err(Unreadable) } else { Ok(()) }
    }

    #[inline]
    fn list(
        &mut self,
        open: u8,
        close: u8,
        mut entry: impl FnMut(&mut Self) -> Result<(), Unreadable>,
    ) -> Result<bool, Unreadable> {
        if self.peek()? != open {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        if self.peek()? == close {
            self.at += 1;
            return Ok(true);
        }
        loop {
            entry(self)?;
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                next if next == close => return Ok(true),
                _ => return Err(Unreadable),
            }
        }
    }

    /// The next byte that is not white space; stays before it.
    #[inline]
    fn peek(&mut self) -> Result<u8, Unreadable> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(Unreadable),
            }
        }
    }

    #[inline]
    fn take(&mut self, wanted: u8) -> Result<(), Unreadable> {
        if self.peek()? != wanted {
            return Err(Unreadable);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<RawText<'a>, Unreadable> {
        self.take(b'"')?;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            let rest = self.text.get(self.at..).ok_or(Unreadable)?;
            self.at += block::string_stop(rest);
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(_) => {
                    has_escapes = true;
                    self.at += 2;
                }
                None => return Err(Unreadable),
            }
        }
        self.at += 1;
        Ok(RawText::new(&self.text[start..self.at - 1], has_escapes))
    }

    /// A number, `true`, `false` or `null`: all up to what may follow a value.
    #[inline]
    fn skip_scalar(&mut self) {
        let rest = &self.text[self.at..];
        let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().position(is_end).unwrap_or(rest.len());
    }

    /// Passes an object of one string, as most attribute values are: by this way in half the time.
    #[inline]
    fn skip_single_text(&mut self) -> Result<(), Unreadable> {
        self.take(b'{')?;
        self.skip_plain_string()?;
        self.take(b':')?;
        self.skip_plain_string()?;
        self.take(b'}')
    }

    /// Passes a string without escapes. Many escapes are passed faster by the block.
    #[inline]
    fn skip_plain_string(&mut self) -> Result<(), Unreadable> {
        self.take(b'"')?;
        self.at += block::string_stop(&self.text[self.at..]);
        self.take(b'"')
    }

    /// Passes the object or array here: to the bracket that brings the depth back to where it is now.
    fn skip_nested(&mut self) -> Result<(), Unreadable> {
        let mut nesting = Nesting::default();
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let end = match rest.first_chunk::<BLOCK>() {
                Some(block) => nesting.end_in(block),
                None => {
                    let mut block = [b' '; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    nesting.end_in(&block)
                }
            };
            if let Some(end) = end {
                self.at += end + 1;
                return Ok(());
            }
            self.at += BLOCK;
        }
        Err(Unreadable)
    }
}

/// What one block leaves to know for the next.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// All ones inside a string, else zero.
    in_string: u64,
    /// 1 if the last byte was a backslash that escapes the next one, else 0.
    escapes_next: u64,
}

impl Nesting {
    /// The index in this block of the bracket that ends it all.
    #[inline]
    fn end_in(&mut self, block: &[u8; BLOCK]) -> Option<usize> {
        let masks = Masks::of(block);
        let quotes = masks.quotes & !self.escaped(masks.backslashes);
        let inside = parity_up_to(quotes) ^ self.in_string;
        self.in_string = (inside >> (BLOCK - 1)).wrapping_neg();

        let closes = masks.closes & !inside;
        let mut brackets = (masks.opens & !inside) | closes;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            if closes & bracket == 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(bracket.trailing_zeros() as usize);
                }
            }
            brackets ^= bracket;
        }
        None
    }

    /// The bytes that stand behind a backslash which is not itself behind one.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = self.escapes_next;
        let mut escaping = backslashes & !escaped;
        self.escapes_next = 0;
        while escaping != 0 {
            let backslash = escaping & escaping.wrapping_neg();
            escaped |= backslash << 1;
            self.escapes_next = backslash >> (BLOCK - 1);
            escaping &= !(backslash | backslash << 1);
        }
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
