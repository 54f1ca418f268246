//! RTF: the text stays byte for byte, and so does what shapes it. What tells of its making goes, group by group and word
//! by word; tracked changes are accepted, fields that name somebody keep only their result, pictures are cleaned by their
//! own rows, embedded objects keep the picture that stands for them.

mod names;
mod picture;

use std::collections::HashMap;
use std::ops::Range;

use super::html::edits::Edits;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::rtf::{self, Kind, Token};
use crate::plan::{Draft, Plan};
use crate::policy::{Token as Word, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "RTF",
    extensions: &["rtf"],
    container: false,
    keeps: "text, formatting, lists, footnotes, links, bookmarks; pictures, cleaned",
    removes: "document information, generator, revision identifiers, tracked changes (accepted), comments, template and file \
              names, embedded objects but for their picture, custom data, bytes outside the document",
    sniff,
    plan,
    witness,
};

const START: &[u8] = b"{\\rtf";

fn sniff(head: &Head) -> Option<Match> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    bytes.trim_ascii_start().starts_with(START).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let bytes = source.bytes(source.span(), job.limits().block)?;
    let start = memchr::memmem::find(&bytes, START).ok_or_else(|| Refusal::malformed("it does not begin as RTF", 0))?;
    let tokens = &rtf::tokens(&bytes, start)?;
    job.limits().check_structures(tokens.len())?;
    let html = tokens.iter().take(64).any(|t| word(&bytes, t) == Some("fromhtml"));
    let mut walk = Walk {
        job,
        bytes: &bytes,
        tokens,
        html,
        draft: Draft::new(source),
        edits: Edits::default(),
        gone: Vec::new(),
        states: vec![State::default()],
        numbers: HashMap::new(),
    };
    walk.outside(start);
    walk.run()?;
    walk.lay_gone();
    let Walk { mut draft, mut edits, .. } = walk;
    edits.sort();
    edits.lay(&mut draft, bytes.len());
    draft.seal()
}

/// The name of a control word.
fn word<'a>(bytes: &'a [u8], token: &Token) -> Option<&'a str> {
    match &token.kind {
        Kind::Word { name, .. } => std::str::from_utf8(&bytes[name.clone()]).ok(),
        _ => None,
    }
}

fn found(label: impl Into<std::borrow::Cow<'static, str>>, tells: Tells, value: impl Into<String>) -> Finding {
    let value = value.into();
    let found = Finding::removed("RTF", label, tells);
    if value.is_empty() { found } else { found.value(value) }
}

/// Character properties that decide whether text goes.
#[derive(Clone, Copy, Default)]
struct State {
    deleted: bool,
    inserted: bool,
    hidden: bool,
}

struct Walk<'a> {
    job: &'a Job<'a>,
    bytes: &'a [u8],
    tokens: &'a [Token],
    /// Whether it is a page of HTML in the clothes of RTF.
    html: bool,
    draft: Draft,
    edits: Edits,
    /// Runs of tokens that go, in order.
    gone: Vec<(Range<usize>, Finding)>,
    states: Vec<State>,
    /// List identifiers in the order in which they were met.
    numbers: HashMap<i64, usize>,
}

