//! Which of the structures that the head of a Word document lists may survive. [MS-DOC 2.5.6 to 2.5.10]

use crate::finding::Tells;

/// Tables of names: of fonts, bookmarks, marked comments, lists.
pub(super) const NAMES: [usize; 4] = [15, 21, 37, 91];

/// What becomes of a structure.
pub(super) enum Rule {
    /// It is needed to show the document, as it is or cleaned in its place.
    Keep,
    /// It goes, and what it told.
    Drop(&'static str, Tells),
    /// It cannot be cleaned, and what it is.
    Refuse(&'static str),
}

/// Positions in the list.
pub(super) const STYLES: usize = 1;
pub(super) const COMMENTS: usize = 4;
pub(super) const SECTIONS: usize = 6;
pub(super) const CHARACTER_PAGES: usize = 12;
pub(super) const PARAGRAPH_PAGES: usize = 13;
pub(super) const PROPERTIES: usize = 31;
pub(super) const TITLES: usize = 32;
pub(super) const PIECES: usize = 33;
pub(super) const COMMENTERS: usize = 36;
pub(super) const DRAWINGS: usize = 50;
pub(super) const REVISERS: usize = 51;
pub(super) const LISTS: usize = 73;
pub(super) const LIST_USES: usize = 74;
pub(super) const TIME: usize = 87;
pub(super) const FRAMES: usize = 99;

/// Whether a structure holds names that a person chose: of styles, fonts, bookmarks, form fields, drawings, lists.
pub(super) fn is_visible(index: usize) -> bool {
    matches!(index, STYLES | 15 | 21 | 45 | DRAWINGS | LISTS | LIST_USES | 91)
}

/// The rule for the structure at a position in the list.
pub(super) fn rule(index: usize) -> Rule {
    use Rule::{Drop, Keep, Refuse};
    match index {
        STYLES..=SECTIONS | 11..=13 | 15..=19 | 21..=23 | PROPERTIES..=PIECES | COMMENTERS | 37 | 40..=43 => Keep,
        45..=48 | DRAWINGS | REVISERS | 56..=59 | LISTS..=76 | 83 | 85 | 91 | 93 | FRAMES | 109 => Keep,
        24 | 26 => Drop("customised menus and keys", Tells::Software),
        27..=29 => Drop("settings of a printer", Tells::Device),
        30 => Drop("state of the window", Tells::History),
        35 => Drop("path of the automatic copy", Tells::History),
        54 | 72 => Drop("paths of other documents", Tells::History),
        60 => Drop("variables of the document", Tells::Hidden),
        70 => Drop("routing slip", Tells::Who),
        71 => Drop("the last authors and paths", Tells::Who),
        77 | 119 | 92 => Drop("what can be undone", Tells::History),
        94 => Drop("names and times of reviewers", Tells::Who),
        97 => Drop("mail envelope", Tells::Who),
        112 => Drop("times of comments", Tells::When),
        113 => Drop("revision identifiers", Tells::Identifier),
        114..=118 => Drop("smart tags", Tells::Identifier),
        44 | 126 | 127 => Drop("mail merge and its source", Tells::History),
        136..=140 => Drop("custom XML", Tells::Hidden),
        141..=144 => Drop("users who may edit", Tells::Who),
        61 => Refuse("it has fonts in it"),
        165..=170 => Refuse("it has tracked moves of text"),
        174..=177 => Refuse("it has conflicts of several authors"),
        181 | 182 => Drop("data for later versions of the program", Tells::Hidden),
        _ => Drop("notes of the program to itself", Tells::Software),
    }
}
