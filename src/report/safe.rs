//! The sanitiser that every value passes before a person sees it. Metadata, names of files and names of members are written
//! by strangers: a control character can rewrite a terminal, a bidirectional override can turn a name around, a character
//! without width can make two names look the same. All of them are shown as what they are.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// The text with every character that does not show itself written out.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if hides(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The path as text; bytes that are not UTF-8 show as the replacement character.
pub fn path(path: &Path) -> String {
    text(&path.to_string_lossy()).into_owned()
}

/// The beginning of a text, made safe; what is left out shows as an ellipsis.
pub fn short(value: &str, most: usize) -> String {
    let mut chars = value.trim().chars();
    let start: String = chars.by_ref().take(most).collect();
    let rest = chars.next().is_some();
    let start = text(start.trim_end()).into_owned();
    if rest { start + "…" } else { start }
}

/// Whether a character changes how others are shown, or shows nothing itself.
pub fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_written_out() {
        assert_eq!(text("plain name.jpg"), "plain name.jpg");
        assert_eq!(text("a\x1b[31mred\x07"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(text("photo\u{202e}gpj.exe"), "photo\\u{202e}gpj.exe");
        assert_eq!(text("zero\u{200b}width"), "zero\\u{200b}width");
        assert_eq!(text("two\nlines\tand\r"), "two\\nlines\\tand\\r");
        assert_eq!(text("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(text("grüße 東京 🙂"), "grüße 東京 🙂");
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_hides_comes_through(any in "\\PC*|.*|[\u{0}-\u{2100}]*") {
            proptest::prop_assert!(!text(&any).chars().any(hides));
            proptest::prop_assert!(!short(&any, 5).chars().any(hides));
        }
    }

    #[test]
    fn long_values_are_cut_and_it_shows() {
        assert_eq!(short("abcdef", 3), "abc…");
        assert_eq!(short("  abc ", 3), "abc");
        assert_eq!(short("ab\u{202e}cd", 3), "ab\\u{202e}…");
    }
}
