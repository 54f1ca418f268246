//! Windows and OS/2 bitmaps. Header, masks, palette, pixels and an embedded colour profile stay; whatever stands between,
//! beside and behind them goes, and so does a link to a profile on somebody's disk. The unused bits of 16- and 32-bit pixels
//! stay, since some programs read alpha in them. [Windows GDI: Bitmap Storage]

pub(super) mod dib;

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::bmp::{self, Header};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span, Window};

use super::colour;
use dib::{Dib, reserved};

/// The row.
pub static FORMAT: Format = Format {
    name: "BMP",
    extensions: &["bmp", "dib"],
    container: false,
    keeps: "pixels, palette, resolution, colour profile (texts neutralised)",
    removes: "gaps, padding, reserved fields, links to profiles, data behind the pixels",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let kind = head.bytes.get(14..18).map(|b| Number::U32Le.decode(b) as u32)?;
    (head.has(0, b"BM") && bmp::HEADERS.contains(&kind)).then_some(Match::Exact)
}

/// The header of the file, in front of that of the bitmap.
const FILE_HEADER: u64 = 14;

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let header = Header::read(&**source, FILE_HEADER)?;
    let file = source.bytes(Span::new(0, FILE_HEADER), FILE_HEADER)?;
    let start = Number::U32Le.decode(&file[10..14]);
    if start < header.span.end || start >= source.len() {
        return Err(Refusal::malformed("the pixels do not lie in the file", 10));
    }
    let mut draft = Draft::new(source);
    draft.frame(Span::new(0, 2), "BM");
    if Number::U32Le.decode(&file[2..6]) != source.len() {
        draft.note(Finding::rewritten("BMP", "wrong size of the file", Tells::Unknown));
    }
    draft.reframe(Span::new(2, 6), "size", Fate::Length { of: source.span(), plus: 0, code: Number::U32Le });
    draft.blank(Span::new(6, 10), "reserved", reserved());
    draft.reframe(Span::new(10, 14), "offset", Fate::Position { of: start, origin: 0, code: Number::U32Le });
    let dib = Dib { job, source, header };
    let colours = dib.palette(&mut draft, start)?;
    let (pixels, sizes) = pixels(&dib, &mut draft, start)?;
    dib.fields(&mut draft, &sizes, colours);
    if header.kind() >= 108 {
        colour_space(&dib, &mut draft)?;
    }
    let behind = |span: Span| {
        if span.start >= pixels.end {
            Finding::removed("BMP", "data behind the pixels", Tells::Hidden)
        } else {
            Finding::removed("BMP", "gap in front of the pixels", Tells::Hidden)
        }
    };
    draft.remove_gaps("gap", behind);
    draft.seal()
}

/// Decides about the pixels. Where they lie, and which sizes of them the header may give.
fn pixels(dib: &Dib, draft: &mut Draft, start: u64) -> Result<(Span, Vec<u64>)> {
    let (header, len) = (&dib.header, dib.source.len());
    let os2 = matches!(header.kind(), 16 | 64) && header.compression > bmp::RLE4;
    match header.compression {
        bmp::RGB | bmp::BITFIELDS | bmp::ALPHABITFIELDS if !os2 => {
            let rows = header.rows(header.height).ok_or_else(|| Refusal::malformed("the picture is too large", 14))?;
            let span = Span::new(start, start.saturating_add(rows.len()).min(len));
            if span.len() < rows.len() {
                draft.warn("the pixels end before the last row; what is there is kept");
            }
            dib.rows(draft, span, rows)?;
            Ok((span, vec![rows.len(), 0]))
        }
        bmp::RLE8 | bmp::RLE4 => {
            let end = dib.runs(draft, Span::new(start, len))?;
            Ok((Span::new(start, end), vec![end - start]))
        }
        bmp::JPEG | bmp::PNG if !os2 => {
            let size = u64::from(header.size);
            let span = Span::at(start, size).filter(|s| s.end <= len && !s.is_empty());
            let span = span.ok_or_else(|| Refusal::malformed("the packed picture does not lie in the file", 34))?;
            let size = inner(dib, draft, span)?;
            Ok((span, vec![size]))
        }
        _ => Err(Refusal::unsupported("this way of packing a bitmap is not supported")),
    }
}

/// A whole picture in place of the pixels. How long it is now.
fn inner(dib: &Dib, draft: &mut Draft, span: Span) -> Result<u64> {
    let name = if dib.header.compression == bmp::PNG { "pixels.png" } else { "pixels.jpg" };
    match dib.job.member(name, &Window::shared(dib.source, span))? {
        Member::Same(cleaned) => {
            draft.member(span, "picture", None);
            draft.adopt(name, &cleaned);
            Ok(span.len())
        }
        Member::Changed(cleaned) => {
            let len = cleaned.bytes().len();
            draft.member(span, "picture", Some(cleaned.bytes()));
            draft.adopt(name, &cleaned);
            Ok(len)
        }
        Member::Unknown(why) => Err(why.within(name)),
    }
}

