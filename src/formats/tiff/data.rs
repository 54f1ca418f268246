//! The picture data that pages point to: strips, tiles, embedded JPEG streams. It stays as it lies; JPEG streams lose the
//! metadata that scanners put into every strip, and bytes behind the end of a strip become zeros, so that every length that
//! the directory states stays true. Strips that are files of their own (JPEG 2000, WebP, JPEG XL) are cleaned like those.

use std::collections::BTreeMap;

use super::table::PAIRS;
use super::tail;
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Entry, Tiff};
use crate::plan::{Draft, Fate};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Memory, Shared, Span, Window};

/// What the pages claim.
#[derive(Default)]
pub(super) struct Claims {
    /// Each piece of data by where it begins, and what it is.
    pieces: BTreeMap<u64, Piece>,
    /// Claims that overlap others: tables of old JPEG, and streams around strips.
    loose: Vec<Span>,
    /// Values of tags, which may share their bytes or a part of them.
    values: Vec<Span>,
}

struct Piece {
    span: Span,
    /// How much of it is data; the rest is behind its end.
    used: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Opaque,
    /// A file format of its own: JPEG, JPEG 2000, WebP, JPEG XL.
    Coded,
}

/// What of a page says how much data there should be.
struct Shape {
    compression: u64,
    /// Bytes of a full strip or tile without compression, of the last strip, and strips a plane; 0 where that is unclear.
    full: u64,
    last: u64,
    per_plane: u64,
    /// The lowest bit of each byte comes first. [TIFF 6.0 FillOrder]
    turned: bool,
}

impl Claims {
    /// Takes note of the data of a page with these entries.
    pub(super) fn page(&mut self, job: &Job, source: &Shared, tiff: &Tiff, entries: &[Entry]) -> Result<()> {
        let find = |tag: u16| entries.iter().find(|e| e.tag == tag);
        let one = |tag: u16| find(tag).and_then(|e| tiff.numbers(e, 1).first().copied());
        let compression = one(0x0103).unwrap_or(1);
        let old_jpeg = compression == 6;
        for (offsets, counts) in PAIRS {
            // Outside old JPEG this pair is a preview's.
            if offsets == 0x0201 && !old_jpeg {
                continue;
            }
            let Some(at) = find(offsets) else { continue };
            if at.count > 16 << 20 {
                return Err(Refusal::limit("more than 16 million strips").at(at.span.start));
            }
            let starts = tiff.numbers(at, 16 << 20);
            let shape = shape(tiff, entries, offsets, compression);
            let lens = match find(counts) {
                Some(e) => tiff.numbers(e, 16 << 20),
                None if starts.len() == 1 && shape.full > 0 && compression == 1 => vec![shape.last],
                None if old_jpeg => starts.iter().map(|s| source.len().saturating_sub(*s)).collect(),
                None => return Err(Refusal::malformed("nothing says how long the strips are", at.span.start)),
            };
            if starts.is_empty() || lens.len() < starts.len() {
                return Err(Refusal::malformed("strips without a length", at.span.start));
            }
            for (i, (start, len)) in starts.iter().zip(&lens).enumerate() {
                // Sparse files say "nothing here" with zeros.
                if *len == 0 || *start == 0 {
                    continue;
                }
                let past = || Refusal::malformed("the data of a strip passes the end of the file", *start);
                let mut span = Span::at(*start, *len).ok_or_else(past)?;
                if span.end > source.len() {
                    let missing = span.end - source.len();
                    if compression != 1 || *start >= source.len() || missing > 65_536 {
                        return Err(past());
                    }
                    span.end = source.len();
                }
                if old_jpeg || offsets == 0x0201 {
                    self.loose.push(span);
                    continue;
                }
                let used = used(source, &shape, i as u64, span)?;
                let coded = matches!(compression, 7 | 34712 | 33003 | 33005 | 50001 | 50002 | 52546);
                let kind = if coded && has_metadata(source, compression, span)? { Kind::Coded } else { Kind::Opaque };
                let used = if kind == Kind::Coded { span.len() } else { used };
                let piece = Piece { span, used, kind };
                match self.pieces.get(start) {
                    Some(there) if there.span != span => return Err(Refusal::malformed("strips overlap", *start)),
                    _ => _ = self.pieces.insert(*start, piece),
                }
            }
            job.limits().check_structures(self.pieces.len())?;
        }
        // Tables of old JPEG: quantisation 64 bytes each, Huffman up to 16 + 256. [TIFF 6.0 section 22]
        for (tag, len) in [(0x0207, 64), (0x0208, 272), (0x0209, 272)] {
            for at in find(tag).map(|e| tiff.numbers(e, 16)).unwrap_or_default() {
                let len = if tag == 0x0207 {
                    len
                } else {
                    16 + source::head(&**source, at, 16)?.iter().map(|n| u64::from(*n)).sum::<u64>()
                };
                let span = Span::at(at, len).filter(|s| s.end <= source.len());
                self.loose.push(span.ok_or_else(|| Refusal::malformed("a JPEG table passes the end", at))?);
            }
        }
        Ok(())
    }

