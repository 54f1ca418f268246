//! SpreadsheetML: what of workbooks and sheets may stay.

use super::hidden;
use super::ns::*;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::formats::office::AUTHOR;
use crate::grammar::xml::{Attr, Document, NONE, escape};
use crate::policy::Token;
use crate::refusal::Result;

/// What becomes of an element.
pub(super) fn element(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    let go = |label, tells| Ok(Fate::Go(label, tells));
    match doc.local(n) {
        "author" => {
            let author = doc.text(n);
            if author != AUTHOR && !doc.close(n).is_empty() {
                sift.tally.value("author of comments", Tells::Who, author);
                sift.tally.rewritten("authors of comments", Tells::Who);
                sift.edits.put(doc.inside(n), AUTHOR);
            }
            Ok(Fate::Stay)
        }
        "fileSharing" => {
            if let Some(user) = doc.attr(n, NONE, "userName") {
                sift.tally.value("user who reserved the workbook", Tells::Who, user.value());
            }
            go("user who reserved the workbook", Tells::Who)
        }
        "absPath" => {
            if let Some(url) = doc.attr(n, NONE, "url") {
                sift.tally.value("path of the workbook", Tells::History, url.value());
            }
            go("path of the workbook", Tells::History)
        }
        "customWorkbookViews" | "customSheetViews" => go("views of users", Tells::Who),
        "webPublishing" | "webPublishObjects" | "webPublishItems" => go("web publishing", Tells::History),
        "smartTagPr" | "smartTagTypes" | "smartTags" => go("smart tags", Tells::Identifier),
        "externalReferences" => go("references to other workbooks", Tells::History),
        "cellWatches" => go("watched cells", Tells::History),
        "customProperties" => go("properties of a sheet", Tells::Unknown),
        "xmlColumnPr" | "xmlCellPr" => go("data connections", Tells::Who),
        "definedName" if is_external(&doc.text(n)) => {
            sift.tally.value("a name for cells of another workbook", Tells::History, doc.text(n));
            go("names for cells of other workbooks", Tells::History)
        }
        "sheet" | "row" | "col" | "definedName" => {
            hidden::cells(sift, n)?;
            Ok(Fate::Stay)
        }
        "headerFooter" if !doc.text(n).is_empty() => {
            sift.common.told.kept("headers and footers", Tells::Text, "they are printed with every page");
            Ok(Fate::Stay)
        }
        "cfRule" | "dataValidation" if reaches_out(doc, n) => go("rules that reach into other workbooks", Tells::History),
        "conditionalFormatting" | "dataValidations"
            if doc.children(n).all(|c| reaches_out(doc, c) || doc.local(c) == "sqref") && doc.children(n).count() > 0 =>
        {
            go("rules that reach into other workbooks", Tells::History)
        }
        "pivotCacheDefinition" => {
            let records = doc.attr(n, R, "id");
            if records.as_ref().is_some_and(|a| !sift.alive.contains(&*a.value())) {
                unsaved(sift, n);
            }
            let why = "pivot tables need the values that they can show; --drop hidden takes out the records behind them";
            sift.tally.kept("data behind pivot tables", Tells::Hidden, why);
            Ok(Fate::Stay)
        }
        _ => Ok(Fate::Stay),
    }
}

/// Whether a rule for cells looks into another workbook.
fn reaches_out(doc: &Document, n: usize) -> bool {
    let formula = |c: &usize| matches!(doc.local(*c), "formula" | "formula1" | "formula2" | "f") && doc.children(*c).count() == 0;
    matches!(doc.local(n), "cfRule" | "dataValidation") && (n..doc.past(n)).filter(formula).any(|c| is_external(&doc.text(c)))
}

/// A pivot table whose records go reads its source again when it is opened. [ISO 29500-1 18.10.1.67]
fn unsaved(sift: &mut Sift, n: usize) {
    let doc = sift.doc;
    for name in ["saveData", "refreshOnLoad"] {
        if let Some(attr) = doc.attr(n, NONE, name) {
            sift.edits.cut(attr.span);
        }
    }
    let end = doc.open(n).start + 1 + doc.prefix(n).len() + doc.local(n).len();
    sift.edits.put(end..end, " saveData=\"0\" refreshOnLoad=\"1\"");
}

/// A comment that stays: Excel begins it with the name of whoever wrote it.
pub(super) fn comment(sift: &mut Sift, n: usize) -> Fate {
    let doc = sift.doc;
    sift.tally.kept("comments", Tells::Text, "--keep comments");
    let number = doc.attr(n, NONE, "authorId").and_then(|a| a.value().parse::<usize>().ok());
    let author = (0..doc.len()).filter(|i| doc.local(*i) == "author").nth(number.unwrap_or(usize::MAX)).map(|a| doc.text(a));
    let first = (n..doc.past(n)).find(|i| doc.ns(*i) == S && doc.local(*i) == "t");
    if let (Some(author), Some(first)) = (author.filter(|a| !a.is_empty() && a != AUTHOR), first)
        && let Some(rest) = doc.text(first).strip_prefix(&author)
        && rest.starts_with(':')
        && !doc.close(first).is_empty()
    {
        sift.tally.rewritten("authors of comments", Tells::Who);
        sift.edits.put(doc.inside(first), format!("{AUTHOR}{}", escape(rest)));
    }
    Fate::Stay
}

