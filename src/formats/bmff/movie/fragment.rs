//! Fragments: `moof` boxes, each with its own tables for the media data beside it. [ISO/IEC 14496-12 8.8]

use super::super::{Walk, codec, messages};
use super::{Movie, description, is_wide, tables};
use crate::cursor::Cursor;
use crate::grammar::bmff::Atom;
use crate::plan::{Fate, Number};
use crate::refusal::{Code, Refusal, Result};
use crate::source::Span;

/// What a track's samples are where a fragment does not say it. [8.8.3]
pub(super) struct Defaults {
    pub(super) atom: Atom,
    pub(super) track: u32,
    size: u32,
}

/// Reads the `trex` boxes.
pub(super) fn defaults(walk: &Walk, mvex: &Atom) -> Result<Vec<Defaults>> {
    let mut out = Vec::new();
    for atom in walk.children(mvex.body())?.list.into_iter().filter(|a| a.is(b"trex")) {
        let mut cursor = Cursor::new(&**walk.source, atom.full_body());
        let track = cursor.u32_be()?;
        cursor.skip(8)?;
        out.push(Defaults { atom, track, size: cursor.u32_be()? });
        if out.len() > 1000 {
            return Err(Refusal::limit("more than 1000 tracks"));
        }
    }
    Ok(out)
}

/// Where the data of a fragment is counted from.
struct Base {
    /// In the input.
    old: u64,
    /// The boundary that it is in the result.
    new: u64,
    /// Where data without a position goes on.
    next: u64,
    size: u32,
    /// Where each sample lies, if somebody wants to look inside.
    samples: Option<Vec<Span>>,
}

