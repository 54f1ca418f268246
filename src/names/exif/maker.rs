//! Maker notes: whose they are, and the handful of fields in them that name a person, a device or a picture. Their
//! directories count positions from the block around them or from themselves, depending on the maker.

use super::{Block, MAKER_NOTE};
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Directory, Entry, Order, Tiff};
use crate::names::values::{found, hex, is_readable, name, picture, text};

/// Where a maker's directory begins and where its positions count from.
struct Layout {
    maker: &'static str,
    /// The first bytes of the note; where they are none, the first letters of the maker's name in the block decide.
    sign: &'static [u8],
    /// Where the directory begins, in bytes from the start of the note; for `Tiff`, where its header does.
    at: u64,
    origin: Origin,
}

#[derive(PartialEq)]
enum Origin {
    /// Positions count from the start of the block around the note.
    Block,
    /// From the start of the note.
    Note,
    /// From a TIFF header of its own.
    Tiff,
    /// From the note; where the directory begins is written after the sign, least significant byte first. [Fujifilm]
    Pointed,
    /// No directory that is read.
    None,
}

const fn layout(maker: &'static str, sign: &'static [u8], at: u64, origin: Origin) -> Layout {
    Layout { maker, sign, at, origin }
}

static LAYOUTS: &[Layout] = &[
    layout("Apple", b"Apple iOS\0", 14, Origin::Note),
    layout("Nikon", b"Nikon\0\x02", 10, Origin::Tiff),
    layout("Nikon", b"Nikon\0\x01", 8, Origin::Block),
    layout("Sony", b"SONY ", 12, Origin::Block),
    layout("Panasonic", b"Panasonic\0\0\0", 12, Origin::Block),
    layout("Olympus", b"OM SYSTEM\0\0\0", 16, Origin::Note),
    layout("Olympus", b"OLYMPUS\0", 12, Origin::Note),
    layout("Olympus", b"OLYMP\0", 8, Origin::Block),
    layout("Fujifilm", b"FUJIFILM", 8, Origin::Pointed),
    layout("Pentax", b"PENTAX \0", 10, Origin::Note),
    layout("Pentax", b"AOC\0", 6, Origin::Block),
    layout("Leica", b"LEICA\0", 8, Origin::Block),
    layout("Casio", b"QVC\0", 6, Origin::Block),
    layout("Ricoh", b"Ricoh\0\0\0", 8, Origin::Block),
    layout("Google", b"HDRP", 0, Origin::None),
    layout("Kodak", b"KDK", 0, Origin::None),
    layout("DJI", b"[ae_dbg_info:", 0, Origin::None),
    layout("Canon", b"", 0, Origin::Block),
    layout("Samsung", b"", 0, Origin::Note),
    layout("DJI", b"", 0, Origin::Block),
];

/// Maker, tag, label, what it tells.
type Row = (&'static str, u16, &'static str, Tells);

static FIELDS: &[Row] = &[
    ("Apple", 0x0011, "Live Photo identifier", Tells::Identifier),
    ("Apple", 0x000b, "burst identifier", Tells::Identifier),
    ("Apple", 0x0015, "image unique identifier", Tells::Identifier),
    ("Apple", 0x0020, "image capture request identifier", Tells::Identifier),
    ("Apple", 0x002b, "photo identifier", Tells::Identifier),
    ("Canon", 0x0009, "camera owner", Tells::Who),
    ("Canon", 0x000c, "camera body serial number", Tells::Identifier),
    ("Canon", 0x0096, "internal serial number", Tells::Identifier),
    ("Canon", 0x4019, "lens serial number", Tells::Identifier),
    ("Canon", 0x0028, "image unique identifier", Tells::Identifier),
    ("Canon", 0x0095, "lens model", Tells::Device),
    ("Canon", 0x0006, "camera model", Tells::Device),
    ("Canon", 0x0007, "camera firmware", Tells::Software),
    ("Nikon", 0x001d, "camera body serial number", Tells::Identifier),
    ("Nikon", 0x00a0, "camera serial number", Tells::Identifier),
    ("Nikon", 0x00a7, "shutter count", Tells::Identifier),
    ("Sony", 0x2031, "camera body serial number", Tells::Identifier),
    ("Sony", 0xb020, "creative style", Tells::Software),
    ("Panasonic", 0x0025, "internal serial number", Tells::Identifier),
    ("Panasonic", 0x0052, "lens serial number", Tells::Identifier),
    ("Panasonic", 0x0051, "lens model", Tells::Device),
    ("Panasonic", 0x0065, "title", Tells::Text),
    ("Panasonic", 0x0066, "name of the child or pet", Tells::Who),
    ("Panasonic", 0x8010, "birthday", Tells::Who),
    ("Panasonic", 0x0067, "location", Tells::Where),
    ("Panasonic", 0x0069, "country", Tells::Where),
    ("Panasonic", 0x006b, "state", Tells::Where),
    ("Panasonic", 0x006d, "city", Tells::Where),
    ("Panasonic", 0x006f, "landmark", Tells::Where),
    ("Olympus", 0x0404, "camera body serial number", Tells::Identifier),
    ("Olympus", 0x0101, "camera body serial number", Tells::Identifier),
    ("Olympus", 0x0102, "internal serial number", Tells::Identifier),
    ("Olympus", 0x0202, "lens serial number", Tells::Identifier),
    ("Olympus", 0x0203, "lens model", Tells::Device),
    ("Fujifilm", 0x0010, "internal serial number", Tells::Identifier),
    ("Pentax", 0x0229, "camera body serial number", Tells::Identifier),
    ("Pentax", 0x0001, "camera serial number", Tells::Identifier),
    ("Leica", 0x0303, "lens model", Tells::Device),
    ("Samsung", 0xa002, "camera body serial number", Tells::Identifier),
    ("Samsung", 0xa005, "internal serial number", Tells::Identifier),
    ("Samsung", 0xa003, "lens model", Tells::Device),
    ("Ricoh", 0x0005, "camera body serial number", Tells::Identifier),
];

