//! From tag to tag, with what may survive of each.

use std::ops::Range;

use super::style::{self, Where};
use super::{address, found, names, text};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::changes::Changes;
use crate::grammar::html::{self, Kind, Token, is};
use crate::policy::Token as Word;
use crate::refusal::{Code, Refusal, Result};

/// A comment that parts what would become one if it went.
const HOLLOW: &[u8] = b"<!---->";

/// A page while it is looked at.
pub(super) struct Page<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) bytes: &'a [u8],
    xml: bool,
    /// Whether scripts stay.
    pub(super) macros: bool,
    /// Whether attributes go that nobody but scripts could use.
    pub(super) strip: bool,
    pub(super) tokens: &'a [Token],
    pub(super) changes: Changes,
    /// Which tokens stay, perhaps changed.
    pub(super) kept: Vec<bool>,
    /// Whether the text before ends in what could begin markup or an entity.
    risky: bool,
    /// How many tokens were looked at for end tags.
    searched: usize,
}

/// What changes in a page.
///
/// # Errors
/// Refusals of files in it; `Malformed` where what stays would be read as something else.
pub(super) fn look(job: &Job, bytes: &[u8], xml: bool) -> Result<Changes> {
    let tokens = html::tokens(bytes, xml);
    job.limits().check_structures(tokens.len())?;
    let scripted = tokens.iter().any(|t| t.kind == Kind::Start && is(&bytes[t.name.clone()], b"script"));
    let mut page = Page {
        job,
        bytes,
        xml,
        macros: !(job.policy().drops_on_purpose(Word::Macros) || job.policy().is_strict() && !job.keeps(Word::Macros)),
        strip: job.policy().is_strict() && !scripted,
        tokens: &tokens,
        changes: Changes::default(),
        kept: Vec::new(),
        risky: false,
        searched: 0,
    };
    page.walk()?;
    page.namespaces();
    let Page { changes, kept, .. } = page;
    same_tokens(bytes, &tokens, &kept, &changes, xml)?;
    Ok(changes)
}

