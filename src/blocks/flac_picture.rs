//! The picture block of FLAC, which Ogg carries too: the picture is cleaned as the file it is, the description goes.
//! [RFC 9639 8.8]

use crate::clean::{Job, Member};
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::Result;
use crate::source::Memory;

/// The block with the cleaned picture, or in a word why it goes.
///
/// # Errors
/// Refusals of the picture.
pub fn clean(job: &Job, draft: &mut Draft, body: &[u8]) -> Result<std::result::Result<Vec<u8>, &'static str>> {
    if !job.keeps(Token::CoverArt) {
        return Ok(Err("attached picture"));
    }
    let Some((kind, dimensions, data)) = parts(body) else { return Ok(Err("unreadable attached picture")) };
    let member = match job.member("cover art", &Memory::shared(data))? {
        Member::Unknown(_) => return Ok(Err("attached picture of an unknown type")),
        Member::Same(cleaned) | Member::Changed(cleaned) => cleaned,
    };
    let Some(mime) = mime(member.format().name) else { return Ok(Err("attached file that is no picture")) };
    draft.adopt("cover art", &member);
    let clean = member.bytes();
    let clean = clean.bytes(clean.span(), job.limits().block)?;
    let mut out = kind.to_be_bytes().to_vec();
    out.extend((mime.len() as u32).to_be_bytes());
    out.extend(mime.as_bytes());
    out.extend([0; 4]);
    out.extend(dimensions);
    out.extend((clean.len() as u32).to_be_bytes());
    out.extend(clean);
    Ok(Ok(out))
}

/// The MIME type of a picture format that sound files may carry.
pub fn mime(format: &str) -> Option<&'static str> {
    match format {
        "JPEG" => Some("image/jpeg"),
        "PNG" => Some("image/png"),
        "GIF" => Some("image/gif"),
        "WebP" => Some("image/webp"),
        _ => None,
    }
}

/// The type, the sixteen bytes of dimensions, and the picture.
fn parts(body: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let u32_at = |at: usize| Some(u32::from_be_bytes(body.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let kind = u32_at(0)?;
    let text = (8 + u32_at(4)? as usize).checked_add(4)?;
    let after = text.checked_add(u32_at(text - 4)? as usize)?;
    let dimensions = body.get(after..after.checked_add(16)?)?;
    let data = body.get(after + 20..(after + 20).checked_add(u32_at(after + 16)? as usize)?)?;
    Some((kind, dimensions, data))
}
