//! From element to element, with what may survive of each.

use std::ops::Range;

use super::address::{self, Kind};
use super::allowed;
use super::doctype::Doctype;
use super::ids::Ids;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::formats::changes::Changes;
use crate::grammar::xml::{self, Attr, Document, NONE, XMLNS};
use crate::names;
use crate::policy::Token;
use crate::refusal::{Refusal, Result};

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

/// A picture while it is looked at.
pub(super) struct Walk<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) doc: &'a Document<'a>,
    pub(super) doctype: &'a Doctype,
    pub(super) bytes: &'a [u8],
    pub(super) changes: Changes,
    /// The namespace of the root: `SVG`, or none where it forgot to say.
    own: u8,
    /// Elements before this one stand where other languages may: in `foreignObject`, `title`, `desc`.
    guests: usize,
    /// Names of `data-` attributes in style sheets.
    styles: String,
    moves: bool,
    /// New names of elements; none where names stay.
    pub(super) ids: Ids,
    pub(super) pictures: usize,
}

/// What changes in a picture.
///
/// # Errors
/// Where it is not XML, or something in it cannot be cleaned.
pub(super) fn look(job: &Job, bytes: &[u8]) -> Result<Changes> {
    let doctype = Doctype::read(bytes)?;
    // The document type is out of sight of the parser, and every other byte where it was.
    let mut seen = bytes.to_vec();
    seen[doctype.span.clone()].fill(b' ');
    let doc = Document::parse(&seen, xml::Doctype::Refused, &|name| number(&doctype.expand(name)))?;
    let own = doc.ns(0);
    if doc.local(0) != "svg" || !matches!(own, SVG | NONE) {
        return Err(Refusal::unsupported("its root is called svg but means something else"));
    }
    let mut walk = Walk {
        job,
        doc: &doc,
        doctype: &doctype,
        bytes: &seen,
        changes: Changes::default(),
        own,
        guests: 0,
        styles: String::new(),
        moves: false,
        ids: Ids::default(),
        pictures: 0,
    };
    walk.prologue(bytes)?;
    walk.survey();
    if job.policy().is_strict() {
        walk.ids = Ids::of(&doc, &doctype, &walk.styles);
    }
    if walk.ids.some_stay {
        let why = "styles, animations or readers refer to them";
        walk.changes.note(Finding::kept("SVG", "names of elements", Tells::Text, why));
    }
    walk.elements()?;
    Ok(walk.changes)
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).trim().to_owned()
}

impl<'a> Walk<'a> {
    pub(super) fn put(&mut self, span: Range<usize>, name: &'static str, text: impl Into<Vec<u8>>, found: Finding) {
        let text = text.into();
        if self.bytes[span.clone()] != text[..] {
            self.changes.put(span, name, text, found);
        }
    }

    /// The document type, comments and instructions.
    fn prologue(&mut self, bytes: &[u8]) -> Result<()> {
        let doctype = self.doctype;
        if !doctype.span.is_empty() {
            let found = Finding::removed("SVG", "document type", Tells::Software).value(text(&bytes[doctype.span.clone()]));
            self.changes.remove(doctype.span.clone(), "DOCTYPE", found);
        }
        if !doctype.is_plain() {
            for (span, value) in doctype.references(bytes)? {
                let found = Finding::rewritten("SVG", "text named in the document type", Tells::Software);
                self.put(span, "entity", value, found);
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
            self.changes.remove(span.clone(), "comment", found);
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
                    let mut found = found.into_iter();
                    if let Some(first) = found.next() {
                        self.changes.remove(self.doc.span(n), name, first);
                    }
                    found.for_each(|f| self.changes.note(f));
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
            self.changes.note(Finding::kept("SVG", "hidden element", Tells::Hidden, "--drop hidden takes it out"));
        }
        if matches!(local, "title" | "desc") {
            let found = Finding::kept("SVG", "description for readers", Tells::Text, "it is read to people who cannot see");
            self.changes.note(found.value(doc.text(n)));
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
                self.changes.remove(attr.span.clone(), "namespace", found);
                return Ok(());
            }
            "href" if linked || attr.prefix.is_empty() => return self.address(n, attr),
            "title" if linked && !self.job.keeps(Token::AltText) => "description for readers",
            "type" | "title" | "role" | "arcrole" | "show" | "actuate" if linked => return Ok(()),
            "base" if attr.prefix == "xml" => return self.address(n, attr),
            "space" | "id" | "lang" if attr.prefix == "xml" => return Ok(()),
            _ if !attr.prefix.is_empty() && attr.ns != SVG => {
                self.changes.remove(attr.span.clone(), "attribute", private(attr));
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
            "id" if self.ids.name(&attr.value()).is_some() => {
                let old = attr.value().to_string();
                let new = self.ids.name(&old).unwrap_or_default().to_owned();
                let found = Finding::rewritten("SVG", "name of an element", Tells::Text).value(old);
                self.put(attr.value_span.clone(), "id", new, found);
                return Ok(());
            }
            name if html || allowed::attribute(name) => return self.value(attr),
            _ => "attribute of unknown meaning",
        };
        let found = Finding::removed("SVG", label, Tells::Text).value(format!("{}: {}", attr.local, attr.value()));
        self.changes.remove(attr.span.clone(), "attribute", found);
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
            self.put(attr.value_span.clone(), "script", "", found);
        }
        Ok(())
    }
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
