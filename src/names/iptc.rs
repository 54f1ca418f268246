//! What Photoshop image resources tell, and the IPTC records among them: who, where, what about, and what else is in
//! there: thumbnails, paths, addresses. Bare IPTC records are read as well. [Adobe image resources; IPTC-IIM 4.2]

use crate::finding::{Finding, Tells};
use crate::names::values::{found, hex, is_readable, list, picture, text, utf16};

/// More findings than this help nobody.
const MOST: usize = 60;

/// Dataset of record 2, label, what it tells.
type Row = (u8, &'static str, Tells);

/// The datasets that name something, in the order of a report. Those that may repeat become one line. [IIM 4.2 chapter 6]
static DATASETS: &[Row] = &[
    (80, "by-line", Tells::Who),
    (85, "by-line title", Tells::Who),
    (110, "credit", Tells::Who),
    (115, "source", Tells::Who),
    (116, "copyright", Tells::Who),
    (118, "contact", Tells::Who),
    (122, "caption writer", Tells::Who),
    (92, "sublocation", Tells::Where),
    (90, "city", Tells::Where),
    (95, "state", Tells::Where),
    (100, "country code", Tells::Where),
    (101, "country", Tells::Where),
    (26, "location code", Tells::Where),
    (27, "location name", Tells::Where),
    (103, "transmission reference", Tells::Identifier),
    (22, "fixture identifier", Tells::Identifier),
    (147, "job identifier", Tells::Identifier),
    (187, "unique document identifier", Tells::Identifier),
    (188, "unique document identifier", Tells::Identifier),
    (55, "date created", Tells::When),
    (60, "time created", Tells::When),
    (62, "date digitised", Tells::When),
    (63, "time digitised", Tells::When),
    (30, "release date", Tells::When),
    (35, "release time", Tells::When),
    (37, "expiry date", Tells::When),
    (65, "program", Tells::Software),
    (70, "program version", Tells::Software),
    (5, "title", Tells::Text),
    (105, "headline", Tells::Text),
    (120, "caption", Tells::Text),
    (25, "keywords", Tells::Text),
    (40, "instructions", Tells::Text),
    (15, "category", Tells::Text),
    (20, "supplemental category", Tells::Text),
    (7, "edit status", Tells::Text),
    (10, "urgency", Tells::Text),
    (221, "edit preferences", Tells::Software),
    (230, "document notes", Tells::Text),
    (231, "document history", Tells::History),
    (232, "camera information", Tells::Device),
];

/// Findings for all that it tells, each as removed; at least one. `place` is the name of the block: "Photoshop".
pub fn describe(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let block = bytes.strip_prefix(b"Photoshop 3.0\0").unwrap_or(bytes);
    let mut out = match block.first() {
        Some(0x1c) => records(place, block),
        _ => resources(place, block),
    };
    if out.is_empty() {
        out.push(Finding::removed(place, format!("{place} (unreadable)"), Tells::Unknown));
    }
    out.truncate(MOST);
    out[0].bytes = bytes.len() as u64;
    out
}

fn resources(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let mut out = Vec::new();
    let (mut others, mut paths) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    while let Some(Resource { id, name, data, after }) = resource(rest) {
        rest = after;
        match id {
            0x0404 => out.extend(records(place, data)),
            0x0409 | 0x040c => {
                let jpeg = data.get(28..).unwrap_or_default();
                out.push(found(place, "thumbnail picture", Tells::Preview, picture(jpeg)).bytes(data.len() as u64));
            }
            0x0422 | 0x0423 => out.extend(super::exif::describe(place, data)),
            0x0424 => out.extend(super::xmp::describe(place, data)),
            0x0425 => out.push(found(place, "hash of the caption", Tells::Identifier, hex(data))),
            0x043e => out.push(found(place, "path of the autosaved file", Tells::History, readable(data))),
            0x043b..=0x043d => out.push(found(place, "printer settings", Tells::Software, "")),
            0x040b => out.push(found(place, "web address", Tells::Text, text(data))),
            0x040a => out.push(found(place, "copyright flag", Tells::Text, "")),
            0x0421 => out.push(found(place, "program", Tells::Software, writer(data))),
            0x07d0..=0x0bb6 => paths.push(text(name)),
            0x0bb7 => out.push(found(place, "name of the clipping path", Tells::Text, text(data.get(1..).unwrap_or_default()))),
            _ => others.push(format!("0x{id:04x}")),
        }
        if out.len() > MOST || others.len() > 1000 {
            break;
        }
    }
    if !paths.is_empty() {
        out.push(found(place, "vector paths", Tells::Text, list(&paths)));
    }
    if !others.is_empty() {
        others.sort();
        others.dedup();
        out.push(found(place, "Photoshop settings", Tells::Software, list(&others)));
    }
    out
}

/// The signatures of resources. [Adobe image resources; exiftool Photoshop]
const SIGNS: [&[u8]; 5] = [b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"];

/// One resource, and what follows it.
struct Resource<'a> {
    id: u16,
    name: &'a [u8],
    data: &'a [u8],
    after: &'a [u8],
}

fn resource(bytes: &[u8]) -> Option<Resource<'_>> {
    SIGNS.iter().any(|s| bytes.starts_with(s)).then_some(())?;
    let id = u16::from_be_bytes([*bytes.get(4)?, *bytes.get(5)?]);
    let length = usize::from(*bytes.get(6)?);
    let name = bytes.get(7..7 + length)?;
    let at = (7 + length).next_multiple_of(2);
    let size = bytes.get(at..at + 4)?;
    let size = u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize;
    let data = bytes.get(at + 4..)?;
    let data = data.get(..size).unwrap_or(data);
    let after = bytes.get((at + 4 + data.len()).next_multiple_of(2)..).unwrap_or_default();
    Some(Resource { id, name, data, after })
}

