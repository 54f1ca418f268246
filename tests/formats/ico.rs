//! Icons and cursors.

use crate::support::*;
use metascrub::refusal::Code;

fn dib(padding: u8, tail: &[u8]) -> Vec<u8> {
    let mut out = [40u32.to_le_bytes(), 2u32.to_le_bytes(), 4u32.to_le_bytes()].concat();
    out.extend_from_slice(&[1, 0, 24, 0]);
    out.extend_from_slice(&[0; 24]);
    for row in [b"KEEPME", b"pixels"] {
        out.extend_from_slice(row);
        out.extend_from_slice(&[padding; 2]);
    }
    for _ in 0..2 {
        out.extend_from_slice(&[0x80 | padding & 0x3f, padding, padding, padding]);
    }
    [&out[..], tail].concat()
}

/// A grey pixel, with a text if one is given.
fn png(text: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let body = [kind, data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
    };
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    out.extend(chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]));
    if !text.is_empty() {
        out.extend(chunk(b"tEXt", text));
    }
    out.extend(chunk(b"IDAT", &[0x78, 1, 1, 2, 0, 0xfd, 0xff, 0, 7, 0, 9, 0, 8]));
    out.extend(chunk(b"IEND", b""));
    out
}

fn ico(kind: u8, reserved: u8, gap: &[u8], pictures: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0, 0, kind, 0, pictures.len() as u8, 0];
    let mut at = 6 + 16 * pictures.len() + gap.len();
    for picture in pictures {
        out.extend_from_slice(&[2, 2, 0, reserved, 1, 0, 24, 0]);
        out.extend_from_slice(&(picture.len() as u32).to_le_bytes());
        out.extend_from_slice(&(at as u32).to_le_bytes());
        at += picture.len() + gap.len();
    }
    for picture in pictures {
        out.extend_from_slice(gap);
        out.extend_from_slice(picture);
    }
    out
}

fn plain() -> Vec<u8> {
    ico(1, 0, b"", &[dib(0, b""), png(b"")])
}

fn everything() -> Vec<u8> {
    let pictures = [dib(b'C', b"CANARY tail"), png(b"Author\0CANARY person")];
    [ico(1, b'C', b"CANARY gap", &pictures), b"CANARY".to_vec()].concat()
}

#[test]
fn truncated() {
    truncate_everywhere("a.ico", &everything(), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.ico", &plain()).unwrap().unchanged();
    scrub("a.cur", &ico(2, 0, b"", &[dib(0, b"")])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.ico", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, plain());
    clean.found("Author");
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.ico", &[plain(), b"CANARY".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, plain());
}

#[test]
fn out_of_order() {
    // The directory names the second picture first; a third entry shares one.
    let mut bytes = ico(1, 0, b"", &[dib(0, b""), dib(0, b""), dib(0, b"")]);
    let first = bytes[6..22].to_vec();
    bytes.copy_within(22..38, 6);
    bytes[22..38].copy_from_slice(&first);
    let shared = bytes[6..22].to_vec();
    bytes[38..54].copy_from_slice(&shared);
    let clean = scrub("a.ico", &bytes).unwrap();
    assert_eq!(clean.bytes, bytes[..bytes.len() - dib(0, b"").len()]);
}

#[test]
fn overlapping_pictures_are_refused() {
    let mut bytes = plain();
    bytes[6 + 16 + 12] -= 1;
    assert_eq!(refusal("a.ico", &bytes).code(), Code::Malformed);
}

#[test]
fn a_picture_of_another_kind_is_refused() {
    let bytes = ico(1, 0, b"", &[dib(0, b""), b"CANARY of no known kind".to_vec()]);
    assert_eq!(refusal("a.ico", &bytes).code(), Code::Malformed);
}