/// Whether this fragment has anything of a track that stays.
pub(super) fn lives(walk: &Walk, movie: &Movie, moof: &Atom) -> Result<bool> {
    for traf in walk.children(moof.body())?.list.iter().filter(|a| a.is(b"traf")) {
        if movie.stays(track_of(walk, traf)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn track_of(walk: &Walk, traf: &Atom) -> Result<u32> {
    let tfhd = walk.children(traf.body())?.one(b"tfhd", traf)?;
    Cursor::new(&**walk.source, tfhd.full_body()).u32_be()
}

/// Writes a `moof` box, and claims its samples.
pub(super) fn write(walk: &mut Walk, movie: &Movie, moof: &Atom) -> Result<()> {
    let boxes = walk.children(moof.body())?;
    if let Some(locked) = boxes.first(b"pssh") {
        return Err(codec::encrypted(locked.span.start));
    }
    let alive = lives(walk, movie, moof)?;
    let (mut next, mut first) = (moof.span.start, true);
    if alive {
        walk.open(moof);
    } else {
        walk.draft.remove_told(moof.span, "moof");
    }
    for atom in &boxes.list {
        match &atom.kind {
            b"mfhd" if alive => walk.keep_exactly(atom, 16)?,
            b"traf" => {
                let id = track_of(walk, atom)?;
                if movie.track(id).is_none() {
                    return Err(Refusal::malformed("a fragment of a track that is not there", atom.span.start));
                }
                let run = Run { movie, moof, id, first: first && movie.stays(id) };
                next = run.write(walk, atom, next)?;
                first &= !movie.stays(id);
            }
            _ if alive => walk.remove(atom),
            _ => {}
        }
    }
    if alive {
        walk.remove_tail(boxes.tail)?;
    }
    Ok(())
}

/// A track's part of a fragment.
struct Run<'m> {
    movie: &'m Movie,
    moof: &'m Atom,
    id: u32,
    /// Whether it is the first that stays.
    first: bool,
}

impl Run<'_> {
    /// Returns where the data of the next part begins, unless that says otherwise.
    fn write(&self, walk: &mut Walk, traf: &Atom, next: u64) -> Result<u64> {
        let boxes = walk.children(traf.body())?;
        let stays = self.movie.stays(self.id);
        let mut base = self.base(walk, &boxes.one(b"tfhd", traf)?, next)?;
        let units = self.movie.track(self.id).map_or(Ok(None), |track| description::units(walk, track))?;
        if stays {
            walk.open(traf);
            base.samples = units.map(|_| Vec::new());
        }
        for atom in &boxes.list {
            match &atom.kind {
                b"senc" | b"saiz" | b"saio" => return Err(codec::encrypted(atom.span.start)),
                b"trun" => self.samples(walk, atom, &mut base, stays)?,
                _ if !stays => {}
                b"tfhd" => self.header(walk, atom, &base)?,
                b"tfdt" => walk.keep_exactly(atom, if is_wide(walk, atom)? { 20 } else { 16 })?,
                b"sbgp" | b"sgpd" if tables::is_known_group(walk, atom)? => walk.keep(atom),
                b"sdtp" | b"subs" => walk.keep(atom),
                _ => walk.remove(atom),
            }
        }
        if let (Some(units), Some(samples)) = (units, base.samples) {
            messages::look_into(walk, samples.into_iter().map(|sample| (sample, units)))?;
        }
        if stays {
            walk.remove_tail(boxes.tail)?;
        } else if lives(walk, self.movie, self.moof)? {
            walk.draft.remove_told(traf.span, "traf");
        }
        Ok(base.next)
    }

    /// `tfhd` [8.8.7]
    fn base(&self, walk: &Walk, tfhd: &Atom, next: u64) -> Result<Base> {
        let mut cursor = Cursor::new(&**walk.source, tfhd.body());
        let flags = cursor.u32_be()? & 0xff_ffff;
        cursor.skip(4)?;
        let (old, new) = match flags {
            f if f & 1 != 0 => {
                let base = cursor.u64_be()?;
                (base, base)
            }
            f if f & 0x2_0000 != 0 => (self.moof.span.start, self.moof.span.start),
            // Counted from the end of the part before, if one is left in front of it.
            _ => (next, if self.first { self.moof.span.start } else { next }),
        };
        let other = if flags & 2 != 0 { 4 } else { 0 } + if flags & 8 != 0 { 4 } else { 0 };
        cursor.skip(other)?;
        let usual = self.movie.defaults.iter().find(|d| d.track == self.id).map_or(0, |d| d.size);
        let size = if flags & 0x10 != 0 { cursor.u32_be()? } else { usual };
        Ok(Base { old, new, next: old, size, samples: None })
    }

    fn header(&self, walk: &mut Walk, tfhd: &Atom, base: &Base) -> Result<()> {
        let mut cursor = Cursor::new(&**walk.source, tfhd.body());
        let flags = cursor.u32_be()? & 0xff_ffff;
        let length = 16
            + [(1, 8), (2, 4), (8, 4), (0x10, 4), (0x20, 4)].iter().filter(|(f, _)| flags & f != 0).map(|(_, n)| n).sum::<u64>();
        if flags & 1 == 0 {
            return walk.keep_exactly(tfhd, length);
        }
        if tfhd.span.len() != length || tfhd.header != 8 {
            return Err(Refusal::malformed("a fragment header of a wrong length", tfhd.span.start));
        }
        let at = tfhd.span.start + 16;
        walk.draft.frame(Span::new(tfhd.span.start, at), "tfhd");
        // The boundary at the old base, wherever it is now.
        let of = Span::new(0, base.old);
        walk.draft.reframe(Span::new(at, at + 8), "tfhd", Fate::Length { of, plus: 0, code: Number::U64Be });
        walk.draft.frame(Span::new(at + 8, tfhd.span.end), "tfhd");
        Ok(())
    }

    /// `trun` [8.8.8]
    fn samples(&self, walk: &mut Walk, trun: &Atom, base: &mut Base, stays: bool) -> Result<()> {
        let mut cursor = Cursor::new(&**walk.source, trun.body());
        let flags = cursor.u32_be()? & 0xff_ffff;
        let count = cursor.u32_be()?;
        let field = cursor.at();
        let mut at = base.next;
        if flags & 1 != 0 {
            let offset = i64::from(cursor.u32_be()? as i32);
            at = base
                .old
                .checked_add_signed(offset)
                .ok_or_else(|| Refusal::malformed("a fragment lies before the file", field))?;
        }
        cursor.skip(if flags & 4 != 0 { 4 } else { 0 })?;
        let bit = |flag: u32| if flags & flag != 0 { 4 } else { 0 };
        let (before, after) = (bit(0x100), bit(0x400) + bit(0x800));
        let mut bytes = 0u64;
        if flags & 0x200 != 0 {
            for _ in 0..count {
                cursor.skip(before)?;
                let size = u64::from(cursor.u32_be()?);
                cursor.skip(after)?;
                if let Some(samples) = &mut base.samples {
                    samples.extend(Span::at(at.saturating_add(bytes), size));
                    walk.job.limits().check_structures(samples.len())?;
                }
                bytes += size;
            }
        } else {
            bytes = u64::from(count) * u64::from(base.size);
            cursor.skip((before + after) * u64::from(count))?;
        }
        let end = cursor.at();
        let span = Span::at(at, bytes).ok_or_else(|| Refusal::malformed("a fragment lies past any end", field))?;
        base.next = span.end;
        if !stays {
            if span.end <= walk.source.len() {
                walk.claims.lose(span);
            }
            return Ok(());
        }
        walk.claims.keep(span);
        if flags & 1 == 0 && at == base.old && base.new != base.old {
            return Err(Refusal::new(Code::Unsupported, "a fragment whose data is found through a track that goes").at(field));
        }
        let length = end - trun.span.start;
        if flags & 1 == 0 || bytes == 0 {
            return walk.keep_exactly(trun, length);
        }
        if trun.span.len() != length || trun.header != 8 {
            return Err(Refusal::malformed("a fragment table of a wrong length", trun.span.start));
        }
        walk.draft.frame(Span::new(trun.span.start, field), "trun");
        let place = Fate::Position { of: at, origin: base.new, code: Number::U32Be };
        walk.draft.reframe(Span::new(field, field + 4), "trun", place);
        walk.draft.frame(Span::new(field + 4, trun.span.end), "trun");
        Ok(())
    }
}
