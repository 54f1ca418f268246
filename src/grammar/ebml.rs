//! EBML: elements with an identifier, a size and data, nested without end marks. [RFC 8794]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// One element.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The identifier, marker bit included, as specifications write it: `0x1A45DFA3`.
    pub id: u32,
    /// Identifier and size.
    pub head: Span,
    /// The size field alone.
    pub size: Span,
    /// The data; to the end of the parent where the size is unknown.
    pub body: Span,
    /// Whether the size is unknown.
    pub unknown: bool,
    /// Whether the size runs past the end of the parent; the body is cut off there.
    pub cut: bool,
}

impl Element {
    /// All of it.
    pub fn span(&self) -> Span {
        Span::new(self.head.start, self.body.end)
    }
}

/// The element at `at`, inside a parent that ends at `end`. Its body is cut off there.
///
/// # Errors
/// `Malformed` where no element can begin like that.
pub fn element(source: &dyn Source, at: u64, end: u64) -> Result<Element> {
    let mut cursor = Cursor::new(source, Span::new(at, end));
    read(&mut cursor)
}

/// The element at the cursor, which moves to its data.
///
/// # Errors
/// As [`element`].
pub fn read(cursor: &mut Cursor) -> Result<Element> {
    let at = cursor.at();
    let first = cursor.u8()?;
    let width = first.leading_zeros() + 1;
    if width > 4 {
        return Err(Refusal::malformed("an element has an impossible identifier", at));
    }
    let mut id = u32::from(first);
    for _ in 1..width {
        id = id << 8 | u32::from(cursor.u8()?);
    }
    let size_at = cursor.at();
    let first = cursor.u8()?;
    let width = first.leading_zeros() + 1;
    if width > 8 {
        return Err(Refusal::malformed("an element has an impossible size", size_at));
    }
    let mut len = u64::from(first) & ((1 << (8 - width)) - 1);
    for _ in 1..width {
        len = len << 8 | u64::from(cursor.u8()?);
    }
    let unknown = len == (1u64 << (7 * width)) - 1;
    let start = cursor.at();
    let whole = if unknown { None } else { Span::at(start, len).filter(|b| b.end <= cursor.end()) };
    let body = whole.unwrap_or(Span::new(start, cursor.end()));
    let cut = whole.is_none() && !unknown;
    Ok(Element { id, head: Span::new(at, start), size: Span::new(size_at, start), body, unknown, cut })
}

/// The children of a master element of known size.
///
/// # Errors
/// `Malformed` where they do not fill it.
pub fn children(source: &dyn Source, body: Span) -> Result<Vec<Element>> {
    let mut cursor = Cursor::new(source, body);
    let mut out = Vec::new();
    while !cursor.is_done() {
        let element = read(&mut cursor)?;
        if element.unknown || element.cut {
            return Err(Refusal::malformed("an element runs past the end of its parent", element.head.start));
        }
        cursor.seek(element.body.end)?;
        out.push(element);
        if out.len() > 1_000_000 {
            return Err(Refusal::limit("more than a million elements in one").at(body.start));
        }
    }
    Ok(out)
}

/// The bytes of an identifier.
pub fn id_bytes(id: u32) -> Vec<u8> {
    let skip = (id.leading_zeros() / 8) as usize;
    id.to_be_bytes()[skip..].to_vec()
}

/// A whole small element: identifier, the shortest size, data (at most 126 bytes for one byte of size, else eight).
pub fn compose(id: u32, data: &[u8]) -> Vec<u8> {
    let mut out = id_bytes(id);
    if data.len() < 127 {
        out.push(0x80 | data.len() as u8);
    } else {
        out.push(1);
        out.extend(&(data.len() as u64).to_be_bytes()[1..]);
    }
    out.extend(data);
    out
}

/// An unsigned integer in the fewest bytes.
pub fn uint(n: u64) -> Vec<u8> {
    let skip = (n.leading_zeros() / 8).min(7) as usize;
    n.to_be_bytes()[skip..].to_vec()
}

/// An unsigned integer as stored: at most eight bytes, none for zero.
pub fn to_uint(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |n, b| n << 8 | u64::from(*b))
}
