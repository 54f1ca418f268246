//! A plan while it is being written: what a format says of spans in any order, until it is sealed.

use super::{Fate, Inner, Part, Plan, Step};
use crate::clean::Cleaned;
use crate::finding::Finding;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Span};

/// What a format writes down while it walks, in any order.
pub struct Draft {
    source: Shared,
    steps: Vec<Step>,
    findings: Vec<Finding>,
    warnings: Vec<String>,
    otherwise: Option<Finding>,
    inner: Inner,
}

impl Draft {
    /// An empty draft over `source`.
    pub fn new(source: &Shared) -> Draft {
        Draft {
            source: source.clone(),
            steps: Vec::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
            otherwise: None,
            inner: Inner::default(),
        }
    }

    /// Content: kept, always. The same span may be claimed again, for pictures that share their data.
    pub fn essence(&mut self, span: Span, name: &'static str) {
        self.step(span, Part::Essence, name, Fate::Keep);
    }

    /// What holds the content together, kept as it is.
    pub fn frame(&mut self, span: Span, name: &'static str) {
        self.step(span, Part::Frame, name, Fate::Keep);
    }

    /// A part of the frame that only changes because something else does: a length, an offset, a checksum, a flag.
    pub fn reframe(&mut self, span: Span, name: &'static str, fate: Fate) {
        let fate = self.or_keep(span, fate);
        self.step(span, Part::Frame, name, fate);
    }

    /// Something that was not there and is needed now, in front of the byte at `at`.
    pub fn insert(&mut self, at: u64, name: &'static str, fate: Fate) {
        self.step(Span::new(at, at), Part::Frame, name, fate);
    }

    /// A part of the frame made of several pieces, in order. The span must have at least as many bytes as there are
    /// pieces (or none at all, for an insertion), so that every piece has a place of its own.
    pub fn compose(&mut self, span: Span, name: &'static str, pieces: Vec<Fate>) {
        let last = pieces.len().saturating_sub(1);
        for (i, fate) in pieces.into_iter().enumerate() {
            let start = (span.start + i as u64).min(span.end);
            let end = if i == last { span.end } else { (start + 1).min(span.end) };
            self.step(Span::new(start, end), Part::Frame, name, fate);
        }
    }

    /// Metadata that goes, and never silently.
    pub fn remove(&mut self, span: Span, name: &'static str, found: Finding) {
        let found = if found.bytes == 0 { found.bytes(span.len()) } else { found };
        self.step(span, Part::Metadata, name, Fate::Drop);
        self.findings.push(found);
    }

    /// A further piece of something that goes and is told already: the media of a removed track, the payload of an item.
    pub fn remove_told(&mut self, span: Span, name: &'static str) {
        self.step(span, Part::Metadata, name, Fate::Drop);
    }

    /// Metadata that goes, told by several findings; there must be at least one.
    pub fn remove_all(&mut self, span: Span, name: &'static str, found: Vec<Finding>) {
        let mut found = found.into_iter();
        let first = found.next().unwrap_or_else(|| Finding::removed(name, name, crate::finding::Tells::Unknown));
        self.remove(span, name, first);
        self.findings.extend(found);
    }

    /// Metadata that stays in a minimal form. Where that form is what stands there already, it is kept without a finding.
    /// Returns whether anything changed.
    pub fn replace(&mut self, span: Span, name: &'static str, fate: Fate, found: Vec<Finding>) -> bool {
        let fate = self.or_keep(span, fate);
        let changed = !matches!(fate, Fate::Keep);
        let part = if changed { Part::Metadata } else { Part::Frame };
        self.step(span, part, name, fate);
        if changed {
            self.findings.extend(found);
        }
        changed
    }

    /// The same for a form that holds words which people see, such as titles of chapters: where it stands there already it
    /// is content, so that a removed name in it is said and not refused.
    pub fn replace_seen(&mut self, span: Span, name: &'static str, fate: Fate, found: Vec<Finding>) -> bool {
        let changed = self.replace(span, name, fate, found);
        if let Some(step) = self.steps.last_mut().filter(|s| !changed && s.span == span) {
            step.part = Part::Essence;
        }
        changed
    }

    /// Bytes overwritten with zeros; kept without a finding where they are zeros already.
    pub fn blank(&mut self, span: Span, name: &'static str, found: Finding) {
        if self.is_zero(span) {
            self.step(span, Part::Frame, name, Fate::Keep);
        } else {
            self.step(span, Part::Metadata, name, Fate::Blank);
            self.findings.push(found.bytes(span.len()));
        }
    }

    /// A file inside this one. `None` where its own plan changes nothing; else the bytes that take its place, which may be
    /// the cleaned member or a packed form of it.
    pub fn member(&mut self, span: Span, name: &'static str, bytes: Option<Shared>) {
        let fate = bytes.map_or(Fate::Keep, Fate::Splice);
        self.step(span, Part::Member, name, fate);
    }

    /// Content that has to be written in another way; the format has proved that it means the same.
    pub fn recode(&mut self, span: Span, name: &'static str, bytes: Shared) {
        self.step(span, Part::Recoded, name, Fate::Splice(bytes));
    }

