//! The namespaces of office documents as numbers. Transitional and Strict mean the same. [ISO 29500-1, 29500-4]

/// A namespace that is none of Office's own.
pub(super) const FOREIGN: u8 = 1;
/// WordprocessingML.
pub(super) const W: u8 = 2;
/// DrawingML.
pub(super) const A: u8 = 3;
/// PresentationML.
pub(super) const P: u8 = 4;
/// SpreadsheetML.
pub(super) const S: u8 = 5;
/// References to relationships.
pub(super) const R: u8 = 6;
/// Office Math.
pub(super) const M: u8 = 7;
/// Drawings in Word, in Excel and pictures.
pub(super) const DRAWING: u8 = 8;
/// Charts.
pub(super) const C: u8 = 9;
/// VML.
pub(super) const V: u8 = 10;
/// Office and Excel additions to VML.
pub(super) const O: u8 = 11;
/// Markup compatibility.
pub(super) const MC: u8 = 12;
/// Word 2010 and later.
pub(super) const W14: u8 = 13;
/// Marks of editing sessions of workbooks.
pub(super) const XR: u8 = 14;
/// Content types and relationships of packages.
pub(super) const PACKAGE: u8 = 15;
/// Anything else of Microsoft's, of the standard's or of the W3C's.
pub(super) const OFFICE: u8 = 16;
/// Identifiers of Word's paragraphs, comments and documents.
pub(super) const W16: u8 = 17;
/// Digital ink.
pub(super) const INK: u8 = 18;
/// Excel's part in VML.
pub(super) const X: u8 = 19;

/// The number of a namespace.
pub(super) fn number(uri: &str) -> u8 {
    let tail = uri
        .strip_prefix("http://schemas.openxmlformats.org/")
        .map(|t| t.replacen("/2006/", "/", 1))
        .or_else(|| uri.strip_prefix("http://purl.oclc.org/ooxml/").map(str::to_owned));
    if let Some(tail) = tail {
        return match tail.as_str() {
            "wordprocessingml/main" => W,
            "drawingml/main" => A,
            "presentationml/main" => P,
            "spreadsheetml/main" => S,
            "officeDocument/relationships" => R,
            "officeDocument/math" => M,
            "drawingml/wordprocessingDrawing"
            | "drawingml/spreadsheetDrawing"
            | "drawingml/picture"
            | "drawingml/chartDrawing" => DRAWING,
            "drawingml/chart" => C,
            "markup-compatibility" | "markup-compatibility/2006" => MC,
            "package/content-types" | "package/relationships" => PACKAGE,
            _ => OFFICE,
        };
    }
    if let Some(tail) = uri.strip_prefix("http://schemas.microsoft.com/office/") {
        return match tail {
            "word/2010/wordml" => W14,
            _ if tail.starts_with("spreadsheetml/") && tail.contains("/revision") => XR,
            _ if tail.starts_with("word/20") && tail.contains("wordml/") && !tail.ends_with("/symex") => W16,
            "word/2010/wordprocessingDrawing" => W14,
            _ => OFFICE,
        };
    }
    match uri {
        "urn:schemas-microsoft-com:vml" => V,
        "urn:schemas-microsoft-com:office:office" => O,
        "urn:schemas-microsoft-com:office:excel" => X,
        "http://www.w3.org/2003/InkML" => INK,
        _ if ["urn:schemas-microsoft-com:", "http://schemas.microsoft.com/", "http://www.w3.org/"]
            .iter()
            .any(|p| uri.starts_with(p)) =>
        {
            OFFICE
        }
        _ => FOREIGN,
    }
}
