//! FLAC.

use crate::sound::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn crc(bytes: &[u8], polynomial: u32, bits: u32) -> u32 {
    let (top, mask) = (1 << (bits - 1), (1u32 << bits) - 1);
    bytes.iter().fold(0, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b) << (bits - 8), |c, _| (if c & top != 0 { c << 1 ^ polynomial } else { c << 1 }) & mask)
    })
}

/// Sixteen samples, as they are.
fn frame(number: u8, samples: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![0xff, 0xf8, 0x60, 0, number, 15];
    out.push(crc(&out, 7, 8) as u8);
    out.push(2);
    out.extend(samples);
    out.extend((crc(&out, 0x8005, 16) as u16).to_be_bytes());
    out
}

fn sound() -> Vec<u8> {
    [frame(0, b"KEEPMEKEEPMEKEEPMEKEEPMEKEEPMEKE"), frame(1, b"keepmekeepmekeepmekeepmekeepmeke")].concat()
}

fn block(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

fn info(total: u64) -> Vec<u8> {
    let numbers = (8000u64 << 44 | 15 << 36 | total).to_be_bytes();
    block(0, &[&[0, 16, 0, 16][..], &[0; 6], &numbers, &[7; 16]].concat())
}

/// The stream with these blocks, the last of them flagged.
fn flac(blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut blocks = blocks.to_vec();
    blocks.last_mut().unwrap()[0] |= 0x80;
    [b"fLaC".to_vec(), blocks.concat(), sound()].concat()
}

fn seek(points: &[(u64, u64)]) -> Vec<u8> {
    let points: Vec<Vec<u8>> = points.iter().map(|(s, o)| [&s.to_be_bytes()[..], &o.to_be_bytes(), &[0, 16]].concat()).collect();
    block(3, &points.concat())
}

#[test]
fn truncated() {
    truncate_everywhere("a.flac", &sample("flac/everything.flac"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.flac", &flac(&[info(32)])).unwrap().unchanged();
    scrub("a.flac", &flac(&[info(0), seek(&[(0, 0), (16, 42), (u64::MAX, 0)])])).unwrap().unchanged();
    let comment = block(4, &comments("", &["REPLAYGAIN_TRACK_GAIN=-7.00 dB"]));
    scrub("a.flac", &flac(&[info(32), comment, block(6, &picture("", &png(false)))])).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.flac", &sample("flac/everything.flac")).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.bytes.starts_with(b"fLaC\0\0\0\x22"));
    for kept in [&b"REPLAYGAIN_TRACK_GAIN=-7.00 dB"[..], b"CHAPTER001NAME=First part", &png(false)] {
        assert_eq!(count(&clean.bytes, kept), 1, "{}", kept.escape_ascii());
    }
    assert!(clean.bytes.ends_with(&frame(1, b"KEEPMEKEEPMEKEEPMEKEEPMEKEEPMEKE")));
}

#[test]
fn hidden_at_the_end() {
    let whole = flac(&[info(32)]);
    let clean = scrub("a.flac", &[whole.clone(), b"CANARY".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
    // More than is searched at once.
    let mut tail = vec![0; 9 << 20];
    tail[..6].copy_from_slice(b"CANARY");
    let r = scrub("a.flac", &[whole.clone(), tail].concat());
    match r {
        Ok(clean) => assert_eq!(clean.bytes, whole),
        Err(r) => assert_eq!(r.code(), Code::Malformed),
    }
}

#[test]
fn out_of_order() {
    // The stream info comes first or it is no stream.
    assert_eq!(refusal("a.flac", &flac(&[block(1, b"CANARY"), info(32)])).code(), Code::Malformed);
    // Blocks that may be there once, twice.
    let again = block(0, b"CANARY second stream info 34 bytes");
    let again = [again, block(4, &comments("CANARY", &[])), block(4, &comments("CANARY", &["REPLAYGAIN_TRACK_GAIN=1 dB"]))];
    let seeks = [seek(&[(0, 0)]), seek(&[(0x4341_4e41_5259, 0)])];
    let clean = scrub("a.flac", &flac(&[vec![info(32)], again.to_vec(), seeks.to_vec()].concat())).unwrap();
    clean.had_secrets().tells_nothing();
    let comment = block(4, &comments("", &["REPLAYGAIN_TRACK_GAIN=1 dB"]));
    assert_eq!(clean.bytes, flac(&[info(32), comment, seek(&[(0, 0)])]));
}

#[test]
fn a_seek_table_that_is_text_goes() {
    let text = block(3, b"CANARY street 1 in CANARY city, 2nd floor");
    assert_eq!(scrub("a.flac", &flac(&[info(32), text])).unwrap().bytes, flac(&[info(32)]));
    let descending = seek(&[(16, 42), (0, 0)]);
    assert_eq!(scrub("a.flac", &flac(&[info(32), descending])).unwrap().bytes, flac(&[info(32)]));
}

#[test]
fn pictures_obey_the_policy() {
    let dirty = flac(&[info(32), block(6, &picture("CANARY", &png(true)))]);
    let clean = scrub("a.flac", &dirty).unwrap();
    clean.had_secrets().tells_nothing();
    assert_eq!(clean.bytes, flac(&[info(32), block(6, &picture("", &png(false)))]));
    let policy = Policy::default().with(Token::CoverArt, false);
    assert_eq!(scrub_under(&policy, "a.flac", &dirty).unwrap().bytes, flac(&[info(32)]));
    // A picture that is an address somewhere else.
    let link = flac(&[info(32), block(6, &picture("", b"https://CANARY.example.com/"))]);
    assert_eq!(scrub("a.flac", &link).unwrap().bytes, flac(&[info(32)]));
}

#[test]
fn the_wrong_total_keeps_all_frames() {
    let mut bytes = flac(&[info(999)]);
    scrub("a.flac", &bytes).unwrap().unchanged();
    bytes.extend(id3v1());
    assert_eq!(scrub("a.flac", &bytes).unwrap().bytes, flac(&[info(999)]));
}

#[test]
fn lies_are_refused() {
    let mut long = flac(&[info(32)]);
    long[5] = 1;
    assert_eq!(refusal("a.flac", &long).code(), Code::Malformed);
    assert_eq!(refusal("a.flac", &flac(&[info(32), block(127, b"CANARY")])).code(), Code::Malformed);
}
