//! Pictures in drawings of Office: each is cleaned by the row of its own format and put back in its place. Places cannot
//! move, so a shorter picture is followed by zeros up to the length it had, and a longer one is refused.
//! [MS-ODRAW 2.2.23 to 2.2.32]

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::Work;
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::formats::office::metafile;
use crate::grammar::officeart::u32_at;
use crate::refusal::Result;
use crate::source::Memory;
use sha2::{Digest, Sha256};

/// The types of pictures. [MS-ODRAW 2.2.23]
pub(super) const EMF: u16 = 0xf01a;
const WMF: u16 = 0xf01b;
const PICT: u16 = 0xf01c;
const JPEG: u16 = 0xf01d;
const PNG: u16 = 0xf01e;
const DIB: u16 = 0xf01f;
const TIFF: u16 = 0xf029;
const JPEG2: u16 = 0xf02a;

/// Whether a record is a picture.
pub(super) fn is_picture(kind: u16) -> bool {
    matches!(kind, EMF..=DIB | TIFF | JPEG2)
}

/// Cleans the picture in the body of a record. Returns the identifier that it must be known by from now on, where it
/// changed: those of pictures are digests, and the old one would still tell which picture it was.
pub(super) fn clean(work: &mut Work, kind: u16, instance: u16, body: &mut [u8]) -> Result<Option<[u8; 16]>> {
    let ids = if has_two(kind, instance) { 32 } else { 16 };
    let changed = match kind {
        EMF | WMF => drawing(work, body, ids)?,
        JPEG | JPEG2 => raster(work, body, ids + 1, "picture.jpg")?,
        PNG => raster(work, body, ids + 1, "picture.png")?,
        TIFF => raster(work, body, ids + 1, "picture.tif")?,
        // Bare pixels behind a header of sizes.
        DIB => false,
        PICT => return Err(work.unsupported("a picture of the old Macintosh kind cannot be cleaned")),
        _ => return Err(work.unsupported("a picture of an unknown kind")),
    };
    if !changed {
        return Ok(None);
    }
    let digest = Sha256::digest(&body[ids..]);
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    for at in (0..ids).step_by(16) {
        body[at..at + 16].copy_from_slice(&id);
    }
    Ok(Some(id))
}

/// Whether the record begins with two identifiers. [MS-ODRAW 2.2.24 to 2.2.32]
fn has_two(kind: u16, instance: u16) -> bool {
    match kind {
        EMF => instance == 0x3d5,
        WMF => instance == 0x217,
        PICT => instance == 0x543,
        JPEG | JPEG2 => matches!(instance, 0x46b | 0x6e3),
        PNG => instance == 0x6e1,
        DIB => instance == 0x7a9,
        _ => instance == 0x6e5,
    }
}

fn raster(work: &mut Work, body: &mut [u8], start: usize, name: &str) -> Result<bool> {
    let Some(data) = body.get(start..) else { return Err(work.malformed("a picture without an end", start)) };
    // No picture that counts ends in zeros: those are what an earlier cleaning left.
    let end = data.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    if end == 0 {
        return Ok(false);
    }
    let cleaned = member(work, name, data[..end].to_vec())?;
    lay(work, &mut body[start..], &cleaned)
}

/// Cleans a file by its own row.
pub(super) fn member(work: &mut Work, name: &str, data: Vec<u8>) -> Result<Vec<u8>> {
    match work.job.member(name, &Memory::shared(data))? {
        Member::Same(cleaned) | Member::Changed(cleaned) => {
            let bytes = cleaned.bytes();
            let out = bytes.bytes(bytes.span(), u64::MAX)?;
            work.members.push((name.to_owned(), cleaned));
            Ok(out)
        }
        Member::Unknown(why) => Err(work.unsupported(format!("a file inside it cannot be cleaned: {why}"))),
    }
}

/// Puts the bytes into their place and zeros behind them; whether that changed anything.
fn lay(work: &Work, place: &mut [u8], bytes: &[u8]) -> Result<bool> {
    if bytes.len() > place.len() {
        return Err(work.unsupported("a picture would be longer once it is clean"));
    }
    let (front, back) = place.split_at_mut(bytes.len());
    let changed = front != bytes || back.iter().any(|b| *b != 0);
    front.copy_from_slice(bytes);
    back.fill(0);
    Ok(changed)
}

/// A metafile, which may be packed. [MS-ODRAW 2.2.31]
fn drawing(work: &mut Work, body: &mut [u8], at: usize) -> Result<bool> {
    const HEADER: usize = 34;
    if body.len() < at + HEADER {
        return Err(work.malformed("a picture without an end", 0));
    }
    let (packed_len, start) = (u32_at(body, at + 28) as usize, at + HEADER);
    let packed =
        body.get(start..start.saturating_add(packed_len)).ok_or_else(|| work.malformed("a picture without an end", at))?;
    let deflated = match body[at + 32] {
        0 => true,
        0xfe => false,
        _ => return Err(work.unsupported("a picture that is packed in an unknown way")),
    };
    let data = if deflated { inflate(work, packed, None)? } else { packed.to_vec() };
    let (cleaned, found) = metafile::clean(&data, "picture");
    let mut changed = body[start + packed_len..].iter().any(|b| *b != 0);
    body[start + packed_len..].fill(0);
    if cleaned != data {
        let bytes = if deflated { deflate(&cleaned)? } else { cleaned };
        if bytes.len() > body.len() - start {
            return Err(work.unsupported("a picture would be longer once it is clean"));
        }
        body[at + 28..at + 32].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        lay(work, &mut body[start..], &bytes)?;
        changed = true;
        work.found.extend(found.into_iter().map(|f| f.within(work.app.name)));
    } else if changed {
        work.found.push(Finding::removed(work.app.name, "bytes behind a picture", Tells::Hidden));
    }
    Ok(changed)
}

/// Unpacks, within the limits. Some programs leave the end of the packed data away: `len` bytes are enough.
pub(super) fn inflate(work: &Work, packed: &[u8], len: Option<usize>) -> Result<Vec<u8>> {
    let most = (packed.len() as u64).saturating_mul(work.job.limits().ratio).saturating_add(1 << 20);
    let mut out = Vec::new();
    let read = ZlibDecoder::new(packed).take(most + 1).read_to_end(&mut out);
    if read.is_err() && len != Some(out.len()) {
        return Err(work.malformed("packed data that cannot be unpacked", 0));
    }
    work.job.expanded(packed.len() as u64, out.len() as u64)?;
    Ok(out)
}

/// Packs, always the same way.
pub(super) fn deflate(data: &[u8]) -> Result<Vec<u8>> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    out.write_all(data)?;
    Ok(out.finish()?)
}

/// Whether nothing follows the packed data.
pub(super) fn is_whole(packed: &[u8]) -> bool {
    let mut reader = ZlibDecoder::new(packed);
    std::io::copy(&mut reader, &mut std::io::sink()).is_ok() && reader.total_in() == packed.len() as u64
}
