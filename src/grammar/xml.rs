//! How XML lies in bytes: every element with the exact place of its tags and attributes, the places of comments and
//! processing instructions, so that [`Edits`] can take spans out and leave every other byte as it was. Namespaces are
//! resolved; what they mean is the business of the format, which gives each a number. It knows no schema, resolves no
//! entity but the five of the language, and refuses a document type unless it is told to pass over one without a subset.

mod parse;

use std::borrow::Cow;
use std::ops::Range;

pub use crate::grammar::edits::Edits;
use crate::refusal::{Refusal, Result};

/// The number of a namespace that the format does not know, and of none at all.
pub const NONE: u8 = 0;
/// The number given to `xmlns` attributes. [Namespaces in XML 3]
pub const XMLNS: u8 = 255;

/// One element.
#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    open_end: u32,
    close: u32,
    end: u32,
    local: u32,
    local_len: u16,
    ns: u8,
    parent: u32,
    past: u32,
    scope: u32,
}

struct Scope {
    parent: u32,
    prefix: Range<usize>,
    ns: u8,
}

/// A document, taken apart but not taken out of its bytes. Elements are numbered in the order of their start tags, so that
/// the descendants of `n` are `n + 1 .. past(n)`.
pub struct Document<'a> {
    bytes: &'a [u8],
    nodes: Vec<Node>,
    scopes: Vec<Scope>,
    loose: Vec<Range<usize>>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attr<'a> {
    /// It and the white space before it: what has to go for it to be gone.
    pub span: Range<usize>,
    /// Its value between the quotes.
    pub value_span: Range<usize>,
    /// The prefix of its name, empty where there is none.
    pub prefix: &'a str,
    /// Its name without prefix.
    pub local: &'a str,
    /// The number of its namespace; [`NONE`] where it has no prefix.
    pub ns: u8,
    raw: &'a [u8],
}

impl Attr<'_> {
    /// Whether its value is empty.
    pub fn raw_is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Its value, entities resolved.
    pub fn value(&self) -> Cow<'_, str> {
        unescape(self.raw)
    }
}

/// What a parser has to bear with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doctype {
    /// There may be none.
    Refused,
    /// There may be one without internal subset, as XHTML has it.
    Allowed,
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-' | b'.') || b >= 0x80
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

