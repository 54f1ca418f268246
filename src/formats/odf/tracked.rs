//! Tracked changes of OpenDocument texts, rejected: what was inserted goes, what was deleted comes back from where the
//! document remembers it. Formats are not remembered, so that their changes cannot be rejected. [OpenDocument 1.3, 5.5]

use std::collections::HashMap;

use super::ns::*;
use super::parse;
use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::office::{tally::Tally, tracked_changes};
use crate::grammar::xml::{Document, Edits};
use crate::policy::TrackedChanges;
use crate::refusal::{Refusal, Result};

/// What a change was.
enum Change {
    Insertion,
    Deletion(usize),
}

fn cannot(what: &'static str) -> Refusal {
    Refusal::unsupported(what).hint("reject the changes in an office program first, or let them be accepted")
}

/// The part as it was before its tracked changes; `None` where there are none, or the policy is another.
///
/// # Errors
/// `Unsupported` where a change cannot be undone.
pub(super) fn reject(job: &Job, bytes: &[u8], tally: &mut Tally) -> Result<Option<Vec<u8>>> {
    if tracked_changes(job) != TrackedChanges::Reject || memchr::memmem::find(bytes, b"tracked-changes").is_none() {
        return Ok(None);
    }
    let doc = parse(bytes)?;
    let lists: Vec<usize> = (0..doc.len()).filter(|n| doc.ns(*n) == TEXT && doc.local(*n) == "tracked-changes").collect();
    let mut changes = HashMap::new();
    for region in lists.iter().flat_map(|l| doc.children(*l)) {
        let id = doc.attrs(region).into_iter().find(|a| a.local == "id").map(|a| a.value().into_owned()).unwrap_or_default();
        let Some(change) = doc.children(region).find(|c| doc.ns(*c) == TEXT) else { continue };
        let what = match doc.local(change) {
            "insertion" => Change::Insertion,
            "deletion" => Change::Deletion(change),
            _ => return Err(cannot("a tracked change of formats does not say how it was before")),
        };
        for n in region..doc.past(region) {
            if doc.ns(n) == DC && doc.local(n) == "creator" {
                tally.value("author of tracked changes", Tells::Who, doc.text(n));
            }
        }
        changes.insert(id, what);
    }
    if changes.is_empty() {
        return Ok(None);
    }
    tally.gone("insertions and deletions", Tells::History, 0);
    tally.value("tracked changes", Tells::History, format!("{} rejected", changes.len()));
    let mut edits = Edits::default();
    lists.iter().for_each(|l| edits.cut(doc.span(*l)));
    let in_list = |n: usize| lists.iter().any(|l| (*l..doc.past(*l)).contains(&n));
    let mut started = HashMap::new();
    for n in (0..doc.len()).filter(|n| doc.ns(*n) == TEXT && !in_list(*n)) {
        let Some(id) = doc.attr(n, TEXT, "change-id").map(|a| a.value().into_owned()) else { continue };
        match (doc.local(n), changes.get(&id)) {
            ("change-start", Some(Change::Insertion)) => _ = started.insert(id, n),
            ("change-end", Some(Change::Insertion)) => {
                let start = started.remove(&id).ok_or_else(|| cannot("an insertion has no beginning"))?;
                if !balances(&doc, start, n) {
                    return Err(cannot("an insertion reaches over parts that cannot be joined"));
                }
                edits.cut(doc.span(start).start..doc.span(n).end);
            }
            ("change", Some(Change::Deletion(deletion))) => edits.put(doc.span(n), restored(&doc, n, *deletion)?),
            (_, None) => edits.cut(doc.span(n)),
            _ => return Err(cannot("a mark of a change is not where it belongs")),
        }
    }
    match started.is_empty() {
        true => Ok(edits.apply(bytes)),
        false => Err(cannot("an insertion has no end")),
    }
}

fn is_paragraph(doc: &Document, n: usize) -> bool {
    doc.ns(n) == TEXT && matches!(doc.local(n), "p" | "h")
}

/// Whether taking out everything from one mark to another leaves every start tag with its end tag: both stand in the same
/// element, or in paragraphs of one kind in the same element.
fn balances(doc: &Document, start: usize, end: usize) -> bool {
    let (Some(a), Some(b)) = (doc.parent(start), doc.parent(end)) else { return false };
    let joins = is_paragraph(doc, a) && is_paragraph(doc, b) && doc.local(a) == doc.local(b) && doc.prefix(a) == doc.prefix(b);
    a == b || (joins && doc.parent(a) == doc.parent(b))
}

/// What a deletion remembers, to be put in place of its mark.
fn restored(doc: &Document, mark: usize, deletion: usize) -> Result<String> {
    let text = |span: std::ops::Range<usize>| String::from_utf8_lossy(&doc.bytes()[span]).into_owned();
    let parts: Vec<usize> =
        doc.children(deletion).filter(|c| !(doc.ns(*c) == OFFICE && doc.local(*c) == "change-info")).collect();
    let Some(around) = doc.parent(mark) else { return Err(cannot("a mark of a change is not where it belongs")) };
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(String::new()) };
    if parts.iter().any(|p| (*p..doc.past(*p)).any(|n| doc.ns(n) == TEXT && doc.local(n).starts_with("change"))) {
        return Err(cannot("tracked changes lie inside one another"));
    }
    // Between paragraphs, whole parts come back.
    let inline = doc.ns(around) == TEXT && matches!(doc.local(around), "p" | "h" | "span" | "a");
    if !inline {
        return Ok(parts.iter().map(|p| text(doc.span(*p))).collect());
    }
    if parts.len() == 1 && is_paragraph(doc, *first) {
        return Ok(text(doc.inside(*first)));
    }
    let fits = |n: usize| is_paragraph(doc, n) && doc.local(n) == doc.local(around) && doc.prefix(n) == doc.prefix(around);
    let whole = |i: usize| fits(i) && !doc.close(i).is_empty();
    if !whole(*first) || !whole(*last) {
        return Err(cannot("a deletion reaches over parts that cannot be put back"));
    }
    // The paragraph of the mark ends with the first, and goes on in the last.
    let middle: String = parts[1..parts.len() - 1].iter().map(|p| text(doc.span(*p))).collect();
    Ok(text(doc.inside(*first)) + &text(doc.close(*first)) + &middle + &text(doc.open(*last)) + &text(doc.inside(*last)))
}
