//! The document type goes, but what its internal subset calls by name must be written out first: Illustrator puts the names
//! of its namespaces there. Only plain text is taken for that; whatever else a subset can do to a document is refused.
//! [XML 1.0 2.8, 4.2]

use std::collections::BTreeMap;
use std::ops::Range;

use crate::refusal::{Refusal, Result};

/// How much text the entities may come to.
const MOST: usize = 1 << 20;

/// The document type: where it stands, and the texts it names.
#[derive(Default)]
pub(super) struct Doctype {
    /// All of it; empty where there is none.
    pub(super) span: Range<usize>,
    entities: BTreeMap<String, String>,
}

impl Doctype {
    /// Finds it in front of the root.
    ///
    /// # Errors
    /// `Malformed` where it has no end, `Unsupported` where its subset does more than to name texts.
    pub(super) fn read(bytes: &[u8]) -> Result<Doctype> {
        let Some(start) = start(bytes) else { return Ok(Doctype::default()) };
        let mut doctype = Doctype { span: start..start, ..Doctype::default() };
        let no_end = || Refusal::malformed("the document type has no end", start as u64);
        let mut at = start + 9;
        loop {
            match bytes.get(at).ok_or_else(no_end)? {
                b'>' => break,
                b'[' => at = doctype.subset(bytes, at + 1)?,
                q @ (b'"' | b'\'') => at += 2 + memchr::memchr(*q, &bytes[at + 1..]).ok_or_else(no_end)?,
                _ => at += 1,
            }
        }
        doctype.span.end = at + 1;
        Ok(doctype)
    }

    /// Whether it names no texts.
    pub(super) fn is_plain(&self) -> bool {
        self.entities.is_empty()
    }

    fn subset(&mut self, bytes: &[u8], mut at: usize) -> Result<usize> {
        let refuse = |at: usize| Refusal::unsupported("its document type does more than to name texts").at(at as u64);
        let after = |at: usize, end: &[u8]| {
            let found = memchr::memmem::find(&bytes[at..], end).map(|i| at + i + end.len());
            found.ok_or_else(|| Refusal::malformed("the document type has no end", at as u64))
        };
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match rest.first() {
                Some(b']') => return Ok(at + 1),
                Some(b) if b.is_ascii_whitespace() => at += 1,
                _ if rest.starts_with(b"<!--") => at = after(at + 4, b"-->")?,
                _ if rest.starts_with(b"<!ENTITY") => at = self.entity(bytes, at)?.ok_or_else(|| refuse(at))?,
                _ => return Err(refuse(at)),
            }
        }
    }

    /// `<!ENTITY name "text">`; the first of a name counts.
    fn entity(&mut self, bytes: &[u8], at: usize) -> Result<Option<usize>> {
        let mut words = at + 8;
        let skip = |mut i: usize, space: bool| {
            while bytes.get(i).is_some_and(|b| b.is_ascii_whitespace() == space && !matches!(b, b'>' | b'"' | b'\'')) {
                i += 1;
            }
            i
        };
        words = skip(words, true);
        let end = skip(words, false);
        let name = String::from_utf8_lossy(&bytes[words..end]).into_owned();
        let open = skip(end, true);
        let Some(quote) = bytes.get(open).copied().filter(|b| matches!(b, b'"' | b'\'')) else { return Ok(None) };
        let no_end = || Refusal::malformed("an entity has no end", at as u64);
        let close = open + 1 + memchr::memchr(quote, &bytes[open + 1..]).ok_or_else(no_end)?;
        let text = String::from_utf8_lossy(&bytes[open + 1..close]).into_owned();
        let past = skip(close + 1, true);
        if name.is_empty() || name == "%" || text.contains(['<', '&', '%']) || bytes.get(past) != Some(&b'>') {
            return Ok(None);
        }
        self.entities.entry(name).or_insert_with(|| text.replace('"', "&quot;").replace('\'', "&apos;"));
        Ok(Some(past + 1))
    }

    /// A text with the names in it written out.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, value) in &self.entities {
            let reference = format!("&{name};");
            if out.len() < MOST && out.contains(&reference) {
                out = out.replace(&reference, value);
            }
        }
        out
    }

    /// Where the names stand in the document, and what is written there.
    ///
    /// # Errors
    /// `Limit` where that is too much.
    pub(super) fn references(&self, bytes: &[u8]) -> Result<Vec<(Range<usize>, &str)>> {
        let (mut out, mut total, mut at) = (Vec::new(), 0, self.span.end);
        while let Some(i) = memchr::memchr2(b'&', b'<', &bytes[at..]) {
            let here = at + i;
            at = here + 1;
            let rest = &bytes[here..];
            if let Some(end) = [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>")]
                .iter()
                .find_map(|(open, end)| rest.starts_with(open).then(|| memchr::memmem::find(rest, end).unwrap_or(rest.len())))
            {
                at = here + end;
                continue;
            }
            let Some(end) = memchr::memchr(b';', &rest[..rest.len().min(256)]).filter(|_| rest[0] == b'&') else { continue };
            let Some(text) = std::str::from_utf8(&rest[1..end]).ok().and_then(|n| self.entities.get(n)) else { continue };
            total += text.len();
            if total > MOST {
                return Err(Refusal::limit("its entities come to more than 1 MiB"));
            }
            out.push((here..here + end + 1, text.as_str()));
        }
        Ok(out)
    }
}

/// Where `<!DOCTYPE` stands in front of the root.
fn start(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', &bytes[at..])?;
        let rest = &bytes[at..];
        let end: &[u8] = match rest {
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            _ => return rest.starts_with(b"<!DOCTYPE").then_some(at),
        };
        at += memchr::memmem::find(rest, end)? + end.len();
    }
}