    /// Takes note of values that lie outside their directory.
    pub(super) fn value(&mut self, span: Span) {
        self.values.push(span);
    }

    /// Puts all data into the draft.
    pub(super) fn draft(self, job: &Job, source: &Shared, draft: &mut Draft) -> Result<()> {
        let mut loose = self.loose;
        for piece in self.pieces.into_values() {
            if piece.used < piece.span.len() {
                let behind = Span::new(piece.span.start + piece.used, piece.span.end);
                let found = Finding::blanked("TIFF", "bytes behind the end of a strip", Tells::Hidden);
                draft.blank(behind, "behind a strip", found);
                draft.essence(Span::new(piece.span.start, behind.start), "strip");
            } else if piece.kind == Kind::Coded {
                coded(job, source, draft, piece.span)?;
            } else if loose.is_empty() {
                draft.essence(piece.span, "strip");
            } else {
                loose.push(piece.span);
            }
        }
        // Old JPEG may keep its tables inside its stream: the union stays, whole. So do values that share bytes.
        for span in union(loose) {
            draft.essence(span, "old JPEG data");
        }
        for span in union(self.values) {
            draft.insert(span.start, "alignment", Fate::Pad(2));
            draft.frame(span, "values");
        }
        Ok(())
    }
}

/// The spans with those that overlap made one.
fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start < last.end || span == *last => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

/// A strip that is a file of its own: cleaned, and filled up to its old length with zeros, which decoders never reach.
fn coded(job: &Job, source: &Shared, draft: &mut Draft, span: Span) -> Result<()> {
    let policy = job.policy().with(Token::Orientation, false).with(Token::GainMap, false).with(Token::Color, false);
    // Zeros behind the data are the filling that an earlier cleaning left, unless the picture is cut off without them.
    let filled = filling(source, span)?;
    let (whole, mut span) = (span, Span::new(span.start, filled));
    let mut member = job.member_under(&policy, "strip", &Window::shared(source, span));
    if filled < whole.end && !matches!(member, Ok(Member::Same(_) | Member::Changed(_))) {
        span = whole;
        member = job.member_under(&policy, "strip", &Window::shared(source, whole));
    }
    if span.end < whole.end {
        draft.frame(Span::new(span.end, whole.end), "filling");
    }
    const FILES: [&str; 4] = ["JPEG", "JPEG 2000", "WebP", "JPEG XL"];
    let member = member?;
    if let Member::Same(cleaned) | Member::Changed(cleaned) = &member
        && !FILES.contains(&cleaned.format().name)
    {
        return Err(Refusal::unsupported("a strip is not what the page says it is").at(span.start));
    }
    match member {
        Member::Changed(cleaned) => {
            let clean = cleaned.bytes();
            if clean.len() >= span.len() {
                return Err(Refusal::unsupported("a cleaned strip would not be shorter than before").at(span.start));
            }
            draft.adopt("strip", &cleaned);
            // The last byte is where the filling goes.
            let last = Span::new(span.end - 1, span.end);
            let rest = span.len() - clean.len();
            draft.member(Span::new(span.start, last.start), "strip", Some(clean));
            draft.reframe(last, "filling", Fate::put(vec![0; rest as usize]));
        }
        Member::Same(_) => draft.essence(span, "strip"),
        Member::Unknown(why) => return Err(why.within("strip")),
    }
    Ok(())
}

/// Where the zeros at the end of a strip begin. A RIFF file may end with a zero of its own and says how long it is.
fn filling(source: &Shared, span: Span) -> Result<u64> {
    let head = source::head(&**source, span.start, span.len().min(8) as usize)?;
    let stated = match head.as_slice() {
        [b'R', b'I', b'F', b'F', len @ ..] if len.len() == 4 => {
            8 + u64::from(u32::from_le_bytes([len[0], len[1], len[2], len[3]]))
        }
        _ => 0,
    };
    let least = span.start + stated.min(span.len());
    let mut end = span.end;
    while end > least {
        let from = end.saturating_sub(4096).max(least);
        let bytes = source.bytes(Span::new(from, end), 4096)?;
        match bytes.iter().rposition(|b| *b != 0) {
            Some(i) => return Ok(from + i as u64 + 1),
            None => end = from,
        }
    }
    Ok(if least > span.start { least } else { span.end })
}

