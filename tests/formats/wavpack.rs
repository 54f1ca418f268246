//! WavPack.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn piece(id: u8, data: &[u8]) -> Vec<u8> {
    let odd = data.len() % 2 == 1;
    let mut out = [&[if odd { id | 0x40 } else { id }, data.len().div_ceil(2) as u8][..], data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// A block with these pieces and a checksum over them.
fn block(samples: u32, pieces: &[Vec<u8>]) -> Vec<u8> {
    let body = pieces.concat();
    let mut out = [&b"wvpk"[..], &(body.len() as u32 + 30).to_le_bytes(), b"\x10\x04\0\0\x08\0\0\0\0\0\0\0"].concat();
    out.extend([samples, 0x1800_1821, 0].map(u32::to_le_bytes).concat());
    out.extend(body);
    let sum = out.chunks(2).fold(u32::MAX, |s, w| s.wrapping_mul(3).wrapping_add(u32::from(w[0]) + (u32::from(w[1]) << 8)));
    [&out[..], b"\x2f\x02", &sum.to_le_bytes()].concat()
}

fn sound() -> Vec<u8> {
    piece(0x0a, b"KEEPME bits")
}

#[test]
fn truncated() {
    truncate_everywhere("a.wv", &sample("wavpack/everything.wv"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.wv", &block(4, &[piece(0x25, b"abc"), sound()])).unwrap().unchanged();
    let tagged = [block(4, &[sound()]), ape(&[("REPLAYGAIN_TRACK_GAIN", b"-3.2 dB")])].concat();
    scrub("a.wv", &tagged).unwrap().unchanged();
    assert_eq!(scrub_under(&Policy::strict(), "a.wv", &tagged).unwrap().bytes, block(4, &[sound()]));
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.wv", &sample("wavpack/everything.wv")).unwrap();
    clean.had_secrets().tells_nothing();
    let sound = piece(0x0a, b"KEEPME bit stream");
    let mut second = block(4, &[sound.clone()]);
    second.truncate(second.len() - 6);
    second[4] -= 6;
    second[16] = 4;
    let expected = [
        block(4, &[piece(0x25, b"\0\x10\0"), sound]),
        second,
        block(0, &[piece(0x26, b"KEEPME checksum!")]),
        ape(&[("REPLAYGAIN_TRACK_GAIN", b"-3.2 dB")]),
    ];
    assert_eq!(clean.bytes, expected.concat());
}

#[test]
fn hidden_at_the_end() {
    let whole = block(4, &[sound()]);
    for tail in [&b"CANARY"[..], &id3v1(), &ape(&[("Artist", b"CANARY")]), &block(0, &[piece(0x22, b"CANARY")])] {
        assert_eq!(scrub("a.wv", &[&whole[..], tail].concat()).unwrap().bytes, whole);
    }
}

#[test]
fn out_of_order() {
    let whole = block(4, &[sound()]);
    let dirty = [id3(3, &[(b"TPE1", b"\0CANARY")]), block(0, &[piece(0x24, b"CANARY")]), whole.clone()].concat();
    assert_eq!(scrub("a.wv", &dirty).unwrap().bytes, whole);
    // The checksum need not be the last piece.
    let mut late = block(4, &[piece(0x21, b"CANARY"), sound()]);
    late.extend(piece(0x3d, b"CANARY"));
    late[4] += 8;
    assert_eq!(scrub("a.wv", &late).unwrap().bytes, block(4, &[sound()]));
}

#[test]
fn covers_are_cleaned_and_padding_is_nothing() {
    let cover = [b"CANARY.png\0", &png(true)[..]].concat();
    let clean = scrub("a.wv", &[block(4, &[sound()]), ape(&[("Cover Art (Front)", &cover)])].concat()).unwrap();
    clean.had_secrets().tells_nothing();
    let cover = [b"Cover Art (Front).png\0", &png(false)[..]].concat();
    assert_eq!(clean.bytes, [block(4, &[sound()]), ape(&[("Cover Art (Front)", &cover)])].concat());
    let mut odd = block(4, &[sound()]);
    odd[45] = b'C';
    assert_eq!(scrub("a.wv", &odd).unwrap().bytes, block(4, &[sound()]));
}

#[test]
fn lies_are_refused() {
    assert_eq!(refusal("a.wv", b"wvpk").code(), Code::Malformed);
    assert_eq!(refusal("a.wv", &block(4, &[piece(0x1f, b"?"), sound()])).code(), Code::UnknownCritical);
    let mut long = block(4, &[sound()]);
    long[33] = 0xff;
    assert_eq!(refusal("a.wv", &long).code(), Code::Malformed);
    assert_eq!(refusal("a.wv", &[block(4, &[sound()]), vec![1; 100_000]].concat()).code(), Code::Malformed);
}
