//! Sample tables: which bytes of the media belong to which track. Tables are read as they go by and stay in the file; only
//! positions are written anew, and those as one step. [ISO/IEC 14496-12 8.6, 8.7]

use super::super::Walk;
use super::super::step_name;
use super::description;
use super::track::Track;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::plan::{Fate, Number};
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// How many samples a track has.
pub(super) fn count(walk: &Walk, track: &Track) -> Result<u64> {
    Ok(Sizes::of(walk, track)?.map_or(0, |s| u64::from(s.count)))
}

/// Says that the samples of a track go, as far as they can be found: only to tell them from stray bytes. Returns how many
/// bytes they take.
pub(super) fn lose(walk: &mut Walk, track: &Track) -> u64 {
    let (mut claims, mut bytes) = (std::mem::take(&mut walk.claims), 0);
    let end = walk.source.len();
    _ = walk_chunks(walk, track, |_, span, _| {
        if span.end <= end {
            bytes += span.len();
            claims.lose(span);
        }
        Ok(Go::On)
    });
    walk.claims = claims;
    bytes
}

/// The first samples of a track, at most so many.
pub(super) fn first_samples(walk: &Walk, track: &Track, most: usize) -> Result<Vec<Span>> {
    let mut out = Vec::new();
    let Some(mut sizes) = Sizes::of(walk, track)? else { return Ok(out) };
    walk_chunks(walk, track, |_, span, samples| {
        let mut at = span.start;
        for _ in 0..samples {
            if out.len() >= most {
                break;
            }
            let size = sizes.next()?;
            out.extend(Span::at(at, size).filter(|s| s.end <= span.end));
            at = at.saturating_add(size);
            walk.job.limits().check_structures(out.len())?;
        }
        Ok(if out.len() < most { Go::On } else { Go::Home })
    })?;
    Ok(out)
}

/// Whether a walk goes on.
enum Go {
    On,
    Home,
}

/// Calls `each` with where the position of each chunk is written, what it covers, and how many samples it has.
fn walk_chunks(walk: &Walk, track: &Track, mut each: impl FnMut(Span, Span, u64) -> Result<Go>) -> Result<()> {
    let Some((table, code)) = offsets(track) else { return Ok(()) };
    let mut positions = Cursor::new(&**walk.source, table.full_body());
    let count = positions.u32_be()?;
    let mut runs = Runs::of(walk, track)?;
    let mut sizes = Sizes::of(walk, track)?;
    let packing = description::packing(walk, track)?;
    for chunk in 1..=count {
        let start = positions.at();
        let at = if code == Number::U32Be { u64::from(positions.u32_be()?) } else { positions.u64_be()? };
        let samples = runs.as_mut().map_or(Ok(0), |r| r.samples(chunk))?;
        let (taken, length) = match &mut sizes {
            Some(sizes) => sizes.take(u64::from(samples), packing)?,
            None => (0, 0),
        };
        let span = Span::at(at, length).ok_or_else(|| track.refuse("a chunk lies past any end"))?;
        if let Go::Home = each(Span::new(start, positions.at()), span, taken)? {
            break;
        }
    }
    Ok(())
}

/// The table of positions, and how they are written.
fn offsets(track: &Track) -> Option<(Atom, Number)> {
    let short = track.tables.first(b"stco").map(|a| (a, Number::U32Be));
    short.or_else(|| track.tables.first(b"co64").map(|a| (a, Number::U64Be)))
}

/// Runs of chunks with the same number of samples. [8.7.4]
struct Runs<'a> {
    table: Cursor<'a>,
    left: u32,
    samples: u32,
    next: Option<(u32, u32)>,
}

