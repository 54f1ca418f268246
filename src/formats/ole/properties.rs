//! Property sets: read only to say what goes with them. [MS-OLEPS 2.21, MS-OSHARED 2.3.3]

use super::Work;
use crate::finding::{Finding, Tells};
use crate::grammar::officeart::{u16_at, u32_at, utf16};

/// Properties of the summary, and what they tell. [MS-OLEPS 3.1]
const SUMMARY: &[(u32, &str, Tells)] = &[
    (2, "title", Tells::Text),
    (3, "subject", Tells::Text),
    (4, "author", Tells::Who),
    (5, "keywords", Tells::Text),
    (6, "comments", Tells::Text),
    (7, "template", Tells::History),
    (8, "last author", Tells::Who),
    (9, "revision number", Tells::History),
    (10, "editing time", Tells::History),
    (11, "time of printing", Tells::When),
    (12, "time of creation", Tells::When),
    (13, "time of saving", Tells::When),
    (17, "preview picture", Tells::Preview),
    (18, "program", Tells::Software),
];

/// Properties of the document summary. [MS-OSHARED 2.3.3.2.1]
const DOCUMENT: &[(u32, &str, Tells)] =
    &[(2, "category", Tells::Text), (14, "manager", Tells::Who), (15, "company", Tells::Who), (26, "content type", Tells::Text)];

/// Says what a property set told; it goes as a whole.
pub(super) fn tell(work: &mut Work, name: &str, data: &[u8]) {
    let table = if name == "\u{5}SummaryInformation" { SUMMARY } else { DOCUMENT };
    let place = work.app.name;
    let before = work.found.len();
    let start = u32_at(data, 44) as usize;
    let count = (u32_at(data, start + 4) as usize).min(256);
    for i in 0..count {
        let at = start.saturating_add(8 + 8 * i);
        let Some((_, label, tells)) = table.iter().find(|(id, ..)| *id == u32_at(data, at)) else { continue };
        let found = Finding::removed(place, *label, *tells);
        let value = text(data, start.saturating_add(u32_at(data, at + 4) as usize));
        match value {
            Some(value) if value.trim().is_empty() => {}
            Some(value) => work.found.push(found.value(value)),
            None => work.found.push(found),
        }
    }
    if work.found.len() == before {
        work.found.push(Finding::removed(place, "document properties", Tells::Who).bytes(data.len() as u64));
    }
}

/// The text of a property, where it is one. [MS-OLEPS 2.15]
fn text(data: &[u8], at: usize) -> Option<String> {
    let len = (u32_at(data, at.saturating_add(4)) as usize).min(1 << 16);
    let from = at.saturating_add(8);
    let bytes = |len: usize| data.get(from..from.saturating_add(len).min(data.len())).unwrap_or_default();
    let text = match u16_at(data, at) {
        0x1e => String::from_utf8_lossy(bytes(len)).into_owned(),
        0x1f => utf16(bytes(len * 2)),
        _ => return None,
    };
    Some(text.trim_end_matches('\0').to_owned())
}
