//! Brands: which specifications a file follows. Those that a standard names stay, in their order; those that name a camera, a
//! service or a program go, and so does the minor version, in which programs leave their own. [ISO/IEC 14496-12 4.3]

use super::Walk;
use crate::finding::{Finding, Tells};
use crate::grammar::bmff::{self, Atom};
use crate::plan::Fate;
use crate::refusal::Result;

/// Brands that say how to read a file and nothing about who wrote it. [mp4ra.org]
const GENERIC: &[&[u8; 4]] = &[
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"isoa", b"isob", b"isoc", b"mp41", b"mp42",
    b"mp71", b"mp21", b"avc1", b"hvc1", b"hev1", b"av01", b"vvc1", b"dash", b"M4A ", b"M4B ", b"M4P ", b"M4V ", b"M4VH", b"M4VP",
    b"f4v ", b"f4a ", b"F4V ", b"F4A ", b"qt  ", b"dby1", b"piff", b"ccff", b"cmfc", b"cmff", b"cmf2", b"cmfl", b"cmfs", b"cfhd",
    b"cfsd", b"chd1", b"chdf", b"chh1", b"cud1", b"cud8", b"clg1", b"caac", b"caaa", b"casu", b"ca4s", b"im1t", b"im1i", b"imsc",
    b"cwvt", b"msdh", b"msix", b"sims", b"lmsg", b"risx", b"ssss", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm",
    b"hevs", b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"MiHB", b"MiHE", b"MiHA", b"MiPr", b"MiAn", b"MiBu", b"MiAC", b"MiCm",
    b"MA1A", b"MA1B", b"avif", b"avis", b"avio", b"avci", b"avcs", b"avce", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis",
    b"evbi", b"evmi", b"unif", b"tmap", b"1pic", b"pred", b"geo1", b"mjp2", b"mj2s", b"opus", b"odcf", b"sdv ",
];

/// Brands of single pictures.
const STILL: &[&[u8; 4]] = &[
    b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"mif3", b"avif", b"avci", b"avce", b"jpeg", b"j2ki", b"vvic", b"evbi",
    b"evmi", b"miaf", b"unif",
];

/// Brands of sequences of pictures.
const SEQUENCE: &[&[u8; 4]] = &[b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis", b"avcs", b"jpgs", b"j2is", b"vvis"];

/// Whether it is a brand of single pictures.
pub(crate) fn is_still(brand: [u8; 4]) -> bool {
    STILL.contains(&&brand)
}

/// Whether it is a brand of sequences of pictures.
pub(crate) fn is_sequence(brand: [u8; 4]) -> bool {
    SEQUENCE.contains(&&brand)
}

fn is_generic(brand: [u8; 4]) -> bool {
    // 3GPP and 3GPP2 count their releases in the last letter.
    GENERIC.contains(&&brand) || (&brand[..2] == b"3g" && matches!(brand[2], b'p' | b'2' | b'r' | b's' | b'e' | b'g' | b'h'))
}

/// Writes `ftyp` or `styp` anew.
pub(super) fn write(walk: &mut Walk, atom: &Atom) -> Result<()> {
    let body = walk.bytes(atom.body())?;
    let Some(major) = body.get(..4).and_then(|b| <[u8; 4]>::try_from(b).ok()) else {
        // An empty file type box says nothing.
        walk.remove(atom);
        return Ok(());
    };
    let strict = walk.job.policy().is_strict();
    let (mut fresh, mut found) = (Vec::new(), Vec::new());
    fresh.extend(if is_generic(major) || !strict { major } else { *b"mp42" });
    if fresh != major {
        found.push(Finding::rewritten(walk.place, "major brand", Tells::Device).value(bmff::print(major)));
    }
    fresh.extend([0; 4]);
    let minor = body.get(4..8).unwrap_or_default();
    if minor.iter().any(|b| *b != 0) {
        let value = minor.iter().map(|b| format!("{b:02x}")).collect::<String>();
        found.push(Finding::rewritten(walk.place, "minor version", Tells::Software).value(value));
    }
    for brand in body.get(8..).unwrap_or_default().chunks(4) {
        match <[u8; 4]>::try_from(brand) {
            Ok(brand) if is_generic(brand) || (brand == major && !strict) => fresh.extend(brand),
            Ok([0, 0, 0, 0]) => found.push(Finding::removed(walk.place, "empty brand", Tells::Unknown)),
            Ok(brand) => found.push(Finding::removed(walk.place, "vendor brand", Tells::Device).value(bmff::print(brand))),
            Err(_) => found.push(Finding::removed(walk.place, "bytes behind the brands", Tells::Unknown)),
        }
    }
    if found.is_empty() {
        walk.keep(atom);
        return Ok(());
    }
    walk.open(atom);
    walk.draft.replace(atom.body(), "ftyp", Fate::put(fresh), found);
    Ok(())
}
