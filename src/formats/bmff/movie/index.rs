//! Indexes over fragments: `sidx` counts lengths of whole segments, `tfra` points at fragments. They stay where they still fit.
//! [ISO/IEC 14496-12 8.8.10, 8.16.3]

use super::super::Walk;
use super::{Movie, fragment};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::plan::{Fate, Number};
use crate::refusal::Result;
use crate::source::Span;

fn drop(walk: &mut Walk, atom: &Atom, why: &str) {
    let found = Finding::removed(walk.place, format!("index of the fragments: {why}"), Tells::Unknown);
    walk.draft.remove(atom.span, "index", found);
}

/// `sidx`
pub(super) fn segments(walk: &mut Walk, movie: &Movie, sidx: &Atom, top: &[Atom]) -> Result<()> {
    let is_boundary = |at: u64| at == walk.source.len() || top.binary_search_by_key(&at, |a| a.span.start).is_ok();
    let mut cursor = Cursor::new(&**walk.source, sidx.body());
    let wide = cursor.array::<4>()?[0] > 0;
    let reference = cursor.u32_be()?;
    cursor.skip(if wide { 12 } else { 8 })?;
    let first = cursor.at();
    let offset = if wide { cursor.u64_be()? } else { u64::from(cursor.u32_be()?) };
    cursor.skip(2)?;
    let count = cursor.u16_be()?;
    let anchor = sidx.span.end.saturating_add(offset);
    let (mut at, mut fates, mut fits) = (anchor, Vec::new(), is_boundary(anchor));
    for _ in 0..count {
        let field = cursor.at();
        let word = cursor.u32_be()?;
        cursor.skip(8)?;
        let end = at.saturating_add(u64::from(word & 0x7fff_ffff));
        fits &= is_boundary(end);
        let plus = i64::from(word & 0x8000_0000);
        fates.push((field, Fate::Length { of: Span::new(at, end), plus, code: Number::U32Be }));
        at = end;
    }
    let known = movie.track(reference).is_none() || movie.stays(reference);
    if !fits || !known || cursor.at() != sidx.span.end {
        drop(walk, sidx, if known { "it does not fit" } else { "of a track that goes" });
        return Ok(());
    }
    let mut done = sidx.span.start;
    let code = if wide { Number::U64Be } else { Number::U32Be };
    let of = Span::new(sidx.span.end, anchor);
    let start = [(first, Fate::Length { of, plus: 0, code })];
    for (field, fate) in start.into_iter().chain(fates) {
        let width = if field == first { code.width() as u64 } else { 4 };
        walk.draft.frame(Span::new(done, field), "sidx");
        walk.draft.reframe(Span::new(field, field + width), "sidx", fate);
        done = field + width;
    }
    walk.draft.frame(Span::new(done, sidx.span.end), "sidx");
    Ok(())
}

/// `mfra`
pub(super) fn random_access(walk: &mut Walk, movie: &Movie, mfra: &Atom, top: &[Atom]) -> Result<()> {
    if !movie.is_whole() {
        drop(walk, mfra, "it counts tracks that go");
        return Ok(());
    }
    let boxes = walk.children(mfra.body())?;
    let mut fates = Vec::new();
    for atom in &boxes.list {
        match &atom.kind {
            b"tfra" => {
                if !points(walk, movie, atom, top, &mut fates)? {
                    drop(walk, mfra, "it does not fit");
                    return Ok(());
                }
            }
            b"mfro" if atom.span.len() == 16 => {
                let field = Span::new(atom.span.end - 4, atom.span.end);
                fates.push((field, Fate::Length { of: mfra.span, plus: 0, code: Number::U32Be }));
            }
            _ => {
                drop(walk, mfra, "it holds something else");
                return Ok(());
            }
        }
    }
    walk.open(mfra);
    let mut done = mfra.body().start;
    for (field, fate) in fates {
        walk.draft.frame(Span::new(done, field.start), "mfra");
        walk.draft.reframe(field, "mfra", fate);
        done = field.end;
    }
    walk.draft.frame(Span::new(done, boxes.tail.start), "mfra");
    walk.remove_tail(boxes.tail)
}

/// The positions in a `tfra` box; whether all of them are fragments that stay.
fn points(walk: &Walk, movie: &Movie, tfra: &Atom, top: &[Atom], fates: &mut Vec<(Span, Fate)>) -> Result<bool> {
    let mut cursor = Cursor::new(&**walk.source, tfra.body());
    let wide = cursor.array::<4>()?[0] > 0;
    let track = cursor.u32_be()?;
    let widths = cursor.u32_be()?;
    let count = cursor.u32_be()?;
    if !movie.stays(track) {
        return Ok(false);
    }
    let numbers = u64::from((widths >> 4 & 3) + (widths >> 2 & 3) + (widths & 3) + 3);
    for _ in 0..count {
        let (code, width) = if wide { (Number::U64Be, 8) } else { (Number::U32Be, 4) };
        cursor.skip(width)?;
        let field = cursor.at();
        let at = if wide { cursor.u64_be()? } else { u64::from(cursor.u32_be()?) };
        cursor.skip(numbers)?;
        let moof = top.binary_search_by_key(&at, |a| a.span.start).ok().map(|i| top[i]).filter(|a| a.is(b"moof"));
        match moof {
            Some(moof) if fragment::lives(walk, movie, &moof)? => {}
            _ => return Ok(false),
        }
        fates.push((Span::new(field, field + width), Fate::Position { of: at, origin: 0, code }));
        walk.job.limits().check_structures(fates.len())?;
    }
    Ok(cursor.at() == tfra.span.end)
}
