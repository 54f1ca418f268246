//! HTML and XHTML: every byte of the page stays but for what it tells about its making. Tags are never written anew; what
//! goes is cut out of them. What scripts say is not understood and stays; files in `data:` addresses are cleaned by their
//! own rows. When all is cut, the result is taken apart again, and must hold the same tags and the same text in the same
//! order: nothing may become markup by what was next to it going.

mod address;
pub mod edits;
mod names;
pub mod style;
mod witness;

use std::ops::Range;

use address::Data;
use edits::Edits;
use style::Where;

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::html::{self, Attr, Kind, Token, is};
use crate::plan::{Draft, Plan};
use crate::policy::Token as Word;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Shared;

/// The row.
pub static FORMAT: Format = Format {
    name: "HTML",
    extensions: &["html", "htm", "xhtml", "xht"],
    container: false,
    keeps: "text, tags, links, scripts, styles, title, alt texts, language; files in data: addresses, cleaned",
    removes: "comments, author, generator, description and other meta elements, previews for networks, saved-from marks, \
              JSON-LD, source maps, islands and properties of Microsoft Office, pings, paths on a computer",
    sniff,
    plan,
    witness: witness::witness,
};

/// A comment that parts what would become one if it went.
const HOLLOW: &[u8] = b"<!---->";

fn sniff(head: &Head) -> Option<Match> {
    let mut rest = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let named = FORMAT.extensions.contains(&head.extension);
    loop {
        rest = rest.trim_ascii_start();
        let skip = match rest {
            _ if rest.starts_with(b"<!--") => memchr::memmem::find(rest, b"-->").map(|i| i + 3),
            _ if rest.starts_with(b"<?") => memchr::memchr(b'>', rest).map(|i| i + 1),
            _ => None,
        };
        match skip {
            Some(len) => rest = &rest[len..],
            None => break,
        }
    }
    let begins = |word: &[u8]| {
        rest.get(..word.len()).is_some_and(|w| is(w, word))
            && rest.get(word.len()).is_none_or(|b| b.is_ascii_whitespace() || *b == b'>')
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(Match::Exact);
    }
    let wide = head.bytes.starts_with(b"\xff\xfe") || head.bytes.starts_with(b"\xfe\xff");
    (named && (wide || !head.bytes.contains(&0)) && !head.has(0, b"%PDF") && !head.has(0, b"{\\rtf")).then_some(Match::Guess)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let bytes = source.bytes(source.span(), job.limits().block)?;
    encoding(&bytes)?;
    let extension = crate::detect::extension_of(job.name());
    let xml = bytes.trim_ascii_start().starts_with(b"<?xml") || matches!(&extension[..], "xhtml" | "xht");
    let tokens = html::tokens(&bytes, xml);
    job.limits().check_structures(tokens.len())?;
    let scripted = tokens.iter().any(|t| t.kind == Kind::Start && is(&bytes[t.name.clone()], b"script"));
    let strip = job.policy().is_strict() && !scripted;
    let mut page = Page {
        job,
        bytes: &bytes,
        xml,
        strip,
        tokens: &tokens,
        draft: Draft::new(source),
        edits: Edits::default(),
        kept: Vec::new(),
        risky: false,
        searched: 0,
    };
    page.walk()?;
    page.namespaces();
    let Page { mut draft, mut edits, kept, .. } = page;
    edits.sort();
    same_tokens(&bytes, &tokens, &kept, &edits, xml)?;
    edits.lay(&mut draft, bytes.len());
    draft.seal()
}

/// Only encodings in which the bytes of ASCII mean ASCII can be cut without being read.
fn encoding(bytes: &[u8]) -> Result<()> {
    let head = &bytes[..bytes.len().min(1024)];
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || head.contains(&0) {
        return Err(Refusal::unsupported("the page is written in UTF-16").hint("save it as UTF-8 and clean that"));
    }
    let lower = head.to_ascii_lowercase();
    if [&b"charset=\"iso-2022"[..], b"charset=iso-2022", b"charset=utf-7", b"charset=\"utf-7"]
        .iter()
        .any(|c| memchr::memmem::find(&lower, c).is_some())
    {
        return Err(
            Refusal::unsupported("the page is written in an encoding that hides markup").hint("save it as UTF-8 and clean that")
        );
    }
    if let Some(at) = memchr::memmem::find(bytes, b"<?php").or_else(|| memchr::memmem::find(bytes, b"<?=")) {
        return Err(Refusal::unsupported("the page is the source of a PHP program")
            .at(at as u64)
            .hint("save the page as a browser shows it and clean that"));
    }
    Ok(())
}

