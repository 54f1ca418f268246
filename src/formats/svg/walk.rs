//! From element to element, with what may survive of each.

use std::ops::Range;

use super::address::{self, Kind};
use super::allowed;
use super::doctype::Doctype;
use super::style::{self, Piece};
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::xml::{self, Attr, Document, NONE, XMLNS};
use crate::names;
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::{Memory, Shared, Span};

/// The namespaces that matter.
const SVG: u8 = 1;
const XLINK: u8 = 2;
const XHTML: u8 = 3;
const MATHML: u8 = 4;
const XML: u8 = 5;
const FOREIGN: u8 = 9;

fn number(name: &str) -> u8 {
    match name.trim() {
        "" => NONE,
        "http://www.w3.org/2000/svg" => SVG,
        "http://www.w3.org/1999/xlink" => XLINK,
        "http://www.w3.org/1999/xhtml" => XHTML,
        "http://www.w3.org/1998/Math/MathML" => MATHML,
        "http://www.w3.org/XML/1998/namespace" => XML,
        _ => FOREIGN,
    }
}

/// A span that changes.
struct Edit {
    span: Range<usize>,
    name: &'static str,
    text: Option<Vec<u8>>,
    found: Vec<Finding>,
}

struct Walk<'a> {
    job: &'a Job<'a>,
    doc: &'a Document<'a>,
    doctype: &'a Doctype,
    bytes: &'a [u8],
    draft: Draft,
    edits: Vec<Edit>,
    /// The namespace of the root: `SVG`, or none where it forgot to say.
    own: u8,
    /// Elements before this one stand where other languages may: in `foreignObject`, `title`, `desc`.
    guests: usize,
    /// Names of `data-` attributes in style sheets.
    styles: String,
    moves: bool,
    pictures: usize,
}

/// Makes the plan.
///
/// # Errors
/// Where it is not XML, or something in it cannot be cleaned.
pub(super) fn plan(job: &Job, source: &Shared, bytes: &[u8]) -> Result<Plan> {
    let doctype = Doctype::read(bytes)?;
    // The document type is out of sight of the parser, and every other byte where it was.
    let mut seen = bytes.to_vec();
    seen[doctype.span.clone()].fill(b' ');
    let doc = Document::parse(&seen, xml::Doctype::Refused, &|name| number(&doctype.expand(name)))?;
    let own = doc.ns(0);
    if doc.local(0) != "svg" || !matches!(own, SVG | NONE) {
        return Err(Refusal::unsupported("its root is called svg but means something else"));
    }
    let draft = Draft::new(source);
    let mut walk = Walk {
        job,
        doc: &doc,
        doctype: &doctype,
        bytes: &seen,
        draft,
        edits: Vec::new(),
        own,
        guests: 0,
        styles: String::new(),
        moves: false,
        pictures: 0,
    };
    walk.prologue(bytes)?;
    walk.survey();
    walk.elements()?;
    walk.finish()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).trim().to_owned()
}

impl<'a> Walk<'a> {
    fn cut(&mut self, span: Range<usize>, name: &'static str, found: Finding) {
        let found = found.bytes(span.len() as u64);
        self.edits.push(Edit { span, name, text: None, found: vec![found] });
    }

    fn put(&mut self, span: Range<usize>, name: &'static str, text: impl Into<Vec<u8>>, found: Vec<Finding>) {
        let text = text.into();
        if self.bytes[span.clone()] != text[..] {
            self.edits.push(Edit { span, name, text: Some(text), found });
        }
    }

    /// The document type, comments and instructions.
    fn prologue(&mut self, bytes: &[u8]) -> Result<()> {
        let doctype = self.doctype;
        if !doctype.span.is_empty() {
            let found = Finding::removed("SVG", "document type", Tells::Software).value(text(&bytes[doctype.span.clone()]));
            self.cut(doctype.span.clone(), "DOCTYPE", found);
        }
        if !doctype.is_plain() {
            for (span, value) in doctype.references(bytes)? {
                let found = Finding::rewritten("SVG", "text named in the document type", Tells::Software);
                self.put(span, "entity", value, vec![found]);
            }
        }
        for span in self.doc.loose() {
            let said = &self.bytes[span.clone()];
            let found = if said.starts_with(b"<!--") {
                let inner = said.get(4..said.len().saturating_sub(3)).unwrap_or_default();
                Finding::removed("SVG", "comment", Tells::Text).value(text(inner))
            } else if self.is_style_sheet(said) {
                continue;
            } else {
                Finding::removed("SVG", "processing instruction", Tells::Software).value(text(said))
            };
            self.cut(span.clone(), "comment", found);
        }
        Ok(())
    }

