//! Data of pictures and fonts, as it was and as it is: the same after unpacking, but for what a row of its own may take out
//! of a picture and what comments say in a font.

use std::borrow::Cow;

use hayro_syntax::object::{Array, Name, Stream};

use crate::grammar::pdf::content;

/// Whether two pictures hold the same samples.
pub(super) fn same_picture(old: &Stream, new: &Stream) -> bool {
    let (a, b) = (old.raw_data(), new.raw_data());
    if a == b {
        return true;
    }
    let (before, after) = (filters(old), filters(new));
    match (&before[..], &after[..]) {
        (["DCTDecode"], ["DCTDecode"]) => coded(&a) == coded(&b),
        (["JPXDecode"], ["JPXDecode"]) => {
            let (old, new) = (tiles(&a), tiles(&b));
            !new.is_empty() && (old.starts_with(new) || memchr::memmem::find(old, COM).is_some())
        }
        (["JBIG2Decode"], ["JBIG2Decode"]) => b.len() < a.len(),
        (before, [last]) if before.last() == Some(last) && is_picture(last) => true,
        _ => match (old.decoded_data(), new.decoded_data()) {
            (Ok(a), Ok(b)) => a == b,
            // What one reader cannot unpack it must not be able to unpack in the other.
            (Err(_), Err(_)) => true,
            _ => false,
        },
    }
}

/// The names of the filters of a stream. [ISO 32000-2 7.3.8.2]
fn filters(stream: &Stream) -> Vec<&'static str> {
    let full = |name: Name| PICTURES.into_iter().find(|p| p.as_bytes() == name.as_ref()).unwrap_or("other");
    match (stream.dict().get::<Name>("Filter"), stream.dict().get::<Array>("Filter")) {
        (Some(name), _) => vec![full(name)],
        (None, Some(names)) => names.iter::<Name>().map(full).collect(),
        (None, None) => Vec::new(),
    }
}

const PICTURES: [&str; 4] = ["DCTDecode", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode"];

fn is_picture(filter: &str) -> bool {
    PICTURES.contains(&filter)
}

/// The marker of a comment in JPEG 2000. [T.800 A.9.2]
const COM: &[u8] = &[0xff, 0x64];

/// Of a JPEG 2000 picture, everything from its first tile on. [T.800 A.4.2]
fn tiles(bytes: &[u8]) -> &[u8] {
    let start = memchr::memmem::find(bytes, &[0xff, 0x4f, 0xff, 0x51]).unwrap_or(bytes.len());
    let tile = memchr::memmem::find(&bytes[start..], &[0xff, 0x90]).map_or(bytes.len(), |at| start + at);
    &bytes[tile..]
}

/// Of a JPEG, what its pixels are made of: tables, frames and scans, not segments for applications and comments, and
/// nothing behind its end. [T.81 B.1]
fn coded(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(0xff, rest)) {
        let mark = at + found;
        out.extend_from_slice(&bytes[at..mark]);
        let Some(code) = bytes.get(mark + 1) else { break };
        let length = |at: usize| bytes.get(at..at + 2).map_or(2, |b| usize::from(u16::from_be_bytes([b[0], b[1]])));
        at = match code {
            0xd9 => return out,
            0xff => mark + 1,
            0xe0..=0xef | 0xfe => mark + 2 + length(mark + 2),
            0 | 0x01 | 0xd0..=0xd8 => {
                out.extend_from_slice(&bytes[mark..mark + 2]);
                mark + 2
            }
            _ => {
                let end = (mark + 2 + length(mark + 2)).min(bytes.len());
                out.extend_from_slice(&bytes[mark..end]);
                end
            }
        };
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    out
}

/// Whether two streams say the same, their comments aside.
pub(super) fn same_code(old: &Stream, new: &Stream, pictures: bool) -> bool {
    let text = |s: &Stream| s.decoded_data().map(|d| content::uncommented(&d, pictures).trim_ascii().to_vec()).ok();
    old.raw_data() == new.raw_data() && old.filters().len() == new.filters().len() || text(old) == text(new)
}

/// Whether two font programs draw the same letters.
pub(super) fn same_program(old: &Stream, new: &Stream) -> bool {
    if old.raw_data() == new.raw_data() && old.filters().len() == new.filters().len() {
        return true;
    }
    match (old.decoded_data(), new.decoded_data()) {
        (Ok(a), Ok(b)) => a == b || plain(&a) == plain(&b),
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

/// A Type 1 program without the comments of its clear part. [Adobe Type 1 Font Format 2.2]
fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memmem::find(bytes, b"eexec") {
        Some(clear) if bytes.starts_with(b"%!") => {
            let mut out = content::uncommented(&bytes[..clear], false).into_owned();
            out.extend_from_slice(&bytes[clear..]);
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(bytes),
    }
}
