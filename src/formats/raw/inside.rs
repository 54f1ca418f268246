//! What hangs on an entry: the Exif directory, the maker's notes and the directories inside them, Panasonic's camera data,
//! Sony's private directory, Samsung's table of rows, and blocks of which only a part stays.

use std::collections::BTreeMap;

use super::table::{self, Role, Rule};
use super::writer::{Kept, Link, Writer, code, number};
use super::{ELSEWHERE, Kind, cipher, maker};
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Entry, Tiff};
use crate::plan::Fate;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

impl Writer<'_, '_> {
    pub(super) fn exif(&mut self, tiff: &Tiff, entry: &Entry, depth: u8) -> Result<Option<Kept>> {
        let Some(at) = tiff.numbers(entry, 1).first().copied() else { return Ok(None) };
        let directory = tiff.directory(at).map_err(|r| r.hint(ELSEWHERE))?;
        let stays = |e: &Entry| e.data.is_some() && table::rule(self.job, self.kind, Role::Exif, e.tag) != Rule::Gone;
        if !directory.entries.iter().any(stays) {
            for inner in &directory.entries {
                self.gone.entry(tiff, Role::Exif, inner);
            }
            return Ok(None);
        }
        let code = code(tiff, entry.kind);
        let link = if self.kind == Kind::Dng { Link::End } else { Link::None };
        self.directory(tiff, &directory, Role::Exif, link, &[], depth + 1)?;
        let of = directory.span.start;
        let mut field = match self.kind {
            Kind::Dng => vec![Fate::Position { of, origin: 0, code }],
            _ => vec![Fate::put(number(tiff.order, at, code.width()))],
        };
        let rest = entry.field.len() - code.width() as u64;
        if rest > 0 {
            field.push(Fate::put(vec![0; rest as usize]));
        }
        Ok(Some(Kept { head: Self::head(tiff, entry, 1), field }))
    }

    pub(super) fn notes(&mut self, tiff: &Tiff, data: Span, depth: u8) -> Result<()> {
        let notes = maker::notes(self.kind, tiff, data)?;
        let directory = notes.tiff.directory(notes.first).map_err(|r| r.hint(ELSEWHERE))?;
        if directory.entries.len() > 1000 {
            return Err(Refusal::malformed("the maker notes have more than 1000 entries", directory.span.start).hint(ELSEWHERE));
        }
        if !notes.head.is_empty() {
            self.draft.frame(notes.head, "head of the maker notes");
        }
        self.pictures.directory(self.job, self.source, self.kind, &notes.tiff, &directory, false)?;
        self.directory(&notes.tiff, &directory, Role::Notes(0), Link::None, &[], depth + 1)
    }

    /// A directory inside the notes: its position is the value, or it is the value itself in the oldest.
    pub(super) fn inner(&mut self, tiff: &Tiff, entry: &Entry, data: Span, tag: u16, depth: u8) -> Result<()> {
        let at = match entry.kind {
            4 | 13 => tiff.numbers(entry, 1).first().copied().unwrap_or(0),
            _ => data.start.saturating_sub(tiff.base),
        };
        let directory = tiff.directory(at).map_err(|r| r.hint(ELSEWHERE))?;
        if tag == 0x2020 {
            self.pictures.pair(self.source, tiff, &directory, (0x0101, 0x0102), false)?;
        }
        self.directory(tiff, &directory, Role::Notes(tag), Link::None, &[], depth + 1)
    }

    /// Panasonic's camera data: a TIFF structure that counts from itself.
    pub(super) fn camera(&mut self, tiff: &Tiff, data: Span, depth: u8) -> Result<()> {
        let (inner, first) = Tiff::open(tiff.source(), data.start)?;
        if inner.big {
            return Err(Refusal::malformed("the camera data is no TIFF structure", data.start));
        }
        let directory = inner.directory(first)?;
        self.draft.frame(Span::new(data.start, data.start + 8), "head of the camera data");
        self.directory(&inner, &directory, Role::Camera, Link::None, &[], depth + 1)
    }