    /// `xml-stylesheet` that leads into this file, or to the web where links may stay.
    fn is_style_sheet(&self, said: &[u8]) -> bool {
        let said = String::from_utf8_lossy(said);
        let Some(rest) = said.strip_prefix("<?xml-stylesheet") else { return false };
        let Some(value) = rest.split_once("href=").map(|(_, v)| v) else { return false };
        let href = value.get(1..).and_then(|v| v.split(['"', '\'']).next()).unwrap_or_default();
        let words = rest
            .split_ascii_whitespace()
            .all(|w| ["href=", "type=\"text/css\"", "type='text/css'", "?>"].iter().any(|p| w.starts_with(p)));
        words
            && match address::kind(href) {
                Kind::Here => true,
                Kind::Web => self.job.keeps(Token::ExternalLinks) && !self.job.policy().is_strict(),
                _ => false,
            }
    }

    /// What must be known before the first element: what styles select by, and whether anything moves.
    fn survey(&mut self) {
        for n in 0..self.doc.len() {
            match self.doc.local(n) {
                "style" => self.styles += &self.doc.text(n),
                "animate" | "set" | "animateMotion" | "animateTransform" => self.moves = true,
                _ => {}
            }
        }
    }

    fn elements(&mut self) -> Result<()> {
        let mut n = 0;
        while n < self.doc.len() {
            n = match self.leaves(n) {
                Some((name, found)) if n > 0 => {
                    let span = self.doc.span(n);
                    let mut found = found;
                    if let Some(first) = found.first_mut() {
                        first.bytes = span.len() as u64;
                    }
                    self.edits.push(Edit { span, name, text: None, found });
                    self.doc.past(n)
                }
                _ => {
                    self.element(n)?;
                    n + 1
                }
            };
        }
        Ok(())
    }

    /// Whether an element goes as a whole, and what is said of it.
    fn leaves(&self, n: usize) -> Option<(&'static str, Vec<Finding>)> {
        let (doc, local, ns) = (self.doc, self.doc.local(n), self.doc.ns(n));
        let one = |name, label: &'static str, tells| Some((name, vec![Finding::removed("SVG", label, tells)]));
        let ours = ns == SVG || (ns == NONE && self.own == NONE && doc.prefix(n).is_empty());
        let guest = n < self.guests && matches!(ns, XHTML | MATHML);
        if !ours && !guest {
            let tag = format!("{}{local}", doc.prefix(n));
            let found = Finding::removed("SVG", "data of an editor", Tells::History).value(tag);
            let mut found = vec![found];
            found.extend(doc.attrs(n).iter().filter(|a| a.ns != XMLNS).take(20).map(|a| private(a)));
            return Some(("editor data", found));
        }
        let parent = doc.parent(n);
        match local {
            "metadata" if ours => Some(("metadata", names::xmp::describe("metadata", &self.bytes[doc.span(n)]))),
            "script" | "handler" | "listener" if !self.job.keeps(Token::Macros) => one("script", "script", Tells::Hidden),
            "meta" | "base" | "link" | "iframe" | "object" | "embed" if !ours => {
                one("guest", "part of a web page", Tells::Hidden)
            }
            "title" | "desc" if ours => {
                let root = self.job.policy().is_strict() && parent == Some(0);
                let stays = self.job.keeps(Token::AltText) && !root;
                let found = Finding::removed("SVG", "description for readers", Tells::Text).value(doc.text(n));
                (!stays).then(|| ("description", vec![found]))
            }
            _ if parent.is_some_and(|p| doc.local(p) == "switch") && self.is_private_branch(n) => {
                one("switch", "private branch of an editor", Tells::Hidden)
            }
            _ if !self.job.keeps(Token::Hidden) && !self.moves && self.is_hidden(n) => {
                one("hidden", "hidden element", Tells::Hidden)
            }
            _ => None,
        }
    }

    fn is_private_branch(&self, n: usize) -> bool {
        let needs = self.doc.attr(n, NONE, "requiredExtensions").map(|a| self.doctype.expand(&a.value()));
        needs.is_some_and(|v| v.contains("ns.adobe.com"))
    }

    fn is_hidden(&self, n: usize) -> bool {
        let none = |v: &str| v.split(';').any(|d| d.split_whitespace().collect::<String>() == "display:none");
        let attr = |name| self.doc.attr(n, NONE, name);
        attr("display").is_some_and(|a| a.value().trim() == "none") || attr("style").is_some_and(|a| none(&a.value()))
    }

