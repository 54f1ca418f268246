//! Content streams and CMaps, as far as it takes to tell comments from the rest: strings and the data of inline pictures
//! hold bytes that only look like comments. [ISO 32000-2 7.8.2, 8.9.7]

use std::borrow::Cow;

use super::{is_regular, is_space};

/// The same without its comments; borrowed where there are none. Each is replaced by nothing: the end of line behind it
/// still parts the tokens.
pub fn uncommented(bytes: &[u8], pictures: bool) -> Cow<'_, [u8]> {
    let spans = comments(bytes, pictures);
    if spans.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (start, end) in spans {
        out.extend_from_slice(&bytes[at..start]);
        at = end;
    }
    out.extend_from_slice(&bytes[at..]);
    Cow::Owned(out)
}

/// Where comments lie, their `%` included and their end of line not. `pictures` is whether `ID` begins binary data.
pub fn comments(bytes: &[u8], pictures: bool) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    if memchr::memchr(b'%', bytes).is_none() {
        return spans;
    }
    let mut at = 0;
    let mut inline = false;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let len = bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(bytes.len() - at);
                spans.push((at, at + len));
                at += len;
            }
            b'(' => at = string_end(bytes, at),
            b if is_regular(b) => {
                let len = bytes[at..].iter().position(|b| !is_regular(*b)).unwrap_or(bytes.len() - at);
                let word = &bytes[at..at + len];
                at += len;
                match word {
                    b"BI" => inline = pictures,
                    b"ID" if inline => {
                        inline = false;
                        at = picture_end(bytes, at);
                    }
                    _ => {}
                }
            }
            b'/' => {
                at += 1;
                at += bytes[at..].iter().position(|b| !is_regular(*b)).unwrap_or(bytes.len() - at);
            }
            _ => at += 1,
        }
    }
    spans
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    let mut open = 0usize;
    while let Some(b) = bytes.get(at) {
        match b {
            b'\\' => at += 1,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

/// Where the data of an inline picture ends: at an `EI` between white space with what looks like content behind it.
pub fn picture_end(bytes: &[u8], start: usize) -> usize {
    for found in memchr::memmem::find_iter(&bytes[start..], b"EI") {
        let at = start + found;
        let before = at > 0 && is_space(bytes[at - 1]);
        let rest = &bytes[at + 2..];
        let after = rest.first().is_none_or(|b| is_space(*b));
        let plain = rest.iter().take(12).all(|b| is_space(*b) && *b != 0 || (32..127).contains(b));
        if before && after && plain {
            return at;
        }
    }
    bytes.len()
}

/// An inline picture: where its dictionary and its data lie.
pub struct Inline {
    /// Between `BI` and `ID`.
    pub head: (usize, usize),
    /// Between the one white space after `ID` and the white space before `EI`.
    pub data: (usize, usize),
}

/// The inline pictures of a content stream. [8.9.7]
pub fn inline_pictures(bytes: &[u8]) -> Vec<Inline> {
    let mut found = Vec::new();
    if memchr::memmem::find(bytes, b"ID").is_none() {
        return found;
    }
    let (mut at, mut begin) = (0, None);
    while at < bytes.len() {
        match bytes[at] {
            b'%' => at += bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(bytes.len() - at),
            b'(' => at = string_end(bytes, at),
            b'/' => {
                at += 1;
                at += bytes[at..].iter().position(|b| !is_regular(*b)).unwrap_or(bytes.len() - at);
            }
            b if is_regular(b) => {
                let len = bytes[at..].iter().position(|b| !is_regular(*b)).unwrap_or(bytes.len() - at);
                let word = &bytes[at..at + len];
                at += len;
                match (word, begin) {
                    (b"BI", _) => begin = Some(at),
                    (b"ID", Some(start)) => {
                        let data = (at + 1).min(bytes.len());
                        let end = picture_end(bytes, at);
                        let before = end.saturating_sub(1).max(data);
                        found.push(Inline { head: (start, at - 2), data: (data, before) });
                        (at, begin) = (end, None);
                    }
                    _ => {}
                }
            }
            _ => at += 1,
        }
    }
    found
}

/// Whether text is written that is not shown, as behind a scanned page: rendering mode 3. [9.3.6]
pub fn has_invisible_text(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"Tr").any(|at| {
        let before = bytes[..at].trim_ascii_end();
        let ends = bytes.get(at + 2).is_none_or(|b| !is_regular(*b));
        before.len() < at && ends && before.ends_with(b"3") && before.iter().rev().nth(1).is_none_or(|b| !is_regular(*b))
    })
}
