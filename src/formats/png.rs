//! PNG and its animated kind. What shows the picture stays: the header, the palette, the packed rows, transparency, colour,
//! animation, pixel shape. Every other chunk goes, known or not, and so does whatever lies behind the packed rows, behind
//! the last row and behind the end. Colours under full transparency are pixels and stay. [PNG 3rd edition]

mod allowed;
mod data;
mod gain_map;
mod profile;
mod text;
mod witness;

use std::collections::BTreeSet;

use crate::blocks::exif;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::png::{self, Chunk, End, Header};
use crate::names;
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Span};

use super::colour;
use data::Budget;
use profile::Profile;
use text::Text;

/// The row.
pub static FORMAT: Format = Format {
    name: "PNG",
    extensions: &["png", "apng"],
    container: false,
    keeps: "pixels, palette, transparency, animation, colour (profile texts neutralised), HDR gain map, pixel shape, orientation",
    removes: "text chunks, Exif, XMP, times, previews, editable originals, unknown chunks, data behind the picture and the end",
    sniff,
    plan,
    witness: witness::witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &png::SIGNATURE).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let (chunks, end) = png::chunks(&**source, job.limits())?;
    let mut walk = Walk::new(job, source, &chunks)?;
    for (i, chunk) in chunks.iter().enumerate() {
        walk.chunk(i, chunk)?;
    }
    walk.end(end)?;
    walk.draft.seal()
}

struct Walk<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    header: Header,
    /// Apple's own kind, whose rows are packed without the zlib frame.
    apple: bool,
    /// The first chunk of the packed rows.
    first: usize,
    /// Entries of the palette, once it was met.
    palette: u64,
    /// Chunks that may be there only once, and were.
    seen: BTreeSet<[u8; 4]>,
    /// The data chunks of the stream that is being gathered.
    stream: Vec<Chunk>,
    /// Which kind of data chunk they are, and how large the picture in them is.
    frame: Option<(u32, u32)>,
    /// The first iCCP chunk and the profile in it, where decoders can use it: it outranks sRGB.
    profile: Option<(u64, Profile)>,
    /// The Exif that says which way up the picture is, as the chunk that has to stand before the rows.
    upright: Option<Vec<u8>>,
    /// For unpacking what goes.
    budget: Budget,
}

