//! How a Flash video lies: tags of sound, pictures and scripts, each followed by its length; and the values of scripts.
//! [Adobe Flash Video File Format Specification 10.1, annex E; Action Message Format AMF 0]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// A tag.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    /// What it is: 8 sound, 9 pictures, 18 a script.
    pub kind: u8,
    /// Whether it is encrypted or otherwise filtered.
    pub filtered: bool,
    /// Its head.
    pub head: Span,
    /// What it holds.
    pub body: Span,
    /// The length behind it; cut off at the end of the file.
    pub back: Span,
    /// Whether the file ends before the tag does.
    pub cut: bool,
}

impl Tag {
    /// How long a head is.
    pub const HEAD: u64 = 11;

    /// All of it, with the length behind it.
    pub fn span(&self) -> Span {
        Span::new(self.head.start, self.back.end)
    }

    /// The stream it says it belongs to, which is always 0.
    pub fn stream(&self) -> Span {
        Span::new(self.head.end - 3, self.head.end)
    }
}

/// The tag at the cursor, which moves behind it; `None` where too little is left for one.
///
/// # Errors
/// `Malformed` where no tag can begin like that.
pub fn read(cursor: &mut Cursor) -> Result<Option<Tag>> {
    if cursor.left() < Tag::HEAD {
        return Ok(None);
    }
    let start = cursor.at();
    let head = cursor.array::<11>()?;
    if head[0] & 0xc0 != 0 {
        return Err(Refusal::malformed("something other than a tag stands where one should begin", start));
    }
    let size = u64::from(u32::from_be_bytes([0, head[1], head[2], head[3]]));
    let cut = size > cursor.left();
    let body = cursor.skip(size.min(cursor.left()))?;
    let back = cursor.skip(cursor.left().min(4))?;
    let kind = head[0] & 0x1f;
    Ok(Some(Tag { kind, filtered: head[0] & 0x20 != 0, head: Span::new(start, body.start), body, back, cut }))
}

/// A value of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A text.
    Text(String),
    /// Named values; whether they were written as an array.
    Object(Vec<(String, Value)>),
    /// Values in order.
    Array(Vec<Value>),
    /// A date in milliseconds since 1970.
    Date(f64),
    /// Nothing.
    Nothing,
}

/// How deep values nest.
const DEPTH: u8 = 8;

/// Reads the values of a script; what cannot be read ends it.
pub fn values(mut bytes: &[u8]) -> Vec<Value> {
    let mut out = Vec::new();
    while let Some(value) = value(&mut bytes, 0) {
        out.push(value);
    }
    out
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &mut &[u8], n: usize) -> Option<usize> {
    Some(take(bytes, n)?.iter().fold(0, |v, b| v << 8 | usize::from(*b)))
}

fn text(bytes: &mut &[u8], width: usize) -> Option<String> {
    let length = number(bytes, width)?;
    Some(String::from_utf8_lossy(take(bytes, length)?).into_owned())
}

fn double(bytes: &mut &[u8]) -> Option<f64> {
    take(bytes, 8)?.first_chunk().map(|b| f64::from_be_bytes(*b))
}

fn value(bytes: &mut &[u8], depth: u8) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    Some(match take(bytes, 1)?[0] {
        0 => Value::Number(double(bytes)?),
        1 => Value::Boolean(take(bytes, 1)?[0] != 0),
        2 => Value::Text(text(bytes, 2)?),
        12 => Value::Text(text(bytes, 4)?),
        kind @ (3 | 8) => {
            if kind == 8 {
                take(bytes, 4)?;
            }
            let mut fields = Vec::new();
            loop {
                // Some writers leave the end mark out.
                if kind == 8 && bytes.is_empty() {
                    break;
                }
                let name = text(bytes, 2)?;
                if name.is_empty() && bytes.first() == Some(&9) {
                    take(bytes, 1)?;
                    break;
                }
                fields.push((name, value(bytes, depth + 1)?));
            }
            Value::Object(fields)
        }
        10 => {
            let count = number(bytes, 4)?;
            let mut all = Vec::new();
            for _ in 0..count {
                all.push(value(bytes, depth + 1)?);
            }
            Value::Array(all)
        }
        11 => {
            let date = double(bytes)?;
            take(bytes, 2)?;
            Value::Date(date)
        }
        5 | 6 => Value::Nothing,
        _ => return None,
    })
}
