//! Tracked changes in WordprocessingML: accepted, rejected, or kept without people and times. What was deleted is gone when
//! they are accepted, what was inserted is gone when they are rejected. [ISO 29500-1 17.13.5]

use std::collections::HashSet;

use super::ns::*;
use super::package;
use super::sift::Sift;
use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::formats::office::{AUTHOR, tracked_changes as policy};
use crate::grammar::xml::{Document, Edits};
use crate::policy::TrackedChanges;
use crate::refusal::{Code, Refusal, Result};

/// Whether anything in a document is tracked.
pub(super) fn is_change(local: &str) -> bool {
    matches!(
        local,
        "ins"
            | "del"
            | "moveFrom"
            | "moveTo"
            | "moveFromRangeStart"
            | "moveToRangeStart"
            | "cellIns"
            | "cellDel"
            | "cellMerge"
            | "numberingChange"
    ) || local.ends_with("PrChange")
        || local == "tblGridChange"
        || local.starts_with("customXmlIns")
        || local.starts_with("customXmlDel")
        || local.starts_with("customXmlMove")
}

/// Accepts tracked changes, but for joining paragraphs, which is done by [`join`] on what comes of this; or takes people and
/// times out of them.
pub(super) fn changes(sift: &mut Sift, skip: &mut HashSet<usize>) -> Result<()> {
    let doc = sift.doc;
    let keeps = sift.keeps_changes();
    let mut count = 0usize;
    for n in 0..doc.len() {
        if doc.ns(n) == W && is_change(doc.local(n)) {
            count += 1;
            if let Some(author) = doc.attr(n, W, "author")
                && !(keeps && author.value() == AUTHOR)
            {
                sift.tally.value("author of tracked changes", Tells::Who, author.value());
            }
            if let Some(date) = doc.attr(n, W, "date") {
                sift.tally.gone("times of tracked changes", Tells::When, date.value_span.len());
            }
        }
    }
    if count == 0 {
        return Ok(());
    }
    match policy(sift.job) {
        TrackedChanges::Anonymise => {
            anonymise(sift);
            return Ok(());
        }
        // Rejected ones are gone before this is asked.
        TrackedChanges::Accept | TrackedChanges::Reject => {}
        TrackedChanges::Refuse => {
            return Err(Refusal::new(Code::NeedsResidual, "the document holds tracked changes")
                .hint("accept or reject them in an office program first"));
        }
    }
    sift.tally.value("tracked changes", Tells::History, format!("{count} accepted"));
    let mut n = 0;
    while n < doc.len() {
        if doc.ns(n) != W {
            n += 1;
            continue;
        }
        match doc.local(n) {
            "tbl" if rows(doc, n).next().is_some() && rows(doc, n).all(|r| is_row_marked(doc, r, ["del", "cellDel"])) => {
                n = drop_all(sift, skip, n);
                continue;
            }
            "tr" if is_row_marked(doc, n, ["del", "cellDel"]) => {
                n = drop_all(sift, skip, n);
                continue;
            }
            "tc" if doc.child(n, W, "tcPr").is_some_and(|p| doc.child(p, W, "cellDel").is_some()) => {
                n = drop_all(sift, skip, n);
                continue;
            }
            _ => {}
        }
        n += 1;
    }
    Ok(())
}

fn drop_all(sift: &mut Sift, skip: &mut HashSet<usize>, n: usize) -> usize {
    sift.edits.cut(sift.doc.span(n));
    skip.insert(n);
    sift.doc.past(n)
}

fn rows<'a>(doc: &'a Document, n: usize) -> impl Iterator<Item = usize> + 'a {
    doc.children(n).filter(|c| doc.ns(*c) == W && doc.local(*c) == "tr")
}

/// Whether a row is marked as a whole, or in each of its cells.
fn is_row_marked(doc: &Document, n: usize, [row, cell]: [&str; 2]) -> bool {
    let marked = doc.child(n, W, "trPr").is_some_and(|p| doc.child(p, W, row).is_some());
    let cells: Vec<usize> = doc.children(n).filter(|c| doc.ns(*c) == W && doc.local(*c) == "tc").collect();
    marked || (!cells.is_empty() && cells.iter().all(|c| is_cell_marked(doc, *c, cell)))
}

fn is_cell_marked(doc: &Document, n: usize, mark: &str) -> bool {
    doc.child(n, W, "tcPr").is_some_and(|p| doc.child(p, W, mark).is_some())
}

