//! What of the content and of the styles of a document may stay.

use std::collections::{HashMap, HashSet};

use super::names;
use super::ns::*;
use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::formats::office::{AUTHOR, MOMENT, is_path, tracked_changes};
use crate::formats::tracking;
use crate::grammar::xml::{Attr, Document, Edits, XMLNS};
use crate::policy::{Token, TrackedChanges};
use crate::refusal::{Code, Refusal, Result};

/// Fields that tell of people, times and places on disks: what they show stays as text.
const TELLING: &[&str] = &[
    "author-name",
    "author-initials",
    "initial-creator",
    "creator",
    "creation-date",
    "creation-time",
    "modification-date",
    "modification-time",
    "print-date",
    "print-time",
    "printed-by",
    "editing-duration",
    "editing-cycles",
    "file-name",
    "template-name",
    "user-defined",
    "title",
    "subject",
    "keywords",
    "description",
    "sender-firstname",
    "sender-lastname",
    "sender-initials",
    "sender-title",
    "sender-position",
    "sender-email",
    "sender-phone-private",
    "sender-fax",
    "sender-company",
    "sender-phone-work",
    "sender-street",
    "sender-city",
    "sender-postal-code",
    "sender-country",
    "sender-state-or-province",
    "dde-connection",
    "database-display",
    "database-name",
    "database-row-number",
    "execute-macro",
];

/// Comments and instructions go from every part.
pub(super) fn loose(doc: &Document, edits: &mut Edits, tally: &mut Tally) {
    for span in doc.loose() {
        tally.gone("comments and instructions in the XML", Tells::Text, span.len());
        edits.cut(span.clone());
    }
}

/// Whether an address leads to a place on a disk, or out of the package.
fn is_outside(href: &str) -> bool {
    let lower = href.to_ascii_lowercase();
    let scheme = lower.split_once(':').map(|(s, _)| s);
    match scheme {
        Some("file" | "vnd.sun.star.pkg" | "smb" | "dav") => true,
        Some(s) if s.len() == 1 => true,
        _ => href.starts_with('/') || href.starts_with("..") || href.contains('\\'),
    }
}

/// Members that the content refers to, relative to it.
pub(super) fn references(bytes: &[u8]) -> Result<Vec<String>> {
    let doc = super::parse(bytes)?;
    let mut out = Vec::new();
    for n in 0..doc.len() {
        for attr in doc.attrs(n).into_iter().filter(|a| a.ns == XLINK && a.local == "href") {
            let value = attr.value();
            let target = value.strip_prefix("./").unwrap_or(&value).trim_end_matches('/');
            if !target.is_empty() && !target.contains(':') && !target.starts_with(['#', '/']) {
                out.push(target.to_owned());
                out.push(names::target(target));
            }
        }
    }
    Ok(out)
}

/// What changes in a part, and what was found.
///
/// # Errors
/// Where the part cannot be made safe.
pub(super) fn run(job: &Job, bytes: &[u8]) -> Result<(Option<Vec<u8>>, Tally)> {
    let doc = super::parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    loose(&doc, &mut edits, &mut tally);
    look(job, &doc, &mut edits, &mut tally)?;
    Ok((edits.apply(bytes), tally))
}

/// The same for a document that is taken apart already, its loose parts aside.
///
/// # Errors
/// Where the part cannot be made safe.
pub(super) fn look(job: &Job, doc: &Document, edits: &mut Edits, tally: &mut Tally) -> Result<()> {
    let referred = referred(doc);
    let numbers = numbers(doc);
    let mut n = 0;
    while n < doc.len() {
        match element(job, doc, n, tally, edits)? {
            Fate::Stay => {
                attributes(doc, n, &referred, &numbers, tally, edits);
                n += 1;
            }
            Fate::Go(label, tells) => {
                tally.gone(label, tells, doc.span(n).len());
                edits.cut(doc.span(n));
                n = doc.past(n);
            }
            Fate::Unwrap(label, tells) => {
                tally.gone(label, tells, doc.open(n).len());
                edits.unwrap(doc, n);
                n += 1;
            }
        }
    }
    Ok(())
}

/// Identifiers that something in the document refers to.
fn referred(doc: &Document) -> HashSet<String> {
    let is_id = |a: &Attr| a.ns != XMLNS && a.local == "id";
    let all = || (0..doc.len()).flat_map(|n| doc.attrs(n));
    let ids: HashSet<String> = all().filter(is_id).map(|a| a.value().into_owned()).collect();
    let mut out = HashSet::new();
    if ids.is_empty() {
        return out;
    }
    for attr in all().filter(|a| a.ns != XMLNS && !is_id(a)) {
        let value = attr.value();
        for word in std::iter::once(value.trim_start_matches('#')).chain(value.split_whitespace()) {
            if ids.contains(word) {
                out.insert(word.to_owned());
            }
        }
    }
    out
}

