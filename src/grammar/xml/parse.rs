//! The parser of XML: one pass, without recursion; what it finds is a [`Document`].

use std::ops::Range;

use super::{Doctype, Document, Node, Scope, attribute, is_name, is_space, tag_end, unescape};
use crate::refusal::{Refusal, Result};

/// How deep elements may nest.
const DEEPEST: usize = 256;

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    doc: Document<'a>,
    stack: Vec<u32>,
    scope: u32,
}

fn bad(what: &'static str, at: usize) -> Refusal {
    Refusal::malformed(what, at as u64)
}

/// Takes bytes apart that are neither UTF-16 nor too many.
pub(super) fn parse<'a>(bytes: &'a [u8], doctype: Doctype, number: &dyn Fn(&str) -> u8) -> Result<Document<'a>> {
    let doc = Document { bytes, nodes: Vec::new(), scopes: Vec::new(), loose: Vec::new() };
    let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut parser = Parser { bytes, at, doc, stack: Vec::new(), scope: u32::MAX };
    parser.declaration()?;
    parser.run(doctype, number)?;
    Ok(parser.doc)
}

impl<'a> Parser<'a> {
    /// The XML declaration, where there is one: it stays, unless it names an encoding that this cannot read.
    fn declaration(&mut self) -> Result<()> {
        let rest = &self.bytes[self.at..];
        let mut utf8 = true;
        if rest.starts_with(b"<?xml") && rest.get(5).is_some_and(|b| is_space(*b)) {
            let len = memchr::memmem::find(rest, b"?>").ok_or_else(|| bad("an XML declaration without an end", self.at))?;
            let text = String::from_utf8_lossy(&rest[..len]).to_ascii_lowercase();
            if let Some(i) = text.find("encoding") {
                let value: String = text[i + 8..]
                    .chars()
                    .skip_while(|c| !matches!(c, '"' | '\''))
                    .skip(1)
                    .take_while(|c| !matches!(c, '"' | '\''))
                    .collect();
                utf8 = !(value.starts_with("iso-8859") || value.starts_with("windows-125") || value == "latin1");
                // What says that it is UTF-16 and can be read here was put into UTF-8 before.
                if utf8 && !matches!(value.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii" | "utf-16" | "") {
                    return Err(Refusal::unsupported(format!("an XML part is written in {value}")));
                }
            }
            self.at += len + 2;
        }
        match std::str::from_utf8(self.bytes) {
            Err(e) if utf8 => Err(bad("an XML part is not the UTF-8 that it should be", e.valid_up_to())),
            _ => Ok(()),
        }
    }

    fn run(&mut self, doctype: Doctype, number: &dyn Fn(&str) -> u8) -> Result<()> {
        let end = self.bytes.len();
        while self.at < end {
            let Some(run) = memchr::memchr(b'<', &self.bytes[self.at..]) else {
                self.outside_text(self.at..end)?;
                self.at = end;
                break;
            };
            self.outside_text(self.at..self.at + run)?;
            self.at += run;
            let rest = &self.bytes[self.at..];
            match rest.get(1) {
                Some(b'/') => self.close()?,
                Some(b'?') => self.loose(b"?>")?,
                Some(b'!') if rest.starts_with(b"<!--") => self.loose(b"-->")?,
                Some(b'!') if rest.starts_with(b"<![CDATA[") && !self.stack.is_empty() => {
                    let len = memchr::memmem::find(rest, b"]]>").ok_or_else(|| bad("CDATA without an end", self.at))?;
                    self.at += len + 3;
                }
                Some(b'!') if doctype == Doctype::Allowed && self.doc.nodes.is_empty() => {
                    let len = tag_end(self.bytes, self.at).ok_or_else(|| bad("a document type without an end", self.at))?;
                    if self.bytes[self.at..len].contains(&b'[') {
                        return Err(Refusal::unsupported("an XML part with a document type of its own").at(self.at as u64));
                    }
                    self.at = len;
                }
                Some(b'!') => return Err(Refusal::unsupported("an XML part with a document type").at(self.at as u64)),
                _ => self.open(number)?,
            }
        }
        if self.doc.nodes.is_empty() || !self.stack.is_empty() {
            return Err(bad("an XML part ends before its root does", end));
        }
        Ok(())
    }

    fn outside_text(&self, span: Range<usize>) -> Result<()> {
        match self.stack.is_empty() && self.bytes[span.clone()].iter().any(|b| !is_space(*b) && *b != 0) {
            true => Err(bad("text outside of the root of an XML part", span.start)),
            false => Ok(()),
        }
    }

