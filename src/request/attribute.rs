//! Finds one attribute in the JSON object of an item or a key, and reads its value as the bytes that decide the route.
//!
//! Of attributes with the same name the first one counts, and nothing behind it is looked at. Nothing is allocated; text and base64
//! are decoded while they are read.

use super::scanner::Scanner;
use super::text::{RawText, TextBytes};
use super::{Malformed, Unreadable};

/// The text of a JSON object, from brace to brace. It is not looked into before it is asked for an attribute.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a>(pub(super) &'a [u8]);

impl<'a> Object<'a> {
    /// The value of the attribute `name`, if the object has one. [`Malformed`] if that is anything but a string under exactly one
    /// of the types `S`, `N` and `B`. Only that value has to be JSON: around it, an object is no more than strings and brackets.
    pub fn attribute(&self, name: &str) -> Option<Result<KeyValue<'a>, Malformed>> {
        let mut scanner = Scanner::new(self.0);
        let found = scanner.seek_member(name).unwrap_or(false);
        found.then(|| KeyValue::read(&mut scanner).unwrap_or(Err(Malformed)))
    }
}

/// A value that can be a partition key.
#[derive(Debug, Clone, Copy)]
pub enum KeyValue<'a> {
    /// A string.
    S(RawText<'a>),
    /// A number in the digits in which it is sent; whether it is one is not looked at.
    N(RawText<'a>),
    /// A binary.
    B(Base64<'a>),
}

impl<'a> KeyValue<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Result<Self, Malformed>, Unreadable> {
        let mut found = None;
        let mut has_other_type = false;
        scanner.members(|scanner, name| {
            let kind = ["S", "N", "B"].into_iter().find(|kind| name.eq_str(kind));
            if let Some((first, _)) = found {
                has_other_type |= kind != first;
                return scanner.skip().map(drop);
            }
            found = Some((kind, scanner.text()?));
            Ok(())
        })?;
        Ok(match found {
            _ if has_other_type => Err(Malformed),
            Some((Some("S"), Some(text))) => Ok(Self::S(text)),
            Some((Some("N"), Some(text))) => Ok(Self::N(text)),
            Some((Some("B"), Some(text))) => Ok(Self::B(Base64(text))),
            _ => Err(Malformed),
        })
    }

    /// The bytes of the value: UTF-8 of a string or number, the decoded bytes of a binary. Ends at the first [`Malformed`].
    pub fn bytes(&self) -> KeyBytes<'a> {
        match self {
            Self::S(text) | Self::N(text) => KeyBytes::Text(text.bytes()),
            Self::B(base64) => KeyBytes::Base64(base64.bytes()),
        }
    }

    /// The bytes of the value in one piece: those of the body where they stand there as they are, else decoded into `buffer`.
    /// `None` if they are more than `buffer` holds (no server takes a partition key above 2048 bytes).
    pub fn contiguous<'b>(&self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Malformed>
    where
        'a: 'b,
    {
        if let Self::S(text) | Self::N(text) = self
            && let Some(plain) = text.plain()
        {
            return Ok((plain.len() <= buffer.len()).then_some(plain.as_bytes()));
        }
        let mut len = 0;
        for byte in self.bytes() {
            let byte = byte?;
            let Some(slot) = buffer.get_mut(len) else { return Ok(None) };
            *slot = byte;
            len += 1;
        }
        Ok(Some(&buffer[..len]))
    }
}

/// The bytes of a [`KeyValue`].
#[derive(Debug, Clone)]
pub enum KeyBytes<'a> {
    /// Of a string or number.
    Text(TextBytes<'a>),
    /// Of a binary.
    Base64(Base64Bytes<'a>),
}

impl Iterator for KeyBytes<'_> {
    type Item = Result<u8, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Text(bytes) => bytes.next(),
            Self::Base64(bytes) => bytes.next(),
        }
    }
}

/// A JSON string that holds standard, padded base64.
#[derive(Debug, Clone, Copy)]
pub struct Base64<'a>(RawText<'a>);

impl<'a> Base64<'a> {
    /// The decoded bytes. Ends at the first [`Malformed`]: a character outside the alphabet, or padding that is missing or
    /// misplaced.
    pub fn bytes(&self) -> Base64Bytes<'a> {
        Base64Bytes { text: self.0.bytes(), decoded: [0; 3], pending: 0..0, is_padded: false }
    }
}

/// The decoded bytes of a [`Base64`].
#[derive(Debug, Clone)]
pub struct Base64Bytes<'a> {
    text: TextBytes<'a>,
    decoded: [u8; 3],
    pending: std::ops::Range<usize>,
    is_padded: bool,
}

impl Iterator for Base64Bytes<'_> {
    type Item = Result<u8, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.pending.is_empty() {
            let first = self.text.next()?;
            if let Err(malformed) = self.decode_group(first) {
                self.text = RawText::new(b"", false).bytes();
                return Some(Err(malformed));
            }
        }
        self.pending.next().map(|index| Ok(self.decoded[index]))
    }
}

impl Base64Bytes<'_> {
    /// Decodes the four characters that start with `first` into one to three pending bytes.
    fn decode_group(&mut self, first: Result<u8, Malformed>) -> Result<(), Malformed> {
        if self.is_padded {
            return Err(Malformed);
        }
        let mut group = [first?; 4];
        for character in &mut group[1..] {
            *character = self.text.next().ok_or(Malformed)??;
        }
        let len = match group {
            [.., b'=', b'='] => 1,
            [.., b'='] => 2,
            _ => 3,
        };
        self.is_padded = len < 3;
        let mut bits = 0;
        for (index, &character) in group.iter().enumerate() {
            // Behind the padding found above, only the padding itself is left.
            bits = bits << 6 | if index <= len { sextet(character).ok_or(Malformed)? } else { 0 };
        }
        let [_, decoded @ ..] = bits.to_be_bytes();
        self.decoded = decoded;
        self.pending = 0..len;
        Ok(())
    }
}

fn sextet(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
