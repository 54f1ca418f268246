//! Which tags of a TIFF page stay, and why: the allow-list. What is not named here goes. [TIFF 6.0; TIFF TN1-3; BigTIFF]

use crate::clean::Job;
use crate::policy::Token;

/// What becomes of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Its values stay.
    Keep,
    /// Its values are positions of picture data.
    Offsets,
    /// Its values are lengths of picture data.
    Counts,
    /// A colour profile, neutralised.
    Profile,
    /// Text that stays only if it is a number.
    Number,
    /// It goes.
    Gone,
}

/// The rule for a tag.
pub(super) fn rule(job: &Job, tag: u16) -> Rule {
    match tag {
        // Geometry and layout of the samples.
        0x00fe | 0x0100..=0x0103 | 0x0106..=0x010a | 0x0115 | 0x0116 | 0x011c | 0x0129 => Rule::Keep,
        0x0112 if job.keeps(Token::Orientation) => Rule::Keep,
        0x0118 | 0x0119 | 0x0122..=0x0125 | 0x013d | 0x0142 | 0x0143 | 0x0146..=0x0148 => Rule::Keep,
        0x014c | 0x014e | 0x0150 | 0x0152..=0x0155 | 0x015a => Rule::Keep,
        // Colour.
        0x012d | 0x013e | 0x013f | 0x0140 | 0x0141 | 0x0156 | 0x0211..=0x0214 => Rule::Keep,
        0x8773 if job.keeps(Token::Color) => Rule::Profile,
        // Fax and JPEG tables.
        0x01b1 | 0x01b2 | 0x015b | 0x0200 | 0x0203 | 0x0205 | 0x0206 => Rule::Keep,
        // Where the data is.
        0x0111 | 0x0144 | 0x0201 | 0x0207..=0x0209 => Rule::Offsets,
        0x0117 | 0x0145 | 0x0202 => Rule::Counts,
        // Size on paper.
        0x011a | 0x011b | 0x011e | 0x011f | 0x0128 if job.keeps(Token::Dpi) => Rule::Keep,
        // Silicon Graphics and Intergraph: matte, sample type, depth, word order. [libtiff tiff.h]
        0x80e3..=0x80e6 | 0x8214 | 0x8215 => Rule::Keep,
        // "No data here" of maps: a number as text.
        0xa481 => Rule::Number,
        0x830e | 0x8480 | 0x8482 | 0x85d8 | 0x87af..=0x87b1 if job.keeps(Token::Geotiff) => Rule::Keep,
        _ => Rule::Gone,
    }
}

/// Pairs of positions and lengths.
pub(super) const PAIRS: [(u16, u16); 3] = [(0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202)];
