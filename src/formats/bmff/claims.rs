//! Media data is claimed, never assumed. Items and samples that stay claim their bytes; pictures and tracks that share bytes
//! claim them together; what nobody claims goes. Neighbours are one claim, so a film of two hours is a few steps.

use std::collections::BTreeSet;

use super::Walk;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::Atom;
use crate::refusal::{Refusal, Result};
use crate::source::Span;

/// A set of positions, as spans that neither touch nor overlap once it is settled.
#[derive(Default)]
pub(super) struct Spans {
    list: Vec<Span>,
    /// When there are more, it is time to settle.
    full: usize,
}

impl Spans {
    /// Adds the bytes of `span`.
    pub(super) fn add(&mut self, span: Span) {
        match self.list.last_mut() {
            _ if span.is_empty() => {}
            Some(last) if last.end == span.start => last.end = span.end,
            _ => self.list.push(span),
        }
        if self.list.len() > self.full.max(1 << 16) {
            self.settle();
            self.full = self.list.len() * 2;
        }
    }

    /// Sorts, and makes one of what touches.
    pub(super) fn settle(&mut self) {
        self.list.sort_unstable();
        self.list.dedup_by(|next, last| {
            let joined = next.start <= last.end;
            if joined {
                last.end = last.end.max(next.end);
            }
            joined
        });
    }

    /// The parts of `of` that are in the set, and those that are not. The set must be settled.
    fn split(&self, of: Span) -> Vec<(Span, bool)> {
        let (mut out, mut at) = (Vec::new(), of.start);
        let first = self.list.partition_point(|s| s.end <= of.start);
        for inside in self.list[first..].iter().take_while(|s| s.start < of.end) {
            let inside = inside.meet(of);
            if at < inside.start {
                out.push((Span::new(at, inside.start), false));
            }
            out.push((inside, true));
            at = inside.end;
        }
        if at < of.end {
            out.push((Span::new(at, of.end), false));
        }
        out
    }
}

/// What stays, what goes, and where media may lie at all.
#[derive(Default)]
pub(super) struct Claims {
    /// The insides of `mdat` and `idat` boxes.
    areas: Vec<Span>,
    starts: BTreeSet<u64>,
    kept: Spans,
    /// Bytes that have steps of their own, whoever claims them.
    made: Spans,
    starts_made: BTreeSet<u64>,
    lost: Spans,
}

impl Claims {
    /// Adds a place where media may lie.
    pub(super) fn area(&mut self, span: Span) {
        self.areas.push(span);
        self.starts.insert(span.start);
    }

    /// Claims bytes for something that stays.
    pub(super) fn keep(&mut self, span: Span) {
        self.kept.add(span);
    }

    /// Says that bytes have a step of their own: they stay in another form. Returns whether nobody said so before.
    pub(super) fn make(&mut self, span: Span) -> bool {
        self.made.add(span);
        self.starts_made.insert(span.start)
    }

    /// Whether an area of media starts here.
    pub(super) fn starts(&self, at: u64) -> bool {
        self.starts.contains(&at)
    }

    /// Says whose bytes these are, if nobody else claims them: something that goes, and is told already.
    pub(super) fn lose(&mut self, span: Span) {
        self.lost.add(span);
    }

    /// Whether anything that stays lies in this area.
    fn lives(&self, area: Span) -> bool {
        [&self.kept, &self.made].iter().any(|spans| spans.split(area).iter().any(|(_, inside)| *inside))
    }
}

/// Turns the claims into steps, when everything around the media has its own.
pub(super) fn settle(walk: &mut Walk, top: &[Atom]) -> Result<()> {
    let mut claims = std::mem::take(&mut walk.claims);
    claims.kept.settle();
    claims.made.settle();
    claims.lost.settle();
    claims.areas.sort_unstable();
    for span in &claims.kept.list {
        let i = claims.areas.partition_point(|a| a.end < span.end);
        if !claims.areas.get(i).is_some_and(|a| a.contains(*span)) {
            let what =
                if span.end > walk.source.len() { "the media ends before it should" } else { "media lies outside of media data" };
            return Err(Refusal::malformed(what, span.start));
        }
        for (part, made) in claims.made.split(*span) {
            if !made {
                walk.draft.essence(part, "media");
            }
        }
    }
    let mut strays = Strays::default();
    for data in top.iter().filter(|a| a.is(b"mdat")) {
        if claims.lives(data.body()) {
            if data.cut {
                walk.draft.note(Finding::rewritten(
                    walk.place,
                    "length of the media data, which ran past the end",
                    Tells::Unknown,
                ));
            }
            walk.open(data);
        } else {
            walk.draft.remove_told(Span::new(data.span.start, data.body().start), "mdat");
            strays.bytes += if data.body().is_empty() { data.header } else { 0 };
            strays.remove(walk, &claims, data.body());
        }
    }
    for area in claims.areas.iter().filter(|a| claims.lives(**a)) {
        let gaps = claims.kept.split(*area).into_iter().filter(|(_, kept)| !kept);
        for (gap, made) in gaps.flat_map(|(gap, _)| claims.made.split(gap)) {
            if !made {
                strays.remove(walk, &claims, gap);
            }
        }
    }
    if strays.bytes > 0 {
        let found = Finding::removed(walk.place, "media data that nothing refers to", Tells::Hidden);
        walk.draft.note(found.bytes(strays.bytes));
    }
    walk.job.limits().check_structures(walk.draft.count())
}

/// Counts what nobody speaks of.
#[derive(Default)]
struct Strays {
    bytes: u64,
}

impl Strays {
    fn remove(&mut self, walk: &mut Walk, claims: &Claims, span: Span) {
        for (part, lost) in claims.lost.split(span) {
            walk.draft.remove_told(part, if lost { "removed media" } else { "unreferenced" });
            self.bytes += if lost { 0 } else { part.len() };
        }
    }
}
