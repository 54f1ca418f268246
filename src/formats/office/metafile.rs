//! Metafiles of Windows: the drawing stays, the description in the header and comments of programs become zeros.
//! [MS-EMF 2.3.4.2, 2.3.3; MS-WMF 2.3.6.1]

use crate::finding::{Finding, Tells};

/// Signature in the header of an enhanced metafile, at 40. [MS-EMF 2.2.9]
const EMF: &[u8] = b" EMF";
/// A comment record, and what EMF+ drawing is marked with in it.
const EMR_GDICOMMENT: u32 = 70;
/// Key of a placeable metafile, and the first words of a bare one. [MS-WMF 2.3.2.3, 2.3.2.2]
const PLACEABLE: &[u8] = b"\xd7\xcd\xc6\x9a";
/// An escape record, and its function for comments. [MS-WMF 2.3.6.25]
const META_ESCAPE: u16 = 0x0626;
const MFCOMMENT: u16 = 0x000f;

/// Whether these bytes are a metafile.
pub(crate) fn is_metafile(bytes: &[u8]) -> bool {
    is_emf(bytes) || bytes.starts_with(PLACEABLE) || bytes.starts_with(&[1, 0, 9, 0, 0]) || bytes.starts_with(&[2, 0, 9, 0, 0])
}

fn is_emf(bytes: &[u8]) -> bool {
    bytes.starts_with(&[1, 0, 0, 0]) && bytes.get(40..44) == Some(EMF)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The metafile without descriptions and comments, and what was found; the same bytes where there are none.
pub(crate) fn clean(bytes: &[u8], place: &str) -> (Vec<u8>, Vec<Finding>) {
    let mut out = bytes.to_vec();
    let mut found = Vec::new();
    let spans = if is_emf(bytes) { emf(bytes) } else { wmf(bytes) };
    for (label, start, end) in spans {
        if out[start..end].iter().any(|b| *b != 0) {
            out[start..end].fill(0);
            let words: Vec<u16> = bytes[start..end].chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
            let finding = Finding::blanked(place.to_owned(), label, Tells::Software).bytes((end - start) as u64);
            found.push(match label {
                "description of a picture" => {
                    finding.value(String::from_utf16_lossy(&words).replace('\0', " ").trim().to_owned())
                }
                _ => finding,
            });
        }
    }
    (out, found)
}

type Spans = Vec<(&'static str, usize, usize)>;

fn emf(bytes: &[u8]) -> Spans {
    let mut out = Vec::new();
    let size = u32_at(bytes, 4).unwrap_or(0) as usize;
    if let (Some(count), Some(offset)) = (u32_at(bytes, 60), u32_at(bytes, 64)) {
        let (start, end) = (offset as usize, (offset as usize).saturating_add(count as usize * 2));
        if start >= 88 && end <= size.min(bytes.len()) {
            out.push(("description of a picture", start, end));
        }
    }
    let mut at = size;
    while let (Some(kind), Some(size)) = (u32_at(bytes, at), u32_at(bytes, at + 4)) {
        let end = at.saturating_add(size as usize);
        if size < 8 || end > bytes.len() {
            break;
        }
        // EMF+ drawing and what GDI itself puts into comments are drawing.
        let mark = bytes.get(at + 12..at + 16).unwrap_or_default();
        if kind == EMR_GDICOMMENT && mark != b"EMF+" && mark != b"GDIC" && at + 12 <= end {
            out.push(("comment of a program in a picture", at + 12, end));
        }
        at = end;
    }
    if at < bytes.len() {
        out.push(("data after a picture", at, bytes.len()));
    }
    out
}

fn wmf(bytes: &[u8]) -> Spans {
    let mut out = Vec::new();
    let mut at = if bytes.starts_with(PLACEABLE) { 22 + 18 } else { 18 };
    while let (Some(words), Some(function)) = (u32_at(bytes, at), u16_at(bytes, at + 4)) {
        let end = at.saturating_add((words as usize).saturating_mul(2));
        if words < 3 || end > bytes.len() {
            break;
        }
        let comment = function == META_ESCAPE && u16_at(bytes, at + 6) == Some(MFCOMMENT);
        if comment && end >= at + 10 && bytes.get(at + 10..at + 14) != Some(b"WMFC") {
            out.push(("comment of a program in a picture", at + 10, end));
        }
        at = end;
        if function == 0 {
            break;
        }
    }
    out
}
