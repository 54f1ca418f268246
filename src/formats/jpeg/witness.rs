//! Two parsers that had no part in the plan look at a result: `img-parts` at its segments, `kamadak-exif` at what is left
//! of Exif.

use exif::Tag;
use img_parts::Bytes;
use img_parts::jpeg::{Jpeg, JpegSegment};

use crate::clean::Job;
use crate::grammar::{jpeg, mpf};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Source};

use super::survey;

/// So much is enough for almost every header.
const HEAD: usize = 256 << 10;
/// No header is larger than this.
const WHOLE: usize = 64 << 20;

pub(super) fn witness(job: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    // A motion photo ends with its video.
    let video = job.keeps(Token::MotionPhoto);
    if !video && source::head(after, after.len().saturating_sub(2), 2)? != jpeg::END {
        return Err(Refusal::new(Code::Leftover, "there are bytes after the end of the image"));
    }
    let Some(now) = parts(after)? else {
        return Err(Refusal::new(Code::Damaged, "img-parts can no longer read the picture"));
    };
    let size = now.dimensions();
    if let Some(then) = parts(before)?
        && then.dimensions() != size
    {
        return Err(Refusal::new(Code::Damaged, "the picture has another size than before"));
    }
    for part in now.segments() {
        if !is_expected(job, part) {
            let name = jpeg::name(part.marker());
            return Err(Refusal::new(Code::Leftover, format!("img-parts still sees an {name} segment that should be gone")));
        }
    }
    let blocks = now.segments().iter().filter(|s| s.marker() == 0xe1 && s.contents().starts_with(super::exif::SIGN));
    for block in blocks {
        fields(job, &block.contents()[super::exif::SIGN.len()..])?;
    }
    Ok(vec!["img-parts", "kamadak-exif"])
}

/// The header, read by `img-parts`, which takes what follows the first scan header as it is; so the head of a file will do.
fn parts(source: &dyn Source) -> Result<Option<Jpeg>> {
    for size in [HEAD, WHOLE] {
        let head = match source.as_bytes() {
            Some(bytes) => Bytes::copy_from_slice(&bytes[..bytes.len().min(size)]),
            None => Bytes::from(source::head(source, 0, size)?),
        };
        let all = head.len() as u64 == source.len();
        if let Ok(jpeg) = Jpeg::from_bytes(head) {
            return Ok(Some(jpeg));
        }
        if all {
            break;
        }
    }
    Ok(None)
}

fn is_expected(job: &Job, part: &JpegSegment) -> bool {
    let (body, len) = (part.contents(), part.contents().len());
    match part.marker() {
        0xe0 => body.starts_with(b"JFIF\0") && len == 14,
        0xe1 => body.starts_with(super::exif::SIGN) || body.starts_with(survey::XMP),
        0xe2 => body.starts_with(survey::ICC) || body.starts_with(mpf::SIGN) || body.starts_with(survey::ISO),
        0xe3 => body.starts_with(survey::JPS) && len == 14,
        0xeb => body.starts_with(b"JP"),
        0xed => body.starts_with(survey::PHOTOSHOP) && job.keeps(Token::ClippingPath),
        0xee => body.starts_with(b"Adobe") && len == 12,
        marker => jpeg::is_structural(marker),
    }
}

/// No field but those that say how to show the picture.
fn fields(job: &Job, tiff: &[u8]) -> Result<()> {
    const KEPT: [Tag; 4] = [Tag::Orientation, Tag::ColorSpace, Tag::InteroperabilityIndex, Tag::MakerNote];
    let exif = exif::Reader::new()
        .read_raw(tiff.to_vec())
        .map_err(|e| Refusal::new(Code::Damaged, format!("kamadak-exif cannot read what is left of Exif: {e}")))?;
    let wanted = |tag: Tag| tag == Tag::Copyright && job.keeps(Token::Copyright);
    match exif.fields().find(|f| !KEPT.contains(&f.tag) && !wanted(f.tag)) {
        Some(field) => Err(Refusal::new(Code::Leftover, format!("kamadak-exif still sees {}", field.tag))),
        None => Ok(()),
    }
}
