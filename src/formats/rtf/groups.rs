//! What becomes of a group by its destination: all of it goes, it stays, or only a part of it stays.

use std::ops::Range;

use super::walk::Walk;
use super::{found, names, picture, text, word};
use crate::finding::{Finding, Tells};
use crate::grammar::rtf::Kind;
use crate::policy::{Token as Word, TrackedChanges};
use crate::refusal::{Refusal, Result};

impl Walk<'_> {
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
    pub(super) fn group(&mut self, i: usize, past: usize) -> Result<Option<Finding>> {
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
                    self.changes.note(found(label(person), Tells::Who, said));
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
