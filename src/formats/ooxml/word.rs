//! WordprocessingML: tracked changes, comments, fields, settings.

use std::collections::HashSet;

use super::ns::*;
use super::package;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::formats::office::TELLING_FIELDS;
use crate::formats::office::is_path;
use crate::grammar::xml::{Attr, Document, Edits};
use crate::policy::TrackedChanges;
use crate::refusal::{Code, Refusal, Result};

/// Settings that change how the document looks or behaves. [ISO 29500-1 17.15.1]
const SETTINGS: &[&str] = &[
    "compat",
    "defaultTabStop",
    "autoHyphenation",
    "consecutiveHyphenLimit",
    "hyphenationZone",
    "doNotHyphenateCaps",
    "footnotePr",
    "endnotePr",
    "evenAndOddHeaders",
    "mirrorMargins",
    "gutterAtTop",
    "themeFontLang",
    "clrSchemeMapping",
    "decimalSymbol",
    "listSeparator",
    "characterSpacingControl",
    "shapeDefaults",
    "hdrShapeDefaults",
    "bookFoldPrinting",
    "bookFoldRevPrinting",
    "bookFoldPrintingSheets",
    "documentProtection",
    "displayBackgroundShape",
    "bordersDoNotSurroundHeader",
    "bordersDoNotSurroundFooter",
    "embedTrueTypeFonts",
    "embedSystemFonts",
    "saveSubsetFonts",
    "alignBordersAndEdges",
    "printTwoOnOne",
    "noLineBreaksAfter",
    "noLineBreaksBefore",
    "strictFirstAndLastChars",
    "noPunctuationKerning",
    "printPostScriptOverText",
    "printFractionalCharacterWidth",
    "doNotUseMarginsForDrawingGridOrigin",
    "uiCompat97To2003",
    "defaultTableStyle",
    "clickAndTypeStyle",
    "doNotShadeFormData",
    "ignoreMixedContent",
    "mathPr",
    "chartTrackingRefBased",
    "printFormsData",
    "doNotIncludeSubdocsInStats",
    "doNotAutoCompressPictures",
    "discardImageEditingData",
    "defaultImageDpi",
    "conflictMode",
    "hideSpellingErrors",
    "hideGrammaticalErrors",
];

/// The settings of a document.
pub(super) fn settings(sift: &mut Sift) {
    let doc = sift.doc;
    for n in doc.children(0) {
        let local = doc.local(n);
        let foreign = doc.ns(n) == MC;
        if (SETTINGS.contains(&local) && !(local == "documentProtection" && sift.job.policy().is_strict())) || foreign {
            continue;
        }
        let (label, tells) = match local {
            "rsids" => ("revision save identifiers", Tells::Identifier),
            "docVars" => ("variables of programs", Tells::Unknown),
            "mailMerge" => ("mail merge", Tells::Who),
            "attachedTemplate" => ("path of the template", Tells::History),
            "docId" | "persistentDocumentId" => ("identifier of the document", Tells::Identifier),
            "writeProtection" => ("write protection", Tells::Who),
            "trackRevisions" | "revisionView" | "documentType" => ("state of the editing", Tells::History),
            "attachedSchema" | "schemaLibrary" | "smartTagType" | "saveThroughXslt" => ("schemas of programs", Tells::History),
            _ => ("settings of the program", Tells::Software),
        };
        for v in doc.children(n).filter(|_| local == "docVars") {
            if let (Some(name), Some(val)) = (doc.attr(v, W, "name"), doc.attr(v, W, "val")) {
                sift.tally.value("variable of a program", Tells::Unknown, format!("{} = {}", name.value(), val.value()));
            }
        }
        sift.tally.gone(label, tells, doc.span(n).len());
        sift.edits.cut(doc.span(n));
    }
}

fn is_telling(code: &str) -> bool {
    let mut words = code.split_whitespace();
    let name = words.next().unwrap_or_default().to_uppercase();
    let target = words.next().unwrap_or_default().trim_matches('"');
    TELLING_FIELDS.contains(&name.as_str()) || (name == "HYPERLINK" && !target.starts_with('\\') && !package::may_link(target))
}

struct Field {
    begin: usize,
    code: String,
    separate: Option<usize>,
}

