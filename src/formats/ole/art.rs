//! Drawings of Office: shapes and their properties stay, names of shapes and files go, pictures are cleaned where they
//! stand. Everything keeps its length, since containers and other streams count on it. [MS-ODRAW]

use super::{Work, picture};
use crate::finding::{Finding, Tells};
use crate::formats::office::is_path;
use crate::grammar::officeart::{HEADER, Head, u16_at, u32_at, utf16};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};

/// An entry of the store of pictures, and the tables of properties. [MS-ODRAW 2.2]
pub(super) const ENTRY: u16 = 0xf007;
const OPTIONS: [u16; 3] = [0xf00b, 0xf121, 0xf122];
/// The part of a store's entry before its name. [MS-ODRAW 2.2.32]
pub(super) const ENTRY_FIXED: usize = 36;
/// How deep shapes may be grouped.
const DEPTH: usize = 64;

/// Whether a record holds properties of a shape.
pub(super) fn is_options(kind: u16) -> bool {
    OPTIONS.contains(&kind)
}

/// The types that drawings are made of. [MS-ODRAW 2.2]
pub(super) fn is_known(kind: u16) -> bool {
    matches!(kind, 0xf000..=0xf007 | 0xf008..=0xf012 | 0xf016..=0xf017 | 0xf118 | 0xf119..=0xf122) || picture::is_picture(kind)
}

/// A picture that lies in another stream.
pub(super) struct Delayed {
    /// Where in the drawing the entry's body begins.
    pub(super) entry: usize,
    /// Where in the other stream the picture's record begins.
    pub(super) at: usize,
}

/// Cleans a sequence of records. `delayed` gathers pictures that lie elsewhere.
///
/// # Errors
/// Where records lead out of each other, or are not of a drawing.
pub(super) fn walk(work: &mut Work, bytes: &mut [u8], delayed: &mut Vec<Delayed>) -> Result<()> {
    let mut todo = vec![(0, bytes.len(), 0)];
    while let Some((mut at, end, depth)) = todo.pop() {
        if depth > DEPTH {
            return Err(Refusal::limit("shapes nest too deep"));
        }
        while at < end {
            let head = Head::read(&bytes[..end], at).ok_or_else(|| work.malformed("a drawing whose parts lead out of it", at))?;
            if !is_known(head.kind) {
                return Err(work.unsupported(format!("a drawing with a record of unknown kind {:04X}", head.kind)));
            }
            let (from, past) = (at + HEADER, at + HEADER + head.len);
            if head.is_container() {
                todo.push((from, past, depth + 1));
            } else {
                atom(work, head, &mut bytes[from..past], from, delayed)?;
            }
            at = past;
        }
    }
    Ok(())
}

/// Cleans one record that is no container; `base` is where its body lies, for [`Delayed`].
pub(super) fn atom(work: &mut Work, head: Head, body: &mut [u8], base: usize, delayed: &mut Vec<Delayed>) -> Result<()> {
    match head.kind {
        kind if is_options(kind) => options(work, head.instance, body),
        kind if picture::is_picture(kind) => picture::clean(work, kind, head.instance, body).map(|_| ()),
        ENTRY => entry(work, body, base, delayed),
        _ => Ok(()),
    }
}

/// An entry of the store of pictures: its name goes, its picture is cleaned, here or where it lies.
fn entry(work: &mut Work, body: &mut [u8], base: usize, delayed: &mut Vec<Delayed>) -> Result<()> {
    if body.len() < ENTRY_FIXED {
        return Err(work.malformed("an entry of the store of pictures is too short", base));
    }
    let name_len = usize::from(body[33]);
    let name_end = ENTRY_FIXED + name_len;
    if name_end > body.len() {
        return Err(work.malformed("an entry of the store of pictures is too short", base));
    }
    blank_text(work, &mut body[ENTRY_FIXED..name_end], "name of a picture");
    if name_end < body.len() {
        let head =
            Head::read(body, name_end).ok_or_else(|| work.malformed("a picture that leads out of its entry", base + name_end))?;
        if !picture::is_picture(head.kind) {
            return Err(work.unsupported("an entry of the store of pictures that holds no picture"));
        }
        let past = name_end + HEADER + head.len;
        let id = picture::clean(work, head.kind, head.instance, &mut body[name_end + HEADER..past])?;
        if let Some(id) = id {
            body[2..18].copy_from_slice(&id);
        }
        if body[past..].iter().any(|b| *b != 0) {
            body[past..].fill(0);
            work.found.push(Finding::removed(work.app.name, "bytes behind a picture", Tells::Hidden));
        }
    } else if u32_at(body, 28) != u32::MAX && u32_at(body, 20) > 0 {
        delayed.push(Delayed { entry: base, at: u32_at(body, 28) as usize });
    }
    Ok(())
}

