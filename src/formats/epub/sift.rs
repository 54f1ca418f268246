//! What of a book's package, contents list, pages and style sheets may stay.

use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::grammar::xml::{Doctype, Document, Edits, NONE};
use crate::policy::Token;
use crate::refusal::Result;

/// Dublin Core, the package, the contents list, pages; nothing else matters here.
const DC: u8 = 2;
const OPF: u8 = 3;

fn number(uri: &str) -> u8 {
    match uri {
        "http://purl.org/dc/elements/1.1/" | "http://purl.org/dc/elements/1.0/" => DC,
        "http://www.idpf.org/2007/opf" => OPF,
        _ => 1,
    }
}

/// What stands in place of every identifier and time.
const IDENTIFIER: &str = "urn:uuid:00000000-0000-0000-0000-000000000000";
const MOMENT: &str = "1980-01-01T00:00:00Z";

/// Takes a part of a book apart.
///
/// # Errors
/// As [`Document::parse`].
pub(super) fn parse(bytes: &[u8]) -> Result<Document<'_>> {
    Document::parse(bytes, Doctype::Allowed, &number)
}

/// Comments and instructions go, but for the one that names a style sheet.
fn loose(doc: &Document, edits: &mut Edits, tally: &mut Tally) {
    for span in doc.loose() {
        if !doc.bytes()[span.clone()].starts_with(b"<?xml-stylesheet") {
            tally.gone("comments and instructions in the XML", Tells::Text, span.len());
            edits.cut(span.clone());
        }
    }
}

/// What came of a part.
pub(super) type Sifted = (Option<Vec<u8>>, Tally);

/// A part without rules of its own.
pub(super) fn plain(bytes: &[u8]) -> Result<Sifted> {
    let doc = parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    loose(&doc, &mut edits, &mut tally);
    for n in (0..doc.len()).filter(|n| doc.local(0) == "smil" && doc.local(*n) == "metadata") {
        tally.gone("description of a recording", Tells::Text, doc.span(n).len());
        edits.cut(doc.span(n));
    }
    Ok((edits.apply(bytes), tally))
}

/// A file of the book, as the package lists it.
pub(super) struct Item {
    /// Its address, relative to the package.
    pub(super) href: String,
    /// Its media type.
    pub(super) kind: String,
}

/// What the package says.
pub(super) struct Package {
    /// The files.
    pub(super) items: Vec<Item>,
    /// Every identifier.
    pub(super) identifiers: Vec<String>,
    /// What changes in it.
    pub(super) sifted: Sifted,
}

/// The package document.
pub(super) fn package(job: &Job, bytes: &[u8]) -> Result<Package> {
    let doc = parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    loose(&doc, &mut edits, &mut tally);
    let get = |n: usize, name: &str| doc.attr(n, NONE, name).map(|a| a.value().into_owned()).unwrap_or_default();
    let (mut items, mut identifiers) = (Vec::new(), Vec::new());
    let unique = get(0, "unique-identifier");
    let is_identifier = |n: &usize| doc.ns(*n) == DC && doc.local(*n).eq_ignore_ascii_case("identifier");
    let the =
        (0..doc.len()).filter(is_identifier).find(|n| get(*n, "id") == unique).or_else(|| (0..doc.len()).find(is_identifier));
    let mut titled = false;
    let mut n = 0;
    while n < doc.len() {
        let local = doc.local(n).to_ascii_lowercase();
        if local == "item" {
            items.push(Item { href: get(n, "href"), kind: get(n, "media-type").to_ascii_lowercase() });
        }
        let inside = doc.ancestors(n).any(|a| doc.local(a) == "metadata");
        if !inside || matches!(&*local, "dc-metadata" | "x-metadata") {
            n += 1;
            continue;
        }
        let text = doc.text(n);
        if is_identifier(&n) {
            identifiers.push(text.trim().to_owned());
        }
        let tags = job.keeps(Token::Tags);
        let keep = match (doc.ns(n), &*local) {
            (DC, "title") => !std::mem::replace(&mut titled, true),
            (DC, "language") => true,
            (DC, "identifier") => Some(n) == the,
            (DC, "creator" | "publisher" | "subject" | "description") => tags,
            (_, "meta") => is_layout(&get(n, "name"), &get(n, "property"), !get(n, "refines").is_empty()),
            _ => false,
        };
        if !keep {
            let (label, tells) = tell(&local);
            let value = if text.trim().is_empty() { format!("{} {}", get(n, "name"), get(n, "content")) } else { text };
            tally.value(label, tells, value);
            tally.gone("descriptions of the book", Tells::Text, doc.span(n).len());
            edits.cut(doc.span(n));
            n = doc.past(n);
            continue;
        }
        if Some(n) == the && text.trim() != IDENTIFIER && !doc.close(n).is_empty() {
            tally.value("identifier of the book", Tells::Identifier, text.trim());
            tally.rewritten("identifiers", Tells::Identifier);
            edits.put(doc.inside(n), IDENTIFIER);
        }
        if Some(n) == the
            && let Some(scheme) = doc.attrs(n).into_iter().find(|a| a.local == "scheme")
        {
            tally.gone("kind of the identifier", Tells::Identifier, scheme.span.len());
            edits.cut(scheme.span);
        }
        if get(n, "property") == "dcterms:modified" && doc.text(n).trim() != MOMENT && !doc.close(n).is_empty() {
            tally.value("modified", Tells::When, doc.text(n));
            tally.rewritten("times", Tells::When);
            edits.put(doc.inside(n), MOMENT);
        }
        n += 1;
    }
    Ok(Package { items, identifiers, sifted: (edits.apply(bytes), tally) })
}

