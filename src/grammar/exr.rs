//! How an OpenEXR file lies: a version, one list of attributes a part, a table of offsets a part, chunks of pixels. Here the
//! attributes are read, and it is counted how many chunks there are and how long each is; what an attribute means is not
//! known here, but for those from which the number of chunks follows. [OpenEXR File Layout; ImfTiledMisc.cpp]

use crate::cursor::Cursor;
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// The first four bytes.
pub const MAGIC: [u8; 4] = [0x76, 0x2f, 0x31, 0x01];

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// The type of its value.
    pub kind: String,
    /// Its value.
    pub value: Span,
    /// All of it.
    pub span: Span,
}

/// The attributes of one part.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// In order.
    pub attributes: Vec<Attribute>,
    /// The byte that ends them.
    pub end: Span,
}

/// What a file says before its tables.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Tiles in a file of one part.
    pub tiled: bool,
    /// Samples of different depths.
    pub deep: bool,
    /// Whether there may be several parts.
    pub multipart: bool,
    /// The parts.
    pub parts: Vec<Part>,
    /// Where the tables begin.
    pub end: u64,
}

impl Headers {
    /// Reads them.
    ///
    /// # Errors
    /// `Malformed` or `Unsupported`.
    pub fn read(source: &dyn Source, limits: &Limits) -> Result<Headers> {
        let mut cursor = Cursor::over(source);
        if cursor.array::<4>()? != MAGIC {
            return Err(Refusal::malformed("this is no OpenEXR file", 0));
        }
        let version = cursor.u32_le()?;
        if version & 0xff != 2 || version & !0x1eff != 0 {
            return Err(Refusal::unsupported("this version of OpenEXR is not known").at(4));
        }
        let has = |bit: u32| version & bit != 0;
        let mut headers = Headers { tiled: has(0x200), deep: has(0x800), multipart: has(0x1000), ..Headers::default() };
        loop {
            let mut part = Part::default();
            while cursor.look::<1>()? != [0] {
                let start = cursor.at();
                let (name, kind) = (string(&mut cursor)?, string(&mut cursor)?);
                let len = u64::from(cursor.u32_le()?);
                let value = cursor.skip(len)?;
                part.attributes.push(Attribute { name, kind, value, span: Span::new(start, value.end) });
                limits.check_structures(part.attributes.len())?;
            }
            part.end = cursor.skip(1)?;
            headers.parts.push(part);
            limits.check_structures(headers.parts.len())?;
            if !headers.multipart {
                break;
            }
            if cursor.look::<1>()? == [0] {
                if let Some(last) = headers.parts.last_mut() {
                    last.end.end = cursor.skip(1)?.end;
                }
                break;
            }
        }
        headers.end = cursor.at();
        Ok(headers)
    }
}

/// Text that a zero ends, of at most 255 bytes.
fn string(cursor: &mut Cursor) -> Result<String> {
    let mut out = Vec::new();
    loop {
        match cursor.u8()? {
            0 if !out.is_empty() => return Ok(String::from_utf8_lossy(&out).into_owned()),
            b @ 1.. if out.len() < 255 => out.push(b),
            _ => return Err(Refusal::malformed("an attribute has no name", cursor.at())),
        }
    }
}

/// What the chunks of a part are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Tiles or lines.
    pub tiled: bool,
    /// Samples of different depths.
    pub deep: bool,
    /// How many chunks there are.
    pub chunks: u64,
}