/// Whether a coded strip may hold more than its picture.
fn has_metadata(source: &Shared, compression: u64, span: Span) -> Result<bool> {
    if compression != 7 {
        return Ok(true);
    }
    let end = tail::jpeg(&**source, span.start).map(|len| span.start + len);
    if end.is_some_and(|end| end < span.end) && end != Some(filling(source, span)?) {
        return Ok(true);
    }
    let bytes = source::head(&**source, span.start, span.len().min(64 << 10) as usize)?;
    let mut at = 2;
    while let Some([0xff, marker]) = bytes.get(at..at + 2).map(|m| [m[0], m[1]]) {
        match marker {
            // Adobe's transform flag may be what makes the colours right.
            0xe0..=0xed | 0xef | 0xfe => return Ok(true),
            0xee if bytes.get(at + 2..at + 4) != Some(&[0, 14]) => return Ok(true),
            0xd9 | 0xda => break,
            _ => {}
        }
        let len = bytes.get(at + 2..at + 4).map_or(0, |l| usize::from(u16::from_be_bytes([l[0], l[1]])));
        at += 2 + len.max(2);
    }
    Ok(false)
}

fn shape(tiff: &Tiff, entries: &[Entry], offsets: u16, compression: u64) -> Shape {
    let one = |tag: u16| entries.iter().find(|e| e.tag == tag).and_then(|e| tiff.numbers(e, 1).first().copied());
    let (width, height) = (one(0x0100).unwrap_or(0), one(0x0101).unwrap_or(0));
    let bits: Vec<u64> = entries.iter().find(|e| e.tag == 0x0102).map(|e| tiff.numbers(e, 64)).unwrap_or_else(|| vec![1]);
    let samples = one(0x0115).unwrap_or(1);
    let separate = one(0x011c) == Some(2);
    let same = bits.iter().all(|b| Some(b) == bits.first());
    let turned = one(0x010a) == Some(2);
    let none = Shape { compression, full: 0, last: 0, per_plane: 0, turned };
    let depth = bits.first().copied().unwrap_or(1);
    // Volumes: a tile is as many pictures deep as these say. [libtiff tiff.h ImageDepth, TileDepth]
    let volume = [0x80e5, 0x80e6].into_iter().any(|tag| one(tag).is_some_and(|n| n > 1));
    // Sub-sampled colour and odd depths have layouts of their own.
    if !same
        || volume
        || bits.len() as u64 > samples
        || width == 0
        || height == 0
        || one(0x0106) == Some(6)
        || width > 1 << 31
        || height > 1 << 31
        || samples > 1000
        || depth > 128
    {
        return none;
    }
    let row = |w: u64| (w * depth * if separate { 1 } else { samples }).div_ceil(8);
    if offsets == 0x0144 {
        let (w, h) = (one(0x0142).unwrap_or(0), one(0x0143).unwrap_or(0));
        if w > 1 << 20 || h > 1 << 20 {
            return none;
        }
        let full = row(w) * h;
        return Shape { compression, full, last: full, per_plane: 0, turned };
    }
    let rows = one(0x0116).unwrap_or(height).clamp(1, height);
    let per_plane = height.div_ceil(rows);
    // Fewer strips than rows ask for: the rows of a strip are not what the page says, and readers take what is there.
    if entries.iter().find(|e| e.tag == offsets).is_some_and(|e| e.count < per_plane) {
        return none;
    }
    let last = row(width) * (height - (per_plane - 1) * rows);
    Shape { compression, full: row(width) * rows, last, per_plane, turned }
}

/// How many bytes of a strip are data.
fn used(source: &Shared, shape: &Shape, index: u64, span: Span) -> Result<u64> {
    let last = shape.per_plane > 0 && index % shape.per_plane == shape.per_plane - 1;
    let whole = if last { shape.last } else { shape.full };
    if whole == 0 {
        return Ok(span.len());
    }
    // Data that is packed with its bits the other way round is followed in a turned copy, if that is not too large.
    const MOST_TURNED: u64 = 64 << 20;
    if shape.turned && matches!(shape.compression, 5 | 8 | 32946 | 32773) {
        if span.len() > MOST_TURNED {
            return Ok(span.len());
        }
        let copy = source.bytes(span, MOST_TURNED)?.into_iter().map(u8::reverse_bits).collect::<Vec<u8>>();
        let (copy, all) = (Memory::shared(copy), Span::new(0, span.len()));
        return used(&copy, &Shape { turned: false, ..*shape }, index, all);
    }
    Ok(match shape.compression {
        1 => span.len().min(whole),
        5 => tail::codes(source, span, shape.full)?.unwrap_or(span.len()),
        8 | 32946 => tail::inflated(source, span)?.unwrap_or(span.len()),
        32773 => tail::runs(source, span, whole).unwrap_or(span.len()),
        _ => span.len(),
    })
}
