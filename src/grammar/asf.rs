//! How an ASF file lies: objects with an identifier of sixteen bytes and a size, some of which hold more of them. It knows
//! nothing of what an object may tell. [Advanced Systems Format Specification 01.20.06, 2]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// The identifier of an object.
pub type Guid = [u8; 16];

/// An identifier as specifications write it; its first three fields lie in the file with their bytes turned around.
pub const fn guid(text: u128) -> Guid {
    let b = text.to_be_bytes();
    [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]
}

/// One object.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// What it is.
    pub id: Guid,
    /// All of it.
    pub span: Span,
    /// Whether its size runs past the end of what is around it; it ends there.
    pub cut: bool,
}

impl Object {
    /// Identifier and size.
    pub const HEAD: u64 = 24;

    /// The field of the size.
    pub fn size(&self) -> Span {
        Span::new(self.span.start + 16, self.span.start + 24)
    }

    /// What it holds.
    pub fn body(&self) -> Span {
        Span::new(self.span.start + Object::HEAD, self.span.end)
    }
}

/// The object at the cursor, which moves behind it; `None` where too little is left for one.
///
/// # Errors
/// `Malformed` where its size is smaller than its head.
pub fn read(cursor: &mut Cursor) -> Result<Option<Object>> {
    if cursor.left() < Object::HEAD {
        return Ok(None);
    }
    let start = cursor.at();
    let id = cursor.array()?;
    let size = cursor.u64_le()?;
    if size < Object::HEAD {
        return Err(Refusal::malformed("an object is smaller than its head", start));
    }
    let stated = start.saturating_add(size);
    let end = stated.min(cursor.end());
    cursor.seek(end)?;
    Ok(Some(Object { id, span: Span::new(start, end), cut: stated > end }))
}

/// The objects in `span`, none of which may run past its end, and what is left behind them.
///
/// # Errors
/// `Malformed` where one does.
pub fn objects(source: &dyn Source, span: Span, limits: &Limits) -> Result<(Vec<Object>, Span)> {
    let mut cursor = Cursor::new(source, span);
    let mut all = Vec::new();
    while let Some(object) = read(&mut cursor)? {
        if object.cut {
            return Err(Refusal::malformed("an object runs past the end of what is around it", object.span.start));
        }
        all.push(object);
        limits.check_structures(all.len())?;
    }
    Ok((all, Span::new(cursor.at(), span.end)))
}

/// An object with this body.
pub fn object(id: &Guid, body: &[u8]) -> Vec<u8> {
    [&id[..], &(Object::HEAD + body.len() as u64).to_le_bytes(), body].concat()
}

/// A named value. [3.10, 3.11, 4.7, 4.8]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What stands in front of the name: language and stream; empty where there is no such thing.
    pub scope: Vec<u8>,
    /// Its name.
    pub name: String,
    /// The type of the value.
    pub kind: u16,
    /// The value.
    pub value: Vec<u8>,
}

/// Reads named values; `scoped` where they say for which language and stream. What cannot be read ends the list.
pub fn attributes(body: &[u8], scoped: bool) -> Vec<Attribute> {
    let mut out = Vec::new();
    let mut rest = Rest(body.get(2..).unwrap_or_default());
    let count = body.get(..2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    for _ in 0..count {
        let Some(attribute) = attribute(&mut rest, scoped) else { break };
        out.push(attribute);
    }
    out
}

fn attribute(rest: &mut Rest, scoped: bool) -> Option<Attribute> {
    let scope = rest.take(if scoped { 4 } else { 0 })?.to_vec();
    let length = usize::from(rest.u16()?);
    if scoped {
        let kind = rest.u16()?;
        let size = rest.u32()? as usize;
        let name = text(rest.take(length)?);
        return Some(Attribute { scope, name, kind, value: rest.take(size)?.to_vec() });
    }
    let name = text(rest.take(length)?);
    let kind = rest.u16()?;
    let size = usize::from(rest.u16()?);
    Some(Attribute { scope, name, kind, value: rest.take(size)?.to_vec() })
}

/// Writes named values; `None` where there is none, or one does not fit.
pub fn compose(attributes: &[Attribute], scoped: bool) -> Option<Vec<u8>> {
    let mut out = u16::try_from(attributes.len()).ok().filter(|n| *n > 0)?.to_le_bytes().to_vec();
    for a in attributes {
        let name = utf16(&a.name);
        out.extend(&a.scope);
        out.extend((name.len() as u16).to_le_bytes());
        if scoped {
            out.extend(a.kind.to_le_bytes());
            out.extend((a.value.len() as u32).to_le_bytes());
            out.extend(name);
        } else {
            out.extend(name);
            out.extend(a.kind.to_le_bytes());
            out.extend(u16::try_from(a.value.len()).ok()?.to_le_bytes());
        }
        out.extend(&a.value);
    }
    Some(out)
}

/// UTF-16 with a zero at its end.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A text in UTF-16, up to its first zero.
pub fn text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).take_while(|u| *u != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// Bytes read from front to end.
pub struct Rest<'a>(pub &'a [u8]);

impl<'a> Rest<'a> {
    /// The next `n` bytes; `None` where there are fewer.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|b| u16::from_le_bytes(*b))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|b| u32::from_le_bytes(*b))
    }
}
