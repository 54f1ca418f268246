//! What went, by name: removed entries are put together again as a small Exif block, which the names of Exif describe, so
//! that nothing is called removed that stays. The makers' own tags have a short list here.

use super::table::Role;
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Entry, Order, Tiff, width};
use crate::names;

/// Of one value so much is remembered.
const VALUE: u64 = 4096;
/// So many entries are remembered.
const MOST: usize = 2000;

/// Entries that went.
#[derive(Default)]
pub(super) struct Gone {
    count: usize,
    rows: Vec<Row>,
    /// Texts that stay: a removed value that is part of one is not shown, and not searched for.
    stay: Vec<String>,
    told: Vec<Finding>,
}

struct Row {
    block: Block,
    tag: u16,
    kind: u16,
    value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Block {
    First,
    Exif,
    Gps,
}

/// Maker's tags with a name. The numbers of different makers that meet here mean different things, and are told apart by
/// the place of the finding.
const NAMED: [(&str, u16, &str, Tells); 18] = [
    ("CR2", 0x0007, "camera firmware", Tells::Software),
    ("CR2", 0x0009, "camera owner", Tells::Who),
    ("CR2", 0x000c, "camera body serial number", Tells::Identifier),
    ("CR2", 0x0028, "image unique identifier", Tells::Identifier),
    ("CR2", 0x0095, "lens model", Tells::Device),
    ("CR2", 0x0096, "internal serial number", Tells::Identifier),
    ("CR2", 0x4019, "lens serial number", Tells::Identifier),
    ("NEF", 0x001d, "camera body serial number", Tells::Identifier),
    ("NEF", 0x00a0, "camera serial number", Tells::Identifier),
    ("NEF", 0x00a7, "shutter count", Tells::Identifier),
    ("NEF", 0x0098, "lens data", Tells::Device),
    ("ARW", 0x2031, "camera body serial number", Tells::Identifier),
    ("ORF", 0x0101, "camera body serial number", Tells::Identifier),
    ("ORF", 0x0202, "lens serial number", Tells::Identifier),
    ("PEF", 0x0229, "camera body serial number", Tells::Identifier),
    ("PEF", 0x005d, "shutter count", Tells::Identifier),
    ("SRW", 0xa002, "camera body serial number", Tells::Identifier),
    ("SRW", 0xa005, "lens serial number", Tells::Identifier),
];

impl Gone {
    /// A text that stays.
    pub(super) fn stays(&mut self, text: &str) {
        self.stay.push(text.to_owned());
    }

    /// An entry that went from a directory of this role.
    pub(super) fn entry(&mut self, tiff: &Tiff, role: Role, entry: &Entry) {
        self.count += 1;
        if self.rows.len() + self.told.len() >= MOST {
            return;
        }
        let mut row = |block, entry: &Entry| {
            let value = little(tiff, entry.kind, tiff.bytes(entry, VALUE));
            self.rows.push(Row { block, tag: entry.tag, kind: entry.kind, value });
        };
        match role {
            Role::Picture if entry.tag == 0x8825 => {
                let at = tiff.numbers(entry, 1).first().copied().unwrap_or(0);
                if let Ok(gps) = tiff.directory(at) {
                    gps.entries.iter().take(64).for_each(|e| row(Block::Gps, e));
                }
            }
            Role::Picture if entry.tag == 0x02bc => self.told.extend(names::xmp::describe("XMP", &tiff.bytes(entry, 1 << 20))),
            Role::Picture if matches!(entry.tag, 0x83bb | 0x8649) => {
                self.told.extend(names::iptc::describe("IPTC", &tiff.bytes(entry, 1 << 20)));
            }
            Role::Picture => row(Block::First, entry),
            Role::Exif if entry.tag != 0x927c => row(Block::Exif, entry),
            Role::Notes(_) => self.note(tiff, entry),
            _ => {}
        }
    }

