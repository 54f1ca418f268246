//! The data that directories point to: what the sensor gave, and previews of it. Sensor data stays where it lies, byte for
//! byte; where it is coded as JPEG, application and comment segments in it become zeros, which decoders skip. A preview is
//! a JPEG file: it is cleaned as one and filled up with zeros to its old length; one that cannot be cleaned becomes zeros.

use std::collections::BTreeMap;

use super::told::Gone;
use super::{ELSEWHERE, Kind};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Directory, Tiff, Walk};
use crate::plan::{Draft, Fate};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Span, Window};

/// Pieces of data by where they begin.
#[derive(Default)]
pub(super) struct Pictures {
    pieces: BTreeMap<u64, Piece>,
    /// Height and compression of the directory that was looked at last.
    shape: (Option<u64>, Option<u64>),
}

#[derive(Clone, Copy)]
struct Piece {
    span: Span,
    what: What,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    /// As it is.
    Opaque,
    /// A JPEG stream that is not a file by itself: a tile, or coded without loss.
    Stream,
    /// A JPEG file.
    File,
}

/// The first number of an entry.
fn one(tiff: &Tiff, directory: &Directory, tag: u16) -> Option<u64> {
    let entry = directory.entries.iter().find(|e| e.tag == tag)?;
    tiff.numbers(entry, 1).first().copied()
}

/// Whether a directory holds sensor data: a colour filter array, linear raw, or a compression only cameras have.
pub(super) fn is_sensor(tiff: &Tiff, directory: &Directory) -> bool {
    let reduced = one(tiff, directory, 0x00fe).is_some_and(|k| k & 1 == 1);
    !reduced
        && (matches!(one(tiff, directory, 0x0106), Some(32803 | 34892))
            || matches!(one(tiff, directory, 0x0103), Some(32767 | 32769 | 32770 | 32772 | 32773 | 34713 | 65535 | 65000)))
}

/// Which directories stay. A maker's file keeps all; a DNG keeps its root, which nearly always is the preview that viewers
/// show, the raw picture, its mask and an enhanced version.
pub(super) fn choose(job: &Job, kind: Kind, tiff: &Tiff, walk: &Walk) -> Result<Vec<bool>> {
    let mut stay = vec![true; walk.directories.len()];
    if kind != Kind::Dng {
        return Ok(stay);
    }
    let mut sensor = false;
    for (i, directory) in walk.directories.iter().enumerate() {
        // 0 the picture, 1 reduced, 4 transparency mask, 8 depth, 16 enhanced; 65537 and 65540 other previews and
        // masks of what is seen. [DNG 1.7 NewSubFileType]
        let allowed = match one(tiff, directory, 0x00fe).unwrap_or(0) {
            0 | 4 | 16 => true,
            1 | 65537 => job.keeps(Token::Thumbnails),
            8 | 9 => job.keeps(Token::Depth),
            _ => false,
        };
        let under = directory.parent.is_none_or(|(of, _)| stay[of]);
        stay[i] = i == 0 || allowed && under;
        sensor |= stay[i] && is_sensor(tiff, directory);
    }
    match sensor {
        true => Ok(stay),
        false => Err(Refusal::malformed("no directory of the DNG holds a raw picture", walk.directories[0].span.start)),
    }
}

impl Pictures {
    /// Takes note of the data of a directory; `sensor` is whether it is sensor data by its tags.
    pub(super) fn directory(
        &mut self,
        job: &Job,
        source: &Shared,
        kind: Kind,
        tiff: &Tiff,
        directory: &Directory,
        sensor: bool,
    ) -> Result<()> {
        self.shape = (one(tiff, directory, 0x0101), one(tiff, directory, 0x0103));
        // Panasonic's own position; how long it is may not be said, and blocks of 16 KiB are read whole. [LibRaw]
        let own = one(tiff, directory, 0x0118).or(one(tiff, directory, 0x0111).filter(|n| *n != 0xffff_ffff));
        if let Some(start) = own.filter(|_| kind == Kind::Rw2) {
            let len = one(tiff, directory, 0x0117).filter(|n| *n > 0).map(|n| n.div_ceil(0x4000).saturating_mul(0x4000));
            let end = len.map_or(source.len(), |n| start.saturating_add(n).min(source.len()));
            if start >= source.len() {
                return Err(cut_short(start));
            }
            self.insert(Piece { span: Span::new(start, end), what: What::Opaque });
            return Ok(());
        }
        for pair in [(0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202)] {
            self.pair(source, tiff, directory, pair, sensor)?;
        }
        job.limits().check_structures(self.pieces.len())
    }