impl<'a> Document<'a> {
    /// Takes `bytes` apart. `number` gives each namespace a number below [`XMLNS`].
    ///
    /// # Errors
    /// `Malformed` where it is not well-formed, `Unsupported` for encodings that are not a superset of ASCII and for document
    /// types, `Limit` for depth and size.
    pub fn parse(bytes: &'a [u8], doctype: Doctype, number: &dyn Fn(&str) -> u8) -> Result<Document<'a>> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Refusal::limit("an XML part of more than 4 GB"));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.starts_with(b"<\0") {
            return Err(Refusal::unsupported("an XML part is written in UTF-16"));
        }
        parse::parse(bytes, doctype, number)
    }

    /// The bytes it was made from.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many elements there are; the first is the root.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never, since there is a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The name without prefix.
    pub fn local(&self, n: usize) -> &'a str {
        let node = &self.nodes[n];
        let at = node.local as usize;
        std::str::from_utf8(&self.bytes[at..at + usize::from(node.local_len)]).unwrap_or_default()
    }

    /// The prefix of the name, with its colon.
    pub fn prefix(&self, n: usize) -> &'a str {
        let node = &self.nodes[n];
        std::str::from_utf8(&self.bytes[node.start as usize + 1..node.local as usize]).unwrap_or_default()
    }

    /// The number of the namespace.
    pub fn ns(&self, n: usize) -> u8 {
        self.nodes[n].ns
    }

    /// The element around it.
    pub fn parent(&self, n: usize) -> Option<usize> {
        let parent = self.nodes[n].parent;
        (parent != u32::MAX).then_some(parent as usize)
    }

    /// The first element that is not inside it and comes after it.
    pub fn past(&self, n: usize) -> usize {
        self.nodes[n].past as usize
    }

    /// All of it, tags included.
    pub fn span(&self, n: usize) -> Range<usize> {
        self.nodes[n].start as usize..self.nodes[n].end as usize
    }

    /// The start tag.
    pub fn open(&self, n: usize) -> Range<usize> {
        self.nodes[n].start as usize..self.nodes[n].open_end as usize
    }

    /// The end tag; empty where the start tag is all.
    pub fn close(&self, n: usize) -> Range<usize> {
        self.nodes[n].close as usize..self.nodes[n].end as usize
    }

    /// What stands between the tags.
    pub fn inside(&self, n: usize) -> Range<usize> {
        self.nodes[n].open_end as usize..self.nodes[n].close as usize
    }

    /// The elements directly inside it.
    pub fn children(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.past(n);
        let mut next = n + 1;
        std::iter::from_fn(move || {
            let at = next;
            (at < end).then(|| {
                next = self.past(at);
                at
            })
        })
    }

    /// The first child of that name.
    pub fn child(&self, n: usize, ns: u8, local: &str) -> Option<usize> {
        self.children(n).find(|c| self.ns(*c) == ns && self.local(*c) == local)
    }

    /// The elements around it, from the inside out.
    pub fn ancestors(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent(n), |p| self.parent(*p))
    }

    /// Comments and processing instructions, but not the XML declaration.
    pub fn loose(&self) -> &[Range<usize>] {
        &self.loose
    }

    /// The attributes, in order.
    pub fn attrs(&self, n: usize) -> Vec<Attr<'a>> {
        let node = &self.nodes[n];
        let mut out = Vec::new();
        let mut at = node.local as usize + usize::from(node.local_len);
        let end = node.open_end as usize;
        while let Some((span, name, value)) = attribute(self.bytes, at, end) {
            at = span.end;
            let name_text = std::str::from_utf8(&self.bytes[name]).unwrap_or_default();
            let (prefix, local) = name_text.split_once(':').unwrap_or(("", name_text));
            let ns = match prefix {
                "" if local == "xmlns" => XMLNS,
                "" => NONE,
                "xmlns" => XMLNS,
                _ => self.resolve(node.scope, prefix.as_bytes()),
            };
            out.push(Attr { span, raw: &self.bytes[value.clone()], value_span: value, prefix, local, ns });
        }
        out
    }

    /// The attribute of that name.
    pub fn attr(&self, n: usize, ns: u8, local: &str) -> Option<Attr<'a>> {
        self.attrs(n).into_iter().find(|a| a.ns == ns && a.local == local)
    }

    /// All text inside it, entities resolved, markup left out.
    pub fn text(&self, n: usize) -> String {
        let inside = self.inside(n);
        let (mut at, mut out) = (inside.start, Vec::new());
        let bytes = self.bytes;
        while at < inside.end {
            let rest = &bytes[at..inside.end];
            let run = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            out.extend_from_slice(unescape(&rest[..run]).as_bytes());
            at += run;
            let rest = &bytes[at..inside.end];
            if let Some(data) = rest.strip_prefix(b"<![CDATA[") {
                let len = memchr::memmem::find(data, b"]]>").unwrap_or(data.len());
                out.extend_from_slice(&data[..len]);
                at = (at + 9 + len + 3).min(inside.end);
            } else if rest.starts_with(b"<!--") {
                at += memchr::memmem::find(rest, b"-->").map_or(rest.len(), |i| i + 3);
            } else if !rest.is_empty() {
                at = tag_end(bytes, at).unwrap_or(inside.end).min(inside.end);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    fn resolve(&self, mut scope: u32, prefix: &[u8]) -> u8 {
        while let Some(s) = self.scopes.get(scope as usize) {
            if self.bytes[s.prefix.clone()] == *prefix {
                return s.ns;
            }
            scope = s.parent;
        }
        NONE
    }

    /// The number of the namespace that `prefix` stands for at the element `n`.
    pub fn namespace(&self, n: usize, prefix: &str) -> u8 {
        self.resolve(self.nodes[n].scope, prefix.as_bytes())
    }
}

/// One attribute between `at` and `end`: all of it with the white space before, its name, its value.
fn attribute(bytes: &[u8], at: usize, end: usize) -> Option<(Range<usize>, Range<usize>, Range<usize>)> {
    let skip = |mut i: usize, test: fn(u8) -> bool| {
        while i < end && test(bytes[i]) {
            i += 1;
        }
        i
    };
    let name = skip(at, is_space);
    let name_end = skip(name, is_name);
    let equals = skip(name_end, is_space);
    if name_end == name || bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let open = skip(equals + 1, is_space);
    let quote = *bytes.get(open).filter(|b| matches!(b, b'"' | b'\''))?;
    let value_end = open + 1 + memchr::memchr(quote, &bytes[open + 1..end])?;
    Some((at..value_end + 1, name..name_end, open + 1..value_end))
}

/// Where the tag that begins at `at` ends, quotes respected.
fn tag_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    loop {
        i += memchr::memchr3(b'>', b'"', b'\'', &bytes[i..])?;
        if bytes[i] == b'>' {
            return Some(i + 1);
        }
        i += memchr::memchr(bytes[i], &bytes[i + 1..])? + 2;
    }
}

/// Resolves the five entities of the language and character references; leaves others as they are.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
        return text;
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(i) = rest.find('&') {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        let Some(end) = rest.find(';') else { break };
        let name = &rest[1..end];
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let c = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        };
        match c {
            Some(c) => out.push(c),
            None => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

impl Edits {
    /// Takes the tags of an element out and leaves what is in it.
    pub fn unwrap(&mut self, doc: &Document, n: usize) {
        self.cut(doc.open(n));
        self.cut(doc.close(n));
    }
}