/// Directories inside a note that are read too: Olympus keeps its serial numbers in one. [exiftool Olympus, 0x2010]
const EQUIPMENT: &[u16] = &[0x2010];
/// A preview inside a note: position and length (Olympus, Casio, Pentax), or the picture itself (Sony).
const PREVIEW: &[u16] = &[0x2001, 0x0100];

/// Findings for the note: whose it is first, then what it names.
pub(super) fn describe(block: &Block) -> Vec<Finding> {
    let Some(entry) = block.entry(MAKER_NOTE) else { return Vec::new() };
    let Some(data) = entry.data else { return Vec::new() };
    let Some(note) = block.bytes.get(data.start as usize..data.end as usize) else { return Vec::new() };
    let make = block.entry(0x010f).map(|e| name(&block.bytes_of(e))).unwrap_or_default();
    let layout = LAYOUTS.iter().find(|l| {
        if l.sign.is_empty() { make.to_lowercase().starts_with(&l.maker.to_lowercase()) } else { note.starts_with(l.sign) }
    });
    let maker = layout.map_or_else(|| make.chars().take(40).collect(), |l| l.maker.to_owned());
    let maker = if maker.is_empty() { "unknown maker".to_owned() } else { maker };
    let mut out = vec![found(block.place, format!("maker notes ({maker})"), Tells::Device, "").bytes(data.len())];
    let Some(layout) = layout else { return out };
    for (tiff, directory) in directories(block, layout, note, data.start) {
        // In the equipment directory numbers mean other things than in the note itself.
        let inner = directory.parent.is_some();
        for entry in directory.entries.iter().take(1000) {
            let row = FIELDS.iter().find(|r| r.0 == layout.maker && r.1 == entry.tag);
            let row = row.filter(|r| layout.maker != "Olympus" || inner == (r.1 < 0x0400));
            if let Some((_, tag, label, tells)) = row {
                let value = value(&tiff, entry, layout.maker, *tag);
                let told = found(block.place, *label, *tells, value);
                if told.value.is_some() && !out.contains(&told) {
                    out.push(told);
                }
            } else if PREVIEW.contains(&entry.tag) && !out.iter().any(|f| f.tells == Tells::Preview) {
                let bytes = tiff.bytes(entry, 64 << 10);
                if bytes.starts_with(&[0xff, 0xd8]) {
                    out.push(
                        found(block.place, "preview picture", Tells::Preview, picture(&bytes))
                            .bytes(entry.data.map_or(0, |d| d.len())),
                    );
                }
            }
        }
    }
    out.truncate(16);
    out
}

fn directories<'a>(block: &Block<'a>, layout: &Layout, note: &[u8], start: u64) -> Vec<(Tiff<'a>, Directory)> {
    let source = block.tiff.source();
    let (tiff, first) = match layout.origin {
        Origin::None => return Vec::new(),
        Origin::Block => (block.tiff, start + layout.at),
        Origin::Note => (Tiff::bare(source, start, block.tiff.order), layout.at),
        Origin::Pointed => {
            let Some(at) = note.get(8..12) else { return Vec::new() };
            (Tiff::bare(source, start, Order::Little), Order::Little.number(at))
        }
        Origin::Tiff => match Tiff::open(source, start + layout.at) {
            Ok(opened) => opened,
            Err(_) => return Vec::new(),
        },
    };
    // Many notes say their byte order just before their directory, some with two more bytes in between.
    let mut tiff = tiff;
    for back in [2, 4] {
        match layout.at.checked_sub(back).and_then(|at| note.get(at as usize..at as usize + 2)) {
            Some(b"II") => tiff.order = Order::Little,
            Some(b"MM") => tiff.order = Order::Big,
            _ => {}
        }
    }
    tiff.walk(first, if layout.maker == "Olympus" { EQUIPMENT } else { &[] }, 4)
        .directories
        .into_iter()
        .map(|d| (tiff, d))
        .collect()
}

fn value(tiff: &Tiff, entry: &Entry, maker: &str, tag: u16) -> String {
    let bytes = tiff.bytes(entry, 1024);
    // Nikon's number is stored in clear; Canon's as one number; the rest is text, or bytes that mean something as a whole.
    let number = tiff.numbers(entry, 1).first().copied();
    match (entry.kind, number) {
        (3 | 4 | 8 | 9, Some(0)) => String::new(),
        (3 | 4 | 8 | 9, Some(n)) if !(maker == "Pentax" && tag == 0x0001) => n.to_string(),
        (2, _) => name(&bytes),
        _ => {
            let said = text(&bytes);
            if is_readable(&said) && said.is_ascii() { said } else { hex(&bytes) }
        }
    }
}