    fn element(&mut self, n: usize) -> Result<()> {
        let (doc, local) = (self.doc, self.doc.local(n));
        if matches!(local, "foreignObject" | "title" | "desc") {
            self.guests = self.guests.max(doc.past(n));
        }
        if local == "style" && doc.past(n) == n + 1 {
            self.style(doc.inside(n))?;
        }
        if self.is_hidden(n) {
            self.draft.note(Finding::kept("SVG", "hidden element", Tells::Hidden, "--drop hidden takes it out"));
        }
        if matches!(local, "title" | "desc") {
            let found = Finding::kept("SVG", "description for readers", Tells::Text, "it is read to people who cannot see");
            self.draft.note(found.value(doc.text(n)));
        }
        for attr in doc.attrs(n) {
            self.attribute(n, &attr)?;
        }
        Ok(())
    }

    fn attribute(&mut self, n: usize, attr: &Attr) -> Result<()> {
        let linked = attr.ns == XLINK || (attr.prefix == "xlink" && attr.ns == NONE);
        let html = matches!(self.doc.ns(n), XHTML | MATHML);
        let label = match attr.local {
            _ if attr.ns == XMLNS => {
                let name = self.doctype.expand(&attr.value());
                // A default namespace is in force for what stays.
                if attr.prefix.is_empty() || number(&name) != FOREIGN {
                    return Ok(());
                }
                let found = Finding::removed("SVG", "namespace of an editor", Tells::Software).value(name);
                self.cut(attr.span.clone(), "namespace", found);
                return Ok(());
            }
            "href" if linked || attr.prefix.is_empty() => return self.address(n, attr),
            "title" if linked && !self.job.keeps(Token::AltText) => "description for readers",
            "type" | "title" | "role" | "arcrole" | "show" | "actuate" if linked => return Ok(()),
            "base" if attr.prefix == "xml" => return self.address(n, attr),
            "space" | "id" | "lang" if attr.prefix == "xml" => return Ok(()),
            _ if !attr.prefix.is_empty() && attr.ns != SVG => {
                self.cut(attr.span.clone(), "attribute", private(attr));
                return Ok(());
            }
            "style" => return self.style(attr.value_span.clone()),
            "src" | "action" | "formaction" | "poster" | "srcset" | "background" | "cite" if html => {
                return self.address(n, attr);
            }
            name if name.starts_with("on") && self.is_handler(name) => match self.job.keeps(Token::Macros) {
                true => return Ok(()),
                false => "script",
            },
            name if name.starts_with("data-") => match self.styles.contains(name) {
                true => return Ok(()),
                false => "data of an editor",
            },
            name if allowed::is_for_readers(name) => match self.job.keeps(Token::AltText) {
                true => return Ok(()),
                false => "description for readers",
            },
            name if html || allowed::attribute(name) => return self.value(attr),
            _ => "attribute of unknown meaning",
        };
        let found = Finding::removed("SVG", label, Tells::Text).value(format!("{}: {}", attr.local, attr.value()));
        self.cut(attr.span.clone(), "attribute", found);
        Ok(())
    }

    fn is_handler(&self, name: &str) -> bool {
        name.len() > 2 && name.bytes().all(|b| b.is_ascii_alphabetic())
    }

    /// Values that can hold addresses without being called so.
    fn value(&mut self, attr: &Attr) -> Result<()> {
        let raw = &self.bytes[attr.value_span.clone()];
        if memchr::memmem::find(raw, b"(").is_some() {
            self.style(attr.value_span.clone())?;
        }
        let animated = matches!(attr.local, "to" | "from" | "by" | "values");
        if animated && !self.job.keeps(Token::Macros) && address::kind(&attr.value()) == Kind::Script {
            let found = Finding::removed("SVG", "script", Tells::Hidden).value(attr.value());
            self.put(attr.value_span.clone(), "script", "", vec![found]);
        }
        Ok(())
    }

