//! What makers encipher: Nikon's colour balance with the serial number and the shutter count, Sony's private directory with
//! a key beside it, Samsung's levels with a key of eleven numbers. It is deciphered with the old key, reduced to what a
//! converter reads, and enciphered again with a key that says nothing, which is what the notes then hold. [LibRaw nikon.cpp,
//! sony.cpp, samsung.cpp; ExifTool Nikon 0x0097, Sony SR2, Samsung Crypt]

use std::collections::BTreeMap;

use super::{Kind, capture, table};
use crate::grammar::tiff::{Directory, Entry, Order, Tiff, width};
use crate::source::Memory;

/// New values, as long as the old, for the enciphered tags of the notes that stay; those that are not in here go.
pub(super) fn renew(kind: Kind, tiff: &Tiff, directory: &Directory, model: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    match kind {
        Kind::Nef => {
            let mut out = nikon(tiff, directory, model);
            let edits = find(directory, 0x0e01).and_then(|e| capture::edits(&tiff.bytes(e, 1 << 20)));
            out.extend(edits.map(|new| (0x0e01, new)));
            out
        }
        Kind::Srw => samsung(tiff, directory),
        _ => BTreeMap::new(),
    }
}

fn find(directory: &Directory, tag: u16) -> Option<&Entry> {
    directory.entries.iter().find(|e| e.tag == tag)
}

/// Longer values than these blocks have.
const BLOCK: u64 = 1 << 16;

/// Where the balance is: its position behind the version, and where the cipher begins, if there is one.
struct Balance {
    at: usize,
    from: Option<usize>,
}

/// Where each version of Nikon's block has the as-shot balance. Newer versions have it in clear, in tag 0x000c.
fn balance(version: &[u8]) -> Option<Balance> {
    // Counted from where the cipher begins. [LibRaw nikon.cpp, versions 0200 to 0217]
    const SHIFTS: &[u8; 18] = b"66666>666;6A;:;555";
    let number = version.iter().try_fold(0usize, |n, b| b.is_ascii_digit().then(|| n * 10 + usize::from(b - b'0')))?;
    Some(match number {
        100 => Balance { at: 72, from: None },
        102 => Balance { at: 10, from: None },
        103 => Balance { at: 20, from: None },
        200..=217 => {
            let from = if number == 205 { 4 } else { 284 };
            let shift = usize::from(SHIFTS[number - 200] - b'0') & !1;
            Balance { at: from + shift, from: Some(from) }
        }
        _ => return None,
    })
}

/// Only the eight bytes of the balance stay, enciphered with serial number 0 and shutter count 0.
fn nikon(tiff: &Tiff, directory: &Directory, model: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let mut out = BTreeMap::new();
    let Some(entry) = find(directory, 0x0097) else { return out };
    let old = tiff.bytes(entry, BLOCK);
    let Some(version) = old.get(..4) else { return out };
    let Some(Balance { at, from }) = balance(version) else { return out };
    let Some(levels) = old.get(at..at + 8) else { return out };
    let mut new = vec![0; old.len()];
    new[..4].copy_from_slice(version);
    let Some(from) = from else {
        new[at..at + 8].copy_from_slice(levels);
        out.insert(0x0097, new);
        return out;
    };
    let Some(count) = find(directory, 0x00a7).filter(|e| e.data.is_some_and(|d| d.len() == 4)) else { return out };
    let key = tiff.bytes(count, 4).iter().fold(0, |key, b| key ^ b);
    let serial = find(directory, 0x001d).map(|e| (tiff.bytes(e, 64), e.data.map_or(0, |d| d.len() as usize)));
    let old_stream = stream(serial.as_ref().map_or(0, |(text, _)| serial_key(text, model)), key, at + 8 - from);
    let new_stream = stream(0, 0, at + 8 - from);
    for i in at..at + 8 {
        new[i] = old[i] ^ old_stream[i - from] ^ new_stream[i - from];
    }
    out.insert(0x0097, new);
    out.insert(0x00a7, vec![0; 4]);
    if let Some((_, len)) = serial.filter(|(_, len)| (1..=64).contains(len)) {
        let mut zero = vec![0; len];
        zero[0] = b'0';
        out.insert(0x001d, zero);
    }
    out
}

