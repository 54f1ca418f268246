//! Truevision TGA, old and new. Header, colour map and pixels stay; the image ID, the author, job, program, time and postage
//! stamp of the extension area and everything of the developer area go. What of the extension says how to show the picture
//! (key colour, shape of a pixel, gamma, meaning of alpha) is written anew. [Truevision TGA File Format Specification 2.0]

use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "TGA",
    extensions: &["tga", "targa", "vda", "icb", "vst"],
    container: false,
    keeps: "pixels, colour map, origin, gamma, shape of a pixel, meaning of alpha",
    removes: "image ID, author, job, program, times, postage stamp, developer area, data behind the pixels",
    sniff,
    plan,
    witness,
};

const SIGNATURE: &[u8] = b"TRUEVISION-XFILE.\0";
/// Two offsets and the signature.
const FOOTER: u64 = 26;
/// The extension area of version 2.0, and what of it says how to show the picture.
const EXTENSION: u64 = 495;
const SHOWN: [std::ops::Range<usize>; 2] = [470..482, 494..495];

/// There is no sign in front; at the end there may be one, else the name must say it.
fn sniff(head: &Head) -> Option<Match> {
    let h = head.bytes.get(..18)?;
    let kind = match (h[1], h[2]) {
        (1, 1 | 9) => matches!(h[7], 15 | 16 | 24 | 32) && matches!(h[16], 8 | 16),
        (0 | 1, 2 | 10) => matches!(h[16], 15 | 16 | 24 | 32),
        (0 | 1, 3 | 11) => matches!(h[16], 8 | 16),
        _ => false,
    };
    if !kind || h[17] & 0xc0 != 0 || h[12..14] == [0, 0] || h[14..16] == [0, 0] {
        return None;
    }
    if footer(&**head.source).is_some() {
        return Some(Match::Exact);
    }
    FORMAT.extensions.contains(&head.extension).then_some(Match::Guess)
}

/// Where the footer stands and what it says.
fn footer(source: &dyn Source) -> Option<(u64, Vec<u8>)> {
    let at = source.len().checked_sub(FOOTER)?;
    let bytes = source::head(source, at, FOOTER as usize).ok()?;
    bytes.ends_with(SIGNATURE).then_some((at, bytes))
}

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let h = source.bytes(Span::new(0, 18), 18)?;
    let number = |at: usize| u64::from(u16::from_le_bytes([h[at], h[at + 1]]));
    let id = Span::new(18, 18 + u64::from(h[0]));
    let map = match h[1] {
        1 => Span::new(id.end, id.end + number(5) * u64::from(h[7]).div_ceil(8)),
        _ => Span::new(id.end, id.end),
    };
    let words = source.bytes(id, 255)?;
    let text = String::from_utf8_lossy(&words).trim_matches(['\0', ' ']).to_owned();
    let found = Finding::removed("TGA", "image ID", Tells::Text).value(text).bytes(id.len());
    draft.replace(Span::new(0, 1), "length of the image ID", Fate::put([0]), vec![found]);
    draft.frame(Span::new(1, 3), "header");
    match h[1] {
        1 => draft.frame(Span::new(3, 8), "header"),
        _ => draft.blank(Span::new(3, 8), "header", Finding::blanked("TGA", "colour map that is not there", Tells::Hidden)),
    }
    draft.frame(Span::new(8, 18), "header");
    if !id.is_empty() {
        draft.remove_told(id, "image ID");
    }
    if map.end > source.len() {
        return Err(Refusal::malformed("the file ends before its pixels", source.len()).hint("get it again, completely"));
    }
    draft.frame(map, "colour map");
    let (pixels, size) = (number(12) * number(14), u64::from(h[16]).div_ceil(8));
    let pixels = match h[2] {
        1..=3 => behind::pixels(&mut draft, source, map.end, pixels * size),
        _ => Span::new(map.end, packed(source, map.end, pixels, size)?),
    };
    draft.essence(pixels, "pixels");
    match footer(&**source) {
        Some((at, _)) if at < pixels.end => return Err(Refusal::malformed("the pixels run into the footer", at)),
        Some(_) => tail(source, &mut draft, Span::new(pixels.end, source.len()))?,
        None => behind::remove(&mut draft, source, pixels.end),
    }
    draft.seal()
}

/// Where runs of pixels end.
fn packed(source: &Shared, start: u64, pixels: u64, size: u64) -> Result<u64> {
    let mut cursor = Cursor::new(&**source, Span::new(start, source.len()));
    let mut left = pixels;
    while left > 0 {
        let tag = cursor.u8()?;
        let count = u64::from(tag & 0x7f) + 1;
        cursor.skip(if tag & 0x80 == 0 { count * size } else { size })?;
        left = left.saturating_sub(count);
    }
    Ok(cursor.at())
}

