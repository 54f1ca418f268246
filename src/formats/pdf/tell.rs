//! Human names for what goes from a PDF. Nothing here decides a fate.

use super::schema::K;
use super::walk::Walk;
use crate::finding::{Finding, Tells};
use crate::grammar::pdf::Obj;
use crate::grammar::pdf::book::Item;
use crate::names;

/// The longest value that is shown.
const SHOWN: usize = 200;

/// Tells of an entry that is not kept.
pub(super) fn dropped<'b>(walk: &mut Walk<'b>, k: K, key: &[u8], value: &Obj<'b>) {
    if !walk.is_writing() {
        return;
    }
    if key == b"Metadata" {
        return packet(walk, value);
    }
    let (label, tells): (&'static str, Tells) = match key {
        b"PieceInfo" => ("private data of the program that made it", Tells::History),
        b"LastModified" => ("modification time", Tells::When),
        b"M" if k == K::Field => ("date of the annotation", Tells::When),
        b"CreationDate" => ("creation time", Tells::When),
        b"T" if k == K::Field => ("author of the annotation", Tells::Who),
        b"NM" => ("identifier of the annotation", Tells::Identifier),
        b"Subj" => ("subject of the annotation", Tells::Text),
        b"TU" | b"V" | b"DV" if k == K::Field => ("field text on an annotation", Tells::Text),
        b"Thumb" => ("thumbnail of the page", Tells::Preview),
        b"ID" => ("identifier", Tells::Identifier),
        b"SpiderInfo" => ("web capture data", Tells::History),
        b"OPI" => ("path of the original picture", Tells::History),
        b"PTEX.FileName" => ("path of the included file", Tells::History),
        b"PTEX.InfoDict" => ("document information of the included file", Tells::History),
        b"PTEX.PageNumber" => ("page number of the included file", Tells::History),
        b"PTEX.Fullbanner" => ("program", Tells::Software),
        b"JavaScript" => ("scripts", Tells::Hidden),
        b"AA" => ("actions that run by themselves", Tells::Hidden),
        b"CO" => ("order of form calculations", Tells::Hidden),
        b"XFA" => ("XFA form", Tells::Hidden),
        b"SigFlags" => ("signature flags", Tells::Hidden),
        b"DSS" => ("certificates", Tells::Who),
        b"Perms" => ("permissions", Tells::Hidden),
        b"Legal" => ("legal attestation", Tells::Text),
        b"DPartRoot" => ("document part metadata", Tells::History),
        b"VP" | b"Measure" | b"LGIDict" | b"PtData" => ("georeference", Tells::Where),
        b"Alternates" => ("alternate pictures", Tells::Preview),
        b"Ref" => ("reference to another document", Tells::History),
        b"Desc" => ("description of the attachment", Tells::Text),
        b"Params" => ("dates and checksum of the attachment", Tells::When),
        b"CI" => ("portfolio fields of the attachment", Tells::Text),
        b"Creator" => ("program", Tells::Software),
        b"CreatorInfo" => ("program of the layer", Tells::Software),
        b"User" => ("people a layer is meant for", Tells::Who),
        b"Info" if k == K::OutputIntent => ("note on the printing condition", Tells::Text),
        b"HalftoneName" => ("name of the halftone", Tells::Software),
        b"Name" => ("name of the object", Tells::Text),
        b"Title" => ("title", Tells::Text),
        b"UserProperties" => ("user properties", Tells::Text),
        b"EmbeddedFiles" | b"AF" | b"FS" => ("attached files", Tells::Hidden),
        b"A" | b"Next" | b"OpenAction" => ("action", Tells::Hidden),
        _ => {
            let finding = Finding::removed(k.place(), format!("private entry {}", String::from_utf8_lossy(key)), Tells::Unknown);
            let finding = with_value(walk, finding, value);
            return walk.tell(finding);
        }
    };
    let finding = with_value(walk, Finding::removed(k.place(), label, tells), value);
    walk.tell(finding);
}

/// Tells of a value that does not belong where it stands.
pub(super) fn unexpected<'b>(walk: &mut Walk<'b>, k: K, value: &Obj<'b>) {
    let finding = Finding::removed(k.place(), "a value where none of its kind belongs", Tells::Unknown);
    let finding = with_value(walk, finding, value);
    walk.tell(finding);
}

fn with_value<'b>(walk: &Walk<'b>, finding: Finding, value: &Obj<'b>) -> Finding {
    let value = walk.book.resolve(value);
    let text = match &value {
        Obj::Text(_) => value.as_text(),
        Obj::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
        _ => None,
    };
    match text {
        Some(text) if !text.is_empty() => finding.value(text.chars().take(SHOWN).collect::<String>()),
        _ => finding,
    }
}

/// Tells what an XMP packet says.
fn packet<'b>(walk: &mut Walk<'b>, value: &Obj<'b>) {
    let book = walk.book;
    let bytes = match value {
        Obj::Ref(number, _) => match book.item(*number) {
            Ok(Item::Stream(dict, data)) => book.decoded(&dict, &data).ok().flatten(),
            _ => None,
        },
        _ => None,
    };
    for finding in names::xmp::describe("XMP", &bytes.unwrap_or_default()) {
        walk.tell(finding);
    }
}

/// Tells what stood in the document information dictionary. [14.3.3]
pub(super) fn info<'b>(walk: &mut Walk<'b>, info: &Obj<'b>) {
    let info = walk.book.resolve(info);
    let Some(dict) = info.as_dict() else { return };
    for (key, value) in &dict.0 {
        let key = crate::grammar::pdf::unescape(key).into_owned();
        let (label, tells) = match &key[..] {
            b"Title" => ("title".into(), Tells::Text),
            b"Author" => ("author".into(), Tells::Who),
            b"Subject" => ("subject".into(), Tells::Text),
            b"Keywords" | b"AAPL:Keywords" => ("keywords".into(), Tells::Text),
            b"Creator" => ("program the document was made with".into(), Tells::Software),
            b"Producer" => ("program the PDF was made with".into(), Tells::Software),
            b"CreationDate" => ("creation time".into(), Tells::When),
            b"ModDate" | b"SourceModified" => ("modification time".into(), Tells::When),
            b"Company" => ("company".into(), Tells::Who),
            b"Manager" => ("manager".into(), Tells::Who),
            b"Trapped" => ("trapping state".into(), Tells::Software),
            b"PTEX.Fullbanner" => ("program".into(), Tells::Software),
            other => (std::borrow::Cow::Owned(String::from_utf8_lossy(other).into_owned()), Tells::Text),
        };
        let finding = with_value(walk, Finding::removed("document information", label, tells), value);
        walk.tell(finding);
        walk.drop_object(value);
    }
}