/// Attributes that go.
pub(super) fn attribute(sift: &mut Sift, local: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
    if attr.ns != NONE {
        return None;
    }
    match (local, attr.local) {
        ("fileVersion", "appName") => {
            if attr.value() != "xl" {
                sift.tally.value("program", Tells::Software, attr.value());
                sift.put(attr, "xl", "program", Tells::Software);
            }
            None
        }
        ("fileVersion", _) => Some(("version of the program", Tells::Software)),
        ("workbookView", "xWindow" | "yWindow" | "windowWidth" | "windowHeight") => Some(("place of the window", Tells::Device)),
        ("workbookPr" | "sheetPr", "codeName") if !sift.keeps(Token::Macros) => Some(("names for macros", Tells::Software)),
        ("pivotCacheDefinition", "refreshedBy") => {
            sift.tally.value("who refreshed a pivot table", Tells::Who, attr.value());
            Some(("who refreshed a pivot table", Tells::Who))
        }
        ("pivotCacheDefinition", "refreshedDate" | "refreshedDateIso") => Some(("when a pivot table was refreshed", Tells::When)),
        ("scenario", "user") => {
            sift.tally.value("author of a scenario", Tells::Who, attr.value());
            Some(("author of a scenario", Tells::Who))
        }
        ("scenario", "comment") => Some(("comments of scenarios", Tells::Who)),
        ("protectedRange", "securityDescriptor") => Some(("users of protected cells", Tells::Who)),
        ("definedName", "comment") => Some(("comments of names", Tells::Text)),
        ("table", "tableType") if attr.value() != "worksheet" => Some(("data connections", Tells::Who)),
        ("table" | "cacheSource", "connectionId") | ("tableColumn", "queryTableFieldId" | "uniqueName") => {
            Some(("data connections", Tells::Who))
        }
        _ => None,
    }
}

/// Whether a formula asks a data model or a server, through a connection that goes.
fn is_cube(formula: &str) -> bool {
    const NAMES: [&str; 7] = ["VALUE(", "MEMBER(", "MEMBERPROPERTY(", "RANKEDMEMBER(", "SET(", "SETCOUNT(", "KPIMEMBER("];
    let upper = formula.to_uppercase();
    upper.match_indices("CUBE").any(|(at, _)| NAMES.iter().any(|n| upper[at + 4..].starts_with(n)))
}

/// Whether a formula reaches into another workbook: `[digits]` or a path, outside of strings.
pub(super) fn is_external(formula: &str) -> bool {
    let bytes = formula.as_bytes();
    let (mut i, mut string) = (0, false);
    while i < bytes.len() {
        match bytes[i] {
            b'"' => string = !string,
            b'[' if !string => {
                let digits = bytes[i + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                // `[1]Sheet!A1`, but not `Table[1]` or `Table[[#All],[1]]`.
                let fresh = i == 0
                    || !matches!(bytes[i - 1], b'[' | b',' | b']' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | 0x80..);
                if fresh && digits > 0 && bytes.get(i + 1 + digits) == Some(&b']') {
                    return true;
                }
            }
            b'\\' if !string && bytes.get(i + 1).is_some() && i > 0 && matches!(bytes[i - 1], b':' | b'\\') => return true,
            _ => {}
        }
        i += 1;
    }
    formula.contains("file:/")
}

/// Cells: formulas that reach into other workbooks become the values they had; strings in use are noted.
pub(super) fn formulas(sift: &mut Sift) {
    let doc = sift.doc;
    let leaves = |text: &str| is_external(text) || is_cube(text);
    let mut groups = std::collections::HashSet::new();
    let shared = |n: usize| doc.attr(n, NONE, "si").map(|a| a.value().into_owned());
    let formula = |n: &usize| doc.ns(*n) == S && doc.local(*n) == "f" && doc.parent(*n).is_some_and(|p| doc.local(p) == "c");
    for n in (0..doc.len()).filter(formula) {
        if leaves(&doc.text(n)) {
            groups.extend(shared(n));
        }
    }
    for n in 0..doc.len() {
        if formula(&n) && (leaves(&doc.text(n)) || shared(n).is_some_and(|s| groups.contains(&s))) {
            let text = doc.text(n);
            let label =
                if is_cube(&text) { "formulas that ask a data model" } else { "formulas that reach into other workbooks" };
            sift.tally.gone(label, Tells::History, doc.span(n).len());
            sift.edits.cut(doc.span(n));
        }
        let is_string = doc.ns(n) == S && doc.local(n) == "c" && doc.attr(n, NONE, "t").is_some_and(|a| a.value() == "s");
        if is_string
            && let Some(v) = doc.child(n, S, "v")
            && let Ok(index) = doc.text(v).trim().parse()
        {
            sift.common.strings.insert(index);
        }
    }
}

/// Shared strings that no cell uses any more: emptied, so that the numbers of the others stay.
pub(super) fn strings(sift: &mut Sift) {
    let doc = sift.doc;
    for (i, n) in doc.children(0).filter(|n| doc.local(*n) == "si").enumerate() {
        if !sift.common.strings.contains(&(i as u64)) && !doc.text(n).is_empty() {
            sift.tally.gone("texts that no cell shows any more", Tells::Hidden, doc.inside(n).len());
            sift.edits.put(doc.inside(n), format!("<{}t/>", doc.prefix(n)));
        }
    }
}