    /// Takes over what a member's own plan found, under the member's name.
    pub fn adopt(&mut self, name: &str, cleaned: &Cleaned) {
        self.findings.extend(cleaned.findings().iter().cloned().map(|f| f.within(name)));
        self.warnings.extend(cleaned.warnings().iter().map(|w| format!("{name}: {w}")));
        self.inner.essence += cleaned.plan().essence();
        self.inner.recoded |= cleaned.plan().is_recoded();
    }

    /// More about a span that is told already, or about something kept.
    pub fn note(&mut self, found: Finding) {
        self.findings.push(found);
    }

    /// What to say of a result that differs although nothing else was found: an order, an alignment, a slack that a frame
    /// written anew does not have. It is told only then.
    pub fn otherwise(&mut self, found: Finding) {
        self.otherwise = Some(found);
    }

    /// Something a person should know although nothing was done about it.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// What was found so far, members included.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether any finding so far says that something changes.
    pub fn tells_of_changes(&self) -> bool {
        self.findings.iter().any(|f| f.action.changes())
    }

    /// How many steps there are so far, for limits.
    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// The spans of the input that no step covers yet, in order.
    pub fn gaps(&mut self) -> Vec<Span> {
        self.sort();
        let mut gaps = Vec::new();
        let mut at = 0;
        for step in &self.steps {
            if step.span.start > at {
                gaps.push(Span::new(at, step.span.start));
            }
            at = at.max(step.span.end);
        }
        if at < self.source.len() {
            gaps.push(Span::new(at, self.source.len()));
        }
        gaps
    }

    /// Removes every byte that no step covers: bytes that nobody refers to. `tell` makes the finding for each gap.
    pub fn remove_gaps(&mut self, name: &'static str, mut tell: impl FnMut(Span) -> Finding) {
        for gap in self.gaps() {
            self.remove(gap, name, tell(gap));
        }
    }

    /// Ends the draft.
    ///
    /// # Errors
    /// `Internal` where the steps do not tile the source, essence is not kept, or something goes without a finding: faults
    /// of a format, which must not become faults of a file. `Malformed` where two structures claim the same bytes.
    pub fn seal(mut self) -> Result<Plan> {
        self.sort();
        self.steps.dedup_by(|b, a| a.span == b.span && !a.span.is_empty() && a.part == b.part && is_keep(a) && is_keep(b));
        let mut at = 0;
        let mut changes = false;
        for step in &self.steps {
            if step.span.start < at {
                return Err(Refusal::malformed(format!("two structures claim the same bytes ({})", step.name), step.span.start));
            }
            if step.span.start > at {
                return Err(Refusal::new(Code::Internal, "bytes without a fate").at(at));
            }
            if let Fate::Offsets { code, .. } = step.fate
                && step.span.len() % code.width() as u64 != 0
            {
                return Err(Refusal::malformed("a table of positions ends in the middle of one", step.span.end));
            }
            if step.part == Part::Essence && !is_keep(step) {
                return Err(Refusal::new(Code::Internal, "content that is not kept").at(at));
            }
            changes |= step.part == Part::Metadata && !is_keep(step);
            at = step.span.end;
        }
        if at != self.source.len() {
            return Err(Refusal::new(Code::Internal, "bytes without a fate at the end").at(at));
        }
        if changes && self.otherwise.is_none() && !self.findings.iter().any(|f| f.action.changes()) {
            return Err(Refusal::new(Code::Internal, "something would go without a finding"));
        }
        Ok(Plan {
            steps: self.steps,
            findings: self.findings,
            warnings: self.warnings,
            otherwise: self.otherwise,
            of: at,
            inner: self.inner,
        })
    }

    fn step(&mut self, span: Span, part: Part, name: &'static str, fate: Fate) {
        if span.is_empty() && matches!(fate, Fate::Keep | Fate::Drop | Fate::Blank | Fate::Offsets { .. }) {
            return;
        }
        self.steps.push(Step { span, part, name, fate });
    }

    /// By position; an insertion comes before the bytes at its position, insertions at one place in the order they came.
    fn sort(&mut self) {
        self.steps.sort_by_key(|s| (s.span.start, s.span.end));
    }

    /// `Put` of what stands there already is `Keep`.
    fn or_keep(&self, span: Span, fate: Fate) -> Fate {
        match fate {
            Fate::Put(bytes) if bytes.len() as u64 == span.len() => match self.source.bytes(span, span.len()) {
                Ok(there) if there[..] == bytes[..] => Fate::Keep,
                _ => Fate::Put(bytes),
            },
            fate => fate,
        }
    }

    fn is_zero(&self, span: Span) -> bool {
        let mut zero = true;
        let read = crate::source::each_block(&*self.source, span, |block| zero &= block.iter().all(|b| *b == 0));
        read.is_ok() && zero
    }
}

fn is_keep(step: &Step) -> bool {
    matches!(step.fate, Fate::Keep)
}
