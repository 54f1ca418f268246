//! HEIF and AVIF: stills and sequences of stills as phones and browsers write them. Two rows, one grammar: what may survive is
//! known to [`super::bmff`].

use super::bmff;
use crate::clean::Job;
use crate::format::{Format, Head, Match};
use crate::plan::Plan;
use crate::refusal::Result;
use crate::source::Shared;

const KEEPS: &str = "coded pictures, tiles, alpha, HDR gain map, crop, rotation and mirroring, colour";
const REMOVES: &str =
    "Exif, XMP, content credentials, thumbnails, depth maps and mattes, hidden items, names, unreferenced bytes";

/// The row of HEIF.
pub static HEIF: Format = Format {
    name: "HEIF",
    extensions: &["heic", "heif", "hif", "heics", "heifs"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| (!is_av1(head) && is_picture(head)).then_some(Match::Exact),
    plan: |job, source| plan(job, source, "HEIF"),
    witness: bmff::witness_picture,
};

/// The row of AVIF.
pub static AVIF: Format = Format {
    name: "AVIF",
    extensions: &["avif", "avifs"],
    container: false,
    keeps: KEEPS,
    removes: REMOVES,
    sniff: |head| (is_av1(head) && is_picture(head)).then_some(Match::Exact),
    plan: |job, source| plan(job, source, "AVIF"),
    witness: bmff::witness_picture,
};

fn plan(job: &Job, source: &Shared, place: &'static str) -> Result<Plan> {
    bmff::plan(job, source, place)
}

/// By the major brand; where that is of no known family, by the others.
pub(super) fn is_picture(head: &Head) -> bool {
    let brands = bmff::brands_of(head);
    let picture = |b: &[u8; 4]| bmff::is_still(*b) || bmff::is_sequence(*b);
    brands.first().is_some_and(picture) || brands.iter().any(|b| matches!(b, b"mif1" | b"heic" | b"avif" | b"avis"))
}

fn is_av1(head: &Head) -> bool {
    let brands = bmff::brands_of(head);
    let first = brands.first().is_some_and(|b| matches!(b, b"avif" | b"avis" | b"avio"));
    let heif = brands.first().is_some_and(|b| matches!(b, b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx"));
    first || (!heif && brands.iter().any(|b| matches!(b, b"avif" | b"avis")))
}
