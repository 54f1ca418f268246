//! Charts: where their numbers come from. References to cells of other workbooks by path become the values that are shown;
//! the name of the workbook goes from pivot charts. [ISO 29500-1 21.2]

use super::ns::*;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::grammar::xml::{Document, escape};

/// What stands in place of the name of a workbook.
const BOOK: &str = "[Book.xlsx]";

/// Whether a formula names another workbook: by a path, or by a name or number in brackets other than 0, which is this one.
fn is_outside(formula: &str) -> bool {
    let Some(open) = formula.find('[') else { return formula.contains(":\\") || formula.contains("\\\\") };
    let rest = &formula[open + 1..];
    let (Some(close), true) = (rest.find(']'), rest.contains('!')) else { return false };
    let first = formula[..open].chars().last();
    &rest[..close] != "0" && first.is_none_or(|c| matches!(c, '\'' | '\\' | '/' | '(' | ',' | '='))
}

/// How a reference that goes is written with its values alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instead {
    /// As literal values of this name.
    Literal(&'static str),
    /// As the text itself.
    Text,
    /// As a reference that leads nowhere, with its values.
    Nowhere,
}

/// What becomes of a reference, where it goes.
fn instead(doc: &Document, n: usize) -> Option<Instead> {
    let formula = doc.child(n, C, "f")?;
    if !is_outside(&doc.text(formula)) {
        return None;
    }
    let around = doc.parent(n).map_or("", |p| doc.local(p));
    let series = doc.parent(n).and_then(|p| doc.parent(p)).is_some_and(|p| doc.local(p) == "ser");
    Some(match doc.local(n) {
        "numRef" if doc.child(n, C, "numCache").is_some() => Instead::Literal("numLit"),
        "strRef" if around == "tx" && series => Instead::Text,
        "strRef" if around != "tx" && doc.child(n, C, "strCache").is_some() => Instead::Literal("strLit"),
        _ => Instead::Nowhere,
    })
}

/// What becomes of an element of a chart.
pub(super) fn element(sift: &mut Sift, n: usize) -> Fate {
    let doc = sift.doc;
    let history = Tells::History;
    match doc.local(n) {
        "numRef" | "strRef" | "multiLvlStrRef" => reference(sift, n),
        "f" => match doc.parent(n).and_then(|p| instead(doc, p)) {
            Some(Instead::Nowhere) => {
                sift.tally.value("formula of a chart", history, doc.text(n));
                sift.edits.put(doc.inside(n), "#REF!");
                Fate::Stay
            }
            Some(_) => {
                sift.tally.value("formula of a chart", history, doc.text(n));
                Fate::Go("paths in the formulas of charts", history)
            }
            None => Fate::Stay,
        },
        "numCache" | "strCache"
            if doc.parent(n).and_then(|p| instead(doc, p)).is_some_and(|i| matches!(i, Instead::Literal(_))) =>
        {
            Fate::Unwrap("paths in the formulas of charts", history)
        }
        "name" if doc.parent(n).is_some_and(|p| doc.local(p) == "pivotSource") => {
            let text = doc.text(n);
            if let Some((book, rest)) = text.split_once(']')
                && !doc.close(n).is_empty()
                && format!("{book}]") != BOOK
            {
                sift.tally.value("name of the workbook", history, book.rsplit('[').next().unwrap_or(book));
                sift.tally.rewritten("names of the workbook in pivot charts", history);
                sift.edits.put(doc.inside(n), escape(&format!("{BOOK}{rest}")));
            }
            Fate::Stay
        }
        _ => Fate::Stay,
    }
}

fn reference(sift: &mut Sift, n: usize) -> Fate {
    let doc = sift.doc;
    match instead(doc, n) {
        Some(Instead::Literal(name)) => {
            let (start, len, prefix) = (doc.open(n).start + 1, doc.local(n).len(), doc.prefix(n).len());
            sift.edits.put(start + prefix..start + prefix + len, name);
            let close = doc.close(n).start + 2 + prefix;
            sift.edits.put(close..close + len, name);
            Fate::Stay
        }
        Some(Instead::Text) => {
            let shown = (n..doc.past(n)).find(|i| doc.local(*i) == "v").map(|v| doc.text(v)).unwrap_or_default();
            if let Some(formula) = doc.child(n, C, "f") {
                sift.tally.value("formula of a chart", Tells::History, doc.text(formula));
            }
            let prefix = doc.prefix(n);
            sift.edits.put(doc.span(n), format!("<{prefix}v>{}</{prefix}v>", escape(&shown)));
            sift.tally.rewritten("paths in the formulas of charts", Tells::History);
            Fate::Replaced
        }
        _ => Fate::Stay,
    }
}
