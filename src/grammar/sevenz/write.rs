//! The header of a 7z archive in the one form that we write, and the head in front of everything.

use super::{Coder, Folder, HEAD, SIGN, id};

/// A member as it will be.
pub struct File {
    /// Its name.
    pub name: String,
    /// Whether it has a part in a folder.
    pub has_stream: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// When it was written, where that is to be kept.
    pub written: Option<u64>,
    /// Its attributes.
    pub attributes: u32,
}

/// The header of these folders, whose packed streams have these sizes, and of these members. Every part must have its CRC.
pub fn header(packed: &[u64], folders: &[Folder], files: &[File]) -> Vec<u8> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut out = vec![id::HEADER];
    if !folders.is_empty() {
        out.push(id::STREAMS);
        streams(&mut out, packed, folders);
    }
    members(&mut out, files);
    out.push(id::END);
    out
}

/// The head in front of the streams, `packed` bytes in all, and the header.
pub fn head(packed: u64, header: &[u8]) -> [u8; HEAD as usize] {
    let mut out = [0; HEAD as usize];
    out[..8].copy_from_slice(&SIGN);
    if !header.is_empty() {
        out[12..20].copy_from_slice(&packed.to_le_bytes());
        out[20..28].copy_from_slice(&(header.len() as u64).to_le_bytes());
        out[28..32].copy_from_slice(&crc32fast::hash(header).to_le_bytes());
    }
    let crc = crc32fast::hash(&out[12..32]);
    out[8..12].copy_from_slice(&crc.to_le_bytes());
    out
}

/// A number of one to nine bytes.
fn number(out: &mut Vec<u8>, n: u64) {
    let more = (0..8u32).find(|more| n < 1 << (7 * (more + 1))).unwrap_or(8);
    let ones = !(0xffu16 >> more) as u8;
    let high = if more >= 7 { 0 } else { (n >> (8 * more)) as u8 };
    out.push(ones | high);
    out.extend(&n.to_le_bytes()[..more as usize]);
}

fn streams(out: &mut Vec<u8>, packed: &[u64], folders: &[Folder]) {
    out.push(id::PACK);
    number(out, 0);
    number(out, packed.len() as u64);
    out.push(id::SIZE);
    packed.iter().for_each(|n| number(out, *n));
    out.push(id::END);

    out.extend([id::UNPACK, id::FOLDER]);
    number(out, folders.len() as u64);
    out.push(0);
    folders.iter().for_each(|f| folder(out, f));
    out.push(id::UNPACK_SIZE);
    folders.iter().flat_map(|f| &f.sizes).for_each(|n| number(out, *n));
    out.push(id::END);

    out.extend([id::PARTS, id::PART_COUNT]);
    folders.iter().for_each(|f| number(out, f.parts.len() as u64));
    out.push(id::SIZE);
    for folder in folders {
        let all_but_last = folder.parts.len().saturating_sub(1);
        folder.parts[..all_but_last].iter().for_each(|p| number(out, p.size));
    }
    out.extend([id::CRC, 1]);
    folders.iter().flat_map(|f| &f.parts).for_each(|p| out.extend(p.crc.unwrap_or(0).to_le_bytes()));
    out.extend([id::END, id::END]);
}

fn folder(out: &mut Vec<u8>, folder: &Folder) {
    number(out, folder.coders.len() as u64);
    for Coder { id, properties, inputs, outputs } in &folder.coders {
        let is_complex = *inputs != 1 || *outputs != 1;
        let flags = id.len() as u8 | if is_complex { 0x10 } else { 0 } | if properties.is_empty() { 0 } else { 0x20 };
        out.push(flags);
        out.extend(id);
        if is_complex {
            number(out, *inputs);
            number(out, *outputs);
        }
        if !properties.is_empty() {
            number(out, properties.len() as u64);
            out.extend(properties);
        }
    }
    for (input, output) in &folder.binds {
        number(out, *input);
        number(out, *output);
    }
    if folder.packed.len() > 1 {
        folder.packed.iter().for_each(|n| number(out, *n));
    }
}

fn members(out: &mut Vec<u8>, files: &[File]) {
    out.push(id::FILES);
    number(out, files.len() as u64);
    let mut property = |kind: u8, data: Vec<u8>| {
        out.push(kind);
        number(out, data.len() as u64);
        out.extend(data);
    };
    if files.iter().any(|f| !f.has_stream) {
        property(id::EMPTY_STREAM, bits(files.iter().map(|f| !f.has_stream)));
        let empty = files.iter().filter(|f| !f.has_stream);
        if empty.clone().any(|f| !f.is_folder) {
            property(id::EMPTY_FILE, bits(empty.map(|f| !f.is_folder)));
        }
    }
    let names = files.iter().flat_map(|f| f.name.encode_utf16().chain([0])).flat_map(u16::to_le_bytes);
    property(id::NAMES, [0].into_iter().chain(names).collect());
    if files.iter().any(|f| f.written.is_some()) {
        let mut times = vec![0];
        times.extend(bits(files.iter().map(|f| f.written.is_some())));
        times.push(0);
        times.extend(files.iter().filter_map(|f| f.written).flat_map(u64::to_le_bytes));
        property(id::WRITTEN, times);
    }
    let attributes = files.iter().flat_map(|f| f.attributes.to_le_bytes());
    property(id::ATTRIBUTES, [1, 0].into_iter().chain(attributes).collect());
    out.push(id::END);
}

fn bits(each: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, bit) in each.enumerate() {
        if i % 8 == 0 {
            out.push(0);
        }
        if let (true, Some(last)) = (bit, out.last_mut()) {
            *last |= 0x80 >> (i % 8);
        }
    }
    out
}
