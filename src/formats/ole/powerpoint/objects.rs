//! The objects of a presentation: document, masters, slides, notes, embedded files. Those that the document leads to are
//! taken, cleaned record by record.

use std::collections::BTreeMap;

use super::State;
use super::records::*;
use crate::finding::{Finding, Tells};
use crate::formats::office::{is_path, metafile};
use crate::formats::ole::{self, Work, art, picture};
use crate::grammar::officeart::{HEADER, Head, u16_at, u32_at, utf16};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// How deep records may nest.
const DEPTH: usize = 64;
/// Names of tags whose data are records of later versions of the program itself. [MS-PPT 2.5.25]
const OWN_TAGS: &[&str] = &["___PPT9", "___PPT10", "___PPT11", "___PPT12"];

/// Every object that is reached from the document, cleaned.
pub(super) fn reach(work: &mut Work, bytes: &[u8], state: &State) -> Result<BTreeMap<u32, Vec<u8>>> {
    if work.job.keeps(Token::Macros) && has(bytes, VBA_INFO) {
        return Err(work.unsupported("macros of old documents cannot be cleaned, only removed"));
    }
    let (mut out, mut todo) = (BTreeMap::new(), vec![u32_at(&state.edit, 16)]);
    while let Some(id) = todo.pop() {
        if id == 0 || out.contains_key(&id) {
            continue;
        }
        let at = *state.objects.get(&id).ok_or_else(|| work.malformed("an object of the presentation is missing", 0))?;
        let head = Head::read(bytes, at).ok_or_else(|| work.malformed("an object of the presentation is cut off", at))?;
        if !(head.is_container() && matches!(head.kind, 0x3e8 | 0x3ee | NOTES | 0x3f8 | 0xfc9) || head.kind == OLE_STORAGE) {
            return Err(work.unsupported(format!("an object of the unknown kind {:04X}", head.kind)));
        }
        let object = sequence(work, &bytes[at..at + HEADER + head.len], 0, 0)?;
        references(&object, &mut todo);
        out.insert(id, object);
    }
    Ok(out)
}

/// Whether a record of this kind is among the bytes' top records or inside them.
fn has(bytes: &[u8], kind: u16) -> bool {
    let (mut at, mut found) = (0, false);
    while let Some(head) = Head::peek(bytes, at) {
        found |= head.kind == kind;
        at += HEADER + if head.is_container() { 0 } else { head.len };
    }
    found
}

/// The numbers of objects that a cleaned one refers to.
fn references(object: &[u8], todo: &mut Vec<u32>) {
    let mut at = 0;
    while let Some(head) = Head::read(object, at) {
        let body = &object[at + HEADER..at + HEADER + head.len];
        match head.kind {
            SLIDE_PERSIST => todo.push(u32_at(body, 0)),
            DOCUMENT_ATOM => todo.extend([u32_at(body, 24), u32_at(body, 28)]),
            OLE_ATOM => todo.push(u32_at(body, 16)),
            _ => {}
        }
        at += HEADER + if head.is_container() { 0 } else { head.len };
    }
}

/// Cleans a run of records; `parent` is the kind of what holds them.
fn sequence(work: &mut Work, bytes: &[u8], parent: u16, depth: usize) -> Result<Vec<u8>> {
    if depth > DEPTH {
        return Err(Refusal::limit("records nest too deep"));
    }
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        if bytes.len() - at < HEADER {
            work.tally.gone("bytes between records", Tells::Hidden, bytes.len() - at);
            break;
        }
        let head = Head::read(bytes, at).ok_or_else(|| work.malformed("a record leads out of what holds it", at))?;
        let body = &bytes[at + HEADER..at + HEADER + head.len];
        at += HEADER + head.len;
        match rule(head.kind) {
            Rule::Drop(label, tells) => {
                let keep = head.kind == 0x2ee0 && work.job.keeps(Token::Comments);
                if keep {
                    return Err(work.unsupported("comments of old presentations cannot be kept without their authors"));
                }
                work.tally.gone(label, tells, head.len);
            }
            Rule::Unknown => {
                return Err(work.unsupported(format!("it has a record of the unknown kind {:04X}", head.kind)));
            }
            Rule::Keep => {
                if let Some(body) = record(work, head, body, parent, depth)? {
                    out.extend_from_slice(&head.written(body.len()));
                    out.extend_from_slice(&body);
                }
            }
        }
    }
    Ok(out)
}

