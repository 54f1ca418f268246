//! Wave64.

use crate::sound::*;
use crate::support::*;
use metascrub::refusal::Code;

const TAIL: &[u8; 12] = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [&id[..], TAIL, &(data.len() as u64 + 24).to_le_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let riff = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0";
    [&riff[..], &(body.len() as u64 + 40).to_le_bytes(), b"wave", TAIL, &body].concat()
}

fn format() -> Vec<u8> {
    chunk(b"fmt ", b"\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0")
}

fn sound() -> Vec<u8> {
    chunk(b"data", b"KEEPME samples")
}

#[test]
fn truncated() {
    truncate_everywhere("a.w64", &sample("w64/everything.w64"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.w64", &file(&[format(), sound()])).unwrap().unchanged();
    scrub("a.w64", &file(&[format(), chunk(b"fact", &[7; 8]), sound()])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.w64", &sample("w64/everything.w64")).unwrap();
    clean.had_secrets().tells_nothing();
    let kept = [format(), chunk(b"fact", &23u64.to_le_bytes()), chunk(b"data", b"KEEPME samples of sound")];
    assert_eq!(clean.bytes, file(&kept));
}

#[test]
fn hidden_at_the_end() {
    let whole = file(&[format(), sound()]);
    assert_eq!(scrub("a.w64", &[&whole[..], b"CANARY"].concat()).unwrap().bytes, whole);
    assert_eq!(scrub("a.w64", &[whole.clone(), chunk(b"bext", b"CANARY")].concat()).unwrap().bytes, whole);
    let mut padded = whole.clone();
    *padded.last_mut().unwrap() = b'C';
    assert_eq!(scrub("a.w64", &padded).unwrap().bytes, whole);
}

#[test]
fn out_of_order() {
    let dirty = [sound(), chunk(b"bext", b"CANARY"), format(), chunk(b"data", b"CANARY")];
    assert_eq!(scrub("a.w64", &file(&dirty)).unwrap().bytes, file(&[sound(), format()]));
}

#[test]
fn samples_of_a_recorder_that_never_came_back_are_all_kept() {
    let right = file(&[format(), sound()]);
    let at = right.len() - sound().len() + 16;
    for size in [24u64, 1 << 40] {
        let mut bytes = right[..right.len() - 2].to_vec();
        bytes[16..24].copy_from_slice(&[0; 8]);
        bytes[at..at + 8].copy_from_slice(&size.to_le_bytes());
        let clean = scrub("a.w64", &bytes).unwrap();
        assert_eq!(&clean.bytes[at..], &[&38u64.to_le_bytes()[..], b"KEEPME samples"].concat(), "{size}");
    }
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.w64", &file(&[sound()])).code(), Code::Malformed);
    assert_eq!(refusal("a.w64", &file(&[format()])).code(), Code::Malformed);
    let mut short = file(&[format(), sound()]);
    short[56..64].copy_from_slice(&3u64.to_le_bytes());
    assert_eq!(refusal("a.w64", &short).code(), Code::Malformed);
}