/// Everything behind the pixels: written anew, the footer and what is needed of the extension area.
fn tail(source: &Shared, draft: &mut Draft, span: Span) -> Result<()> {
    let end = span.end - FOOTER;
    let offsets = source.bytes(Span::new(end, end + 8), 8)?;
    let (area, developer) = (Number::U32Le.decode(&offsets[..4]), Number::U32Le.decode(&offsets[4..]));
    let area = Span::new(area, area + EXTENSION);
    let mut fresh = vec![0; EXTENSION as usize];
    let mut found = Vec::new();
    if span.contains(area) && area.end <= end && area.start > 0 {
        let old = source.bytes(area, EXTENSION)?;
        for part in SHOWN {
            fresh[part.clone()].copy_from_slice(&old[part]);
        }
        describe(&old, &mut found);
    }
    if developer > 0 {
        found.push(Finding::removed("TGA", "developer area", Tells::Software));
    }
    let shown = SHOWN.iter().any(|part| fresh[part.clone()].iter().any(|b| *b != 0));
    fresh[..2].copy_from_slice(&(EXTENSION as u16).to_le_bytes());
    let now = if shown { (span.start as u32).to_le_bytes() } else { [0; 4] };
    let there = source.bytes(Span::new(span.start, span.end.min(span.start + EXTENSION + FOOTER)), EXTENSION + FOOTER)?;
    let new = [if shown { &fresh[..] } else { &[] }, &now, &[0; 4], SIGNATURE].concat();
    if there == new && span.len() == new.len() as u64 {
        draft.frame(span, "footer");
        return Ok(());
    }
    if found.is_empty() {
        found = names::trailer::describe("after the pixels", &**source, Span::new(span.start, end));
    }
    for found in found {
        draft.note(found);
    }
    let place = match shown {
        true => Fate::Position { of: span.start, origin: 0, code: Number::U32Le },
        false => Fate::put([0; 4]),
    };
    let area = Fate::put(if shown { fresh } else { Vec::new() });
    draft.compose(span, "footer", vec![area, place, Fate::put([0; 4]), Fate::put(SIGNATURE)]);
    Ok(())
}

/// What the extension area tells. [C.4]
fn describe(area: &[u8], found: &mut Vec<Finding>) {
    let text = |from: usize, len: usize| {
        let bytes = &area[from..from + len];
        let bytes = bytes.split(|b| *b == 0).filter(|b| !b.is_empty()).collect::<Vec<_>>().join(&b' ');
        Some(String::from_utf8_lossy(&bytes).trim().to_owned()).filter(|t| !t.is_empty())
    };
    let fields = [
        (2, 41, "author", Tells::Who),
        (43, 324, "comment", Tells::Text),
        (379, 41, "job", Tells::Text),
        (426, 41, "program", Tells::Software),
    ];
    for (from, len, label, tells) in fields {
        found.extend(text(from, len).map(|value| Finding::removed("TGA", label, tells).value(value).bytes(len as u64)));
    }
    let number = |at: usize| u16::from_le_bytes([area[at], area[at + 1]]);
    if area[367..379].iter().any(|b| *b != 0) {
        let (m, d, y, h, min, s) = (number(367), number(369), number(371), number(373), number(375), number(377));
        let value = format!("{y:04}-{m:02}-{d:02} {h:02}:{min:02}:{s:02}");
        found.push(Finding::removed("TGA", "time it was saved", Tells::When).value(value).bytes(12));
    }
    if area[420..426].iter().any(|b| *b != 0) {
        let value = format!("{}:{:02}:{:02}", number(420), number(422), number(424));
        found.push(Finding::removed("TGA", "time spent on it", Tells::When).value(value).bytes(6));
    }
    if area[486..490] != [0; 4] {
        found.push(Finding::removed("TGA", "postage stamp", Tells::Preview));
    }
    if area[482..486] != [0; 4] {
        found.push(Finding::removed("TGA", "colour correction table", Tells::Rendering));
    }
}

/// Reads the ends of the result: no image ID, no developer area, no words in the extension area.
fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let (was, now) = (source::head(before, 0, 18)?, source::head(after, 0, 18)?);
    if was.get(8..) != now.get(8..) {
        return Err(Refusal::new(Code::Damaged, "the header of the result is another one"));
    }
    let mut clean = now.first() == Some(&0);
    if let Some((at, footer)) = footer(after) {
        let area = Number::U32Le.decode(&footer[..4]);
        clean &= footer[4..8] == [0; 4] && (area == 0 || area + EXTENSION == at);
        clean &= area == 0 || source::head(after, area + 2, 468)?.iter().all(|b| *b == 0);
    }
    match clean {
        true => Ok(vec!["tga-ends"]),
        false => Err(Refusal::new(Code::Leftover, "the result still has words in it")),
    }
}