/// The byte of the serial number that counts. Serial numbers that are no numbers stand for a constant of the model.
fn serial_key(text: &[u8], model: &[u8]) -> u8 {
    let text = &text[..text.iter().position(|b| *b == 0).unwrap_or(text.len())];
    let mut serial = 0u32;
    for b in text {
        if !b.is_ascii_digit() {
            return if model.ends_with(b"D50") { 0x22 } else { 0x60 };
        }
        serial = serial.wrapping_mul(10).wrapping_add(u32::from(b - b'0'));
    }
    serial as u8
}

/// The first `len` bytes that are combined with the block.
fn stream(serial: u8, key: u8, len: usize) -> Vec<u8> {
    let factor = FIRST[usize::from(serial)];
    let mut sum = SECOND[usize::from(key)];
    let mut step = 0x60u8;
    (0..len)
        .map(|_| {
            sum = sum.wrapping_add(factor.wrapping_mul(step));
            step = step.wrapping_add(1);
            sum
        })
        .collect()
}

/// The key that Sony's private directory is enciphered with from now on.
pub(super) const SONY_KEY: u32 = 1;

/// Enciphers or deciphers: the same step. Words are big-endian whatever the file is; what is no whole word stays.
fn sony_combine(data: &mut [u8], mut key: u32) {
    let mut pad = [0u32; 128];
    for word in pad.iter_mut().take(4) {
        key = key.wrapping_mul(48_828_125).wrapping_add(1);
        *word = key;
    }
    pad[3] = pad[3] << 1 | (pad[0] ^ pad[2]) >> 31;
    for i in 4..127 {
        pad[i] = (pad[i - 4] ^ pad[i - 2]) << 1 | (pad[i - 3] ^ pad[i - 1]) >> 31;
    }
    for (i, word) in data.chunks_exact_mut(4).enumerate() {
        let at = (i + 127) & 127;
        pad[at] = pad[(at + 1) & 127] ^ pad[(at + 65) & 127];
        for (byte, pad) in word.iter_mut().zip(pad[at].to_be_bytes()) {
            *byte ^= pad;
        }
    }
}

/// Sony's directory with what may stay, in the same places, under [`SONY_KEY`]; its positions count from the start of the
/// file, in which it stands at `at`. `None` where there is no directory in it.
pub(super) fn sony(data: &[u8], key: u32, order: Order, at: u64) -> Option<Vec<u8>> {
    let mut plain = data.to_vec();
    sony_combine(&mut plain, key);
    let plain = Memory::new(plain);
    let tiff = Tiff::bare(&plain, 0, order);
    let directory = tiff.directory(0).ok()?;
    let mut new = vec![0; data.len()];
    let bytes = |from: u64, to: u64| crate::source::Source::as_bytes(&plain)?.get(from as usize..to as usize);
    let mut stay = 0u16;
    for entry in directory.entries.iter().filter(|e| table::sony_private(e.tag)) {
        let Some(len) = width(entry.kind).and_then(|w| w.checked_mul(entry.count)) else { continue };
        let mut raw = bytes(entry.span.start, entry.span.end)?.to_vec();
        if len <= 4 {
            raw[8 + len as usize..].fill(0);
        } else {
            let from = order.number(&raw[8..]).checked_sub(at)?;
            let Some(value) = from.checked_add(len).and_then(|to| bytes(from, to)) else { continue };
            new[from as usize..(from + len) as usize].copy_from_slice(value);
        }
        let to = 2 + 12 * usize::from(stay);
        new.get_mut(to..to + 12)?.copy_from_slice(&raw);
        stay += 1;
    }
    let count = if order == Order::Little { stay.to_le_bytes() } else { stay.to_be_bytes() };
    new[..2].copy_from_slice(&count);
    sony_combine(&mut new, SONY_KEY);
    Some(new)
}

