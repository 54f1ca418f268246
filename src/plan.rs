//! Every byte of the input has exactly one fate, and the plan says which. A format writes down, while it walks, what each
//! span is and what becomes of it; [`Draft::seal`] refuses unless the spans tile the input from its first byte to its last,
//! content is only ever kept, and nothing goes without a finding. What a plan is applied to, and where its bytes come to
//! lie, is the business of [`crate::view`].

mod draft;

use std::fmt::Write as _;

pub use crate::number::Number;
pub use draft::Draft;

use crate::finding::Finding;
use crate::source::{Shared, Span};

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Pixels, samples, text, names of members: what a person meant to share.
    Essence,
    /// What holds the essence together and says how to show it.
    Frame,
    /// Everything else.
    Metadata,
    /// A file of its own inside this one, with its own plan and its own proof.
    Member,
    /// Essence that had to be written in another way and was proved equal in meaning by its format.
    Recoded,
}

/// What becomes of a span. A span of no length is an insertion and belongs to what follows it.
#[derive(Clone)]
pub enum Fate {
    /// The same bytes.
    Keep,
    /// Nothing.
    Drop,
    /// As many zeros. Second choice: it tells a length.
    Blank,
    /// These bytes, composed by the format.
    Put(Box<[u8]>),
    /// The bytes of another source: a cleaned member, a rebuilt part.
    Splice(Shared),
    /// How many bytes `of` (a span of the input) takes up in the result, plus a constant.
    Length {
        /// The part of the input whose length in the result is meant; insertions at its start count, at its end not.
        of: Span,
        /// Added to it, for fields that count themselves or leave something out.
        plus: i64,
        /// How the number is written.
        code: Number,
    },
    /// Where the input's byte `of` lies in the result, counted from where the boundary `origin` lies.
    Position {
        /// A byte that survives, or the first of a span that is replaced.
        of: u64,
        /// A boundary between steps, or a position inside a kept one; 0 is the start of the file.
        origin: u64,
        /// How the number is written.
        code: Number,
    },
    /// The span is an array of positions in the input, counted from `origin`; written with the same positions in the result.
    Offsets {
        /// As in `Position`.
        origin: u64,
        /// How each number is written.
        code: Number,
    },
    /// As many zeros as it takes for what follows to start at a multiple of this, counted from the start of the result.
    Pad(u64),
}

impl Fate {
    /// The fate of being replaced by these bytes.
    pub fn put(bytes: impl Into<Box<[u8]>>) -> Fate {
        Fate::Put(bytes.into())
    }

    fn name(&self) -> &'static str {
        match self {
            Fate::Keep => "keep",
            Fate::Drop => "drop",
            Fate::Blank => "blank",
            Fate::Put(_) => "put",
            Fate::Splice(_) => "splice",
            Fate::Length { .. } => "length",
            Fate::Position { .. } => "position",
            Fate::Offsets { .. } => "offsets",
            Fate::Pad(_) => "pad",
        }
    }
}

/// One span and its fate.
#[derive(Clone)]
pub struct Step {
    /// Which bytes of the input.
    pub span: Span,
    /// What they are.
    pub part: Part,
    /// Their name in the specification: "SOS", "IDAT", "stco".
    pub name: &'static str,
    /// What becomes of them.
    pub fate: Fate,
}

/// What members carry, that has no span out here.
#[derive(Clone, Copy, Default)]
struct Inner {
    essence: u64,
    recoded: bool,
}

/// A sealed plan: the steps tile the input.
pub struct Plan {
    steps: Vec<Step>,
    findings: Vec<Finding>,
    warnings: Vec<String>,
    otherwise: Option<Finding>,
    of: u64,
    inner: Inner,
}

impl Plan {
    /// The steps, in the order of the input.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What was found, in the order in which it was met.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What a person should know although nothing was done about it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Adds the finding for a result that differs although nothing else was found; called once that is known.
    pub(crate) fn tell_otherwise(&mut self) {
        if !self.has_changes() {
            self.findings.extend(self.otherwise.take());
        }
    }

    /// How long the input is, in bytes.
    pub fn of(&self) -> u64 {
        self.of
    }

    /// How many bytes of content there are, members included.
    pub fn essence(&self) -> u64 {
        let own = self.steps.iter().filter(|s| s.part == Part::Essence).map(|s| s.span.len()).sum::<u64>();
        own + self.inner.essence
    }

    /// Whether any content had to be written in another way, here or in a member.
    pub fn is_recoded(&self) -> bool {
        self.inner.recoded || self.steps.iter().any(|s| s.part == Part::Recoded)
    }

    /// Whether any finding says that something changes.
    pub fn has_changes(&self) -> bool {
        self.findings.iter().any(|f| f.action.changes())
    }

    /// The plan as text, a line a step: `2..20 frame APP0 JFIF keep`. For people, snapshots and debugging.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for step in &self.steps {
            let part = format!("{:?}", step.part).to_lowercase();
            _ = write!(out, "{:?} {part} {} {}", step.span, step.name, step.fate.name());
            match &step.fate {
                Fate::Put(bytes) => _ = write!(out, " {} bytes", bytes.len()),
                Fate::Splice(source) => _ = write!(out, " {} bytes", source.len()),
                _ => {}
            }
            out.push('\n');
        }
        for f in &self.findings {
            _ = write!(out, "{} {}: {} ({})", f.action.name(), f.place, f.label, f.tells.name());
            if let Some(value) = &f.value {
                _ = write!(out, " = {}", value.escape_debug());
            }
            out.push('\n');
        }
        out
    }
}
