//! Excel 97 to 2003. The workbook is a row of records: those of an allow-list stay, some written in a neutral form; users,
//! printers, views, logs, connections and paths go. Positions of sheets, rows and strings are set anew. Comments keep their
//! empty boxes, since what draws them cannot be taken out safely. Older books are refused. [MS-XLS]

mod records;
mod strings;
mod write;

use std::ops::Range;

use records::*;

use super::{App, Work, art, theme};
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
    keeps: "cells, formulas, formats, charts, pivot tables, links to the web, pictures (cleaned), hidden sheets",
    removes: "document properties, user names, printers, text of comments and their authors, views and logs of users, data \
              connections, paths, macros, text of deleted cells, free sectors and slack",
    sniff: |head| super::sniff(head, &["Workbook", "Book"]),
    plan: |job, source| super::plan(job, source, &APP, clean),
    witness: |job, before, after| super::look(job, before, after, &APP),
};

static APP: App = App {
    name: "XLS",
    class: [0x20, 8, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46],
    kind: ["", "Biff8", "Excel.Sheet.8"],
    main: "Workbook",
    stream: |name| name == "Workbook",
    storage: |name| name == CACHES || is_object(name),
    hint: "save it as XLSX and clean that",
};

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

/// Whether these are the records of a chart of Microsoft Graph.
pub(super) fn is_graph(stream: &[u8]) -> bool {
    u16_at(stream, 0) == BOF && u16_at(stream, 4) == GRAPH
}

/// Such a chart without what it tells.
pub(super) fn graph(work: &mut Work, bytes: &[u8]) -> Result<Vec<u8>> {
    stream(work, bytes, Stream::Graph)
}

fn clean(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let Some(bytes) = super::take(entries, "Workbook") else {
        return Err(work.unsupported("workbooks older than Excel 97 are not supported, so it could not be cleaned"));
    };
    let out = stream(work, &bytes, Stream::Workbook)?;
    super::put(entries, "Workbook", out);
    if let Some(at) = entries.iter().position(|e| e.text() == "Book") {
        work.found.push(Finding::removed("XLS", "the workbook in an older format", Tells::Hidden));
        entries.remove(at);
    }
    let mut kept = Vec::new();
    for mut entry in std::mem::take(entries) {
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
            Content::Storage(_) if is_object(&name) => super::object(work, &mut entry, &name)?,
            _ => {}
        }
        kept.push(entry);
    }
    *entries = kept;
    Ok(())
}

