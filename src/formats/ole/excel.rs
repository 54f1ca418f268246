//! Excel 97 to 2003. The workbook is a row of records: those of an allow-list stay, some written in a neutral form; users,
//! printers, views, logs, connections and paths go. Positions of sheets, rows and strings are set anew. Comments keep their
//! empty boxes, since what draws them cannot be taken out safely. Older books are refused. [MS-XLS]

mod drawings;
mod neutral;
mod records;
mod sift;
mod strings;
mod write;

use std::collections::BTreeSet;

use records::*;

use super::{App, Work};
use crate::finding::{Finding, Tells};
use crate::format::Format;
use crate::grammar::cfb::{Content, Entry};
use crate::grammar::officeart::{u16_at, u32_at};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// The row.
pub static FORMAT: Format = Format {
    name: "XLS",
    extensions: &["xls", "xlt", "xla"],
    container: false,
    keeps: "cells, formulas, formats, charts, pivot tables, links to the web, hidden sheets, embedded objects and pictures (cleaned)",
    removes: "document properties, user names, printers, text of comments and their authors, views and logs of users, data \
              connections, paths, macros, text of deleted cells, free sectors and slack",
    sniff: |head| super::sniff(head, &[STREAM, "Book"]),
    plan: |job, source| super::plan(job, source, &APP, clean),
    witness: |job, before, after| super::look(job, before, after, &APP),
};

static APP: App = App {
    name: "XLS",
    class: [0x20, 8, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46],
    kind: ["", "Biff8", "Excel.Sheet.8"],
    main: STREAM,
    stream: |name| name == STREAM,
    storage: |name| name == CACHES || number_of(name).is_some(),
    hint: "save it as XLSX and clean that",
};

/// A chart of Microsoft Graph is such a file too, embedded in other documents. [MS-OGRAPH 2.1.7]
static GRAPH_APP: App = App {
    class: [3, 8, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46],
    kind: ["", "", "MSGraph.Chart.8"],
    stream: |name| name == STREAM || name.starts_with("\u{2}OlePres"),
    storage: |_| false,
    ..APP
};

/// The workbook itself.
const STREAM: &str = "Workbook";
/// Where the caches of pivot tables are.
const CACHES: &str = "_SX_DB_CUR";

/// One record; `start` is where it began.
struct Record {
    kind: u16,
    start: usize,
    body: Vec<u8>,
    kept: bool,
}

/// What the records of one cache or workbook are.
#[derive(Clone, Copy, PartialEq)]
enum Stream {
    Workbook,
    Cache,
    /// A chart of Microsoft Graph, which has its cells in it. [MS-OGRAPH]
    Graph,
}

/// The version of charts of Microsoft Graph.
const GRAPH: u16 = 0x680;

fn clean(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let Some(bytes) = super::take(entries, STREAM) else {
        return Err(work.unsupported("workbooks older than Excel 97 are not supported, so it could not be cleaned"));
    };
    if u16_at(&bytes, 0) == BOF && u16_at(&bytes, 4) == GRAPH {
        work.app = &GRAPH_APP;
        let out = stream(work, &bytes, Stream::Graph)?;
        super::put(entries, STREAM, out);
        return Ok(());
    }
    let (out, shown) = workbook(work, &bytes)?;
    super::put(entries, STREAM, out);
    if let Some(at) = entries.iter().position(|e| e.text() == "Book") {
        work.found.push(Finding::removed("XLS", "the workbook in an older format", Tells::Hidden));
        entries.remove(at);
    }
    let used = |name: &str| number_of(name).is_some_and(|n| shown.contains(&n));
    for entry in entries.iter_mut() {
        let name = entry.text();
        match &mut entry.content {
            Content::Storage(caches) if name == CACHES => {
                for cache in caches {
                    let Content::Stream(data) = &mut cache.content else {
                        return Err(work.unsupported("a cache of a pivot table that is no stream"));
                    };
                    *data = stream(work, data, Stream::Cache)?;
                    (cache.class, cache.state) = ([0; 16], 0);
                }
                (entry.class, entry.state) = ([0; 16], 0);
            }
            Content::Storage(_) if used(&name) => super::object(work, entry, &name)?,
            Content::Storage(_) if number_of(&name).is_some() => {
                work.tally.gone("embedded object that no sheet shows", Tells::Hidden, super::size(entry));
            }
            _ => {}
        }
    }
    entries.retain(|e| number_of(&e.text()).is_none() || used(&e.text()));
    Ok(())
}