/// The colour space of headers 4 and 5: calibrated numbers, a name, or a profile. [BITMAPV5HEADER]
fn colour_space(dib: &Dib, draft: &mut Draft) -> Result<()> {
    let header = &dib.header;
    let mut kind = [0; 4];
    dib.source.fill(header.field(56, 4).start, &mut kind)?;
    let numbers = header.field(60, 48);
    if kind == [0; 4] {
        draft.frame(numbers, "colour");
    } else {
        draft.blank(numbers, "colour", Finding::blanked("BMP", "colour numbers that are not used", Tells::Rendering));
    }
    // Written backwards, as numbers are.
    let linked = &kind == b"KNIL";
    let fate = if linked { Fate::put(*b"BGRs") } else { Fate::Keep };
    if header.kind() < 124 {
        draft.frame(header.field(56, 4), "colour");
        return Ok(());
    }
    draft.frame(header.field(108, 4), "intent");
    let (offset, size) = (header.field(112, 4), header.field(116, 4));
    let number = |span: Span| Ok::<_, Refusal>(Number::U32Le.decode(&dib.source.bytes(span, 4)?));
    let span = Span::at(header.span.start + number(offset)?, number(size)?).filter(|s| s.end <= dib.source.len());
    let span = span.filter(|s| !s.is_empty()).unwrap_or_default();
    if linked {
        let path = String::from_utf8_lossy(&source::head(&**dib.source, span.start, span.len().min(1024) as usize)?).into_owned();
        let found = Finding::rewritten("BMP", "link to a colour profile", Tells::History).value(path.trim_end_matches('\0'));
        draft.replace(header.field(56, 4), "colour", fate, vec![found]);
        draft.warn("its colours were described by a file elsewhere; it now says sRGB");
    }
    let embedded = &kind == b"DEBM" && span.len() <= colour::LARGEST;
    let profile = if embedded { dib.source.bytes(span, colour::LARGEST)? } else { Vec::new() };
    match colour::profile(dib.job, &profile)? {
        Some(neutral) => {
            draft.frame(header.field(56, 4), "colour");
            draft.replace(span, "profile", Fate::put(neutral), names::icc::describe("ICC", &profile));
            draft.reframe(offset, "profile", Fate::Position { of: span.start, origin: FILE_HEADER, code: Number::U32Le });
            draft.reframe(size, "profile", Fate::Length { of: span, plus: 0, code: Number::U32Le });
        }
        None => {
            if !linked {
                let fate = if &kind == b"DEBM" { Fate::put(*b"BGRs") } else { Fate::put(kind) };
                let found = Finding::rewritten("BMP", "colour profile that is not used", Tells::Unknown);
                draft.replace(header.field(56, 4), "colour", fate, vec![found]);
            }
            let found = Finding::blanked("BMP", "place of a profile that is not used", Tells::Unknown);
            draft.blank(header.field(112, 8), "profile", found);
        }
    }
    draft.blank(header.field(120, 4), "reserved", reserved());
    Ok(())
}

/// Reads both bitmaps row by row, and counts the bytes that nothing accounts for.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let read = |source: &dyn Source| -> Result<(u64, u64, u64, u64, u64)> {
        let head = source::head(source, 0, 54)?;
        let number = |at: usize| head.get(at..at + 4).map_or(0, |b| Number::U32Le.decode(b));
        let (width, height) = match number(14) {
            12 => (number(18) & 0xffff, number(18) >> 16),
            _ => (number(18), u64::from((number(22) as i32).unsigned_abs())),
        };
        let bits = if number(14) == 12 { number(22) >> 16 } else { number(26) >> 16 };
        let packing = if number(14) < 40 { 0 } else { number(30) };
        Ok((number(10), width * (bits & 0xffff), height, packing, number(14)))
    };
    let ((was, ..), (now, bits, height, packing, kind)) = (read(before)?, read(after)?);
    if !matches!(packing, 0 | 3 | 6) {
        return Ok(Vec::new());
    }
    let stride = bits.div_ceil(32) * 4;
    let end = now + stride * height;
    if after.len() > end && kind < 124 {
        return Err(Refusal::new(Code::Leftover, "bytes still stand behind the pixels").at(end));
    }
    let used = bits.div_ceil(8) as usize;
    if used as u64 > after.len() {
        return Ok(Vec::new());
    }
    let (mut left, mut right) = (vec![0; used], vec![0; used]);
    for row in 0..height {
        let there = |start: u64, source: &dyn Source| start + row * stride + used as u64 <= source.len();
        if !there(now, after) || !there(was, before) {
            break;
        }
        before.fill(was + row * stride, &mut left)?;
        after.fill(now + row * stride, &mut right)?;
        let whole = (bits / 8) as usize;
        let rest = (bits % 8) as u32;
        let same = left[..whole] == right[..whole] && (rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0);
        if !same {
            return Err(Refusal::new(Code::Damaged, "a row of pixels is another one").at(now + row * stride));
        }
    }
    Ok(vec!["bmp-rows"])
}
