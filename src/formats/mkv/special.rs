//! Elements that are written anew: names of programs, identifiers, languages, a codec's own data; and what positions
//! refer to: the index and the table of parts, both of which must point to what is still there.

use std::collections::HashMap;

use super::{Film, private, table};
use crate::finding::{Finding, Tells};
use crate::grammar::ebml::{self, Element};
use crate::plan::{Fate, Number};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

impl Film<'_, '_> {
    pub(super) fn special(&mut self, e: &Element, siblings: &[Element]) -> Result<()> {
        let source = self.source;
        let uint = |id: u32| -> Result<Option<u64>> {
            let e = siblings.iter().find(|s| s.id == id);
            e.map(|e| Ok(ebml::to_uint(&source.bytes(e.body, 8)?))).transpose()
        };
        let limit = self.job.limits().block;
        match e.id {
            0x4d80 | 0x5741 => {
                let value = String::from_utf8_lossy(&source.bytes(e.body, limit)?).into_owned();
                let found = Finding::removed("Matroska", "program that wrote the file", Tells::Software).value(value);
                self.anew(e, b"", found);
            }
            0x4dbb => self.seek(e)?,
            0xf1 => {
                let target = self.segment.start.saturating_add(ebml::to_uint(&source.bytes(e.body, 8)?));
                self.position(e, target, self.segment.start);
            }
            0xf0 => {
                let cluster = uint(0xf1)?.and_then(|p| self.clusters.get(&self.segment.start.saturating_add(p)).copied());
                let cluster = cluster.ok_or_else(|| Refusal::malformed("an index entry has no cluster", e.head.start))?;
                let (target, origin) = self.in_cluster(cluster, ebml::to_uint(&source.bytes(e.body, 8)?))?;
                self.position(e, target, origin);
            }
            0x22b59c | 0x22b59d if self.job.keeps(Token::Language) && table::is_code(&source.bytes(e.body, limit)?) => {
                self.draft.frame(e.span(), "language");
            }
            0x22b59c | 0x22b59d => self.draft.remove(e.span(), "language", Finding::removed("Matroska", "language", Tells::Text)),
            0x536e if self.job.keeps(Token::TrackNames) => self.draft.frame(e.span(), "track name"),
            0x536e => {
                let value = String::from_utf8_lossy(&source.bytes(e.body, limit)?).into_owned();
                self.draft.remove(e.span(), "track name", Finding::removed("Matroska", "track name", Tells::Text).value(value));
            }
            0x73c5 => {
                let number = uint(0xd7)?.unwrap_or(1);
                self.anew(e, &ebml::uint(number), Finding::rewritten("Matroska", "random track identifier", Tells::Identifier));
            }
            0x63a2 => self.codec_private(e, siblings)?,
            0x41e4 => self.addition(e)?,
            0x45bc => {
                self.editions += 1;
                let n = self.editions;
                self.anew(e, &ebml::uint(n), Finding::rewritten("Matroska", "random edition identifier", Tells::Identifier));
            }
            0x73c4 => {
                self.chapters += 1;
                let n = self.chapters;
                self.anew(e, &ebml::uint(n), Finding::rewritten("Matroska", "random chapter identifier", Tells::Identifier));
            }
            0x89 | 0xe5 | 0xed => {
                let uid = ebml::to_uint(&source.bytes(e.body, 8)?);
                // Cleaned files refer to tracks by their numbers already, which are their identifiers then.
                let number = self.uids.get(&uid).copied().unwrap_or(1);
                self.anew(e, &ebml::uint(number), Finding::rewritten("Matroska", "random track identifier", Tells::Identifier));
            }
            0x85 if self.job.policy().is_strict() => {
                let title = format!("Chapter {}", self.chapters);
                self.anew(e, title.as_bytes(), Finding::rewritten("Matroska", "chapter title", Tells::Text));
            }
            0x85 => self.draft.frame(e.span(), "chapter title"),
            0x61a7 => self.attachment(e)?,
            _ => return self.gone(e),
        }
        Ok(())
    }

