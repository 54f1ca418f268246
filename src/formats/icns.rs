//! Icons of macOS: elements with a type and a length. Bitmaps and masks stay, up to where they end; PNG, JPEG 2000 and nested
//! icons are cleaned like files of their kind; names, property lists and versions go; the table of contents follows. [No
//! specification is public; Apple's icns.h and what iconutil writes]

use crate::clean::{Job, Member};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::{j2k, png};
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span, Window};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "ICNS",
    extensions: &["icns"],
    container: false,
    keeps: "every picture, its size, its mask, dark and other states",
    removes: "names, property lists, versions, metadata inside the pictures, data behind them",
    sniff,
    plan,
    witness,
};

/// Bitmaps and masks of a fixed length.
const FIXED: &[(&[u8; 4], u64)] = &[
    (b"ICON", 128),
    (b"ICN#", 256),
    (b"icm#", 48),
    (b"icm4", 96),
    (b"icm8", 192),
    (b"ics#", 64),
    (b"ics4", 128),
    (b"ics8", 256),
    (b"s8mk", 256),
    (b"icl4", 512),
    (b"icl8", 1024),
    (b"l8mk", 1024),
    (b"ich#", 576),
    (b"ich4", 1152),
    (b"ich8", 2304),
    (b"h8mk", 2304),
    (b"t8mk", 16384),
];

/// Packed in runs: how many bytes stand in front, how many pixels.
const PACKED: &[(&[u8; 4], u64, u64)] =
    &[(b"is32", 0, 16 * 16), (b"il32", 0, 32 * 32), (b"ih32", 0, 48 * 48), (b"it32", 4, 128 * 128)];

/// A picture in a file of its own, or in runs behind the word `ARGB`: how many pixels a side, where that matters.
const FILES: &[(&[u8; 4], u64)] = &[
    (b"icp4", 16),
    (b"icp5", 32),
    (b"icp6", 64),
    (b"ic04", 16),
    (b"ic05", 32),
    (b"ic07", 128),
    (b"ic08", 256),
    (b"ic09", 512),
    (b"ic10", 1024),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic13", 256),
    (b"ic14", 512),
    (b"icsb", 18),
    (b"icsB", 36),
    (b"sb24", 24),
    (b"SB24", 48),
];

/// States of the icon, each an icon of its own: template, selected, dark.
const STATES: &[&[u8; 4]] = &[b"sbtp", b"slct", b"\xfd\xd9\x2f\xa8"];

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"icns") && head.bytes.len() >= 8).then_some(Match::Exact)
}

struct Element {
    kind: [u8; 4],
    span: Span,
}

impl Element {
    fn body(&self) -> Span {
        Span::new(self.span.start + 8, self.span.end)
    }

    fn stays(&self) -> bool {
        let kind = &self.kind;
        FIXED.iter().any(|(k, _)| *k == kind)
            || PACKED.iter().any(|(k, ..)| *k == kind)
            || FILES.iter().any(|(k, _)| *k == kind)
            || STATES.contains(&kind)
    }
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut cursor = Cursor::over(&**source);
    cursor.skip(4)?;
    let len = u64::from(cursor.u32_be()?);
    if len < 8 || len > source.len() {
        return Err(Refusal::malformed("the icon is longer than the file", 4).hint("get it again, completely"));
    }
    draft.frame(Span::new(0, 4), "icns");
    draft.reframe(Span::new(4, 8), "length", length(Span::new(0, len)));
    let mut elements = Vec::new();
    while cursor.at() < len {
        let (start, kind) = (cursor.at(), cursor.array::<4>()?);
        let size = u64::from(cursor.u32_be()?);
        let span = Span::new(start, start + size);
        if size < 8 || span.end > len {
            return Err(Refusal::malformed("an element of the icon does not lie in it", start));
        }
        cursor.seek(span.end)?;
        elements.push(Element { kind, span });
        job.limits().check_structures(elements.len())?;
    }
    for element in &elements {
        match element.kind == *b"TOC " {
            true => contents(source, &mut draft, element, &elements)?,
            false => decide(job, source, &mut draft, element)?,
        }
    }
    behind::remove(&mut draft, source, len);
    draft.seal()
}

fn length(of: Span) -> Fate {
    Fate::Length { of, plus: 0, code: Number::U32Be }
}

/// The table of contents: the type and the length of every picture, in order.
fn contents(source: &Shared, draft: &mut Draft, toc: &Element, elements: &[Element]) -> Result<()> {
    let stay: Vec<&Element> = elements.iter().filter(|e| e.stays()).collect();
    let needed = 2 * (1 + stay.len()) as u64;
    if toc.span.len() < needed {
        draft.remove(toc.span, "TOC", Finding::removed("ICNS", "table of contents that does not fit", Tells::Unknown));
        return Ok(());
    }
    let told = source.bytes(toc.body(), 1 << 16)?;
    let there = told.chunks_exact(8).map(|c| c.first_chunk::<4>().copied()).eq(stay.iter().map(|e| Some(e.kind)));
    if !there {
        draft.note(Finding::rewritten("ICNS", "table of contents", Tells::Unknown));
    }
    let mut pieces = vec![Fate::put(*b"TOC "), Fate::put((8 + 8 * stay.len() as u32).to_be_bytes())];
    for element in stay {
        pieces.push(Fate::put(element.kind));
        pieces.push(length(element.span));
    }
    draft.compose(toc.span, "TOC", pieces);
    draft.otherwise(Finding::rewritten("ICNS", "table of contents", Tells::Unknown));
    Ok(())
}

