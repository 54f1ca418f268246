//! Objects of other programs inside documents, which are compound files: written anew without slack and times, without
//! property sets; packed files lose their paths and are cleaned by their own rows. Old office documents among them are not
//! for this module. Streams of programs that are not known stay, and the report says so.

use super::metafile;
use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::grammar::cfb::{self, Content, Entry};
use crate::policy::UnknownMembers;
use crate::refusal::{Refusal, Result};
use crate::source::Memory;

/// Whether the bytes begin as a compound file.
pub(crate) fn is_compound(head: &[u8]) -> bool {
    head.starts_with(cfb::MAGIC)
}

/// Whether the bytes are an object that [`clean`] knows how to clean.
pub(crate) fn is_object(bytes: &[u8]) -> bool {
    is_compound(bytes) && cfb::read(bytes).is_ok_and(|root| !is_document(&root))
}

/// Whether it is an old office document.
fn is_document(root: &Entry) -> bool {
    const MAIN: &[&str] = &[
        "WordDocument",
        "Workbook",
        "Book",
        "PowerPoint Document",
        "VisioDocument",
        "Quill",
        "__properties_version1.0",
        "EncryptedPackage",
    ];
    match &root.content {
        Content::Storage(entries) => entries.iter().any(|e| MAIN.contains(&e.text().as_str())),
        Content::Stream(_) => false,
    }
}

/// The object without what it tells; `None` where it is an old office document, which has rules of its own.
///
/// # Errors
/// Those of files packed into it.
pub(crate) fn clean(job: &Job, bytes: &[u8], place: &str) -> Result<Option<(Vec<u8>, Vec<Finding>)>> {
    let mut root = cfb::read(bytes)?;
    if is_document(&root) {
        return Ok(None);
    }
    let Content::Storage(entries) = &mut root.content else { return Ok(None) };
    let mut found = Vec::new();
    sweep(job, entries, place, &mut found, 0)?;
    let out = cfb::write(&root)?;
    if cfb::read(&out)? != root {
        return Err(Refusal::new(crate::refusal::Code::Damaged, "an embedded object could not be written anew"));
    }
    if out != bytes && !found.iter().any(|f: &Finding| f.action.changes()) {
        found.push(Finding::rewritten(place.to_owned(), "times and unused bytes of an embedded object", Tells::Hidden));
    }
    Ok(Some((out, found)))
}

fn sweep(job: &Job, entries: &mut Vec<Entry>, place: &str, found: &mut Vec<Finding>, depth: usize) -> Result<()> {
    if depth > 32 {
        return Err(Refusal::limit("storages nest deeper than 32"));
    }
    let mut kept = Vec::new();
    for mut entry in std::mem::take(entries) {
        let name = entry.text();
        if name.starts_with('\u{5}') {
            found.push(Finding::removed(place.to_owned(), "properties of an embedded object", Tells::Who));
            continue;
        }
        if matches!(entry.content, Content::Storage(_)) && (name == "Macros" || name == "_VBA_PROJECT_CUR") {
            found.push(Finding::removed(place.to_owned(), "macros of an embedded object", Tells::Software));
            continue;
        }
        match &mut entry.content {
            Content::Storage(inner) => sweep(job, inner, place, found, depth + 1)?,
            Content::Stream(data) => *data = stream(job, &name, std::mem::take(data), place, found)?,
        }
        kept.push(entry);
    }
    *entries = kept;
    Ok(())
}

fn stream(job: &Job, name: &str, data: Vec<u8>, place: &str, found: &mut Vec<Finding>) -> Result<Vec<u8>> {
    match name {
        "\u{1}Ole10Native" => native(job, data, place, found),
        // Links keep the path of what they lead to behind the first twenty bytes. [MS-OLEDS 2.3.3]
        "\u{1}Ole" => {
            let mut neutral = vec![0; 20];
            neutral[..4].copy_from_slice(&[1, 0, 0, 2]);
            if data.get(4) == Some(&1) || data.len() != 20 {
                let changed = data != neutral;
                if changed {
                    found.push(Finding::rewritten(place.to_owned(), "link of an embedded object", Tells::History));
                }
                return Ok(neutral);
            }
            Ok(data)
        }
        "\u{3}EPRINT" | "\u{3}META" if metafile::is_metafile(&data) => {
            let (out, told) = metafile::clean(&data, place);
            found.extend(told);
            Ok(out)
        }
        "Package" | "CONTENTS" | "package_stream" | "EmbeddedOdf" => match job.member(name, &Memory::shared(data.clone()))? {
            Member::Same(cleaned) | Member::Changed(cleaned) => {
                found.extend(cleaned.findings().iter().cloned().map(|f| f.within(place)));
                let bytes = cleaned.bytes();
                Ok(bytes.bytes(bytes.span(), u64::MAX)?)
            }
            Member::Unknown(_) => Ok(residual(name, data, place, found)),
        },
        "\u{1}CompObj" | "\u{3}ObjInfo" | "Equation Native" | "\u{3}PIC" => Ok(data),
        _ if name.starts_with("\u{2}OlePres") => Ok(data),
        _ => Ok(residual(name, data, place, found)),
    }
}