/// Samsung's tags: which number of the key is the first, and whether it is added to what stands there.
const SAMSUNG: [(u16, usize, bool); 12] = [
    (0xa021, 0, false),
    (0xa022, 4, false),
    (0xa023, 8, false),
    (0xa024, 1, false),
    (0xa028, 0, false),
    (0xa030, 0, true),
    (0xa031, 0, true),
    (0xa032, 0, true),
    (0xa033, 0, true),
    (0xa034, 4, true),
    (0xa035, 0, false),
    (0xa036, 2, false),
];

/// The values in clear, and a key of zeros.
fn samsung(tiff: &Tiff, directory: &Directory) -> BTreeMap<u16, Vec<u8>> {
    let mut out = BTreeMap::new();
    let words = |entry: &Entry| match entry.kind {
        4 | 9 => tiff.numbers(entry, 64).into_iter().map(|n| n as u32).collect::<Vec<u32>>(),
        _ => Vec::new(),
    };
    let key = find(directory, 0xa020).map(words).unwrap_or_default();
    if key.len() != 11 {
        return out;
    }
    let write = |numbers: Vec<u32>| -> Vec<u8> {
        let bytes = |n: u32| if tiff.order == Order::Little { n.to_le_bytes() } else { n.to_be_bytes() };
        numbers.into_iter().flat_map(bytes).collect()
    };
    for (tag, first, plus) in SAMSUNG {
        let Some(entry) = find(directory, tag).filter(|e| e.count <= 64) else { continue };
        let plain = words(entry).into_iter().enumerate().map(|(i, n)| {
            let key = key[(first + i) % 11];
            if plus { n.wrapping_add(key) } else { n.wrapping_sub(key) }
        });
        out.insert(tag, write(plain.collect()));
    }
    out.insert(0xa020, write(vec![0; 11]));
    out
}