/// The number of an embedded object, which is the name of its storage. [MS-XLS 2.1.7.14]
fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("MBD").filter(|n| n.len() == 8 && n.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Cleans the records of a cache or a chart.
fn stream(work: &mut Work, bytes: &[u8], kind: Stream) -> Result<Vec<u8>> {
    let mut records = read(work, bytes, kind)?;
    sift::sift(work, &mut records, kind)?;
    Ok(write::write(work, records)?.0)
}

/// Cleans the records of a workbook. Also returns the numbers of the objects that its sheets show.
fn workbook(work: &mut Work, bytes: &[u8]) -> Result<(Vec<u8>, BTreeSet<u32>)> {
    let mut records = read(work, bytes, Stream::Workbook)?;
    if u16_at(&records[0].body, 0) != 0x600 {
        return Err(work.unsupported("workbooks older than Excel 97 are not supported, so it could not be cleaned"));
    }
    hidden(work, &records)?;
    drawings::clean(work, &mut records)?;
    strings::blank_orphans(work, &mut records)?;
    sift::sift(work, &mut records, Stream::Workbook)?;
    let shown = neutral::shown_objects(&records);
    let (out, visible) = write::write(work, records)?;
    visible.into_iter().for_each(|range| work.shows(STREAM, range));
    Ok((out, shown))
}

/// Reads the records, up to the end of the last part.
fn read(work: &mut Work, bytes: &[u8], kind: Stream) -> Result<Vec<Record>> {
    let (mut out, mut at, mut depth) = (Vec::new(), 0usize, 0usize);
    while at + 4 <= bytes.len() {
        let (id, len) = (u16_at(bytes, at), usize::from(u16_at(bytes, at + 2)));
        if kind != Stream::Cache && depth == 0 && id != BOF {
            break;
        }
        if id == FILE_PASS {
            return Err(Refusal::new(Code::Encrypted, "the workbook is locked with a password")
                .hint("open it, remove the password, save it, and clean that"));
        }
        let body = bytes.get(at + 4..at + 4 + len).ok_or_else(|| work.malformed("a record leads out of the workbook", at))?;
        out.push(Record { kind: id, start: at, body: body.to_vec(), kept: true });
        at += 4 + len;
        match id {
            BOF => depth += 1,
            EOF if kind == Stream::Cache => break,
            EOF => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    work.job.limits().check_structures(out.len())?;
    if depth > 0 || out.is_empty() {
        return Err(work.malformed("the workbook ends in the middle", at));
    }
    if bytes[at..].iter().any(|b| *b != 0) {
        work.tally.gone("bytes behind the workbook", Tells::Hidden, bytes.len() - at);
    }
    Ok(out)
}

/// Hidden sheets are content that nobody sees: kept and told, or refused.
fn hidden(work: &mut Work, records: &[Record]) -> Result<()> {
    for sheet in records.iter().filter(|r| r.kind == BOUND_SHEET && r.body.get(4).is_some_and(|s| s & 3 != 0)) {
        if !work.job.keeps(Token::Hidden) {
            return Err(Refusal::new(Code::NeedsResidual, "it has hidden sheets, which cannot be taken out of an old workbook")
                .hint("delete them, or allow them with --keep hidden"));
        }
        let len = usize::from(sheet.body.get(6).copied().unwrap_or(0));
        let name = strings::chars(&sheet.body, 7, len);
        work.found.push(Finding::kept("XLS", "hidden sheet", Tells::Hidden, "it is content; see --drop hidden").value(name));
    }
    Ok(())
}

/// A number of four bytes.
fn long(body: &[u8], at: usize) -> usize {
    u32_at(body, at) as usize
}
