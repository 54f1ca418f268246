//! The header list: what players need to know of the film and of each stream, field by field.

use super::{Film, Stream};
use crate::blocks::dv;
use crate::blocks::messages::Units;
use crate::finding::{Finding, Tells};
use crate::grammar::riff::{self, Chunk};
use crate::plan::{Fate, Number};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::{self, Span};

/// The most that a header's chunk may hold.
const LONGEST: u64 = 4 << 20;

impl Film<'_, '_> {
    fn children(&self, list: &Chunk) -> Result<(Vec<Chunk>, Span)> {
        riff::chunks(&**self.source, Span::new(list.data.start + 4, list.data.end), self.job.limits())
    }

    /// Learns the kinds of the streams.
    pub(super) fn streams(&mut self, header: &Chunk) -> Result<()> {
        for list in self.children(header)?.0 {
            if self.kind(&list)? != *b"strl" {
                continue;
            }
            let mut stream = Stream::default();
            for chunk in self.children(&list)?.0 {
                let bytes = source::head(&**self.source, chunk.data.start, chunk.data.len().min(128) as usize)?;
                match &chunk.id {
                    b"strh" => stream.kind = bytes.first_chunk().copied().unwrap_or_default(),
                    b"strf" if stream.kind == *b"vids" => {
                        let codec: [u8; 4] = bytes.get(16..).and_then(|b| b.first_chunk()).copied().unwrap_or_default();
                        if dv::is_dv(&codec) {
                            return Err(dv::refusal(chunk.head().start));
                        }
                        stream.hevc = match &codec.map(|b| b.to_ascii_lowercase()) {
                            b"h264" | b"x264" | b"avc1" | b"davc" | b"vssh" => Some(false),
                            b"h265" | b"x265" | b"hevc" | b"hvc1" | b"hev1" => Some(true),
                            _ => None,
                        };
                        let kind = if stream.hevc == Some(true) { *b"hvcC" } else { *b"avcC" };
                        stream.units = bytes.get(40..).filter(|b| b.first() == Some(&1)).and_then(|b| Units::of(kind, b));
                    }
                    _ => {}
                }
            }
            if stream.kind == *b"iavs" {
                return Err(dv::refusal(list.head().start));
            }
            self.streams.push(stream);
            self.job.limits().check_structures(self.streams.len())?;
        }
        Ok(())
    }

    /// `hdrl`.
    pub(super) fn header(&mut self, header: &Chunk) -> Result<()> {
        self.list(header, |film, chunk, kind| match kind {
            b"avih" => film.fields(chunk, 40, 56, "avih"),
            b"strl" => film.list(chunk, Film::stream),
            b"odml" => film.list(chunk, |film, chunk, kind| match kind {
                b"dmlh" => film.fields(chunk, 4, chunk.data.len().min(248), "dmlh"),
                _ => film.gone(chunk),
            }),
            _ => film.gone(chunk),
        })
    }

    /// A list whose children are judged one by one.
    fn list(&mut self, list: &Chunk, mut each: impl FnMut(&mut Self, &Chunk, &[u8; 4]) -> Result<()>) -> Result<()> {
        let (children, rest) = self.children(list)?;
        self.draft.frame(list.letters(), "LIST");
        self.draft.reframe(list.size(), "size", Fate::Length { of: list.data, plus: 0, code: Number::U32Le });
        self.draft.frame(Span::new(list.data.start, list.data.start + 4), "list");
        for child in &children {
            let kind = self.kind(child)?;
            each(self, child, &kind)?;
        }
        let rest = Span::new(rest.start, list.pad.end);
        if !rest.is_empty() {
            self.lose(rest, "rest", vec![Finding::removed("AVI", "bytes behind a list", Tells::Hidden)]);
        }
        Ok(())
    }

    /// What a stream list holds.
    fn stream(&mut self, chunk: &Chunk, kind: &[u8; 4]) -> Result<()> {
        match kind {
            b"strh" => {
                self.kind = source::head(&**self.source, chunk.data.start, 4)?.first_chunk().copied().unwrap_or_default();
                self.fields(chunk, 56, 56, "strh")
            }
            b"strf" => {
                let n = self.format(chunk)?;
                self.trimmed(chunk, n, "strf")
            }
            b"vprp" => {
                let head = self.source.bytes(Span::new(chunk.data.start, chunk.data.end), LONGEST)?;
                let fields = head.get(32..36).map_or(0, |b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
                self.trimmed(chunk, 36 + fields.min(64) * 32, "vprp")
            }
            b"strn" if self.job.keeps(Token::TrackNames) => self.trimmed(chunk, chunk.data.len(), "strn"),
            b"indx" => self.index(chunk),
            _ => self.gone(chunk),
        }
    }

    /// A chunk whose first `kept` bytes mean something; up to `length` follow that must be zero.
    fn fields(&mut self, chunk: &Chunk, kept: u64, length: u64, name: &'static str) -> Result<()> {
        let length = length.min(chunk.data.len());
        let mut data = self.source.bytes(Span::new(chunk.data.start, chunk.data.start + length), LONGEST)?;
        if (data.len() as u64) < kept.min(48) {
            return Err(Refusal::malformed(format!("the header {name} is too short"), chunk.head().start));
        }
        data.iter_mut().skip(kept as usize).for_each(|b| *b = 0);
        if self.in_place {
            data.resize(chunk.data.len() as usize, 0);
        }
        let mut whole = riff::chunk(&chunk.id, &data);
        if self.in_place {
            whole.truncate(chunk.whole().len() as usize);
        }
        let found = Finding::removed("AVI", "bytes in and behind the fields of a header", Tells::Hidden);
        self.draft.replace(chunk.whole(), name, Fate::put(whole), vec![found]);
        Ok(())
    }

    /// How many bytes of a stream's format mean something. [Microsoft BITMAPINFOHEADER, WAVEFORMATEX]
    fn format(&self, chunk: &Chunk) -> Result<u64> {
        let bytes = source::head(&**self.source, chunk.data.start, chunk.data.len().min(64) as usize)?;
        let u16_at = |at: usize| bytes.get(at..at + 2).map(|b| u64::from(u16::from_le_bytes([b[0], b[1]])));
        let u32_at = |at: usize| bytes.get(at..at + 4).map(|b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        let all = chunk.data.len();
        if self.kind != *b"auds" {
            let (depth, palette) = (u16_at(14).unwrap_or(0), u32_at(32).unwrap_or(0));
            let colours = if depth > 8 {
                0
            } else if palette == 0 {
                1 << depth
            } else {
                palette.min(256)
            };
            // Plain pixels have no configuration; other codecs keep theirs here, and it ends with the chunk.
            return Ok(match u32_at(16) {
                Some(0..=2) if self.kind == *b"vids" => (u32_at(0).unwrap_or(40) + colours * 4).min(all),
                _ => all,
            });
        }
        Ok(match (u16_at(0), u16_at(16)) {
            (Some(1 | 3 | 6 | 7), Some(0)) => 18,
            (Some(1 | 3 | 6 | 7), _) => 16,
            (_, Some(more)) => 18 + more,
            _ => all,
        }
        .min(all))
    }
}