/// By the serial number. [LibRaw nikon.cpp]
#[rustfmt::skip]
static FIRST: [u8; 256] = [
    0xc1, 0xbf, 0x6d, 0x0d, 0x59, 0xc5, 0x13, 0x9d, 0x83, 0x61, 0x6b, 0x4f, 0xc7, 0x7f, 0x3d, 0x3d, 0x53, 0x59, 0xe3, 0xc7,
    0xe9, 0x2f, 0x95, 0xa7, 0x95, 0x1f, 0xdf, 0x7f, 0x2b, 0x29, 0xc7, 0x0d, 0xdf, 0x07, 0xef, 0x71, 0x89, 0x3d, 0x13, 0x3d,
    0x3b, 0x13, 0xfb, 0x0d, 0x89, 0xc1, 0x65, 0x1f, 0xb3, 0x0d, 0x6b, 0x29, 0xe3, 0xfb, 0xef, 0xa3, 0x6b, 0x47, 0x7f, 0x95,
    0x35, 0xa7, 0x47, 0x4f, 0xc7, 0xf1, 0x59, 0x95, 0x35, 0x11, 0x29, 0x61, 0xf1, 0x3d, 0xb3, 0x2b, 0x0d, 0x43, 0x89, 0xc1,
    0x9d, 0x9d, 0x89, 0x65, 0xf1, 0xe9, 0xdf, 0xbf, 0x3d, 0x7f, 0x53, 0x97, 0xe5, 0xe9, 0x95, 0x17, 0x1d, 0x3d, 0x8b, 0xfb,
    0xc7, 0xe3, 0x67, 0xa7, 0x07, 0xf1, 0x71, 0xa7, 0x53, 0xb5, 0x29, 0x89, 0xe5, 0x2b, 0xa7, 0x17, 0x29, 0xe9, 0x4f, 0xc5,
    0x65, 0x6d, 0x6b, 0xef, 0x0d, 0x89, 0x49, 0x2f, 0xb3, 0x43, 0x53, 0x65, 0x1d, 0x49, 0xa3, 0x13, 0x89, 0x59, 0xef, 0x6b,
    0xef, 0x65, 0x1d, 0x0b, 0x59, 0x13, 0xe3, 0x4f, 0x9d, 0xb3, 0x29, 0x43, 0x2b, 0x07, 0x1d, 0x95, 0x59, 0x59, 0x47, 0xfb,
    0xe5, 0xe9, 0x61, 0x47, 0x2f, 0x35, 0x7f, 0x17, 0x7f, 0xef, 0x7f, 0x95, 0x95, 0x71, 0xd3, 0xa3, 0x0b, 0x71, 0xa3, 0xad,
    0x0b, 0x3b, 0xb5, 0xfb, 0xa3, 0xbf, 0x4f, 0x83, 0x1d, 0xad, 0xe9, 0x2f, 0x71, 0x65, 0xa3, 0xe5, 0x07, 0x35, 0x3d, 0x0d,
    0xb5, 0xe9, 0xe5, 0x47, 0x3b, 0x9d, 0xef, 0x35, 0xa3, 0xbf, 0xb3, 0xdf, 0x53, 0xd3, 0x97, 0x53, 0x49, 0x71, 0x07, 0x35,
    0x61, 0x71, 0x2f, 0x43, 0x2f, 0x11, 0xdf, 0x17, 0x97, 0xfb, 0x95, 0x3b, 0x7f, 0x6b, 0xd3, 0x25, 0xbf, 0xad, 0xc7, 0xc5,
    0xc5, 0xb5, 0x8b, 0xef, 0x2f, 0xd3, 0x07, 0x6b, 0x25, 0x49, 0x95, 0x25, 0x49, 0x6d, 0x71, 0xc7,
];

