//! Settings of a document: those that change its layout stay, by name where they are numbers or words; printers, windows,
//! cursors, data sources and the marks of sessions go.

use super::ns::CONFIG;
use super::sift;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::grammar::xml::Edits;
use crate::refusal::Result;

/// Numbers and words that change the layout.
const LAYOUT: &[&str] = &[
    "CharacterCompressionType",
    "PrinterIndependentLayout",
    "ImagePreferredDPI",
    "DefaultTabStop",
    "ScaleNumerator",
    "ScaleDenominator",
    "PageNumberFormat",
    "MeasureUnit",
    "LinkUpdateMode0",
    "GridScale",
    "ProtectForm",
];
/// Switches that tell of a session, not of the document.
const SESSION: &[&str] =
    &["LoadReadonly", "ApplyUserData", "SaveVersionOnClose", "IsLabelDocument", "SaveThumbnail", "RasterIsVisible"];
/// What of the view of a spreadsheet is a part of it: the sheet on top, frozen panes, the grid.
const VIEW: &[&str] = &[
    "ViewId",
    "ActiveTable",
    "ShowGrid",
    "HorizontalSplitMode",
    "VerticalSplitMode",
    "HorizontalSplitPosition",
    "VerticalSplitPosition",
    "ActiveSplitRange",
    "PositionLeft",
    "PositionRight",
    "PositionTop",
    "PositionBottom",
    "HasColumnRowHeaders",
    "HasSheetTabs",
    "IsOutlineSymbolsSet",
    "ShowZeroValues",
];

/// What changes in the settings, and what was found.
pub(super) fn run(bytes: &[u8]) -> Result<(Option<Vec<u8>>, Tally)> {
    let doc = super::parse(bytes)?;
    let (mut edits, mut tally) = (Edits::default(), Tally::default());
    sift::loose(&doc, &mut edits, &mut tally);
    let name = |n: usize| doc.attr(n, CONFIG, "name").map(|a| a.value().into_owned()).unwrap_or_default();
    let sheets = (0..doc.len()).any(|n| doc.ns(n) == CONFIG && name(n) == "ActiveTable");
    let mut n = 0;
    while n < doc.len() {
        if doc.ns(n) != CONFIG {
            n += 1;
            continue;
        }
        let (local, called) = (doc.local(n), name(n));
        let set = std::iter::once(n)
            .chain(doc.ancestors(n))
            .filter(|a| doc.local(*a) == "config-item-set")
            .last()
            .map(name)
            .unwrap_or_default();
        let view = set.ends_with("view-settings");
        let stays = match local {
            "config-item-set" => !view || sheets,
            "config-item" if view => VIEW.contains(&&*called),
            "config-item" => {
                let kind = doc.attr(n, CONFIG, "type").map(|a| a.value().into_owned()).unwrap_or_default();
                LAYOUT.contains(&&*called) || (kind == "boolean" && !SESSION.contains(&&*called))
            }
            "config-item-map-indexed" | "config-item-map-named" => view && matches!(&*called, "Views" | "Tables"),
            _ => true,
        };
        if stays {
            n += 1;
            continue;
        }
        let (label, tells) = match &*called {
            "PrinterName" | "PrinterSetup" | "PrinterPaperFromSetup" => ("printer", Tells::Device),
            "Rsid" | "RsidRoot" => ("revision save identifiers", Tells::Identifier),
            _ if called.starts_with("CurrentDatabase") || called == "EmbeddedDatabaseName" => ("data source", Tells::History),
            _ if view => ("window and cursor of the last session", Tells::History),
            _ => ("settings of the program", Tells::Software),
        };
        if called == "PrinterName" {
            tally.value("name of the printer", Tells::Device, doc.text(n));
        }
        tally.gone(label, tells, doc.span(n).len());
        edits.cut(doc.span(n));
        n = doc.past(n);
    }
    Ok((edits.apply(bytes), tally))
}