impl<'a> Walk<'a> {
    fn new(job: &'a Job<'a>, source: &'a Shared, chunks: &[Chunk]) -> Result<Walk<'a>> {
        let mut draft = Draft::new(source);
        draft.frame(Span::new(0, 8), "signature");
        let apple = chunks.first().is_some_and(|c| c.kind == *b"CgBI");
        let head = chunks.get(usize::from(apple)).filter(|c| c.kind == *b"IHDR" && c.data.len() == 13);
        let head = head.ok_or_else(|| Refusal::malformed("the header does not come first", 8))?;
        let mut bytes = [0; 13];
        source.fill(head.data.start, &mut bytes)?;
        let header = Header::read(&bytes, head.data.start)?;
        let first = chunks.iter().position(|c| c.kind == *b"IDAT");
        let first = first.ok_or_else(|| Refusal::malformed("there is no picture data", source.len()))?;
        let mut walk = Walk {
            job,
            source,
            draft,
            header,
            apple,
            first,
            palette: 0,
            seen: BTreeSet::new(),
            stream: Vec::new(),
            frame: None,
            profile: None,
            upright: None,
            budget: Budget::WHOLE,
        };
        walk.upright = walk.orientation(chunks)?;
        if let Some(chunk) = chunks[..first].iter().find(|c| c.kind == *b"iCCP") {
            walk.profile = walk.profile(chunk)?.map(|profile| (chunk.data.start, profile));
        }
        Ok(walk)
    }

    /// The minimal Exif chunk, from the first Exif chunk or else from an Exif profile in a text chunk.
    fn orientation(&mut self, chunks: &[Chunk]) -> Result<Option<Vec<u8>>> {
        if !self.job.keeps(Token::Orientation) {
            return Ok(None);
        }
        let mut turned = None;
        for chunk in chunks.iter().filter(|c| is_exif(&c.kind)) {
            if self.is_intact(chunk)? {
                turned = Some(exif::orientation(&self.tiff(chunk)?));
                break;
            }
        }
        if turned.is_none() {
            for chunk in chunks.iter().filter(|c| is_text(&c.kind) && c.data.len() <= self.job.limits().block) {
                let bytes = self.bytes(chunk)?;
                if !bytes.starts_with(b"Raw profile type ") {
                    continue;
                }
                let found = Text::read(&chunk.kind, &bytes, &mut self.budget).and_then(|t| t.exif());
                turned = found.map(|tiff| exif::orientation(&tiff));
                if turned.is_some() {
                    break;
                }
            }
        }
        Ok(exif::minimal(turned.flatten()).map(|data| png::chunk(b"eXIf", &data)))
    }

    fn bytes(&self, chunk: &Chunk) -> Result<Vec<u8>> {
        Ok(self.source.bytes(chunk.data, self.job.limits().block)?)
    }

    /// The TIFF structure in an Exif chunk, unpacked where it is packed: a zero and the length come first then.
    fn tiff(&mut self, chunk: &Chunk) -> Result<Vec<u8>> {
        let bytes = self.bytes(chunk)?;
        Ok(match &bytes[..] {
            [0, _, _, _, _, packed @ ..] => self.budget.inflate(packed, 16 << 20).unwrap_or_default(),
            bytes => tiff(bytes).to_vec(),
        })
    }

    /// Whether the checksum is right.
    fn is_intact(&self, chunk: &Chunk) -> Result<bool> {
        let mut crc = crc32fast::Hasher::new();
        source::each_block(&**self.source, Span::new(chunk.letters().start, chunk.data.end), |block| crc.update(block))?;
        let mut stored = [0; 4];
        self.source.fill(chunk.data.end, &mut stored)?;
        Ok(crc.finalize().to_be_bytes() == stored)
    }

    fn chunk(&mut self, i: usize, chunk: &Chunk) -> Result<()> {
        if i == self.first
            && let Some(upright) = self.upright.take()
        {
            self.draft.insert(chunk.whole().start, "eXIf", Fate::put(upright));
        }
        match &chunk.kind {
            b"IDAT" | b"fdAT" if self.stream.first().is_none_or(|c| c.kind == chunk.kind) => {}
            // Rows go on through chunks that decoders pass over.
            kind if !matches!(kind, b"fcTL" | b"fdAT") && !chunk.is_critical() => {}
            _ => self.flush()?,
        }
        match &chunk.kind {
            b"CgBI" if i == 0 && chunk.data.len() == 4 => self.critical(chunk, "CgBI"),
            b"IHDR" if i == usize::from(self.apple) => self.critical(chunk, "IHDR"),
            b"PLTE" if i < self.first && !self.seen.contains(b"PLTE") => self.plte(chunk),
            b"IDAT" => self.idat(chunk),
            b"IEND" => self.iend(chunk),
            b"IHDR" | b"PLTE" | b"CgBI" => {
                Err(Refusal::malformed(format!("a second or misplaced {}", chunk.name()), chunk.whole().start))
            }
            _ if chunk.is_critical() => Err(Refusal::new(
                Code::UnknownCritical,
                format!("a chunk that decoders must understand is not known: {}", chunk.name()),
            )
            .at(chunk.whole().start)),
            b"fcTL" => self.fctl(chunk),
            b"fdAT" if chunk.data.len() >= 4 && self.frame.is_some() && i > self.first => {
                self.stream.push(*chunk);
                Ok(())
            }
            b"iCCP" => self.iccp(chunk),
            kind if is_exif(kind) => self.exif(i, chunk),
            kind if is_text(kind) => self.text(chunk),
            _ => self.ancillary(i, chunk),
        }
    }

    fn critical(&mut self, chunk: &Chunk, name: &'static str) -> Result<()> {
        if !self.is_intact(chunk)? && !self.apple {
            return Err(Refusal::malformed(format!("the checksum of {name} is wrong"), chunk.crc().start));
        }
        self.draft.frame(chunk.whole(), name);
        Ok(())
    }

    fn plte(&mut self, chunk: &Chunk) -> Result<()> {
        self.seen.insert(*b"PLTE");
        let (len, at) = (chunk.data.len(), chunk.whole().start);
        if matches!(self.header.colour, 0 | 4) {
            self.remove(chunk, Finding::removed("PLTE", "palette of a grey picture", Tells::Hidden));
            return Ok(());
        }
        if len == 0 || len > 768 || !len.is_multiple_of(3) {
            return Err(Refusal::malformed("the palette has an impossible length", at));
        }
        self.palette = len / 3;
        let most = if self.header.colour == 3 { 1 << self.header.depth } else { 256 };
        if self.palette <= most {
            return self.critical(chunk, "PLTE");
        }
        let used = png::chunk(b"PLTE", &self.bytes(chunk)?[..most as usize * 3]);
        let found = Finding::rewritten("PLTE", "palette entries that no pixel can name", Tells::Hidden);
        self.draft.replace(chunk.whole(), "PLTE", Fate::put(used), vec![found]);
        self.palette = most;
        Ok(())
    }

    fn idat(&mut self, chunk: &Chunk) -> Result<()> {
        if self.stream.is_empty() && !self.seen.insert(*b"IDAT") {
            return Err(Refusal::malformed("the picture data is in two places", chunk.whole().start));
        }
        self.stream.push(*chunk);
        Ok(())
    }

    fn fctl(&mut self, chunk: &Chunk) -> Result<()> {
        if chunk.data.len() != 26 || !self.is_intact(chunk)? {
            return Err(Refusal::malformed("a frame of the animation is damaged", chunk.whole().start));
        }
        let bytes = self.bytes(chunk)?;
        let number = |i: usize| u32::from_be_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        self.frame = Some((number(4), number(8)));
        self.draft.frame(chunk.whole(), "fcTL");
        Ok(())
    }

    /// Ends the stream that was being gathered.
    fn flush(&mut self) -> Result<()> {
        let chunks = std::mem::take(&mut self.stream);
        let Some(first) = chunks.first() else { return Ok(()) };
        let header = self.header;
        let (width, height) = match first.kind == *b"IDAT" {
            true => (header.width, header.height),
            false => self.frame.unwrap_or((header.width, header.height)),
        };
        let rows = data::Rows { zlib: !self.apple, raw: header.raw_len(width, height), chunks: &chunks };
        data::rows(self.job, self.source, &mut self.draft, rows)
    }

    /// The profile of an iCCP chunk as it may stay; `None` where decoders ignore it.
    fn profile(&self, chunk: &Chunk) -> Result<Option<Profile>> {
        if chunk.data.len() > colour::LARGEST || !self.is_intact(chunk)? {
            return Ok(None);
        }
        Profile::read(self.job, &self.bytes(chunk)?)
    }

    fn iccp(&mut self, chunk: &Chunk) -> Result<()> {
        let Some((_, profile)) = self.profile.as_ref().filter(|(at, _)| *at == chunk.data.start) else {
            self.remove(chunk, Finding::removed("iCCP", "colour profile that is not used", Tells::Unknown));
            return Ok(());
        };
        if profile.stays {
            self.draft.frame(chunk.whole(), "iCCP");
        } else {
            let bytes = png::chunk(b"iCCP", &profile.bytes());
            self.draft.replace(chunk.whole(), "iCCP", Fate::put(bytes), profile.findings());
        }
        Ok(())
    }

    /// Exif before the rows is replaced where it stands; after them it goes, and was put in front of them.
    fn exif(&mut self, i: usize, chunk: &Chunk) -> Result<()> {
        let found = names::exif::describe("Exif", &self.tiff(chunk)?);
        if i < self.first
            && let Some(upright) = self.upright.take()
        {
            self.seen.insert(*b"eXIf");
            self.draft.replace(chunk.whole(), "eXIf", Fate::put(upright), found);
            return Ok(());
        }
        self.draft.remove_all(chunk.whole(), "eXIf", found);
        Ok(())
    }

    fn text(&mut self, chunk: &Chunk) -> Result<()> {
        let small = chunk.data.len() <= self.job.limits().block;
        let bytes = if small { self.bytes(chunk)? } else { Vec::new() };
        let read = Text::read(&chunk.kind, &bytes, &mut self.budget);
        let found = read.map_or_else(
            || vec![Finding::removed(chunk.name(), "text (unreadable)", Tells::Text)],
            |text| text.findings(&chunk.name()),
        );
        self.draft.remove_all(chunk.whole(), "text", found);
        Ok(())
    }

    fn ancillary(&mut self, i: usize, chunk: &Chunk) -> Result<()> {
        if self.may_stay(i, chunk)? {
            self.seen.insert(chunk.kind);
            self.draft.frame(chunk.whole(), "ancillary chunk");
            return Ok(());
        }
        if matches!(&chunk.kind, b"gdAT" | b"gmAP") && self.gain_map(i, chunk)? {
            return Ok(());
        }
        if chunk.kind == *b"pHYs" && i < self.first && self.is_intact(chunk)? && self.pixel_shape(chunk)? {
            return Ok(());
        }
        if chunk.kind == *b"gdAT" {
            self.draft.warn("its HDR gain map is gone; the picture itself is as it was");
        }
        let found = text::ancillary(chunk, &source::head(&**self.source, chunk.data.start, 7)?);
        self.remove(chunk, found);
        Ok(())
    }

    fn iend(&mut self, chunk: &Chunk) -> Result<()> {
        let found = Finding::rewritten("IEND", "data inside the end mark", Tells::Hidden).bytes(chunk.data.len());
        self.draft.replace(chunk.whole(), "IEND", Fate::put(png::IEND), vec![found]);
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<()> {
        if self.frame.is_some() && !self.seen.contains(b"acTL") {
            self.draft.warn("there are frames of an animation that viewers do not play; they are kept");
        }
        match end {
            End::Proper(rest) => data::behind(&mut self.draft, &**self.source, rest),
            End::Cut(rest, kind) => {
                if kind.is_some_and(|k| matches!(&k, b"IDAT" | b"fdAT" | b"PLTE" | b"IHDR")) {
                    return Err(Refusal::malformed("the picture data is cut off", rest.start)
                        .hint("the file was not saved or downloaded completely; get it again"));
                }
                self.flush()?;
                if !rest.is_empty() {
                    self.draft.remove(rest, "cut off", Finding::removed("PNG", "piece of a chunk at the end", Tells::Unknown));
                }
                self.draft.note(Finding::rewritten("PNG", "missing end mark, added", Tells::Rendering));
                self.draft.warn("the file ended before its end mark; what was there is kept");
                self.draft.insert(rest.end, "IEND", Fate::put(png::IEND));
            }
        }
        Ok(())
    }

    fn remove(&mut self, chunk: &Chunk, found: Finding) {
        self.draft.remove(chunk.whole(), "ancillary chunk", found);
    }
}

/// Exif in its own chunk: the registered name, the compressed proposal and a common misspelling.
fn is_exif(kind: &[u8; 4]) -> bool {
    matches!(kind, b"eXIf" | b"zxIf" | b"exIf")
}

fn is_text(kind: &[u8; 4]) -> bool {
    matches!(kind, b"tEXt" | b"zTXt" | b"iTXt")
}

/// The TIFF structure, whatever some writers put in front of it.
fn tiff(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"Exif\0\0").unwrap_or(data)
}
