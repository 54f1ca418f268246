//! Decides about every record of a workbook, together with those that continue it: most by its kind, some by what stands in
//! it or before it.

use std::ops::Range;

use super::records::*;
use super::{Record, Stream, neutral, strings};
use crate::finding::{Finding, Tells};
use crate::formats::ole::{Work, art, theme};
use crate::grammar::officeart::{u16_at, u32_at};
use crate::policy::Token;
use crate::refusal::Result;

/// The run of records that continue the one at `i`.
fn continued(records: &[Record], i: usize) -> Range<usize> {
    let more = |r: &&Record| matches!(r.kind, CONTINUE | CONTINUE_FRT | CONTINUE_FRT_12 | 0x875 | 0x43c);
    let len = records[i + 1..].iter().take_while(more).count();
    i + 1..i + 1 + len
}

/// Decides about every record.
pub(super) fn sift(work: &mut Work, records: &mut [Record], kind: Stream) -> Result<()> {
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
                ADD_IN if !records[i].body.is_empty() => dropped(work, records, "a record of an unknown kind", Tells::Unknown),
                THEME if !plain_theme(records, i, next) => dropped(work, records, "a theme of its own", Tells::Unknown),
                HEADER_FOOTER if records[i].body.get(12..28).is_some_and(|g| g.iter().any(|b| *b != 0)) => {
                    dropped(work, records, "views of users", Tells::Who);
                }
                FEATURE_HEAD | FEATURE if u16_at(&records[i].body, 12) == SMART_TAGS => {
                    dropped(work, records, "smart tags", Tells::Identifier);
                }
                FEATURE if names_editors(&records[i].body) => dropped(work, records, "users who may edit", Tells::Who),
                kind if TABLE.contains(&kind) && is_from_elsewhere(&records[i].body) => {
                    dropped(work, records, "data connection", Tells::History);
                }
                COUNTRY => {
                    work.tally.kept("country of the program and the system", Tells::Where, "dates and numbers are shown by it");
                }
                DCON_REF | DCON_NAME | DCON_BIN if is_foreign(&records[i]) => {
                    return Err(work.unsupported("it has a pivot table over another file"));
                }
                OBJ => note = neutral::object(work, &mut records[i]),
                TXO if note && !work.job.keeps(Token::Comments) => {
                    let len = usize::from(u16_at(&records[i].body, 10));
                    let text = strings::blank_text(len, &mut records[more]);
                    if !text.is_empty() {
                        work.found.push(Finding::blanked("XLS", "comment", Tells::Text).value(text));
                    }
                }
                _ => neutral::record(work, &mut records[i])?,
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

/// Kinds of shared features. [MS-XLS 2.5.246]
const PROTECTION: u16 = 2;
const SMART_TAGS: u16 = 4;

/// Where what is particular to a shared feature begins, behind its ranges of cells. [MS-XLS 2.4.112]
fn particular(body: &[u8]) -> usize {
    27 + 8 * usize::from(u16_at(body, 19))
}

/// Whether a protected range lists accounts of users. [MS-XLS 2.5.127]
fn names_editors(body: &[u8]) -> bool {
    u16_at(body, 12) == PROTECTION && body.get(particular(body)).is_none_or(|flags| flags & 1 != 0)
}

/// Whether a table comes from a server or a file of XML. [MS-XLS 2.5.266]
fn is_from_elsewhere(body: &[u8]) -> bool {
    u32_at(body, particular(body)) != 0
}

/// Whether the source of a pivot table is another file. [MS-XLS 2.5.60: a path begins with 1]
fn is_foreign(record: &Record) -> bool {
    let at = match record.kind {
        DCON_REF => 6,
        DCON_BIN => 4,
        _ => 2 + strings_len(&record.body),
    };
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
