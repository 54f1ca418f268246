//! What a TIFF structure tells: an Exif block, or the directories of a TIFF file. Every field that speaks of a place, a
//! person, a device, a time or a program gets its human name and its value; exposure data is one line; what nobody has a
//! name for is counted. Directories are walked as far as they can be read, so that a block with a broken tail still tells
//! what it tells.

mod gps;
mod maker;
mod table;

use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Entry, Order, Tiff, Walk};
use crate::names::values::{found, hex, is_readable, list, picture, rounded, text, texts, utf16};
use crate::source::Memory;
use table::{FIELDS, Form, LAYOUT, SETTINGS};

/// More findings than this help nobody.
const MOST: usize = 60;
/// More directories than any Exif block has.
const DIRECTORIES: usize = 64;
/// More entries than any Exif block has.
const ENTRIES: usize = 4000;
/// What of one value is read.
const VALUE: u64 = 64 << 10;

/// The tags that point to directories: sub-images, Exif, GPS, interoperability. [Exif 2.32 4.6.3]
const POINTERS: &[u16] = &[SUB_IMAGES, EXIF, GPS, INTEROPERABILITY];
const SUB_IMAGES: u16 = 0x014a;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const INTEROPERABILITY: u16 = 0xa005;
const MAKER_NOTE: u16 = 0x927c;

/// Findings for all that it tells, each as removed; at least one. `place` is the name of the block: "Exif".
pub fn describe(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    let mut out = read(place, bytes);
    if out.is_empty() {
        out.push(Finding::removed(place, format!("{place} (unreadable)"), Tells::Unknown));
    }
    out.truncate(MOST);
    out[0].bytes = bytes.len() as u64;
    out
}

fn read(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let source = Memory::new(bytes);
    let Ok((tiff, first)) = Tiff::open(&source, 0) else { return Vec::new() };
    let walk = tiff.walk(first, POINTERS, DIRECTORIES);
    let all = walk.directories.iter().flat_map(|d| d.entries.iter().map(move |e| (d.parent.map_or(0, |(_, tag)| tag), *e)));
    let entries = all.take(ENTRIES).collect();
    let block = Block { place, bytes, tiff, walk, entries };
    let mut out = block.fields();
    out.splice(0..0, gps::describe(&block));
    out.extend(block.settings());
    out.extend(block.pictures());
    out.extend(maker::describe(&block));
    out.extend(block.rest());
    if out.is_empty() && !block.walk.directories.is_empty() {
        out.push(Finding::removed(place, format!("{place} block"), Tells::Unknown));
    }
    out
}

/// The block while it is being read.
struct Block<'a> {
    place: &'static str,
    bytes: &'a [u8],
    tiff: Tiff<'a>,
    walk: Walk,
    /// Every entry, with the tag that led to its directory: 0 for the chain of pages.
    entries: Vec<(u16, Entry)>,
}