impl Walk<'_> {
    fn drop_tokens(&mut self, tokens: Range<usize>, finding: Finding) {
        if !tokens.is_empty() {
            self.gone.push((tokens, finding));
        }
    }

    /// What lies before and behind the document.
    fn outside(&mut self, start: usize) {
        if start > 0 {
            self.edits.remove(0..start, "before the document", found("data before the document", Tells::Hidden, ""));
        }
        let end = self.tokens.last().map_or(start, |t| t.span.end);
        let rest = &self.bytes[end..];
        let line = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
        if rest.len() > line {
            let said = text(&rest[line..]);
            self.edits.remove(
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
            self.edits.put(end - usize::from(alone)..end, "end", b"}".repeat(open), finding);
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

    fn tracked(&self) -> TrackedChanges {
        match self.job.policy().tracked_changes {
            TrackedChanges::Accept if self.job.keeps(Word::TrackedChanges) => TrackedChanges::Anonymise,
            said => said,
        }
    }

    /// Why text in this state goes.
    fn doomed(&self) -> Option<Finding> {
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

    /// The destination of the group that opens at `i`, and whether it is marked as ignorable.
    fn destination(&self, i: usize) -> (&str, bool) {
        let mut ignorable = false;
        for token in self.tokens.iter().skip(i + 1).take(6) {
            match &token.kind {
                Kind::Symbol(b'*') => ignorable = true,
                Kind::Text if self.bytes[token.span.clone()].trim_ascii().is_empty() => {}
                Kind::Word { .. } => return (word(self.bytes, token).unwrap_or_default(), ignorable),
                _ => break,
            }
        }
        ("", ignorable)
    }

    /// The first group inside `i..past` with that destination.
    fn inner(&self, i: usize, past: usize, name: &str) -> Option<Range<usize>> {
        (i + 1..past).find_map(|j| match self.tokens[j].kind {
            Kind::Open(close) if self.destination(j).0 == name => Some(j..(close + 1).min(self.tokens.len())),
            _ => None,
        })
    }

    /// All text in these tokens.
    fn plain(&self, tokens: Range<usize>) -> String {
        let mut out = Vec::new();
        for token in &self.tokens[tokens] {
            match token.kind {
                Kind::Text => out.extend(self.bytes[token.span.clone()].iter().filter(|b| !matches!(b, b'\r' | b'\n'))),
                Kind::Symbol(b @ (b'\\' | b'{' | b'}')) => out.push(b),
                Kind::Hex => {
                    let digits = std::str::from_utf8(&self.bytes[token.span.start + 2..token.span.end]).unwrap_or("3f");
                    out.push(u8::from_str_radix(digits, 16).unwrap_or(b'?'));
                }
                _ => {}
            }
        }
        text(&out)
    }

    /// Decides about a group; the finding where all of it goes.
    fn group(&mut self, i: usize, past: usize) -> Result<Option<Finding>> {
        let (name, ignorable) = self.destination(i);
        let name = name.to_owned();
        if names::goes(&name, ignorable, self.html) {
            let tells = match &name[..] {
                "info" | "author" | "operator" | "manager" | "company" => Tells::Text,
                "generator" => Tells::Software,
                "rsidtbl" | "template" | "filetbl" | "nextfile" | "hlinkbase" => Tells::History,
                _ => Tells::Unknown,
            };
            self.people(&name, i, past);
            let said = if matches!(&name[..], "datastore" | "themedata" | "colorschememapping") {
                String::new()
            } else {
                self.plain(i..past)
            };
            return Ok(Some(found(label(&name), tells, said)));
        }
        if names::comment(&name) && !self.job.keeps(Word::Comments) {
            let tells = if name == "atnauthor" { Tells::Who } else { Tells::Text };
            return Ok(Some(found(label(&name), tells, self.plain(i..past))));
        }
        if matches!(&name[..], "atnauthor" | "atnid" | "atntime" | "atndate") {
            return Ok(Some(found(label(&name), Tells::Who, self.plain(i..past))));
        }
        // Pictures, notes and fields in deleted text go whole.
        if matches!(&name[..], "pict" | "shppict" | "nonshppict" | "field" | "footnote" | "object" | "shp" | "shpinst" | "do")
            && let Some(finding) = self.doomed()
        {
            return Ok(Some(finding));
        }
        Ok(match &name[..] {
            "revtbl" => {
                if self.tracked() == TrackedChanges::Refuse {
                    return Err(Refusal::unsupported("it holds tracked changes").hint("accept or reject them first"));
                }
                Some(found("names of people who changed the document", Tells::Who, self.plain(i..past)))
            }
            "bkmkstart" | "bkmkend" => {
                let said = self.plain(i..past);
                (said == "_GoBack").then(|| found("place of the last change", Tells::History, said))
            }
            "field" => self.field(i, past),
            "object" => self.object(i, past),
            "sp" => self.property(i, past),
            "pict" => picture::clean(self, i, past)?,
            _ => None,
        })
    }

    /// The people named in a group that goes, so that the echo can listen for them.
    fn people(&mut self, name: &str, i: usize, past: usize) {
        if name != "info" {
            return;
        }
        for person in ["author", "operator", "manager", "company"] {
            if let Some(group) = self.inner(i, past, person) {
                let said = self.plain(group);
                if !said.is_empty() {
                    self.draft.note(found(label(person), Tells::Who, said));
                }
            }
        }
    }

    /// A field that tells something is replaced by its result.
    fn field(&mut self, i: usize, past: usize) -> Option<Finding> {
        let code = self.plain(self.inner(i, past, "fldinst")?);
        let mut words = code.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default().to_ascii_uppercase();
        let target = words.find(|w| !w.starts_with('\\')).unwrap_or_default().trim_matches('"').to_ascii_lowercase();
        let local =
            kind == "HYPERLINK" && (target.starts_with("file:") || target.starts_with("\\\\") || target.get(1..3) == Some(":\\"));
        if !names::field(&kind) && !local {
            return None;
        }
        let finding = found(format!("field {kind}"), Tells::History, code);
        self.unwrap(i, past, "fldrslt", finding)
    }

    fn object(&mut self, i: usize, past: usize) -> Option<Finding> {
        let class = self.inner(i, past, "objclass").map(|g| self.plain(g)).unwrap_or_default();
        self.unwrap(i, past, "result", found("embedded or linked object", Tells::Hidden, class))
    }

    /// Leaves of a group only what the group `name` in it holds; `None` where that was done.
    fn unwrap(&mut self, i: usize, past: usize, name: &str, finding: Finding) -> Option<Finding> {
        let Some(result) = self.inner(i, past, name) else { return Some(finding) };
        let named = (result.start..result.end).find(|j| word(self.bytes, &self.tokens[*j]) == Some(name))?;
        self.drop_tokens(i..result.start, finding.clone());
        self.drop_tokens(result.start + 1..named + 1, finding.clone());
        self.drop_tokens(result.end..past, finding);
        None
    }

    /// A property of a shape.
    fn property(&self, i: usize, past: usize) -> Option<Finding> {
        let name = self.plain(self.inner(i, past, "sn")?);
        let value = self.inner(i, past, "sv").map(|g| self.plain(g)).unwrap_or_default();
        let path = name == "wzDescription" && (value.contains(":\\") || value.starts_with('/') || value.starts_with("\\\\"));
        (names::shape(&name) || path).then(|| found(format!("shape property {name}"), Tells::History, value))
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
                    self.edits.note(Finding::kept("RTF", "hidden text", Tells::Hidden, why));
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
            self.edits.put(start..start + digits, "number of a list", new, finding);
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
                self.edits.put(span, "group or word", new, first);
            }
            findings.for_each(|f| self.edits.note(f));
        }
        self.close(&runs);
    }
}

fn label(name: &str) -> std::borrow::Cow<'static, str> {
    match name {
        "info" => "document information".into(),
        "author" => "author".into(),
        "operator" => "last author".into(),
        "generator" => "program".into(),
        "rsidtbl" => "revision identifiers".into(),
        "annotation" => "comment".into(),
        "atnauthor" | "atnid" => "author of a comment".into(),
        "userprops" => "custom properties".into(),
        "template" => "path of the template".into(),
        _ => format!("destination {name}").into(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).trim().chars().take(500).collect()
}

/// Looks for the best known places as bare bytes, and counts braces, which no text can hold unescaped.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let bytes = after.bytes(after.span(), u64::MAX)?;
    let signs = [&b"{\\info"[..], b"{\\*\\generator", b"{\\*\\rsidtbl", b"{\\*\\userprops", b"{\\*\\revtbl", b"{\\*\\datastore"];
    match signs.iter().find(|s| memchr::memmem::find(&bytes, s).is_some()) {
        Some(_) if memchr::memmem::find(&bytes, b"\\bin").is_none() => {
            Err(Refusal::new(Code::Leftover, "document information is still there"))
        }
        _ => Ok(vec!["memchr"]),
    }
}
