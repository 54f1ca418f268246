//! The namespaces of OpenDocument as numbers. [OpenDocument 1.3 part 3, 1.3]

/// A namespace that no office program is known for.
pub(super) const FOREIGN: u8 = 1;
/// `office:`
pub(super) const OFFICE: u8 = 2;
/// `text:`
pub(super) const TEXT: u8 = 3;
/// `table:`
pub(super) const TABLE: u8 = 4;
/// `draw:`
pub(super) const DRAW: u8 = 5;
/// `meta:`
pub(super) const META: u8 = 6;
/// `dc:`
pub(super) const DC: u8 = 7;
/// `xlink:`
pub(super) const XLINK: u8 = 8;
/// `svg:`
pub(super) const SVG: u8 = 9;
/// `script:`
pub(super) const SCRIPT: u8 = 10;
/// `config:`
pub(super) const CONFIG: u8 = 11;
/// `manifest:`
pub(super) const MANIFEST: u8 = 12;
/// RDFa and GRDDL.
pub(super) const RDF: u8 = 13;
/// Additions of OpenOffice and LibreOffice.
pub(super) const ADDED: u8 = 14;
/// `presentation:`
pub(super) const PRESENTATION: u8 = 16;
/// Anything else of the standard's or the W3C's.
pub(super) const OTHER: u8 = 15;
/// The namespace that `xml:` stands for.
pub(super) const XML: u8 = crate::grammar::xml::NONE;

/// The number of a namespace.
pub(super) fn number(uri: &str) -> u8 {
    if let Some(tail) = uri.strip_prefix("urn:oasis:names:tc:opendocument:xmlns:") {
        return match tail.split(':').next().unwrap_or_default() {
            "office" => OFFICE,
            "text" => TEXT,
            "table" => TABLE,
            "drawing" => DRAW,
            "meta" => META,
            "presentation" => PRESENTATION,
            "svg-compatible" => SVG,
            "script" => SCRIPT,
            "config" => CONFIG,
            "manifest" => MANIFEST,
            _ => OTHER,
        };
    }
    match uri {
        "http://purl.org/dc/elements/1.1/" => DC,
        "http://www.w3.org/1999/xlink" => XLINK,
        "http://www.w3.org/1999/xhtml" | "http://www.w3.org/2003/g/data-view#" => RDF,
        _ if ["http://openoffice.org/", "urn:org:documentfoundation:", "urn:openoffice:"].iter().any(|p| uri.starts_with(p)) => {
            ADDED
        }
        _ if uri.starts_with("http://www.w3.org/") || uri.starts_with("urn:oasis:") => OTHER,
        _ => FOREIGN,
    }
}
