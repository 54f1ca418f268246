//! WordprocessingML: comments, fields, settings.

use std::collections::HashSet;

use super::bound;
use super::ns::*;
use super::package;
use super::sift::{Fate, Sift};
use super::tracked::{self, is_change};
use crate::finding::Tells;
use crate::formats::office::TELLING_FIELDS;
use crate::formats::office::is_path;
use crate::grammar::xml::Attr;
use crate::policy::Token;
use crate::refusal::{Refusal, Result};

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

/// The longest tag of a content control that a person can give it: what is longer is data of a program.
const LONGEST_TAG: usize = 64;

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
    tracked::changes(sift, skip)?;
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

/// What becomes of an element.
pub(super) fn element(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    let local = doc.local(n);
    let within = doc.parent(n).map_or("", |p| doc.local(p));
    let tracked = "insertions and deletions";
    let history = Tells::History;
    Ok(match local {
        _ if sift.keeps_changes()
            && doc.ns(n) == W
            && (is_change(local) || matches!(local, "moveFromRangeEnd" | "moveToRangeEnd")) =>
        {
            Fate::Stay
        }
        _ if doc.ns(n) == W && is_change(local) => match local {
            // The mark of a paragraph that is joined with the next stays until that is done.
            "del" | "moveFrom" if within == "rPr" && tracked::is_mark(doc, n) => Fate::Stay,
            "ins" | "moveTo" if !matches!(within, "rPr" | "trPr" | "ctrlPr" | "numPr" | "tcPr") => Fate::Unwrap(tracked, history),
            _ => Fate::Go(tracked, history),
        },
        "moveFromRangeEnd" | "moveToRangeEnd" => Fate::Quiet,
        "commentRangeStart" | "commentRangeEnd" | "annotationRef" | "commentReference" | "comment"
            if sift.keeps(Token::Comments) =>
        {
            if local == "comment" {
                sift.tally.kept("comments", Tells::Text, "--keep comments");
            }
            Fate::Stay
        }
        "commentRangeStart" | "commentRangeEnd" | "annotationRef" => Fate::Go("marks of comments", Tells::Who),
        "r" if !sift.keeps(Token::Hidden) && is_hidden_run(sift, n) => Fate::Go("hidden text", Tells::Hidden),
        "r" if !sift.keeps(Token::Comments)
            && doc.children(n).any(|c| doc.local(c) == "commentReference" && doc.ns(c) == W)
            && doc.children(n).all(|c| matches!(doc.local(c), "rPr" | "commentReference" | "annotationRef")) =>
        {
            Fate::Go("marks of comments", Tells::Who)
        }
        "commentReference" => Fate::Go("marks of comments", Tells::Who),
        "sdt" if doc.ns(n) == W => {
            bound::control(sift, n);
            Fate::Stay
        }
        "dataBinding" => Fate::Go("bindings to data outside of the text", history),
        "tag" if within == "sdtPr" && doc.attr(n, W, "val").is_some_and(|a| a.value().chars().count() > LONGEST_TAG) => {
            Fate::Go("data of programs in controls", Tells::Unknown)
        }
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
        "vanish" | "webHidden" if within == "rPr" && is_on(sift, n) => {
            let style = doc.ancestors(n).find(|a| doc.local(*a) == "style").and_then(|s| doc.attr(s, W, "styleId"));
            if local == "vanish" && doc.ancestors(n).any(|a| doc.local(a) == "r") {
                sift.hidden("hidden text", "hidden text is content; --drop hidden takes it out")?;
            } else if local == "vanish" && style.is_some_and(|s| sift.common.styles.contains(&*s.value())) {
                sift.hidden("text that a style hides", "hidden text is content")?;
            }
            Fate::Stay
        }
        "hdr" | "ftr" if n == 0 && !doc.text(n).trim().is_empty() => {
            sift.common.told.kept("headers and footers", Tells::Text, "they are shown on every page");
            Fate::Stay
        }
        "control" if doc.ns(n) == W => Fate::Go("macros and controls", Tells::Software),
        _ => Fate::Stay,
    })
}

/// Whether a switch of a run is on.
fn is_on(sift: &Sift, n: usize) -> bool {
    sift.doc.attr(n, W, "val").is_none_or(|a| !matches!(&*a.value(), "0" | "false" | "off"))
}

/// Whether a run is hidden and holds nothing that others need.
fn is_hidden_run(sift: &Sift, n: usize) -> bool {
    let doc = sift.doc;
    let hidden = doc.child(n, W, "rPr").and_then(|p| doc.child(p, W, "vanish")).is_some_and(|v| is_on(sift, v));
    hidden && doc.children(n).all(|c| !matches!(doc.local(c), "fldChar" | "instrText"))
}

/// Attributes that go.
pub(super) fn attribute(sift: &mut Sift, local: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
    match (local, attr.local) {
        ("pStyle" | "rStyle", "val") => {
            sift.common.styles.insert(attr.value().into_owned());
            None
        }
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
