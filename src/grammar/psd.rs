//! Descriptors of Photoshop: trees of named values. Here they are walked to find their end and the places where text and raw
//! data stand in them; what a value means is not known here. [Adobe Photoshop File Formats Specification: Descriptor structure]

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// Trees nest no deeper than this.
const DEPTH: u8 = 32;

/// Passes over a descriptor with its version in front; returns where text and raw data stand in it.
pub fn versioned(cursor: &mut Cursor) -> Result<Vec<Span>> {
    let at = cursor.at();
    if cursor.u32_be()? != 16 {
        return Err(Refusal::unsupported("a descriptor of another version").at(at));
    }
    let mut found = Vec::new();
    tree(cursor, DEPTH, &mut found)?;
    Ok(found)
}

/// The characters of a text in UTF-16, its length in characters in front.
pub fn unicode(cursor: &mut Cursor) -> Result<Span> {
    let len = u64::from(cursor.u32_be()?);
    cursor.skip(2 * len)
}

/// A word: its length in front, or four characters where that is zero.
fn word(cursor: &mut Cursor) -> Result<()> {
    let len = u64::from(cursor.u32_be()?);
    cursor.skip(if len == 0 { 4 } else { len })?;
    Ok(())
}

fn tree(cursor: &mut Cursor, depth: u8, found: &mut Vec<Span>) -> Result<()> {
    found.push(unicode(cursor)?);
    word(cursor)?;
    for _ in 0..cursor.u32_be()? {
        word(cursor)?;
        value(cursor, depth, found)?;
    }
    Ok(())
}

fn value(cursor: &mut Cursor, depth: u8, found: &mut Vec<Span>) -> Result<()> {
    let at = cursor.at();
    let depth = depth.checked_sub(1).ok_or_else(|| Refusal::limit("a descriptor nests too deeply").at(at))?;
    match &cursor.array::<4>()? {
        b"long" => _ = cursor.skip(4)?,
        b"doub" | b"comp" => _ = cursor.skip(8)?,
        b"bool" => _ = cursor.skip(1)?,
        b"UntF" => _ = cursor.skip(12)?,
        b"TEXT" => found.push(unicode(cursor)?),
        b"enum" => {
            word(cursor)?;
            word(cursor)?;
        }
        b"Objc" | b"GlbO" => tree(cursor, depth, found)?,
        b"VlLs" => {
            for _ in 0..cursor.u32_be()? {
                value(cursor, depth, found)?;
            }
        }
        b"type" | b"GlbC" => {
            found.push(unicode(cursor)?);
            word(cursor)?;
        }
        b"tdta" | b"alis" | b"Pth " => {
            let len = u64::from(cursor.u32_be()?);
            found.push(cursor.skip(len)?);
        }
        b"UnFl" => {
            cursor.skip(4)?;
            let count = u64::from(cursor.u32_be()?);
            cursor.skip(8 * count)?;
        }
        b"ObAr" => {
            cursor.skip(4)?;
            tree(cursor, depth, found)?;
        }
        _ => return Err(Refusal::unsupported("a descriptor holds a kind of value that is not known").at(at)),
    }
    Ok(())
}
