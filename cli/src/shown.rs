//! Text of others - servers, files, the command line - as it may be shown: a control character or a mark of writing direction could
//! change what a terminal shows of the rest. These are written as JSON writes them, so that JSON stays JSON.

use std::fmt::Write;

/// More of one text of a server tells nothing.
const LONGEST: usize = 200;

/// Without control characters and marks of direction, line ends included.
pub fn plain(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same with its lines.
pub fn lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// A server's text: plain, and cut.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", plain(&text[..end])),
        None => plain(text),
    }
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() || is_direction(c)) && !is_kept(c) {
            // Writing to a text does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Marks of direction, and the separators that end a line in some terminals.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_terminal_is_escaped() {
        assert_eq!(plain("a\u{1b}[2J\u{7f}\u{9b}\u{202e}b\nc é"), "a\\u001b[2J\\u007f\\u009b\\u202eb\\u000ac é");
        assert_eq!(lines("a\n\tb\r"), "a\n\tb\\u000d");
    }

    #[test]
    fn a_server_s_text_is_cut_and_escapes_are_whole() {
        assert_eq!(short(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(short(&"é".repeat(LONGEST + 1)), format!("{}...", "é".repeat(LONGEST)));
        assert_eq!(short(&"\u{1b}".repeat(300)), format!("{}...", "\\u001b".repeat(LONGEST)));
    }

    #[test]
    fn json_stays_json() {
        let text = serde_json::json!({ "a": "\u{1b}\u{7f}\u{202e}\n" }).to_string();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&lines(&text)).ok(), serde_json::from_str(&text).ok());
    }
}
