//! What changes in a text: spans that go or are written anew, collected in any order and laid into a draft, with all that
//! lies between as content. Of edits that overlap, the one that begins first counts.

use std::ops::Range;

use crate::finding::Finding;
use crate::plan::{Draft, Fate};
use crate::source::{Memory, Span};

/// One change.
struct Edit {
    span: Range<usize>,
    name: &'static str,
    fate: Change,
}

enum Change {
    Put(Vec<u8>),
    Member(Option<Vec<u8>>),
}

/// The changes so far, and what they tell.
#[derive(Default)]
pub struct Edits {
    edits: Vec<Edit>,
    findings: Vec<Finding>,
}

impl Edits {
    /// Something that goes. The same thing is told once.
    pub fn remove(&mut self, span: Range<usize>, name: &'static str, found: Finding) {
        self.put(span, name, Vec::new(), found);
    }

    /// Something that is written anew.
    pub fn put(&mut self, span: Range<usize>, name: &'static str, bytes: Vec<u8>, found: Finding) {
        let told = self.findings.iter().rev().take(64).any(|f| f.label == found.label && f.value == found.value);
        if !told {
            self.findings.push(found.bytes(span.len() as u64));
        }
        self.edits.push(Edit { span, name, fate: Change::Put(bytes) });
    }

    /// A file inside, whose findings the draft has adopted; `None` where it stays as it is.
    pub fn member(&mut self, span: Range<usize>, name: &'static str, bytes: Option<Vec<u8>>) {
        self.edits.push(Edit { span, name, fate: Change::Member(bytes) });
    }

    /// Something that stays and should be known; told once.
    pub fn note(&mut self, found: Finding) {
        if !self.findings.contains(&found) {
            self.findings.push(found);
        }
    }

    /// Brings them in order.
    pub fn sort(&mut self) {
        self.edits.sort_by_key(|e| (e.span.start, std::cmp::Reverse(e.span.end)));
        let mut end = 0;
        self.edits.retain(|e| {
            let stays = e.span.start >= end;
            if stays {
                end = e.span.end;
            }
            stays
        });
    }

    /// The result. The edits must be in order.
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
        for edit in &self.edits {
            out.extend_from_slice(&bytes[at..edit.span.start]);
            match &edit.fate {
                Change::Put(new) | Change::Member(Some(new)) => out.extend_from_slice(new),
                Change::Member(None) => out.extend_from_slice(&bytes[edit.span.clone()]),
            }
            at = edit.span.end;
        }
        out.extend_from_slice(&bytes[at..]);
        out
    }

    /// Lays them into a draft over bytes of this length. The edits must be in order.
    pub fn lay(self, draft: &mut Draft, len: usize) {
        let span = |r: &Range<usize>| Span::new(r.start as u64, r.end as u64);
        let mut at = 0;
        for edit in self.edits {
            if edit.span.start > at {
                draft.essence(span(&(at..edit.span.start)), "text");
            }
            at = edit.span.end;
            match edit.fate {
                Change::Put(bytes) if bytes.is_empty() => draft.remove_told(span(&edit.span), edit.name),
                Change::Put(bytes) => _ = draft.replace(span(&edit.span), edit.name, Fate::put(bytes), Vec::new()),
                Change::Member(bytes) => draft.member(span(&edit.span), edit.name, bytes.map(Memory::shared)),
            }
        }
        if len > at {
            draft.essence(span(&(at..len)), "text");
        }
        self.findings.into_iter().for_each(|f| draft.note(f));
    }
}
