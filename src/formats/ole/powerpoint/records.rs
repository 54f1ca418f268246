//! Which records of a presentation may survive. [MS-PPT 2.13.24]

use crate::finding::Tells;
use crate::formats::ole::art;

/// What becomes of a record.
pub(super) enum Rule {
    /// It is needed to show the slides. Containers are looked into.
    Keep,
    /// It goes, and what it told.
    Drop(&'static str, Tells),
    /// It is not known.
    Unknown,
}

/// The kinds that need a look of their own.
pub(super) const DOCUMENT_ATOM: u16 = 0x3e9;
pub(super) const NOTES: u16 = 0x3f0;
pub(super) const SLIDE_PERSIST: u16 = 0x3f3;
pub(super) const SLIDE_SHOW: u16 = 0x3f9;
pub(super) const VBA_INFO: u16 = 0x3ff;
pub(super) const SOUND_DATA: u16 = 0x7e7;
pub(super) const BLIP_ENTITY: u16 = 0x7f9;
pub(super) const TEXT_CHARS: u16 = 0xfa0;
pub(super) const TEXT_BYTES: u16 = 0xfa8;
pub(super) const FONT: u16 = 0xfb7;
pub(super) const CSTRING: u16 = 0xfba;
pub(super) const META_FILE: u16 = 0xfc1;
pub(super) const OLE_ATOM: u16 = 0xfc3;
pub(super) const HYPERLINK: u16 = 0xfd7;
pub(super) const HEADERS: u16 = 0xfd9;
pub(super) const USER_EDIT: u16 = 0xff5;
pub(super) const CURRENT_USER: u16 = 0xff6;
pub(super) const OLE_STORAGE: u16 = 0x1011;
pub(super) const TAGS: u16 = 0x1388;
pub(super) const BINARY_TAG: u16 = 0x138a;
pub(super) const TAG_DATA: u16 = 0x138b;
pub(super) const DIRECTORY: u16 = 0x1772;

/// Containers of media that are played from a file, whose path stands in them.
pub(super) fn is_media(kind: u16) -> bool {
    matches!(kind, 0xfce | 0x1005..=0x1007 | 0x100d..=0x1010)
}

/// Whether texts and names that a person sees or wrote stand in a record.
pub(super) fn is_visible(kind: u16) -> bool {
    matches!(kind, TEXT_CHARS | TEXT_BYTES | FONT | CSTRING | OLE_STORAGE | SOUND_DATA | META_FILE | BLIP_ENTITY | 0xf142)
        || art::is_options(kind)
}

/// The rule for a kind of record.
pub(super) fn rule(kind: u16) -> Rule {
    use Rule::{Drop, Keep, Unknown};
    match kind {
        0x402 => Drop("bookmarks in the properties", Tells::Text),
        0x406 => Drop("routing slip", Tells::Who),
        0x40e | 0x40f | 0x41c..=0x428 | 0xbdd | 0x2b0b..=0x2b0d | 0x3714 => {
            Drop("data for later versions of the program", Tells::Hidden)
        }
        VBA_INFO | 0x400 => Drop("macros", Tells::Software),
        0x1389 => Drop("tag of a program", Tells::Identifier),
        0x177b..=0x177f => Drop("web publishing", Tells::History),
        0x1784 | 0x1785 => Drop("mail envelope", Tells::Who),
        0x177a => Drop("flags of an adviser", Tells::History),
        0x2ee0..=0x2ee5 => Drop("comments and their authors", Tells::Who),
        0x2eeb => Drop("time of making a slide", Tells::When),
        0x2ee6..=0x2ee9 | 0x2eec..=0x2eff => Drop("review of another version", Tells::History),
        0x36b0..=0x36b3 => Drop("settings of the window", Tells::Software),
        0x3e8..=0x3ea | 0x3ee..=0x3f3 | 0x3f8..=0x3fe | 0x401 | 0x407..=0x40d | 0x410..=0x415 => Keep,
        0x7d0..=0x7e9 | 0x7f0..=0x7f9 | 0xbc1 | 0xbc3 | 0xbdb | 0xbdc => Keep,
        0xf9e..=0xfba | META_FILE..=0xfd3 | HYPERLINK..=0xff4 | 0xff7..=0xffb => Keep,
        0x1004..=0x1018 | TAGS | BINARY_TAG | TAG_DATA | 0x1770 | 0x2afb..=0x2b0a | 0x2eea => Keep,
        0xf125..=0xf145 => Keep,
        kind if art::is_known(kind) => Keep,
        _ => Unknown,
    }
}
