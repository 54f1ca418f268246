//! Pictures in RTF, written as hexadecimal digits or as raw bytes: JPEG and PNG are cleaned as the files they are, of
//! enhanced metafiles the description is emptied, other kinds are drawing commands or bare pixels and stay.

use std::ops::Range;

use super::walk::Walk;
use super::{found, word};
use crate::clean::Member;
use crate::finding::{Finding, Tells};
use crate::grammar::rtf::Kind;
use crate::refusal::Result;
use crate::source::Memory;

/// Cleans the picture of a group; the finding where all of it goes.
pub(super) fn clean(walk: &mut Walk, i: usize, past: usize) -> Result<Option<Finding>> {
    let (mut depth, mut kind, mut digits, mut binary) = (0usize, "", Vec::new(), None);
    let mut place: Option<Range<usize>> = None;
    for j in i..past {
        let token = &walk.tokens[j];
        match &token.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth != 1 => {}
            Kind::Word { .. } => {
                const KINDS: [&str; 7] = ["pngblip", "jpegblip", "emfblip", "wmetafile", "dibitmap", "wbitmap", "macpict"];
                kind = word(walk.bytes, token).filter(|name| KINDS.contains(name)).unwrap_or(kind);
            }
            Kind::Binary(data) => {
                binary = Some(walk.bytes[data.clone()].to_vec());
                place = Some(token.span.clone());
            }
            Kind::Text => {
                let bytes = &walk.bytes[token.span.clone()];
                let hex = bytes.iter().filter(|b| b.is_ascii_hexdigit()).copied().collect::<Vec<u8>>();
                let first = bytes.iter().position(u8::is_ascii_hexdigit);
                let last = bytes.iter().rposition(u8::is_ascii_hexdigit);
                if let (Some(first), Some(last)) = (first, last) {
                    // A line break in front may be all that ends the word before it.
                    let start = place.as_ref().map_or(token.span.start + first, |p| p.start);
                    place = Some(start..token.span.start + last + 1);
                    digits.extend(hex);
                }
            }
            _ => {}
        }
    }
    let Some(place) = place else { return Ok(None) };
    let raw = binary.is_some();
    let data = match binary {
        Some(data) => data,
        None => digits.chunks_exact(2).map(|p| nibble(p[0]) << 4 | nibble(p[1])).collect(),
    };
    let name = match kind {
        "pngblip" => "picture.png",
        "jpegblip" => "picture.jpg",
        "emfblip" => {
            description(walk, place, &data, raw);
            return Ok(None);
        }
        _ => return Ok(None),
    };
    if data.is_empty() {
        return Ok(None);
    }
    match walk.job.member(name, &Memory::shared(data))? {
        Member::Same(cleaned) | Member::Changed(cleaned) => {
            let most = walk.job.limits().block;
            walk.changes.inside(place, "picture", name, cleaned, most, |clean| write(clean, raw))?;
        }
        Member::Unknown(why) => {
            if !walk.job.unknown_member(name, &why)? {
                return Ok(Some(found("picture that cannot be cleaned", Tells::Unknown, "")));
            }
        }
    }
    Ok(None)
}

fn nibble(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}

fn write(data: &[u8], raw: bool) -> Vec<u8> {
    if raw {
        return [format!("\\bin{} ", data.len()).as_bytes(), data].concat();
    }
    let digit = |n: u8| b"0123456789abcdef"[usize::from(n)];
    data.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// The header of an enhanced metafile says which program made it and may name the picture. [MS-EMF 2.3.4.2]
fn description(walk: &mut Walk, place: Range<usize>, data: &[u8], raw: bool) {
    let field = |at: usize| data.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let (count, start) = (field(60), field(64));
    let Some(end) = count.checked_mul(2).and_then(|n| start.checked_add(n)).filter(|e| *e <= data.len()) else { return };
    if data.get(40..44) != Some(b" EMF") || start < 88 || data[start..end].iter().all(|b| *b == 0) {
        return;
    }
    let units: Vec<u16> = data[start..end].chunks_exact(2).map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
    let said = String::from_utf16_lossy(&units).replace('\0', " ");
    let mut new = data.to_vec();
    new[start..end].fill(0);
    walk.changes.put(
        place,
        "picture",
        write(&new, raw),
        Finding::blanked("RTF", "description of a metafile", Tells::Software).value(said.trim()),
    );
}