struct Page<'a> {
    job: &'a Job<'a>,
    bytes: &'a [u8],
    xml: bool,
    /// Whether attributes go that nobody but scripts could use.
    strip: bool,
    tokens: &'a [Token],
    draft: Draft,
    edits: Edits,
    /// Which tokens stay, perhaps changed.
    kept: Vec<bool>,
    /// Whether the text before ends in what could begin markup or an entity.
    risky: bool,
    /// How many tokens were looked at for end tags.
    searched: usize,
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
        self.edits.put(span, name, new, found);
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
                style::clean(job, &mut self.draft, &mut self.edits, self.bytes, span, Where::Element)?;
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
                self.edits.remove(
                    start - 2..start + line.len(),
                    "source map",
                    found("address of a source file", Tells::History, value),
                );
            }
        }
    }

    fn start(&mut self, i: usize, token: &Token) -> Result<usize> {
        let name = self.name(token);
        let policy = self.job.policy();
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
                if policy.drops_on_purpose(Word::Macros) || policy.is_strict() && !policy.keeps(Word::Macros) {
                    return self.cut_element(i, "script", found("script", Tells::Unknown, String::new()));
                }
                let why = "pages need their scripts, and what they say is not understood; --drop macros removes them";
                self.edits.note(Finding::kept("HTML", "scripts", Tells::Unknown, why));
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
    fn value(&self, token: &Token, name: &str) -> String {
        let attr = token.attrs.iter().find(|a| is(&self.bytes[a.name.clone()], name.as_bytes()));
        attr.map(|a| String::from_utf8_lossy(&address::unescape(&self.bytes[a.value.clone()])).trim().to_owned())
            .unwrap_or_default()
    }

    /// Why a `meta` element goes; where it stays, what does not belong to it is cut out.
    fn meta(&mut self, token: &Token) -> Option<Finding> {
        let content = self.value(token, "content");
        let lower = |p: &Self, n: &str| p.value(token, n).to_ascii_lowercase();
        let equiv = lower(self, "http-equiv");
        let said: Vec<String> =
            ["name", "property", "itemprop"].iter().map(|n| lower(self, n)).filter(|v| !v.is_empty()).collect();
        let charset = !self.value(token, "charset").is_empty();
        let refresh = equiv == "refresh" && {
            let target = content.split_once(['=']).map_or("", |(_, to)| to.trim_matches(['\'', '"', ' ']));
            !address::is_local(target.as_bytes())
        };
        let stays = said.iter().all(|n| names::meta(n)) && (equiv.is_empty() || names::equivalent(&equiv) || refresh);
        if stays && (charset || !equiv.is_empty() || !said.is_empty()) {
            for attr in &token.attrs {
                let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
                if !matches!(
                    &name[..],
                    "name" | "http-equiv" | "charset" | "content" | "media" | "property" | "itemprop" | "scheme"
                ) {
                    let value = text(&self.bytes[attr.value.clone()]);
                    self.edits.remove(
                        attr.span.clone(),
                        "attribute",
                        found(format!("meta attribute {name}"), Tells::Unknown, value),
                    );
                }
            }
            return None;
        }
        let name = said.first().cloned().or((!equiv.is_empty()).then_some(equiv)).unwrap_or_else(|| "without a name".to_owned());
        Some(found(format!("meta {name}"), names::tells(&name), content))
    }

    fn attribute(&mut self, element: &str, token: &Token, attr: &Attr) -> Result<()> {
        let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
        let raw = &self.bytes[attr.value.clone()];
        let policy = self.job.policy();
        let handler = name.starts_with("on")
            && (policy.drops_on_purpose(Word::Macros) || policy.is_strict() && !policy.keeps(Word::Macros));
        let unused = self.strip
            && (name.starts_with("data-")
                || matches!(
                    &name[..],
                    "itemprop"
                        | "itemid"
                        | "itemtype"
                        | "itemscope"
                        | "itemref"
                        | "typeof"
                        | "vocab"
                        | "resource"
                        | "about"
                        | "property"
                ));
        let editor = token.foreign && names::editor(&name);
        if names::traces(&name) || handler || unused || editor {
            let value = text(raw);
            self.edits.remove(attr.span.clone(), "attribute", found(format!("attribute {name}"), Tells::Software, value));
        } else if name == "style" {
            let (job, span) = (self.job, attr.value.clone());
            style::clean(job, &mut self.draft, &mut self.edits, self.bytes, span, Where::Attribute)?;
        } else if name == "srcset" || name == "imagesrcset" {
            self.candidates(attr)?;
        } else if names::address(&name) {
            self.address(attr.value.clone(), attr.span.clone())?;
        } else if element == "input"
            && name == "value"
            && self.value(token, "type").eq_ignore_ascii_case("hidden")
            && !raw.is_empty()
        {
            if names::csrf(&self.value(token, "name").to_ascii_lowercase()) {
                self.edits.remove(attr.value.clone(), "value", found("token of a session", Tells::Identifier, text(raw)));
            } else {
                let why = "a form needs its hidden fields";
                self.edits.note(Finding::kept("HTML", "hidden form fields", Tells::Identifier, why));
            }
        }
        Ok(())
    }

    /// One address; `all` is what goes with it.
    fn address(&mut self, value: Range<usize>, all: Range<usize>) -> Result<()> {
        let raw = &self.bytes[value.clone()];
        let plain = address::unescape(raw);
        if address::is_local(&plain) {
            let said = text(&plain);
            self.edits.remove(all, "address", found("path on a computer", Tells::History, said));
            return Ok(());
        }
        if [&b"utm_"[..], b"fbclid=", b"gclid="].iter().any(|w| memchr::memmem::find(raw, w).is_some())
            && !plain.starts_with(b"data:")
        {
            let why = "links are content; look at them before you share the page";
            self.edits.note(Finding::kept("HTML", "links with marks of advertising", Tells::Identifier, why));
        }
        match address::data(self.job, &mut self.draft, raw, true)? {
            Data::Other => {}
            Data::Same => self.edits.member(value, "data: address", None),
            Data::Changed(new) => self.edits.member(value, "data: address", Some(new)),
            Data::Omit => self.edits.remove(all, "address", found("file that cannot be cleaned", Tells::Unknown, String::new())),
        }
        Ok(())
    }

    /// The addresses of a set of pictures: each ends at white space, or at a comma that ends it. [4.8.4.2.1]
    fn candidates(&mut self, attr: &Attr) -> Result<()> {
        let (mut at, end) = (attr.value.start, attr.value.end);
        while at < end {
            let skip = |from: usize, stop: &dyn Fn(u8) -> bool| {
                self.bytes[from..end].iter().position(|b| stop(*b)).map_or(end, |i| from + i)
            };
            let start = skip(at, &|b| !b.is_ascii_whitespace() && b != b',');
            let stop = skip(start, &|b| b.is_ascii_whitespace());
            let commas = self.bytes[start..stop].iter().rev().take_while(|b| **b == b',').count();
            at = if commas > 0 { stop } else { skip(stop, &|b| b == b',') };
            if start < stop {
                self.address(start..stop - commas, attr.span.clone())?;
            }
        }
        Ok(())
    }

    /// Declarations of namespaces that nothing uses any more.
    fn namespaces(&mut self) {
        const OFFICE: [&str; 14] =
            ["o", "w", "m", "v", "x", "p", "st1", "dt", "inkscape", "sodipodi", "rdf", "cc", "dc", "sketch"];
        let kept = |i: &usize| self.kept.get(*i).copied().unwrap_or(true);
        let mut used = Vec::new();
        for token in (0..self.tokens.len()).filter(kept).map(|i| &self.tokens[i]) {
            let named = token.attrs.iter().map(|a| &a.name).chain([&token.name]);
            for name in named {
                let prefix = self.bytes[name.clone()].split(|b| *b == b':').next().unwrap_or_default().to_ascii_lowercase();
                let short = self.bytes[name.clone()].contains(&b':') && prefix.len() < 9;
                if short && !used.contains(&prefix) && OFFICE.iter().any(|o| o.as_bytes() == prefix) {
                    let gone = token.foreign && names::editor(&format!("{}:", String::from_utf8_lossy(&prefix)));
                    if !gone {
                        used.push(prefix);
                    }
                }
            }
        }
        for token in (0..self.tokens.len()).filter(kept).map(|i| &self.tokens[i]) {
            for attr in &token.attrs {
                let name = String::from_utf8_lossy(&self.bytes[attr.name.clone()]).to_ascii_lowercase();
                let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
                if OFFICE.contains(&prefix) && !used.iter().any(|u| u == prefix.as_bytes()) {
                    let value = text(&self.bytes[attr.value.clone()]);
                    self.edits.remove(
                        attr.span.clone(),
                        "namespace",
                        found("unused namespace of an editor", Tells::Software, value),
                    );
                }
            }
        }
    }
}