impl<'a> Runs<'a> {
    fn of(walk: &'a Walk, track: &Track) -> Result<Option<Runs<'a>>> {
        let Some(stsc) = track.tables.first(b"stsc") else { return Ok(None) };
        let mut table = Cursor::new(&**walk.source, stsc.full_body());
        let left = table.u32_be()?;
        let mut runs = Runs { table, left, samples: 0, next: None };
        runs.advance()?;
        Ok(Some(runs))
    }

    fn advance(&mut self) -> Result<()> {
        self.next = None;
        if self.left > 0 {
            self.left -= 1;
            self.next = Some((self.table.u32_be()?, self.table.u32_be()?));
            self.table.skip(4)?;
        }
        Ok(())
    }

    /// How many samples chunk number `chunk` has; asked in order.
    fn samples(&mut self, chunk: u32) -> Result<u32> {
        while let Some((first, samples)) = self.next
            && first <= chunk
        {
            self.samples = samples;
            self.advance()?;
        }
        Ok(self.samples)
    }
}

/// How samples of one size lie in packets, for sound that is counted in samples and stored in packets. [QTFF sound version 1]
#[derive(Clone, Copy)]
pub(super) struct Packing {
    /// So many samples …
    pub(super) samples: u64,
    /// … take so many bytes.
    pub(super) bytes: u64,
}

/// Sizes of samples. [8.7.3]
struct Sizes<'a> {
    table: Cursor<'a>,
    count: u32,
    left: u32,
    /// All have this size; 0 where each has its own.
    same: u32,
    /// Bits of a size.
    width: u8,
    /// Half a byte that was read already.
    half: Option<u8>,
}