    /// An entry of the maker notes, for which a name is looked up when the maker is known.
    fn note(&mut self, tiff: &Tiff, entry: &Entry) {
        let value = match (entry.kind, tiff.numbers(entry, 1).first()) {
            (3 | 4 | 8 | 9, Some(n)) => n.to_string(),
            (2, _) => {
                let bytes = tiff.bytes(entry, 128);
                let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
                String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
            }
            _ => String::new(),
        };
        let name = |place: &'static str| NAMED.iter().find(|row| row.0 == place && row.1 == entry.tag);
        for place in ["CR2", "NEF", "ARW", "ORF", "PEF", "SRW"] {
            if let Some((place, _, label, tells)) = name(place) {
                let found = Finding::removed(*place, *label, *tells);
                self.told.push(if value.is_empty() { found } else { found.value(value.clone()) });
            }
        }
    }

    /// Findings for all of it; none where nothing went.
    pub(super) fn told(self, place: &'static str) -> Vec<Finding> {
        if self.count == 0 {
            return Vec::new();
        }
        let mut out = vec![Finding::removed(place, format!("{} tags", self.count), Tells::Unknown)];
        if !self.rows.is_empty() {
            let named = names::exif::describe(place, &block(&self.rows));
            out.extend(named.into_iter().filter(|f| !f.label.contains("unreadable")));
        }
        let makers = ["CR2", "NEF", "ARW", "ORF", "PEF", "SRW"];
        let own = |f: &Finding| f.place.steps().first().is_none_or(|step| !makers.contains(&&**step) || step == place);
        out.extend(self.told.into_iter().filter(own));
        let stay = self.stay;
        out.into_iter().map(|f| quiet(&stay, f)).collect()
    }

    /// A finding without a value that stays elsewhere.
    pub(super) fn quiet(&self, found: Finding) -> Finding {
        quiet(&self.stay, found)
    }
}

/// An empty value tells nothing; a part of a name that stays would be found in the result.
fn quiet(stay: &[String], mut found: Finding) -> Finding {
    let stays = |v: &String| v.trim().is_empty() || stay.iter().any(|s| s.contains(v.trim()));
    found.value = found.value.filter(|v| !stays(v));
    found
}

/// A small Exif block with these entries, least significant byte first.
fn block(rows: &[Row]) -> Vec<u8> {
    let of = |block: Block| -> Vec<&Row> {
        let mut rows: Vec<&Row> = rows.iter().filter(|r| r.block == block && width(r.kind).is_some()).collect();
        rows.sort_by_key(|r| r.tag);
        rows.dedup_by_key(|r| r.tag);
        rows
    };
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let (first, exif, gps) = (of(Block::First), of(Block::Exif), of(Block::Gps));
    let size = |n: usize| 2 + 12 * n + 4;
    let second = 8 + size(first.len() + 2);
    let third = second + size(exif.len());
    let mut heap = third + size(gps.len());
    let mut data: Vec<u8> = Vec::new();
    for (rows, pointers) in [(first, [(0x8769u16, second), (0x8825, third)].as_slice()), (exif, &[]), (gps, &[])] {
        out.extend(((rows.len() + pointers.len()) as u16).to_le_bytes());
        for row in rows {
            let count = row.value.len() as u64 / width(row.kind).unwrap_or(1);
            out.extend(row.tag.to_le_bytes());
            out.extend(row.kind.to_le_bytes());
            out.extend((count as u32).to_le_bytes());
            if row.value.len() <= 4 {
                let mut field = row.value.clone();
                field.resize(4, 0);
                out.extend(field);
            } else {
                out.extend((heap as u32).to_le_bytes());
                heap += row.value.len();
                data.extend(&row.value);
            }
        }
        for (tag, at) in pointers {
            out.extend(tag.to_le_bytes());
            out.extend([4, 0, 1, 0, 0, 0]);
            out.extend((*at as u32).to_le_bytes());
        }
        out.extend([0; 4]);
    }
    out.extend(data);
    out
}

/// A value with its numbers least significant byte first.
fn little(tiff: &Tiff, kind: u16, mut value: Vec<u8>) -> Vec<u8> {
    let size = match kind {
        3 | 8 => 2,
        4 | 5 | 9 | 10 | 11 | 13 => 4,
        12 | 16..=18 => 8,
        _ => 1,
    };
    if tiff.order == Order::Big && size > 1 {
        value.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    value
}