/// By the shutter count. [LibRaw nikon.cpp]
#[rustfmt::skip]
static SECOND: [u8; 256] = [
    0xa7, 0xbc, 0xc9, 0xad, 0x91, 0xdf, 0x85, 0xe5, 0xd4, 0x78, 0xd5, 0x17, 0x46, 0x7c, 0x29, 0x4c, 0x4d, 0x03, 0xe9, 0x25,
    0x68, 0x11, 0x86, 0xb3, 0xbd, 0xf7, 0x6f, 0x61, 0x22, 0xa2, 0x26, 0x34, 0x2a, 0xbe, 0x1e, 0x46, 0x14, 0x68, 0x9d, 0x44,
    0x18, 0xc2, 0x40, 0xf4, 0x7e, 0x5f, 0x1b, 0xad, 0x0b, 0x94, 0xb6, 0x67, 0xb4, 0x0b, 0xe1, 0xea, 0x95, 0x9c, 0x66, 0xdc,
    0xe7, 0x5d, 0x6c, 0x05, 0xda, 0xd5, 0xdf, 0x7a, 0xef, 0xf6, 0xdb, 0x1f, 0x82, 0x4c, 0xc0, 0x68, 0x47, 0xa1, 0xbd, 0xee,
    0x39, 0x50, 0x56, 0x4a, 0xdd, 0xdf, 0xa5, 0xf8, 0xc6, 0xda, 0xca, 0x90, 0xca, 0x01, 0x42, 0x9d, 0x8b, 0x0c, 0x73, 0x43,
    0x75, 0x05, 0x94, 0xde, 0x24, 0xb3, 0x80, 0x34, 0xe5, 0x2c, 0xdc, 0x9b, 0x3f, 0xca, 0x33, 0x45, 0xd0, 0xdb, 0x5f, 0xf5,
    0x52, 0xc3, 0x21, 0xda, 0xe2, 0x22, 0x72, 0x6b, 0x3e, 0xd0, 0x5b, 0xa8, 0x87, 0x8c, 0x06, 0x5d, 0x0f, 0xdd, 0x09, 0x19,
    0x93, 0xd0, 0xb9, 0xfc, 0x8b, 0x0f, 0x84, 0x60, 0x33, 0x1c, 0x9b, 0x45, 0xf1, 0xf0, 0xa3, 0x94, 0x3a, 0x12, 0x77, 0x33,
    0x4d, 0x44, 0x78, 0x28, 0x3c, 0x9e, 0xfd, 0x65, 0x57, 0x16, 0x94, 0x6b, 0xfb, 0x59, 0xd0, 0xc8, 0x22, 0x36, 0xdb, 0xd2,
    0x63, 0x98, 0x43, 0xa1, 0x04, 0x87, 0x86, 0xf7, 0xa6, 0x26, 0xbb, 0xd6, 0x59, 0x4d, 0xbf, 0x6a, 0x2e, 0xaa, 0x2b, 0xef,
    0xe6, 0x78, 0xb6, 0x4e, 0xe0, 0x2f, 0xdc, 0x7c, 0xbe, 0x57, 0x19, 0x32, 0x7e, 0x2a, 0xd0, 0xb8, 0xba, 0x29, 0x00, 0x3c,
    0x52, 0x7d, 0xa8, 0x49, 0x3b, 0x2d, 0xeb, 0x25, 0x49, 0xfa, 0xa3, 0xaa, 0x39, 0xa7, 0xc5, 0xa7, 0x50, 0x11, 0x36, 0xfb,
    0xc6, 0x67, 0x4a, 0xf5, 0xa5, 0x12, 0x65, 0x7e, 0xb0, 0xdf, 0xaf, 0x4e, 0xb3, 0x61, 0x7f, 0x2f,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory at the start of its source; values of more than four bytes stand behind it.
    fn made(entries: &[(u16, u16, Vec<u8>)]) -> Memory {
        let mut out = (entries.len() as u16).to_le_bytes().to_vec();
        let mut heap: Vec<u8> = Vec::new();
        for (tag, kind, value) in entries {
            let count = value.len() as u64 / width(*kind).unwrap();
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend((count as u32).to_le_bytes());
            if value.len() <= 4 {
                out.extend([&value[..], &[0; 4][value.len()..]].concat());
            } else {
                out.extend((2 + 12 * entries.len() as u32 + 4 + heap.len() as u32).to_le_bytes());
                heap.extend(value);
            }
        }
        out.extend([0; 4]);
        out.extend(heap);
        Memory::new(out)
    }

    fn read(source: &Memory) -> (Tiff<'_>, Directory) {
        let tiff = Tiff::bare(source, 0, Order::Little);
        let directory = tiff.directory(0).unwrap();
        (tiff, directory)
    }

    fn words(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn nikons_balance_is_enciphered_with_nothing() {
        let levels = [2, 2, 0, 1, 1, 1, 3, 1];
        // Version 0209: the cipher begins at 284, the balance ten bytes behind that.
        let mut block = b"0209".to_vec();
        block.resize(400, b'C');
        let old = stream(serial_key(b"3012345", b"NIKON D300"), 0x10 ^ 0x92, 18);
        for i in 0..8 {
            block[294 + i] = levels[i] ^ old[10 + i];
        }
        let entries = |serial: &[u8], block: &[u8], count: &[u8]| {
            made(&[(0x001d, 2, serial.to_vec()), (0x0097, 7, block.to_vec()), (0x00a7, 4, count.to_vec())])
        };
        let source = entries(b"3012345\0", &block, &[0x92, 0x10, 0, 0]);
        let (tiff, directory) = read(&source);
        let new = renew(Kind::Nef, &tiff, &directory, b"NIKON D300");
        assert_eq!(new[&0x001d], b"0\0\0\0\0\0\0\0");
        assert_eq!(new[&0x00a7], [0; 4]);
        let clear = stream(0, 0, 18);
        let seen: Vec<u8> = (0..8).map(|i| new[&0x0097][294 + i] ^ clear[10 + i]).collect();
        assert_eq!(seen, levels);
        assert!(new[&0x0097][4..294].iter().chain(&new[&0x0097][302..]).all(|b| *b == 0));
        // Once more changes nothing.
        let source = entries(&new[&0x001d], &new[&0x0097], &new[&0x00a7]);
        let (tiff, directory) = read(&source);
        assert_eq!(renew(Kind::Nef, &tiff, &directory, b"NIKON D300"), new);
    }

    #[test]
    fn nikons_other_versions_are_in_clear_or_go() {
        let block = |version: &[u8]| [version, b"CANARY levels...", &[7; 8], b"CANARY"].concat();
        let source = made(&[(0x0097, 7, block(b"0103")), (0x00a7, 4, vec![1, 2, 3, 4])]);
        let (tiff, directory) = read(&source);
        let new = renew(Kind::Nef, &tiff, &directory, b"");
        assert_eq!(new[&0x0097], [&b"0103"[..], &[0; 16], &[7; 8], &[0; 6]].concat());
        assert!(!new.contains_key(&0x00a7), "the count is needed for nothing");
        let source = made(&[(0x0097, 7, block(b"0800")), (0x00a7, 4, vec![1, 2, 3, 4])]);
        let (tiff, directory) = read(&source);
        assert!(renew(Kind::Nef, &tiff, &directory, b"").is_empty());
    }

    #[test]
    fn serial_numbers_that_are_no_numbers_are_constants() {
        assert_eq!(serial_key(b"260\0CANARY", b"NIKON D70"), 4);
        assert_eq!(serial_key(b"NO= 1234", b"NIKON D70"), 0x60);
        assert_eq!(serial_key(b"NO= 1234", b"NIKON D50"), 0x22);
        assert_eq!(serial_key(b"", b""), 0);
    }

    #[test]
    fn sonys_directory_keeps_its_levels() {
        let levels = words(&[0x0400_0960, 0x0400_06a4]);
        let inner = made(&[(0x7313, 3, levels.clone()), (0x7770, 7, b"CANARY mode".to_vec())]);
        let mut data = crate::source::Source::as_bytes(&inner).unwrap().to_vec();
        // Positions count from the file, in which it stands at 1000.
        for row in [2, 14] {
            let at = u32::from_le_bytes(data[row + 8..row + 12].try_into().unwrap()) + 1000;
            data[row + 8..row + 12].copy_from_slice(&at.to_le_bytes());
        }
        sony_combine(&mut data, 0x1234_5678);
        let new = sony(&data, 0x1234_5678, Order::Little, 1000).unwrap();
        assert_eq!(sony(&new, SONY_KEY, Order::Little, 1000).unwrap(), new, "once more changes nothing");
        let mut plain = new;
        sony_combine(&mut plain, SONY_KEY);
        assert_eq!(plain[..4], [1, 0, 0x13, 0x73]);
        assert!(plain.windows(8).any(|w| w == levels) && !plain.windows(6).any(|w| w == b"CANARY"));
        assert!(sony(b"", 0, Order::Little, 0).is_none());
    }

    #[test]
    fn samsungs_levels_are_written_in_clear() {
        let key: Vec<u32> = (0..11).map(|i| 1000 + 7 * i).collect();
        let source = made(&[(0xa020, 4, words(&key)), (0xa021, 4, words(&[8000, 5007])), (0xa032, 9, words(&[u32::MAX]))]);
        let (tiff, directory) = read(&source);
        let new = renew(Kind::Srw, &tiff, &directory, b"");
        assert_eq!(new[&0xa020], vec![0; 44]);
        assert_eq!(new[&0xa021], words(&[7000, 4000]));
        assert_eq!(new[&0xa032], words(&[999]));
    }
}
