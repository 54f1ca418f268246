//! MP4, QuickTime and 3GPP files: films and sound, whole or in fragments. What may survive is known to [`super::bmff`].

use super::{bmff, heif};
use crate::format::{Format, Head, Match};

/// The row.
pub static FORMAT: Format = Format {
    name: "MP4",
    extensions: &["mp4", "mov", "m4v", "m4a", "m4b", "3gp", "3g2", "qt", "f4v", "m4p", "m4r"],
    container: false,
    keeps: "pictures, sound, subtitles, chapters, rotation, edit lists, colour and HDR, languages, cover art (cleaned)",
    removes: "titles, places, devices, owners, all times, GPS and sensor tracks with their samples, names, private and unknown boxes",
    sniff,
    plan: |job, source| bmff::plan(job, source, "MP4"),
    witness: bmff::witness_movie,
};

/// Types of boxes with which old QuickTime files begin.
const FIRST: &[&[u8; 4]] = &[b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp", b"uuid"];

fn sniff(head: &Head) -> Option<Match> {
    let brands = bmff::brands_of(head);
    if let Some(major) = brands.first() {
        let other = matches!(major, b"jp2 " | b"jpx " | b"jpm " | b"jxl " | b"crx " | b"mjp2");
        return (!other && !heif::is_picture(head)).then_some(Match::Exact);
    }
    if head.has(4, b"ftyp") {
        return Some(Match::Family);
    }
    let kind = head.bytes.get(4..8)?;
    (FIRST.iter().any(|k| k[..] == *kind) && bmff::has_movie(head)).then_some(Match::Exact)
}
