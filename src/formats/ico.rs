//! Icons and cursors: a directory of bitmaps and PNGs. Each is cleaned like a file of its kind; the directory says where they
//! lie then, and nothing lies between them. Sizes, depths and hot spots stay. Animated cursors are another format.

use std::collections::BTreeSet;

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::bmp::{self, Header, Rows};
use crate::grammar::png;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span, Window};

use super::bmp::dib::Dib;

/// The row.
pub static FORMAT: Format = Format {
    name: "ICO",
    extensions: &["ico", "cur"],
    container: false,
    keeps: "every picture, its size, depth and hot spot",
    removes: "metadata inside the pictures, reserved fields, gaps, data behind the end",
    sniff,
    plan,
    witness,
};

/// The first bytes say little, so the first picture must be one.
fn sniff(head: &Head) -> Option<Match> {
    let (kind, count) = (head.bytes.get(..4)?, number(head.bytes, 4, 2)?);
    let icon = matches!(kind, [0, 0, 1 | 2, 0]) && count > 0;
    let start = number(head.bytes, 18, 4).filter(|s| icon && *s >= 6 + 16 * count)?;
    let first = source::head(&**head.source, start, 8).ok()?;
    let picture = first == png::SIGNATURE || number(&first, 0, 4).is_some_and(|n| bmp::HEADERS.contains(&(n as u32)));
    picture.then_some(Match::Exact)
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + width)?;
    Some(bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let head = source.bytes(Span::new(0, 6), 6)?;
    let count = u64::from(u16::from_le_bytes([head[4], head[5]]));
    let mut draft = Draft::new(source);
    draft.frame(Span::new(0, 6), "head");
    let mut spans = BTreeSet::new();
    for i in 0..count {
        let at = 6 + 16 * i;
        let entry = source.bytes(Span::new(at, at + 16), 16)?;
        let (len, start) = (Number::U32Le.decode(&entry[8..12]), Number::U32Le.decode(&entry[12..16]));
        let span = Span::new(start, start + len);
        if span.is_empty() || span.end > source.len() || start < 6 + 16 * count {
            return Err(Refusal::malformed("a picture of the icon does not lie in the file", at + 8));
        }
        draft.frame(Span::new(at, at + 3), "entry");
        draft.blank(Span::new(at + 3, at + 4), "entry", Finding::blanked("ICO", "reserved byte", Tells::Hidden));
        draft.frame(Span::new(at + 4, at + 8), "entry");
        draft.reframe(Span::new(at + 8, at + 12), "entry", Fate::Length { of: span, plus: 0, code: Number::U32Le });
        draft.reframe(Span::new(at + 12, at + 16), "entry", Fate::Position { of: start, origin: 0, code: Number::U32Le });
        // Entries may share a picture.
        spans.insert(span);
    }
    let mut end = 0;
    for (i, span) in spans.into_iter().enumerate() {
        if span.start < end {
            return Err(Refusal::malformed("two pictures of the icon overlap", span.start));
        }
        end = span.end;
        picture(job, source, &mut draft, i, span)?;
    }
    draft.remove_gaps("gap", |_| Finding::removed("ICO", "data that no picture claims", Tells::Hidden));
    draft.seal()
}

fn picture(job: &Job, source: &Shared, draft: &mut Draft, i: usize, span: Span) -> Result<()> {
    let name = format!("picture {}.png", i + 1);
    if source::head(&**source, span.start, 8)? != png::SIGNATURE {
        return bitmap(job, source, draft, span);
    }
    match job.member(&name, &Window::shared(source, span))? {
        Member::Same(cleaned) => {
            draft.member(span, "PNG", None);
            draft.adopt(&name, &cleaned);
        }
        Member::Changed(cleaned) => {
            draft.member(span, "PNG", Some(cleaned.bytes()));
            draft.adopt(&name, &cleaned);
        }
        Member::Unknown(why) => return Err(why.within(&name)),
    }
    Ok(())
}

/// A bitmap without the header of its file: the colours, then a mask of one bit a pixel, as high again.
fn bitmap(job: &Job, source: &Shared, draft: &mut Draft, span: Span) -> Result<()> {
    let header = Header::read(&**source, span.start)?;
    if header.kind() < 40 || header.span.end > span.end || !matches!(header.compression, bmp::RGB | bmp::BITFIELDS) {
        return Err(Refusal::new(Code::Unsupported, "a picture of the icon is neither a plain bitmap nor a PNG").at(span.start));
    }
    let too_large = || Refusal::malformed("a picture of the icon is too large", span.start);
    let dib = Dib { job, source, header };
    let height = header.height / 2;
    let colours = header.rows(height).ok_or_else(too_large)?;
    let mask = Rows::new(header.width, 1, height).ok_or_else(too_large)?;
    let masks = header.masks();
    let palette = masks.end + header.colours().0 * header.entry();
    let named = dib.palette(draft, palette.min(span.end))?;
    let start = palette.min(span.end);
    let pixels = Span::new(start, start.saturating_add(colours.len()).min(span.end));
    let second = Span::new(pixels.end, pixels.end.saturating_add(mask.len()).min(span.end));
    if pixels.len() < colours.len() {
        return Err(Refusal::malformed("a picture of the icon ends before its last row", pixels.end));
    }
    dib.rows(draft, pixels, colours)?;
    dib.rows(draft, second, mask)?;
    dib.fields(draft, &[pixels.len() + second.len(), pixels.len(), 0], named);
    if header.kind() > 56 {
        // Colour numbers and profiles mean nothing here.
        let rest = header.field(56, header.kind() - 56);
        draft.blank(rest, "header", Finding::blanked("ICO", "fields that icons do not use", Tells::Hidden));
    }
    let slack = Span::new(second.end, span.end);
    if !slack.is_empty() {
        draft.remove(slack, "slack", Finding::removed("ICO", "data behind a picture", Tells::Hidden));
    }
    Ok(())
}

/// Reads the directory of the result again: its pictures follow one another and fill the file.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let head = source::head(after, 0, 6)?;
    if head != source::head(before, 0, 6)? {
        return Err(Refusal::new(Code::Damaged, "the result has another number of pictures"));
    }
    let count = number(&head, 4, 2).unwrap_or(0);
    let mut spans = Vec::new();
    for i in 0..count {
        let entry = source::head(after, 6 + 16 * i, 16)?;
        let (len, start) = (number(&entry, 8, 4).unwrap_or(0), number(&entry, 12, 4).unwrap_or(0));
        let first = source::head(after, start, 8)?;
        let known = first == png::SIGNATURE || first.get(1..4) == Some(&[0, 0, 0]);
        if entry.get(3) != Some(&0) || !known {
            return Err(Refusal::new(Code::Damaged, "an entry of the result does not point to a picture").at(6 + 16 * i));
        }
        spans.push((start, start + len));
    }
    spans.sort_unstable();
    spans.dedup();
    let mut at = 6 + 16 * count;
    for (start, end) in spans {
        if start != at {
            return Err(Refusal::new(Code::Leftover, "something lies between the pictures of the result").at(at));
        }
        at = end;
    }
    if at != after.len() {
        return Err(Refusal::new(Code::Leftover, "something lies behind the pictures of the result").at(at));
    }
    Ok(vec!["ico-directory"])
}