/// Leaves tracked changes in place, without people and times; the names that pair moves are counted anew.
fn anonymise(sift: &mut Sift) {
    let doc = sift.doc;
    let mut moves: Vec<String> = Vec::new();
    for n in (0..doc.len()).filter(|n| doc.ns(*n) == W && is_change(doc.local(*n))) {
        if let Some(author) = doc.attr(n, W, "author") {
            sift.put(&author, AUTHOR, "authors of tracked changes", Tells::Who);
        }
        if let Some(date) = doc.attr(n, W, "date") {
            sift.edits.cut(date.span);
        }
        if let Some(name) = doc.attr(n, W, "name") {
            let old = name.value().into_owned();
            let number = moves.iter().position(|m| *m == old).unwrap_or(moves.len());
            if number == moves.len() {
                moves.push(old);
            }
            sift.put(&name, &format!("move{}", number + 1), "names of moved texts", Tells::Identifier);
        }
        sift.tally.kept("tracked changes", Tells::History, "--tracked-changes anonymise");
    }
}

/// The part as it was before its tracked changes; `None` where there are none, or the policy is another.
///
/// # Errors
/// As [`package::parse`], and `Unsupported` for cells that were merged.
pub(super) fn reject(job: &Job, bytes: &[u8], tally: &mut Tally) -> Result<Option<Vec<u8>>> {
    if policy(job) != TrackedChanges::Reject {
        return Ok(None);
    }
    let doc = package::parse(bytes)?;
    let all: Vec<usize> = (0..doc.len()).filter(|n| doc.ns(*n) == W && is_change(doc.local(*n))).collect();
    if doc.ns(0) != W || all.is_empty() {
        return Ok(None);
    }
    for n in &all {
        if let Some(author) = doc.attr(*n, W, "author") {
            tally.value("author of tracked changes", Tells::Who, author.value());
        }
        if let Some(date) = doc.attr(*n, W, "date") {
            tally.gone("times of tracked changes", Tells::When, date.value_span.len());
        }
    }
    tally.gone("insertions and deletions", Tells::History, 0);
    tally.value("tracked changes", Tells::History, format!("{} rejected", all.len()));
    let mut edits = Edits::default();
    for n in 0..doc.len() {
        if doc.ns(n) != W {
            continue;
        }
        let local = doc.local(n);
        let within = doc.parent(n).map_or("", |p| doc.local(p));
        match local {
            "tbl" if rows(&doc, n).next().is_some() && rows(&doc, n).all(|r| is_row_marked(&doc, r, ["ins", "cellIns"])) => {
                edits.cut(doc.span(n));
            }
            "tr" if is_row_marked(&doc, n, ["ins", "cellIns"]) => edits.cut(doc.span(n)),
            "tc" if is_cell_marked(&doc, n, "cellIns") => edits.cut(doc.span(n)),
            "numPr" if doc.child(n, W, "ins").is_some() => edits.cut(doc.span(n)),
            "cellMerge" => {
                return Err(Refusal::unsupported("cells of a table were merged while changes were tracked")
                    .hint("reject the changes in an office program first, or let them be accepted"));
            }
            // The mark of a paragraph that was not there is for [`join`].
            "ins" | "moveTo" if within == "rPr" && is_mark(&doc, n) => {}
            "ins" | "moveTo" => edits.cut(doc.span(n)),
            "del" | "moveFrom" => edits.unwrap(&doc, n),
            "delText" => rename(&doc, n, "t", &mut edits),
            "delInstrText" => rename(&doc, n, "instrText", &mut edits),
            _ if local.ends_with("PrChange") || local == "tblPrExChange" || local == "tblGridChange" => {
                restore(&doc, n, &mut edits);
            }
            "moveFromRangeEnd" | "moveToRangeEnd" => edits.cut(doc.span(n)),
            _ if is_change(local) => edits.cut(doc.span(n)),
            _ => {}
        }
    }
    let rejected = edits.apply(bytes);
    let joined = join(rejected.as_deref().unwrap_or(bytes), ["ins", "moveTo"])?;
    Ok(joined.or(rejected))
}

fn rename(doc: &Document, n: usize, to: &str, edits: &mut Edits) {
    let len = doc.local(n).len();
    let start = doc.open(n).start + 1 + doc.prefix(n).len();
    edits.put(start..start + len, to);
    let close = doc.close(n);
    if !close.is_empty() {
        let start = close.start + 2 + doc.prefix(n).len();
        edits.put(start..start + len, to);
    }
}