    /// Replaces the data of a small element.
    pub(super) fn anew(&mut self, e: &Element, data: &[u8], found: Finding) {
        let there = self.source.bytes(e.body, 1 << 20).unwrap_or_default();
        if there == data {
            self.draft.frame(e.span(), "element");
        } else {
            self.draft.replace(e.span(), "element", Fate::put(ebml::compose(e.id, data)), vec![found]);
        }
    }

    fn position(&mut self, e: &Element, of: u64, origin: u64) {
        self.draft.frame(e.head, "position");
        let code = Number::Be(e.body.len() as u8);
        self.draft.reframe(e.body, "position", Fate::Position { of, origin, code });
    }

    /// The place that is so far into the data of a cluster, and where that begins once its checksum is gone.
    fn in_cluster(&self, cluster: Span, far: u64) -> Result<(u64, u64)> {
        let origin = cluster.start + self.checksum(cluster)?;
        Ok((cluster.start.saturating_add(far).max(origin), origin))
    }

    /// How many bytes the checksum takes that the data of a cluster begins with.
    pub(super) fn checksum(&self, cluster: Span) -> Result<u64> {
        const LENGTH: u64 = 6;
        let first = crate::source::head(&**self.source, cluster.start, 2)?;
        Ok(if first == [0xbf, 0x84] && cluster.len() >= LENGTH { LENGTH } else { 0 })
    }

    /// An entry of the index of which nothing changes but positions, as nearly all are: with as few steps as that takes,
    /// since a long film has many. Says whether it was one.
    pub(super) fn cue_point(&mut self, point: &Element, children: &[Element]) -> Result<bool> {
        let mut cells: Vec<(Span, u64, u64)> = Vec::new();
        for child in children {
            match child.id {
                0xb7 if !child.unknown => {
                    let fields = ebml::children(&**self.source, child.body)?;
                    let small = |e: &Element| (1..=8).contains(&e.body.len());
                    let mut cluster = None;
                    for field in &fields {
                        let number = || Ok::<_, Refusal>(ebml::to_uint(&self.source.bytes(field.body, 8)?));
                        match field.id {
                            _ if !small(field) => return Ok(false),
                            0xf1 if cluster.is_none() => {
                                let target = self.segment.start.saturating_add(number()?);
                                cluster = self.clusters.get(&target).copied();
                                cells.push((field.body, target, self.segment.start));
                            }
                            0xf0 => {
                                let Some(cluster) = cluster else { return Ok(false) };
                                let (target, origin) = self.in_cluster(cluster, number()?)?;
                                cells.push((field.body, target, origin));
                            }
                            id if table::rule(0xb7, id) == table::Rule::Number => {}
                            _ => return Ok(false),
                        }
                    }
                }
                0xb3 if child.body.len() <= 8 => {}
                _ => return Ok(false),
            }
        }
        let mut at = point.head.start;
        for (cell, of, origin) in cells {
            self.draft.frame(Span::new(at, cell.start), "cue point");
            self.draft.reframe(cell, "position", Fate::Position { of, origin, code: Number::Be(cell.len() as u8) });
            at = cell.end;
        }
        self.draft.frame(Span::new(at, point.span().end), "cue point");
        Ok(true)
    }

    fn seek(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        let id = children.iter().find(|c| c.id == 0x53ab);
        let at = children.iter().find(|c| c.id == 0x53ac && (1..=8).contains(&c.body.len()));
        if let (Some(id), Some(at)) = (id, at) {
            let target = self.segment.start.saturating_add(ebml::to_uint(&self.source.bytes(at.body, 8)?));
            let wanted = ebml::to_uint(&self.source.bytes(id.body, 8)?);
            if self.tops.get(&target).is_some_and(|there| u64::from(*there) == wanted) && children.len() == 2 {
                self.head(e);
                self.draft.frame(id.span(), "SeekID");
                self.position(at, target, self.segment.start);
                return Ok(());
            }
        }
        let found = Finding::removed("Matroska", "reference to a part that goes", Tells::Unknown);
        self.draft.remove(e.span(), "Seek", found);
        Ok(())
    }

