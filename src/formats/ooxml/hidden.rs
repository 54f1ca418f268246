//! What a document holds that nobody sees in it: sheets, rows, columns and names of a workbook, objects of a page or slide,
//! objects beside a slide, the data behind pivot tables. All of it is content, so it stays and is told. Where the policy
//! drops it, objects of slides that nothing refers to are taken out; of the rest nobody knows what hangs on it, so the
//! document is refused.

use super::ns::*;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::grammar::xml::{Document, NONE};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

const WHY: &str = "what is hidden is content; --drop hidden takes it out or refuses";

/// Whether an attribute of an element says yes.
pub(super) fn is_on(doc: &Document, n: usize, name: &str) -> bool {
    doc.attr(n, NONE, name).is_some_and(|a| matches!(&*a.value(), "1" | "true"))
}

/// Takes note of what is hidden in a workbook.
///
/// # Errors
/// `NeedsResidual` where the policy drops it.
pub(super) fn cells(sift: &mut Sift, n: usize) -> Result<()> {
    let doc = sift.doc;
    let label = match doc.local(n) {
        "sheet" if doc.attr(n, NONE, "state").is_some_and(|a| a.value() != "visible") => "hidden sheet",
        "row" if is_on(doc, n, "hidden") => "hidden row",
        "col" if is_on(doc, n, "hidden") => "hidden column",
        // Excel's own are made by filters and print areas.
        "definedName"
            if is_on(doc, n, "hidden") && doc.attr(n, NONE, "name").is_none_or(|a| !a.value().starts_with("_xlnm.")) =>
        {
            "hidden name"
        }
        _ => return Ok(()),
    };
    sift.hidden(label, WHY)
}

/// Takes note of a hidden object where it cannot be taken out: in texts and sheets.
///
/// # Errors
/// `NeedsResidual` where the policy drops it.
pub(super) fn object(sift: &mut Sift, n: usize) -> Result<()> {
    let doc = sift.doc;
    let drawn = matches!(doc.local(n), "docPr" | "cNvPr") && doc.ns(n) != P && is_on(doc, n, "hidden");
    let vml = doc.ns(n) == V
        && doc.local(n) == "shape"
        && doc.attr(n, NONE, "style").is_some_and(|a| a.value().replace(' ', "").contains("visibility:hidden"))
        && !super::drawing::is_note(doc, n);
    if drawn || vml { sift.hidden("hidden object", WHY) } else { Ok(()) }
}

/// What becomes of an object of a slide that is hidden or lies beside it.
///
/// # Errors
/// `NeedsResidual` where the policy drops it and something refers to it.
pub(super) fn shape(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    if doc.ns(n) != P || !matches!(doc.local(n), "sp" | "pic" | "graphicFrame" | "grpSp" | "cxnSp") {
        return Ok(Fate::Stay);
    }
    let Some(properties) = doc.children(n).find(|c| doc.local(*c).starts_with("nv")).and_then(|c| doc.child(c, P, "cNvPr"))
    else {
        return Ok(Fate::Stay);
    };
    let label = match () {
        () if is_on(doc, properties, "hidden") => "hidden objects",
        () if is_beside(sift, n) => "objects beside the slide",
        () => return Ok(Fate::Stay),
    };
    if sift.keeps(Token::Hidden) {
        sift.tally.kept(label, Tells::Hidden, WHY);
        return Ok(Fate::Stay);
    }
    let id = doc.attr(properties, NONE, "id").map(|a| a.value().into_owned()).unwrap_or_default();
    let refers = |i: usize| {
        let own = i >= n && i < doc.past(n);
        !own && doc.attrs(i).iter().any(|a| {
            let points = a.local == "spid" || matches!(doc.local(i), "stCxn" | "endCxn") && a.local == "id";
            points && a.value() == id
        })
    };
    if (0..doc.len()).any(refers) {
        let text = format!("it has {label}, which this policy drops, and an animation or a connector refers to one");
        return Err(Refusal::new(Code::NeedsResidual, text).hint("delete it first, or use --keep hidden"));
    }
    Ok(Fate::Go(label, Tells::Hidden))
}

/// Whether an object that stands on a slide by itself lies beside it altogether.
fn is_beside(sift: &Sift, n: usize) -> bool {
    let (doc, Some((width, height))) = (sift.doc, sift.common.slide) else { return false };
    let alone = doc.local(0) == "sld" && doc.parent(n).is_some_and(|p| doc.local(p) == "spTree");
    let frame = doc
        .children(n)
        .find(|c| matches!(doc.local(*c), "spPr" | "grpSpPr"))
        .and_then(|c| doc.child(c, A, "xfrm"))
        .or_else(|| doc.child(n, P, "xfrm"));
    let (true, Some(frame)) = (alone, frame) else { return false };
    let number = |local: &str, name: &str| {
        let child = doc.child(frame, A, local)?;
        doc.attr(child, NONE, name)?.value().parse::<i64>().ok()
    };
    let numbers = (number("off", "x"), number("off", "y"), number("ext", "cx"), number("ext", "cy"));
    let (Some(x), Some(y), Some(cx), Some(cy)) = numbers else { return false };
    x.saturating_add(cx) <= 0 || y.saturating_add(cy) <= 0 || x >= width || y >= height
}

/// Takes note of how large the slides are.
pub(super) fn size(sift: &mut Sift, n: usize) {
    let doc = sift.doc;
    let number = |name: &str| doc.attr(n, NONE, name).and_then(|a| a.value().parse::<i64>().ok());
    sift.common.slide = number("cx").zip(number("cy"));
}