impl Page<'_> {
    fn walk(&mut self) -> Result<()> {
        let tokens = self.tokens;
        let mut i = 0;
        while let Some(token) = tokens.get(i) {
            let until = self.token(i, token)?;
            if until > i {
                // Gone, with all up to there.
                self.kept.resize(until, false);
                i = until;
                continue;
            }
            self.kept.push(true);
            self.risky = token.kind == Kind::Text && risky(&self.bytes[token.span.clone()]);
            i += 1;
        }
        Ok(())
    }

    fn name(&self, token: &Token) -> String {
        String::from_utf8_lossy(&self.bytes[token.name.clone()]).to_ascii_lowercase()
    }

    /// Removes the tokens from `i` to before `until`.
    fn cut(&mut self, i: usize, until: usize, name: &'static str, found: Finding) -> usize {
        let span = self.tokens[i].span.start..self.tokens[until - 1].span.end;
        let new = if self.risky { HOLLOW.to_vec() } else { Vec::new() };
        self.risky = false;
        self.changes.put(span, name, new, found);
        until
    }

    /// Removes an element with all that is in it.
    fn cut_element(&mut self, i: usize, name: &'static str, found: Finding) -> Result<usize> {
        let until = self.element(i)?;
        Ok(self.cut(i, until, name, found))
    }

    /// Decides about one token; returns past what goes, or `i` where it stays.
    fn token(&mut self, i: usize, token: &Token) -> Result<usize> {
        let raw = &self.bytes[token.span.clone()];
        Ok(match token.kind {
            Kind::Comment if raw == HOLLOW => i,
            Kind::Comment => {
                let text = text(raw.strip_prefix(b"<!--").unwrap_or(raw).strip_suffix(b"-->").unwrap_or(raw));
                let (label, tells) = if text.contains("saved from url") || text.contains("SingleFile") {
                    ("address the page was saved from", Tells::History)
                } else {
                    ("comment", Tells::Text)
                };
                self.cut(i, i + 1, "comment", found(label, tells, text))
            }
            // The declaration of XML, and style sheets named by instructions.
            Kind::Bogus if raw.starts_with(b"<?xml ") && self.tokens[..i].iter().all(|t| t.kind != Kind::Start) => i,
            Kind::Bogus if self.xml && raw.starts_with(b"<?xml-stylesheet") => i,
            Kind::Bogus => self.cut(i, i + 1, "comment", found("comment or instruction", Tells::Text, text(raw))),
            Kind::Text if i > 0 => self.text(i, token)?,
            Kind::Text | Kind::Doctype | Kind::Cdata | Kind::End => i,
            Kind::Start => self.start(i, token)?,
        })
    }

    /// The text of scripts and styles; all other text is content.
    fn text(&mut self, i: usize, token: &Token) -> Result<usize> {
        let before = &self.tokens[i - 1];
        if before.kind != Kind::Start {
            return Ok(i);
        }
        match &self.name(before)[..] {
            "style" => {
                let (job, span) = (self.job, token.span.clone());
                style::clean(job, &mut self.changes, self.bytes, span, Where::Element)?;
            }
            "script" => self.maps(&token.span),
            "title" if !before.foreign && (self.job.policy().is_strict() || self.job.policy().drops_on_purpose(Word::Titles)) => {
                let said = text(&self.bytes[token.span.clone()]);
                return Ok(self.cut(i, i + 1, "title", found("title", Tells::Text, said)));
            }
            _ => {}
        }
        Ok(i)
    }

    /// Names of a developer's files behind a script.
    fn maps(&mut self, span: &Range<usize>) {
        for word in [&b"# sourceMappingURL="[..], b"@ sourceMappingURL=", b"# sourceURL=", b"@ sourceURL="] {
            for at in memchr::memmem::find_iter(&self.bytes[span.clone()], word) {
                let start = span.start + at;
                let lead = &self.bytes[span.start..start];
                let rest = &self.bytes[start..span.end];
                let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
                // Inside a string it is code.
                if !lead.ends_with(b"//") || line.iter().any(|b| matches!(b, b'"' | b'\'' | b'`' | b'\\')) {
                    continue;
                }
                let value = text(&line[word.len()..]);
                self.changes.remove(
                    start - 2..start + line.len(),
                    "source map",
                    found("address of a source file", Tells::History, value),
                );
            }
        }
    }

    fn start(&mut self, i: usize, token: &Token) -> Result<usize> {
        let name = self.name(token);
        match &name[..] {
            "meta" if !token.foreign => {
                if let Some(gone) = self.meta(token) {
                    return Ok(self.cut(i, self.past_void(i), "meta", gone));
                }
            }
            "link" if !token.foreign => {
                let rel = self.value(token, "rel").to_ascii_lowercase();
                let href = self.value(token, "href");
                if !names::link(&rel) || address::is_local(href.as_bytes()) {
                    let said = if rel.is_empty() { href } else { format!("{rel}: {href}") };
                    return Ok(self.cut(
                        i,
                        self.past_void(i),
                        "link",
                        found("link to another file or person", Tells::History, said),
                    ));
                }
            }
            "base" if !token.foreign => {
                let href = self.value(token, "href");
                let web = href.trim().to_ascii_lowercase();
                if !href.is_empty() && !web.starts_with("http:") && !web.starts_with("https:") {
                    return Ok(self.cut(i, self.past_void(i), "base", found("base address", Tells::History, href)));
                }
            }
            "script" => {
                let kind = self.value(token, "type").to_ascii_lowercase();
                if kind.trim() == "application/ld+json" {
                    let until = self.element(i)?;
                    let said = self.tokens[i..until].get(1).map(|t| text(&self.bytes[t.span.clone()])).unwrap_or_default();
                    return Ok(self.cut(
                        i,
                        until,
                        "JSON-LD",
                        found("description for search engines (JSON-LD)", Tells::Text, said),
                    ));
                }
                if !self.macros {
                    return self.cut_element(i, "script", found("script", Tells::Unknown, String::new()));
                }
                let why = "pages need their scripts, and what they say is not understood; --drop macros removes them";
                self.changes.note(Finding::kept("HTML", "scripts", Tells::Unknown, why));
            }
            "xml" if !token.foreign => {
                let until = self.element(i)?;
                return Ok(self.cut(i, until, "island", found("data island of Microsoft Office", Tells::Who, String::new())));
            }
            "metadata" if token.foreign => {
                return self.cut_element(i, "metadata", found("metadata of a drawing", Tells::Unknown, String::new()));
            }
            _ if token.foreign && names::editor(&name) => {
                return self.cut_element(i, "editor", found("settings of a drawing program", Tells::Software, String::new()));
            }
            _ => {}
        }
        for attr in &token.attrs {
            self.attribute(&name, token, attr)?;
        }
        Ok(i)
    }

    /// Past a void element, with the end tag that XML allows it.
    fn past_void(&self, i: usize) -> usize {
        let name = &self.bytes[self.tokens[i].name.clone()];
        let next = self.tokens.get(i + 1);
        let ended = next.is_some_and(|t| t.kind == Kind::End && is(&self.bytes[t.name.clone()], name));
        if ended { i + 2 } else { i + 1 }
    }

    /// Past the end tag that belongs to the start tag at `i`; past the start tag alone where there is none.
    fn element(&mut self, i: usize) -> Result<usize> {
        let name = &self.bytes[self.tokens[i].name.clone()];
        if self.tokens[i].closed && (self.xml || self.tokens[i].foreign) {
            return Ok(i + 1);
        }
        let mut depth = 0usize;
        for (j, token) in self.tokens.iter().enumerate().skip(i) {
            if !is(&self.bytes[token.name.clone()], name) {
                continue;
            }
            match token.kind {
                Kind::Start if !(token.closed && (self.xml || token.foreign)) => depth += 1,
                Kind::End => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.searched += j - i;
                return Ok(j + 1);
            }
        }
        self.searched += self.tokens.len() - i;
        if self.searched > 50_000_000 {
            return Err(Refusal::limit("too many elements without an end"));
        }
        Ok(i + 1)
    }

    /// The value of an attribute; of several the first counts.
    pub(super) fn value(&self, token: &Token, name: &str) -> String {
        let attr = token.attrs.iter().find(|a| is(&self.bytes[a.name.clone()], name.as_bytes()));
        attr.map(|a| String::from_utf8_lossy(&address::unescape(&self.bytes[a.value.clone()])).trim().to_owned())
            .unwrap_or_default()
    }
}