    /// Takes note of the data that a pair of tags points to.
    pub(super) fn pair(
        &mut self,
        source: &Shared,
        tiff: &Tiff,
        directory: &Directory,
        (offsets, counts): (u16, u16),
        sensor: bool,
    ) -> Result<()> {
        let find = |tag: u16| directory.entries.iter().find(|e| e.tag == tag);
        let Some(at) = find(offsets) else { return Ok(()) };
        // In other directories these tags are no positions.
        let Some(counts) = find(counts) else {
            let known = matches!(offsets, 0x0111 | 0x0144);
            return if known { Err(Refusal::malformed("nothing says how long the data is", at.span.start)) } else { Ok(()) };
        };
        if at.count > 16 << 20 {
            return Err(Refusal::limit("more than 16 million strips").at(at.span.start));
        }
        let (starts, lens) = (tiff.numbers(at, 16 << 20), tiff.numbers(counts, 16 << 20));
        if starts.is_empty() || lens.len() < starts.len() {
            return Err(Refusal::malformed("strips without a length", at.span.start));
        }
        let alone = starts.len() == 1;
        for (start, len) in starts.iter().zip(&lens) {
            if *start == 0 || *len == 0 {
                continue;
            }
            let span = tiff.base.checked_add(*start).and_then(|s| Span::at(s, *len)).filter(|s| s.end <= source.len());
            let span = span.ok_or_else(|| cut_short(*start))?;
            let what = match stream(source, span)? {
                None => What::Opaque,
                Some(lossless) if lossless || sensor || !alone => What::Stream,
                Some(_) => What::File,
            };
            self.insert(Piece { span, what });
        }
        Ok(())
    }

    /// Takes note of a JPEG file that is the value of a tag.
    pub(super) fn file(&mut self, span: Span) {
        self.insert(Piece { span, what: What::File });
    }

    /// The longer one of two that begin together.
    fn insert(&mut self, piece: Piece) {
        let there = self.pieces.entry(piece.span.start).or_insert(piece);
        if piece.span.end > there.span.end {
            *there = piece;
        }
    }

    /// Height (0x0101) or compression (0x0103) of the last directory.
    pub(super) fn of_sensor(&self, tag: u16) -> Option<u64> {
        if tag == 0x0101 { self.shape.0 } else { self.shape.1 }
    }

    /// How many bytes of sensor data the directories speak of.
    pub(super) fn sensor_bytes(tiff: &Tiff, walk: &Walk) -> u64 {
        let counts = |d: &Directory| {
            let entries = d.entries.iter().filter(|e| matches!(e.tag, 0x0117 | 0x0145));
            entries.flat_map(|e| tiff.numbers(e, 1 << 20)).fold(0, u64::saturating_add)
        };
        walk.directories.iter().filter(|d| is_sensor(tiff, d)).map(counts).fold(0, u64::saturating_add)
    }

    /// Puts data and values into the draft.
    pub(super) fn draft(
        &self,
        job: &Job,
        source: &Shared,
        kind: Kind,
        values: Vec<Span>,
        gone: &Gone,
        draft: &mut Draft,
    ) -> Result<()> {
        for span in union(values) {
            let inside = self.pieces.range(..=span.start).next_back().is_some_and(|(_, p)| p.span.contains(span));
            if !inside {
                if kind == Kind::Dng {
                    draft.insert(span.start, "alignment", Fate::Pad(2));
                }
                draft.frame(span, "values");
            }
        }
        for piece in self.pieces.values() {
            match piece.what {
                What::Opaque => draft.essence(piece.span, "picture data"),
                What::Stream => stream_in_place(source, kind, piece.span, draft)?,
                What::File => preview(job, source, kind, piece.span, gone, draft)?,
            }
        }
        Ok(())
    }
}

fn cut_short(at: u64) -> Refusal {
    Refusal::malformed("the picture data passes the end of the file", at).hint("the file was cut short: copy it again")
}

/// The spans with those that touch or overlap made one.
fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