/// A stream of a program that is not known.
fn residual(name: &str, data: Vec<u8>, place: &str, found: &mut Vec<Finding>) -> Vec<u8> {
    let why = "it is the content of an embedded object whose program is not known";
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    found.push(Finding::kept(place.to_owned(), "data of an embedded object", Tells::Unknown, why).value(name));
    data
}

/// A packed file: its label, the path that it had and the path where it was unpacked become its kind only.
fn native(job: &Job, data: Vec<u8>, place: &str, found: &mut Vec<Finding>) -> Result<Vec<u8>> {
    let Some((label, paths, payload)) = packed(&data) else {
        return Ok(residual("Ole10Native", data, place, found));
    };
    let extension: String =
        label.rsplit_once('.').map_or("", |(_, e)| e).chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = if extension.is_empty() { "object".to_owned() } else { format!("object.{}", extension.to_ascii_lowercase()) };
    if label != name {
        found.push(Finding::rewritten(place.to_owned(), "name of a packed file", Tells::History).value(label));
    }
    for path in paths.into_iter().filter(|p| *p != name && !p.is_empty()) {
        found.push(Finding::removed(place.to_owned(), "path of a packed file", Tells::History).value(path));
    }
    let payload = match job.member(&name, &Memory::shared(payload.clone()))? {
        Member::Same(cleaned) | Member::Changed(cleaned) => {
            found.extend(cleaned.findings().iter().cloned().map(|f| f.within(&name).within(place)));
            let bytes = cleaned.bytes();
            bytes.bytes(bytes.span(), u64::MAX)?
        }
        Member::Unknown(_) if job.policy().unknown_members == UnknownMembers::Keep => residual(&name, payload, place, found),
        Member::Unknown(why) => {
            return Err(Refusal::new(crate::refusal::Code::UnknownMember, why.to_string())
                .within(&name)
                .hint("take the packed file out of the document, or use --unknown-members omit: its picture stays"));
        }
    };
    let text = [name.as_bytes(), b"\0"].concat();
    let mut out = vec![2, 0];
    out.extend_from_slice(&text);
    out.extend_from_slice(&text);
    out.extend_from_slice(&[0, 0, 3, 0]);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(&text);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&payload);
    Ok([&(out.len() as u32).to_le_bytes()[..], &out].concat())
}

/// The label, the paths and the content of a packed file. [MS-OLEDS 2.3.6 and what the packager writes]
fn packed(data: &[u8]) -> Option<(String, Vec<String>, Vec<u8>)> {
    let mut at = 4;
    let text = |at: &mut usize| -> Option<String> {
        let len = memchr::memchr(0, data.get(*at..)?)?;
        let out = String::from_utf8_lossy(&data[*at..*at + len]).into_owned();
        *at += len + 1;
        Some(out)
    };
    if data.get(at..at + 2)? != [2, 0] {
        return None;
    }
    at += 2;
    let label = text(&mut at)?;
    let source = text(&mut at)?;
    // Two bytes of nothing, and the kind: embedded.
    if data.get(at + 2..at + 4)? != [3, 0] {
        return None;
    }
    at += 4;
    let number = |at: usize| Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?) as usize);
    let len = number(at)?;
    at = at.checked_add(4)?;
    let temporary = String::from_utf8_lossy(data.get(at..at.checked_add(len)?)?).trim_end_matches('\0').to_owned();
    at += len;
    let len = number(at)?;
    let payload = data.get(at + 4..(at + 4).checked_add(len)?)?.to_vec();
    Some((label, vec![source, temporary], payload))
}
