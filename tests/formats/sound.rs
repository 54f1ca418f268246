//! Parts that tests of several sound formats share: tags, comments, a picture to attach.

use crate::support::*;

/// A small PNG; with a text chunk that holds a secret where `dirty`.
pub fn png(dirty: bool) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let crc = crc32fast::hash(&[kind, data].concat()).to_be_bytes();
        [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc].concat()
    };
    let text = if dirty { chunk(b"tEXt", b"Author\0CANARY") } else { Vec::new() };
    let head = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    let pixels = chunk(b"IDAT", &[0x78, 1, 1, 2, 0, 0xfd, 0xff, 0, 0x80, 0, 0x82, 0, 0x81]);
    [b"\x89PNG\r\n\x1a\n".to_vec(), head, text, pixels, chunk(b"IEND", b"")].concat()
}

pub fn syncsafe(n: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (n >> shift) as u8 & 0x7f)
}

/// An ID3v2 tag of version 3 or 4.
pub fn id3(major: u8, frames: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, data) in frames {
        let size = if major == 4 { syncsafe(data.len()) } else { (data.len() as u32).to_be_bytes() };
        body.extend([&id[..], &size, &[0, 0], data].concat());
    }
    [&b"ID3"[..], &[major, 0, 0], &syncsafe(body.len()), &body].concat()
}

pub fn id3v1() -> Vec<u8> {
    let mut out = b"TAGCANARY title".to_vec();
    out.resize(128, 0);
    out
}

/// A Vorbis comment block.
pub fn comments(vendor: &str, fields: &[&str]) -> Vec<u8> {
    let text = |t: &str| [&(t.len() as u32).to_le_bytes()[..], t.as_bytes()].concat();
    let fields: Vec<Vec<u8>> = fields.iter().map(|f| text(f)).collect();
    [text(vendor), (fields.len() as u32).to_le_bytes().to_vec(), fields.concat()].concat()
}

/// A picture block of FLAC.
pub fn picture(description: &str, data: &[u8]) -> Vec<u8> {
    let text = |t: &[u8]| [&(t.len() as u32).to_be_bytes()[..], t].concat();
    let numbers = [1u32, 1, 8, 0].map(u32::to_be_bytes).concat();
    [&3u32.to_be_bytes()[..], &text(b"image/png"), &text(description.as_bytes()), &numbers, &text(data)].concat()
}

/// A sample, by its path below `samples/`.
pub fn sample(path: &str) -> Vec<u8> {
    std::fs::read(root().join("samples").join(path)).unwrap()
}

/// How often `needle` stands in `bytes`.
pub fn count(bytes: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find_iter(bytes, needle).count()
}

/// An APE tag with a header and a footer; bytes where the key begins with "Cover".
pub fn ape(items: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in items {
        let binary = if key.starts_with("Cover") { 2u32 } else { 0 };
        body.extend([&(value.len() as u32).to_le_bytes()[..], &binary.to_le_bytes(), key.as_bytes(), &[0], value].concat());
    }
    let end = |flags: u32| {
        let numbers = [2000, body.len() as u32 + 32, items.len() as u32, flags].map(u32::to_le_bytes).concat();
        [&b"APETAGEX"[..], &numbers, &[0; 8]].concat()
    };
    [end(0xa000_0000), body.clone(), end(0x8000_0000)].concat()
}
