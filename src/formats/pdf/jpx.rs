//! JPEG 2000 inside a PDF: the boxes and marker segments that decoders need, and none of the others. Boxes hold no
//! positions, so leaving some out moves nothing that matters. [T.800 annex A, annex I]

use crate::refusal::{Refusal, Result};

/// Boxes that decoders need. [T.800 I.5]
const KEPT: [&[u8; 4]; 5] = [b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"rreq"];
/// A comment in the codestream. [T.800 A.9.2]
const COM: u8 = 0x64;
/// The end of the main header. [T.800 A.4.2]
const SOT: u8 = 0x90;

/// The same without metadata; `None` where there is none.
///
/// # Errors
/// `Malformed` where the boxes do not hold together.
pub(super) fn cleaned(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let out = if bytes.starts_with(&[0xFF, 0x4F]) { codestream(bytes)? } else { boxes(bytes)? };
    Ok((out != bytes).then_some(out))
}

fn boxes(bytes: &[u8]) -> Result<Vec<u8>> {
    let broken = |at: usize| Refusal::malformed("a JPEG 2000 picture has a broken box", at as u64);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let head = bytes.get(at..at + 8).ok_or_else(|| broken(at))?;
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (header, len) = match short {
            0 => (8, bytes.len() - at),
            1 => {
                let wide = bytes.get(at + 8..at + 16).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes);
                (16, wide.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| broken(at))?)
            }
            n => (8, n),
        };
        let end = at.checked_add(len).filter(|e| *e <= bytes.len() && len >= header).ok_or_else(|| broken(at))?;
        let kind = &head[4..8];
        if kind == b"jp2c" {
            let stream = codestream(&bytes[at + header..end])?;
            if short == 0 {
                out.extend_from_slice(&head[..8]);
            } else if stream.len() == len - header {
                out.extend_from_slice(&bytes[at..at + header]);
            } else {
                let size = u32::try_from(stream.len() + 8).map_err(|_| broken(at))?;
                out.extend_from_slice(&size.to_be_bytes());
                out.extend_from_slice(b"jp2c");
            }
            out.extend_from_slice(&stream);
        } else if KEPT.iter().any(|k| k[..] == *kind) {
            out.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    Ok(out)
}

fn codestream(bytes: &[u8]) -> Result<Vec<u8>> {
    let broken = |at: usize| Refusal::malformed("a JPEG 2000 picture has a broken header", at as u64);
    let mut out = bytes.get(..2).ok_or_else(|| broken(0))?.to_vec();
    let mut at = 2;
    loop {
        let head = bytes.get(at..at + 4).ok_or_else(|| broken(at))?;
        if head[0] != 0xFF {
            return Err(broken(at));
        }
        if head[1] == SOT {
            break;
        }
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let segment = bytes.get(at..at + 2 + len).filter(|_| len >= 2).ok_or_else(|| broken(at))?;
        if head[1] != COM {
            out.extend_from_slice(segment);
        }
        at += segment.len();
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(out)
}