/// What a story needs to know before it is walked through: tracked changes, fields, bookmarks. Elements in `skip` are dealt
/// with.
pub(super) fn story(sift: &mut Sift, skip: &mut HashSet<usize>) -> Result<()> {
    let doc = sift.doc;
    changes(sift, skip)?;
    let mut stack: Vec<Field> = Vec::new();
    let mut telling = false;
    let mut unbalanced = false;
    let mut last_back = None;
    for n in 0..doc.len() {
        if doc.ns(n) != W {
            continue;
        }
        match doc.local(n) {
            "fldChar" => match doc.attr(n, W, "fldCharType").map(|a| a.value().into_owned()).as_deref() {
                Some("begin") => stack.push(Field { begin: n, code: String::new(), separate: None }),
                Some("separate") => match stack.last_mut() {
                    Some(field) => field.separate = Some(n),
                    None => unbalanced = true,
                },
                Some("end") => match stack.pop() {
                    Some(field) if is_telling(&field.code) => {
                        telling = true;
                        freeze(sift, skip, &field, n);
                    }
                    Some(_) => {}
                    None => unbalanced = true,
                },
                _ => {}
            },
            "instrText" => {
                if let Some(field) = stack.last_mut()
                    && field.separate.is_none()
                {
                    field.code.push_str(&doc.text(n));
                }
            }
            "bookmarkStart" if doc.attr(n, W, "name").is_some_and(|a| a.value() == "_GoBack") => {
                last_back = doc.attr(n, W, "id").map(|a| a.value().into_owned());
                sift.tally.gone("place of the last edit", Tells::History, doc.span(n).len());
                sift.edits.cut(doc.span(n));
                skip.insert(n);
            }
            "bookmarkEnd" if last_back.is_some() && doc.attr(n, W, "id").map(|a| a.value().into_owned()) == last_back => {
                sift.edits.cut(doc.span(n));
                skip.insert(n);
                last_back = None;
            }
            _ => {}
        }
    }
    if (unbalanced && telling) || stack.iter().any(|f| is_telling(&f.code)) {
        return Err(Refusal::malformed("a field has no end", 0).hint("open the document in Word, save it, and clean that"));
    }
    Ok(())
}

/// Leaves of a field what it shows: what runs hold from its beginning to the separator goes, and its end.
fn freeze(sift: &mut Sift, skip: &mut HashSet<usize>, field: &Field, end: usize) {
    let doc = sift.doc;
    let name = field.code.split_whitespace().next().unwrap_or_default().to_uppercase();
    sift.tally.value("field", Tells::History, name);
    sift.tally.gone("codes of fields", Tells::History, 0);
    let last = field.separate.unwrap_or(end);
    for n in (field.begin..=last).chain([end]) {
        let in_run = doc.parent(n).is_some_and(|p| doc.ns(p) == W && doc.local(p) == "r");
        if in_run && doc.local(n) != "rPr" && skip.insert(n) {
            sift.edits.cut(doc.span(n));
        }
    }
}