impl Part {
    /// The attribute of this name and type.
    pub fn get(&self, name: &str, kind: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name && a.kind == kind)
    }

    /// How its pixels are cut up.
    ///
    /// # Errors
    /// `Malformed` where something is missing from which that follows.
    pub fn layout(&self, source: &dyn Source, headers: &Headers) -> Result<Layout> {
        let missing = |what: &str| Refusal::malformed(format!("the attribute {what} is missing or wrong"), self.end.start);
        let value = |name: &str, kind: &str, len: u64| -> Result<Vec<u8>> {
            let found = self.get(name, kind).filter(|a| a.value.len() == len).ok_or_else(|| missing(name))?;
            Ok(source.bytes(found.value, len)?)
        };
        let kind = match self.get("type", "string") {
            Some(a) if a.value.len() < 32 => String::from_utf8_lossy(&source.bytes(a.value, 32)?).into_owned(),
            _ => String::new(),
        };
        let (tiled, deep) = match &kind[..] {
            "scanlineimage" => (false, false),
            "tiledimage" => (true, false),
            "deepscanline" => (false, true),
            "deeptile" => (true, true),
            _ if headers.multipart || headers.deep => return Err(missing("type")),
            _ => (headers.tiled, false),
        };
        let tiled = if headers.multipart || headers.deep { tiled } else { headers.tiled };
        if headers.multipart {
            let count = value("chunkCount", "int", 4)?;
            let chunks = u64::from(u32::from_le_bytes([count[0], count[1], count[2], count[3]]));
            return Ok(Layout { tiled, deep, chunks });
        }
        let window = value("dataWindow", "box2i", 16)?;
        let edge = |i: usize| i64::from(i32::from_le_bytes([window[i], window[i + 1], window[i + 2], window[i + 3]]));
        let size =
            |low: i64, high: i64| u64::try_from(high - low + 1).ok().filter(|n| *n > 0).ok_or_else(|| missing("dataWindow"));
        let (width, height) = (size(edge(0), edge(8))?, size(edge(4), edge(12))?);
        let chunks = if tiled {
            let tiles = value("tiles", "tiledesc", 9)?;
            let side = |i: usize| u64::from(u32::from_le_bytes([tiles[i], tiles[i + 1], tiles[i + 2], tiles[i + 3]]));
            tile_count((width, height), (side(0), side(4)), tiles[8]).ok_or_else(|| missing("tiles"))?
        } else {
            let lines = match value("compression", "compression", 1)?[0] {
                0..=2 => 1,
                3 | 5 => 16,
                4 | 6 | 7 | 8 => 32,
                9 => 256,
                _ => return Err(Refusal::unsupported("this way of packing pixels is not known").at(self.end.start)),
            };
            height.div_ceil(lines)
        };
        Ok(Layout { tiled, deep, chunks })
    }
}

/// How many tiles of this size there are on all levels. [ImfTiledMisc.cpp: calculateTileOffsets]
fn tile_count((width, height): (u64, u64), (w, h): (u64, u64), mode: u8) -> Option<u64> {
    if w == 0 || h == 0 {
        return None;
    }
    let up = mode >> 4 == 1;
    let levels = |size: u64| 1 + if up { size.next_power_of_two().ilog2() } else { size.ilog2() };
    let tiles = |size: u64, level: u32, tile: u64| {
        let size = if up { size.div_ceil(1 << level) } else { size >> level };
        size.max(1).div_ceil(tile)
    };
    match mode & 0xf {
        0 => Some(tiles(width, 0, w) * tiles(height, 0, h)),
        1 => Some((0..levels(width.max(height))).map(|l| tiles(width, l, w) * tiles(height, l, h)).sum()),
        2 => {
            let across: u64 = (0..levels(width)).map(|l| tiles(width, l, w)).sum();
            let down: u64 = (0..levels(height)).map(|l| tiles(height, l, h)).sum();
            across.checked_mul(down)
        }
        _ => None,
    }
}

/// The chunk that begins at `at`.
///
/// # Errors
/// `Malformed` where it does not lie in the file or is one of another part.
pub fn chunk(source: &dyn Source, at: u64, part: Option<u64>, layout: Layout) -> Result<Span> {
    let mut cursor = Cursor::new(source, Span::new(at, source.len()));
    if let Some(part) = part
        && u64::from(cursor.u32_le()?) != part
    {
        return Err(Refusal::malformed("a chunk belongs to another part", at));
    }
    cursor.skip(if layout.tiled { 16 } else { 4 })?;
    let len = if layout.deep {
        let (table, samples) = (cursor.u64_le()?, cursor.u64_le()?);
        cursor.skip(8)?;
        table.checked_add(samples).ok_or_else(|| Refusal::malformed("a chunk is longer than any file", at))?
    } else {
        u64::from(cursor.u32_le()?)
    };
    Ok(Span::new(at, cursor.skip(len)?.end))
}
