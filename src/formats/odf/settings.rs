//! Settings of a document: those that change its layout or how it is printed stay, by name; printers, windows, cursors, data
//! sources, the marks of sessions and all that is not known go.

use super::ns::CONFIG;
use super::sift;
use crate::finding::Tells;
use crate::formats::office::tally::Tally;
use crate::grammar::xml::{Document, Edits};
use crate::refusal::Result;

/// What changes the layout, what is printed, or how the document answers to whoever opens it.
const LAYOUT: &[&str] = &[
    // Numbers and words.
    "CharacterCompressionType",
    "DefaultTabStop",
    "GridScale",
    "ImagePreferredDPI",
    "MeasureUnit",
    "PageNumberFormat",
    "PrintAnnotationMode",
    "PrinterIndependentLayout",
    "ScaleDenominator",
    "ScaleNumerator",
    // Switches of texts.
    "AddExternalLeading",
    "AddFrameOffsets",
    "AddParaLineSpacingToTableCells",
    "AddParaSpacingToTableCells",
    "AddParaTableSpacing",
    "AddParaTableSpacingAtStart",
    "AddVerticalFrameOffsets",
    "AlignTabStopPosition",
    "AllowPrintJobCancel",
    "AnchoredTextOverflowLegacy",
    "ApplyParagraphMarkFormatToNumbering",
    "ApplyTextAttrToEmptyLineAtEndOfParagraph",
    "AutoFirstLineIndentDisregardLineSpace",
    "BackgroundParaOverDrawings",
    "ChartAutoUpdate",
    "ClipAsCharacterAnchoredWriterFlyFrames",
    "ClippedPictures",
    "CollapseEmptyCellPara",
    "ConsiderTextWrapOnObjPos",
    "ContinuousEndnotes",
    "DisableOffPagePositioning",
    "DoNotBreakWrappedTables",
    "DoNotCaptureDrawObjsOnPage",
    "DoNotJustifyLinesWithManualBreak",
    "DoNotMirrorRtlDrawObjs",
    "DoNotResetParaAttrsForNumFont",
    "DropCapPunctuation",
    "EmbedAsianScriptFonts",
    "EmbedComplexScriptFonts",
    "EmbedFonts",
    "EmbedLatinScriptFonts",
    "EmbedOnlyUsedFonts",
    "EmbedSystemFonts",
    "EmptyDbFieldHidesPara",
    "FieldAutoUpdate",
    "FloattableNomargins",
    "FootnoteInColumnToPageEnd",
    "ForceTopAlignmentInCellWithFloatingAnchor",
    "FrameAutowidthWithMorePara",
    "GutterAtTop",
    "HeaderSpacingBelowLastPara",
    "HyphenateURLs",
    "IgnoreFirstLineIndentInNumbering",
    "IgnoreHiddenCharsForLineCalculation",
    "IgnoreTabsAndBlanksForLineCalculation",
    "InvertBorderSpacing",
    "IsKernAsianPunctuation",
    "JustifyLinesWithShrinking",
    "MathBaselineAlignment",
    "MinRowHeightInclBorder",
    "MsWordCompGridMetrics",
    "MsWordCompMinLineHeightByFly",
    "MsWordCompTrailingBlanks",
    "MsWordUlTrailSpace",
    "NoClippingWithWrapPolygon",
    "NoGapAfterNoteNumber",
    "NoNumberingShowFollowBy",
    "OutlineLevelYieldsNumbering",
    "PaintHellOverHeaderFooter",
    "PropLineSpacingShrinksFirstLine",
    "ProtectBookmarks",
    "ProtectFields",
    "ProtectForm",
    "SmallCapsPercentage66",
    "StylesNoDefault",
    "SubtractFlysAnchoredAtFlys",
    "SurroundTextWrapSmall",
    "TabAtLeftIndentForParagraphsInList",
    "TabOverMargin",
    "TabOverSpacing",
    "TabOverflow",
    "TableRowKeep",
    "TabsRelativeToIndent",
    "TreatSingleColumnBreakAsPageBreak",
    "UnbreakableNumberings",
    "UnxForceZeroExtLeading",
    "UseFormerLineSpacing",
    "UseFormerObjectPositioning",
    "UseFormerTextWrapping",
    "UseOldNumbering",
    "UseOldPrinterMetrics",
    "UseVariableWidthNBSP",
    "WordLikeWrapForAsCharFlys",
    "WrapAsCharFlysLikeInOOXML",
    // What is printed.
    "IsPrintBooklet",
    "IsPrintBookletBack",
    "IsPrintBookletFront",
    "IsPrintDate",
    "IsPrintDrawing",
    "IsPrintFitPage",
    "IsPrintHandout",
    "IsPrintHiddenPages",
    "IsPrintNotes",
    "IsPrintOutline",
    "IsPrintPageName",
    "IsPrintTilePage",
    "IsPrintTime",
    "ParagraphSummation",
    "PrintBlackFonts",
    "PrintControls",
    "PrintDrawings",
    "PrintEmptyPages",
    "PrintGraphics",
    "PrintHiddenText",
    "PrintLeftPages",
    "PrintPageBackground",
    "PrintProspect",
    "PrintProspectRTL",
    "PrintReversed",
    "PrintRightPages",
    "PrintSingleJobs",
    "PrintTables",
    "PrintTextPlaceholder",
    // Switches of spreadsheets.
    "AutoCalculate",
    "HasColumnRowHeaders",
    "HasSheetTabs",
    "IsOutlineSymbolsSet",
    "ShowGrid",
    "ShowNotes",
    "ShowPageBreaks",
    "ShowZeroValues",
    "SyntaxStringRef",
];
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
    look(&doc, &mut edits, &mut tally);
    Ok((edits.apply(bytes), tally))
}

/// What changes in the settings of a document of any kind.
pub(super) fn look(doc: &Document, edits: &mut Edits, tally: &mut Tally) {
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
            "config-item" => LAYOUT.contains(&&*called),
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
}
