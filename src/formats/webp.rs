//! WebP, still and animated. The coded pictures, their alpha, timing, canvas and colour profile stay; Exif shrinks to which
//! way up; XMP, content credentials, every other chunk and what lies behind the form go. Coded pictures are not looked into.
//! [RFC 9649]

use std::io::Cursor;

use img_parts::webp::WebP;

use crate::blocks::exif;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::riff::{self, Chunk};
use crate::names;
use crate::plan::{Draft, Fate, Number, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

use super::colour;

/// The row.
pub static FORMAT: Format = Format {
    name: "WebP",
    extensions: &["webp"],
    container: false,
    keeps: "pixels, alpha, animation, canvas, colour profile (texts neutralised), orientation",
    removes: "Exif, XMP, content credentials, unknown chunks, data behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, b"RIFF") && head.has(8, b"WEBP")).then_some(Match::Exact)
}

/// The flags of VP8X. [RFC 9649 2.7.1]
const ICC: u8 = 0x20;
const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;
const ANIMATION: u8 = 0x02;

/// How many frames an animation may have.
const FRAMES: usize = 100_000;

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let form = riff::form(&**source, 0)?;
    // One byte may be missing: the last chunk was not padded.
    if form.missing > 1 {
        return Err(Refusal::malformed("the file is cut off", source.len()).hint("get it again, completely"));
    }
    let (chunks, left) = riff::chunks(&**source, form.body, job.limits())?;
    let extended = chunks.first().filter(|c| c.id == *b"VP8X" && c.data.len() == 10).copied();
    let mut walk = Walk { job, source, draft: Draft::new(source), flags: 0, frames: 0, pictured: false, alpha: false };
    walk.draft.frame(Span::new(0, 4), "RIFF");
    let unpadded = chunks.last().is_some_and(|c| c.lacks_pad() && walk.stays_odd(c));
    let plus = i64::from(unpadded && left.is_empty());
    if form.missing == 1 && plus == 0 {
        walk.draft.note(Finding::rewritten("WebP", "wrong size of the file", Tells::Unknown));
    }
    let of = Span::new(8, form.body.end);
    walk.draft.reframe(form.size, "RIFF", Fate::Length { of, plus, code: Number::U32Le });
    walk.draft.frame(Span::new(8, 12), "WEBP");
    match extended {
        Some(first) => walk.extended(&first, &chunks)?,
        None => walk.simple(&chunks)?,
    }
    if !walk.pictured && walk.frames == 0 {
        return Err(Refusal::malformed("there is no picture", source.len()));
    }
    if !left.is_empty() {
        walk.draft.remove(left, "rest", Finding::removed("WebP", "piece of a chunk", Tells::Unknown));
    }
    if !form.rest.is_empty() {
        let found = names::trailer::describe("after the end", &**source, form.rest);
        walk.draft.remove_all(form.rest, "after the end", found);
    }
    walk.draft.seal()
}

struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    /// What VP8X says of the chunks that stay.
    flags: u8,
    frames: usize,
    /// Whether the picture was met, and its alpha plane.
    pictured: bool,
    alpha: bool,
}

