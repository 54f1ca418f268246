//! From token to token: which words go, which text goes with the state that it stands in, and what parts words once
//! something between them is gone.

use std::collections::HashMap;
use std::ops::Range;

use super::{found, names, text, word};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::changes::Changes;
use crate::grammar::rtf::{self, Kind, Token};
use crate::policy::{Token as Word, TrackedChanges};
use crate::refusal::{Refusal, Result};

/// Character properties that decide whether text goes.
#[derive(Clone, Copy, Default)]
struct State {
    deleted: bool,
    inserted: bool,
    hidden: bool,
}

/// A document while it is looked at.
pub(super) struct Walk<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) bytes: &'a [u8],
    pub(super) tokens: &'a [Token],
    /// Whether it is a page of HTML in the clothes of RTF.
    pub(super) html: bool,
    pub(super) changes: Changes,
    /// Runs of tokens that go, in order.
    gone: Vec<(Range<usize>, Finding)>,
    states: Vec<State>,
    /// List identifiers in the order in which they were met.
    numbers: HashMap<i64, usize>,
}

/// What changes in a document that begins at `start`.
///
/// # Errors
/// Where it cannot be read, or something in it cannot be cleaned.
pub(super) fn look(job: &Job, bytes: &[u8], start: usize) -> Result<Changes> {
    let tokens = &rtf::tokens(bytes, start)?;
    job.limits().check_structures(tokens.len())?;
    let mut walk = Walk {
        job,
        bytes,
        tokens,
        html: tokens.iter().take(64).any(|t| word(bytes, t) == Some("fromhtml")),
        changes: Changes::default(),
        gone: Vec::new(),
        states: vec![State::default()],
        numbers: HashMap::new(),
    };
    walk.outside(start);
    walk.run()?;
    walk.lay_gone();
    Ok(walk.changes)
}

