//! A style sheet inside the picture, or the style of one element: comments and the properties of an editor go, addresses are
//! looked at one by one, all else stays. [CSS Syntax 3]

use std::ops::Range;

/// What stands out in a style.
pub(super) enum Piece {
    /// A comment that says something.
    Comment(Range<usize>),
    /// A property that only one editor reads.
    Private(Range<usize>),
    /// The address in `url()` or `@import`, without quotes.
    Address(Range<usize>),
}

/// The pieces of `bytes[span]`, in order.
pub(super) fn pieces(bytes: &[u8], span: Range<usize>) -> Vec<Piece> {
    let (end, mut at, mut out) = (span.end, span.start, Vec::new());
    while at < end {
        let rest = &bytes[at..end];
        let after = |mark: &[u8], from: usize| {
            let found = rest.get(from..).and_then(|r| memchr::memmem::find(r, mark));
            found.map_or(end, |i| at + from + i + mark.len())
        };
        match rest {
            // Comments of XML are met elsewhere.
            [b'<', b'!', b'-', b'-', ..] => at = after(b"-->", 4),
            [b'<', b'!', b'[', ..] => at += rest.len().min(9),
            [b'/', b'*', ..] => {
                let past = after(b"*/", 2);
                // An empty one may hold two words apart.
                if past - at > 4 {
                    out.push(Piece::Comment(at..past));
                }
                at = past;
            }
            [b'"' | b'\'', ..] => at = string(bytes, at, end).end + 1,
            _ if starts(rest, b"url(") => {
                let (address, past) = address(bytes, at + 4, end);
                out.push(Piece::Address(address));
                at = past;
            }
            _ if starts(rest, b"@import") => {
                at += 7;
                while at < end && bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
                if at < end && matches!(bytes[at], b'"' | b'\'') {
                    let address = string(bytes, at, end);
                    at = address.end + 1;
                    out.push(Piece::Address(address));
                }
            }
            _ if starts(rest, b"-inkscape-") => {
                let len = rest.iter().position(|b| matches!(b, b';' | b'}'));
                let past = len.map_or(end, |i| at + i + usize::from(rest[i] == b';'));
                out.push(Piece::Private(at..past));
                at = past;
            }
            _ => at += 1,
        }
    }
    out
}

fn starts(rest: &[u8], word: &[u8]) -> bool {
    rest.get(..word.len()).is_some_and(|r| r.eq_ignore_ascii_case(word))
}

/// What stands between the quotes that open at `at`.
fn string(bytes: &[u8], at: usize, end: usize) -> Range<usize> {
    let mut i = at + 1;
    while i < end && bytes[i] != bytes[at] && bytes[i] != b'\n' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    at + 1..i.min(end)
}

/// The address after `url(`, and what comes after its bracket.
fn address(bytes: &[u8], mut at: usize, end: usize) -> (Range<usize>, usize) {
    while at < end && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    let quoted = at < end && matches!(bytes[at], b'"' | b'\'');
    let span = match quoted {
        true => string(bytes, at, end),
        false => at..memchr::memchr(b')', &bytes[at..end]).map_or(end, |i| at + i),
    };
    let close = memchr::memchr(b')', &bytes[span.end..end]).map_or(end, |i| span.end + i + 1);
    let (mut from, mut to) = (span.start, span.end);
    for quote in [&b"&quot;"[..], b"&apos;", b"&#34;", b"&#39;"] {
        if !quoted && to - from >= 2 * quote.len() && bytes[from..to].starts_with(quote) && bytes[from..to].ends_with(quote) {
            (from, to) = (from + quote.len(), to - quote.len());
        }
    }
    (from..to, close)
}