impl Walk<'_> {
    /// Whether a chunk of odd length stays as it is, so that a missing pad must be added.
    fn stays_odd(&self, chunk: &Chunk) -> bool {
        matches!(&chunk.id, b"VP8 " | b"VP8L" | b"ALPH")
    }

    /// One picture, and nothing else that viewers read.
    fn simple(&mut self, chunks: &[Chunk]) -> Result<()> {
        for chunk in chunks {
            match &chunk.id {
                b"VP8 " | b"VP8L" if !self.pictured => self.picture(chunk)?,
                b"EXIF" => {
                    let bytes = self.bytes(chunk)?;
                    if exif::orientation(tiff(&bytes)).is_some_and(|o| o != 1) {
                        self.draft.warn("it said which way up in a place where viewers do not look; that is gone");
                    }
                    self.draft.remove_all(chunk.whole(), "EXIF", names::exif::describe("Exif", tiff(&bytes)));
                }
                _ => self.other(chunk)?,
            }
        }
        Ok(())
    }

    fn extended(&mut self, first: &Chunk, chunks: &[Chunk]) -> Result<()> {
        let head = self.source.bytes(first.data, 10)?;
        let animated = head[0] & ANIMATION != 0;
        self.flags = head[0] & (ALPHA | ANIMATION);
        let (mut profiled, mut upright, mut timed) = (false, false, false);
        for chunk in &chunks[1..] {
            match &chunk.id {
                b"ICCP" if !profiled && self.profile(chunk)? => (profiled, self.flags) = (true, self.flags | ICC),
                b"ANIM" if animated && chunk.data.len() == 6 && !timed => {
                    timed = true;
                    self.keep(chunk, "ANIM");
                }
                b"ANMF" if animated => self.frame(chunk)?,
                b"ALPH" if !animated && !self.alpha && !self.pictured => {
                    self.alpha = true;
                    self.essence(chunk, "ALPH");
                }
                b"VP8 " | b"VP8L" if !animated && !self.pictured => self.picture(chunk)?,
                b"EXIF" if !upright => {
                    upright = true;
                    self.exif(chunk)?;
                }
                _ => self.other(chunk)?,
            }
        }
        let mut bytes = head.clone();
        bytes[..4].copy_from_slice(&[self.flags, 0, 0, 0]);
        self.draft.frame(first.head(), "VP8X");
        let found = Finding::rewritten("VP8X", "flags", Tells::Rendering);
        self.draft.replace(first.data, "VP8X", Fate::put(bytes), vec![found]);
        Ok(())
    }

    fn bytes(&self, chunk: &Chunk) -> Result<Vec<u8>> {
        Ok(self.source.bytes(chunk.data, self.job.limits().block)?)
    }

    fn picture(&mut self, chunk: &Chunk) -> Result<()> {
        self.pictured = true;
        self.check(chunk)?;
        self.essence(chunk, if chunk.id == *b"VP8L" { "VP8L" } else { "VP8" });
        Ok(())
    }

    /// A coded picture begins with its signature. [RFC 6386 9.1, RFC 9649 3.4]
    fn check(&self, chunk: &Chunk) -> Result<()> {
        let head = crate::source::head(&**self.source, chunk.data.start, 6)?;
        let right = match &chunk.id {
            b"VP8L" => head.first() == Some(&0x2f) && chunk.data.len() >= 5,
            _ => head.get(3..6) == Some(b"\x9d\x01\x2a") && chunk.data.len() >= 10,
        };
        if !right {
            return Err(Refusal::malformed("the coded picture does not begin as one", chunk.data.start));
        }
        Ok(())
    }

    fn essence(&mut self, chunk: &Chunk, name: &'static str) {
        self.draft.frame(chunk.head(), name);
        self.draft.essence(chunk.data, name);
        self.pad(chunk);
    }

    fn keep(&mut self, chunk: &Chunk, name: &'static str) {
        self.draft.frame(Span::new(chunk.head().start, chunk.data.end), name);
        self.pad(chunk);
    }

    fn pad(&mut self, chunk: &Chunk) {
        if chunk.lacks_pad() {
            self.draft.insert(chunk.data.end, "padding", Fate::put([0]));
            self.draft.note(Finding::rewritten("WebP", "missing padding, added", Tells::Rendering));
        } else if !chunk.pad.is_empty() {
            self.draft.blank(chunk.pad, "padding", Finding::blanked("WebP", "padding", Tells::Hidden));
        }
    }

    /// Whether the profile stays, in one form or another.
    fn profile(&mut self, chunk: &Chunk) -> Result<bool> {
        if chunk.data.len() > colour::LARGEST {
            return Ok(false);
        }
        let profile = self.bytes(chunk)?;
        let neutral = colour::profile(self.job, &profile)?;
        let Some(neutral) = neutral else { return Ok(false) };
        let found = names::icc::describe("ICCP", &profile);
        self.draft.replace(chunk.whole(), "ICCP", Fate::put(riff::chunk(b"ICCP", &neutral)), found);
        Ok(true)
    }

    fn exif(&mut self, chunk: &Chunk) -> Result<()> {
        let bytes = self.bytes(chunk)?;
        let found = names::exif::describe("Exif", tiff(&bytes));
        let turned = exif::orientation(tiff(&bytes)).filter(|_| self.job.keeps(Token::Orientation));
        match exif::minimal(turned) {
            Some(minimal) => {
                self.flags |= EXIF;
                self.draft.replace(chunk.whole(), "EXIF", Fate::put(riff::chunk(b"EXIF", &minimal)), found);
            }
            None => self.draft.remove_all(chunk.whole(), "EXIF", found),
        }
        Ok(())
    }

    /// A frame of an animation: its head, its picture, its alpha; nothing else. [RFC 9649 2.7.1.1]
    fn frame(&mut self, chunk: &Chunk) -> Result<()> {
        self.frames += 1;
        if self.frames > FRAMES {
            return Err(Refusal::limit(format!("more than {FRAMES} frames")));
        }
        if chunk.data.len() < 16 {
            return Err(Refusal::malformed("a frame is too short for its head", chunk.data.start));
        }
        let (subs, left) = riff::chunks(&**self.source, Span::new(chunk.data.start + 16, chunk.data.end), self.job.limits())?;
        let kept = |c: &&Chunk| matches!(&c.id, b"VP8 " | b"VP8L");
        let picture = subs.iter().find(kept).copied();
        let picture = picture.ok_or_else(|| Refusal::malformed("a frame has no picture", chunk.data.start))?;
        let alpha = subs.iter().find(|c| c.id == *b"ALPH" && c.data.start < picture.data.start).map(|c| c.data);
        self.check(&picture)?;
        let last = subs.last().is_some_and(|c| c.lacks_pad() && (c.data == picture.data || Some(c.data) == alpha));
        let plus = i64::from(last && left.is_empty());
        self.draft.frame(chunk.letters(), "ANMF");
        self.draft.reframe(chunk.size(), "ANMF", Fate::Length { of: chunk.data, plus, code: Number::U32Le });
        self.draft.frame(Span::new(chunk.data.start, chunk.data.start + 15), "ANMF");
        let flags = Span::new(chunk.data.start + 15, chunk.data.start + 16);
        let used = self.source.bytes(flags, 1)?[0] & 3;
        let found = Finding::rewritten("ANMF", "reserved bits", Tells::Hidden);
        self.draft.replace(flags, "ANMF", Fate::put([used]), vec![found]);
        for sub in &subs {
            if sub.data == picture.data {
                self.essence(sub, "VP8");
            } else if Some(sub.data) == alpha {
                self.essence(sub, "ALPH");
            } else {
                self.other(sub)?;
            }
        }
        if !left.is_empty() {
            self.draft.remove(left, "rest", Finding::removed("ANMF", "piece of a chunk", Tells::Unknown));
        }
        // The frame is even once its chunks are.
        if !chunk.pad.is_empty() {
            self.draft.remove(chunk.pad, "padding", Finding::removed("ANMF", "padding", Tells::Unknown));
        }
        Ok(())
    }

    fn other(&mut self, chunk: &Chunk) -> Result<()> {
        let found = match &chunk.id {
            b"XMP " | b"XMP\0" => names::xmp::describe("XMP", &self.bytes(chunk)?),
            b"EXIF" | b"Exif" => names::exif::describe("Exif", tiff(&self.bytes(chunk)?)),
            b"ICCP" => vec![Finding::removed("ICCP", "colour profile that is not used", Tells::Unknown)],
            b"C2PA" => vec![Finding::removed("C2PA", "content credentials (C2PA)", Tells::History)],
            b"SEAL" => vec![Finding::removed("SEAL", "content seal (SEAL)", Tells::Identifier)],
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANMF" => {
                vec![Finding::removed(chunk.name(), "picture that viewers do not show", Tells::Hidden)]
            }
            _ => vec![Finding::removed(chunk.name(), format!("{:?} chunk", chunk.name()), Tells::Unknown)],
        };
        self.draft.remove_all(chunk.whole(), "chunk", found);
        Ok(())
    }
}