/// Cleans the body of one record; `None` where it goes.
fn record(work: &mut Work, head: Head, body: &[u8], parent: u16, depth: usize) -> Result<Option<Vec<u8>>> {
    match head.kind {
        TAGS => {
            let inner = sequence(work, body, TAGS, depth + 1)?;
            Ok((!inner.is_empty()).then_some(inner))
        }
        BINARY_TAG => tag(work, body, depth),
        TAG_DATA => Err(work.unsupported("data of a tag without its name")),
        NOTES if !work.job.keeps(Token::Notes) => {
            Err(Refusal::new(Code::NeedsResidual, "it has notes, which cannot be taken out of an old presentation")
                .hint("delete them, or allow them with --keep notes"))
        }
        _ if head.is_container() => Ok(Some(sequence(work, body, head.kind, depth + 1)?)),
        CSTRING => Ok(text(work, head, body, parent)),
        FONT => Ok(Some(font(work, body))),
        BLIP_ENTITY => bullet(work, body).map(Some),
        SOUND_DATA => Ok(Some(picture::member(work, "sound.wav", body.to_vec())?)),
        META_FILE => {
            let (drawing, found) = metafile::clean(body.get(6..).unwrap_or_default(), "picture");
            work.found.extend(found.into_iter().map(|f| f.within("PPT")));
            Ok(Some([body.get(..6).unwrap_or(body), &drawing].concat()))
        }
        OLE_STORAGE => storage(work, head, body).map(Some),
        SLIDE_SHOW => {
            if u16_at(body, 10) & 4 != 0 {
                if !work.job.keeps(Token::Hidden) {
                    return Err(Refusal::new(Code::NeedsResidual, "it has hidden slides")
                        .hint("delete them, or allow them with --keep hidden"));
                }
                work.tally.kept("hidden slide", Tells::Hidden, "it is content; see --drop hidden");
            }
            Ok(Some(body.to_vec()))
        }
        kind if kind >= 0xf000 => {
            let mut body = body.to_vec();
            art::atom(work, head, &mut body, 0, &mut Vec::new())?;
            Ok(Some(body))
        }
        _ => Ok(Some(body.to_vec())),
    }
}

/// A tag: data of later versions of the program are records, others are not known and go.
fn tag(work: &mut Work, body: &[u8], depth: usize) -> Result<Option<Vec<u8>>> {
    let name = Head::read(body, 0).filter(|h| h.kind == CSTRING);
    let data_at = name.map_or(0, |h| HEADER + h.len);
    let data = Head::read(body, data_at).filter(|h| h.kind == TAG_DATA);
    let (Some(name), Some(data)) = (name, data) else {
        work.tally.gone("tag of a program", Tells::Identifier, body.len());
        return Ok(None);
    };
    let said = utf16(&body[HEADER..HEADER + name.len]);
    if !OWN_TAGS.contains(&said.trim_end_matches('\0')) {
        work.tally.gone("tag of a program", Tells::Identifier, body.len());
        return Ok(None);
    }
    let inner = sequence(work, &body[data_at + HEADER..data_at + HEADER + data.len], TAG_DATA, depth + 1)?;
    if inner.is_empty() {
        if data.len == 0 {
            work.tally.gone("tag of a program", Tells::Identifier, body.len());
        }
        return Ok(None);
    }
    Ok(Some([&body[..data_at], &data.written(inner.len()), &inner].concat()))
}