    /// Whether every entry of the index points to a cluster that is there.
    pub(super) fn index_holds(&self, cues: &Element) -> Result<bool> {
        for point in ebml::children(&**self.source, cues.body)?.iter().filter(|c| c.id == 0xbb) {
            for track in ebml::children(&**self.source, point.body)?.iter().filter(|c| c.id == 0xb7) {
                let fields = self.fields(track.body)?;
                let number = |id: u32| fields.get(&id).map(|b| ebml::to_uint(b));
                let at = number(0xf1).and_then(|p| self.segment.start.checked_add(p));
                let Some(cluster) = at.and_then(|at| self.clusters.get(&at)) else { return Ok(false) };
                if number(0xf0).is_some_and(|r| r >= cluster.len()) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether an entry of the index only speaks of tracks that go.
    pub(super) fn indexes_dropped(&self, e: &Element, children: &[Element]) -> Result<bool> {
        let track = |body: Span| Ok::<_, Refusal>(self.fields(body)?.get(&0xf7).map(|b| ebml::to_uint(b)));
        let gone = |track: Option<u64>| track.is_some_and(|t| self.dropped.contains(&t));
        match e.id {
            _ if self.dropped.is_empty() => Ok(false),
            0xb7 => Ok(gone(track(e.body)?)),
            0xbb => {
                let mut all = children.iter().filter(|c| c.id == 0xb7).peekable();
                let any = all.peek().is_some();
                Ok(any && all.map(|c| track(c.body)).collect::<Result<Vec<_>>>()?.into_iter().all(gone))
            }
            _ => Ok(false),
        }
    }

    fn codec_private(&mut self, e: &Element, siblings: &[Element]) -> Result<()> {
        let codec = siblings.iter().find(|s| s.id == 0x86);
        let codec = codec.map(|c| self.source.bytes(c.body, 256)).transpose()?.unwrap_or_default();
        let data = self.source.bytes(e.body, self.job.limits().block)?;
        let neutral = private::neutral(String::from_utf8_lossy(&codec).trim_end_matches('\0'), &data);
        let neutral = neutral.ok_or_else(|| Refusal::malformed("the codec's own data cannot be read", e.head.start))?;
        if neutral.is_empty() && !data.is_empty() {
            let found = Finding::removed("Matroska", "data that the codec does not need", Tells::Hidden);
            self.draft.remove(e.span(), "CodecPrivate", found);
        } else if neutral == data {
            self.draft.frame(e.span(), "CodecPrivate");
        } else {
            let found = Finding::rewritten("Matroska", "comments and paths in the codec's own data", Tells::Software);
            self.draft.frame(Span::new(e.head.start, e.size.start), "CodecPrivate");
            let code = Number::Vint(e.size.len() as u8);
            self.draft.reframe(e.size, "size", Fate::Length { of: e.body, plus: 0, code });
            self.draft.replace(e.body, "CodecPrivate", Fate::put(neutral), vec![found.bytes(e.body.len())]);
        }
        Ok(())
    }

    /// What blocks of a track have besides: alpha, HDR10+ and Dolby Vision stay, time codes and unknown things go.
    fn addition(&mut self, e: &Element) -> Result<()> {
        let children = ebml::children(&**self.source, e.body)?;
        if !is_known_addition(&self.fields(e.body)?) {
            self.draft.remove(
                e.span(),
                "BlockAdditionMapping",
                Finding::removed("Matroska", "time code or unknown data beside blocks", Tells::When),
            );
            return Ok(());
        }
        self.head(e);
        for child in &children {
            match child.id {
                0x41f0 | 0x41e7 if child.body.len() <= 8 => self.draft.frame(child.span(), "element"),
                0x41ed => self.draft.frame(child.span(), "element"),
                _ => self.gone(child)?,
            }
        }
        Ok(())
    }
}

/// Whether the fields of a mapping tell of alpha, HDR10+, Dolby Vision or a second eye. [RFC 9559 5.1.4.1.17]
pub(super) fn is_known_addition(fields: &HashMap<u32, Vec<u8>>) -> bool {
    let four = |name: &[u8; 4]| u64::from(u32::from_be_bytes(*name));
    let known = [0, 1, 4, four(b"dvcC"), four(b"dvvC"), four(b"dvwC"), four(b"hvcE"), four(b"avcE"), four(b"mvcC")];
    known.contains(&fields.get(&0x41e7).map_or(0, |kind| ebml::to_uint(kind)))
}
