//! Canon's block of camera information: lens, serial number, firmware, temperature, and somewhere between them which way
//! the camera was held. Decoders turn pictures by that where the camera was told not to say it in the Orientation tag, so
//! that one byte stays, with a version of zeros where its place depends on the version's. [LibRaw canon.cpp]

use std::collections::BTreeMap;

use crate::grammar::tiff::{Directory, Order, Tiff};

/// The block with what stays of it, as new value of its tag; nothing where the camera was held upright.
pub(super) fn held(tiff: &Tiff, directory: &Directory) -> BTreeMap<u16, Vec<u8>> {
    let find = |tag: u16| directory.entries.iter().find(|e| e.tag == tag);
    let model = find(0x0010).and_then(|e| tiff.numbers(e, 1).first().copied()).unwrap_or(0);
    let old = find(0x000d).map(|e| tiff.bytes(e, 256_000)).unwrap_or_default();
    let mut new = vec![0; old.len()];
    let stay = match place(model, &old) {
        Some((version, at)) if old.get(at).is_some_and(|b| matches!(b, 1 | 2)) => {
            if let Some(text) = version.and_then(|v| new.get_mut(v..v + 5)) {
                text.copy_from_slice(b"0.0.0");
            }
            vec![(at, 1)]
        }
        Some(_) => Vec::new(),
        None if tiff.order == Order::Little => records(&old),
        None => Vec::new(),
    };
    let mut out = BTreeMap::new();
    for (at, len) in stay.iter().copied() {
        if let (Some(to), Some(from)) = (new.get_mut(at..at + len), old.get(at..at + len)) {
            to.copy_from_slice(from);
        }
    }
    if !stay.is_empty() {
        out.insert(0x000d, new);
    }
    out
}

/// Where the firmware's version is, if that decides, and where the byte is.
fn place(model: u64, block: &[u8]) -> Option<(Option<usize>, usize)> {
    let version =
        |places: &[(usize, usize)]| places.iter().find(|(at, _)| is_version(block, *at)).map(|(at, held)| (Some(*at), *held));
    let at = |held: usize| Some((None, held));
    match model.checked_sub(0x8000_0000)? {
        0x169 | 0x215 | 0x190 | 0x176 | 0x254 => at(0x30),
        0x281 | 0x270 => at(0x35),
        0x269 => version(&[(0x271, 0x7a), (0x279, 0x7a), (0x280, 0x7d), (0x285, 0x7d)]).or(at(0x7a)),
        0x213 => at(0x27),
        0x218 | 0x261 | 0x252 => at(0x31),
        0x285 => version(&[(0x22c, 0x79), (0x22d, 0x7a), (0x23c, 0x7d), (0x242, 0x83), (0x247, 0x83)]),
        0x349 | 0x382 | 0x401 | 0x350 | 0x393 | 0x347 => at(0x96),
        0x302 => at(0x83),
        0x250 => version(&[(0x1a8, 0x31), (0x1ac, 0x35)]),
        0x287 => at(0x36),
        0x327 => at(0x3a),
        0x325 => at(0x84),
        0x286 | 0x288 => at(0x38),
        0x301 | 0x326 => at(0x7d),
        _ => None,
    }
}

/// Whether a version like `1.0.7` stands there.
fn is_version(block: &[u8], at: usize) -> bool {
    let Some(text) = block.get(at..at + 5) else { return false };
    let digit = |i: usize| text[i].is_ascii_digit();
    let ends = block.get(at + 5).is_none_or(|b| *b == 0 || b.is_ascii_whitespace());
    digit(0) && text[1] == b'.' && digit(2) && text[3] == b'.' && digit(4) && ends
}

/// What stays of the blocks of small cameras, which are records behind two signs.
fn records(block: &[u8]) -> Vec<(usize, usize)> {
    if !block.starts_with(b"\xaa\xaa") {
        return Vec::new();
    }
    let Some(second) = (2..block.len()).find(|i| block[*i..].starts_with(b"\xbb\xbb")) else { return Vec::new() };
    let mut at = second + 2;
    while let Some(record) = block.get(at..at + 9) {
        if record.starts_with(&[1, 1, 0, 0]) {
            return if matches!(record[8], 1 | 2) { vec![(0, 2), (second, 2), (at, 4), (at + 8, 1)] } else { Vec::new() };
        }
        at += 4;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_depends_on_the_version() {
        let mut block = vec![0; 0x300];
        block[0x1ac..0x1b2].copy_from_slice(b"1.2.5\0");
        assert_eq!(place(0x8000_0250, &block), Some((Some(0x1ac), 0x35)));
        assert_eq!(place(0x8000_0250, &[0; 0x300]), None);
        assert_eq!(place(0x8000_0190, &[]), Some((None, 0x30)));
        assert_eq!(place(0, &[]), None);
    }

    #[test]
    fn records_are_found_behind_both_signs() {
        let mut block = b"\xaa\xaaCANARY\xbb\xbb\x05\0\0\0".to_vec();
        let at = block.len();
        block.extend(b"\x01\x01\0\0....\x01...");
        assert_eq!(records(&block), [(0, 2), (8, 2), (at, 4), (at + 8, 1)]);
        assert!(records(&block[..at]).is_empty());
        assert!(records(b"\xaa\xaa").is_empty());
    }
}
