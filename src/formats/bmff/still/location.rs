//! Where the bytes of items lie, and the same table written again for those that stay. Widths and versions stay as they were,
//! so that a file that is clean already is not touched. [ISO/IEC 14496-12 8.11.3]

use std::collections::BTreeMap;

use super::super::Walk;
use super::items;
use crate::cursor::Cursor;
use crate::grammar::bmff::Atom;
use crate::plan::{Fate, Number};
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// The table.
pub(super) struct Locations {
    atom: Atom,
    version: u8,
    widths: Widths,
    entries: Vec<Location>,
    /// Whether bits stand where none should.
    odd: bool,
}

/// How many bytes each kind of number takes: 0, 4 or 8.
#[derive(Clone, Copy)]
struct Widths {
    offset: u8,
    length: u8,
    base: u8,
    index: u8,
}

/// Where one item lies.
pub(super) struct Location {
    pub(super) id: u32,
    method: u16,
    /// Whether bits stand where none should.
    reserved: bool,
    reference: u16,
    base: u64,
    extents: Vec<Extent>,
}

struct Extent {
    index: u64,
    offset: u64,
    length: u64,
}

/// Reads the table.
pub(super) fn read(walk: &Walk, atom: &Atom) -> Result<Locations> {
    let mut cursor = Cursor::new(&**walk.source, atom.body());
    let (version, flags) = items::version(&mut cursor)?;
    if version > 2 {
        return Err(Refusal::unsupported("an item location box of a version that is not known").at(atom.span.start));
    }
    let [a, b] = cursor.array::<2>()?;
    let index = if version == 0 { 0 } else { b & 15 };
    let widths = Widths { offset: a >> 4, length: a & 15, base: b >> 4, index };
    if [widths.offset, widths.length, widths.base, widths.index].iter().any(|w| !matches!(w, 0 | 4 | 8)) {
        return Err(Refusal::malformed("an item location box with numbers of an odd width", atom.span.start));
    }
    let count = items::id(&mut cursor, version == 2)?;
    let (mut entries, mut all) = (Vec::new(), 0);
    for _ in 0..count {
        let entry = location(&mut cursor, version, widths)?;
        all += entry.extents.len() + 1;
        walk.job.limits().check_structures(all)?;
        entries.push(entry);
    }
    let odd = flags != 0 || (version == 0 && b & 15 != 0);
    Ok(Locations { atom: *atom, version, widths, entries, odd })
}

fn location(cursor: &mut Cursor, version: u8, widths: Widths) -> Result<Location> {
    let id = items::id(cursor, version == 2)?;
    let word = if version == 0 { 0 } else { cursor.u16_be()? };
    let (method, reserved) = (word & 15, word > 15);
    let reference = cursor.u16_be()?;
    let base = number(cursor, widths.base)?;
    let count = cursor.u16_be()?;
    if count > 1 && widths.length == 0 {
        return Err(Refusal::malformed("several extents without a length", cursor.at()));
    }
    let mut extents = Vec::new();
    for _ in 0..count {
        let index = number(cursor, widths.index)?;
        let offset = number(cursor, widths.offset)?;
        let length = number(cursor, widths.length)?;
        extents.push(Extent { index, offset, length });
    }
    Ok(Location { id, method, reserved, reference, base, extents })
}

fn number(cursor: &mut Cursor, width: u8) -> Result<u64> {
    match width {
        0 => Ok(0),
        4 => Ok(u64::from(cursor.u32_be()?)),
        _ => cursor.u64_be(),
    }
}