/// Every marker of a JPEG stream up to its first scan, with the span of what belongs to it. [T.81 B.1]
fn markers(source: &Shared, span: Span, mut each: impl FnMut(u8, Span)) -> Result<()> {
    let mut at = span.start + 2;
    // A stream has some twenty segments in front of its data; more than a thousand are no stream.
    for _ in 0..1000 {
        let head = source::head(&**source, at, 4)?;
        let [0xff, marker, high, low] = head[..] else { break };
        let end = at + 2 + u64::from(u16::from_be_bytes([high, low]).max(2));
        if matches!(marker, 0xd8 | 0xd9 | 0x00 | 0xff) || end > span.end {
            break;
        }
        each(marker, Span::new(at + 4, end));
        if marker == 0xda {
            break;
        }
        at = end;
    }
    Ok(())
}

/// Whether the data is a JPEG stream, and whether that is coded without loss.
fn stream(source: &Shared, span: Span) -> Result<Option<bool>> {
    if span.len() < 4 || source::head(&**source, span.start, 3)? != [0xff, 0xd8, 0xff] {
        return Ok(None);
    }
    let mut lossless = false;
    markers(source, span, |marker, _| lossless |= marker == 0xc3)?;
    Ok(Some(lossless))
}

/// A stream whose length must stay: what segments of no meaning hold becomes zeros.
fn stream_in_place(source: &Shared, kind: Kind, span: Span, draft: &mut Draft) -> Result<()> {
    let mut told = Vec::new();
    markers(source, span, |marker, payload| {
        // The colour transform of Adobe's segment may be what makes colours right.
        if matches!(marker, 0xe0..=0xed | 0xef | 0xfe) && !payload.is_empty() {
            told.push(payload);
        }
    })?;
    let mut at = span.start;
    for payload in told {
        draft.essence(Span::new(at, payload.start), "picture data");
        let found = Finding::blanked(kind.name(), "segments in the picture data that hold no picture", Tells::Hidden);
        draft.blank(payload, "segment", found);
        at = payload.end;
    }
    draft.essence(Span::new(at, span.end), "picture data");
    Ok(())
}

/// A preview, cleaned and filled up to its old length.
fn preview(job: &Job, source: &Shared, kind: Kind, whole: Span, gone: &Gone, draft: &mut Draft) -> Result<()> {
    let filled = filling(source, whole)?;
    let span = Span::new(whole.start, filled);
    draft.frame(Span::new(filled, whole.end), "filling");
    if span.is_empty() {
        return Ok(());
    }
    let lost = |draft: &mut Draft| {
        draft.blank(span, "preview", Finding::blanked(kind.name(), "preview that cannot be cleaned", Tells::Preview));
    };
    match job.member("preview.jpg", &Window::shared(source, span)) {
        Ok(Member::Changed(cleaned)) if cleaned.bytes().len() < span.len() => {
            // A preview names the camera too, whose name stays: that it went from here must not look for it there.
            for found in cleaned.findings().iter().cloned().map(|f| gone.quiet(f.within("preview"))) {
                draft.note(found);
            }
            cleaned.warnings().iter().for_each(|w| draft.warn(format!("preview: {w}")));
            let last = Span::new(span.end - 1, span.end);
            let rest = span.len() - cleaned.bytes().len();
            draft.member(Span::new(span.start, last.start), "preview", Some(cleaned.bytes()));
            draft.reframe(last, "filling", Fate::put(vec![0; rest as usize]));
        }
        Ok(Member::Same(_)) => draft.member(span, "preview", None),
        Ok(_) => lost(draft),
        Err(r) if r.code() == Code::Read => return Err(r.hint(ELSEWHERE)),
        Err(_) => lost(draft),
    }
    Ok(())
}

/// Where the zeros at the end begin; the start, where there is nothing else.
pub(super) fn filling(source: &Shared, span: Span) -> Result<u64> {
    let mut end = span.end;
    while end > span.start {
        let from = end.saturating_sub(65_536).max(span.start);
        let bytes = source.bytes(Span::new(from, end), 65_536)?;
        match bytes.iter().rposition(|b| *b != 0) {
            Some(i) => return Ok(from + i as u64 + 1),
            None => end = from,
        }
    }
    Ok(span.start)
}
