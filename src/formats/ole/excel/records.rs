//! Which records of a workbook may survive. [MS-XLS 2.3.1]

use crate::finding::Tells;

/// What becomes of a record.
pub(super) enum Rule {
    /// It is needed to show or to calculate.
    Keep,
    /// It goes, and what it told.
    Drop(&'static str, Tells),
    /// It goes: nobody is told more than that.
    Unknown,
    /// It cannot be cleaned, and what it is.
    Refuse(&'static str),
}

/// The kinds that need a look of their own.
pub(super) const BOF: u16 = 0x809;
pub(super) const EOF: u16 = 0x0a;
pub(super) const FORMULA: u16 = 0x06;
pub(super) const NAME: u16 = 0x18;
pub(super) const FONT: u16 = 0x31;
pub(super) const COUNTRY: u16 = 0x8c;
pub(super) const DCON_BIN: u16 = 0x1b3;
pub(super) const FEATURE_HEAD: u16 = 0x867;
pub(super) const FEATURE: u16 = 0x868;
pub(super) const TABLE: [u16; 2] = [0x872, 0x878];
pub(super) const CONTINUE: u16 = 0x3c;
pub(super) const CONTINUE_FRT: u16 = 0x812;
pub(super) const CONTINUE_FRT_12: u16 = 0x87f;
pub(super) const FILE_PASS: u16 = 0x2f;
pub(super) const NOTE: u16 = 0x1c;
pub(super) const WRITE_ACCESS: u16 = 0x5c;
pub(super) const OBJ: u16 = 0x5d;
pub(super) const BOUND_SHEET: u16 = 0x85;
/// The workbook is an add-in: it has no bytes. [Excel 97 Developer's Kit, ADDIN]
pub(super) const ADD_IN: u16 = 0x87;
pub(super) const SX_DB: u16 = 0xc6;
pub(super) const SX_STRING: u16 = 0xcd;
pub(super) const DB_CELL: u16 = 0xd7;
pub(super) const QUERY: u16 = 0xdc;
pub(super) const DRAWING_GROUP: u16 = 0xeb;
pub(super) const DRAWING: u16 = 0xec;
pub(super) const SST: u16 = 0xfc;
pub(super) const LABEL_SST: u16 = 0xfd;
pub(super) const EXT_SST: u16 = 0xff;
pub(super) const SX_DB_EX: u16 = 0x122;
pub(super) const VIEW_BEGIN: u16 = 0x1aa;
pub(super) const VIEW_END: u16 = 0x1ab;
pub(super) const SUP_BOOK: u16 = 0x1ae;
pub(super) const TXO: u16 = 0x1b6;
pub(super) const HLINK: u16 = 0x1b8;
pub(super) const INDEX: u16 = 0x20b;
pub(super) const TOOLTIP: u16 = 0x800;
pub(super) const HF_PICTURE: u16 = 0x866;
pub(super) const THEME: u16 = 0x896;
pub(super) const HEADER_FOOTER: u16 = 0x89c;
pub(super) const GEL_FRAME: u16 = 0x1066;
pub(super) const DCON_REF: u16 = 0x51;
pub(super) const DCON_NAME: u16 = 0x52;

/// The rule for a kind of record.
pub(super) fn rule(kind: u16) -> Rule {
    use Rule::{Drop, Keep, Refuse, Unknown};
    match kind {
        0x4d => Drop("settings of a printer", Tells::Device),
        0x59 | 0x5a => Drop("cells of another workbook", Tells::Hidden),
        0x5b | 0x86 => Drop("write reservation and its user", Tells::Who),
        0xb8 | 0xb9 => Drop("routing slip", Tells::Who),
        0xd3 | 0x1bd | 0x897 => Drop("macros", Tells::Software),
        0x1ba => Drop("name of a sheet in its macros", Tells::Software),
        0x191..=0x198 => Drop("users of the workbook", Tells::Who),
        0x137..=0x13c | 0x13e..=0x151 | 0x1ac | 0x808 => Drop("log of changes", Tells::History),
        0x1a9 | VIEW_BEGIN | VIEW_END => Drop("views of users", Tells::Who),
        QUERY | 0x1ad | 0x1b5 | 0x802..=0x807 | 0x80a | 0x876 => Drop("data connection", Tells::History),
        0x801 | 0x80b | 0x893 => Drop("web publishing", Tells::History),
        0x813 | 0x86c => Drop("watched cells", Tells::History),
        0xae | 0xaf => Refuse("it has scenarios"),
        0x06 | EOF | 0x0c..=0x17 | 0x18..=0x1b | NOTE | 0x1d | 0x22 | 0x23 | 0x26..=0x2b => Keep,
        0x31 | 0x33 | CONTINUE | 0x3d | 0x40..=0x42 | 0x50..=0x52 | 0x55 | WRITE_ACCESS..=0x63 => Keep,
        0x7d | 0x80..=0x85 | ADD_IN | 0x8c | 0x8d | 0x90 | 0x92 | 0x97..=0x9e | 0xa0 | 0xa1 => Keep,
        0xb0..=0xb2 | 0xb4..=0xb6 | 0xbd | 0xbe | 0xc1 | 0xc5..=0xd2 | 0xd5..=0xda | 0xdd | 0xde => Keep,
        0xe0..=0xe3 | 0xe5 | 0xe9 | 0xeb..=0xed | 0xef..=0xf9 | 0xfb..=0x103 | SX_DB_EX | 0x13d => Keep,
        0x160 | 0x161 | 0x1ae..=0x1b3 | 0x1b6..=0x1b9 | 0x1bb | 0x1bc | 0x1be | 0x1c0..=0x1c2 => Keep,
        0x200..=0x208 | INDEX | 0x221 | 0x225 | 0x231 | 0x236 | 0x23e | 0x27e | 0x293 => Keep,
        0x406 | 0x418 | 0x41e | 0x43c | 0x4bc => Keep,
        TOOLTIP | BOF | 0x80c..=0x812 | 0x850..=0x85a | 0x862..=0x86b | 0x871..=0x875 | 0x877..=0x88e => Keep,
        0x88f..=0x892 | 0x894..=0x896 | 0x898..=0x8a7 => Keep,
        0x1001..=0x1068 => Keep,
        // Readers pass over later kinds that they do not know: that is how they were made to be. [MS-XLS 2.5.134]
        0x814.. => Unknown,
        _ => Refuse("it has a record of an unknown kind"),
    }
}

/// Whether texts and names that a person sees or wrote stand in a record: cells, formulas, names, headers, sheets, formats,
/// drawings, links, boxes, titles of charts, lists of values.
pub(super) fn is_visible(kind: u16) -> bool {
    matches!(kind, FORMULA | NAME | 0x14 | 0x15 | 0x23 | FONT | BOUND_SHEET | 0xb0..=0xb2 | 0xc5..=0xcd | 0xd6 | DRAWING_GROUP | DRAWING)
        || matches!(
            kind,
            SST | TXO | HLINK | 0x1ae | 0x1b1..=0x1b2 | 0x1be | 0x204 | 0x207 | 0x293 | 0x41e | TOOLTIP | HF_PICTURE
        )
        || matches!(kind, DCON_REF | DCON_NAME | 0x864 | 0x868 | 0x872 | 0x877..=0x87a | 0x88e..=0x892 | 0x894 | HEADER_FOOTER)
        || matches!(kind, THEME | 0x87f | 0x8a4..=0x8a6 | 0x100d | GEL_FRAME)
}

/// The rule for a record of a chart of Microsoft Graph: cells, fonts, formats and the chart. [MS-OGRAPH 2.3.1]
pub(super) fn graph_rule(kind: u16) -> Rule {
    match kind {
        0x01..=0x05 | EOF | 0x1d | 0x22 | 0x24 | 0x25 | 0x31 | 0x3d | 0x3e | 0x42 | 0x55 | 0x7d | 0x85 | 0x8c | 0x92 | 0xa0 => {
            Rule::Keep
        }
        0x56 | 0x200..=0x204 | 0x2ac | 0x41e | BOF | 0x1001..=0x1068 => Rule::Keep,
        0x4d => Rule::Drop("settings of a printer", Tells::Device),
        _ => Rule::Refuse("it has a chart with a record of an unknown kind"),
    }
}