impl Walk<'_> {
    pub(super) fn drop_tokens(&mut self, tokens: Range<usize>, finding: Finding) {
        if !tokens.is_empty() {
            self.gone.push((tokens, finding));
        }
    }

    /// What lies before and behind the document.
    fn outside(&mut self, start: usize) {
        if start > 0 {
            self.changes.remove(0..start, "before the document", found("data before the document", Tells::Hidden, ""));
        }
        let end = self.tokens.last().map_or(start, |t| t.span.end);
        let rest = &self.bytes[end..];
        let line = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
        if rest.len() > line {
            let said = text(&rest[line..]);
            self.changes.remove(
                end + line..self.bytes.len(),
                "behind the document",
                found("data behind the document", Tells::Hidden, said),
            );
        }
    }

    /// The braces that are missing at the end: of the groups that stay, those that nothing closes.
    fn close(&mut self, gone: &[Range<usize>]) {
        let last = self.tokens.len();
        let stays = |i: &usize| {
            let next = gone.partition_point(|run| run.end <= *i);
            gone.get(next).is_none_or(|run| run.start > *i)
        };
        let opens = (0..last).filter(|i| self.tokens[*i].kind == Kind::Open(last));
        let open = opens.filter(stays).count();
        if open > 0 {
            let end = self.tokens[last - 1].span.end;
            // A lone backslash at the end would swallow the brace.
            let token = &self.tokens[last - 1];
            let alone = stays(&(last - 1)) && token.kind == Kind::Text && self.bytes[token.span.clone()] == *b"\\";
            let finding = Finding::rewritten("RTF", "missing end of the document", Tells::Rendering);
            self.changes.put(end - usize::from(alone)..end, "end", b"}".repeat(open), finding);
        }
    }

    fn run(&mut self) -> Result<()> {
        let mut i = 0;
        while let Some(token) = self.tokens.get(i) {
            match &token.kind {
                Kind::Open(close) => {
                    let past = (*close + 1).min(self.tokens.len());
                    if let Some(finding) = self.group(i, past)? {
                        self.drop_tokens(i..past, finding);
                        i = past;
                        continue;
                    }
                    let state = self.state();
                    self.states.push(state);
                }
                Kind::Close => {
                    if self.states.len() > 1 {
                        self.states.pop();
                    }
                }
                Kind::Word { number, .. } => self.word(i, *number)?,
                Kind::Text | Kind::Hex | Kind::Symbol(b'~' | b'_' | b'-' | b'\\' | b'{' | b'}') | Kind::Binary(_) => {
                    self.character(i);
                }
                Kind::Symbol(_) => {}
            }
            i += 1;
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.states.last().copied().unwrap_or_default()
    }

    fn set(&mut self, set: impl Fn(&mut State)) {
        if let Some(state) = self.states.last_mut() {
            set(state);
        }
    }

    pub(super) fn tracked(&self) -> TrackedChanges {
        match self.job.policy().tracked_changes {
            TrackedChanges::Accept if self.job.keeps(Word::TrackedChanges) => TrackedChanges::Anonymise,
            said => said,
        }
    }

    /// Why text in this state goes.
    pub(super) fn doomed(&self) -> Option<Finding> {
        let state = self.state();
        let tracked = self.tracked();
        if state.deleted && tracked == TrackedChanges::Accept {
            return Some(found("text that was deleted with changes tracked", Tells::Hidden, ""));
        }
        if state.inserted && tracked == TrackedChanges::Reject {
            return Some(found("text that was inserted with changes tracked", Tells::History, ""));
        }
        (state.hidden && !self.job.keeps(Word::Hidden)).then(|| found("hidden text", Tells::Hidden, ""))
    }

    fn character(&mut self, i: usize) {
        if let Some(finding) = self.doomed() {
            let said = text(&self.bytes[self.tokens[i].span.clone()]);
            self.drop_tokens(i..i + 1, if said.is_empty() { finding } else { finding.value(said) });
        }
    }

    fn word(&mut self, i: usize, number: Option<i64>) -> Result<()> {
        let token = &self.tokens[i];
        let Some(name) = word(self.bytes, token) else { return Ok(()) };
        let on = number != Some(0);
        let tracked = self.tracked();
        match name {
            "plain" => self.set(|s| *s = State::default()),
            "v" => {
                self.set(|s| s.hidden = on);
                if on && self.job.keeps(Word::Hidden) {
                    let why = "it may be there for a purpose; --drop hidden removes it";
                    self.changes.note(Finding::kept("RTF", "hidden text", Tells::Hidden, why));
                }
            }
            "deleted" | "mvf" => self.set(|s| s.deleted = on),
            "revised" | "mvt" => self.set(|s| s.inserted = on),
            _ => {}
        }
        let mark = matches!(name, "deleted" | "revised" | "mvf" | "mvt" | "revisions" | "revprop");
        if mark && tracked == TrackedChanges::Refuse {
            return Err(Refusal::unsupported("it holds tracked changes")
                .at(token.span.start as u64)
                .hint("accept or reject them first"));
        }
        if names::word(name) {
            let tells = if name.contains("rsid") { Tells::Identifier } else { Tells::History };
            self.drop_tokens(i..i + 1, found(format!("word {name}"), tells, ""));
        } else if mark && tracked != TrackedChanges::Anonymise {
            self.drop_tokens(i..i + 1, found("mark of a tracked change", Tells::History, ""));
        } else if name == "chatn" && !self.job.keeps(Word::Comments) {
            self.drop_tokens(i..i + 1, found("mark of a comment", Tells::Text, ""));
        } else if names::character(name) {
            self.character(i);
        } else if matches!(name, "listid" | "listtemplateid")
            && let Some(number) = number
        {
            self.renumber(i, name.len(), number);
        }
        Ok(())
    }

    /// Lists are told apart by numbers that link documents; ours count.
    fn renumber(&mut self, i: usize, name: usize, number: i64) {
        let next = self.numbers.len() + 1;
        let place = *self.numbers.entry(number).or_insert(next);
        let span = self.tokens[i].span.clone();
        let start = span.start + 1 + name;
        let digits = self.bytes[start..span.end].iter().take_while(|b| b.is_ascii_digit() || **b == b'-').count();
        let new = place.to_string().into_bytes();
        if self.bytes[start..start + digits] != new[..] {
            let finding = Finding::rewritten("RTF", "number of a list", Tells::Identifier);
            self.changes.put(start..start + digits, "number of a list", new, finding);
        }
    }

    /// Turns runs of tokens that go into edits. Where a word in front would run into what follows, a space parts them.
    fn lay_gone(&mut self) {
        let mut gone = std::mem::take(&mut self.gone);
        gone.sort_by_key(|(run, _)| (run.start, run.end));
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut gone = gone.into_iter().peekable();
        while let Some((mut run, finding)) = gone.next() {
            let mut findings = vec![finding];
            while let Some((next, finding)) = gone.next_if(|(next, _)| next.start <= run.end) {
                run.end = run.end.max(next.end);
                findings.push(finding);
            }
            runs.push(run.clone());
            let span = self.tokens[run.start].span.start..self.tokens[run.end - 1].span.end;
            let before = run.start.checked_sub(1).map(|i| &self.tokens[i]);
            let open = before.is_some_and(|t| {
                matches!(t.kind, Kind::Word { .. }) && self.bytes.get(t.span.end.wrapping_sub(1)) != Some(&b' ')
            });
            let next = self.bytes.get(span.end);
            let parts = open && next.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b' '));
            let new = if parts { b" ".to_vec() } else { Vec::new() };
            let mut findings = findings.into_iter();
            if let Some(first) = findings.next() {
                self.changes.put(span, "group or word", new, first);
            }
            findings.for_each(|f| self.changes.note(f));
        }
        self.close(&runs);
    }
}
