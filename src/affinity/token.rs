//! The ScyllaDB token of a partition key: where its partition lies on the ring, whichever client asks.
//!
//! The partitioner hashes the key as it is stored, with sign-extended tail bytes, and maps the least number to the greatest. A
//! number is stored as a CQL decimal: its scale in four bytes, then its digits as the shortest two's complement number, both taken
//! from the text on the wire. Nothing is normalised: `1`, `1.0` and `1e0` are three partitions.

use super::KeyType;
use super::murmur::{Murmur3, Tail};

/// More digits than a number can have on the server.
const MOST_DIGITS: usize = 38;
/// 38 digits fit into this many bytes.
const MOST_BYTES: usize = 17;

/// The token of a key; `None` for a number that the server refuses.
pub fn token(kind: KeyType, value: &[u8]) -> Option<i64> {
    let mut hash = Murmur3::new();
    match kind {
        KeyType::S | KeyType::B => hash.update(value),
        KeyType::N => {
            let decimal = Decimal::parse(value)?;
            hash.update(&decimal.scale.to_be_bytes());
            let mut bytes = [0u8; MOST_BYTES];
            let length = decimal.write(&mut bytes);
            hash.update(&bytes[..length]);
        }
    }
    Some(match hash.finish(Tail::SignExtended) {
        i64::MIN => i64::MAX,
        token => token,
    })
}

/// A number as the server stores it: `unscaled * 10^-scale`.
struct Decimal {
    unscaled: i128,
    scale: i32,
}

impl Decimal {
    /// Reads sign, digits with at most one point, and exponent.
    fn parse(text: &[u8]) -> Option<Decimal> {
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(position) => (&text[..position], parse_exponent(&text[position + 1..])?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.split_first()? {
            (b'-', digits) => (true, digits),
            (b'+', digits) => (false, digits),
            _ => (false, mantissa),
        };
        let mut unscaled: i128 = 0;
        let mut significant = 0;
        let mut fraction: Option<i64> = None;
        let mut any = false;
        for byte in digits {
            match byte {
                b'.' if fraction.is_none() => fraction = Some(0),
                b'0'..=b'9' => {
                    any = true;
                    significant += usize::from(significant > 0 || *byte != b'0');
                    if significant > MOST_DIGITS {
                        return None;
                    }
                    unscaled = unscaled * 10 + i128::from(byte - b'0');
                    fraction = fraction.map(|count| count + 1);
                }
                _ => return None,
            }
        }
        let scale = i32::try_from(fraction.unwrap_or(0).checked_sub(exponent)?).ok()?;
        any.then_some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// Writes the unscaled number as the shortest big-endian two's complement; tells its length.
    fn write(&self, room: &mut [u8; MOST_BYTES]) -> usize {
        let bytes = self.unscaled.to_be_bytes();
        let filler = if self.unscaled < 0 { 0xff } else { 0 };
        // A leading byte says nothing if it and the sign of the next are as the sign wants.
        let redundant = bytes.windows(2).take_while(|pair| pair[0] == filler && (pair[1] & 0x80) == (filler & 0x80)).count();
        let shortest = &bytes[redundant..];
        room[..shortest.len()].copy_from_slice(shortest);
        shortest.len()
    }
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_as_the_server_stores_them() {
        for (text, scale, bytes) in [
            ("0", 0, &[0x00][..]),
            ("-0", 0, &[0x00]),
            ("1", 0, &[0x01]),
            ("-1", 0, &[0xff]),
            ("1.0", 1, &[0x0a]),
            ("1e1", -1, &[0x01]),
            ("+1E+1", -1, &[0x01]),
            (".5", 1, &[0x05]),
            ("5.", 0, &[0x05]),
            ("128", 0, &[0x00, 0x80]),
            ("-128", 0, &[0x80]),
            ("-129", 0, &[0xff, 0x7f]),
            ("256", 0, &[0x01, 0x00]),
            ("0000256", 0, &[0x01, 0x00]),
            ("1e-130", 130, &[0x01]),
        ] {
            let decimal = Decimal::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            let mut room = [0; MOST_BYTES];
            let length = decimal.write(&mut room);
            assert_eq!((decimal.scale, &room[..length]), (scale, bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_token() {
        let long = "1".repeat(39);
        let huge = format!("1{}", "0".repeat(1000));
        for text in ["", "-", ".", "1.2.3", "1e", "e1", "1e+", "0x1", "NaN", " 1", "1e99999999999", &long, &huge] {
            assert_eq!(token(KeyType::N, text.as_bytes()), None, "{text}");
        }
        assert!(token(KeyType::N, format!("{}1", "0".repeat(1000)).as_bytes()).is_some());
    }
}
