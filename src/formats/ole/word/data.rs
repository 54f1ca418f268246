//! What lies outside the text: pictures and the data of fields in a stream of their own, drawings in the table with
//! pictures behind the text. [MS-DOC 2.9.191, 2.9.176, 2.9.172]

use std::collections::BTreeSet;

use super::cover::Cover;
use super::properties::{self, Uses, zero};
use super::text;
use crate::finding::{Finding, Tells};
use crate::formats::office::metafile;
use crate::formats::ole::{Work, art, picture};
use crate::grammar::officeart::{HEADER, Head, u16_at, u32_at};
use crate::refusal::Result;

/// The head of a picture's data.
const PICTURE_HEAD: usize = 68;

/// Cleans everything in the stream that the text refers to, and blanks the rest.
pub(super) fn clean(work: &mut Work, stream: &mut [u8], uses: &mut Uses) -> Result<()> {
    let mut cover = Cover::default();
    for at in std::mem::take(&mut uses.longer) {
        let len = usize::from(u16_at(stream, at));
        let list =
            stream.get_mut(at + 2..at + 2 + len).ok_or_else(|| work.malformed("properties lead out of their stream", at))?;
        properties::clean(work, list, uses)?;
        cover.add(at..at + 2 + len);
    }
    let pictures = uses.pictures.difference(&uses.fields).map(|at| (at, true));
    let places = pictures.chain(uses.fields.iter().map(|at| (at, false)));
    for (at, is_picture) in places {
        let (len, head) = (u32_at(stream, *at) as usize, usize::from(u16_at(stream, at.saturating_add(4))));
        let Some(data) = at.checked_add(len).and_then(|end| stream.get_mut(*at..end)) else {
            return Err(work.malformed("a picture leads out of its stream", *at));
        };
        if data.len() < head || head < PICTURE_HEAD {
            return Err(work.malformed("a picture without a head", *at));
        }
        for unused in [18..22, 24..28, PICTURE_HEAD..head] {
            zero(work, &mut data[unused], "bytes that mean nothing", Tells::Hidden);
        }
        if is_picture {
            one(work, data, head)?;
        } else {
            field(work, data, head);
        }
        cover.add(*at..at + len);
    }
    cover.blank(work, stream, "data that no part of the document refers to");
    Ok(())
}

/// One picture.
fn one(work: &mut Work, data: &mut [u8], head: usize) -> Result<()> {
    match u16_at(data, 6) {
        0x64 => drawing(work, &mut data[head..]),
        0x66 => {
            let len = usize::from(data.get(head).copied().unwrap_or(0));
            let Some(name) = data.get_mut(head + 1..head + 1 + len) else {
                return Err(work.malformed("the name of a picture is cut off", head));
            };
            if name.iter().any(|b| *b != b'x') {
                let said = String::from_utf8_lossy(name).into_owned();
                work.found.push(Finding::rewritten(work.app.name, "path of a picture", Tells::History).value(said));
                name.fill(b'x');
            }
            drawing(work, &mut data[head + 1 + len..])
        }
        // A metafile by itself, as Word 6 had them.
        8 => {
            let (cleaned, found) = metafile::clean(&data[head..], "picture");
            data[head..].copy_from_slice(&cleaned);
            work.found.extend(found.into_iter().map(|f| f.within(work.app.name)));
            Ok(())
        }
        _ => Err(work.unsupported("a picture of an old kind")),
    }
}

/// The data of a form field or a link: what stands in the head means nothing, paths become unreadable. [MS-DOC 2.9.172]
fn field(work: &mut Work, data: &mut [u8], head: usize) {
    zero(work, &mut data[6..head], "bytes that mean nothing", Tells::Hidden);
    if text::mask_bytes(&mut data[head..]) {
        work.tally.rewritten("path in a field", Tells::History);
    }
}

/// A drawing in line with the text; what is left of it behind the last record means nothing.
fn drawing(work: &mut Work, data: &mut [u8]) -> Result<()> {
    let mut end = 0;
    while let Some(head) = Head::read(data, end).filter(|h| art::is_known(h.kind)) {
        end += HEADER + head.len;
    }
    art::walk(work, &mut data[..end], &mut Vec::new())?;
    zero(work, &mut data[end..], "bytes behind a picture", Tells::Hidden);
    Ok(())
}

/// Cleans the drawings in the table; pictures lie in the stream of the text, where those that are shown are covered.
pub(super) fn drawings(work: &mut Work, table: &mut [u8], stream: &mut [u8], cover: &mut Cover) -> Result<()> {
    // One container for all, then one for each part, each with a byte in front.
    let mut parts = Vec::new();
    let mut at = 0;
    while at < table.len() {
        let head = Head::read(table, at).filter(|h| h.is_container());
        let head = head.ok_or_else(|| work.malformed("a drawing leads out of the table", at))?;
        parts.push(at..at + HEADER + head.len);
        at += HEADER + head.len + 1;
    }
    let mut shown = BTreeSet::new();
    let mut delayed = Vec::new();
    for part in parts {
        let base = part.start;
        let mut here = Vec::new();
        art::walk(work, &mut table[part.clone()], &mut here)?;
        shown.extend(art::shown(&table[part.clone()]));
        delayed.extend(here.into_iter().map(|d| art::Delayed { entry: base + d.entry, ..d }));
    }
    // The numbers of pictures count all entries of the store, those with their picture in them too.
    for d in delayed {
        let number = art::number_of(table, d.entry - HEADER);
        let entry = &mut table[d.entry..];
        if !shown.contains(&number) {
            work.tally.gone("picture that the document does not show", Tells::Hidden, u32_at(entry, 20) as usize);
            art::forget(entry);
            continue;
        }
        let head = Head::read(stream, d.at).filter(|h| picture::is_picture(h.kind));
        let head = head.ok_or_else(|| work.malformed("a picture is not where it should be", d.at))?;
        let end = d.at + HEADER + head.len;
        if let Some(id) = picture::clean(work, head.kind, head.instance, &mut stream[d.at + HEADER..end])? {
            entry[2..18].copy_from_slice(&id);
        }
        cover.add(d.at..end);
    }
    Ok(())
}