impl Locations {
    /// The spans of the file that hold the items, by number; items whose bytes cannot be found have none.
    ///
    /// # Errors
    /// `Malformed` or `Unsupported` where the bytes of an item for which `must` holds cannot be found.
    pub(super) fn spans(
        &self,
        walk: &Walk,
        idat: Option<Span>,
        must: impl Fn(u32) -> bool,
        known: impl Fn(u32) -> bool,
    ) -> Result<BTreeMap<u32, Vec<Span>>> {
        let mut out: BTreeMap<u32, Vec<Span>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|e| known(e.id)) {
            let spans = entry.spans(walk, idat, self.atom.span.start);
            match spans {
                Ok(_) if must(entry.id) && out.contains_key(&entry.id) => {
                    return Err(Refusal::malformed("an item has two locations", self.atom.span.start));
                }
                Ok(spans) => _ = out.entry(entry.id).or_insert(spans),
                Err(r) if must(entry.id) => return Err(r),
                Err(_) => _ = out.entry(entry.id).or_default(),
            }
        }
        Ok(out)
    }

    /// Whether an item for which `which` holds lies in the `idat` box.
    pub(super) fn any_inside(&self, which: impl Fn(u32) -> bool) -> bool {
        self.entries.iter().any(|e| e.method == 1 && !e.extents.is_empty() && which(e.id))
    }

    /// Writes the table for the items for which `stays` holds. `length` says how long an item is now, where it was rewritten.
    pub(super) fn write(
        &self,
        walk: &mut Walk,
        idat: Option<Span>,
        spans: &BTreeMap<u32, Vec<Span>>,
        stays: impl Fn(u32) -> bool,
        length: impl Fn(u32) -> Option<u64>,
    ) -> Result<()> {
        let mut pieces = Pieces::default();
        pieces.fate(Fate::Length { of: self.atom.span, plus: 0, code: Number::U32Be });
        pieces.put(&self.atom.kind);
        pieces.put(&[self.version, 0, 0, 0]);
        pieces.put(&[self.widths.offset << 4 | self.widths.length, self.widths.base << 4 | self.widths.index]);
        let kept: Vec<&Location> = self.entries.iter().filter(|e| stays(e.id)).collect();
        pieces.id(kept.len() as u32, self.version == 2);
        let holds = |id: u32, at: u64| spans.get(&id).is_some_and(|s| s.iter().any(|s| s.start <= at && at < s.end));
        let mut odd = self.entries.iter().any(|e| !spans.contains_key(&e.id));
        for entry in kept {
            // A base that points to nothing that stays cannot stay; positions count from the start of the file then.
            let base = match entry.base {
                b if b == 0 || walk.claims.starts(b) || holds(entry.id, b) || entry.method == 1 => b,
                _ => 0,
            };
            odd |= base != entry.base || entry.reserved;
            self.entry(&mut pieces, entry, base, idat, length(entry.id))?;
        }
        let pieces = pieces.done();
        if self.atom.header != 8 || pieces.len() as u64 > self.atom.span.len() {
            return Err(Refusal::unsupported("an item location box of an odd shape").at(self.atom.span.start));
        }
        let length: usize = pieces.iter().map(length_of).sum();
        walk.rebuilt |= odd || self.odd || length as u64 != self.atom.span.len();
        walk.draft.compose(self.atom.span, "iloc", pieces);
        Ok(())
    }

    fn entry(&self, pieces: &mut Pieces, entry: &Location, base: u64, idat: Option<Span>, length: Option<u64>) -> Result<()> {
        pieces.id(entry.id, self.version == 2);
        if self.version > 0 {
            pieces.put(&entry.method.to_be_bytes());
        }
        pieces.put(&entry.reference.to_be_bytes());
        // Positions inside `idat` count from its first byte and have no base of their own worth keeping.
        let start = if entry.method == 1 { idat.unwrap_or_default().start } else { 0 };
        let lone = self.widths.offset == 0;
        let first = entry.extents.first().map(|e| start + entry.base + e.offset);
        let base = if entry.method == 0 && !lone { base } else { 0 };
        match (code(self.widths.base), first) {
            (None, _) => {}
            (Some(code), Some(of)) if lone => pieces.fate(Fate::Position { of, origin: start, code }),
            // The boundary at the old base, wherever it is now.
            (Some(code), _) => pieces.fate(Fate::Length { of: Span::new(0, base), plus: 0, code }),
        }
        pieces.put(&(entry.extents.len() as u16).to_be_bytes());
        for extent in &entry.extents {
            if let Some(code) = code(self.widths.index) {
                pieces.put(&code.encode(extent.index).unwrap_or_default());
            }
            if let Some(code) = code(self.widths.offset) {
                let origin = if entry.method == 1 { start } else { base };
                pieces.fate(Fate::Position { of: start + entry.base + extent.offset, origin, code });
            }
            if let Some(code) = code(self.widths.length) {
                let length = length.unwrap_or(extent.length);
                let bytes = code.encode(length);
                pieces.put(&bytes.ok_or_else(|| Refusal::malformed("a length does not fit its field", self.atom.span.start))?);
            }
        }
        Ok(())
    }
}

impl Location {
    fn spans(&self, walk: &Walk, idat: Option<Span>, at: u64) -> Result<Vec<Span>> {
        if self.extents.is_empty() {
            return Ok(Vec::new());
        }
        if self.reference != 0 {
            return Err(Refusal::unsupported("a picture lies in another file").at(at));
        }
        let area = match self.method {
            0 => walk.source.span(),
            1 => idat.ok_or_else(|| Refusal::malformed("a picture lies in an item data box that is not there", at))?,
            _ => return Err(Refusal::unsupported("a picture is made of parts of other items").at(at)),
        };
        let mut out = Vec::new();
        for extent in &self.extents {
            let gone = || Refusal::malformed("a picture lies past the end of the file", at);
            let start = self.base.checked_add(extent.offset).and_then(|o| o.checked_add(area.start)).ok_or_else(gone)?;
            let span = match extent.length {
                // "All of it" means the item data box; of a file it would be everything.
                0 if self.method == 1 => Span::new(start, area.end),
                0 => return Err(Refusal::malformed("a picture without a length", at)),
                length => Span::at(start, length).ok_or_else(gone)?,
            };
            if !area.contains(span) {
                return Err(gone());
            }
            out.push(span);
        }
        Ok(out)
    }
}

fn length_of(piece: &Fate) -> usize {
    match piece {
        Fate::Put(bytes) => bytes.len(),
        Fate::Position { code, .. } | Fate::Length { code, .. } => code.width(),
        _ => 0,
    }
}

fn code(width: u8) -> Option<Number> {
    match width {
        0 => None,
        4 => Some(Number::U32Be),
        _ => Some(Number::U64Be),
    }
}

/// Pieces of a composed box; bytes that follow bytes are one piece.
#[derive(Default)]
struct Pieces {
    done: Vec<Fate>,
    bytes: Vec<u8>,
}

impl Pieces {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    fn id(&mut self, id: u32, wide: bool) {
        let bytes = id.to_be_bytes();
        self.put(if wide { &bytes } else { &bytes[2..] });
    }

    fn fate(&mut self, fate: Fate) {
        if !self.bytes.is_empty() {
            self.done.push(Fate::put(std::mem::take(&mut self.bytes)));
        }
        self.done.push(fate);
    }

    fn done(mut self) -> Vec<Fate> {
        if !self.bytes.is_empty() {
            self.done.push(Fate::put(std::mem::take(&mut self.bytes)));
        }
        self.done
    }
}
