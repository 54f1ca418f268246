//! Clusters: blocks of tracks that are there, and what little they need. Where nothing has to go, a cluster is copied whole.

use super::{Film, walk};
use crate::blocks::messages;
use crate::grammar::ebml::{self, Element};
use crate::plan::{Fate, Number};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Span};

/// What becomes of a part of a cluster that is not simply kept.
enum Part {
    Stale(Span),
    Group(Element, Vec<Element>),
}

impl Part {
    fn span(&self) -> Span {
        match self {
            Part::Stale(span) => *span,
            Part::Group(group, _) => group.span(),
        }
    }
}

impl Film<'_, '_> {
    pub(super) fn cluster(&mut self, cluster: &Element) -> Result<()> {
        let mut parts = Vec::new();
        let mut last = cluster.body.start;
        let mut strangers = 0;
        walk::cluster(&**self.source, cluster, |child| {
            last = child.body.end;
            match child.id {
                0xe7 if child.body.len() <= 8 => {}
                0xa3 | 0xa0 if child.cut => parts.push(Part::Stale(child.span())),
                0xa3 => match self.plays(child.body, &mut strangers)? {
                    true => self.listen(child.body)?,
                    false => parts.push(Part::Stale(child.span())),
                },
                0xa0 => {
                    let children = ebml::children(&**self.source, child.body)?;
                    let block = children.iter().find(|c| c.id == 0xa1);
                    let Some(block) = block else {
                        parts.push(Part::Stale(child.span()));
                        return Ok(());
                    };
                    if !self.plays(block.body, &mut strangers)? {
                        parts.push(Part::Stale(child.span()));
                        return Ok(());
                    }
                    self.listen(block.body)?;
                    if !children.iter().map(|c| self.stays(c)).collect::<Result<Vec<_>>>()?.into_iter().all(|s| s) {
                        parts.push(Part::Group(*child, children));
                    }
                }
                0xaf => return Err(Refusal::new(Code::Drm, "a block is encrypted").at(child.head.start)),
                _ => parts.push(Part::Stale(child.span())),
            }
            Ok(())
        })?;
        self.strangers += strangers;
        if last < cluster.body.end {
            parts.push(Part::Stale(Span::new(last, cluster.body.end)));
        }
        if parts.is_empty() && !cluster.cut && self.messages.blank.is_empty() {
            self.whole(cluster.span());
            return Ok(());
        }
        // Most programs write a checksum, and nothing else that goes: then the head is written anew without it.
        let checksum = Span::new(cluster.body.start, cluster.body.start + self.checksum(cluster.body)?);
        if let [Part::Stale(span)] = parts[..]
            && span == checksum
            && !cluster.cut
            && !cluster.unknown
            && let Some(size) = Number::Vint(cluster.size.len() as u8).encode(cluster.body.len() - checksum.len())
        {
            let head = [&ebml::id_bytes(cluster.id)[..], &size].concat();
            self.draft.reframe(Span::new(cluster.head.start, checksum.end), "Cluster", Fate::put(head));
            self.blocks(Span::new(checksum.end, cluster.body.end), "blocks");
            self.stale += checksum.len();
            return Ok(());
        }
        self.cut |= cluster.cut;
        self.head(cluster);
        let mut at = cluster.body.start;
        for part in parts {
            self.blocks(Span::new(at, part.span().start), "blocks");
            at = part.span().end;
            match part {
                Part::Stale(span) => self.stale(span),
                Part::Group(group, children) => self.group(&group, &children)?,
            }
        }
        self.blocks(Span::new(at, cluster.body.end), "blocks");
        Ok(())
    }