/// A text that no slide shows by itself: names, addresses, paths.
fn text(work: &mut Work, head: Head, body: &[u8], parent: u16) -> Option<Vec<u8>> {
    let said = utf16(body).trim_end_matches('\0').to_owned();
    match parent {
        // Copyright and keywords stand directly in the data of a tag. [MS-PPT 2.4.22]
        TAG_DATA => {
            work.found.push(Finding::removed("PPT", "rights or keywords", Tells::Who).value(said));
            None
        }
        HYPERLINK if head.instance != 3 && is_local(&said) || !work.job.keeps(Token::ExternalLinks) && parent == HYPERLINK => {
            work.found.push(Finding::removed("PPT", "link to a file", Tells::History).value(said));
            None
        }
        HEADERS | HYPERLINK => Some(body.to_vec()),
        parent if !is_media(parent) && names_a_disk(&said) => {
            work.found.push(Finding::removed("PPT", "path of a file", Tells::History).value(said));
            None
        }
        parent if is_media(parent) && is_local(&said) => {
            work.found.push(Finding::removed("PPT", "path of a media file", Tells::History).value(said));
            None
        }
        _ => Some(body.to_vec()),
    }
}

/// The name of a font in a field of 64 bytes, behind which anything may stand. [MS-PPT 2.9.9]
fn font(work: &mut Work, body: &[u8]) -> Vec<u8> {
    const NAME: usize = 64;
    let mut out = body.to_vec();
    let end = out.chunks_exact(2).take(NAME / 2).position(|unit| unit == [0, 0]).map_or(NAME, |n| 2 * n).min(out.len());
    let rest = &mut out[end..NAME.min(body.len()).max(end)];
    if rest.iter().any(|b| *b != 0) {
        work.tally.gone("bytes behind the name of a font", Tells::Hidden, rest.len());
        rest.fill(0);
    }
    out
}

/// A picture that stands before paragraphs. [MS-PPT 2.9.73]
fn bullet(work: &mut Work, body: &[u8]) -> Result<Vec<u8>> {
    let mut out = body.to_vec();
    let head = Head::read(body, 2).filter(|h| picture::is_picture(h.kind));
    let head = head.ok_or_else(|| work.malformed("a picture of a bullet that cannot be read", 0))?;
    let end = 2 + HEADER + head.len;
    out[1] = 0;
    out.truncate(end);
    picture::clean(work, head.kind, head.instance, &mut out[2 + HEADER..end])?;
    if out != body {
        work.tally.rewritten("picture of a bullet", Tells::Hidden);
    }
    Ok(out)
}

/// Whether an address leads to a file on somebody's disk.
fn is_local(address: &str) -> bool {
    let low = address.to_ascii_lowercase();
    let web = ["http:", "https:", "mailto:", "ftp:"].iter().any(|s| low.starts_with(s));
    !web && (low.starts_with("file:") || is_path(address))
}

/// Whether a text that may be any name is the path of a file.
fn names_a_disk(text: &str) -> bool {
    text.contains(":\\") || text.starts_with("\\\\") || text.to_ascii_lowercase().starts_with("file:")
}

/// An embedded file: a compound file, mostly packed. [MS-PPT 2.10.34]
fn storage(work: &mut Work, head: Head, body: &[u8]) -> Result<Vec<u8>> {
    if head.instance == 0 {
        return ole::whole(work, body.to_vec(), "object");
    }
    let packed = body.get(4..).ok_or_else(|| work.malformed("an embedded object is cut off", 0))?;
    let data = picture::inflate(work, packed, Some(u32_at(body, 0) as usize))?;
    let cleaned = ole::whole(work, data.clone(), "object")?;
    if cleaned == data && picture::is_whole(packed) {
        return Ok(body.to_vec());
    }
    let mut out = (cleaned.len() as u32).to_le_bytes().to_vec();
    out.extend_from_slice(&picture::deflate(&cleaned)?);
    Ok(out)
}
