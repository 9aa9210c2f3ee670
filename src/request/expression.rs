//! Tells whether an UpdateExpression makes the server read the item before it writes.
//!
//! It does for an ADD or DELETE clause, for a path into a document, and for a SET whose operand is or contains an attribute. A SET
//! to constants and a REMOVE of top-level attributes do not. The expression is read word by word; one that holds anything the
//! grammar has no use for counts as reading, which at worst routes a request that fails anyway.

use std::iter::Peekable;

use super::Malformed;

const LONGEST_KEYWORD: usize = "REMOVE".len();

/// Whether an UpdateExpression makes the server read the item before it writes, by the rule of
/// [`Facts::update_expression_reads`](super::Facts::update_expression_reads). For callers that have it as text of their own.
pub fn update_expression_reads(expression: &str) -> bool {
    reads(expression.bytes().map(Ok))
}

/// The rule above, for the bytes of an expression.
pub(super) fn reads(expression: impl Iterator<Item = Result<u8, Malformed>>) -> bool {
    let mut characters = Characters(expression.peekable());
    let mut is_operand = false;
    let mut open_parentheses = 0_usize;
    while let Some(character) = characters.next_visible() {
        match character {
            b'=' => is_operand = true,
            b',' => is_operand &= open_parentheses > 0,
            b'(' => open_parentheses += 1,
            b')' => open_parentheses = open_parentheses.saturating_sub(1),
            b'+' | b'-' => {}
            b':' => drop(characters.word(character)),
            b'#' => {
                characters.word(character);
                if is_operand {
                    return true;
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' => match &characters.word(character) {
                b"ADD\0\0\0\0" | b"DELETE\0" => return true,
                b"SET\0\0\0\0" | b"REMOVE\0" => is_operand = false,
                _ if is_operand && characters.peek_visible() != Some(b'(') => return true,
                _ => {}
            },
            _ => return true,
        }
    }
    false
}

/// The decoded expression. What can't be decoded reads as a character that no expression has.
struct Characters<I: Iterator>(Peekable<I>);

impl<I: Iterator<Item = Result<u8, Malformed>>> Characters<I> {
    fn next_visible(&mut self) -> Option<u8> {
        self.peek_visible()?;
        self.0.next().map(|byte| byte.unwrap_or(0))
    }

    fn peek_visible(&mut self) -> Option<u8> {
        while self.0.next_if(|byte| matches!(byte, Ok(b' ' | b'\t' | b'\n' | b'\r'))).is_some() {}
        self.0.peek().map(|byte| byte.unwrap_or(0))
    }

    /// The word that starts with `first`: in upper case, zero-filled, and cut behind the length at which it can't be a keyword.
    fn word(&mut self, first: u8) -> [u8; LONGEST_KEYWORD + 1] {
        let mut word = [0; LONGEST_KEYWORD + 1];
        word[0] = first.to_ascii_uppercase();
        let mut len = 1;
        while let Some(Ok(byte)) = self.0.next_if(|byte| matches!(byte, Ok(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_'))) {
            if let Some(slot) = word.get_mut(len) {
                *slot = byte.to_ascii_uppercase();
            }
            len += 1;
        }
        word
    }
}
