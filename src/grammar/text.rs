//! How text lies in bytes: as it is where the bytes of ASCII mean ASCII, or as UTF-16, which is read as UTF-8 and whose
//! places are found again, so that a text is changed without being written anew. [Unicode 3.9, 3.10]

use std::borrow::Cow;

use crate::refusal::{Refusal, Result};

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// A text and the bytes it was read from.
pub struct Text<'a> {
    bytes: Cow<'a, [u8]>,
    wide: Option<Order>,
}

impl<'a> Text<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// `Malformed` where UTF-16 ends in the middle of a character or holds half of one.
    pub fn read(raw: &'a [u8]) -> Result<Text<'a>> {
        let wide = order(raw);
        let Some(order) = wide else { return Ok(Text { bytes: Cow::Borrowed(raw), wide }) };
        let half = |at: usize| Refusal::malformed("half a character of UTF-16", at as u64);
        let (mut out, mut at) = (String::with_capacity(raw.len() / 2), 0);
        for c in char::decode_utf16(units(raw, order)) {
            let c = c.map_err(|_| half(at))?;
            out.push(c);
            at += 2 * c.len_utf16();
        }
        if at != raw.len() {
            return Err(half(at));
        }
        Ok(Text { bytes: Cow::Owned(out.into_bytes()), wide })
    }

    /// The text in an encoding whose ASCII is ASCII.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it was read from UTF-16.
    pub fn is_wide(&self) -> bool {
        self.wide.is_some()
    }

    /// Some text as it would stand in the file.
    pub fn write(&self, text: Vec<u8>) -> Vec<u8> {
        let Some(order) = self.wide else { return text };
        let bytes = |unit: u16| if order == Order::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        String::from_utf8_lossy(&text).encode_utf16().flat_map(bytes).collect()
    }

    /// How many bytes of the file the text between two places takes up.
    pub fn len_between(&self, from: usize, to: usize) -> usize {
        if self.wide.is_none() {
            return to - from;
        }
        let len = |b: &u8| match b {
            0x80..=0xbf => 0,
            0xf0..=0xff => 4,
            _ => 2,
        };
        self.bytes[from..to].iter().map(len).sum()
    }
}

/// The beginning of a text, for telling what it is; what cannot be read is replaced.
pub fn head(raw: &[u8]) -> Cow<'_, [u8]> {
    match order(raw) {
        None => Cow::Borrowed(raw),
        Some(order) => {
            let text: String = char::decode_utf16(units(raw, order)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            Cow::Owned(text.into_bytes())
        }
    }
}

/// UTF-16 says so itself, or begins as markup does.
fn order(raw: &[u8]) -> Option<Order> {
    match raw {
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] | [b'<', 0, _, 0, ..] => Some(Order::Little),
        [0xfe, 0xff, ..] | [0, b'<', 0, _, ..] => Some(Order::Big),
        _ => None,
    }
}

fn units(raw: &[u8], order: Order) -> impl Iterator<Item = u16> + '_ {
    raw.chunks_exact(2).map(move |pair| match order {
        Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
        Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
    })
}