/// Whether anything in a document is tracked.
fn is_change(local: &str) -> bool {
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

/// Accepts tracked changes, but for joining paragraphs, which is done by [`join`] on what comes of this.
fn changes(sift: &mut Sift, skip: &mut HashSet<usize>) -> Result<()> {
    let doc = sift.doc;
    let mut count = 0usize;
    for n in 0..doc.len() {
        if doc.ns(n) == W && is_change(doc.local(n)) {
            count += 1;
            if let Some(author) = doc.attr(n, W, "author") {
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
    match sift.job.policy().tracked_changes {
        TrackedChanges::Accept => {}
        TrackedChanges::Refuse => {
            return Err(Refusal::new(Code::NeedsResidual, "the document holds tracked changes")
                .hint("accept or reject them in an office program first"));
        }
        TrackedChanges::Reject | TrackedChanges::Anonymise => {
            return Err(Refusal::unsupported("tracked changes can only be accepted so far")
                .hint("reject them in an office program first, or let them be accepted"));
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
            "tbl" if rows(doc, n).next().is_some() && rows(doc, n).all(|r| is_deleted_row(doc, r)) => {
                n = drop_all(sift, skip, n);
                continue;
            }
            "tr" if is_deleted_row(doc, n) => {
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

fn is_deleted_row(doc: &Document, n: usize) -> bool {
    let marked = doc.child(n, W, "trPr").is_some_and(|p| doc.child(p, W, "del").is_some());
    let cells: Vec<usize> = doc.children(n).filter(|c| doc.ns(*c) == W && doc.local(*c) == "tc").collect();
    let gone = |c: &usize| doc.child(*c, W, "tcPr").is_some_and(|p| doc.child(p, W, "cellDel").is_some());
    marked || (!cells.is_empty() && cells.iter().all(gone))
}

/// What becomes of an element.
pub(super) fn element(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    let local = doc.local(n);
    let within = doc.parent(n).map_or("", |p| doc.local(p));
    let tracked = "insertions and deletions";
    let history = Tells::History;
    Ok(match local {
        _ if doc.ns(n) == W && is_change(local) => match local {
            // The mark of a paragraph that is joined with the next stays until that is done.
            "del" | "moveFrom" if within == "rPr" && is_mark(doc, n) => Fate::Stay,
            "ins" | "moveTo" if !matches!(within, "rPr" | "trPr" | "ctrlPr" | "numPr" | "tcPr") => Fate::Unwrap(tracked, history),
            _ => Fate::Go(tracked, history),
        },
        "moveFromRangeEnd" | "moveToRangeEnd" => Fate::Quiet,
        "commentRangeStart" | "commentRangeEnd" | "annotationRef" => Fate::Go("marks of comments", Tells::Who),
        "r" if doc.children(n).any(|c| doc.local(c) == "commentReference" && doc.ns(c) == W)
            && doc.children(n).all(|c| matches!(doc.local(c), "rPr" | "commentReference" | "annotationRef")) =>
        {
            Fate::Go("marks of comments", Tells::Who)
        }
        "commentReference" => Fate::Go("marks of comments", Tells::Who),
        "dataBinding" => Fate::Go("bindings to data outside of the text", history),
        "placeholder" if within == "sdtPr" => Fate::Go("building blocks", Tells::Hidden),
        "smartTag" | "customXml" if doc.ns(n) == W => Fate::Unwrap("smart tags", Tells::Identifier),
        "smartTagPr" | "customXmlPr" => Fate::Go("smart tags", Tells::Identifier),
        "proofErr" => Fate::Go("marks of the spelling check", Tells::Software),
        "fldData" => Fate::Go("data of fields", Tells::Unknown),
        "nsid" | "tmpl" => Fate::Go("identifiers of lists", Tells::Identifier),
        "rsid" => Fate::Go("revision save identifiers", Tells::Identifier),
        "fldSimple" if doc.attr(n, W, "instr").is_some_and(|a| is_telling(&a.value())) => {
            Fate::Unwrap("codes of fields", history)
        }
        "vanish" | "webHidden"
            if within == "rPr" && doc.attr(n, W, "val").is_none_or(|a| !matches!(&*a.value(), "0" | "false" | "off")) =>
        {
            if local == "vanish" && doc.ancestors(n).any(|a| doc.local(a) == "r") {
                sift.hidden("hidden text", "hidden text is content")?;
            }
            Fate::Stay
        }
        "control" if doc.ns(n) == W => Fate::Go("macros and controls", Tells::Software),
        _ => Fate::Stay,
    })
}

fn is_mark(doc: &Document, n: usize) -> bool {
    let mut around = doc.ancestors(n).map(|a| doc.local(a));
    around.next() == Some("rPr") && around.next() == Some("pPr")
}

/// Attributes that go.
pub(super) fn attribute(sift: &mut Sift, local: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
    match (local, attr.local) {
        ("permStart", "ed" | "edGrp") => {
            sift.tally.value("who may edit", Tells::Who, attr.value());
            Some(("who may edit", Tells::Who))
        }
        ("tblCaption" | "tblDescription", "val") if is_path(&attr.value()) => {
            sift.tally.value("path of a picture", Tells::History, attr.value());
            sift.put(attr, "", "paths of pictures", Tells::History);
            None
        }
        _ => None,
    }
}

/// Joins each paragraph whose mark is deleted with the one after it, whose properties win. `None` where there is none.
///
/// # Errors
/// As [`package::parse`].
pub(super) fn join(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    if memchr::memmem::find(bytes, b":del").is_none() && memchr::memmem::find(bytes, b":moveFrom").is_none() {
        return Ok(None);
    }
    let doc = package::parse(bytes)?;
    let mark = |n: usize| -> Option<usize> {
        let run = doc.child(doc.child(n, W, "pPr")?, W, "rPr")?;
        doc.child(run, W, "del").or_else(|| doc.child(run, W, "moveFrom"))
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
