//! Drawings: names and descriptions of objects, themes, VML.

use super::ns::*;
use super::sift::{Fate, Sift};
use crate::finding::Tells;
use crate::formats::office::is_path;
use crate::grammar::xml::{Attr, NONE};
use crate::policy::Token;

type Gone = Option<(&'static str, Tells)>;

/// Whether a name is one that a program gave: words and a number.
fn is_given(name: &str) -> bool {
    if name.is_empty() || name.starts_with("!!") {
        return true;
    }
    let Some((words, number)) = name.rsplit_once(' ') else {
        return name.chars().all(char::is_alphanumeric) && name.chars().count() <= 24;
    };
    let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | ',' | '/' | '(' | ')' | ':' | '\'');
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    words.chars().count() <= 48 && (is_number && words.chars().all(|c| plain(c) || c.is_ascii_digit()))
}

/// The name of an object, which for a picture is often that of its file.
pub(super) fn name(sift: &mut Sift, n: usize, attr: &Attr, _: &mut u32) {
    let value = attr.value().into_owned();
    if is_given(&value) && !is_path(&value) {
        return;
    }
    let doc = sift.doc;
    let what = match doc.parent(n).map_or("", |p| doc.local(p)) {
        "nvPicPr" | "inline" | "anchor" => "Picture",
        "nvGrpSpPr" => "Group",
        "nvGraphicFramePr" => "Object",
        "nvCxnSpPr" => "Connector",
        _ => "Shape",
    };
    let number = sift.number();
    sift.tally.value("name of an object", Tells::History, value);
    sift.put(attr, &format!("{what} {number}"), "names of objects", Tells::History);
}

/// A description for readers who cannot see; old programs put the path of the picture there.
pub(super) fn description(sift: &mut Sift, attr: &Attr) {
    let value = attr.value().into_owned();
    if value.is_empty() {
        return;
    }
    if is_path(&value) {
        sift.tally.value("path of a picture", Tells::History, value);
        sift.edits.cut(attr.span.clone());
    } else if !sift.keeps(Token::AltText) {
        sift.tally.gone("descriptions of pictures", Tells::Text, attr.span.len());
        sift.edits.cut(attr.span.clone());
    }
}

/// The name of a theme or of a part of it.
pub(super) fn theme(sift: &mut Sift, attr: &Attr) {
    let value = attr.value().into_owned();
    if !matches!(
        &*value,
        "" | "Theme" | "Office" | "Office Theme" | "Default" | "Office Classic" | "Default Design" | "Office Classic 2"
    ) {
        sift.tally.value("name of the theme", Tells::History, value);
        sift.put(attr, "Theme", "names of the theme", Tells::History);
    }
}

/// VML: shapes that are comments go, and what tells who is to sign.
pub(super) fn vml(sift: &mut Sift, n: usize) -> Fate {
    let doc = sift.doc;
    if !sift.keeps(Token::Comments) && doc.ns(n) == V && doc.local(n) == "shape" && is_note(doc, n) {
        return Fate::Go("comments", Tells::Who);
    }
    if doc.ns(n) == O && doc.local(n) == "signatureline" {
        if let Some(signer) = doc.attr(n, O, "suggestedsigner").filter(|a| !a.raw_is_empty()) {
            sift.tally.value("who is to sign", Tells::Who, signer.value());
        }
        return Fate::Go("lines for signatures", Tells::Who);
    }
    Fate::Stay
}

/// Whether a shape of VML is a comment.
pub(super) fn is_note(doc: &crate::grammar::xml::Document, n: usize) -> bool {
    doc.child(n, X, "ClientData").and_then(|c| doc.attr(c, NONE, "ObjectType")).is_some_and(|a| a.value() == "Note")
}

/// Whether a VML drawing holds nothing but comments.
pub(super) fn is_only_notes(doc: &crate::grammar::xml::Document) -> bool {
    let shapes: Vec<usize> = (0..doc.len())
        .filter(|n| doc.ns(*n) == V && !matches!(doc.local(*n), "shapetype") && doc.parent(*n) == Some(0))
        .collect();
    shapes.iter().all(|n| doc.local(*n) == "shape" && is_note(doc, *n))
}

/// Attributes of VML.
pub(super) fn vml_attribute(sift: &mut Sift, local: &str, attr: &Attr) -> Gone {
    match (local, attr.local) {
        (_, "gfxdata") => Some(("copies of drawings", Tells::Hidden)),
        ("imagedata" | "fill" | "stroke", "title") if !attr.raw_is_empty() => {
            sift.tally.value("file name of a picture", Tells::History, attr.value());
            sift.put(attr, "", "file names of pictures", Tells::History);
            None
        }
        (_, "relid") if !sift.alive.contains(&*attr.value()) => Some(("references to what is removed", Tells::History)),
        (_, "href" | "src" | "althref") if !attr.raw_is_empty() && !attr.value().starts_with("http") => {
            Some(("path of a picture", Tells::History))
        }
        (_, "alt" | "title") => {
            description(sift, attr);
            None
        }
        _ => None,
    }
}