/// The program that wrote the file, from the version resource: two texts in UTF-16 after a number and a flag.
fn writer(data: &[u8]) -> String {
    let mut out = Vec::new();
    let mut at = 5;
    for _ in 0..2 {
        let Some(count) = data.get(at..at + 4) else { break };
        let len = u32::from_be_bytes([count[0], count[1], count[2], count[3]]) as usize;
        let Some(units) = len.checked_mul(2).and_then(|len| data.get(at + 4..)?.get(..len)) else { break };
        out.push(utf16(units, true));
        at += 4 + units.len();
    }
    out.dedup();
    out.join(", ")
}

fn readable(data: &[u8]) -> String {
    let wide = data.get(4..).map(|d| utf16(d, true)).filter(|t| is_readable(t));
    wide.unwrap_or_else(|| text(data))
}

/// The records of an IPTC block: every dataset once, repeated ones as a list.
fn records(place: &'static str, bytes: &[u8]) -> Vec<Finding> {
    let mut values: Vec<(u8, Vec<String>)> = Vec::new();
    let (mut utf8, mut others, mut rest, mut count) = (false, 0, bytes, 0);
    while let Some((record, dataset, data, after)) = dataset(rest) {
        rest = after;
        count += 1;
        if count > 10_000 {
            break;
        }
        match (record, dataset) {
            (1, 90) => utf8 = data == b"\x1b%G",
            (2, 200..=202) => values.push((dataset, vec![format!("{} bytes", data.len())])),
            (2, 0) | (1, 0..=30) => {}
            (2, _) if DATASETS.iter().any(|r| r.0 == dataset) => {
                let value = if utf8 { String::from_utf8_lossy(&data[..data.len().min(4096)]).into_owned() } else { text(data) };
                match values.iter_mut().find(|(d, _)| *d == dataset) {
                    Some((_, list)) if list.len() < 100 => list.push(value),
                    Some(_) => {}
                    None => values.push((dataset, vec![value])),
                }
            }
            _ => others += 1,
        }
    }
    let mut out = Vec::new();
    for (dataset, label, tells) in DATASETS {
        let said = values.iter().filter(|(d, _)| d == dataset).map(|(_, v)| list(v)).find(|v| !v.trim().is_empty());
        out.extend(said.map(|said| found(place, *label, *tells, said)));
    }
    if values.iter().any(|(d, _)| (200..=202).contains(d)) {
        out.push(found(place, "preview picture", Tells::Preview, ""));
    }
    if others > 0 || (out.is_empty() && count > 0) {
        out.push(found(place, "other IPTC records", Tells::Unknown, format!("{}", others.max(1))));
    }
    out
}

/// One dataset: record, number, data, and what follows it. A long one has the length of its length first. [IIM 4.2 1.5]
fn dataset(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let [0x1c, record, dataset, high, low, rest @ ..] = bytes else { return None };
    let short = usize::from(u16::from_be_bytes([*high, *low]));
    let (len, rest) = if short & 0x8000 == 0 {
        (short, rest)
    } else {
        let width = short & 0x7fff;
        let (size, rest) = rest.split_at_checked(width).filter(|_| width <= 4)?;
        (size.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
    };
    let (data, after) = rest.split_at(len.min(rest.len()));
    Some((*record, *dataset, data, after))
}
