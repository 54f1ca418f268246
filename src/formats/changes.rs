//! What changes in a text, and what that tells: for rows whose files are markup. A row says what it would change in some
//! text; here that is said again of the result until nothing changes any more, so that cleaning twice is cleaning once
//! whatever the markup, and then laid into a draft, with all that lies between as content.

use std::ops::Range;

use crate::clean::Cleaned;
use crate::finding::Finding;
use crate::grammar::edits::{Edit, Edits};
use crate::grammar::text::Text;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Refusal, Result};
use crate::source::{Memory, Shared, Span};

/// After so many times a text that still changes is given up.
const ROUNDS: usize = 12;

/// The changes so far, and what they tell.
#[derive(Default)]
pub(super) struct Changes {
    edits: Edits,
    findings: Vec<Finding>,
    members: Vec<(String, Cleaned)>,
}

impl Changes {
    /// Something that goes. The same thing is told once.
    pub(super) fn remove(&mut self, span: Range<usize>, name: &'static str, found: Finding) {
        self.put(span, name, Vec::new(), found);
    }

    /// Something that is written anew.
    pub(super) fn put(&mut self, span: Range<usize>, name: &'static str, text: impl Into<Vec<u8>>, found: Finding) {
        let told = self.findings.iter().rev().take(64).any(|f| f.label == found.label && f.value == found.value);
        if !told {
            self.findings.push(found.bytes(span.len() as u64));
        }
        self.edits.push(Edit { span, name, text: Some(text.into()), inner: false });
    }

    /// A file inside; `None` where it stays as it is.
    pub(super) fn member(&mut self, span: Range<usize>, name: &'static str, text: Option<Vec<u8>>) {
        self.edits.push(Edit { span, name, text, inner: true });
    }

    /// Takes over what was found in a file inside.
    pub(super) fn adopt(&mut self, name: impl Into<String>, cleaned: Cleaned) {
        self.members.push((name.into(), cleaned));
    }

    /// A cleaned file inside, with what was found in it; where it changed, `write` says how it is written in the text. `of` is
    /// its name, `most` the longest that it may be.
    pub(super) fn inside(
        &mut self,
        span: Range<usize>,
        name: &'static str,
        of: impl Into<String>,
        cleaned: Cleaned,
        most: u64,
        write: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<()> {
        let bytes = cleaned.bytes();
        let text = if cleaned.is_identity() { None } else { Some(write(&bytes.bytes(bytes.span(), most)?)) };
        self.adopt(of, cleaned);
        self.member(span, name, text);
        Ok(())
    }

    /// More about what goes, or something that stays and should be known; told once.
    pub(super) fn note(&mut self, found: Finding) {
        if !self.findings.contains(&found) {
            self.findings.push(found);
        }
    }

    /// The text with the changes made; `None` where nothing differs.
    pub(super) fn result(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.edits.clone().apply(text)
    }

    /// Takes over changes that were collected elsewhere, with what they tell.
    pub(super) fn take(&mut self, edits: Edits, findings: Vec<Finding>) {
        edits.into_iter().for_each(|edit| self.edits.push(edit));
        findings.into_iter().for_each(|found| self.note(found));
    }

    /// Adds what was found to change in the result of these.
    fn then(&mut self, later: Changes, len: usize) {
        self.edits = std::mem::take(&mut self.edits).settled().then(&later.edits.settled(), len);
        later.findings.into_iter().filter(|f| f.action.changes()).for_each(|f| self.note(f));
        self.members.extend(later.members.into_iter().filter(|(_, c)| !c.is_identity()));
    }

    fn lay(self, draft: &mut Draft, text: &Text) {
        self.members.iter().for_each(|(name, cleaned)| draft.adopt(name, cleaned));
        let (mut at, mut place) = (0, 0);
        let mut to = |end: usize| {
            let start = place;
            place += text.len_between(at, end) as u64;
            at = end;
            Span::new(start, place)
        };
        for edit in self.edits.settled() {
            draft.essence(to(edit.span.start), "text");
            let span = to(edit.span.end);
            let new = edit.text.map(|t| text.write(t));
            match new {
                new if edit.inner => draft.member(span, edit.name, new.map(Memory::shared)),
                Some(new) if new.is_empty() => draft.remove_told(span, edit.name),
                Some(new) => _ = draft.replace(span, edit.name, Fate::put(new), Vec::new()),
                None => draft.essence(span, edit.name),
            }
        }
        draft.essence(to(text.bytes().len()), "text");
        self.findings.into_iter().for_each(|f| draft.note(f));
    }
}

/// The plan for a text of at most `most` bytes, of which `look` says what changes in it.
///
/// # Errors
/// Those of `look`; `Malformed` where its result would always change once more.
pub(super) fn plan(source: &Shared, most: u64, mut look: impl FnMut(&[u8]) -> Result<Changes>) -> Result<Plan> {
    let raw = source.bytes(source.span(), most)?;
    let text = Text::read(&raw)?;
    let mut all = look(text.bytes())?;
    let mut result = all.result(text.bytes());
    let mut rounds = 0;
    while let Some(now) = &result {
        let more = look(now)?;
        let Some(next) = more.result(now) else { break };
        rounds += 1;
        if rounds == ROUNDS {
            return Err(Refusal::malformed("its markup would change each time something is removed from it", 0));
        }
        all.then(more, text.bytes().len());
        result = Some(next);
    }
    let mut draft = Draft::new(source);
    all.lay(&mut draft, &text);
    draft.seal()
}