/// The TIFF structure, whatever some writers put in front of it.
fn tiff(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes)
}

/// Larger files are not read into memory for a second parser.
const WITNESSED: u64 = 64 << 20;

fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    if after.len() > WITNESSED {
        return Ok(Vec::new());
    }
    let bytes = after.bytes(after.span(), WITNESSED)?;
    let webp = WebP::from_bytes(bytes.clone().into());
    let webp = webp.map_err(|e| Refusal::new(Code::Damaged, format!("img-parts cannot read the result: {e}")))?;
    const ALLOWED: [&[u8; 4]; 8] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF"];
    if let Some(odd) = webp.chunks().iter().find(|c| !ALLOWED.contains(&&c.id())) {
        let id = String::from_utf8_lossy(&odd.id()).into_owned();
        return Err(Refusal::new(Code::Leftover, format!("img-parts still sees a {id:?} chunk")));
    }
    if !webp.has_chunk(*b"EXIF") {
        return Ok(vec!["img-parts"]);
    }
    let exif = exif_reader(&bytes)?;
    if exif.fields().any(|f| f.tag != ::exif::Tag::Orientation) {
        return Err(Refusal::new(Code::Leftover, "kamadak-exif still sees more than the orientation"));
    }
    Ok(vec!["img-parts", "kamadak-exif"])
}

fn exif_reader(bytes: &[u8]) -> Result<::exif::Exif> {
    let read = ::exif::Reader::new().read_from_container(&mut Cursor::new(bytes));
    read.map_err(|e| Refusal::new(Code::Damaged, format!("kamadak-exif cannot read the result: {e}")))
}