/// Whether a storage is an embedded object: its name is its number. [MS-XLS 2.1.7.14]
fn is_object(name: &str) -> bool {
    name.strip_prefix("MBD").is_some_and(|n| n.len() == 8 && n.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Cleans the records of a stream.
fn stream(work: &mut Work, bytes: &[u8], kind: Stream) -> Result<Vec<u8>> {
    let mut records = read(work, bytes, kind)?;
    if kind == Stream::Workbook {
        if u16_at(&records[0].body, 0) != 0x600 {
            return Err(work.unsupported("workbooks older than Excel 97 are not supported, so it could not be cleaned"));
        }
        hidden(work, &records)?;
        drawings(work, &mut records)?;
        strings::blank_orphans(work, &mut records)?;
    }
    sift(work, &mut records, kind)?;
    write::write(work, records)
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

/// Cleans what is drawn: one drawing may be spread over many records, each part of it (sheet, chart) having its own.
fn drawings(work: &mut Work, records: &mut [Record]) -> Result<()> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let (mut group, mut open, mut done, mut last) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new(), 0);
    for (i, record) in records.iter().enumerate() {
        match record.kind {
            BOF => open.push(Vec::new()),
            EOF => done.extend(open.pop()),
            DRAWING_GROUP => group.push(i),
            CONTINUE if last == DRAWING_GROUP => group.push(i),
            DRAWING => open.iter_mut().last().into_iter().for_each(|o| o.push(i)),
            CONTINUE if last == DRAWING => open.iter_mut().last().into_iter().for_each(|o| o.push(i)),
            GEL_FRAME => parts.push(vec![i]),
            CONTINUE if last == GEL_FRAME => parts.iter_mut().last().into_iter().for_each(|p| p.push(i)),
            _ => {}
        }
        if record.kind != CONTINUE {
            last = record.kind;
        }
    }
    parts.push(group);
    parts.extend(done);
    for part in parts {
        let mut whole: Vec<u8> = part.iter().flat_map(|i| records[*i].body.iter().copied()).collect();
        art::walk(work, &mut whole, &mut Vec::new())?;
        let mut at = 0;
        for i in part {
            let body = &mut records[i].body;
            let len = body.len();
            body.copy_from_slice(&whole[at..at + len]);
            at += len;
        }
    }
    Ok(())
}

/// The run of records that continue the one at `i`.
fn continued(records: &[Record], i: usize) -> Range<usize> {
    let more = |r: &&Record| matches!(r.kind, CONTINUE | CONTINUE_FRT | CONTINUE_FRT_12 | 0x875 | 0x43c);
    let len = records[i + 1..].iter().take_while(more).count();
    i + 1..i + 1 + len
}

/// Decides about every record.
fn sift(work: &mut Work, records: &mut [Record], kind: Stream) -> Result<()> {
    let (mut view, mut note, mut i) = (false, false, 0);
    while i < records.len() {
        let more = continued(records, i);
        let next = more.end;
        let id = records[i].kind;
        let dropped = |work: &mut Work, records: &mut [Record], label, tells| {
            let bytes = records[i..next].iter().map(|r| r.body.len()).sum();
            work.tally.gone(label, tells, bytes);
            records[i..next].iter_mut().for_each(|r| r.kept = false);
        };
        view |= id == VIEW_BEGIN;
        let verdict = if kind == Stream::Graph { graph_rule(id) } else { rule(id) };
        match verdict {
            _ if view => dropped(work, records, "views of users", Tells::Who),
            Rule::Drop(label, tells) => dropped(work, records, label, tells),
            Rule::Unknown => dropped(work, records, "a record of an unknown kind", Tells::Unknown),
            Rule::Refuse(what) => return Err(work.unsupported(format!("{what} ({id:04X})"))),
            Rule::Keep => match id {
                SX_STRING if kind == Stream::Workbook && follows_query(records, i) => {
                    dropped(work, records, "data connection", Tells::History);
                }
                HLINK if art::is_local(&records[i].body) || !work.job.keeps(Token::ExternalLinks) => {
                    dropped(work, records, "link to a file", Tells::History);
                }
                TOOLTIP if i > 0 && records[i - 1].kind == HLINK && !records[i - 1].kept => {
                    dropped(work, records, "link to a file", Tells::History);
                }
                THEME if !plain_theme(records, i, next) => dropped(work, records, "a theme of its own", Tells::Unknown),
                HEADER_FOOTER if records[i].body.get(12..28).is_some_and(|g| g.iter().any(|b| *b != 0)) => {
                    dropped(work, records, "views of users", Tells::Who);
                }
                DCON_REF | DCON_NAME if is_foreign(&records[i]) => {
                    return Err(work.unsupported("it has a pivot table over another file"));
                }
                OBJ => note = object(work, &mut records[i]),
                TXO if note && !work.job.keeps(Token::Comments) => {
                    let len = usize::from(u16_at(&records[i].body, 10));
                    let text = strings::blank_text(len, &mut records[more]);
                    if !text.is_empty() {
                        work.found.push(Finding::blanked("XLS", "comment", Tells::Text).value(text));
                    }
                }
                _ => neutral(work, &mut records[i])?,
            },
        }
        view &= id != VIEW_END;
        i = next.max(i + 1);
    }
    Ok(())
}

/// Whether the strings before a record are those of a query.
fn follows_query(records: &[Record], i: usize) -> bool {
    records[..i].iter().rev().find(|r| !matches!(r.kind, SX_STRING | CONTINUE)).is_some_and(|r| r.kind == QUERY)
}

/// Whether the source of a pivot table is another file. [MS-XLS 2.5.60: a path begins with 1]
fn is_foreign(record: &Record) -> bool {
    let at = if record.kind == DCON_REF { 6 } else { 2 + strings_len(&record.body) };
    strings::plain(&record.body, at).starts_with('\u{1}')
}

/// How long the string at the start is, with its length.
fn strings_len(body: &[u8]) -> usize {
    let len = usize::from(u16_at(body, 0));
    1 + if body.get(2).is_some_and(|f| f & 1 != 0) { 2 * len } else { len }
}

/// Whether a theme has nothing in it but what a theme is made of.
fn plain_theme(records: &[Record], i: usize, next: usize) -> bool {
    let Some(first) = records[i].body.get(16..) else { return true };
    let more = records[i + 1..next].iter().filter_map(|r| r.body.get(12..)).flatten();
    let zip: Vec<u8> = first.iter().chain(more).copied().collect();
    zip.is_empty() || theme::is_plain(&zip)
}

/// An object on a sheet: identifiers and unused bytes become zeros. Returns whether it is a comment. [MS-XLS 2.4.181]
fn object(work: &mut Work, record: &mut Record) -> bool {
    let body = &mut record.body;
    if u16_at(body, 0) != 0x15 || body.len() < 22 {
        return false;
    }
    let is_note = u16_at(body, 4) == 0x19;
    let mut zero = vec![10..22];
    let mut at = 22;
    while at + 4 <= body.len() && u16_at(body, at) != 0 {
        let len = usize::from(u16_at(body, at + 2));
        if u16_at(body, at) == 0x0d && at + 20 <= body.len() {
            zero.push(at + 4..at + 20);
        }
        at += 4 + len;
    }
    for range in zero {
        if body[range.clone()].iter().any(|b| *b != 0) {
            work.tally.gone("identifiers of objects", Tells::Identifier, range.len());
            body[range].fill(0);
        }
    }
    is_note
}

/// Records that stay in a form that tells nothing.
fn neutral(work: &mut Work, record: &mut Record) -> Result<()> {
    let body = &mut record.body;
    match record.kind {
        BOF if body.len() >= 8 && u16_at(body, 0) != GRAPH => {
            // The build that wrote it; this is one that everybody has. [MS-XLS 2.4.21]
            let build = [0xbb, 0x0d, 0xcc, 0x07];
            if body[4..8] != build {
                body[4..8].copy_from_slice(&build);
                work.tally.rewritten("build of the program", Tells::Software);
            }
        }
        WRITE_ACCESS => {
            let mut blank = vec![b' '; body.len().max(3)];
            blank[..3].fill(0);
            if *body != blank {
                let name = strings::plain(body, 0).trim().to_owned();
                if !name.is_empty() {
                    work.found.push(Finding::removed("XLS", "user name", Tells::Who).value(name));
                }
                work.tally.rewritten("name of who opened the workbook last", Tells::Who);
                *body = blank;
            }
        }
        NOTE if body.len() >= 8 => {
            let mut blank = body[..8].to_vec();
            blank.extend_from_slice(&[1, 0, 0, b' ', 0]);
            if *body != blank {
                work.found.push(Finding::removed("XLS", "author of a comment", Tells::Who).value(strings::plain(body, 8)));
                *body = blank;
            }
        }
        SUP_BOOK => sup_book(work, body)?,
        // [MS-XLS 2.4.275]: who refreshed the cache last.
        SX_DB if body.len() > 18 && u16_at(body, 18) != 0xffff => {
            let len = usize::from(u16_at(body, 18));
            work.found.push(Finding::removed("XLS", "user of a pivot table", Tells::Who).value(strings::chars(body, 20, len)));
            body.truncate(18);
            body.extend_from_slice(&[0xff, 0xff]);
        }
        // [MS-XLS 2.4.276]: when.
        SX_DB_EX if body.len() >= 8 && body[..8].iter().any(|b| *b != 0) => {
            work.tally.gone("time of refreshing a pivot table", Tells::When, 8);
            body[..8].fill(0);
        }
        HF_PICTURE => {
            let Some(drawing) = body.get_mut(14..) else { return Ok(()) };
            art::walk(work, drawing, &mut Vec::new())?;
        }
        _ => {}
    }
    Ok(())
}

/// The path of another workbook becomes a name that is the same for all. [MS-XLS 2.4.271]
fn sup_book(work: &mut Work, body: &mut Vec<u8>) -> Result<()> {
    const NEUTRAL: &str = "\u{1}external.xls";
    let len = usize::from(u16_at(body, 2));
    if body.len() < 5 || matches!(len, 0x401 | 0x3a01) || len == 0 {
        return Ok(());
    }
    let path = strings::chars(body, 4, len);
    if path == NEUTRAL || path == " " || path == "\0" {
        return Ok(());
    }
    let wide = body[4] & 1 != 0;
    let end = 5 + if wide { 2 * len } else { len };
    let rest = body.get(end..).ok_or_else(|| work.malformed("a reference to another workbook leads out of its record", 0))?;
    let shown: String = path.chars().map(|c| if c.is_control() { '\\' } else { c }).collect();
    work.found.push(Finding::rewritten("XLS", "path of another workbook", Tells::History).value(shown));
    let mut out = body[..2].to_vec();
    out.extend_from_slice(&(NEUTRAL.len() as u16).to_le_bytes());
    out.push(0);
    out.extend_from_slice(NEUTRAL.as_bytes());
    out.extend_from_slice(rest);
    *body = out;
    Ok(())
}

/// A number of four bytes.
fn long(body: &[u8], at: usize) -> usize {
    u32_at(body, at) as usize
}
