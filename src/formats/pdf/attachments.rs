//! Files inside a PDF: each is cleaned by its own row of the table before it is written again. [ISO 32000-2 7.11]

use std::borrow::Cow;

use super::walk::Walk;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::pdf::book::Item;
use crate::grammar::pdf::{Dict, Obj, lexer};
use crate::policy::Token;
use crate::refusal::{Refusal, Result};
use crate::source::Memory;

/// What came of an embedded file.
#[derive(Clone)]
pub(super) enum Outcome {
    /// It stays as it is.
    Same,
    /// It stays, cleaned.
    Changed(std::sync::Arc<[u8]>),
    /// It goes.
    Gone,
}

/// Invoices in XML are the content of their document, not about it.
const INVOICES: [&str; 5] = ["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml"];

/// Whether a file specification stays: only with a file embedded in it that could be cleaned.
pub(super) fn admits<'b>(walk: &mut Walk<'b>, spec: &Dict<'b>) -> Result<bool> {
    let name = name_of(walk, spec);
    let Obj::Dict(files) = walk.get(spec, "EF") else {
        walk.tell(Finding::removed("attachment", "name of another file", Tells::History).value(name));
        return Ok(false);
    };
    if !walk.job.keeps(Token::Attachments) || walk.get(spec, "AFRelationship").is_name("C2PA_Manifest") {
        walk.tell(Finding::removed("attachment", "attached file", Tells::Hidden).value(name));
        return Ok(false);
    }
    let mut kept = false;
    for (_, file) in &files.0 {
        if let Obj::Ref(number, _) = file {
            kept |= !matches!(clean(walk, *number, &name)?, Outcome::Gone);
        }
    }
    Ok(kept)
}

fn name_of<'b>(walk: &Walk<'b>, spec: &Dict<'b>) -> String {
    let name = walk.get(spec, "UF").as_text().or_else(|| walk.get(spec, "F").as_text()).unwrap_or_default();
    let name: Cow<str> = if name.is_empty() { "attachment".into() } else { name.into() };
    name.rsplit(['/', '\\']).next().unwrap_or(&name).to_owned()
}

/// What is left of a file specification's path: its last part, where it is the path of somebody's disk. Folders inside the
/// document stay. [7.11.2]
pub(super) fn shorten<'b>(walk: &mut Walk<'b>, spec: &mut Dict<'b>) {
    for key in ["F", "UF"] {
        let Some(path) = walk.get(spec, key).as_bytes() else { continue };
        let Some(name) = last_part(&path) else { continue };
        walk.tell(Finding::rewritten("attachment", "path of an attached file", Tells::History).value(lexer::text(&path)));
        spec.set(key, Obj::Text(Cow::Owned(lexer::string_token(&name))));
    }
    spec.sort();
}

/// The last part of a path that begins at a root, a drive or a server; `None` for others.
fn last_part(path: &[u8]) -> Option<Vec<u8>> {
    let (mark, width) = if path.starts_with(&[0xFE, 0xFF]) { (2, 2) } else { (0, 1) };
    let marks = if path.starts_with(&[0xEF, 0xBB, 0xBF]) { 3 } else { mark };
    let letters: Vec<&[u8]> = path[marks..].chunks(width).collect();
    let is = |letter: &[u8], of: &[u8]| {
        letter.split_last().is_some_and(|(last, high)| of.contains(last) && high.iter().all(|b| *b == 0))
    };
    let rooted = letters.first().is_some_and(|l| is(l, b"/\\")) || letters.get(1).is_some_and(|l| is(l, b":"));
    let cut = letters.iter().rposition(|l| is(l, b"/\\:"))? + 1;
    (rooted && cut < letters.len()).then(|| [&path[..marks], &letters[cut..].concat()].concat())
}

fn clean(walk: &mut Walk, number: u32, name: &str) -> Result<Outcome> {
    if let Some(known) = walk.attachments.get(&number) {
        return Ok(known.clone());
    }
    let book = walk.book;
    let Item::Stream(dict, data) = book.item(number)? else { return Ok(Outcome::Gone) };
    let bytes = book.decoded(&dict, &data)?;
    let bytes =
        bytes.ok_or_else(|| Refusal::unsupported("an attached file is packed in a way that is not known").within(name))?;
    walk.job.expanded(data.len() as u64, bytes.len() as u64)?;
    let outcome = if bytes.is_empty() {
        Outcome::Same
    } else {
        match walk.job.member(name, &Memory::shared(bytes))? {
            Member::Same(cleaned) => {
                walk.notes.members.push((name.to_owned(), cleaned));
                Outcome::Same
            }
            Member::Changed(cleaned) => {
                let result = cleaned.bytes();
                let bytes = result.bytes(result.span(), u64::MAX)?;
                walk.notes.members.push((name.to_owned(), cleaned));
                Outcome::Changed(bytes.into())
            }
            Member::Unknown(_) if INVOICES.contains(&name.to_ascii_lowercase().as_str()) => Outcome::Same,
            Member::Unknown(why) if walk.job.unknown_member(name, &why)? => {
                walk.warn(format!("the attached file {name} could not be cleaned and was kept as it is"));
                Outcome::Same
            }
            Member::Unknown(_) => Outcome::Gone,
        }
    };
    walk.attachments.insert(number, outcome.clone());
    Ok(outcome)
}
