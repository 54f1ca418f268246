//! Records that stay in a form that tells nothing: users become spaces, paths a name that is the same for all, identifiers
//! and unused bytes zeros.

use std::collections::BTreeSet;
use std::ops::Range;

use super::records::*;
use super::{GRAPH, Record, strings};
use crate::finding::{Finding, Tells};
use crate::formats::ole::{Work, art};
use crate::grammar::officeart::{u16_at, u32_at};
use crate::refusal::Result;

/// The part of an object that says what is in it. [MS-XLS 2.5.151]
const PICTURE_FORMULA: u16 = 9;

/// An object on a sheet: identifiers and unused bytes become zeros. Returns whether it is a comment. [MS-XLS 2.4.181]
pub(super) fn object(work: &mut Work, record: &mut Record) -> bool {
    let body = &mut record.body;
    if u16_at(body, 0) != 0x15 || body.len() < 22 {
        return false;
    }
    let is_note = u16_at(body, 4) == 0x19;
    let mut zero: Vec<Range<usize>> = std::iter::once(10..22).collect();
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

/// The numbers of the embedded objects that the sheets show: all that could be one in the description of the objects'
/// content. [MS-XLS 2.5.151]
pub(super) fn shown_objects(records: &[Record]) -> BTreeSet<u32> {
    let mut out = BTreeSet::new();
    for body in records.iter().filter(|r| r.kind == OBJ).map(|r| &r.body) {
        let mut at = 0;
        while at + 4 <= body.len() {
            let len = usize::from(u16_at(body, at + 2));
            if u16_at(body, at) == PICTURE_FORMULA {
                let part = body.get(at + 4..(at + 4 + len).min(body.len())).unwrap_or_default();
                out.extend(part.windows(4).map(|w| u32_at(w, 0)));
            }
            at += 4 + len;
        }
    }
    out
}

/// Records that stay in a form that tells nothing.
pub(super) fn record(work: &mut Work, record: &mut Record) -> Result<()> {
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
