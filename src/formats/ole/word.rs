//! Word 97 to 2003. The text lies in pieces in one stream, everything that shapes it in tables in another, and a head says
//! where. Positions tie all of it together, so nothing moves: of the tables an allow-list stays, what tells is written over
//! in its place, and every byte that nothing refers to becomes zero: so what an earlier text left goes too. Documents that have
//! text deleted with changes tracked, or that are older, are refused. [MS-DOC]

mod cover;
mod data;
mod document;
mod pages;
mod people;
mod properties;
mod styles;
mod tables;
mod text;

use document::Document;
use properties::Uses;

use super::{App, Work};
use crate::finding::Tells;
use crate::format::Format;
use crate::grammar::cfb::{Content, Entry};
use crate::grammar::officeart::u16_at;
use crate::refusal::{Code, Refusal, Result};

/// The row.
pub static FORMAT: Format = Format {
    name: "DOC",
    extensions: &["doc", "dot"],
    container: false,
    keeps: "text, formatting, styles, lists, tables, notes, fields, bookmarks, drawings, embedded objects and pictures (cleaned)",
    removes: "document properties, authors, the last authors and paths, revision identifiers and times, text of comments, printers, \
              variables, macros, custom data, deleted text, every byte that nothing refers to",
    sniff: |head| super::sniff(head, &[STREAM]),
    plan: |job, source| super::plan(job, source, &APP, clean),
    witness: |job, before, after| super::look(job, before, after, &APP),
};

const STREAM: &str = "WordDocument";
const POOL: &str = "ObjectPool";
const TABLES: [&str; 2] = ["0Table", "1Table"];

static APP: App = App {
    name: "DOC",
    class: [6, 9, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46],
    kind: ["", "MSWordDoc", "Word.Document.8"],
    main: STREAM,
    stream: |name| matches!(name, STREAM | "0Table" | "1Table" | "Data"),
    storage: |name| name == POOL,
    hint: "save it as DOCX or PDF and clean that",
};

fn clean(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let stream = super::take(entries, STREAM).unwrap_or_default();
    let flags = gate(work, &stream)?;
    let name = TABLES[usize::from(flags & 0x200 != 0)];
    let table = super::take(entries, name).ok_or_else(|| work.malformed("a document without its tables", 10))?;
    let mut doc = Document::new(work, stream, table)?;
    doc.clean(work)?;
    let Document { mut stream, mut table, mut uses, in_stream, in_table, visible, .. } = doc;
    visible.into_iter().for_each(|(in_table, range)| work.shows(if in_table { name } else { STREAM }, range));
    if let Some(mut data) = super::take(entries, "Data") {
        data::clean(work, &mut data, &mut uses)?;
        super::put(entries, "Data", data);
    }
    // Without that stream there is nothing that a position could lead to: some programs write one for every special letter.
    in_stream.blank(work, &mut stream, "text that no part of the document refers to");
    in_table.blank(work, &mut table, "tables that no part of the document refers to");
    super::put(entries, STREAM, stream);
    super::put(entries, name, table);
    entries.retain(|e| !TABLES.contains(&e.text().as_str()) || e.text() == name);
    objects(work, entries, &uses)
}

/// Refuses what is locked, older, or not understood; returns the flags.
fn gate(work: &Work, stream: &[u8]) -> Result<u16> {
    let (sign, version, flags) = (u16_at(stream, 0), u16_at(stream, 2), u16_at(stream, 10));
    if sign != 0xa5ec || version < 0xc1 {
        return Err(work.unsupported("documents older than Word 97 are not supported, so it could not be cleaned"));
    }
    if flags & 0x8100 != 0 {
        return Err(Refusal::new(Code::Encrypted, "the document is locked with a password")
            .hint("open it, remove the password, save it, and clean that"));
    }
    if flags & 2 != 0 || u16_at(stream, 8) != 0 {
        return Err(work.unsupported("it has stored building blocks"));
    }
    Ok(flags)
}

/// Embedded objects: those that the text refers to are cleaned, the others go. [MS-DOC 2.1.6]
fn objects(work: &mut Work, entries: &mut Vec<Entry>, uses: &Uses) -> Result<()> {
    let Some(pool) = entries.iter_mut().find(|e| e.text() == POOL) else { return Ok(()) };
    pool.class = [0; 16];
    let Content::Storage(objects) = &mut pool.content else {
        return Err(work.malformed("the pool of objects is a stream", 0));
    };
    let number = |e: &Entry| e.text().strip_prefix('_').and_then(|n| n.parse().ok()).and_then(|n| uses.objects.get(&n));
    let used = |e: &Entry| number(e).is_some();
    let gone = objects.iter().filter(|e| !used(e)).map(super::size).sum();
    if objects.iter().any(|e| !used(e)) {
        work.tally.gone("embedded object that the text does not show", Tells::Hidden, gone);
        objects.retain(used);
    }
    for entry in objects.iter_mut() {
        let new = number(entry).copied().unwrap_or(0);
        super::object(work, entry, &format!("object {new}"))?;
        entry.name = format!("_{new}").encode_utf16().collect();
    }
    objects.sort_by_key(|e| (e.name.len(), e.name.clone()));
    if objects.windows(2).any(|two| two[0].name == two[1].name) {
        return Err(work.malformed("two embedded objects have one number", 0));
    }
    if objects.is_empty() {
        entries.retain(|e| e.text() != POOL);
    }
    Ok(())
}