impl<'a> Sizes<'a> {
    fn of(walk: &'a Walk, track: &Track) -> Result<Option<Sizes<'a>>> {
        let found = track.tables.first(b"stsz").or_else(|| track.tables.first(b"stz2"));
        let Some(atom) = found else { return Ok(None) };
        let mut table = Cursor::new(&**walk.source, atom.full_body());
        let word = table.u32_be()?;
        let count = table.u32_be()?;
        let (same, width) = if atom.is(b"stsz") { (word, 32) } else { (0, word.to_be_bytes()[3]) };
        if !matches!(width, 4 | 8 | 16 | 32) {
            return Err(Refusal::malformed("sample sizes of an odd width", atom.span.start));
        }
        Ok(Some(Sizes { table, count, left: count, same, width, half: None }))
    }

    /// The size of the next sample.
    fn next(&mut self) -> Result<u64> {
        if self.left == 0 {
            return Ok(0);
        }
        self.left -= 1;
        Ok(match self.width {
            _ if self.same > 0 => u64::from(self.same),
            32 => u64::from(self.table.u32_be()?),
            16 => u64::from(self.table.u16_be()?),
            8 => u64::from(self.table.u8()?),
            _ => match self.half.take() {
                Some(low) => u64::from(low),
                None => {
                    let both = self.table.u8()?;
                    self.half = Some(both & 15);
                    u64::from(both >> 4)
                }
            },
        })
    }

    /// How many samples of the next `samples` there are, and how many bytes they take together.
    fn take(&mut self, samples: u64, packing: Option<Packing>) -> Result<(u64, u64)> {
        let samples = samples.min(u64::from(self.left));
        if self.same > 0 {
            self.left -= samples as u32;
            let bytes = match packing {
                Some(p) => samples.div_ceil(p.samples.max(1)).checked_mul(p.bytes),
                None => samples.checked_mul(u64::from(self.same)),
            };
            return Ok((samples, bytes.unwrap_or(u64::MAX)));
        }
        let mut bytes = 0;
        for _ in 0..samples {
            bytes += self.next()?;
        }
        Ok((samples, bytes))
    }
}

/// Keeps a table of entries of one size, and nothing behind them.
pub(super) fn keep_table(walk: &mut Walk, atom: &Atom, width: u64) -> Result<()> {
    let count = Cursor::new(&**walk.source, atom.full_body()).u32_be()?;
    walk.keep_exactly(atom, atom.header + 8 + u64::from(count) * width)
}

/// Groups of samples that say how to decode or seek. [14496-12 10, 14496-15]
const GROUPS: &[&[u8; 4]] = &[
    b"roll", b"prol", b"rap ", b"tele", b"sync", b"tscl", b"alst", b"nalm", b"trif", b"tsas", b"stsa", b"sap ", b"rash", b"refs",
];

/// Whether a sample group, or its description, is one that players need.
pub(super) fn is_known_group(walk: &Walk, atom: &Atom) -> Result<bool> {
    let kind = Cursor::new(&**walk.source, atom.full_body()).array::<4>()?;
    Ok(GROUPS.contains(&&kind))
}

/// Writes the boxes of `stbl`, and claims the samples.
pub(super) fn write(walk: &mut Walk, track: &Track) -> Result<()> {
    for atom in &track.tables.list {
        match &atom.kind {
            b"stsd" => description::write(walk, track, atom)?,
            b"stts" | b"ctts" => keep_table(walk, atom, 8)?,
            b"stss" | b"stps" => keep_table(walk, atom, 4)?,
            b"stsc" => keep_table(walk, atom, 12)?,
            b"stsz" => {
                let mut cursor = Cursor::new(&**walk.source, atom.full_body());
                let (same, count) = (cursor.u32_be()?, cursor.u32_be()?);
                let table = if same > 0 { 0 } else { u64::from(count) * 4 };
                walk.keep_exactly(atom, atom.header + 12 + table)?;
            }
            b"stz2" | b"cslg" | b"sdtp" | b"subs" | b"padb" => walk.keep(atom),
            b"sbgp" | b"sgpd" if is_known_group(walk, atom)? => walk.keep(atom),
            b"stco" | b"co64" => positions(walk, track, atom)?,
            b"senc" | b"saiz" | b"saio" => return Err(super::super::codec::encrypted(atom.span.start)),
            _ => walk.remove(atom),
        }
    }
    Ok(())
}

/// The positions of the chunks: each where its bytes are now. A chunk without bytes lies nowhere.
fn positions(walk: &mut Walk, track: &Track, atom: &Atom) -> Result<()> {
    let width = if atom.is(b"stco") { 4 } else { 8 };
    if offsets(track).is_none_or(|(table, _)| table != *atom) {
        return Err(track.refuse("a track has two tables of positions"));
    }
    let (mut empty, mut full): (Vec<Span>, Vec<Span>) = (Vec::new(), Vec::new());
    let mut claims = std::mem::take(&mut walk.claims);
    let join = |list: &mut Vec<Span>, cell: Span| match list.last_mut() {
        Some(last) if last.end == cell.start => last.end = cell.end,
        _ => list.push(cell),
    };
    walk_chunks(walk, track, |cell, span, _| {
        join(if span.is_empty() { &mut empty } else { &mut full }, cell);
        claims.keep(span);
        walk.job.limits().check_structures(empty.len())?;
        Ok(Go::On)
    })?;
    walk.claims = claims;
    let name = step_name(atom.kind);
    let code = if width == 4 { Number::U32Be } else { Number::U64Be };
    let count = Cursor::new(&**walk.source, atom.full_body()).u32_be()?;
    let end = atom.full_body().start + 4 + u64::from(count) * width;
    walk.open(atom);
    walk.draft.frame(Span::new(atom.body().start, atom.full_body().start + 4), name);
    for cells in full {
        walk.draft.reframe(cells, name, Fate::Offsets { origin: 0, code });
    }
    for cells in empty {
        walk.draft.blank(cells, name, Finding::blanked(walk.place, "position of an empty chunk", Tells::Unknown));
    }
    if end < atom.span.end {
        let found = Finding::removed(walk.place, "bytes behind the end of a table", Tells::Hidden);
        walk.draft.remove(Span::new(end, atom.span.end), "slack", found);
    }
    Ok(())
}