fn decide(job: &Job, source: &Shared, draft: &mut Draft, element: &Element) -> Result<()> {
    let (kind, body) = (&element.kind, element.body());
    if !element.stays() {
        let found = match kind {
            b"icnV" => Finding::removed("ICNS", "version of the program that made it", Tells::Software),
            b"info" => Finding::removed("ICNS", "property list", Tells::Software),
            b"name" => {
                Finding::removed("ICNS", "name", Tells::Text).value(String::from_utf8_lossy(&source.bytes(body, 1 << 20)?))
            }
            _ => Finding::removed("ICNS", format!("{:?} element", crate::grammar::bmff::print(*kind)), Tells::Unknown),
        };
        draft.remove(element.span, "element", found);
        return Ok(());
    }
    draft.frame(Span::new(element.span.start, element.span.start + 4), "element");
    draft.reframe(Span::new(element.span.start + 4, body.start), "length", length(element.span));
    let head = source::head(&**source, body.start, body.len().min(12) as usize)?;
    if let Some(name) = file(&head) {
        return member(job, source, draft, body, name);
    }
    let fixed = FIXED.iter().find(|(k, _)| *k == kind).map(|(_, len)| body.start + len);
    let packed = PACKED.iter().find(|(k, ..)| *k == kind);
    let argb = FILES.iter().find(|(k, _)| *k == kind).filter(|_| head.starts_with(b"ARGB"));
    let end = match (fixed, packed, argb) {
        (Some(end), ..) => end,
        // Some programs do not pack.
        (_, Some((_, front, pixels)), _) if body.len() == front + 4 * pixels => body.end,
        (_, Some((_, front, pixels)), _) => runs(source, body, *front, 3 * pixels)?,
        (.., Some((_, side))) => runs(source, body, 4, 4 * side * side)?,
        _ => return Err(Refusal::unsupported("a picture of the icon is of no known kind").at(body.start)),
    };
    if end > body.end {
        return Err(Refusal::malformed("a picture of the icon ends before its last row", body.end));
    }
    draft.essence(Span::new(body.start, end), "picture");
    let slack = Span::new(end, body.end);
    if !slack.is_empty() {
        draft.remove(slack, "slack", Finding::removed("ICNS", "data behind a picture", Tells::Hidden));
    }
    Ok(())
}

fn file(head: &[u8]) -> Option<&'static str> {
    match head {
        _ if head.starts_with(png::SIGNATURE.as_slice()) => Some("picture.png"),
        _ if head.starts_with(b"\0\0\0\x0cjP  ") => Some("picture.jp2"),
        [0xff, j2k::SOC, 0xff, j2k::SIZ, ..] => Some("picture.j2k"),
        _ if head.starts_with(b"icns") => Some("state.icns"),
        _ => None,
    }
}

fn member(job: &Job, source: &Shared, draft: &mut Draft, span: Span, name: &str) -> Result<()> {
    match job.member(name, &Window::shared(source, span))? {
        Member::Same(cleaned) => {
            draft.member(span, "picture", None);
            draft.adopt(name, &cleaned);
        }
        Member::Changed(cleaned) => {
            draft.member(span, "picture", Some(cleaned.bytes()));
            draft.adopt(name, &cleaned);
        }
        Member::Unknown(why) => return Err(why.within(name)),
    }
    Ok(())
}

/// Where the runs end that unpack to `want` bytes.
fn runs(source: &Shared, body: Span, front: u64, want: u64) -> Result<u64> {
    let mut cursor = Cursor::new(&**source, body);
    cursor.skip(front)?;
    let mut left = want;
    while left > 0 {
        let tag = cursor.u8()?;
        let (count, bytes) = if tag < 128 { (u64::from(tag) + 1, u64::from(tag) + 1) } else { (u64::from(tag) - 125, 1) };
        cursor.skip(bytes)?;
        left = left.saturating_sub(count);
    }
    Ok(cursor.at())
}

/// Walks the elements of the result by their lengths alone.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let word = |at: u64| Ok::<_, Refusal>(Number::U32Be.decode(&after.bytes(Span::new(at, at + 4), 4)?));
    let (mut at, end) = (8, word(4)?);
    while at < end {
        let kind = source::head(after, at, 4)?;
        if matches!(&kind[..], b"icnV" | b"info" | b"name") {
            return Err(Refusal::new(Code::Leftover, "the result still has an element that should be gone").at(at));
        }
        at += word(at + 4)?.max(8);
    }
    match at == after.len() {
        true => Ok(vec!["icns-walk"]),
        false => Err(Refusal::new(Code::Leftover, "something stands behind the icon").at(at)),
    }
}