/// Whether what comes next could be drawn into markup or an entity.
fn risky(text: &[u8]) -> bool {
    let tail = &text[text.len().saturating_sub(40)..];
    let open = tail.iter().rposition(|b| matches!(b, b'<' | b'&'));
    open.is_some_and(|i| tail[i + 1..].iter().all(|b| b.is_ascii_alphanumeric() || b"#!/?-[".contains(b)))
}

fn found(label: impl Into<std::borrow::Cow<'static, str>>, tells: Tells, value: impl Into<String>) -> Finding {
    let value = value.into();
    let found = Finding::removed("HTML", label, tells);
    if value.is_empty() { found } else { found.value(value) }
}

/// The beginning of some text, for people.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).trim().chars().take(500).collect()
}

/// What stays must be read as the same tags and the same text as before.
fn same_tokens(bytes: &[u8], tokens: &[Token], kept: &[bool], edits: &Edits, xml: bool) -> Result<()> {
    let result = edits.apply(bytes);
    if result == bytes {
        return Ok(());
    }
    let shape = |bytes: &[u8], token: &Token| (token.kind, bytes[token.name.clone()].to_ascii_lowercase());
    let counts = |token: &Token| !matches!(token.kind, Kind::Text | Kind::Comment);
    let before = tokens.iter().zip(kept).filter(|(t, kept)| **kept && counts(t)).map(|(t, _)| shape(bytes, t));
    let after = html::tokens(&result, xml);
    if before.eq(after.iter().filter(|t| counts(t)).map(|t| shape(&result, t))) {
        return Ok(());
    }
    Err(Refusal::new(Code::Malformed, "its markup would change with what is removed"))
}
