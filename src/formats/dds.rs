//! DirectDraw surfaces: textures with their smaller copies, faces and slices. Header and surfaces stay; the reserved fields, in
//! which writers leave their names and versions, go, and so does what follows the last surface. How long the surfaces are
//! follows from the way they are packed; ways that are not known are declined. [Microsoft: DDS_HEADER, DDS_HEADER_DXT10]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "DDS",
    extensions: &["dds"],
    container: false,
    keeps: "every surface: mipmaps, faces, slices",
    removes: "names of programs in reserved fields, data behind the surfaces",
    sniff,
    plan,
    witness,
};

const HEADER: u64 = 128;
const RESERVED: Span = Span { start: 32, end: 76 };
const RESERVED_BEHIND: Span = Span { start: 116, end: 128 };

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, b"DDS \x7c\0\0\0").then_some(Match::Exact)
}

/// How the pixels of a surface take up space.
#[derive(Clone, Copy)]
enum Packing {
    /// So many bits each.
    Bits(u64),
    /// Blocks of four by four, of so many bytes.
    Blocks(u64),
}

impl Packing {
    fn len(self, width: u64, height: u64) -> u64 {
        match self {
            Packing::Bits(bits) => (width * bits).div_ceil(8) * height,
            Packing::Blocks(bytes) => width.div_ceil(4) * height.div_ceil(4) * bytes,
        }
    }
}

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let h = source.bytes(Span::new(0, HEADER), HEADER)?;
    let number = |at: usize| Number::U32Le.decode(&h[at..at + 4]);
    draft.frame(Span::new(0, RESERVED.start), "header");
    let words = String::from_utf8_lossy(&h[RESERVED.start as usize..RESERVED.end as usize]).replace('\0', "");
    let found = Finding::blanked("DDS", "program that wrote it", Tells::Software).value(words.trim());
    draft.blank(RESERVED, "reserved", found);
    draft.frame(Span::new(RESERVED.end, RESERVED_BEHIND.start), "header");
    draft.blank(RESERVED_BEHIND, "reserved", Finding::blanked("DDS", "reserved fields", Tells::Hidden));

    let (mut copies, mut start) = (1, HEADER);
    let packing = if &h[84..88] == b"DX10" && number(80) & 4 != 0 {
        let more = source.bytes(Span::new(HEADER, HEADER + 20), 20)?;
        let field = |i: usize| Number::U32Le.decode(&more[4 * i..4 * i + 4]);
        draft.frame(Span::new(HEADER, HEADER + 20), "DX10 header");
        (copies, start) = (field(3).max(1) * if field(2) & 4 != 0 { 6 } else { 1 }, HEADER + 20);
        modern(field(0))
    } else {
        if number(112) & 0x200 != 0 {
            copies = u64::from((number(112) as u32 & 0xfc00).count_ones()).max(1);
        }
        old(number(80), number(84) as u32, number(88))
    };
    let packing = packing.ok_or_else(|| Refusal::unsupported("this way of packing a surface is not known").at(80))?;
    if number(80) & 0x20 != 0 {
        draft.frame(Span::new(start, start + 1024), "palette");
        start += 1024;
    }
    let volume = number(112) & 0x20_0000 != 0;
    let size = (number(16), number(12), if volume { number(24).max(1) } else { 1 });
    let len = surfaces(packing, size, number(28).max(1)).and_then(|n| n.checked_mul(copies));
    let len = len.ok_or_else(|| Refusal::malformed("the surfaces are larger than any file", 12))?;
    let span = behind::pixels(&mut draft, source, start, len);
    draft.essence(span, "surfaces");
    behind::remove(&mut draft, source, span.end);
    draft.seal()
}

/// How long a picture and its smaller copies are.
fn surfaces(packing: Packing, (mut width, mut height, mut depth): (u64, u64, u64), levels: u64) -> Option<u64> {
    const LARGEST: u64 = 1 << 17;
    if width == 0 || height == 0 || width > LARGEST || height > LARGEST || depth > LARGEST || levels > 32 {
        return None;
    }
    let mut len = 0u64;
    for _ in 0..levels {
        len = len.checked_add(packing.len(width, height).checked_mul(depth)?)?;
        (width, height, depth) = ((width / 2).max(1), (height / 2).max(1), (depth / 2).max(1));
    }
    Some(len)
}

/// Ways of Direct3D 9: by name, by number, by bits. [DDS_PIXELFORMAT]
fn old(flags: u64, name: u32, bits: u64) -> Option<Packing> {
    if flags & 4 == 0 {
        return matches!(bits, 1..=128).then_some(Packing::Bits(bits));
    }
    Some(match &name.to_le_bytes() {
        b"DXT1" | b"ATI1" | b"BC4U" | b"BC4S" => Packing::Blocks(8),
        b"DXT2" | b"DXT3" | b"DXT4" | b"DXT5" | b"ATI2" | b"BC5U" | b"BC5S" | b"RXGB" => Packing::Blocks(16),
        b"UYVY" | b"YUY2" | b"RGBG" | b"GRGB" => Packing::Bits(16),
        _ => Packing::Bits(match name {
            111 => 16,
            112 | 114 => 32,
            36 | 110 | 113 | 115 => 64,
            116 => 128,
            _ => return None,
        }),
    })
}

/// Ways of Direct3D 10 and later. [DXGI_FORMAT]
fn modern(format: u64) -> Option<Packing> {
    Some(match format {
        1..=4 => Packing::Bits(128),
        5..=8 => Packing::Bits(96),
        9..=22 => Packing::Bits(64),
        23..=47 | 67 | 87..=93 => Packing::Bits(32),
        48..=59 | 68 | 69 | 85 | 86 | 115 => Packing::Bits(16),
        60..=65 => Packing::Bits(8),
        66 => Packing::Bits(1),
        70..=72 | 79..=81 => Packing::Blocks(8),
        73..=78 | 82..=84 | 94..=99 => Packing::Blocks(16),
        _ => return None,
    })
}

fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (was, now) = (source::head(before, 0, HEADER as usize)?, source::head(after, 0, HEADER as usize)?);
    if was.get(..32) != now.get(..32) || was.get(76..112) != now.get(76..112) {
        return Err(Refusal::new(Code::Damaged, "the header of the result is another one"));
    }
    match now.get(32..76).is_some_and(|reserved| reserved.iter().all(|b| *b == 0)) {
        true => Ok(vec!["dds-header"]),
        false => Err(Refusal::new(Code::Leftover, "the reserved fields of the result are not empty")),
    }
}