/// Puts the properties that a change remembers in place of those around it, but for what a change does not remember.
fn restore(doc: &Document, n: usize, edits: &mut Edits) {
    let Some(properties) = doc.parent(n) else { return };
    let of = doc.local(properties);
    let old = doc.children(n).find(|c| doc.local(*c) == of);
    let stays = |c: usize| {
        matches!(
            (of, doc.local(c)),
            ("pPr", "rPr" | "sectPr")
                | ("rPr", "ins" | "del" | "moveFrom" | "moveTo")
                | ("sectPr", "headerReference" | "footerReference")
                | ("trPr", "ins" | "del")
                | ("tcPr", "cellIns" | "cellDel" | "cellMerge")
        )
    };
    doc.children(properties).filter(|c| !stays(*c)).for_each(|c| edits.cut(doc.span(c)));
    let text = old.map(|o| String::from_utf8_lossy(&doc.bytes()[doc.inside(o)]).into_owned()).unwrap_or_default();
    // Marks and references stand in front of the other properties, all else behind them.
    let at = match of {
        "rPr" | "sectPr" => {
            doc.children(properties).filter(|c| stays(*c)).last().map_or(doc.open(properties).end, |c| doc.span(c).end)
        }
        _ => doc.open(properties).end,
    };
    if !text.is_empty() {
        edits.put(at..at, text);
    }
}

/// Whether it is the mark at the end of a paragraph that is tracked.
pub(super) fn is_mark(doc: &Document, n: usize) -> bool {
    let mut around = doc.ancestors(n).map(|a| doc.local(a));
    around.next() == Some("rPr") && around.next() == Some("pPr")
}

/// Joins each paragraph whose mark goes, by one of `marks`, with the one after it, whose properties win. `None` where there is none.
///
/// # Errors
/// As [`package::parse`].
pub(super) fn join(bytes: &[u8], marks: [&str; 2]) -> Result<Option<Vec<u8>>> {
    if marks.iter().all(|m| memchr::memmem::find(bytes, m.as_bytes()).is_none()) {
        return Ok(None);
    }
    let doc = package::parse(bytes)?;
    let mark = |n: usize| -> Option<usize> {
        let run = doc.child(doc.child(n, W, "pPr")?, W, "rPr")?;
        marks.iter().find_map(|m| doc.child(run, W, m))
    };
    let is_paragraph = |n: usize| doc.ns(n) == W && doc.local(n) == "p";
    let properties = |n: usize| doc.child(n, W, "pPr").map(|p| doc.span(p)).unwrap_or(doc.open(n).end..doc.open(n).end);
    let breaks = |n: usize| doc.child(n, W, "pPr").is_some_and(|p| doc.child(p, W, "sectPr").is_some());
    // Bookmarks alone are no content.
    let is_empty = |n: usize| {
        doc.children(n).all(|c| match doc.local(c) {
            "pPr" | "bookmarkStart" | "bookmarkEnd" => true,
            "r" => doc.children(c).all(|x| doc.local(x) == "rPr"),
            _ => false,
        })
    };
    let mut edits = Edits::default();
    for n in 0..doc.len() {
        let Some(gone) = is_paragraph(n).then(|| mark(n)).flatten() else { continue };
        edits.cut(doc.span(gone));
    }
    for parent in 0..doc.len() {
        let children: Vec<usize> = doc.children(parent).collect();
        let mut i = 0;
        while i < children.len() {
            let mut group = vec![];
            while i < children.len() && is_paragraph(children[i]) && mark(children[i]).is_some() && !breaks(children[i]) {
                let next = children.get(i + 1).copied().filter(|c| is_paragraph(*c));
                if next.is_none() {
                    break;
                }
                group.push(children[i]);
                i += 1;
            }
            if group.is_empty() {
                i += 1;
                continue;
            }
            // The group ends with a paragraph whose own mark stays.
            let last = children[i];
            i += 1;
            let full: Vec<usize> = group.iter().copied().filter(|p| !is_empty(*p)).collect();
            for p in group.iter().filter(|p| is_empty(**p)) {
                edits.cut(doc.open(*p));
                edits.cut(properties(*p));
                edits.cut(doc.close(*p));
                // What is left are bookmarks, which may stand between paragraphs, and empty runs, which may not.
                doc.children(*p).filter(|c| doc.local(*c) == "r").for_each(|c| edits.cut(doc.span(c)));
            }
            let Some((first, rest)) = full.split_first() else { continue };
            let winner = properties(last);
            let own = String::from_utf8_lossy(&bytes[winner.clone()]).into_owned();
            let own = match mark(last) {
                Some(m) => own.replace(&*String::from_utf8_lossy(&bytes[doc.span(m)]), ""),
                None => own,
            };
            edits.put(properties(*first), own);
            edits.cut(doc.close(*first));
            for p in rest {
                edits.cut(doc.open(*p));
                edits.cut(properties(*p));
                edits.cut(doc.close(*p));
            }
            match doc.close(last).is_empty() {
                true => edits.put(doc.open(last), format!("</{}p>", doc.prefix(last))),
                false => edits.cut(doc.open(last)),
            }
            edits.cut(winner);
        }
    }
    Ok(edits.apply(bytes))
}