    fn loose(&mut self, end: &[u8]) -> Result<()> {
        let from = if end == b"-->" { 4 } else { 2 };
        let rest = self.bytes.get(self.at + from..).unwrap_or_default();
        let len = memchr::memmem::find(rest, end).ok_or_else(|| bad("a comment or instruction without an end", self.at))?;
        let to = self.at + from + len + end.len();
        self.doc.loose.push(self.at..to);
        self.at = to;
        Ok(())
    }

    fn open(&mut self, number: &dyn Fn(&str) -> u8) -> Result<()> {
        let (bytes, start) = (self.bytes, self.at);
        if self.stack.is_empty() && !self.doc.nodes.is_empty() {
            return Err(bad("an XML part has two roots", start));
        }
        if self.stack.len() >= DEEPEST {
            return Err(Refusal::limit(format!("elements nest deeper than {DEEPEST}")).at(start as u64));
        }
        let mut name_end = start + 1;
        while bytes.get(name_end).is_some_and(|b| is_name(*b)) {
            name_end += 1;
        }
        if name_end == start + 1 {
            return Err(bad("a tag without a name", start));
        }
        let open_end = tag_end(bytes, start).ok_or_else(|| bad("a tag without an end", start))?;
        let empty = bytes[open_end - 2] == b'/';
        let stop = open_end - if empty { 2 } else { 1 };
        let outer = self.scope;
        let mut at = name_end;
        while let Some((span, name, value)) = attribute(bytes, at, stop) {
            at = span.end;
            let prefix = match &bytes[name.clone()] {
                b"xmlns" => name.start..name.start,
                n if n.starts_with(b"xmlns:") => name.start + 6..name.end,
                _ => continue,
            };
            let ns = number(&unescape(&bytes[value]));
            self.doc.scopes.push(Scope { parent: self.scope, prefix, ns });
            self.scope = (self.doc.scopes.len() - 1) as u32;
        }
        if bytes[at..stop].iter().any(|b| !is_space(*b)) {
            return Err(bad("an attribute that cannot be read", at));
        }
        let colon = memchr::memchr(b':', &bytes[start + 1..name_end]).map(|i| start + 1 + i);
        let local = colon.map_or(start + 1, |c| c + 1);
        let ns = self.doc.resolve(self.scope, &bytes[start + 1..colon.unwrap_or(start + 1)]);
        let local_len = u16::try_from(name_end - local).map_err(|_| bad("a name that is too long", start))?;
        let parent = self.stack.last().copied().unwrap_or(u32::MAX);
        let here = self.doc.nodes.len() as u32;
        self.doc.nodes.push(Node {
            start: start as u32,
            open_end: open_end as u32,
            close: open_end as u32,
            end: open_end as u32,
            local: local as u32,
            local_len,
            ns,
            parent,
            past: here + 1,
            scope: self.scope,
        });
        self.at = open_end;
        if empty {
            self.scope = outer;
        } else {
            self.stack.push(here);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let (bytes, start) = (self.bytes, self.at);
        let past = self.doc.nodes.len() as u32;
        let name_of = |node: &Node| &bytes[node.start as usize + 1..node.local as usize + usize::from(node.local_len)];
        let mut here = self.stack.pop().ok_or_else(|| bad("an end tag without a start", start))?;
        // Excel writes line breaks in VML as HTML does, and nothing else that is not closed.
        while name_of(&self.doc.nodes[here as usize]) == b"br" && !bytes[start + 2..].starts_with(b"br") {
            self.doc.nodes[here as usize].past = here + 1;
            here = self.stack.pop().ok_or_else(|| bad("an end tag without a start", start))?;
        }
        let node = &mut self.doc.nodes[here as usize];
        let name = name_of(node);
        let mut end = start + 2 + name.len();
        if bytes.get(start + 2..end) != Some(name) {
            return Err(bad("an end tag that is not that of the open element", start));
        }
        while bytes.get(end).is_some_and(|b| is_space(*b)) {
            end += 1;
        }
        if bytes.get(end) != Some(&b'>') {
            return Err(bad("an end tag that is not that of the open element", start));
        }
        node.close = start as u32;
        node.end = end as u32 + 1;
        node.past = past;
        self.at = end + 1;
        // The scope outside is that of the parent.
        self.scope = match self.stack.last() {
            Some(parent) => self.doc.nodes[*parent as usize].scope,
            None => u32::MAX,
        };
        Ok(())
    }
}
