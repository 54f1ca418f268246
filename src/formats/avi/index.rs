//! Indexes: the old one counts from the list of media, those of OpenDML from the start of the file or from a base of their
//! own. [OpenDML AVI File Format Extensions 1.02, 3.0]

use super::{Film, Form};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::grammar::riff::{self, Chunk};
use crate::plan::{Fate, Number};
use crate::refusal::Result;
use crate::source::{self, Span};

/// The fields in front of the entries.
const HEAD: u64 = 24;
/// An index whose entries are the places of indexes.
const OF_INDEXES: u8 = 0;
/// An index whose entries are the places of chunks.
const OF_CHUNKS: u8 = 1;

impl Film<'_, '_> {
    /// Whether everything that is a position can follow when things move.
    pub(super) fn may_move(&self, forms: &[Form]) -> Result<bool> {
        for part in forms.iter().flat_map(|f| &f.parts) {
            let good = match &self.kind(part)? {
                b"idx1" => self.counts_from_media(part)?,
                b"hdrl" => self.super_indexes_follow(part)?,
                _ => true,
            };
            if !good {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the old index counts from the list of media, and not from the start of the file.
    fn counts_from_media(&self, index: &Chunk) -> Result<bool> {
        let mut entries = Cursor::new(&**self.source, index.data);
        let Some(media) = self.media.first() else { return Ok(true) };
        for i in 0..8 {
            if entries.left() < 16 {
                return Ok(i == 0);
            }
            let entry = entries.array::<16>()?;
            let offset = u64::from(u32::from_le_bytes([entry[8], entry[9], entry[10], entry[11]]));
            let there = source::head(&**self.source, media.start + offset, 12)?;
            if there.starts_with(&entry[..4]) || there.starts_with(b"LIST") && there.get(8..) == Some(&entry[..4]) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn super_indexes_follow(&self, header: &Chunk) -> Result<bool> {
        let inside = |list: &Chunk| Span::new(list.data.start + 4, list.data.end);
        for list in riff::chunks(&**self.source, inside(header), self.job.limits())?.0 {
            if self.kind(&list)? != *b"strl" {
                continue;
            }
            for index in riff::chunks(&**self.source, inside(&list), self.job.limits())?.0.iter().filter(|c| c.id == *b"indx") {
                if !self.follows(index)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn follows(&self, index: &Chunk) -> Result<bool> {
        let Some(head) = self.fields_of(index)? else { return Ok(true) };
        if head.kind == OF_CHUNKS {
            return Ok(self.is_in_media(head.base));
        }
        let mut cursor = Cursor::new(&**self.source, head.entries);
        while !cursor.is_done() {
            let at = cursor.u64_le()?;
            cursor.skip(8)?;
            if !self.is_in_media(at) {
                return Ok(false);
            }
            let there = source::head(&**self.source, at, 32)?;
            let base = there.get(20..28).and_then(|b| b.first_chunk()).map(|b| u64::from_le_bytes(*b));
            if base.is_none_or(|b| !self.is_in_media(b)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_in_media(&self, at: u64) -> bool {
        self.media.iter().any(|m| m.start <= at && at < m.end)
    }

    /// The fields of an index; `None` where it is none that is known.
    fn fields_of(&self, index: &Chunk) -> Result<Option<Fields>> {
        if index.data.len() < HEAD {
            return Ok(None);
        }
        let head = Cursor::new(&**self.source, index.data).array::<24>()?;
        let width = u64::from(u16::from_le_bytes([head[0], head[1]])) * 4;
        let count = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let known = matches!((head[3], width), (OF_INDEXES, 16) | (OF_CHUNKS, 8 | 12));
        let start = index.data.start + HEAD;
        let end = start.saturating_add(count * width);
        let base = head[12..20].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        Ok((known && end <= index.data.end).then_some(Fields { kind: head[3], base, entries: Span::new(start, end) }))
    }

    /// An index, in the header or among the media. What is none becomes unused space.
    pub(super) fn index(&mut self, index: &Chunk) -> Result<()> {
        let Some(head) = self.fields_of(index)? else { return self.hollow(index) };
        let start = index.data.start;
        let moves = !self.in_place;
        if head.kind == OF_CHUNKS && moves && !self.is_in_media(head.base) {
            return self.hollow(index);
        }
        self.draft.frame(Span::new(index.head().start, start + 12), "index");
        let at = |a: u64, b: u64| Span::new(start + a, start + b);
        if head.kind == OF_CHUNKS {
            let fate = Fate::Position { of: head.base, origin: 0, code: Number::U64Le };
            match moves {
                true => self.draft.reframe(at(12, 20), "base", fate),
                false => self.draft.frame(at(12, 20), "base"),
            }
            self.zeros(at(20, 24));
            self.draft.frame(head.entries, "index");
        } else {
            self.zeros(at(12, 24));
            let mut cursor = Cursor::new(&**self.source, head.entries);
            while !cursor.is_done() {
                let cell = cursor.at();
                let of = cursor.u64_le()?;
                cursor.skip(8)?;
                let fate = Fate::Position { of, origin: 0, code: Number::U64Le };
                match moves {
                    true => self.draft.reframe(Span::new(cell, cell + 8), "position", fate),
                    false => self.draft.frame(Span::new(cell, cell + 8), "position"),
                }
                self.draft.frame(Span::new(cell + 8, cell + 16), "index");
            }
        }
        // Room for entries that were never made.
        self.zeros(Span::new(head.entries.end, index.pad.end));
        Ok(())
    }

    fn zeros(&mut self, span: Span) {
        if !span.is_empty() {
            self.draft.blank(span, "zeros", Finding::blanked("AVI", "unused space in an index", Tells::Hidden));
        }
    }
}

/// What stands in front of the entries, and where they are.
struct Fields {
    kind: u8,
    base: u64,
    entries: Span,
}