/// Whether what comes next could be drawn into markup or an entity.
fn risky(text: &[u8]) -> bool {
    let tail = &text[text.len().saturating_sub(40)..];
    let open = tail.iter().rposition(|b| matches!(b, b'<' | b'&'));
    open.is_some_and(|i| tail[i + 1..].iter().all(|b| b.is_ascii_alphanumeric() || b"#!/?-[".contains(b)))
}

/// What stays must be read as the same tags and the same text as before.
fn same_tokens(bytes: &[u8], tokens: &[Token], kept: &[bool], changes: &Changes, xml: bool) -> Result<()> {
    let Some(result) = changes.result(bytes) else { return Ok(()) };
    let shape = |bytes: &[u8], token: &Token| (token.kind, bytes[token.name.clone()].to_ascii_lowercase());
    let counts = |token: &Token| !matches!(token.kind, Kind::Text | Kind::Comment);
    let before = tokens.iter().zip(kept).filter(|(t, kept)| **kept && counts(t)).map(|(t, _)| shape(bytes, t));
    let after = html::tokens(&result, xml);
    if before.eq(after.iter().filter(|t| counts(t)).map(|t| shape(&result, t))) {
        return Ok(());
    }
    Err(Refusal::new(Code::Malformed, "its markup would change with what is removed"))
}