impl Block<'_> {
    fn entries(&self) -> impl Iterator<Item = (u16, &Entry)> {
        self.entries.iter().map(|(from, e)| (*from, e))
    }

    /// The first entry of that tag outside the GPS directory.
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries().find(|(from, e)| *from != GPS && e.tag == tag && e.data.is_some()).map(|(_, e)| e)
    }

    fn bytes_of(&self, entry: &Entry) -> Vec<u8> {
        self.tiff.bytes(entry, VALUE)
    }

    /// The fields with a name, in the order of the table.
    fn fields(&self) -> Vec<Finding> {
        let mut out: Vec<Finding> = Vec::new();
        for field in FIELDS {
            for (_, entry) in self.entries().filter(|(from, e)| *from != GPS && e.tag == field.tag).take(8) {
                let value = self.value(entry, field.form);
                let told = found(self.place, field.label, field.tells, value);
                // Empty fields tell nothing; the same value in two directories tells it once.
                if told.value.is_some() && !out.contains(&told) && out.len() < MOST {
                    out.push(told);
                }
            }
        }
        out
    }

    fn value(&self, entry: &Entry, form: Form) -> String {
        let bytes = self.bytes_of(entry);
        match form {
            Form::Text => match entry.kind {
                1 | 2 | 7 | 129 => texts(&bytes),
                _ => self.plain(entry),
            },
            Form::Wide => utf16(&bytes, false),
            Form::Comment => self.comment(&bytes),
            Form::Hex => hex(&bytes),
            Form::Plain => self.plain(entry),
            Form::Size => format!("{} bytes", entry.data.map_or(0, |d| d.len())),
        }
    }

    /// Numbers as they stand.
    fn plain(&self, entry: &Entry) -> String {
        let whole = self.tiff.numbers(entry, 12).into_iter().map(|n| n.to_string());
        let broken = self.tiff.rationals(entry, 12).into_iter().map(|(n, d)| format!("{n}/{d}"));
        whole.chain(broken).collect::<Vec<_>>().join(" ")
    }

    /// A comment that says in its first eight bytes how it is written. [Exif 2.32 4.6.5]
    fn comment(&self, bytes: &[u8]) -> String {
        let (code, rest) = bytes.split_at(bytes.len().min(8));
        if code.starts_with(b"UNICODE") {
            let plain = utf16(rest, self.tiff.order == Order::Big);
            // Many writers ignore the byte order around them.
            return if plain.chars().filter(|c| *c > '\u{2fff}').count() * 2 > plain.chars().count() {
                utf16(rest, self.tiff.order != Order::Big)
            } else {
                plain
            };
        }
        let known = code.starts_with(b"ASCII") || code.starts_with(b"JIS") || code == [0; 8];
        let said = text(if known { rest } else { bytes });
        if said.is_empty() || is_readable(&said) { said } else { hex(bytes) }
    }

    /// Exposure, lens and flash as one line, written by another reader that knows their units.
    fn settings(&self) -> Option<Finding> {
        let small = |tag: u16| self.entry(tag).is_some_and(|e| e.data.is_some_and(|d| d.len() <= 64));
        if !SETTINGS.iter().any(|(tag, _)| small(*tag)) {
            return None;
        }
        let mut reader = exif::Reader::new();
        reader.continue_on_error(true);
        let read = reader.read_raw(self.bytes.to_vec()).or_else(|e| e.distill_partial_result(|_| {}));
        let mut said = Vec::new();
        for (tag, label) in SETTINGS.iter().filter(|(tag, _)| small(*tag)) {
            let field = read.as_ref().ok().and_then(|exif| {
                let field = exif.get_field(exif::Tag(exif::Context::Exif, *tag), exif::In::PRIMARY)?;
                Some(field.display_value().with_unit(exif).to_string())
            });
            let value = field.or_else(|| Some(self.plain(self.entry(*tag)?)).filter(|v| !v.is_empty()));
            said.extend(value.map(|value| format!("{label} {}", rounded(&value))));
        }
        Some(found(self.place, "camera settings", Tells::Device, list(&said)))
    }

    /// The thumbnail, and other pictures that the directories point to. [Exif 2.32 4.6.4, tags 0x0201 and 0x0202]
    fn pictures(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        for directory in self.walk.directories.iter().take(8) {
            let number = |tag: u16| {
                let entry = directory.entries.iter().find(|e| e.tag == tag)?;
                self.tiff.numbers(entry, 1).first().copied()
            };
            let Some((at, len)) = number(0x0201).zip(number(0x0202)) else { continue };
            let there = usize::try_from(at).ok().zip(usize::try_from(len).ok());
            let bytes = there.and_then(|(at, len)| self.bytes.get(at..)?.get(..len)).unwrap_or_default();
            out.push(found(self.place, "thumbnail picture", Tells::Preview, picture(bytes)).bytes(bytes.len() as u64));
        }
        out
    }

    /// How many fields have no name here.
    fn rest(&self) -> Option<Finding> {
        let known = |from: u16, tag: u16| {
            from == GPS
                || from == INTEROPERABILITY
                || tag == MAKER_NOTE
                || POINTERS.contains(&tag)
                || LAYOUT.contains(&tag)
                || SETTINGS.iter().any(|(t, _)| *t == tag)
                || FIELDS.iter().any(|f| f.tag == tag)
        };
        let mut tags: Vec<u16> = self.entries().filter(|(from, e)| !known(*from, e.tag)).map(|(_, e)| e.tag).collect();
        tags.sort_unstable();
        tags.dedup();
        let names: Vec<String> = tags.iter().map(|t| format!("0x{t:04x}")).collect();
        (!names.is_empty()).then(|| found(self.place, "other fields", Tells::Unknown, list(&names)))
    }
}
