//! How style sheets lie in bytes, as far as finding comments, addresses and declarations takes: strings and comments are
//! passed over properly, selectors and values are not understood. In an attribute of HTML entities stand for characters.
//! [CSS Syntax 4]

use std::ops::Range;

/// Something with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// `/* … */`.
    Comment(Range<usize>),
    /// What stands in `url( )`, without quotes.
    Url(Range<usize>),
    /// A property with its value and the semicolon behind it.
    Declaration {
        /// The name of the property.
        name: Range<usize>,
        /// All of it.
        span: Range<usize>,
    },
}

/// The pieces, in order of their ends. `entities` is whether `&quot;` is a quote.
pub fn pieces(bytes: &[u8], entities: bool) -> Vec<Piece> {
    let mut out = Vec::new();
    let (mut at, mut begun, mut colon) = (0, None, None);
    while let Some((c, len)) = unit(bytes, at, entities) {
        let rest = &bytes[at..];
        if rest.starts_with(b"/*") {
            let end = memchr::memmem::find(&rest[2..], b"*/").map_or(bytes.len(), |i| at + i + 4);
            out.push(Piece::Comment(at..end));
            at = end;
            continue;
        }
        let space = c.is_ascii_whitespace();
        if begun.is_none() && !space && !matches!(c, b'{' | b'}' | b';') {
            begun = Some(at);
        }
        match c {
            b'"' | b'\'' => {
                at = string(bytes, at + len, c, entities).1;
                continue;
            }
            b'\\' => {
                at = (at + 2).min(bytes.len());
                continue;
            }
            b'(' if at >= 3 && bytes[at - 3..at].eq_ignore_ascii_case(b"url") => {
                let (span, end) = address(bytes, at + 1, entities);
                out.push(Piece::Url(span));
                at = end;
                continue;
            }
            b':' if colon.is_none() => colon = Some(at),
            b'{' => (begun, colon) = (None, None),
            b';' | b'}' => {
                let end = if c == b';' { at + len } else { at };
                declaration(&mut out, begun, colon, end);
                (begun, colon) = (None, None);
            }
            _ => {}
        }
        at += len;
    }
    declaration(&mut out, begun, colon, bytes.len());
    out
}

fn declaration(out: &mut Vec<Piece>, begun: Option<usize>, colon: Option<usize>, end: usize) {
    if let (Some(start), Some(colon)) = (begun, colon) {
        out.push(Piece::Declaration { name: start..colon, span: start..end });
    }
}

/// The character at `at` and how many bytes it takes; only what has a meaning here is told from the rest.
fn unit(bytes: &[u8], at: usize, entities: bool) -> Option<(u8, usize)> {
    let b = *bytes.get(at)?;
    if b != b'&' || !entities {
        return Some((b, 1));
    }
    let window = &bytes[at..bytes.len().min(at + 10)];
    let Some(end) = memchr::memchr(b';', window) else { return Some((b, 1)) };
    let c = match &window[1..end] {
        b"quot" | b"#34" | b"#x22" | b"#X22" => b'"',
        b"apos" | b"#39" | b"#x27" | b"#X27" => b'\'',
        word if !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#') => b'&',
        _ => return Some((b, 1)),
    };
    Some((c, end + 1))
}

/// Where a string ends, and where what follows it begins.
fn string(bytes: &[u8], mut at: usize, quote: u8, entities: bool) -> (usize, usize) {
    while let Some((c, len)) = unit(bytes, at, entities) {
        match c {
            _ if c == quote => return (at, at + len),
            b'\\' => at = (at + 2).min(bytes.len()),
            b'\n' => return (at, at),
            _ => at += len,
        }
    }
    (bytes.len(), bytes.len())
}

fn address(bytes: &[u8], mut at: usize, entities: bool) -> (Range<usize>, usize) {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    match unit(bytes, at, entities) {
        Some((quote @ (b'"' | b'\''), len)) => {
            let (end, next) = string(bytes, at + len, quote, entities);
            (at + len..end, next)
        }
        _ => {
            let end = memchr::memchr(b')', &bytes[at..]).map_or(bytes.len(), |i| at + i);
            (at..end, end)
        }
    }
}