/// Properties that change how a book is shown or read aloud.
fn is_layout(name: &str, property: &str, refines: bool) -> bool {
    const NAMES: &[&str] = &[
        "cover",
        "fixed-layout",
        "original-resolution",
        "orientation-lock",
        "book-type",
        "region-mag",
        "RegionMagnification",
        "zero-gutter",
        "zero-margin",
        "primary-writing-mode",
        "viewport",
        "page-progression-direction",
        "ke-border-color",
        "ke-border-width",
    ];
    let starts =
        ["rendition:", "ibooks:", "schema:access", "media:duration", "media:active-class", "media:playback-active-class"];
    if refines {
        return property.starts_with("media:duration");
    }
    NAMES.contains(&name)
        || starts.iter().any(|s| property.starts_with(s) || name.starts_with(s))
        || property == "dcterms:modified"
}

fn tell(local: &str) -> (&'static str, Tells) {
    match local {
        "creator" => ("author of the book", Tells::Text),
        "contributor" => ("contributor or program", Tells::Who),
        "publisher" => ("publisher", Tells::Text),
        "date" => ("date of the book", Tells::When),
        "identifier" => ("identifier of the book", Tells::Identifier),
        "title" => ("further title", Tells::Text),
        "meta" => ("note of a program", Tells::History),
        "rights" => ("rights", Tells::Text),
        "source" | "relation" => ("source of the book", Tells::History),
        _ => ("description of the book", Tells::Text),
    }
}

/// The contents list of EPUB 2.
pub(super) fn contents(bytes: &[u8]) -> Result<Sifted> {
    let doc = parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    loose(&doc, &mut edits, &mut tally);
    for n in 0..doc.len() {
        let name = doc.attr(n, NONE, "name").map(|a| a.value().into_owned()).unwrap_or_default();
        match doc.local(n) {
            "docAuthor" => {
                tally.value("author of the book", Tells::Text, doc.text(n));
                tally.gone("author in the contents list", Tells::Who, doc.span(n).len());
                edits.cut(doc.span(n));
            }
            "meta" if name == "dtb:uid" || name == "dtb:UID" => {
                if let Some(content) = doc.attr(n, NONE, "content")
                    && content.value() != IDENTIFIER
                {
                    tally.value("identifier of the book", Tells::Identifier, content.value());
                    tally.rewritten("identifiers", Tells::Identifier);
                    edits.put(content.value_span.clone(), IDENTIFIER);
                }
            }
            // A list needs at least one, and some programs write one that says nothing.
            "meta" if doc.attrs(n).iter().all(|a| a.raw_is_empty()) => {}
            "meta" if !matches!(&*name, "dtb:depth" | "dtb:totalPageCount" | "dtb:maxPageNumber") => {
                tally.gone("notes of programs in the contents list", Tells::Software, doc.span(n).len());
                edits.cut(doc.span(n));
            }
            _ => {}
        }
    }
    Ok((edits.apply(bytes), tally))
}

/// A page.
pub(super) fn page(bytes: &[u8]) -> Result<Sifted> {
    let doc = parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    loose(&doc, &mut edits, &mut tally);
    let get = |n: usize, name: &str| doc.attr(n, NONE, name).map(|a| a.value().to_lowercase()).unwrap_or_default();
    let mut n = 0;
    while n < doc.len() {
        let keep = match doc.local(n) {
            "meta" => {
                let equiv = get(n, "http-equiv");
                let name = get(n, "name");
                let shown = matches!(&*name, "viewport" | "cover" | "color-scheme" | "epub-type");
                shown
                    || doc.attr(n, NONE, "charset").is_some()
                    || matches!(&*equiv, "content-type" | "content-language" | "default-style" | "content-style-type")
            }
            "link" => {
                let rel = get(n, "rel");
                rel.split_whitespace().any(|r| matches!(r, "stylesheet" | "pronunciation"))
            }
            "metadata" | "rdf" | "RDF" => false,
            _ => true,
        };
        if keep {
            n += 1;
            continue;
        }
        tally.value(
            "note in the head of a page",
            Tells::Text,
            format!("{} {} {}", get(n, "name"), get(n, "content"), get(n, "href")),
        );
        tally.gone("notes in the heads of pages", Tells::Text, doc.span(n).len());
        edits.cut(doc.span(n));
        n = doc.past(n);
    }
    Ok((edits.apply(bytes), tally))
}

/// A style sheet without its comments.
pub(super) fn styles(bytes: &[u8]) -> Sifted {
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            quote @ (b'"' | b'\'') => {
                i += 1;
                while i < bytes.len() && bytes[i] != quote && bytes[i] != b'\n' {
                    i += if bytes[i] == b'\\' { 2 } else { 1 };
                }
                i += 1;
            }
            // What stands in `url()` without quotes is an address, whatever it looks like.
            b'(' if i >= 3 && bytes[i - 3..i].eq_ignore_ascii_case(b"url") => {
                let rest = &bytes[i + 1..];
                let quoted = rest.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'"' | b'\''));
                i += if quoted { 1 } else { memchr::memchr(b')', rest).map_or(rest.len(), |p| p + 1) };
            }
            b'/' if bytes.get(i + 1) == Some(&b'*') => {
                let end = memchr::memmem::find(&bytes[i + 2..], b"*/").map_or(bytes.len(), |p| i + 2 + p + 2);
                tally.gone("comments in style sheets", Tells::Text, end - i);
                let parts = |b: Option<&u8>| {
                    b.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b'}' | b';' | b':' | b',' | b'/'))
                };
                match parts(i.checked_sub(1).and_then(|p| bytes.get(p))) || parts(bytes.get(end)) {
                    true => edits.cut(i..end),
                    false => edits.put(i..end, " "),
                }
                i = end;
            }
            _ => i += 1,
        }
    }
    (edits.apply(bytes), tally)
}
