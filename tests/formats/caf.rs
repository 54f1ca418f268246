//! Core Audio Format.

use crate::sound::*;
use crate::support::*;
use metascrub::refusal::Code;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&id[..], &(data.len() as u64).to_be_bytes(), data].concat()
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"caff\0\x01\0\0".to_vec(), chunks.concat()].concat()
}

fn desc(packet: u32, frames: u32) -> Vec<u8> {
    let numbers = [packet, frames, 1, 16].map(u32::to_be_bytes).concat();
    chunk(b"desc", &[&8000f64.to_be_bytes()[..], b"lpcm\0\0\0\0", &numbers].concat())
}

fn sound() -> Vec<u8> {
    chunk(b"data", b"\0\0\0\0KEEPME samples")
}

fn table(packets: u64, sizes: &[u8]) -> Vec<u8> {
    chunk(b"pakt", &[&packets.to_be_bytes()[..], &[0; 16], sizes].concat())
}

#[test]
fn truncated() {
    truncate_everywhere("a.caf", &sample("caf/everything.caf"), 1);
    truncate_everywhere("a.caf", &sample("caf/endless.caf"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.caf", &file(&[desc(2, 1), sound()])).unwrap().unchanged();
    scrub("a.caf", &file(&[desc(0, 64), sound(), table(2, b"\x81\x01\x07")])).unwrap().unchanged();
    scrub("a.caf", &file(&[desc(0, 0), table(1, b"\x07\x40"), chunk(b"kuki", b"cookie"), sound()])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.caf", &sample("caf/everything.caf")).unwrap();
    clean.had_secrets().tells_nothing();
    let layout = [0x0064_0001u32, 0, 0].map(u32::to_be_bytes).concat();
    let start = 8 + desc(0, 1024).len();
    assert_eq!(clean.bytes[start..start + 24], chunk(b"chan", &layout));
    assert_eq!((count(&clean.bytes, &sound()), count(&clean.bytes, b"\x81\x01\x07")), (1, 1));
    let clean = scrub("a.caf", &sample("caf/endless.caf")).unwrap();
    assert_eq!(clean.bytes, file(&[desc(2, 1), sound()]));
}

#[test]
fn hidden_at_the_end() {
    let whole = file(&[desc(2, 1), sound()]);
    for tail in [&b"CANARY"[..], &chunk(b"free", b"CANARY"), b"free\0\0\0\x01\0\0\0\0CANARY"] {
        assert_eq!(scrub("a.caf", &[&whole[..], tail].concat()).unwrap().bytes, whole);
    }
    let behind = file(&[desc(0, 64), table(1, b"\x07CANARY"), sound()]);
    assert_eq!(scrub("a.caf", &behind).unwrap().bytes, file(&[desc(0, 64), table(1, b"\x07"), sound()]));
}

#[test]
fn out_of_order() {
    assert_eq!(refusal("a.caf", &file(&[sound(), desc(2, 1)])).code(), Code::Malformed);
    let twice = file(&[desc(2, 1), sound(), chunk(b"data", b"\0\0\0\0CANARY")]);
    assert_eq!(scrub("a.caf", &twice).unwrap().bytes, file(&[desc(2, 1), sound()]));
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.caf", &file(&[desc(2, 1)])).code(), Code::Malformed);
    assert_eq!(refusal("a.caf", &file(&[desc(0, 64), table(u64::MAX, b"\x07"), sound()])).code(), Code::Malformed);
    assert_eq!(refusal("a.caf", &file(&[desc(0, 64), table(2, b"\x87\x87"), sound()])).code(), Code::Malformed);
    let layout = chunk(b"chan", b"\0\0\0\0\0\0\0\0\xff\xff\xff\xff");
    assert_eq!(refusal("a.caf", &file(&[desc(2, 1), layout, sound()])).code(), Code::Malformed);
    assert_eq!(refusal("a.caf", &file(&[desc(2, 1), b"free\0\0\0\x01\0\0\0\0CANARY".to_vec(), sound()])).code(), Code::Malformed);
}
