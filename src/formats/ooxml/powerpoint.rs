//! PresentationML: what of slides and of the presentation may stay.

use super::ns::*;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::grammar::xml::{Attr, NONE, XMLNS};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

/// What becomes of an element.
pub(super) fn element(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    let within = doc.parent(n).map_or("", |p| doc.local(p));
    Ok(match doc.local(n) {
        "custDataLst" => Fate::Go("tags of programs", Tells::Identifier),
        "smartTags" => Fate::Go("smart tags", Tells::Identifier),
        "modifyVerifier" if sift.job.policy().is_strict() => Fate::Go("write protection", Tells::Who),
        "sld" if doc.attr(n, NONE, "show").is_some_and(|a| matches!(&*a.value(), "0" | "false")) => {
            sift.hidden("hidden slide", "hidden slides are content")?;
            Fate::Stay
        }
        _ if within == "presentationPr" && doc.local(n) != "showPr" => Fate::Go("settings of the program", Tells::Software),
        "notes" if !sift.keeps(Token::Notes) => {
            let what = "it has speaker notes, which this policy drops and this program cannot take out yet";
            return Err(Refusal::new(Code::NeedsResidual, what).hint("delete the notes first, or use --keep notes"));
        }
        _ => Fate::Stay,
    })
}

/// Attributes of sections.
pub(super) fn attribute(sift: &mut Sift, _: &str, attr: &Attr) -> Option<(&'static str, Tells)> {
    if matches!(attr.local, "id" | "sectionId") && attr.value().starts_with('{') {
        guid(sift, attr);
    }
    None
}

fn guid(sift: &mut Sift, attr: &Attr) {
    let new = sift.common.guid(&attr.value());
    sift.put(attr, &new, "identifiers of objects", Tells::Identifier);
}

/// A field in a text: its identifier is counted anew, a date becomes the text that it shows.
pub(super) fn field(sift: &mut Sift, n: usize) -> Result<Fate> {
    let doc = sift.doc;
    let kind = doc.attr(n, NONE, "type").map(|a| a.value().into_owned()).unwrap_or_default();
    let layout = matches!(doc.local(0), "sldLayout" | "sldMaster" | "notesMaster" | "handoutMaster");
    if kind.starts_with("datetime") && layout {
        // What a layout shows for a date is the day when somebody looked at it; a slide has its own.
        if let Some(text) = doc.child(n, A, "t")
            && !doc.inside(text).is_empty()
        {
            sift.tally.gone("dates in layouts", Tells::When, doc.inside(text).len());
            sift.edits.cut(doc.inside(text));
        }
    } else if kind.starts_with("datetime") {
        let prefix = doc.prefix(n);
        sift.tally.rewritten("date fields", Tells::When);
        let empty = doc.close(n).is_empty();
        sift.edits.put(doc.open(n), format!("<{prefix}r{}>", if empty { "/" } else { "" }));
        if !empty {
            sift.edits.put(doc.close(n), format!("</{prefix}r>"));
        }
        if let Some(properties) = doc.child(n, A, "pPr") {
            sift.edits.cut(doc.span(properties));
        }
        return Ok(Fate::Stay);
    }
    if let Some(id) = doc.attr(n, NONE, "id") {
        guid(sift, &id);
    }
    Ok(Fate::Stay)
}

/// Where the document inside a frame goes, the picture of it takes the frame's place. Returns whether the frame has none, so
/// that all of it has to go.
pub(super) fn object_to_picture(sift: &mut Sift, n: usize) -> bool {
    let doc = sift.doc;
    let inside = || (n + 1..doc.past(n)).filter(|i| doc.ns(*i) == P);
    let is_dead = |o: usize| {
        doc.local(o) == "oleObj" && doc.attr(o, R, "id").is_some_and(|a| !a.raw_is_empty() && !sift.alive.contains(&*a.value()))
    };
    if !inside().any(is_dead) {
        return false;
    }
    let Some(picture) = inside().find(|i| doc.local(*i) == "pic") else { return true };
    let around: Vec<usize> = doc.ancestors(picture).take_while(|a| *a != n).chain([n]).collect();
    // A prefix that is declared on the way would be gone with its element.
    let declares = |a: &usize| doc.attrs(*a).iter().any(|x| x.ns == XMLNS && matches!(x.local, "a" | "p" | "r"));
    if around.iter().any(declares) {
        return true;
    }
    let (frame, span) = (doc.span(n), doc.span(picture));
    sift.tally.gone("embedded documents, of which the picture stays", Tells::Hidden, frame.len() - span.len());
    sift.edits.cut(frame.start..span.start);
    sift.edits.cut(span.end..frame.end);
    let id = |from: usize| (from..doc.past(from)).find(|i| doc.local(*i) == "cNvPr").and_then(|i| doc.attr(i, NONE, "id"));
    if let (Some(old), Some(new)) = (id(picture), id(n)) {
        sift.edits.put(old.value_span.clone(), new.value().into_owned());
    }
    sift.flattened.extend(around);
    false
}