/// Writes zeros over text in UTF-16 and says which it was.
fn blank_text(work: &mut Work, bytes: &mut [u8], label: &'static str) {
    if bytes.iter().any(|b| *b != 0) {
        let text = utf16(bytes).trim_end_matches('\0').to_owned();
        work.tally.value(label, Tells::History, text);
        work.tally.gone(label, Tells::History, bytes.len());
        bytes.fill(0);
    }
}

/// What becomes of the data of a property.
enum Verdict {
    Keep,
    Picture,
    Remove(&'static str),
}

/// Properties whose value lies behind the table: geometry, colours and text stay; names, scripts and unknown data become
/// empty, and what follows them moves up. [MS-ODRAW 2.3]
fn options(work: &mut Work, count: u16, body: &mut [u8]) -> Result<()> {
    let count = usize::from(count);
    let table = count * 6;
    if table > body.len() {
        return Err(work.malformed("a table of properties is too short", 0));
    }
    let complex: Vec<(usize, u16, usize)> = (0..count)
        .map(|i| (i * 6, u16_at(body, i * 6), u32_at(body, i * 6 + 2) as usize))
        .filter(|(_, id, _)| id & 0x8000 != 0)
        .collect();
    if complex.is_empty() {
        blank_rest(work, &mut body[table..]);
        return Ok(());
    }
    let lengths =
        lengths(&complex, &body[table..]).ok_or_else(|| work.malformed("properties that lead out of their table", 0))?;
    let data = body[table..].to_vec();
    let (mut at, mut kept) = (0, Vec::new());
    for ((place, id, _), len) in complex.iter().zip(&lengths) {
        let value = &data[at..at + len];
        at += len;
        match verdict(work, id & 0x3fff, value) {
            Verdict::Keep => kept.extend_from_slice(value),
            Verdict::Picture => {
                let mut value = value.to_vec();
                walk(work, &mut value, &mut Vec::new())?;
                kept.extend_from_slice(&value);
            }
            Verdict::Remove(label) => {
                if value.iter().any(|b| *b != 0) {
                    work.tally.gone(label, Tells::History, value.len());
                    if matches!(id & 0x3fff, 0x105 | 0x187 | 0x1c6 | 0x380 | 0x381) {
                        work.tally.value(label, Tells::History, utf16(value).trim_end_matches('\0'));
                    }
                }
                body[place + 2..place + 6].fill(0);
            }
        }
    }
    blank_rest(work, &mut data[at..].to_vec());
    let rest = &mut body[table..];
    rest.fill(0);
    rest[..kept.len()].copy_from_slice(&kept);
    Ok(())
}

/// Bytes behind the values.
fn blank_rest(work: &mut Work, rest: &mut [u8]) {
    if rest.iter().any(|b| *b != 0) {
        work.tally.gone("bytes behind the properties of a shape", Tells::Hidden, rest.len());
        rest.fill(0);
    }
}

/// How long each value is. Lists may leave out their header of six bytes in what they say. [MS-ODRAW 2.2.51]
fn lengths(complex: &[(usize, u16, usize)], data: &[u8]) -> Option<Vec<usize>> {
    let said: Vec<usize> = complex.iter().map(|(.., len)| *len).collect();
    let total = said.iter().try_fold(0usize, |sum, n| sum.checked_add(*n))?;
    if total == data.len() || (total < data.len() && data[total..].iter().all(|b| *b == 0)) {
        return Some(said);
    }
    let (mut at, mut out) = (0usize, Vec::new());
    for (_, id, len) in complex {
        let list = data.get(at..).filter(|_| is_list(id & 0x3fff) && *len > 0);
        let longer = list.is_some_and(|l| {
            let size = match u16_at(l, 4) {
                0xfff0 => 4,
                n => usize::from(n),
            };
            usize::from(u16_at(l, 0)) * size == *len
        });
        let len = if longer { len + 6 } else { *len };
        at = at.checked_add(len)?;
        out.push(len);
    }
    (at <= data.len()).then_some(out)
}

/// Properties that are lists. [MS-ODRAW 2.3]
fn is_list(id: u16) -> bool {
    matches!(id, 0x145 | 0x146 | 0x151 | 0x152 | 0x155..=0x157 | 0x197 | 0x1cf | 0x383 | 0x3a0 | 0x54f | 0x58f | 0x5cf | 0x60f)
}

fn verdict(work: &Work, id: u16, value: &[u8]) -> Verdict {
    let text = || utf16(value).trim_end_matches('\0').to_owned();
    match id {
        // Pictures inside: of the shape, of its fill, of its line.
        0x104 | 0x186 | 0x1c5 => Verdict::Picture,
        0x105 | 0x110 | 0x187 | 0x1c6 => Verdict::Remove("name of a picture's file"),
        0x380 => Verdict::Remove("name of a shape"),
        0x381 if work.job.keeps(Token::AltText) && !is_path(&text()) => Verdict::Keep,
        0x381 => Verdict::Remove("description of a shape"),
        0x382 if is_local(value) || !work.job.keeps(Token::ExternalLinks) => Verdict::Remove("link to a file"),
        0x382 | 0x383 | 0x38d => Verdict::Keep,
        0x3a0 => Verdict::Keep,
        0xc0..=0xff | 0x140..=0x17f | 0x180..=0x37f | 0x540..=0x6ff => Verdict::Keep,
        _ => Verdict::Remove("data of a shape"),
    }
}

/// Whether the bytes of a link name a file: by a moniker of files, or by its path. [MS-OSHARED 2.3.7.6]
pub(super) fn is_local(link: &[u8]) -> bool {
    const FILE: [u8; 16] = [3, 3, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
    let wide: Vec<u8> = "file:".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let has = |needle: &[u8]| memchr::memmem::find(&link.to_ascii_lowercase(), needle).is_some();
    let bare = link.windows(6).any(|w| w[0].is_ascii_alphabetic() && w[1] == 0 && w[2..] == [b':', 0, b'\\', 0]);
    let share = link.windows(4).any(|w| w == [b'\\', 0, b'\\', 0]);
    memchr::memmem::find(link, &FILE).is_some() || has(&wide) || has(b"file:") || bare || share
}

/// The numbers of pictures that shapes show, as picture or to fill something. [MS-ODRAW 2.2.7]
pub(super) fn shown(bytes: &[u8]) -> Vec<u32> {
    let mut out = Vec::new();
    for (at, head) in heads(bytes).filter(|(_, h)| is_options(h.kind)) {
        let body = &bytes[at + HEADER..at + HEADER + head.len];
        let ids = (0..usize::from(head.instance)).map(|i| (u16_at(body, i * 6), u32_at(body, i * 6 + 2)));
        out.extend(ids.filter(|(id, _)| id & 0xc000 == 0x4000).map(|(_, number)| number));
    }
    out
}

/// Where the entries of the store begin.
pub(super) fn entries(bytes: &[u8]) -> Vec<usize> {
    heads(bytes).filter(|(_, h)| h.kind == ENTRY).map(|(at, _)| at).collect()
}

/// The number of the entry whose record begins at `at`.
pub(super) fn number_of(bytes: &[u8], at: usize) -> u32 {
    entries(bytes).iter().position(|e| *e == at).map_or(0, |n| n as u32 + 1)
}

/// Makes an entry one of no picture.
pub(super) fn forget(entry: &mut [u8]) {
    entry[2..18].fill(0);
    entry[20..28].fill(0);
    entry[28..32].fill(0xff);
}

/// Every record, at all depths.
fn heads(bytes: &[u8]) -> impl Iterator<Item = (usize, Head)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = Head::read(bytes, at)?;
        let here = at;
        at += HEADER + if head.is_container() && head.kind != ENTRY { 0 } else { head.len };
        Some((here, head))
    })
}