enum Fate {
    Stay,
    Go(&'static str, Tells),
    Unwrap(&'static str, Tells),
}

fn element(job: &Job, doc: &Document, n: usize, tally: &mut Tally, edits: &mut Edits) -> Result<Fate> {
    let (ns, local) = (doc.ns(n), doc.local(n));
    let go = |label, tells| Ok(Fate::Go(label, tells));
    match (ns, local) {
        // LibreOffice writes the comments of slides and drawings under a name of its own.
        (OFFICE | ADDED, "annotation") => {
            if job.keeps(Token::Comments) {
                tally.kept("comments", Tells::Text, "--keep comments");
                return Ok(Fate::Stay);
            }
            doc.children(n).filter(|c| doc.ns(*c) == DC && doc.local(*c) == "creator").for_each(|c| {
                tally.value("author of comments", Tells::Who, doc.text(c));
            });
            go("comments", Tells::Text)
        }
        (OFFICE | ADDED, "annotation-end") if job.keeps(Token::Comments) => Ok(Fate::Stay),
        (OFFICE | ADDED, "annotation-end") => go("marks of comments", Tells::Text),
        (TEXT | TABLE, "tracked-changes") => {
            let count = doc.children(n).count();
            if count > 0 {
                match tracked_changes(job) {
                    TrackedChanges::Accept => {}
                    TrackedChanges::Anonymise => {
                        tally.kept("tracked changes", Tells::History, "--tracked-changes anonymise");
                        return Ok(Fate::Stay);
                    }
                    TrackedChanges::Refuse => {
                        return Err(Refusal::new(Code::NeedsResidual, "the document holds tracked changes")
                            .hint("accept or reject them in an office program first"));
                    }
                    // Those of texts are rejected by now.
                    TrackedChanges::Reject => {
                        return Err(Refusal::unsupported("tracked changes of spreadsheets cannot be rejected so far")
                            .hint("reject them in an office program first, or let them be accepted"));
                    }
                }
                for c in n..doc.past(n) {
                    if doc.ns(c) == DC && doc.local(c) == "creator" {
                        tally.value("author of tracked changes", Tells::Who, doc.text(c));
                    }
                }
                tally.value("tracked changes", Tells::History, format!("{count} accepted"));
            }
            go("insertions and deletions", Tells::History)
        }
        (TEXT | OFFICE, "change" | "change-start" | "change-end" | "change-info")
            if tracked_changes(job) == TrackedChanges::Anonymise =>
        {
            Ok(Fate::Stay)
        }
        (DC, "creator" | "date") if who_and_when(doc, n, tally, edits) => Ok(Fate::Stay),
        (TEXT, "change" | "change-start" | "change-end") => go("marks of insertions and deletions", Tells::History),
        (PRESENTATION, "notes") if !job.keeps(Token::Notes) => go("speaker notes", Tells::Text),
        (OFFICE, "change-info") => go("insertions and deletions", Tells::Who),
        (OFFICE, "scripts") if doc.children(n).next().is_some() => go("macros", Tells::Software),
        (SCRIPT, "event-listener") => go("macros", Tells::Software),
        (OFFICE, "dde-source") | (TEXT, "dde-connection-decls") | (TABLE, "dde-links") => {
            go("links to other documents", Tells::History)
        }
        (META | DC, _) | (OFFICE, "meta") => go("document properties", Tells::Who),
        (TEXT, "script") => go("macros", Tells::Software),
        (ADDED, "signatureline") => go("lines for signatures", Tells::Who),
        (TABLE, "detective") => go("marks of the detective", Tells::History),
        (TABLE, "database-source-sql" | "database-source-table" | "database-source-query") => go("data source", Tells::History),
        (TEXT, _) if TELLING.contains(&local) => {
            tally.value("field", Tells::History, local.replace('-', " "));
            Ok(Fate::Unwrap("codes of fields", Tells::History))
        }
        (SVG, "title" | "desc") => {
            let text = doc.text(n);
            match () {
                () if is_path(&text) => {
                    tally.value("path of a picture", Tells::History, text);
                    go("paths of pictures", Tells::History)
                }
                () if !job.keeps(Token::AltText) => go("descriptions of pictures", Tells::Text),
                () => Ok(Fate::Stay),
            }
        }
        (FOREIGN, _) => go("data of other programs", Tells::Unknown),
        (TABLE, "named-expression" | "named-range") if is_external(doc, n) => {
            go("names for cells of other documents", Tells::History)
        }
        _ => outside(doc, n, tally, edits),
    }
}

/// In comments and changes that stay, names and times become constants. Returns whether this is in one.
fn who_and_when(doc: &Document, n: usize, tally: &mut Tally, edits: &mut Edits) -> bool {
    let within = doc
        .parent(n)
        .is_some_and(|p| matches!(doc.ns(p), OFFICE | ADDED) && matches!(doc.local(p), "annotation" | "change-info"));
    let (neutral, label, tells) = match doc.local(n) {
        "creator" => (AUTHOR, "author of a comment or change", Tells::Who),
        _ => (MOMENT, "time of a comment or change", Tells::When),
    };
    let text = doc.text(n);
    if within && !doc.close(n).is_empty() && text != neutral {
        tally.value(label, tells, text);
        edits.put(doc.inside(n), neutral);
    }
    within
}

fn is_external(doc: &Document, n: usize) -> bool {
    doc.attrs(n)
        .iter()
        .any(|a| matches!(a.local, "expression" | "cell-range-address" | "base-cell-address") && a.value().contains("file:"))
}

/// Whether an attribute hides what it is on, or what has its style.
pub(super) fn is_hiding(doc: &Document, n: usize, attr: &Attr) -> bool {
    match (attr.ns, attr.local, &*attr.value()) {
        (TABLE, "visibility", "collapse" | "filter") => true,
        (TABLE, "display", "false") => matches!(doc.local(n), "table-properties" | "table"),
        (PRESENTATION, "visibility", "hidden") | (TEXT, "display", "none") | (DRAW, "display", "none") => true,
        (TEXT, "is-hidden", "true") => true,
        _ => false,
    }
}

/// Elements that lead to a place on a disk.
fn outside(doc: &Document, n: usize, tally: &mut Tally, edits: &mut Edits) -> Result<Fate> {
    let Some(href) = doc.attrs(n).into_iter().find(|a| a.ns == XLINK && a.local == "href") else { return Ok(Fate::Stay) };
    if tracking::is_marked(&href.value()) {
        tally.kept(tracking::LABEL, Tells::Identifier, tracking::WHY);
    }
    if !is_outside(&href.value()) {
        return Ok(Fate::Stay);
    }
    let _ = edits;
    tally.value("link to a file", Tells::History, href.value());
    Ok(match (doc.ns(n), doc.local(n)) {
        (TEXT | DRAW, "a") => Fate::Unwrap("links to files", Tells::History),
        _ => Fate::Go("links to files", Tells::History),
    })
}

/// Names that pair changes and comments with their places: programs make them of times and addresses in memory, here they
/// are counted.
fn numbers(doc: &Document) -> HashMap<String, usize> {
    let mut out = HashMap::new();
    for n in 0..doc.len() {
        let named = match (doc.ns(n), doc.local(n)) {
            (TEXT, "changed-region") => doc.attr(n, TEXT, "id").or_else(|| doc.attr(n, XML, "id")),
            (OFFICE | ADDED, "annotation") => doc.attr(n, OFFICE, "name"),
            _ => None,
        };
        if let Some(name) = named {
            let next = out.len() + 1;
            out.entry(name.value().into_owned()).or_insert(next);
        }
    }
    out
}

/// Whether an attribute pairs a change or a comment with its place.
fn is_pairing(doc: &Document, n: usize, attr: &Attr) -> bool {
    match (doc.ns(n), doc.local(n)) {
        (TEXT, "changed-region") => attr.local == "id",
        (TEXT, "change" | "change-start" | "change-end") => attr.local == "change-id",
        (OFFICE | ADDED, "annotation" | "annotation-end") => attr.ns == OFFICE && attr.local == "name",
        _ => false,
    }
}

fn attributes(
    doc: &Document,
    n: usize,
    referred: &HashSet<String>,
    numbers: &HashMap<String, usize>,
    tally: &mut Tally,
    edits: &mut Edits,
) {
    for attr in doc.attrs(n) {
        if attr.ns == XMLNS {
            continue;
        }
        if is_pairing(doc, n, &attr) {
            let new = format!("n{}", numbers.get(&*attr.value()).copied().unwrap_or_default());
            if attr.value() != new {
                tally.rewritten("names that programs gave", Tells::Identifier);
                edits.put(attr.value_span.clone(), new);
            }
            continue;
        }
        let (label, tells) = match (attr.ns, attr.local) {
            (ADDED, "rsid" | "paragraph-rsid") => ("revision save identifiers", Tells::Identifier),
            (ADDED, "author" | "date" | "creator") if doc.ns(n) != TEXT => ("data of other programs", Tells::Who),
            (FOREIGN, _) => ("data of other programs", Tells::Unknown),
            (RDF, "about" | "property" | "content" | "datatype" | "transformation") => ("descriptions of parts", Tells::Text),
            (XML, "id") if attr.prefix == "xml" && !referred.contains(&*attr.value()) => {
                ("identifiers of objects", Tells::Identifier)
            }
            (TEXT | DRAW, "id") if doc.ns(n) != DRAW && !referred.contains(&*attr.value()) && doc.local(n) != "note" => {
                ("identifiers of objects", Tells::Identifier)
            }
            (TABLE, "comment") if doc.local(n) == "scenario" => ("comments of scenarios", Tells::Who),
            (TABLE, "formula") if attr.value().contains("'file:") || attr.value().contains("\"file:") => {
                ("formulas that reach into other documents", Tells::History)
            }
            (DRAW, "name") if is_path(&attr.value()) => {
                tally.value("name of an object", Tells::History, attr.value());
                edits.put(attr.value_span.clone(), format!("Object {n}"));
                continue;
            }
            _ if is_hiding(doc, n, &attr) => {
                tally.kept("hidden parts", Tells::Hidden, "what is hidden is content; --drop hidden refuses the document");
                continue;
            }
            (DRAW, "filter-name") | (_, "protection-key-digest-algorithm") => continue,
            _ => continue,
        };
        tally.gone(label, tells, attr.span.len());
        edits.cut(attr.span);
    }
}
