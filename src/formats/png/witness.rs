//! A second look at a PNG with `img-parts` and `kamadak-exif`: only chunks of the allow-list, Exif that says nothing but
//! which way up, and packed rows that are those of the original, or their beginning, and end where their stream ends.

use img_parts::png::Png;

use crate::clean::Job;
use crate::grammar::png::Measure;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Source;

/// Larger files are not read into memory for a second parser; they are measured twice instead.
pub(super) const WITNESSED: u64 = 64 << 20;

const ALLOWED: [&[u8; 4]; 28] = [
    b"CgBI", b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi",
    b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"sTER", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"npTc", b"npOl", b"npLb", b"gdAT", b"gmAP",
];

pub(super) fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    if after.len() > WITNESSED {
        return Ok(Vec::new());
    }
    let read = |source: &dyn Source| source.bytes(source.span(), u64::MAX);
    let bytes = read(after)?;
    // Checksums of Apple's kind are none, so that the library declines it.
    if bytes.get(12..16) == Some(b"CgBI") {
        return Ok(Vec::new());
    }
    let png = Png::from_bytes(bytes.into()).map_err(|e| damaged(format!("img-parts cannot read the result: {e}")))?;
    if let Some(odd) = png.chunks().iter().find(|c| !ALLOWED.contains(&&c.kind())) {
        let kind = String::from_utf8_lossy(&odd.kind()).into_owned();
        return Err(Refusal::new(Code::Leftover, format!("img-parts still sees a {kind} chunk")));
    }
    let mut seen = vec!["img-parts"];
    for chunk in png.chunks_by_type(*b"eXIf") {
        let exif = exif::Reader::new().read_raw(chunk.contents().to_vec());
        let exif = exif.map_err(|e| damaged(format!("kamadak-exif cannot read the result: {e}")))?;
        if exif.fields().any(|f| f.tag != exif::Tag::Orientation) {
            return Err(Refusal::new(Code::Leftover, "kamadak-exif still sees more than the orientation"));
        }
        seen.push("kamadak-exif");
    }
    let rows = |png: &Png| png.chunks_by_type(*b"IDAT").flat_map(|c| c.contents().to_vec()).collect::<Vec<u8>>();
    let now = rows(&png);
    // The original may be too broken for the library; that the kept bytes are its bytes was proved without it.
    let was = if before.len() > WITNESSED { None } else { Png::from_bytes(read(before)?.into()).ok().map(|png| rows(&png)) };
    if was.as_ref() != Some(&now) {
        let mut measure = Measure::new(true);
        let used = measure.push(&now, |_| {})?;
        if measure.is_ended() && used != now.len() {
            return Err(Refusal::new(Code::Leftover, "bytes still stand behind the packed rows"));
        }
    }
    Ok(seen)
}

fn damaged(what: String) -> Refusal {
    Refusal::new(Code::Damaged, what)
}
