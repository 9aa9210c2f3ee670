//! Walks JSON text from the front, without allocation and without recursion, in time linear in what it passes.
//!
//! What is not looked into is passed by its strings and brackets alone: a body that a server would refuse may pass here, and the
//! route found for it is then of no consequence. What is looked into must be JSON, else [`Unreadable`].

use super::Unreadable;
use super::attribute::Object;
use super::block::{self, BLOCK};
use super::structure::{StringState, Structure};
use super::text::RawText;
use super::work;

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
        self.advance(1);
        if self.peek()? == close {
            self.advance(1);
            return Ok(true);
        }
        loop {
            entry(self)?;
            let next = self.peek()?;
            self.advance(1);
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
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.advance(1),
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
        self.advance(1);
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<RawText<'a>, Unreadable> {
        self.take(b'"')?;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            let rest = self.text.get(self.at..).ok_or(Unreadable)?;
            self.advance(block::string_stop(rest));
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(_) => {
                    has_escapes = true;
                    self.advance(2);
                }
                None => return Err(Unreadable),
            }
        }
        self.advance(1);
        Ok(RawText::new(&self.text[start..self.at - 1], has_escapes))
    }

    /// A number, `true`, `false` or `null`: all up to what may follow a value.
    #[inline]
    fn skip_scalar(&mut self) {
        let rest = &self.text[self.at..];
        let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.advance(rest.iter().position(is_end).unwrap_or(rest.len()));
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
        self.advance(block::string_stop(&self.text[self.at..]));
        self.take(b'"')
    }

    /// Passes the object or array here.
    fn skip_nested(&mut self) -> Result<(), Unreadable> {
        self.pass_nested(|_, _| None).map(drop)
    }

    /// Goes to the value of the first member `name` of the object here; tells whether there is one.
    pub fn seek_member(&mut self, name: &str) -> Result<bool, Unreadable> {
        self.pass_nested(|scanner, start| scanner.value_of(name, start))
    }

    /// Passes the object or array here, to the bracket that brings the depth back to where it is now: `Ok(false)`. Hands each
    /// string of its own, but none of those nested deeper, to `stop`, and stops where that says: `Ok(true)`.
    #[inline]
    fn pass_nested(&mut self, stop: impl Fn(&Self, usize) -> Option<usize>) -> Result<bool, Unreadable> {
        let mut strings = StringState::default();
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            let Structure { opens, closes, mut string_starts } = strings.structure_of(&self.text[self.at..]);
            let mut brackets = opens | closes;
            loop {
                let bracket = lowest(brackets);
                // All bits if no bracket is left.
                let before_bracket = bracket.wrapping_sub(1);
                let mut own_strings = if depth == 1 { string_starts & before_bracket } else { 0 };
                while own_strings != 0 {
                    let start = self.at + own_strings.trailing_zeros() as usize;
                    if let Some(place) = stop(self, start) {
                        self.at = place;
                        return Ok(true);
                    }
                    own_strings ^= lowest(own_strings);
                }
                if bracket == 0 {
                    break;
                }
                string_starts &= !before_bracket;
                brackets ^= bracket;
                if closes & bracket == 0 {
                    depth += 1;
                } else {
                    depth -= 1;
                    if depth == 0 {
                        self.advance(bracket.trailing_zeros() as usize + 1);
                        return Ok(false);
                    }
                }
            }
            self.advance(BLOCK);
        }
        Err(Unreadable)
    }

    /// Where the value stands if the string at `start` is `name` in front of a colon.
    #[inline]
    fn value_of(&self, name: &str, start: usize) -> Option<usize> {
        let content = &self.text[start + 1..];
        let is_plain = |byte: u8| byte != b'"' && byte != b'\\';
        let same = content.iter().zip(name.as_bytes()).take_while(|(byte, wanted)| byte == wanted && is_plain(**byte)).count();
        if content.get(same).is_none_or(|byte| is_plain(*byte)) {
            return None;
        }
        let mut scanner = Scanner { text: self.text, at: start };
        let is_name = scanner.string().is_ok_and(|string| string.eq_str(name)) && scanner.take(b':').is_ok();
        is_name.then_some(scanner.at)
    }

    #[inline]
    fn advance(&mut self, bytes: usize) {
        work::note(bytes);
        self.at += bytes;
    }
}

#[inline]
fn lowest(bits: u64) -> u64 {
    bits & bits.wrapping_neg()
}
