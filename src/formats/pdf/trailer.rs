//! What stands around the document rather than in it: the trailer, earlier revisions, objects that nothing leads to, bytes
//! in front and behind. None of it is written again; here it gets its names. [ISO 32000-2 7.5.5, 7.5.6]

use std::collections::HashSet;

use lopdf::Object;

use super::walk::{Notes, Walk};
use super::{annotations, from};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::pdf::book::{Book, Item};
use crate::grammar::pdf::{Dict, Obj, is_space, lexer};
use crate::names;
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Source};

/// What makes the whole document one that is not rebuilt.
///
/// # Errors
/// `Unsupported` for a form that only its own program can show, `Signed` for a document certified as a whole.
pub(super) fn check<'b>(walk: &mut Walk<'b>, catalog: &Dict<'b>) -> Result<()> {
    let is_true = |obj: Obj| matches!(obj, Obj::Word(word) if *word == *b"true");
    if is_true(walk.get(catalog, "NeedsRendering")) {
        return Err(Refusal::unsupported("it is a dynamic XFA form, whose pages only its own program can show")
            .hint("print it to a PDF and clean that"));
    }
    if let Obj::Dict(form) = walk.get(catalog, "AcroForm")
        && form.has("XFA")
        && walk.get(&form, "Fields").as_array().is_none_or(<[_]>::is_empty)
    {
        return Err(Refusal::unsupported("it is an XFA form without ordinary fields, which only its own program can fill in")
            .hint("print it to a PDF and clean that"));
    }
    if let Obj::Dict(permissions) = walk.get(catalog, "Perms") {
        for key in ["DocMDP", "UR", "UR3"] {
            let value = walk.get(&permissions, key);
            if value.as_dict().is_some() {
                annotations::signed(walk, &value)?;
            }
        }
    }
    Ok(())
}

/// How many pages the tree leads to. [7.7.3]
///
/// # Errors
/// `Malformed` where the tree leads back to itself or to no page at all, `Limit` where it is absurdly deep.
pub(super) fn pages<'b>(walk: &Walk<'b>, catalog: &Dict<'b>) -> Result<usize> {
    const DEEPEST: usize = 64;
    let mut count = 0;
    let mut seen = HashSet::new();
    let mut todo = vec![(catalog.at("Pages").clone(), 0)];
    while let Some((node, depth)) = todo.pop() {
        if depth > DEEPEST {
            return Err(Refusal::limit("its page tree is deeper than any honest one"));
        }
        let inner = match walk.get_node(&node) {
            Some(dict) => dict,
            None => continue,
        };
        match walk.book.resolve(inner.at("Kids")) {
            Obj::Array(kids) => {
                if let Obj::Ref(number, _) = node
                    && !seen.insert(number)
                {
                    return Err(Refusal::malformed("its page tree leads back to itself", 0));
                }
                todo.extend(kids.into_iter().map(|kid| (kid, depth + 1)));
            }
            _ => count += usize::from(depth > 0),
        }
    }
    match count {
        0 => Err(Refusal::malformed("it has no pages", 0)),
        n => Ok(n),
    }
}

/// Whether this kind of document must carry an identifier. [14.4, ISO 19005-1 6.1.3, ISO 15930]
pub(super) fn is_identified<'b>(walk: &Walk<'b>, catalog: &Dict<'b>) -> bool {
    let exchange = match walk.get(catalog, "OutputIntents") {
        Obj::Array(intents) => intents.iter().any(|intent| {
            let intent = walk.book.resolve(intent);
            intent.as_dict().is_some_and(|d| walk.get(d, "S").as_name().is_some_and(|n| n.starts_with(b"GTS_PDF")))
        }),
        _ => false,
    };
    exchange || walk.is_claimed(catalog.at("Metadata"))
}