    /// Sony's private directory, and the enciphered one behind it.
    pub(super) fn private(&mut self, tiff: &Tiff, entry: &Entry) -> Result<()> {
        let at = tiff.bytes(entry, 4);
        let at = tiff.order.number(&at);
        let directory = tiff.directory(at).map_err(|r| r.hint(ELSEWHERE))?;
        let find = |tag: u16| directory.entries.iter().find(|e| e.tag == tag);
        let one = |tag: u16| find(tag).and_then(|e| tiff.numbers(e, 1).first().copied());
        let block = one(0x7200).zip(one(0x7201)).zip(one(0x7221));
        let mut kept = Vec::new();
        if let Some(((from, len), key)) = block {
            let unknown = || Refusal::unsupported("the private directory cannot be read").at(from).hint(ELSEWHERE);
            let span = Span::at(from, len).filter(|s| s.end <= self.source.len() && len < 1 << 20).ok_or_else(unknown)?;
            let old = self.source.bytes(span, 1 << 20)?;
            let new = cipher::sony(&old, key as u32, tiff.order, from).ok_or_else(unknown)?;
            let found = Finding::rewritten("ARW", "private directory: levels and corrections only", Tells::Device);
            self.draft.replace(span, "private directory", Fate::put(new), vec![found]);
            for entry in directory.entries.iter().filter(|e| matches!(e.tag, 0x7200 | 0x7201 | 0x7221)) {
                let mut row = self.as_it_is(tiff, entry, entry.data.unwrap_or_default(), true);
                if entry.tag == 0x7221 {
                    row.field = vec![Fate::put(number(tiff.order, cipher::SONY_KEY.into(), 4))];
                }
                kept.push(row);
            }
        }
        let stay = |e: &&Entry| kept.is_empty() || !matches!(e.tag, 0x7200 | 0x7201 | 0x7221);
        for entry in directory.entries.iter().filter(stay) {
            self.gone.entry(tiff, Role::Private, entry);
        }
        self.compose(tiff, &directory, Link::None, kept)
    }

    /// Samsung's table of where each row begins.
    pub(super) fn rows(&mut self, tiff: &Tiff, entry: &Entry) -> Result<()> {
        let one = |tag: u16| self.pictures.of_sensor(tag);
        if let (Some(at), Some(height), Some(32770)) = (tiff.numbers(entry, 1).first(), one(0x0101), one(0x0103)) {
            let table = height.checked_mul(4).and_then(|len| Span::at(*at, len)).filter(|s| s.end <= self.source.len());
            self.values.push(table.ok_or_else(|| Refusal::malformed("the table of rows passes the end", *at))?);
        }
        Ok(())
    }

    /// A block of which a part stays, or what is enciphered, under a key that tells nothing.
    pub(super) fn reduced(&mut self, tiff: &Tiff, entry: &Entry, data: Span, ciphered: &BTreeMap<u16, Vec<u8>>) -> Option<Kept> {
        let new = ciphered.get(&entry.tag).filter(|new| new.len() as u64 == data.len())?.clone();
        let (label, tells) = match (self.kind, entry.tag) {
            (Kind::Nef, 0x001d) => ("camera body serial number", Tells::Identifier),
            (Kind::Nef, 0x00a7) => ("shutter count", Tells::Identifier),
            (Kind::Cr2, _) => ("camera information: which way the camera was held", Tells::Device),
            (Kind::Nef, 0x0e01) => ("edits: changed white balance and turn", Tells::History),
            (Kind::Srw, 0xa020) => ("encryption key", Tells::Identifier),
            _ => ("enciphered colour data: what a converter reads", Tells::Device),
        };
        let mut found = Finding::rewritten(self.kind.name(), label, tells);
        if entry.tag == 0x001d {
            let text = tiff.bytes(entry, 64);
            found = found.value(String::from_utf8_lossy(&text).trim_end_matches(['\0', ' ']).to_owned());
        }
        self.renew(tiff, entry, data, new, "enciphered data", vec![found])
    }
}
