//! A JSON string as it stands in the body, and its characters as UTF-8 bytes, decoded on the fly.

use super::{Malformed, work};

/// The most bytes of JSON that stand for one byte of text: `\u0041`.
const LONGEST_ESCAPE: usize = 6;

/// A JSON string without its quotes, escapes and all.
#[derive(Debug, Clone, Copy)]
pub struct RawText<'a> {
    raw: &'a [u8],
    has_escapes: bool,
}

impl<'a> RawText<'a> {
    pub(super) fn new(raw: &'a [u8], has_escapes: bool) -> Self {
        Self { raw, has_escapes }
    }

    /// Whether nothing stands between the quotes.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether the decoded text is `text`.
    #[inline]
    pub fn eq_str(&self, text: &str) -> bool {
        if !self.has_escapes {
            return self.raw == text.as_bytes();
        }
        self.raw.len() <= LONGEST_ESCAPE * text.len() && self.bytes().eq(text.bytes().map(Ok))
    }

    /// The text itself, if it is UTF-8 and nothing in it is escaped.
    pub fn plain(&self) -> Option<&'a str> {
        work::note(self.raw.len());
        if self.has_escapes { None } else { str::from_utf8(self.raw).ok() }
    }

    /// The decoded text in UTF-8. Ends at the first [`Malformed`]: an unknown escape, half a surrogate pair, or a text that is not
    /// UTF-8, which is told before anything else.
    pub fn bytes(&self) -> TextBytes<'a> {
        work::note(self.raw.len());
        TextBytes { rest: str::from_utf8(self.raw).map(str::as_bytes), decoded: [0; 4], pending: 0..0 }
    }
}

/// The decoded bytes of a [`RawText`].
#[derive(Debug, Clone)]
pub struct TextBytes<'a> {
    rest: Result<&'a [u8], std::str::Utf8Error>,
    decoded: [u8; 4],
    pending: std::ops::Range<usize>,
}

impl Iterator for TextBytes<'_> {
    type Item = Result<u8, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        work::note(1);
        if let Some(index) = self.pending.next() {
            return Some(Ok(self.decoded[index]));
        }
        match self.rest {
            Ok([]) => None,
            Ok([b'\\', escape @ ..]) => Some(self.unescape(escape)),
            Ok([byte, rest @ ..]) => {
                self.rest = Ok(rest);
                Some(Ok(*byte))
            }
            Err(_) => {
                self.rest = Ok(&[]);
                Some(Err(Malformed))
            }
        }
    }
}

impl<'a> TextBytes<'a> {
    /// Decodes what stands behind a backslash, returns its first byte and keeps the others pending.
    fn unescape(&mut self, escape: &'a [u8]) -> Result<u8, Malformed> {
        let Some((character, rest)) = escaped_character(escape) else {
            self.rest = Ok(&[]);
            return Err(Malformed);
        };
        self.rest = Ok(rest);
        self.pending = 1..character.encode_utf8(&mut self.decoded).len();
        Ok(self.decoded[0])
    }
}

/// The character that an escape stands for, and what follows the escape. Takes a surrogate pair as one.
fn escaped_character(escape: &[u8]) -> Option<(char, &[u8])> {
    let (&kind, rest) = escape.split_first()?;
    let character = match kind {
        b'"' | b'\\' | b'/' => char::from(kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((character, rest))
}

fn unicode_escape(text: &[u8]) -> Option<(char, &[u8])> {
    let (unit, rest) = code_unit(text)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((character, rest));
    }
    let (low, rest) = code_unit(rest.strip_prefix(b"\\u")?)?;
    if !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    // With a low half in front this comes out above all characters.
    let character = char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?;
    Some((character, rest))
}

/// Four hexadecimal digits, and what follows them.
fn code_unit(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let unit = digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))?;
    Some((unit, rest))
}
