//! Values as a person reads them. They may hold any character, control characters too: whoever prints them makes them
//! harmless. They are cut off where nobody reads on.

use std::borrow::Cow;

use crate::finding::{Finding, Tells};

/// The longest value that is shown, in characters.
const LONGEST: usize = 500;

/// A finding of something removed, with its value where there is one.
pub(super) fn found(place: &'static str, label: impl Into<Cow<'static, str>>, tells: Tells, value: impl Into<String>) -> Finding {
    let value = value.into();
    let found = Finding::removed(place, label, tells);
    if value.is_empty() { found } else { found.value(short(&value)) }
}

/// The beginning of a long text.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first 64 KiB, which is more than is ever shown.
fn start(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(64 << 10)]
}

/// A text in UTF-8, or else in Latin-1, without the zeros and spaces around it.
pub(super) fn text(bytes: &[u8]) -> String {
    let bytes = start(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(e) if e.error_len().is_none() => String::from_utf8_lossy(&bytes[..e.valid_up_to()]).into_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    trim(&text)
}

/// The texts between zeros, as Exif writes a photographer's and an editor's name in one field.
pub(super) fn texts(bytes: &[u8]) -> String {
    let parts = start(bytes).split(|b| *b == 0).map(text).filter(|t| is_readable(t));
    parts.take(8).collect::<Vec<_>>().join(" / ")
}

/// A text that ends at its first zero, as older formats write names; empty where nobody could read it.
pub(super) fn name(bytes: &[u8]) -> String {
    let said = text(bytes.split(|b| *b == 0).next().unwrap_or_default());
    if is_readable(&said) { said } else { String::new() }
}

/// The same with at most three digits after each point.
pub(super) fn rounded(numbers: &str) -> String {
    let (mut out, mut digits) = (String::with_capacity(numbers.len()), None);
    for c in numbers.chars() {
        digits = match (c, digits) {
            ('.', _) => Some(0),
            ('0'..='9', Some(n)) => Some(n + 1),
            _ => None,
        };
        if digits.is_none_or(|n| n <= 3) {
            out.push(c);
        }
    }
    out
}

/// A text in UTF-16, in the byte order given; its own mark overrides that.
pub(super) fn utf16(bytes: &[u8], big: bool) -> String {
    let (bytes, big) = match bytes {
        [0xfe, 0xff, rest @ ..] => (rest, true),
        [0xff, 0xfe, rest @ ..] => (rest, false),
        _ => (bytes, big),
    };
    let units = start(bytes).chunks_exact(2).map(|u| if big { [u[0], u[1]] } else { [u[1], u[0]] }).map(u16::from_be_bytes);
    trim(&char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>())
}

fn trim(text: &str) -> String {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Whether most of it is text that a person could read.
pub(super) fn is_readable(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_whitespace() || c == '\u{fffd}')
}

/// Bytes in hexadecimal; empty where they are all zero.
pub(super) fn hex(bytes: &[u8]) -> String {
    if bytes.iter().all(|b| *b == 0) {
        return String::new();
    }
    bytes.iter().take(64).map(|b| format!("{b:02x}")).collect()
}

/// A fraction; `None` where it is none.
pub(super) fn fraction((n, d): (i64, i64)) -> Option<f64> {
    (d != 0).then(|| n as f64 / d as f64)
}

/// Degrees, minutes and seconds as degrees.
pub(super) fn degrees(parts: &[(i64, i64)]) -> Option<f64> {
    let mut sum = fraction(*parts.first()?)?;
    for (part, unit) in parts.iter().skip(1).zip([60.0, 3600.0]) {
        // A missing part is often written as 0/0.
        sum += fraction(*part).unwrap_or(0.0) / unit;
    }
    Some(sum)
}

/// Width and height of a JPEG picture, where its frame header comes within the bytes given.
pub(super) fn jpeg_size(bytes: &[u8]) -> Option<(u16, u16)> {
    bytes.starts_with(&[0xff, 0xd8]).then_some(())?;
    let u16_at = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let mut at = 2;
    loop {
        let marker = u16_at(at)?;
        match marker {
            0xffff => at += 1,
            0xffc0..=0xffc3 | 0xffc5..=0xffc7 | 0xffc9..=0xffcb | 0xffcd..=0xffcf => {
                return Some((u16_at(at + 7)?, u16_at(at + 5)?));
            }
            0xff01 | 0xffd0..=0xffd8 => at += 2,
            0xff02..=0xfffe => at += 2 + usize::from(u16_at(at + 2)?.max(2)),
            _ => return None,
        }
    }
}

/// What a picture inside metadata is: "160 × 120 pixels" where that can be told.
pub(super) fn picture(bytes: &[u8]) -> String {
    match jpeg_size(bytes) {
        Some((width, height)) => format!("{width} × {height} pixels"),
        None => String::new(),
    }
}

/// The beginning of a list of names.
pub(super) fn list(items: &[String]) -> String {
    match items.len() {
        0..=12 => items.join(", "),
        n => format!("{}, and {} more", items[..12].join(", "), n - 12),
    }
}