    fn style(&mut self, span: Range<usize>) -> Result<()> {
        for piece in style::pieces(self.bytes, span) {
            match piece {
                Piece::Comment(span) => {
                    let found = Finding::removed("SVG", "comment in a style", Tells::Text).value(text(&self.bytes[span.clone()]));
                    // Between two words something must stay.
                    let word = |i: usize| self.bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || b"-_%#.".contains(b));
                    let between = span.start > 0 && word(span.start - 1) && word(span.end);
                    self.put(span, "comment", if between { "/**/" } else { "" }, vec![found]);
                }
                Piece::Private(span) => {
                    let found = Finding::removed("SVG", "data of an editor", Tells::Software);
                    let found = found.value(text(&self.bytes[span.clone()]));
                    self.cut(span, "style", found);
                }
                Piece::Address(span) => {
                    let value = xml::unescape(&self.bytes[span.clone()]).into_owned();
                    self.follow(span, &value, true)?;
                }
            }
        }
        Ok(())
    }

    fn address(&mut self, n: usize, attr: &Attr) -> Result<()> {
        let value = self.doctype.expand(&attr.value());
        self.follow(attr.value_span.clone(), &value, self.doc.local(n) != "a")
    }

    /// What becomes of an address. `loads` is whether viewers follow it by themselves.
    fn follow(&mut self, span: Range<usize>, value: &str, loads: bool) -> Result<()> {
        let found = |label: &'static str, tells| vec![Finding::removed("SVG", label, tells).value(text(value.as_bytes()))];
        match address::kind(value) {
            Kind::Here => {}
            Kind::Data => self.data(span, value)?,
            Kind::Script if self.job.keeps(Token::Macros) => {}
            Kind::Script => self.put(span, "script", "", found("script", Tells::Hidden)),
            Kind::Local => self.put(span, "path", "", found("path of a file", Tells::History)),
            Kind::Web if !loads && self.job.keeps(Token::Links) => {}
            Kind::Web if self.job.keeps(Token::ExternalLinks) && !self.job.policy().is_strict() => {
                let why = "it is loaded from the web, which tells its owner who looks";
                self.draft.note(Finding::kept("SVG", "external link", Tells::Hidden, why).value(text(value.as_bytes())));
            }
            Kind::Web => self.put(span, "link", "", found("external link", Tells::Hidden)),
            Kind::Beside => {
                let why = "the file beside it belongs to the picture";
                self.draft.note(Finding::kept("SVG", "name of a linked file", Tells::History, why).value(text(value.as_bytes())));
            }
        }
        Ok(())
    }

    /// A file in an address.
    fn data(&mut self, span: Range<usize>, value: &str) -> Result<()> {
        let Some(data) = address::data(value) else {
            let found = Finding::removed("SVG", "embedded data that cannot be read", Tells::Unknown);
            self.put(span, "data", "", vec![found]);
            return Ok(());
        };
        self.pictures += 1;
        let kind = data.mime.rsplit(['/', '-']).next().unwrap_or_default().split('+').next().unwrap_or_default();
        let name = format!("picture {}.{kind}", self.pictures);
        let shared = Memory::shared(data.bytes.clone());
        let cleaned = match data.bytes.is_empty() {
            true => return Ok(()),
            false => self.job.member(&name, &shared)?,
        };
        match cleaned {
            Member::Unknown(_) if is_font(&data.mime) && self.job.keeps(Token::Fonts) => {
                let why = "its letters are drawn; what the font says of itself stays";
                self.draft.note(Finding::kept("SVG", "embedded font", Tells::Software, why));
            }
            Member::Unknown(_) => {
                let found = Finding::removed("SVG", "embedded data of unknown kind", Tells::Unknown).value(data.mime);
                self.put(span, "data", "", vec![found]);
            }
            Member::Same(cleaned) => {
                self.draft.adopt(&name, &cleaned);
                if data.says_more {
                    let found = Finding::rewritten("SVG", "parameters of an embedded picture", Tells::Text);
                    self.put(span, "data", address::of(&data.mime, &data.bytes), vec![found]);
                }
            }
            Member::Changed(cleaned) => {
                self.draft.adopt(&name, &cleaned);
                let view = cleaned.bytes();
                let clean = view.bytes(view.span(), view.len())?;
                self.put(span, "data", address::of(&data.mime, &clean), Vec::new());
            }
        }
        Ok(())
    }

    /// Lays the edits over the bytes; where one lies inside another, the outer one counts.
    fn finish(mut self) -> Result<Plan> {
        self.edits.sort_by_key(|e| (e.span.start, std::cmp::Reverse(e.span.end)));
        let mut at = 0;
        for edit in self.edits {
            if edit.span.start < at {
                continue;
            }
            let span = Span::new(edit.span.start as u64, edit.span.end as u64);
            self.draft.essence(Span::new(at as u64, span.start), "markup");
            match edit.text {
                Some(text) => _ = self.draft.replace(span, edit.name, Fate::put(text), edit.found),
                None => self.draft.remove_all(span, edit.name, edit.found),
            }
            at = edit.span.end;
        }
        self.draft.essence(Span::new(at as u64, self.bytes.len() as u64), "markup");
        self.draft.seal()
    }
}

fn is_font(mime: &str) -> bool {
    mime.starts_with("font/") || mime.contains("font") || mime == "application/vnd.ms-fontobject"
}

/// An attribute that only one editor reads.
fn private(attr: &Attr) -> Finding {
    let tells = match attr.local {
        "docname" | "export-filename" | "absref" | "docbase" => Tells::History,
        _ => Tells::Software,
    };
    let label = if tells == Tells::History { "path of a file" } else { "data of an editor" };
    Finding::removed("SVG", label, tells).value(format!("{}: {}", attr.local, attr.value()))
}