    /// Looks for messages in a block of video that is one sample.
    fn listen(&mut self, block: Span) -> Result<()> {
        if self.units.is_empty() {
            return Ok(());
        }
        let Some(units) = self.units.get(&walk::track_of(&**self.source, block)?) else { return Ok(()) };
        let lead = source::head(&**self.source, block.start, 12)?;
        // The number of the track, two bytes of time, the flags.
        let number = lead.first().map_or(0, |b| b.leading_zeros() as usize + 1);
        let one = lead.get(number + 2).is_some_and(|flags| flags & 0x06 == 0);
        let sample = Span::new((block.start + number as u64 + 3).min(block.end), block.end);
        if one {
            let strip = !self.job.keeps(Token::EncoderStrings);
            messages::look(&**self.source, *units, sample, strip, &mut self.messages)?;
            self.job.limits().check_structures(self.messages.blank.len())?;
        }
        Ok(())
    }

    /// Blocks that stay, but for the messages in them.
    fn blocks(&mut self, span: Span, name: &'static str) {
        let (inside, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.messages.blank).into_iter().partition(|(m, _)| span.contains(*m));
        self.messages.blank = others;
        let mut at = span.start;
        for (message, fresh) in inside {
            self.draft.essence(Span::new(at, message.start), name);
            self.draft.replace(message, "message", Fate::put(fresh), Vec::new());
            at = message.end;
        }
        self.draft.essence(Span::new(at, span.end), name);
    }

    /// A cluster that stays as it is; with its neighbours it is one step.
    pub(super) fn whole(&mut self, cluster: Span) {
        if self.run.end == cluster.start {
            self.run.end = cluster.end;
            return;
        }
        self.draft.essence(self.run, "Cluster");
        self.run = cluster;
    }

    /// Whether a block belongs to a track that stays. Those of tracks that were never there are hidden from every player.
    fn plays(&self, block: Span, strangers: &mut u64) -> Result<bool> {
        let track = walk::track_of(&**self.source, block)?;
        let known = self.numbers.contains(&track);
        *strangers += u64::from(!known);
        Ok(known && !self.dropped.contains(&track))
    }

    /// Whether a child of a block group stays as it is: duration, references, priority, padding that is not played, a
    /// codec's own state; and what a block has besides, where the track says what that is.
    fn stays(&self, e: &Element) -> Result<bool> {
        match e.id {
            0xa1 | 0xa4 => Ok(true),
            0x9b | 0xfb | 0xfa | 0x75a2 => Ok(e.body.len() <= 8),
            0x75a1 => {
                let more = ebml::children(&**self.source, e.body)?;
                Ok(!more.is_empty() && more.iter().map(|m| self.adds(m)).collect::<Result<Vec<_>>>()?.into_iter().all(|s| s))
            }
            _ => Ok(false),
        }
    }

    /// Whether what a block has besides is of a kind that stays.
    fn adds(&self, more: &Element) -> Result<bool> {
        if more.id != 0xa6 {
            return Ok(false);
        }
        let children = ebml::children(&**self.source, more.body)?;
        let small = children.iter().all(|c| c.id == 0xa5 || c.id == 0xee && c.body.len() <= 8);
        let id = self.fields(more.body)?.get(&0xee).map_or(1, |b| ebml::to_uint(b));
        Ok(small && (id <= 1 || self.additions.contains(&id)))
    }

    /// A block group of which something goes.
    fn group(&mut self, group: &Element, children: &[Element]) -> Result<()> {
        self.head(group);
        for child in children {
            if self.stays(child)? {
                self.blocks(child.span(), "block");
                continue;
            }
            let more = if child.id == 0x75a1 { ebml::children(&**self.source, child.body)? } else { Vec::new() };
            let fates = more.iter().map(|m| self.adds(m)).collect::<Result<Vec<_>>>()?;
            if !fates.contains(&true) {
                self.stale(child.span());
                continue;
            }
            self.head(child);
            for (more, adds) in more.iter().zip(fates) {
                match adds {
                    true => self.draft.essence(more.span(), "block"),
                    false => self.stale(more.span()),
                }
            }
        }
        Ok(())
    }

    fn stale(&mut self, span: Span) {
        self.draft.reframe(span, "stale", Fate::put([]));
        self.stale += span.len();
    }
}
