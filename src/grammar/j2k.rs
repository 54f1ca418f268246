//! The JPEG 2000 codestream: a main header of marker segments, then tile-parts with headers of their own and coded data.
//! Here they are found; what they mean is not known here. High-throughput codestreams are no different. [T.800 annex A]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{BLOCK, Source, Span, head};

/// Start of codestream. [A.4.1]
pub const SOC: u8 = 0x4f;
/// Image and tile size: the first segment of the main header. [A.5.1]
pub const SIZ: u8 = 0x51;
/// Lengths of tile-parts. [A.7.1]
pub const TLM: u8 = 0x55;
/// Comment. [A.9.2]
pub const COM: u8 = 0x64;
/// Start of a tile-part. [A.4.2]
const SOT: u8 = 0x90;
/// Start of data. [A.4.3]
const SOD: u8 = 0x93;
/// End of codestream. [A.4.4]
const EOC: u8 = 0xd9;

/// A marker segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// The second byte of its marker.
    pub marker: u8,
    /// All of it, marker included.
    pub span: Span,
}

/// A tile-part.
pub struct TilePart {
    /// All of it.
    pub span: Span,
    /// Its length field, `None` where it says "up to the end".
    pub length: Option<Span>,
    /// The segments between SOT and SOD.
    pub header: Vec<Segment>,
    /// SOT with its number.
    pub sot: Span,
    /// SOD and the coded data.
    pub data: Span,
}

/// A codestream taken apart.
pub struct Codestream {
    /// The segments of the main header, without SOC.
    pub main: Vec<Segment>,
    /// In order.
    pub tiles: Vec<TilePart>,
    /// EOC; empty where it is missing.
    pub end: Span,
}

/// Takes the bytes of `span` apart.
///
/// # Errors
/// `Malformed` where they do not hold together or are cut off.
pub fn read(source: &dyn Source, span: Span, limits: &Limits) -> Result<Codestream> {
    let mut cursor = Cursor::new(source, span);
    if cursor.array()? != [0xff, SOC] || cursor.look()? != [0xff, SIZ] {
        return Err(Refusal::malformed("a JPEG 2000 codestream does not begin as one", span.start));
    }
    let main = segments(&mut cursor, SOT, limits)?;
    let mut stream = Codestream { main, tiles: Vec::new(), end: Span::new(span.end, span.end) };
    let mut count = stream.main.len();
    while cursor.left() >= 2 && cursor.look()? == [0xff, SOT] {
        let tile = tile(&mut cursor, source, limits)?;
        count += 1 + tile.header.len();
        limits.check_structures(count)?;
        cursor.seek(tile.span.end)?;
        stream.tiles.push(tile);
    }
    let at = cursor.at();
    stream.end = match cursor.left() >= 2 && cursor.look()? == [0xff, EOC] {
        true => Span::new(at, at + 2),
        false => Span::new(at, at),
    };
    let rest = head(source, at, cursor.left().min(BLOCK as u64) as usize)?;
    if stream.end.is_empty() && memchr::memmem::find(&rest, &[0xff, SOT, 0, 10]).is_some() {
        return Err(Refusal::malformed("something lies between two tile-parts", at));
    }
    Ok(stream)
}

/// The segments up to a marker, which is not passed over.
fn segments(cursor: &mut Cursor, until: u8, limits: &Limits) -> Result<Vec<Segment>> {
    let mut list = Vec::new();
    loop {
        let start = cursor.at();
        let [ff, marker] = cursor.look()?;
        if ff != 0xff {
            return Err(Refusal::malformed("a JPEG 2000 header holds something that is no marker", start));
        }
        if marker == until {
            return Ok(list);
        }
        cursor.skip(2)?;
        let len = u64::from(cursor.u16_be()?);
        let len = len.checked_sub(2).ok_or_else(|| Refusal::malformed("a segment is shorter than its length", start))?;
        let end = cursor.skip(len)?.end;
        list.push(Segment { marker, span: Span::new(start, end) });
        limits.check_structures(list.len())?;
    }
}

fn tile(cursor: &mut Cursor, source: &dyn Source, limits: &Limits) -> Result<TilePart> {
    let start = cursor.at();
    let sot = cursor.skip(12)?;
    let bytes = source.bytes(sot, 12)?;
    let psot = u64::from(u32::from_be_bytes([bytes[6], bytes[7], bytes[8], bytes[9]]));
    let header = segments(cursor, SOD, limits)?;
    let data = cursor.at();
    let end = match psot {
        0 => end_of_data(source, Span::new(data, cursor.end()))?,
        n => start.checked_add(n).filter(|e| *e >= data + 2 && *e <= cursor.end()).ok_or_else(|| {
            Refusal::malformed("a tile-part runs past the end of the picture: the file is cut off", start)
                .hint("get it again, completely")
        })?,
    };
    let length = (psot != 0).then(|| Span::new(start + 6, start + 10));
    Ok(TilePart { span: Span::new(start, end), length, header, sot, data: Span::new(data, end) })
}

/// Coded data holds no byte above 8F after an FF, so the first EOC is the end. [B.10.1, C.2.1]
fn end_of_data(source: &dyn Source, span: Span) -> Result<u64> {
    let mut at = span.start;
    while at < span.end {
        let block = head(source, at, BLOCK.min((span.end - at) as usize))?;
        if let Some(i) = memchr::memmem::find(&block, &[0xff, EOC]) {
            return Ok(at + i as u64);
        }
        // The marker may lie across two blocks.
        at = if block.len() < BLOCK { span.end } else { at + block.len() as u64 - 1 };
    }
    Ok(span.end)
}