/// Tells of everything around the document.
pub(super) fn tell(job: &Job, book: &Book, notes: &mut Notes, source: &Shared, start: usize, alive: &HashSet<u32>) -> Result<()> {
    let mut walk = Walk::telling(job, book, std::mem::take(notes));
    for (key, value) in book.trailer().iter() {
        match (&key[..], value) {
            (b"Info", Object::Reference((number, generation))) => {
                super::tell::info(&mut walk, &Obj::Ref(*number, *generation));
                walk.drop_object(&Obj::Ref(*number, *generation));
            }
            (b"ID", Object::Array(parts)) => {
                for part in parts.iter().filter_map(|p| p.as_str().ok()).take(1) {
                    let hex: String = part.iter().map(|b| format!("{b:02x}")).collect();
                    walk.tell(Finding::removed("document", "file identifier", Tells::Identifier).value(hex));
                }
            }
            (b"Root" | b"Size" | b"Prev" | b"XRefStm" | b"Encrypt", _) => {}
            (b"Type" | b"W" | b"Index" | b"Length" | b"Filter" | b"DecodeParms", _) => {}
            (other, value) => {
                let name = format!("trailer entry {}", String::from_utf8_lossy(other));
                let finding = Finding::removed("document", name, Tells::Unknown);
                walk.tell(match value.as_str() {
                    Ok(text) => finding.value(lexer::text(text)),
                    Err(_) => finding,
                });
                if let Object::Reference((number, generation)) = value {
                    walk.drop_object(&Obj::Ref(*number, *generation));
                }
            }
        }
    }
    let earlier = book.document().revision_count().saturating_sub(1);
    if earlier > 0 {
        let label = match earlier {
            1 => "an earlier revision of the document".to_owned(),
            n => format!("{n} earlier revisions of the document"),
        };
        walk.tell(Finding::removed("document", label, Tells::History));
    }
    let lost = unreferenced(book, &walk.notes.dropped, alive);
    if lost > 0 {
        walk.tell(Finding::removed("document", format!("objects that nothing leads to ({lost})"), Tells::Hidden));
    }
    let bytes = source.as_bytes().unwrap_or_default().get(start..).unwrap_or_default();
    if let Some(text) = comment(bytes, book.comments.get()) {
        let finding = Finding::removed("document", "comments between the objects", Tells::Software);
        walk.tell(if text.is_empty() { finding } else { finding.value(text) });
    }
    if start > 0 {
        walk.tell(Finding::removed("document", "bytes in front of the document", Tells::Hidden).bytes(start as u64));
    }
    *notes = walk.notes;
    behind(notes, &**source);
    Ok(())
}

/// The first comment that says something, in the second line or behind an object; empty where one was only passed over.
fn comment(bytes: &[u8], passed: bool) -> Option<String> {
    let line = |at: usize| {
        let rest = &bytes[at..];
        let len = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len()).min(200);
        String::from_utf8_lossy(&rest[..len]).trim_start_matches('%').trim().to_owned()
    };
    let second = bytes.iter().take(64).position(|b| matches!(b, b'\n' | b'\r')).map(|at| at + 1);
    let behind = memchr::memmem::find_iter(bytes, b"endobj").map(|at| at + 6);
    let mut places = second.into_iter().chain(behind).filter_map(|at| {
        let at = at + bytes[at..].iter().take_while(|b| is_space(**b)).count();
        let mark = bytes.get(at) == Some(&b'%') && !bytes[at..].starts_with(b"%%EOF");
        let words = bytes.get(at + 1..at + 5).is_some_and(|b| b.iter().any(|b| b.is_ascii_alphanumeric() || *b == b' '));
        (mark && words).then(|| line(at))
    });
    places.next().or(passed.then(String::new))
}

/// Tells of what stands behind the last end mark.
fn behind(notes: &mut Notes, source: &dyn Source) {
    let Some(bytes) = source.as_bytes() else { return };
    let Some(mark) = memchr::memmem::rfind(bytes, b"%%EOF") else { return };
    let rest = &bytes[mark + 5..];
    if rest.iter().any(|b| !is_space(*b)) {
        let gap = rest.iter().take_while(|b| is_space(**b)).count();
        notes.findings.extend(names::trailer::describe("after the end", source, from(source, (mark + 5 + gap) as u64)));
    }
}

/// How many objects neither the document uses nor anything that was removed from it.
fn unreferenced(book: &Book, dropped: &[u32], alive: &HashSet<u32>) -> usize {
    let mut met: HashSet<u32> = alive.clone();
    let mut todo: Vec<u32> = dropped.to_vec();
    while let Some(number) = todo.pop() {
        if !met.insert(number) {
            continue;
        }
        match book.item(number) {
            Ok(Item::Value(obj)) => refs(&obj, &mut todo),
            Ok(Item::Stream(dict, _)) => dict.0.iter().for_each(|(_, value)| refs(value, &mut todo)),
            Err(_) => {}
        }
    }
    let is_frame = |number: u32| {
        let item = book.item(number);
        let dict = match &item {
            Ok(Item::Stream(dict, _) | Item::Value(Obj::Dict(dict))) => dict,
            Ok(Item::Value(Obj::Word(_) | Obj::Null)) | Err(_) => return true,
            Ok(_) => return false,
        };
        ["XRef", "ObjStm"].iter().any(|t| dict.at("Type").is_name(t)) || dict.has("Linearized") || dict.has("O") && dict.has("U")
    };
    book.numbers().filter(|n| !met.contains(n)).filter(|n| !is_frame(*n)).count()
}

fn refs(obj: &Obj, out: &mut Vec<u32>) {
    match obj {
        Obj::Ref(number, _) => out.push(*number),
        Obj::Array(items) => items.iter().for_each(|item| refs(item, out)),
        Obj::Dict(dict) => dict.0.iter().for_each(|(_, value)| refs(value, out)),
        _ => {}
    }
}
